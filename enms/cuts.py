"""An enterprise's own hours, shifts, days, months and years, as spans in UTC.

Cuts are made in the enterprise's wall time, never the server's: a day begins at `day_starts`, a month on its
`month_starts_day`; a shift that passes midnight belongs to the day it begins on. Where clocks change, a day has the
hours it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

Window = tuple[datetime, datetime]
_DAY = timedelta(days=1)


class Cut(StrEnum):
    """How time is cut."""

    HOUR = "1h"
    SHIFT = "shift"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Cuts:
    """One enterprise's calendar.

    Attributes:
        day_starts: wall time at which a day begins, since midnight.
        month_starts_day: 1 to 28.
        shifts: (starts, ends) in wall time since midnight; ends at or before starts: on the next day.
    """

    zone: ZoneInfo
    day_starts: timedelta = timedelta()
    month_starts_day: int = 1
    shifts: tuple[tuple[timedelta, timedelta], ...] = ()

    def windows(self, cut: Cut, start: datetime, end: datetime) -> list[Window]:
        """Every window that overlaps [start, end), in order."""
        found = {
            Cut.HOUR: self._hours,
            Cut.SHIFT: self._shifts,
            Cut.DAY: self._days,
            Cut.MONTH: self._months,
            Cut.YEAR: self._years,
        }[cut](start, end)
        return [(lo, hi) for lo, hi in found if lo < end and hi > start]

    def local_day(self, instant: datetime) -> date:
        """The wall date of an instant."""
        return instant.astimezone(self.zone).date()

    def day_begins(self, day: date) -> datetime:
        """When the day of that date begins."""
        return self.at(day, self.day_starts)

    def days_back(self, instant: datetime, days: int) -> datetime:
        """The begin of the day that many days before the one of an instant."""
        return self.day_begins(self.day_of(instant) - days * _DAY)

    def day_of(self, instant: datetime) -> date:
        """The date of the day in which an instant lies: that of its begin."""
        wall = instant.astimezone(self.zone).replace(tzinfo=None)
        return (wall - self.day_starts).date()

    def at(self, day: date, since_midnight: timedelta) -> datetime:
        """A wall time of a date, in UTC; a day and more after midnight is on a later date."""
        wall = datetime.combine(day, time()) + since_midnight
        return wall.replace(tzinfo=self.zone).astimezone(UTC)

    def _hours(self, start: datetime, end: datetime) -> list[Window]:
        offset = start.astimezone(self.zone).utcoffset() or timedelta()
        past_hour = timedelta(seconds=(start.timestamp() + offset.total_seconds()) % 3_600)
        first = start.astimezone(UTC) - past_hour
        count = -((first - end) // timedelta(hours=1))
        return [(first + timedelta(hours=i), first + timedelta(hours=i + 1)) for i in range(count)]

    def _wall_days(self, start: datetime, end: datetime) -> list[date]:
        first, last = self.local_day(start) - _DAY, self.local_day(end) + _DAY
        return [first + i * _DAY for i in range((last - first).days + 1)]

    def _days(self, start: datetime, end: datetime) -> list[Window]:
        return [
            (self.at(day, self.day_starts), self.at(day + _DAY, self.day_starts)) for day in self._wall_days(start, end)
        ]

    def _shifts(self, start: datetime, end: datetime) -> list[Window]:
        return sorted(
            (self.at(day, begins), self.at(day, ends if ends > begins else ends + _DAY))
            for day in self._wall_days(start, end)
            for begins, ends in self.shifts
        )

    def _months(self, start: datetime, end: datetime) -> list[Window]:
        first = self.local_day(start)
        return self._between([_month(first.year, first.month + i) for i in range(-1, _months_from(first, end) + 2)])

    def _years(self, start: datetime, end: datetime) -> list[Window]:
        first, last = self.local_day(start).year - 1, self.local_day(end).year + 2
        return self._between([date(year, 1, 1) for year in range(first, last + 1)])

    def _between(self, firsts: Sequence[date]) -> list[Window]:
        edges = [self.at(day.replace(day=self.month_starts_day), self.day_starts) for day in firsts]
        return list(pairwise(edges))


def _month(year: int, month: int) -> date:
    """The first of a month; months below 1 and over 12 are those of other years."""
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def _months_from(first: date, end: datetime) -> int:
    return (end.year - first.year) * 12 + end.month - first.month + 1
