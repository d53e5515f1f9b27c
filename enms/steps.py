"""What the steps are called on which rules judge."""

from __future__ import annotations

from enum import StrEnum


class StepLength(StrEnum):
    """Shortest first."""

    MINUTE = "minute"
    QUARTER_HOUR = "quarter_hour"
    HOUR = "hour"
    SHIFT = "shift"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"

    @property
    def rank(self) -> int:
        """A longer one has a higher one."""
        return list(StepLength).index(self)
