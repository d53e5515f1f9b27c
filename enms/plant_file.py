"""Reading a plant file: every mistake at once, each with its line."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from enms.errors import Mistake, PlantFileError, reason_of
from enms.plant import Plant
from enms.plant_checks import Draft, Location, contradictions


def read_plant_file(path: Path) -> Plant:
    """The plant in a YAML file.

    Raises:
        PlantFileError: all mistakes in it, with lines.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PlantFileError(str(path), [Mistake("", f"cannot be read: {error}")]) from error
    return parse_plant(text, str(path))


def parse_plant(text: str, source: str) -> Plant:
    """The plant in YAML text; `source` names it in mistakes.

    Raises:
        PlantFileError: all mistakes in it, with lines.
    """
    try:
        document = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise PlantFileError(source, [Mistake("", f"not YAML: {error.problem}", line)]) from error
    except YAMLError as error:
        raise PlantFileError(source, [Mistake("", f"not YAML: {error}")]) from error
    if not isinstance(document, CommentedMap):
        raise PlantFileError(source, [Mistake("", "a plant file is a mapping that begins with `enterprise:`", 1)])
    plain = _plain(document)
    found: list[tuple[Location, str]] = []
    plant = None
    try:
        plant = Plant.model_validate(plain)
    except ValidationError as error:
        found += [(e["loc"], reason_of(e["msg"], str(e["type"]))) for e in error.errors()]
    found += contradictions(Draft.of(plain))
    if plant is None or found:
        mistakes = {Mistake(_place(document, at), reason, _line(document, at)) for at, reason in found}
        raise PlantFileError(source, sorted(mistakes, key=lambda m: (m.line or 0, m.place, m.reason)))
    return plant


def _plain(node: object) -> object:
    """Ruamel's annotated containers as plain ones, so that pydantic sees what was written."""
    if isinstance(node, CommentedMap):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value) for value in node]
    return node


def _line(document: CommentedMap, location: Location) -> int | None:
    """Line of the innermost node on the way to `location` that the file really has."""
    node: object = document
    line: int | None = document.lc.line + 1
    for step in location:
        if isinstance(node, CommentedMap) and step in node:
            line = node.lc.key(step)[0] + 1
            node = node[step]
        elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            line = node.lc.item(step)[0] + 1
            node = node[step]
        else:
            break
    return line


def _place(document: CommentedMap, location: Location) -> str:
    """`points[bf1.output].unit`: list items by their code where they have one."""
    node: object = document
    words = ""
    for step in location:
        if isinstance(step, int):
            item = node[step] if isinstance(node, CommentedSeq) and step < len(node) else None
            code = item.get("code") if isinstance(item, CommentedMap) else None
            words += f"[{code if code is not None else step}]"
            node = item
        else:
            words += f".{step}" if words else step
            node = node.get(step) if isinstance(node, CommentedMap) else None
    return words
