"""EnPI arithmetic: range, completeness, idle, unknown, verdicts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from math import hypot

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enms.carriers import TceBasis
from enms.catalogue import limit_for
from enms.corrections import corrected
from enms.enpi_inputs import Input, Meter, Part
from enms.enpi_judging import judge
from enms.enpi_ratio import Ratio
from enms.enpi_reasons import Why
from enms.enpi_verdict import Certainty, Verdict
from enms.performance import State, enpi_value

START, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
DAY = 86_400.0
IRON = Ratio.of("t")


def energy(kgce, sign=1, covered=DAY, point="coke", **more):
    return Input(point, Part.ENERGY, sign, kgce, "kg", kgce, DAY, covered, 0.0, 0.0, **more)


def output(t, covered=DAY, **more):
    return Input("iron", Part.OUTPUT, 1, t, "t", None, DAY, covered, 0.0, 0.0, **more)


def value(*inputs):
    return enpi_value(START, END, inputs, IRON)


def limit(share=0.0, **given):
    binding = limit_for("GB 21256", "blast_furnace", on=date(2026, 11, 1), commissioned=date(2006, 5, 1))
    return corrected(binding, {"rare_earth_ore_pct": share, "ore_grade_pct": 62.0} | given, {"rare_earth_ore_pct"})


def test_energy_in_less_energy_out_over_output():
    result = value(energy(573_700), energy(180_300, sign=-1, point="bfg"), output(1_000))
    assert result.value == pytest.approx(393.4)
    assert (result.state, result.unit, result.completeness) == (State.KNOWN, "kgce/t", 1.0)
    assert (result.low, result.high) == (result.value, result.value)


def test_the_range_is_a_root_sum_of_squares_of_classes_and_steps():
    result = value(
        energy(400_000, meter=Meter(accuracy_class=1.0, ncv_accuracy_class=2.0, step=100.0)),
        output(1_000, meter=Meter(accuracy_class=0.5)),
    )
    half = hypot(hypot(4.0, 8.0, 0.1), 400 * 0.005)
    assert result.high - result.value == pytest.approx(half)
    assert result.value - result.low == pytest.approx(half)


def test_missing_production_is_unknown_and_named():
    result = value(energy(400_000), replace(output(1), amount=None, covered_s=0.0))
    assert (result.state, result.value) == (State.UNKNOWN, None)
    assert (result.reason.why, result.reason.names) == (Why.OUTPUT_MISSING, ("iron",))
    assert result.energy_kgce == 400_000


@pytest.mark.parametrize("problem", [Why.NO_FACTOR, Why.NCV_MISSING, None])
def test_missing_energy_is_unknown_and_says_what_for(problem):
    gone = replace(energy(1.0, point="bfg", problem=problem), kgce=None)
    result = value(energy(400_000), gone, output(1_000))
    assert result.state is State.UNKNOWN
    assert (result.reason.why, result.reason.names) == (problem or Why.ENERGY_MISSING, ("bfg",))


def test_zero_output_with_energy_is_idle_and_keeps_its_energy():
    result = value(energy(5_000), output(0.0))
    assert (result.state, result.value, result.energy_kgce, result.output) == (State.IDLE, None, 5_000, 0)


def test_different_gaps_do_not_bend_the_ratio_but_widen_the_range():
    whole = value(energy(400_000), output(1_000))
    gap = value(energy(400_000), output(1_000 * 0.95, covered=0.95 * DAY))
    assert gap.value == pytest.approx(whole.value)
    assert gap.completeness == pytest.approx(0.95)
    assert gap.high - gap.value == pytest.approx(400 * 0.05, rel=1e-6)


@given(st.floats(1, 1e6), st.floats(0.5, 1.0), st.floats(0.5, 1.0), st.floats(0, 5))
def test_completeness_is_the_worse_and_the_range_holds_the_value(kgce, of_energy, of_output, accuracy):
    result = value(
        energy(kgce, covered=of_energy * DAY, meter=Meter(accuracy_class=accuracy)),
        output(100.0, covered=of_output * DAY),
    )
    assert result.completeness == pytest.approx(min(of_energy, of_output))
    assert result.low <= result.value <= result.high


def test_the_share_estimated_is_weighed_by_energy():
    large, small = replace(energy(300.0), estimated_s=0.0), replace(energy(100.0), estimated_s=DAY)
    assert value(large, small, output(1)).estimated_share == pytest.approx(0.25)
    assert value(large, replace(output(1), estimated_s=DAY / 2)).estimated_share == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("kgce", "verdict", "certainty"),
    [
        (410_000, Verdict.WITHIN, Certainty.CONFIRMED),
        (414_000, Verdict.WITHIN, Certainty.POSSIBLE),
        (416_000, Verdict.OVER, Certainty.POSSIBLE),
        (425_000, Verdict.OVER, Certainty.CONFIRMED),
    ],
)
def test_the_point_value_is_compared_and_the_range_says_how_sure(kgce, verdict, certainty):
    result = judge(
        value(energy(kgce, meter=Meter(accuracy_class=0.5)), output(1_000, meter=Meter(0.0))),
        TceBasis.CALORIFIC,
        limit(),
    )
    assert (result.verdict, result.certainty, result.limit, result.level) == (verdict, certainty, 415, 3)
    assert result.edition == "GB 21256-2025"


def test_the_ore_decides():
    found = value(energy(420_000), output(1_000))
    assert judge(found, TceBasis.CALORIFIC, limit(0.0)).verdict is Verdict.OVER
    assert judge(found, TceBasis.CALORIFIC, limit(30.0)).verdict is Verdict.WITHIN


def test_without_the_ore_share_there_is_no_verdict_and_it_is_named():
    result = judge(value(energy(500_000), output(1_000)), TceBasis.CALORIFIC, limit(None))
    assert (result.verdict, result.limit) == (Verdict.UNKNOWN, None)
    assert (result.reason.why, result.reason.names) == (Why.CORRECTION_MISSING, ("rare_earth_ore_pct",))


def test_too_little_data_gives_no_verdict():
    result = judge(value(energy(500_000, covered=0.8 * DAY), output(1_000)), TceBasis.CALORIFIC, limit())
    assert (result.verdict, result.reason.why, result.reason.names) == (Verdict.UNKNOWN, Why.INCOMPLETE, ("coke",))
    relaxed = judge(value(energy(500_000, covered=0.8 * DAY), output(1_000)), TceBasis.CALORIFIC, limit(), 0.7)
    assert relaxed.verdict is Verdict.OVER


def test_idle_gives_no_verdict():
    result = judge(value(energy(500), output(0)), TceBasis.CALORIFIC, limit())
    assert (result.verdict, result.reason.why) == (Verdict.UNKNOWN, Why.IDLE)


def test_a_limit_on_another_basis_is_not_compared():
    result = judge(value(energy(500_000), output(1_000)), TceBasis.EQUIVALENT, limit())
    assert result.reason.why is Why.OTHER_BASIS


def test_electricity_is_judged_in_grams_a_kilowatt_hour():
    ratio = Ratio.of("MWh")
    sent = Input("sent", Part.OUTPUT, 1, 1_000.0, "MWh", None, DAY, DAY, 0.0, 0.0)
    result = enpi_value(START, END, (energy(310_000), sent), ratio)
    assert (result.unit, result.output, result.output_unit) == ("gce/kWh", 1e6, "kWh")
    assert result.value == pytest.approx(310)


def test_units_of_power_alone():
    used = energy(6.5 * 0.1229, point="aux")
    given = replace(output(100.0), unit="kWh")
    house_load = enpi_value(START, END, [used, given], Ratio.of("kWh", "%"))
    assert (house_load.unit, house_load.value) == ("%", pytest.approx(6.5))
    assert Ratio.of("t", "kWh/t").per_kgce == pytest.approx(1 / 0.1229)
    assert Ratio.of("MWh") == Ratio.of("MWh", "gce/kWh")
