"""What a meter said, and how much it is believed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class Quality(IntEnum):
    """The source's own judgement. `BAD` is kept and never counted; `SUSPECT` counts and marks its interval."""

    GOOD = 0
    SUSPECT = 1
    BAD = 2


class Origin(IntEnum):
    """Where a reading came from; the greater wins a contradiction."""

    METER = 0
    BACKFILL = 1
    HAND = 2


@dataclass(frozen=True, slots=True)
class Reading:
    """One accepted reading.

    Attributes:
        e: enterprise number.
        p: point number.
        ts: the meter's own instant, UTC; the end of what an interval reading covers.
        value: as read, before multiplier, in the point's unit.
        start: where an interval reading begins if it was sent, else None (one period before ts).
        received_at: when the platform first had it (kept through the spool).
    """

    e: int
    p: int
    ts: datetime
    value: float
    quality: Quality
    origin: Origin
    received_at: datetime
    start: datetime | None = None

    @property
    def rank(self) -> tuple[int, float, float]:
        """Of several readings for one instant the greatest rank holds: origin, then first received, then value."""
        return (self.origin, -self.received_at.timestamp(), self.value)
