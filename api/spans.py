"""Instants and spans of requests: RFC 3339 with an offset, or a plain day of the enterprise's own clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from api.problems import TooMuchError
from db.plants import EnterpriseRow
from enms.errors import InputError, Mistake

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# An offset's plus sign that was not percent-encoded arrives as a space.
_LOST_PLUS = re.compile(r"(\d) (\d{2}:?\d{2})$")


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end) in UTC."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start


def instant(text: str, place: str, enterprise: EnterpriseRow | None = None) -> datetime:
    """An instant in UTC.

    Args:
        text: RFC 3339 with an offset; or YYYY-MM-DD, the beginning of that day at the enterprise.
        place: parameter it came from.
        enterprise: whose days are meant.

    Raises:
        InputError: unreadable, or without an offset.
    """
    try:
        if enterprise is not None and _DAY.fullmatch(text):
            return datetime.combine(
                date.fromisoformat(text), enterprise.day_starts, ZoneInfo(enterprise.timezone)
            ).astimezone(UTC)
        found = datetime.fromisoformat(_LOST_PLUS.sub(r"\1+\2", text))
    except ValueError:
        raise InputError("", [Mistake(place, f"{text!r} is not a time, 2026-11-22T18:15:00+08:00 is")]) from None
    except OverflowError:
        raise InputError("", [Mistake(place, f"{text!r} is out of range")]) from None
    if found.tzinfo is None:
        raise InputError("", [Mistake(place, f"{text!r} has no offset, 2026-11-22T18:15:00+08:00 has one")])
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise InputError("", [Mistake(place, f"{text!r} is out of range")]) from None


def span(
    start: str | None,
    end: str | None,
    *,
    now: datetime,
    default: timedelta,
    longest: timedelta,
    enterprise: EnterpriseRow | None = None,
) -> Span:
    """The span asked for: `end` is now if it is not given, `start` is `default` before it.

    Raises:
        InputError: unreadable, or it ends before it starts.
        TooMuchError: longer than `longest`.
    """
    until = instant(end, "query.to", enterprise) if end else now
    since = instant(start, "query.from", enterprise) if start else until - default
    if until <= since:
        raise InputError("", [Mistake("query.to", "must be after from")])
    if until - since > longest:
        raise TooMuchError(
            f"from {since.isoformat()} to {until.isoformat()} is longer than {longest.days} days: "
            "ask for less, or a coarser resolution"
        )
    return Span(since, until)
