"""An alert's frozen evidence as a person reads it: arithmetic line by line, inputs as a table, all else by part."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from api.console import numbers
from api.console.evidence_words import label
from api.console.i18n import Catalogue
from api.console.words import known_word
from db.alerts import EvidenceRow

# Told by the alert's head, or shown apart.
_APART = {"schema", "enterprise", "subject", "arithmetic", "inputs"}
# In the order in which somebody asks; what else there is follows.
_ORDER = (
    "window",
    "limit",
    "result",
    "baseline",
    "variables",
    "corrections",
    "boundary",
    "nameplate",
    "method",
    "assumptions",
)
_SHARES = {"completeness", "estimated_share"}
_WORDS = {
    "basis": "basis", "verdict": "verdict", "certainty": "certainty", "purpose": "purpose", "role": "role",
    "review": "review", "confidence": "confidence", "resolution": "resolution", "part": "part",
}  # fmt: skip
# Canonical keys are in order of the alphabet; people read these first.
_FIRST = (
    "point", "part", "sign", "role", "amount", "mean_kw", "low_kw", "high_kw", "value", "low", "high", "unit", "limit",
    "level", "standard", "edition", "item", "name", "clause", "start", "end",
)  # fmt: skip
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Line:
    """A step of the arithmetic; `code` is what the evidence calls it."""

    code: str
    what: str
    formula: str
    result: str


@dataclass(frozen=True, slots=True)
class Part:
    """Facts that belong together: (label, value)."""

    title: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One version of an alert's evidence.

    Attributes:
        columns, inputs: what it stood on, as a table; the keys of the columns beside it.
        unreviewed: something in it was not checked against the official text.
    """

    version: int
    sha256: str
    recorded_at: datetime
    arithmetic: tuple[Line, ...]
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    inputs: tuple[tuple[str, ...], ...]
    parts: tuple[Part, ...]
    unreviewed: bool


def evidence_view(row: EvidenceRow, text: Catalogue, zone: ZoneInfo) -> Evidence:
    """Evidence for a page in the catalogue's language, times by the enterprise's clock."""
    body: dict[str, Any] = json.loads(row.body)
    say = _Sayer(text, zone)
    steps = [s for s in body.get("arithmetic", ()) if isinstance(s, dict)]
    inputs = [say.flat_input(i) for i in body.get("inputs", ()) if isinstance(i, dict)]
    # What no input has is no column.
    keys = tuple(
        key
        for key in sorted(dict.fromkeys(k for i in inputs for k in i), key=_rank)
        if any(i.get(key) is not None for i in inputs)
    )
    rest = {key: value for key, value in body.items() if key not in _APART}
    ordered = [*(k for k in _ORDER if k in rest), *(k for k in rest if k not in (*_ORDER, "rule")), "rule"]
    return Evidence(
        version=row.version,
        sha256=row.sha256,
        recorded_at=row.recorded_at,
        arithmetic=tuple(
            Line(
                str(step.get("what", "")),
                label(text, str(step.get("what", ""))),
                str(step.get("formula", "")),
                f"{say.value('', step.get('result'))} {numbers.symbol(str(step.get('unit') or ''))}".strip(),
            )
            for step in steps
        ),
        keys=keys,
        columns=tuple(label(text, key) for key in keys),
        inputs=tuple(tuple(say.value(key, found.get(key)) for key in keys) for found in inputs),
        parts=tuple(
            Part(label(text, key), tuple(say.facts(rest[key], key)))
            for key in ordered
            if rest.get(key) not in (None, [], {})
        ),
        unreviewed='"unreviewed' in row.body,
    )


def _rank(key: str) -> int:
    return _FIRST.index(key) if key in _FIRST else len(_FIRST)


class _Sayer:
    """Says values in one language."""

    def __init__(self, text: Catalogue, zone: ZoneInfo) -> None:
        self._text, self._zone = text, zone

    def flat_input(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """An input with its meter and its conversion beside it, so that they can be columns."""
        flat: dict[str, Any] = {}
        for key, value in found.items():
            inside = value if isinstance(value, dict) and not {"zh", "en"} <= value.keys() else {key: value}
            flat |= {k: v for k, v in inside.items() if k not in flat}
        return flat

    def value(self, key: str, value: object) -> str:
        """One value as text."""
        match value:
            case None:
                return numbers.DASH
            case bool():
                return "✓" if value else "✗"
            case {"zh": zh, "en": en}:
                return str(zh if self._text.language == "zh" else en)
            case dict():
                pairs = ((k, v) for k, v in value.items() if v is not None)
                return ", ".join(f"{label(self._text, k)} {self.value(k, v)}" for k, v in pairs)
            case list():
                return "; ".join(self.value(key, item) for item in value)
        return self._plain(key, str(value))

    def _plain(self, key: str, said: str) -> str:
        if _INSTANT.fullmatch(said):
            return f"{datetime.fromisoformat(said).astimezone(self._zone):%Y-%m-%d %H:%M}"
        if _NUMBER.fullmatch(said) and key not in {"level", "id", "year", "poles"}:
            number = float(said)
            return f"{numbers.full(number * 100)} %" if key in _SHARES else numbers.full(number)
        if key == "review" and said.startswith("unreviewed"):
            return self._text("not reviewed")
        known = known_word(self._text, _WORDS[key], said) if key in _WORDS else None
        return known if known is not None else said

    def facts(self, value: object, key: str) -> Iterator[tuple[str, str]]:
        """What a part says: a label and a value each."""
        match value:
            case {"zh": _, "en": _}:
                yield label(self._text, key), self.value(key, value)
            case dict():
                for inside in sorted(value, key=_rank):
                    # A nameplate says a lot that is not on it.
                    if key != "nameplate" or value[inside] is not None:
                        yield label(self._text, inside), self.value(inside, value[inside])
            case [dict(), *_]:
                items = cast("list[dict[str, Any]]", value)
                for n, item in enumerate(items, 1):
                    yield (
                        self._named(item, n),
                        self.value(key, {k: v for k, v in item.items() if k not in {"name", "key"}}),
                    )
            case _:
                yield label(self._text, key), self.value(key, value)

    def _named(self, item: Mapping[str, Any], n: int) -> str:
        name = item.get("name") or item.get("key")
        return str(n) if name is None else self.value("name", name)
