"""Steps of an enterprise's own calendar: hours, shifts, days, months."""

from __future__ import annotations

from datetime import datetime, timedelta

from enms.cuts import Cut, Cuts
from enms.steps import StepLength
from rules.grid import Step

_TICK = timedelta(microseconds=1)
# Longer than any window of the cut: an edge is always within it.
_REACH = {Cut.MONTH: timedelta(days=32), Cut.YEAR: timedelta(days=367)}
_SHORT = timedelta(hours=48)
_LENGTH = {
    Cut.HOUR: StepLength.HOUR,
    Cut.SHIFT: StepLength.SHIFT,
    Cut.DAY: StepLength.DAY,
    Cut.MONTH: StepLength.MONTH,
    Cut.YEAR: StepLength.YEAR,
}


class CutGrid:
    """Steps of an enterprise's own calendar."""

    def __init__(self, cuts: Cuts, cut: Cut) -> None:
        self._cuts, self._cut = cuts, cut
        self._reach = _REACH.get(cut, _SHORT)
        self.length = _LENGTH[cut]

    def floor(self, instant: datetime) -> datetime:
        windows = self._cuts.windows(self._cut, instant - self._reach, instant + _TICK)
        edges = {edge for window in windows for edge in window if edge <= instant}
        return max(edges)

    def ceil(self, instant: datetime) -> datetime:
        windows = self._cuts.windows(self._cut, instant - _TICK, instant + self._reach)
        edges = {edge for window in windows for edge in window if edge >= instant}
        return min(edges)

    def steps(self, start: datetime, end: datetime) -> list[Step]:
        if start >= end:
            return []
        return [(lo, hi) for lo, hi in self._cuts.windows(self._cut, start, end) if lo >= start and hi <= end]
