"""The words of alerting: what a condition answers, what an alert goes through, how a past is told again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum


class Truth(IntEnum):
    """A condition's answer. UNKNOWN holds whatever state there is: it never raises and never resolves."""

    CLEAR = 0
    MET = 1
    UNKNOWN = 2


class Severity(StrEnum):
    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"


class Purpose(StrEnum):
    """Whom a rule serves. Never mixed: operational is "look now", statutory judges the statistical period."""

    OPERATIONAL = "operational"
    STATUTORY = "statutory"


class Phase(StrEnum):
    """Where a subject stands with a rule."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"


class AlertState(StrEnum):
    """Where a recorded alert stands; one that is pending is not recorded yet."""

    FIRING = "firing"
    RESOLVED = "resolved"


class Closed(StrEnum):
    """Why an alert is no longer open."""

    CLEARED = "cleared"
    MERGED = "merged"
    RETRACTED = "retracted"
    ENDED = "ended"
    # its statistical period ended before it cleared: what that period came to, never undone by the next one. It was
    # still over then; or its verdict was withheld (`withheld_since`) and nobody knows
    PERIOD_OVER = "period_over"


# What `PERIOD_OVER` is called, of alerts and of transitions, where the verdict was withheld when the period ended.
PERIOD_WITHHELD = "period_withheld"


class Step(StrEnum):
    """Kinds of transitions; those from `COMMENTED` on are made by people (a shelf also ends by itself)."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    SHIFTED = "shifted"
    MERGED = "merged"
    SPLIT = "split"
    RETRACTED = "retracted"
    LATE = "late"
    ENDED = "ended"
    PERIOD_OVER = "period_over"
    REVISED = "revised"
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"
    ESCALATED = "escalated"
    COMMENTED = "commented"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"


@dataclass(frozen=True, slots=True)
class Observation:
    """A condition's answer over one step of its rule's grid.

    Attributes:
        start, end: the step; the answer is known at `end`.
        in_band: CLEAR, but by less than the deadband: it does not begin to resolve a firing alert.
        reason: code of an UNKNOWN, or of what was found.
    """

    start: datetime
    end: datetime
    truth: Truth
    in_band: bool = False
    reason: str = ""

    @property
    def says(self) -> tuple[Truth, bool, str]:
        """The answer without its time."""
        return self.truth, self.in_band, self.reason


@dataclass(frozen=True, slots=True)
class Episode:
    """One breach from its first met step to its resolution, all event instants.

    Attributes:
        started_at: start of the first step that met the condition.
        fired_at: end of the step at which it had been met for long enough.
        resolved_at: end of the step at which it had been clear for long enough; None: still firing.
        withheld_since: since when the condition has been unknown, while firing.
        period_over: it did not clear: its statistical period ended at `resolved_at`, over or withheld.
    """

    started_at: datetime
    fired_at: datetime
    resolved_at: datetime | None = None
    withheld_since: datetime | None = None
    period_over: bool = False

    @property
    def closed(self) -> Closed | None:
        """Why it is no longer open; None: it is."""
        if self.resolved_at is None:
            return None
        return Closed.PERIOD_OVER if self.period_over else Closed.CLEARED

    def overlaps(self, other: Episode) -> bool:
        """Whether the two have more than an edge in common."""
        return (other.resolved_at is None or self.started_at < other.resolved_at) and (
            self.resolved_at is None or other.started_at < self.resolved_at
        )
