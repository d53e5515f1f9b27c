"""A shift against the week before: the parts of a difference add up, and unknown stays unknown."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enms.shift_comparison import ShiftComparison, causes, compared
from tests.enms.shifts import BEFORE, shift

amounts = st.floats(1e3, 1e6)


@settings(deadline=None)  # a busy machine is no defect
@given(st.lists(st.tuples(amounts, amounts, st.floats(1.0, 1e4)), min_size=1, max_size=6))
def test_the_parts_add_up_to_the_difference(drawn: list[tuple[float, float, float]]) -> None:
    shown = [shift(n, *parts) for n, parts in enumerate(drawn)]
    for run in compared(shown, BEFORE):
        assert run.delta is not None
        assert sum(part.delta or 0.0 for part in run.contributions) == pytest.approx(run.delta, rel=1e-9, abs=1e-6)


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
