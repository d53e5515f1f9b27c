"""What Prometheus is told about the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable

from prometheus_client import Counter, Gauge, Histogram

PUBLISHED = Counter("enms_ledger_published_total", "Quarter hours published, revisions included")
REVISED = Counter("enms_ledger_revised_total", "Quarter hours whose published value changed")
DERIVED_POINTS = Counter("enms_ledger_points_total", "Points taken into a derivation")
FAILED_POINTS = Gauge(
    "enms_ledger_failed_points", "Points set aside because they cannot be derived", labelnames=("worker",)
)
OLDEST_DIRTY = Gauge("enms_ledger_oldest_dirty_seconds", "Age of the oldest readings that wait for derivation")
DATABASE_UP = Gauge("enms_ledger_database_up", "1 while the database answers")
OVERDUE = Gauge("enms_ledger_overdue_seconds", "For how long the longest overdue quarter hour should have been closed")
CYCLE = Histogram(
    "enms_ledger_cycle_seconds", "Duration of a derivation", buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10)
)


class Growing:
    """A lag that nobody can look at goes on: while the database is away, seconds pass all the same.

    Args:
        gauge: shows it.
        tolerated_s: between two looks, when all is well.
        clock: monotonic seconds.
    """

    def __init__(self, gauge: Gauge, tolerated_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._tolerated_s = tolerated_s
        self._clock = clock
        self._seconds = 0.0
        self._seen = clock()
        gauge.set_function(self.value)

    def set(self, seconds: float) -> None:
        """What was seen just now."""
        self._seconds, self._seen = seconds, self._clock()

    def value(self) -> float:
        """What was seen last, and the time since then."""
        return self._seconds + max(0.0, self._clock() - self._seen - self._tolerated_s)
