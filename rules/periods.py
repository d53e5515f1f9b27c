"""Statistical periods: what is counted from a beginning on, and ends with it.

A year's breach is that year's: its alert ends where the year does, and the next year's is another. Until then the
figure grows month by month, and the evidence with it: its latest version says what the period had come to at the latest
close at which it was over.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from enms.alerts import Episode, Observation, Truth


class Period(Protocol):
    """A subject's statistical periods."""

    def ends(self, instant: datetime, /) -> bool:
        """Whether one ends at an edge of the subject's grid."""

    def closes(self, instant: datetime, /) -> bool:
        """Whether its figure up to an edge of the grid is frozen: at the end of every month, and at its own."""


class NoPeriod:
    """Of what is not counted from a beginning on: an alert ends when it clears, its evidence is of when it fired."""

    def ends(self, _: datetime) -> bool:
        return False

    def closes(self, _: datetime) -> bool:
        return False


NO_PERIOD = NoPeriod()


def stands_on(episode: Episode, steps: Iterable[Observation], period: Period) -> datetime:
    """The end of the step that an episode's evidence is of: the latest close at which it was over, or when it fired.

    Args:
        episode: going on, or over.
        steps: those that are known of it, in order of time.
        period: its subject's.
    """
    until = episode.resolved_at
    over = (s.end for s in steps if s.truth is Truth.MET and s.end > episode.fired_at)
    within = (end for end in over if until is None or end <= until)
    return max((end for end in within if period.closes(end)), default=episode.fired_at)
