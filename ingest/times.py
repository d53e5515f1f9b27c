"""Instants on the wire.

Ingest counts instants as whole microseconds since 1970-01-01T00:00Z, the resolution of the database: a datetime
object a reading would cost more than decoding the reading.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ingest.refusals import Reason

SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The years 1 to 9999, which is what a datetime can show.
EARLIEST = int((datetime.min.replace(tzinfo=UTC) - EPOCH) / timedelta(microseconds=1))
LATEST = int((datetime.max.replace(tzinfo=UTC) - EPOCH) / timedelta(microseconds=1))

type_of_time = "RFC 3339 with an offset, or epoch milliseconds"


class TimeError(ValueError):
    """An instant that cannot be understood; `reason` says in which way."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def micros(instant: datetime) -> int:
    """Microseconds since the epoch of an aware datetime."""
    span = instant - EPOCH
    return (span.days * 86_400 + span.seconds) * SECOND + span.microseconds


def instant(count: int) -> datetime:
    """The aware UTC datetime of a count of microseconds."""
    return EPOCH + timedelta(microseconds=count)


def parse_time(value: str | float) -> int:
    """Microseconds since the epoch of a time on the wire.

    Args:
        value: RFC 3339 with an offset, or epoch milliseconds.

    Raises:
        TimeError: it is neither, has no offset, or lies outside the years 1 to 9999.
    """
    if isinstance(value, str):
        return _parse_text(value)
    if not EARLIEST <= value * 1000 <= LATEST:
        raise TimeError(Reason.BAD_TIME, f"{value!r} is not a time in epoch milliseconds")
    return round(value * 1000)


def _parse_text(text: str) -> int:
    try:
        # RFC 3339 5.6 allows t and z in lower case, fromisoformat does not
        parsed = datetime.fromisoformat(text if text[-1:].isdigit() else text.upper())
    except ValueError:
        raise TimeError(Reason.BAD_TIME, f"{text[:64]!r} is not a time ({type_of_time})") from None
    if parsed.tzinfo is None:
        raise TimeError(Reason.NAIVE_TIME, f"{text[:64]!r} has no offset from UTC")
    count = micros(parsed)
    if not EARLIEST <= count <= LATEST:
        raise TimeError(Reason.BAD_TIME, f"{text[:64]!r} is outside the years 1 to 9999")
    return count


class TimeCache(dict[str | float, int]):
    """`parse_time`, remembering: a gateway stamps many readings with one instant.

    Full-policy: at `LIMIT` entries everything is forgotten.
    """

    LIMIT = 16_384

    def __missing__(self, value: str | float) -> int:
        if len(self) >= self.LIMIT:
            self.clear()
        count = self[value] = parse_time(value)
        return count
