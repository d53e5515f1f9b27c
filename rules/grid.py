"""The steps on which a rule judges: quarter hours, or an enterprise's own hours, shifts and days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

from enms.steps import StepLength

Step = tuple[datetime, datetime]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Grid(Protocol):
    """Where steps begin and end, and how long they are called."""

    @property
    def length(self) -> StepLength: ...

    def floor(self, instant: datetime) -> datetime:
        """The edge at or before an instant."""

    def ceil(self, instant: datetime) -> datetime:
        """The edge at or after an instant."""

    def steps(self, start: datetime, end: datetime) -> list[Step]:
        """Every whole step within [start, end]."""


class Even:
    """Steps of one length, counted from the epoch."""

    def __init__(self, step: timedelta, length: StepLength) -> None:
        self._step = step
        self.length = length

    def floor(self, instant: datetime) -> datetime:
        return instant - (instant - _EPOCH) % self._step

    def ceil(self, instant: datetime) -> datetime:
        return -((_EPOCH - instant) // self._step) * self._step + _EPOCH

    def steps(self, start: datetime, end: datetime) -> list[Step]:
        first, count = self.ceil(start), max(0, (self.floor(end) - self.ceil(start)) // self._step)
        return [(first + i * self._step, first + (i + 1) * self._step) for i in range(count)]


HOURS = Even(timedelta(hours=1), StepLength.HOUR)
QUARTER_HOURS = Even(timedelta(minutes=15), StepLength.QUARTER_HOUR)
MINUTES = Even(timedelta(minutes=1), StepLength.MINUTE)
