"""What a rule's condition is to the evaluator: subjects it watches, and an answer for every step of a span.

A condition never looks at a clock: the span is an argument, and so is what is closed. It answers met, clear or
unknown; a missing input is unknown and is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from enms.alerts import Observation, Truth
from rules.facts import Facts
from rules.grid import Grid
from rules.periods import NO_PERIOD, Period

Watched = TypeVar("Watched")
Basis = TypeVar("Basis")
# How long is waited for a point that gave way to another one, to close up to then: out of service it does, by the clock
# at the latest, and never further.
REPLACED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Subject(Generic[Watched]):
    """Something a rule watches.

    Attributes:
        code: of the EnPI, motor or point.
        watched: what it is, as configured.
        inputs: points whose revised past changes its past.
        waits_for: points that must have closed a step before it is judged.
        hopes_for: points that are waited for, too, but no longer than this behind the others (a sample that closes with
            the next one); one that is later is judged without, and again when it comes.
        gave_way: points that were replaced, and when: until they have closed up to then they are waited for, too, no
            longer than `REPLACED` behind the others; of what begins later they say nothing.
        reach: how far beyond itself a quarter hour is felt (a rolling window's length less a step).
        configured: (recorded_at, valid_from) of every version of what it is made of.
        period: the statistical period it is counted over.
        configured_at: when it was last configured.
    """

    code: str
    watched: Watched
    grid: Grid
    inputs: frozenset[int]
    waits_for: frozenset[int]
    reach: timedelta
    configured: tuple[tuple[datetime, datetime], ...]
    hopes_for: tuple[tuple[int, timedelta], ...] = ()
    gave_way: tuple[tuple[int, datetime], ...] = ()
    period: Period = NO_PERIOD
    configured_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        """Once for all the quarter hours it is asked for."""
        object.__setattr__(self, "configured_at", max(recorded for recorded, _ in self.configured))

    def changed_from(self, since: datetime) -> datetime | None:
        """From when on versions recorded after `since` hold; None: there are none."""
        if self.configured_at <= since:
            return None
        return min((valid_from for recorded, valid_from in self.configured if recorded > since), default=None)


@dataclass(frozen=True, slots=True)
class Judged(Generic[Basis]):
    """A step's answer with what it stood on.

    Attributes:
        value, limit: what was compared, in the rule's unit.
        certainty: possible or confirmed, of a met condition with a range.
        basis: what evidence is made of.
    """

    observation: Observation
    value: float | None
    limit: float | None
    certainty: str | None
    basis: Basis


@dataclass(frozen=True, slots=True)
class Span(Generic[Watched]):
    """What is to be judged: whole steps of the subject's grid."""

    subject: Subject[Watched]
    start: datetime
    end: datetime


class Condition(Protocol[Watched, Basis]):
    """One rule's condition on one enterprise.

    Attributes:
        lasting: (where it is there) whether only a configuration changes its subjects, never the ledger.
        revises: whether a revised past is judged again. False for what is about arrival itself: filling a gap never
            retracts the alert about it.
    """

    @property
    def revises(self) -> bool: ...

    async def subjects(self, facts: Facts) -> list[Subject[Watched]]:
        """What there is to watch now."""

    async def judge(self, facts: Facts, spans: Sequence[Span[Watched]]) -> dict[str, list[Judged[Basis]]]:
        """Answers for every step of each span, by subject, in order of time; a subject once only."""

    async def earliest(self, facts: Facts, subjects: Sequence[Subject[Watched]]) -> dict[str, datetime]:
        """Before when nothing can be judged again, by subject; a subject left out: nothing stands against it."""

    def evidence(self, subject: Subject[Watched], judged: Judged[Basis]) -> dict[str, object]:
        """What one answer stood on, of plain values: inputs, factors, limit, arithmetic line by line."""


def over(value: float, limit: float, deadband: float) -> tuple[Truth, bool]:
    """Met above the limit; clear below, within the deadband still near it."""
    return (Truth.MET, False) if value > limit else (Truth.CLEAR, value > limit - deadband)


def under(value: float, limit: float, deadband: float) -> tuple[Truth, bool]:
    """Met below the limit; clear above, within the deadband still near it."""
    return (Truth.MET, False) if value < limit else (Truth.CLEAR, value < limit + deadband)
