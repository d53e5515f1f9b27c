"""Inputs of corrections that people enter over days, on top of what the plant file declares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from enms.enpi import Declared

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Entered:
    """An input over local days, as somebody entered it.

    Attributes:
        until: the last day, included; None: until another is entered.
        evidence: where the value is from.
    """

    id: int
    enpi: str
    input: str
    value: float
    since: date
    until: date | None
    evidence: str
    actor: str
    recorded_at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None


def layered(declared: Iterable[Declared], entered: Sequence[Entered]) -> tuple[Declared, ...]:
    """What holds on each day: the last entry that is not withdrawn, else what was declared; by input, then day."""
    found = list(declared)
    for entry in sorted(entered, key=lambda one: one.id):
        if entry.withdrawn_at is not None:
            continue
        over = _declared(entry.input, entry.value, entry.since, entry.until, f"{entry.evidence} · {entry.actor}")
        found = [part for one in found for part in ([one] if one.input != entry.input else _without(one, over))]
        found.append(over)
    return tuple(sorted(found, key=lambda one: (one.input, one.since)))


def _without(one: Declared, over: Declared) -> list[Declared]:
    """What of an entry lies outside another one's days."""
    parts = []
    if one.since < over.since:
        last = over.since - _DAY
        until = last if one.until is None else min(one.until, last)
        parts.append(_declared(one.input, one.value, one.since, until, one.evidence))
    if over.until is not None and (one.until is None or one.until > over.until):
        since = max(one.since, over.until + _DAY)
        parts.append(_declared(one.input, one.value, since, one.until, one.evidence))
    return parts


def _declared(name: str, value: float, since: date, until: date | None, evidence: str) -> Declared:
    return Declared.model_validate({"input": name, "value": value, "from": since, "to": until, "evidence": evidence})
