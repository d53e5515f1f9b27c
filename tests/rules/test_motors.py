"""Load factor and verdicts of motors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enms.motor import Motor
from enms.motor_verdict import judge_efficiency
from enms.motors import EfficiencyState, Load, LoadState, Why, judge_load, load_from_power


def motor(**changes):
    plate = {
        "code": "fan",
        "rated_kw": 160,
        "efficiency_pct": 95.8,
        "current_a": 282,
        "voltage_v": 380,
        "points": {"power": "fan.power"},
    }
    return Motor.model_validate(plate | changes)


@given(
    beta=st.floats(0.02, 1.3),
    rated=st.floats(0.75, 10_000),
    efficiency=st.floats(70, 98),
    share=st.floats(0.2, 0.6),
)
def test_the_formula_inverts_the_loss_model(beta, rated, efficiency, share):
    loss = (100 / efficiency - 1) * rated
    no_load = share * loss
    power = beta * rated + no_load + beta**2 * (loss - no_load)
    load = load_from_power(motor(rated_kw=rated, efficiency_pct=efficiency, no_load_loss_kw=no_load), power)
    assert isinstance(load, Load)
    assert load.factor == pytest.approx(beta, rel=1e-6)
    assert load.nameplate_efficiency(rated) == pytest.approx(beta * rated / power, rel=1e-6)
    assert load.assumptions == ()


def test_an_unknown_no_load_loss_is_assumed_and_said():
    load = load_from_power(motor(), 80.0, accuracy_class=1.0)
    assert [a.key for a in load.assumptions] == ["no_load_loss_share"]
    assert load.low < load.factor < load.high
    exact = load_from_power(motor(no_load_loss_kw=2.8), 80.0, accuracy_class=1.0)
    assert (exact.high - exact.low) < (load.high - load.low)


def test_a_load_by_a_meter_of_no_known_class_has_no_range_and_the_meter_is_named():
    load = judge_load(motor(), input_kw=80.0, classes={"power": None}).load
    assert (load.low, load.high, load.unclassed) == (None, None, ("fan.power",))
    known = judge_load(motor(), input_kw=80.0, classes={"power": 0.5}).load
    assert (known.factor, known.unclassed) == (load.factor, ())
    assert known.low < known.factor < known.high


@pytest.mark.parametrize(
    ("classes", "named"),
    [
        ({"current": 0.5, "voltage": 0.5}, ()),
        ({"current": 0.5, "voltage": None}, ("fan.volts",)),
        ({}, ("fan.amps", "fan.volts")),
    ],
)
def test_a_load_by_current_has_no_range_at_all(classes, named):
    bare = motor(points={"current": "fan.amps", "voltage": "fan.volts"})
    load = judge_load(bare, input_kw=None, current_a=220.0, voltage_v=380.0, classes=classes).load
    assert (load.low, load.high, load.unclassed) == (None, None, named)
    alone = judge_load(bare, input_kw=None, current_a=220.0, classes={"current": 0.5}).load
    assert alone.unclassed == ()


def test_rated_input_is_rated_load():
    assert load_from_power(motor(), 160 / 0.958).factor == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("kw", "state"),
    [
        (0.0, LoadState.OFF),
        (1.5, LoadState.OFF),
        (12.0, LoadState.IDLE),
        (50.0, LoadState.UNDERLOADED),
        (120.0, LoadState.NORMAL),
        (180.0, LoadState.OVERLOADED),
    ],
)
def test_states(kw, state):
    assert judge_load(motor(), input_kw=kw).state is state


@pytest.mark.parametrize(
    ("changes", "why", "missing"),
    [
        ({"efficiency_pct": None}, Why.NO_EFFICIENCY, ("efficiency_pct",)),
        ({"no_load_loss_kw": 50}, Why.NAMEPLATE, ("no_load_loss_kw",)),
        ({"vsd": True}, Why.VSD, ("driven_output",)),
        ({"type": "synchronous"}, Why.NOT_INDUCTION, ("driven_output",)),
    ],
)
def test_what_the_method_cannot_tell_is_said_with_what_would(changes, why, missing):
    verdict = judge_load(motor(**changes), input_kw=80.0)
    assert (verdict.state, verdict.why, verdict.missing) == (LoadState.CANNOT_TELL, why, missing)


def test_a_motor_that_is_off_is_off_whatever_its_kind():
    assert judge_load(motor(vsd=True), input_kw=0.0).state is LoadState.OFF


def test_current_tells_only_above_half_load():
    bare = motor(points={"current": "fan.current"})
    assert judge_load(bare, input_kw=None, current_a=220.0).state is LoadState.NORMAL
    low = judge_load(bare, input_kw=None, current_a=100.0)
    assert (low.state, low.why, low.missing) == (LoadState.CANNOT_TELL, Why.CURRENT_LOW, ("power",))
    assert judge_load(bare, input_kw=None).why is Why.NO_POWER


def test_a_silent_power_meter_is_not_replaced_by_current():
    assert judge_load(motor(), input_kw=None, current_a=220.0).why is Why.NO_READING


def test_efficiency_is_never_told_from_input_power_alone():
    load = judge_load(motor(), input_kw=80.0).load
    verdict = judge_efficiency(motor(), load)
    assert verdict.state is EfficiencyState.CANNOT_TELL
    assert verdict.missing == ("speed", "driven_output")
    assert 0.9 < verdict.nameplate < 0.96
