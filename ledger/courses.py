"""How points are read, kept from one derivation to the next.

A copy is as good as its number: whoever derives under a changed configuration holds the point's lock and counts
`config_rev` up, and the copies of all others are stale.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import asyncpg

from db.histories import History, Key, histories
from db.publication import PointState
from enms.metering import Aggregate
from ledger.closing import Course


class CourseBook:
    """The configurations this process derived under, by point."""

    def __init__(self) -> None:
        self._kept: dict[Key, tuple[int, History]] = {}

    async def of(
        self, connection: asyncpg.Connection, states: Sequence[PointState], reconfigured: Collection[Key]
    ) -> dict[Key, Course]:
        """The courses of locked points.

        Args:
            connection: in the transaction that holds the locks.
            states: of the points, as locked.
            reconfigured: whose configuration changed; their `config_rev` will be counted up.
        """
        stale = [s for s in states if s.key in reconfigured or self._rev(s.key) != s.config_rev]
        if stale:
            found = await histories(connection, [s.key for s in stale])
            for s in stale:
                self._kept[s.key] = s.config_rev + (s.key in reconfigured), found[s.key]
        return {s.key: _course(self._kept[s.key][1], s.longest_s) for s in states}

    def forget(self) -> None:
        """After a failure: what was kept may never have been committed."""
        self._kept.clear()

    def _rev(self, key: Key) -> int | None:
        kept = self._kept.get(key)
        return kept[0] if kept is not None else None


def _course(history: History, stated_s: float) -> Course:
    line = history.line
    of_intervals = Course(line, 0.0, mean=False).of_intervals
    mean = bool(history.versions) and history.versions[-1].config.aggregate is Aggregate.MEAN
    return Course(line, max(line.longest_period_s, stated_s) if of_intervals else 0.0, mean)
