"""PostgreSQL's infinite timestamps and dates, as asyncpg hands them over, against our None."""

from __future__ import annotations

from datetime import UTC, date, datetime

# asyncpg reads '-infinity' and 'infinity' as the extremes of datetime, naive ones made aware.
BEGINNING = datetime.min.replace(tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)


def known(instant: datetime | None) -> datetime | None:
    """The instant, or None where the database says since ever or for ever."""
    if instant is None or instant.year in (BEGINNING.year, END.year):
        return None
    return instant


def known_day(day: date | None) -> date | None:
    """The day, or None where the database says since ever or for ever."""
    if day is None or day.year in (date.min.year, date.max.year):
        return None
    return day
