"""Which spans a daily or monthly report is about, and what each is compared with.

同比 is the same span a year before, 环比 the span before it. Spans are the enterprise's own days, months and years;
one that is not over is compared up to the same day and wall time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from enms.cuts import Cut, Cuts, Window

_Back = Callable[[date], date | None]
_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)


class ReportKind(StrEnum):
    """日报, 月报."""

    DAILY = "daily"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Scope:
    """One span of a report: the day, the month or the year to date.

    Attributes:
        end: where it ends once everything in it has happened; to date: the end of the report's day or month.
        until: up to where it is counted; before `end` while it is not over, `start` before it has begun.
        before, year_ago: the spans it is compared with; None: there is no such day (29 February), or, of a year, the
            span before it is the one a year ago.
    """

    cut: Cut
    start: datetime
    end: datetime
    until: datetime
    before: Window | None
    year_ago: Window | None

    @property
    def whole(self) -> bool:
        """Whether it is over."""
        return self.until >= self.end


def report_day(cuts: Cuts, kind: ReportKind, day: date) -> date:
    """The date a report goes by: the day itself; of a month the date on which it begins."""
    if kind is ReportKind.DAILY:
        return day
    begin = cuts.day_begins(day)
    return cuts.local_day(_around(cuts, Cut.MONTH, begin)[0])


def report_scopes(cuts: Cuts, kind: ReportKind, day: date, closed: datetime) -> tuple[Scope, ...]:
    """The spans of a report, the shortest first.

    Args:
        cuts: the enterprise's calendar.
        kind: daily: day, month to date, year to date; monthly: month, year to date.
        day: the day; of a month any day in it.
        closed: up to where the ledger is closed.
    """
    begin = cuts.day_begins(day)
    month, year = _around(cuts, Cut.MONTH, begin), _around(cuts, Cut.YEAR, begin)
    if kind is ReportKind.MONTHLY:
        return (
            _scope(cuts, Cut.MONTH, month[0], month[1], closed),
            _scope(cuts, Cut.YEAR, year[0], month[1], closed),
        )
    end = cuts.day_begins(day + _DAY)
    return tuple(
        _scope(cuts, cut, start, end, closed)
        for cut, start in ((Cut.DAY, begin), (Cut.MONTH, month[0]), (Cut.YEAR, year[0]))
    )


def report_span(cuts: Cuts, kind: ReportKind, day: date) -> Window:
    """The day or month a report is about."""
    begin = cuts.day_begins(day)
    if kind is ReportKind.MONTHLY:
        return _around(cuts, Cut.MONTH, begin)
    return begin, cuts.day_begins(day + _DAY)


def _around(cuts: Cuts, cut: Cut, instant: datetime) -> Window:
    return cuts.windows(cut, instant, instant + _TICK)[0]


def _scope(cuts: Cuts, cut: Cut, start: datetime, end: datetime, closed: datetime) -> Scope:
    until = max(start, min(end, closed))
    year_ago = _moved(cuts, (start, until), _year_before)
    return Scope(cut, start, end, until, _before(cuts, cut, start, until), year_ago)


def _before(cuts: Cuts, cut: Cut, start: datetime, until: datetime) -> Window | None:
    if cut is Cut.DAY:
        return _moved(cuts, (start, until), lambda day: day - _DAY)
    if cut is not Cut.MONTH:
        return None
    first = _around(cuts, Cut.MONTH, start - _TICK)[0]
    if until == _around(cuts, Cut.MONTH, start)[1]:
        return first, start
    back = cuts.day_of(start) - cuts.day_of(first)
    moved = _moved(cuts, (start, until), lambda day: day - back)
    # the 30th of a month of 31 days has no double in February: the whole of it then
    return None if moved is None else (first, min(moved[1], start))


def _year_before(day: date) -> date | None:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return None


def _moved(cuts: Cuts, window: Window, back: _Back) -> Window | None:
    """A window moved to other dates, at the same wall times. A last day without a double ends a day earlier."""
    start, until = window
    first = back(cuts.day_of(start))
    if first is None:
        return None
    last, past = cuts.day_of(until), _past(cuts, until)
    if not past and until > start:
        last, past = last - _DAY, _DAY
    target = back(last)
    if target is None:
        target, past = back(last - _DAY), _DAY
    if target is None:
        return None
    return cuts.day_begins(first), _later(cuts, target, past)


def _past(cuts: Cuts, instant: datetime) -> timedelta:
    """Wall time since the day began."""
    wall, begin = (
        t.astimezone(cuts.zone).replace(tzinfo=None) for t in (instant, cuts.day_begins(cuts.day_of(instant)))
    )
    return wall - begin


def _later(cuts: Cuts, day: date, past: timedelta) -> datetime:
    begin = cuts.day_begins(day).astimezone(cuts.zone).replace(tzinfo=None)
    return (begin + past).replace(tzinfo=cuts.zone).astimezone(UTC)
