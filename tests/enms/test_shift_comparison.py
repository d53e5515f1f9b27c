"""A shift against the week before: the parts of a difference add up, and unknown stays unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enms.shift_comparison import ShiftComparison, ShiftInput, ShiftValue, causes, compared, crew_summaries, summaries

T0 = datetime(2026, 11, 25, tzinfo=UTC)


def shift(n: int, coke: float | None, gas: float, output: float | None, code: str = "day") -> ShiftValue:
    known = coke is not None and bool(output)
    energy = (coke - gas) / 1000 if coke is not None else None
    return ShiftValue(
        shift=code, start=T0 + n * timedelta(hours=8), end=T0 + (n + 1) * timedelta(hours=8),
        value=energy * 1000 / output if known and energy is not None and output else None, low=None, high=None,
        completeness=1.0, state="known" if known else "unknown", reason=None, energy_tce=energy, output=output,
        per_kgce=1.0, inputs=(ShiftInput("coke", "coke", coke), ShiftInput("gas", "blast_furnace_gas", -gas)),
    )  # fmt: skip


BEFORE = [shift(n - 9, 400_000.0 + n * 1000, 50_000.0, 1000.0) for n in range(6)]
amounts = st.floats(1e3, 1e6)


@settings(deadline=None)  # a busy machine is no defect
@given(st.lists(st.tuples(amounts, amounts, st.floats(1.0, 1e4)), min_size=1, max_size=6))
def test_the_parts_add_up_to_the_difference(drawn: list[tuple[float, float, float]]) -> None:
    shown = [shift(n, *parts, code="ab"[n % 2]) for n, parts in enumerate(drawn)]
    runs = compared(shown, BEFORE)
    for run in runs:
        assert run.delta is not None
        assert sum(part.delta or 0.0 for part in run.contributions) == pytest.approx(run.delta, rel=1e-9, abs=1e-6)
    for one in summaries(runs, 1.0):
        assert one.delta is not None
        assert sum(part.delta or 0.0 for part in one.contributions) == pytest.approx(one.delta, rel=1e-9, abs=1e-6)


def test_two_shifts_are_no_custom() -> None:
    (run,) = compared([shift(0, 400_000.0, 0.0, 1000.0)], BEFORE[:2])
    assert (run.usual, run.delta, run.usual_shifts) == (None, None, 1)
    assert all(part.delta is None for part in run.contributions)


def test_a_young_plants_shifts_are_held_against_each_other() -> None:
    runs = compared([shift(n, 400_000.0 + n * 10_000, 0.0, 1000.0) for n in range(3)], BEFORE[:2])
    assert [run.delta for run in runs] == [pytest.approx(-10.0), pytest.approx(0.0, abs=1e-9), pytest.approx(10.0)]


def test_a_shift_without_output_or_energy_is_unknown_and_counts_for_nothing() -> None:
    runs = compared([shift(0, 400_000.0, 0.0, None), shift(1, None, 0.0, 1000.0), shift(2, 3e5, 0.0, 1e3)], BEFORE)
    assert [run.delta is None for run in runs] == [True, True, False]
    (one,) = summaries(runs, 1.0)
    assert (one.known, one.shifts, one.value) == (1, 3, pytest.approx(300.0))


def test_nothing_known_is_no_zero() -> None:
    (one,) = summaries(compared([shift(0, None, 0.0, None)], []), 1.0)
    assert (one.value, one.energy_tce, one.output, one.delta, one.contributions) == (None, None, None, None, ())


def test_crews_are_weighed_by_output_whatever_shift_they_worked() -> None:
    shown = [shift(n, 400_000.0 + n * 10_000, 0.0, 1000.0 * (n + 1), code="ab"[n % 2]) for n in range(4)]
    crews = ("b", "a", None, "b")
    runs = compared([replace(one, crew=crew) for one, crew in zip(shown, crews, strict=True)], BEFORE)
    (a, b), every = crew_summaries(runs, 1.0)
    assert (a.shift, b.shift, a.shifts, b.shifts) == ("a", "b", 1, 2)
    assert b.value == pytest.approx((400_000 + 430_000) / 5000)
    assert sum(part.delta or 0.0 for part in b.contributions) == pytest.approx(b.delta)
    assert every is not None
    assert (every.shifts, every.hours, a.hours, b.hours) == (3, 24.0, 8.0, 16.0)
    # weighed by output, the crews' differences to all of them come to nothing
    assert (a.delta or 0.0) * 2000 + (b.delta or 0.0) * 5000 == pytest.approx(0.0, abs=1e-6)
    assert crew_summaries([run for run in runs if run.crew is None], 1.0) == ((), None)


def test_the_band_of_several_shifts_is_theirs_by_output_and_unknown_where_one_is() -> None:
    shown = [shift(n, 400_000.0, 0.0, 1000.0 * (n + 1)) for n in range(3)]
    banded = [
        replace(one, low=(one.value or 0.0) - n, high=(one.value or 0.0) + n, completeness=1 - n / 10)
        for n, one in enumerate(shown, 1)
    ]
    (one,) = summaries(compared(banded, BEFORE), 1.0)
    half = (1 * 1000 + 2 * 2000 + 3 * 3000) / 6000
    assert one.value is not None
    assert (one.low, one.high) == (pytest.approx(one.value - half), pytest.approx(one.value + half))
    assert one.completeness == pytest.approx(0.8)
    (one,) = summaries(compared([*banded[:2], shown[2]], BEFORE), 1.0)
    assert (one.low, one.high) == (None, None)


@settings(deadline=None)
@given(st.tuples(amounts, amounts, st.floats(1.0, 1e4)))
def test_more_energy_is_more_output_and_worse_use_and_nothing_else(drawn: tuple[float, float, float]) -> None:
    (run,) = compared([shift(0, *drawn)], BEFORE)
    assert run.usual is not None
    assert run.usual_output == pytest.approx(1000.0)
    assert run.energy_tce is not None
    usual = run.usual * 1000.0 / 1000
    assert (run.worse_tce or 0) + (run.more_output_tce or 0) == pytest.approx(
        run.energy_tce - usual, rel=1e-9, abs=1e-6
    )


def test_causes_are_named_by_what_they_added_and_once() -> None:
    runs = compared([shift(0, 450_000.0, 40_000.0, 1000.0)], BEFORE)
    one = ShiftComparison("a", "a", "a", None, "kgce/t", "t", runs)
    other = ShiftComparison("b", "b", "b", None, "kgce/t", "t", runs)
    first, second = causes([(one, runs[0]), (other, runs[0])])
    assert (first.enpi, first.point, first.recovered) == ("a", "coke", False)
    assert first.more_tce == pytest.approx((450_000 - 402_500) / 1000)
    assert (second.point, second.recovered, second.more_tce) == ("gas", True, pytest.approx(10.0))
    unknown = compared([shift(0, None, 0.0, 1000.0)], BEFORE)
    assert causes([(one, unknown[0])]) == () or all(c.point != "coke" for c in causes([(one, unknown[0])]))
