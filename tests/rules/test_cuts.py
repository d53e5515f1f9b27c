"""Hours, shifts, days, months and years in an enterprise's wall time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enms.cuts import Cut, Cuts

H = timedelta(hours=1)
THREE = ((0 * H, 8 * H), (8 * H, 16 * H), (16 * H, 24 * H))


def cuts(zone="Asia/Shanghai", **more):
    return Cuts(ZoneInfo(zone), shifts=more.pop("shifts", THREE), **more)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_day_is_the_enterprises_own():
    assert cuts().windows(Cut.DAY, utc("2026-11-22T00:00"), utc("2026-11-22T00:15")) == [
        (utc("2026-11-21T16:00"), utc("2026-11-22T16:00"))
    ]
    late = cuts(day_starts=8 * H)
    assert late.windows(Cut.DAY, utc("2026-11-22T00:00"), utc("2026-11-22T00:15")) == [
        (utc("2026-11-22T00:00"), utc("2026-11-23T00:00"))
    ]


def test_shifts_and_one_that_passes_midnight():
    found = cuts().windows(Cut.SHIFT, utc("2026-11-21T16:00"), utc("2026-11-22T16:00"))
    assert [lo.hour for lo, _ in found] == [16, 0, 8]
    night = cuts(shifts=((20 * H, 8 * H), (8 * H, 20 * H)))
    found = night.windows(Cut.SHIFT, utc("2026-11-21T16:00"), utc("2026-11-22T16:00"))
    assert found[0] == (utc("2026-11-21T12:00"), utc("2026-11-22T00:00"))
    assert len(found) == 3


def test_months_and_years_begin_on_the_enterprises_day():
    own = cuts(month_starts_day=26, day_starts=20 * H)
    assert own.windows(Cut.MONTH, utc("2026-11-26T11:59"), utc("2026-11-26T12:01")) == [
        (utc("2026-10-26T12:00"), utc("2026-11-26T12:00")),
        (utc("2026-11-26T12:00"), utc("2026-12-26T12:00")),
    ]
    assert cuts().windows(Cut.YEAR, utc("2026-06-01T00:00"), utc("2026-06-02T00:00")) == [
        (utc("2025-12-31T16:00"), utc("2026-12-31T16:00"))
    ]


def test_hours_follow_the_wall_where_it_is_off_by_half_an_hour():
    found = cuts("Asia/Kolkata").windows(Cut.HOUR, utc("2026-11-22T00:00"), utc("2026-11-22T01:00"))
    assert found == [
        (utc("2026-11-21T23:30"), utc("2026-11-22T00:30")),
        (utc("2026-11-22T00:30"), utc("2026-11-22T01:30")),
    ]


def test_a_day_on_which_clocks_change_has_the_hours_it_has():
    (day,) = cuts("Europe/Berlin").windows(Cut.DAY, utc("2026-10-25T10:00"), utc("2026-10-25T11:00"))
    assert day[1] - day[0] == 25 * H


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - hypothesis wants naive bounds
    st.integers(1, 400 * 24),
    st.sampled_from(list(Cut)),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "Asia/Kolkata"]),
    st.integers(0, 95),
    st.integers(1, 28),
)
def test_windows_cover_the_span_without_hole_or_overlap(start, hours, cut, zone, quarter, day):
    own = cuts(zone, day_starts=quarter * timedelta(minutes=15), month_starts_day=day)
    lo, hi = start.replace(tzinfo=UTC), start.replace(tzinfo=UTC) + hours * H
    if cut is Cut.HOUR and zone == "Europe/Berlin":
        hi = min(hi, lo + 48 * H)
    found = own.windows(cut, lo, hi)
    assert found[0][0] <= lo
    assert found[-1][1] >= hi
    assert all(a[1] == b[0] for a, b in pairwise(found))


@pytest.mark.parametrize("cut", list(Cut))
def test_an_empty_span_has_no_windows_beyond_the_one_it_lies_in(cut):
    at = utc("2026-11-22T03:07")
    assert len(cuts().windows(cut, at, at + timedelta(microseconds=1))) == 1
