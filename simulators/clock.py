"""The simulated plants' calendar: local days of 1 440 minutes.

All three plants stand in Baotou, on Asia/Shanghai: UTC+8, no summer time since 1991, so a local day always has
1 440 minutes and the grid of every period divides it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

MINUTES = 1440
MINUTE_MS = 60_000
DAY_MS = MINUTES * MINUTE_MS
_OFFSET_MS = 8 * 3_600_000
_EPOCH = date(1970, 1, 1)


def to_ms(instant: datetime) -> int:
    """Milliseconds since 1970 (UTC) of an aware instant."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def to_utc(ms: int) -> datetime:
    """The aware instant of milliseconds since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)


def day_of(ms: int) -> date:
    """The local day that holds this instant; midnight belongs to the day it begins."""
    return _EPOCH + timedelta(days=(ms + _OFFSET_MS) // DAY_MS)


def day_start(day: date) -> int:
    """Instant at which a local day begins."""
    return (day - _EPOCH).days * DAY_MS - _OFFSET_MS


def iso_local(ms: int) -> str:
    """RFC 3339 with the plants' offset, as their gateways write it."""
    local = datetime(1970, 1, 1) + timedelta(milliseconds=ms + _OFFSET_MS)  # noqa: DTZ001 - offset is written below
    text = local.isoformat(timespec="milliseconds" if ms % 1000 else "seconds")
    return f"{text}+08:00"
