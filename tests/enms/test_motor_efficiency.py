"""Efficiency against a motor's own reference, and by slip against its nameplate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import sin

import pytest

from enms.motor import Motor
from enms.motor_efficiency import Method, Operating, Unable, compare, curve_kw, learn, method_of, stability
from enms.motor_slip import load_by_slip
from enms.motor_verdict import absolute, judge_efficiency
from enms.motors import EfficiencyState, Why

START = datetime(2026, 11, 1, tzinfo=UTC)
CLASSES = {"power": 0.5, "driven_output": 0.5, "speed": 0.01}


def motor(**changes):
    points = changes.pop("points", {"power": "p", "driven_output": "q"})
    plate = {"code": "pump", "rated_kw": 160, "efficiency_pct": 95.8, "poles": 4, "rated_rpm": 1485, "voltage_v": 380}
    return Motor.model_validate(plate | changes | {"points": points})


def ran(machine, hours, *, first=0.0, driven=0.78, worse=0.0, load=0.7):
    """Quarter hours at a load that swings, of a set whose efficiency is worse by a share."""
    found = []
    for i in range(int(hours * 4)):
        factor = load + 0.08 * sin(i / 7)
        at = START + timedelta(hours=first, minutes=15 * i)
        found.append(Operating(at, curve_kw(machine, factor) / (1 - worse), factor * 160 * driven))
    return found


def test_a_set_that_is_sound_has_lost_nothing():
    pump = motor()
    reference = learn(pump, Method.DRIVEN_OUTPUT, ran(pump, 72))
    found = compare(pump, reference, ran(pump, 24, first=72), CLASSES)
    assert abs(found.loss) < 0.002
    assert found.compared == 96
    assert 0.005 <= found.uncertainty < 0.02
    assert (
        judge_efficiency(pump, None, reference, ran(pump, 24, first=72), CLASSES).state is EfficiencyState.AS_EXPECTED
    )


@pytest.mark.parametrize("worse", [0.02, 0.05])
def test_a_loss_is_found_with_its_size(worse):
    pump = motor()
    reference = learn(pump, Method.DRIVEN_OUTPUT, ran(pump, 72))
    verdict = judge_efficiency(pump, None, reference, ran(pump, 24, first=72, worse=worse), CLASSES)
    assert verdict.state is EfficiencyState.BELOW
    assert verdict.comparison.loss == pytest.approx(worse, abs=0.002)


def test_a_lighter_load_is_no_loss_and_one_the_reference_does_not_know_is_not_compared():
    pump = motor()
    reference = learn(pump, Method.DRIVEN_OUTPUT, ran(pump, 72))
    lighter = compare(pump, reference, ran(pump, 24, first=72, load=0.67), CLASSES)
    assert abs(lighter.loss) < 0.004
    verdict = judge_efficiency(pump, None, reference, ran(pump, 24, first=72, load=0.3), CLASSES)
    assert (verdict.state, verdict.why) == (EfficiencyState.CANNOT_TELL, Why.TOO_LITTLE)


def test_without_a_reference_nothing_is_told():
    pump = motor()
    assert learn(pump, Method.DRIVEN_OUTPUT, ran(pump, 12)) is None
    assert judge_efficiency(pump, None, classes=CLASSES).why is Why.NO_REFERENCE


def test_an_instrument_of_no_known_class_tells_nothing_and_is_named():
    pump, fan = motor(), motor(points={"power": "p", "speed": "n", "voltage": "u"})
    reference = learn(pump, Method.DRIVEN_OUTPUT, ran(pump, 72))
    lost = ran(pump, 24, first=72, worse=0.05)
    told = judge_efficiency(pump, None, reference, lost, CLASSES | {"driven_output": None})
    assert (told.state, told.why) == (EfficiencyState.CANNOT_TELL, Why.NO_CLASS)
    assert (told.missing, told.comparison) == (("class_of_driven_output",), None)
    by_slip = judge_efficiency(fan, None, None, lost, {"power": 0.5})
    assert (by_slip.why, by_slip.missing) == (Why.NO_CLASS, ("class_of_speed", "class_of_voltage"))


def test_slip_is_far_coarser_than_driven_output():
    by_slip = motor(points={"power": "p", "speed": "n"})
    parts = stability(by_slip, Method.SLIP, 0.7, CLASSES)
    assert sum(p**2 for p in parts.values()) ** 0.5 > 0.02
    # a class of 0.5 % of 1 485 rpm is half of the slip itself
    assert stability(by_slip, Method.SLIP, 0.7, CLASSES | {"speed": 0.5})["speed_meter"] > 0.2


def test_load_by_slip():
    fan = motor(points={"power": "p", "speed": "n", "voltage": "u"})
    assert load_by_slip(fan, 1490) == pytest.approx(2 / 3)
    assert load_by_slip(fan, 1490, 361) == pytest.approx(2 / 3 * 0.95**2)
    assert load_by_slip(fan, 1501) == 0
    assert load_by_slip(motor(rated_rpm=None), 1490) is None


def test_the_nameplate_is_undercut_only_beyond_the_methods_range():
    fan = motor(points={"power": "p", "speed": "n"})
    slightly = absolute(fan, ran(fan, 24, driven=1.0, worse=0.05), CLASSES)
    assert slightly.low < slightly.nameplate < slightly.high
    assert judge_efficiency(fan, None, None, ran(fan, 24, driven=1.0, worse=0.05), CLASSES).why is Why.NO_REFERENCE
    grossly = judge_efficiency(fan, None, None, ran(fan, 24, driven=1.0, worse=0.3), CLASSES)
    assert grossly.state is EfficiencyState.BELOW
    # IEC 60034-1: 15 % of the losses up to 150 kW, 10 % above
    assert slightly.nameplate - slightly.least == pytest.approx(0.10 * (1 - slightly.nameplate))


@pytest.mark.parametrize(
    ("changes", "why", "missing"),
    [
        ({"points": {"power": "p"}}, Why.ONLY_INPUT, ("speed", "driven_output")),
        ({"points": {"power": "p"}, "vsd": True}, Why.ONLY_INPUT, ("driven_output",)),
        ({"points": {"power": "p", "speed": "n"}, "vsd": True}, Why.VSD_SLIP, ("driven_output", "drive_frequency")),
        ({"points": {"power": "p", "speed": "n"}, "type": "synchronous"}, Why.NOT_INDUCTION, ("driven_output",)),
        ({"points": {"power": "p", "speed": "n"}, "rated_rpm": None}, Why.NO_RATED_SPEED, ("rated_rpm", "poles")),
        ({"points": {"driven_output": "q"}}, Why.NO_POWER, ("power",)),
        ({"efficiency_pct": None}, Why.NO_EFFICIENCY, ("efficiency_pct",)),
    ],
)
def test_what_cannot_be_told_names_what_would(changes, why, missing):
    assert method_of(motor(**changes)) == Unable(why, missing)


def test_a_drive_with_its_output_metered_is_compared():
    assert method_of(motor(vsd=True)) is Method.DRIVEN_OUTPUT
