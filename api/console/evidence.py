"""An alert's frozen evidence as a page shows it: arithmetic line by line, inputs, everything else by its path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from db.alerts import EvidenceRow

# Told by the alert's head, or shown apart.
_APART = {"schema", "enterprise", "subject", "arithmetic", "inputs"}


@dataclass(frozen=True, slots=True)
class Line:
    """A step of the arithmetic."""

    what: str
    formula: str
    result: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One version of an alert's evidence.

    Attributes:
        arithmetic: in order.
        columns, inputs: what it stood on, as a table.
        facts: every other value by its dotted path.
    """

    version: int
    sha256: str
    recorded_at: datetime
    arithmetic: tuple[Line, ...]
    columns: tuple[str, ...]
    inputs: tuple[tuple[str, ...], ...]
    facts: tuple[tuple[str, str], ...]


def evidence_view(row: EvidenceRow, language: str) -> Evidence:
    """Evidence for a page in zh or en."""
    body = json.loads(row.body)
    steps = [s for s in body.get("arithmetic", ()) if isinstance(s, dict)]
    inputs = [i for i in body.get("inputs", ()) if isinstance(i, dict)]
    columns = tuple(dict.fromkeys(key for found in inputs for key in found))
    rest = {key: value for key, value in body.items() if key not in _APART}
    return Evidence(
        version=row.version,
        sha256=row.sha256,
        recorded_at=row.recorded_at,
        arithmetic=tuple(
            Line(
                str(step.get("what", "")),
                str(step.get("formula", "")),
                f"{_text(step.get('result'), language)} {step.get('unit') or ''}".strip(),
            )
            for step in steps
        ),
        columns=columns,
        inputs=tuple(tuple(_text(found.get(key), language) for key in columns) for found in inputs),
        facts=tuple(_flat(rest, language)),
    )


def _text(value: object, language: str) -> str:
    match value:
        case None:
            return "—"
        case bool():
            return "✓" if value else "✗"
        case {"zh": zh, "en": en}:
            return str(zh if language == "zh" else en)
        case dict():
            return ", ".join(f"{key} {_text(item, language)}" for key, item in value.items() if item is not None)
        case list():
            return "; ".join(_text(item, language) for item in value)
    return str(value)


def _flat(value: Mapping[str, object], language: str, path: str = "") -> Iterator[tuple[str, str]]:
    for key, item in value.items():
        place = f"{path}.{key}" if path else key
        match item:
            case {"zh": _, "en": _}:
                yield place, _text(item, language)
            case dict():
                yield from _flat(item, language, place)
            case [dict(), *_]:
                for n, part in enumerate(item, 1):
                    yield f"{place} {n}", _text(part, language)
            case _:
                yield place, _text(item, language)
