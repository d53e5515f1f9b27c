"""Reading rule books: every mistake of a file at once, with its place; a broken file stops no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml.comments import CommentedMap

from enms.bounds import targets
from enms.catalogue import catalogue
from enms.errors import Mistake, NotFoundError, RuleBookError, reason_of
from enms.yaml_lines import Location, line_of, place_of, plain, read_mapping
from rules.coal_rules import FleetCondition, SupplyCoalRule
from rules.definition import MODELS, EnpiLimitRule, MotorLoadRule, Rule
from rules.kind import Kind

BUNDLED = Path(__file__).parent / "rulebook"


@dataclass(frozen=True, slots=True)
class BookFile:
    """One rule book file: its rules, or every reason why it is refused as a whole.

    Attributes:
        replaces: ids of rules of earlier files that this one stands in for: they are not judged any more.
    """

    name: str
    digest: str
    rules: tuple[Rule, ...]
    mistakes: tuple[Mistake, ...] = ()
    replaces: tuple[str, ...] = ()


def parse_book(text: str, source: str) -> BookFile:
    """The rules in a YAML text; a single mistake refuses the file."""
    digest = sha256(text.encode()).hexdigest()
    document = read_mapping(text, "a rule book is a mapping that begins with `rules:`")
    if isinstance(document, Mistake):
        return BookFile(source, digest, (), (document,))
    strange = [key for key in document if key not in {"rules", "replaces"}]
    found: list[tuple[Location, str]] = [((key,), "unknown key") for key in strange]
    replaces = plain(document.get("replaces", []))
    if not isinstance(replaces, list) or not all(isinstance(one, str) for one in replaces):
        found.append((("replaces",), "a list of rule ids is wanted"))
        replaces = []
    entries = plain(document.get("rules", [] if replaces else None))
    if not isinstance(entries, list) or not (entries or replaces):
        found.append((("rules",), "a list of rules is wanted"))
        entries = []
    rules: list[Rule] = []
    for i, entry in enumerate(entries):
        rule, problems = _parse_rule(entry)
        found += [(("rules", i, *where), reason) for where, reason in problems]
        if rule is not None:
            rules.append(rule)
    for i, rule_id in enumerate(ids := [_written_id(entry) for entry in entries]):
        if rule_id is not None and rule_id in ids[:i]:
            found.append((("rules", i, "id"), f"{rule_id!r} is there twice"))
    if found:
        return BookFile(source, digest, (), _mistakes(document, found))
    return BookFile(source, digest, tuple(rules), replaces=tuple(replaces))


def _mistakes(document: CommentedMap, found: Iterable[tuple[Location, str]]) -> tuple[Mistake, ...]:
    mistakes = {Mistake(place_of(document, at, ("id",)), reason, line_of(document, at)) for at, reason in found}
    return tuple(sorted(mistakes, key=lambda m: (m.line or 0, m.place, m.reason)))


def _written_id(entry: object) -> str | None:
    return str(entry["id"]) if isinstance(entry, dict) and "id" in entry else None


def _parse_rule(entry: object) -> tuple[Rule | None, list[tuple[Location, str]]]:
    if not isinstance(entry, dict):
        return None, [((), "a rule is a mapping")]
    model = MODELS.get(str(entry.get("kind")))
    if model is None:
        return None, [(("kind",), f"a kind is wanted: {', '.join(Kind)}")]
    try:
        rule: Rule = model.model_validate(entry)
    except ValidationError as error:
        return None, [(e["loc"], reason_of(e["msg"], e["type"])) for e in error.errors()]
    return rule, list(_contradictions(rule))


def rule_of(entry: Mapping[str, object]) -> Rule:
    """One rule as a rule book has it, from anywhere else.

    Raises:
        RuleBookError: every mistake, with its place within the rule.
    """
    rule, problems = _parse_rule(dict(entry))
    if rule is None or problems:
        mistakes = [Mistake(".".join(str(step) for step in at), reason) for at, reason in problems]
        raise RuleBookError("", mistakes)
    return rule


def _contradictions(rule: Rule) -> Iterable[tuple[Location, str]]:
    if isinstance(rule, MotorLoadRule) and rule.condition.and_not_below >= rule.condition.load_factor_below:
        yield ("condition", "and_not_below"), "is not below load_factor_below"
    if isinstance(rule, SupplyCoalRule) and isinstance(rule.condition, FleetCondition):
        row = next((one for one in targets().rows if one.key == rule.condition.over_target), None)
        if row is None or row.unit != rule.unit:
            yield ("condition", "over_target"), f"the catalogue has no such target in {rule.unit}"
    if isinstance(rule, EnpiLimitRule):
        rows = catalogue().rows
        watched = rule.watches
        family = [row for row in rows if watched.standard in {row.edition.standard, row.edition.edition}]
        items = {item: row for row in family for item in (row.item, *row.also)}
        if not items:
            yield ("watches", "standard"), f"the catalogue has no standard {watched.standard!r}"
        if watched.items is None and any(row.unit != rule.unit for row in family):
            yield ("watches",), f"{watched.standard} has limits in other units: name the items"
        for i, item in enumerate((watched.items or ()) if items else ()):
            if item not in items:
                yield ("watches", "items", i), f"{watched.standard} has no item {item!r}"
            elif items[item].unit != rule.unit:
                yield ("unit",), f"the limit of {item} is in {items[item].unit}"


def read_books(paths: Sequence[Path]) -> list[BookFile]:
    """Every rule book in some files and folders; one that is broken stops no other, and replaces nothing.

    A rule id that an earlier file has is a mistake of the later one, unless it says that it replaces it.

    Raises:
        NotFoundError: a file or folder is not there.
    """
    books: dict[Path, BookFile] = {}
    owner: dict[str, Path] = {}
    # a file that is named beside its folder is read once: it does not stand in its own way
    for path in {path.resolve(): path for path in _files(paths)}.values():
        book = read_book(path)
        taken = [r.id for r in book.rules if r.id in owner and r.id not in book.replaces]
        strange = [(i, one) for i, one in enumerate(book.replaces) if one not in owner]
        mistakes = [Mistake(f"rules[{one}]", f"is also in {owner[one].name}") for one in taken]
        mistakes += [Mistake(f"replaces[{i}]", f"no earlier rule book has {one!r}") for i, one in strange]
        if mistakes:
            book = BookFile(book.name, book.digest, (), tuple(mistakes))
        for one in dict.fromkeys(book.replaces):
            of = owner.pop(one)
            books[of] = _without(books[of], one)
        owner.update({rule.id: path for rule in book.rules})
        books[path] = book
    return list(books.values())


def _files(paths: Sequence[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted([*path.glob("*.yaml"), *path.glob("*.yml")])
        elif path.exists():
            yield path
        else:
            raise NotFoundError(f"no rule book at {path}")


def _without(book: BookFile, rule: str) -> BookFile:
    return replace(book, rules=tuple(one for one in book.rules if one.id != rule))


def read_book(path: Path) -> BookFile:
    """The rule book in a file; one that cannot be read is a mistake like any other."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return BookFile(path.name, "", (), (Mistake("", f"cannot be read: {error}"),))
    return parse_book(text, path.name)


def sound_rules(books: Iterable[BookFile]) -> list[Rule]:
    """All rules of the books that were not refused."""
    return [rule for book in books for rule in book.rules]


def refuse_broken(books: Iterable[BookFile]) -> None:
    """Raise for the mistakes of all books.

    Raises:
        RuleBookError: there are some.
    """
    mistakes = [
        Mistake(f"{book.name}: {m.place}" if m.place else book.name, m.reason, m.line)
        for book in books
        for m in book.mistakes
    ]
    if mistakes:
        raise RuleBookError("", mistakes)
