"""A report's spans and what they are compared with, in the enterprise's own cuts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from enms.cuts import Cut, Cuts
from enms.report_spans import ReportKind, report_day, report_scopes

SHANGHAI = ZoneInfo("Asia/Shanghai")
CUTS = Cuts(SHANGHAI)
EIGHT = Cuts(SHANGHAI, timedelta(hours=8), 26)
LATE = datetime(2030, 1, 1, tzinfo=UTC)


def wall(window: tuple[datetime, datetime] | None, zone: ZoneInfo = SHANGHAI) -> tuple[str, str] | None:
    return None if window is None else tuple(f"{t.astimezone(zone):%Y-%m-%d %H:%M}" for t in window)


def daily(cuts: Cuts, day: date, closed: datetime = LATE):
    return {scope.cut: scope for scope in report_scopes(cuts, ReportKind.DAILY, day, closed)}


def test_a_day_its_month_and_its_year() -> None:
    found = daily(CUTS, date(2026, 11, 25))
    assert wall((found[Cut.DAY].start, found[Cut.DAY].until)) == ("2026-11-25 00:00", "2026-11-26 00:00")
    assert wall(found[Cut.DAY].before) == ("2026-11-24 00:00", "2026-11-25 00:00")
    assert wall(found[Cut.DAY].year_ago) == ("2025-11-25 00:00", "2025-11-26 00:00")
    assert wall((found[Cut.MONTH].start, found[Cut.MONTH].until)) == ("2026-11-01 00:00", "2026-11-26 00:00")
    assert wall(found[Cut.MONTH].before) == ("2026-10-01 00:00", "2026-10-26 00:00")
    assert wall(found[Cut.MONTH].year_ago) == ("2025-11-01 00:00", "2025-11-26 00:00")
    assert wall((found[Cut.YEAR].start, found[Cut.YEAR].until)) == ("2026-01-01 00:00", "2026-11-26 00:00")
    assert found[Cut.YEAR].before is None
    assert wall(found[Cut.YEAR].year_ago) == ("2025-01-01 00:00", "2025-11-26 00:00")
    assert all(scope.whole for scope in found.values())


def test_the_enterprise_has_its_own_day_and_month() -> None:
    found = daily(EIGHT, date(2026, 11, 25))
    assert wall((found[Cut.DAY].start, found[Cut.DAY].until)) == ("2026-11-25 08:00", "2026-11-26 08:00")
    assert wall((found[Cut.MONTH].start, found[Cut.MONTH].until)) == ("2026-10-26 08:00", "2026-11-26 08:00")
    # its last day: the whole month, against the whole one before, which has a day less
    assert wall(found[Cut.MONTH].before) == ("2026-09-26 08:00", "2026-10-26 08:00")
    assert report_day(EIGHT, ReportKind.MONTHLY, date(2026, 11, 25)) == date(2026, 10, 26)


def test_a_day_that_is_not_over_is_compared_to_the_same_clock_time() -> None:
    found = daily(CUTS, date(2026, 11, 25), datetime(2026, 11, 25, 6, 30, tzinfo=UTC))
    assert not found[Cut.DAY].whole
    assert wall((found[Cut.DAY].start, found[Cut.DAY].until)) == ("2026-11-25 00:00", "2026-11-25 14:30")
    assert wall(found[Cut.DAY].before) == ("2026-11-24 00:00", "2026-11-24 14:30")
    assert wall(found[Cut.MONTH].before) == ("2026-10-01 00:00", "2026-10-25 14:30")
    assert wall(found[Cut.YEAR].year_ago) == ("2025-01-01 00:00", "2025-11-25 14:30")


def test_a_day_that_has_not_begun_is_counted_up_to_its_begin() -> None:
    found = daily(CUTS, date(2026, 11, 25), datetime(2026, 11, 20, tzinfo=UTC))
    assert found[Cut.DAY].until == found[Cut.DAY].start
    assert wall((found[Cut.MONTH].start, found[Cut.MONTH].until)) == ("2026-11-01 00:00", "2026-11-20 08:00")


def test_the_29th_of_february_had_no_double() -> None:
    found = daily(CUTS, date(2028, 2, 29))
    assert found[Cut.DAY].year_ago is None
    assert wall(found[Cut.MONTH].year_ago) == ("2027-02-01 00:00", "2027-03-01 00:00")
    assert wall(found[Cut.YEAR].year_ago) == ("2027-01-01 00:00", "2027-03-01 00:00")


@pytest.mark.parametrize(
    ("day", "end"), [(date(2026, 3, 30), "2026-03-01 00:00"), (date(2026, 3, 27), "2026-02-28 00:00")]
)
def test_a_long_month_is_compared_with_all_of_a_short_one(day: date, end: str) -> None:
    assert wall(daily(CUTS, day)[Cut.MONTH].before) == ("2026-02-01 00:00", end)


def test_a_month_and_its_year() -> None:
    month, year = report_scopes(CUTS, ReportKind.MONTHLY, date(2026, 2, 10), LATE)
    assert wall((month.start, month.until)) == ("2026-02-01 00:00", "2026-03-01 00:00")
    assert wall(month.before) == ("2026-01-01 00:00", "2026-02-01 00:00")
    assert wall(month.year_ago) == ("2025-02-01 00:00", "2025-03-01 00:00")
    assert wall((year.start, year.until)) == ("2026-01-01 00:00", "2026-03-01 00:00")


def test_where_clocks_change_the_wall_time_counts() -> None:
    cuts = Cuts(ZoneInfo("Europe/Berlin"))
    found = daily(cuts, date(2026, 3, 29), datetime(2026, 3, 29, 10, tzinfo=UTC))
    berlin = ZoneInfo("Europe/Berlin")
    assert wall((found[Cut.DAY].start, found[Cut.DAY].until), berlin) == ("2026-03-29 00:00", "2026-03-29 12:00")
    assert wall(found[Cut.DAY].before, berlin) == ("2026-03-28 00:00", "2026-03-28 12:00")
