"""What replacing or resizing a motor would save at the load it has."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from enms.motor import Motor
from enms.motor_efficiency import curve_kw
from enms.motor_saving import Bin, LoadProfile, NoSaving, Saving, replacement, resizing

TODAY = date(2026, 11, 26)
START = datetime(2026, 10, 27, tzinfo=UTC)


def motor(**changes):
    plate = {
        "code": "pump", "rated_kw": 55, "poles": 4, "voltage_v": 380, "efficiency_pct": 92.1, "drives": "conveyor",
        "points": {"power": "p"},
    }  # fmt: skip
    return Motor.model_validate(plate | changes)


def profile(*bins):
    return LoadProfile(START, START + timedelta(days=30), tuple(Bin(kw, hours) for kw, hours in bins))


def test_the_arithmetic_at_rated_load():
    old = motor(no_load_loss_kw=0.4 * (1 / 0.921 - 1) * 55)
    found = replacement(old, profile((55 / 0.921, 720)), TODAY, 0.5)
    assert isinstance(found, Saving)
    assert (found.candidate.grade.name, found.candidate.grade.efficiency_pct) == ("2", 95.7)
    # 55 kW of output all year: 59.72 kW now, 57.47 kW then
    assert found.kwh_a == pytest.approx((55 / 0.921 - 55 / 0.957) * 8760, rel=1e-3)
    assert found.running_h_a == pytest.approx(8760)
    assert found.now_kwh_a - found.then_kwh_a == pytest.approx(found.kwh_a)
    assert found.low_kwh_a < found.kwh_a < found.high_kwh_a


def test_hours_off_save_nothing_and_hours_nobody_metered_are_taken_like_the_others():
    half = replacement(motor(), profile((40, 360), (0, 360)), TODAY)
    whole = replacement(motor(), profile((40, 360)), TODAY)
    assert half.kwh_a == pytest.approx(whole.kwh_a / 2)
    assert half.running_h_a == pytest.approx(4380)


def test_a_better_motor_turns_faster_only_where_that_costs_something():
    fan = replacement(motor(drives="fan"), profile((40, 720)), TODAY, 0.5)
    belt = replacement(motor(), profile((40, 720)), TODAY, 0.5)
    assert fan.kwh_a == belt.kwh_a
    assert fan.low_kwh_a < belt.low_kwh_a
    assert fan.high_kwh_a == belt.high_kwh_a
    assert [a.key for a in fan.assumptions] == ["no_load_loss_share", "less_slip"]


@pytest.mark.parametrize(
    ("changes", "bins", "why"),
    [
        ({"vsd": True}, [(40, 720)], NoSaving.VSD),
        ({"type": "synchronous"}, [(40, 720)], NoSaving.NO_LOAD),
        ({"efficiency_pct": None}, [(40, 720)], NoSaving.NO_LOAD),
        ({"poles": None}, [(40, 720)], NoSaving.NOT_COVERED),
        ({"voltage_v": 10_000}, [(40, 720)], NoSaving.NOT_COVERED),
        ({"efficiency_pct": 97.0}, [(40, 720)], NoSaving.BEST),
        ({}, [(40, 2)], NoSaving.TOO_SHORT),
        ({}, [(0, 720)], NoSaving.STANDS),
    ],
)
def test_where_no_saving_can_be_told_it_says_why(changes, bins, why):
    assert replacement(motor(**changes), profile(*bins), TODAY) is why


def test_without_a_power_meter_there_is_no_profile():
    assert replacement(motor(points={}), None, TODAY) is NoSaving.NO_LOAD


def test_a_motor_of_grade_2_is_offered_grade_1():
    found = replacement(motor(efficiency_pct=95.7), profile((40, 720)), TODAY)
    assert found.candidate.grade.name == "1"


def test_a_motor_that_is_too_large_gets_the_smallest_that_still_does():
    old = motor()
    small = curve_kw(old, 0.25)
    found = resizing(old, profile((small, 700), (curve_kw(old, 0.3), 20)), TODAY)
    assert isinstance(found, Saving)
    # 0.25 x 55 kW is 13.75 kW of output; 85 % of 18.5 kW is 15.7 kW, of 15 kW only 12.75 kW
    assert found.candidate.rated_kw == 18.5
    assert found.kwh_a > 0
    assert {"chronic_share", "full_enough"} <= {a.key for a in found.assumptions}


def test_one_that_is_loaded_now_and_then_is_not_too_large():
    old = motor()
    assert (
        resizing(old, profile((curve_kw(old, 0.25), 500), (curve_kw(old, 0.8), 220)), TODAY) is NoSaving.NOT_TOO_LARGE
    )


def test_what_the_old_nameplate_does_not_say_is_in_the_range():
    """Whatever share of its losses the old motor has at no load, the saving is within what is told."""
    found = replacement(motor(), profile((25, 720)), TODAY, 0.5)
    loss = (1 / 0.921 - 1) * 55
    for share in (0.25, 0.55):
        known = replacement(motor(no_load_loss_kw=share * loss), profile((25, 720)), TODAY, 0.5)
        assert found.low_kwh_a <= known.kwh_a <= found.high_kwh_a
        assert known.parts["old_no_load_share"] == (0.0, 0.0)


def test_the_class_of_the_meter_counts_as_far_as_it_moves_the_saving():
    found = replacement(motor(), profile((40, 720)), TODAY, 0.5)
    more, less = (replacement(motor(), profile((40 * f, 720)), TODAY, 0.5).kwh_a for f in (1.005, 0.995))
    low, high = found.parts["power_meter"]
    assert (low, high) == (pytest.approx(min(more, less) - found.kwh_a), pytest.approx(max(more, less) - found.kwh_a))


def test_a_saving_by_a_meter_of_no_known_class_has_no_range_and_the_meter_is_named():
    found = replacement(motor(), profile((40, 720)), TODAY)
    assert (found.low_kwh_a, found.high_kwh_a, found.unclassed) == (None, None, ("p",))
    assert found.parts["power_meter"] is None
    known = replacement(motor(), profile((40, 720)), TODAY, 0.5)
    assert (found.kwh_a, known.unclassed) == (known.kwh_a, ())
    assert {name: part for name, part in found.parts.items() if name != "power_meter"}.items() < known.parts.items()
