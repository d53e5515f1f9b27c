"""Shifts added up: by output, with their range, and what is unknown stays out; the best, and whether that is sure."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enms.shift_sums import crew_summaries, ranked, summaries
from enms.shift_values import ShiftValue
from tests.enms.shifts import shift

amounts = st.floats(1e3, 1e6)


@settings(deadline=None)  # a busy machine is no defect
@given(st.lists(st.tuples(amounts, amounts, st.floats(1.0, 1e4)), min_size=1, max_size=6))
def test_the_parts_add_up_to_the_difference(drawn: list[tuple[float, float, float]]) -> None:
    for one in summaries([shift(n, *parts, code="ab"[n % 2]) for n, parts in enumerate(drawn)]):
        assert one.delta is not None
        assert sum(part.delta or 0.0 for part in one.contributions) == pytest.approx(one.delta, rel=1e-9, abs=1e-6)


def test_a_shift_whose_output_or_energy_is_unknown_counts_for_nothing() -> None:
    (one,) = summaries([shift(0, 400_000.0, 0.0, None), shift(1, None, 0.0, 1000.0), shift(2, 3e5, 0.0, 1e3)])
    assert (one.known, one.shifts, one.value) == (1, 3, pytest.approx(300.0))


def test_nothing_known_is_no_zero() -> None:
    (one,) = summaries([shift(0, None, 0.0, None)])
    assert (one.value, one.energy_tce, one.output, one.delta, one.contributions) == (None, None, None, None, ())


def test_crews_are_weighed_by_output_whatever_shift_they_worked() -> None:
    shown = [shift(n, 400_000.0 + n * 10_000, 0.0, 1000.0 * (n + 1), code="ab"[n % 2]) for n in range(4)]
    crews = ("b", "a", None, "b")
    worked = [replace(one, crew=crew) for one, crew in zip(shown, crews, strict=True)]
    (a, b), every = crew_summaries(worked)
    assert (a.shift, b.shift, a.shifts, b.shifts) == ("a", "b", 1, 2)
    assert b.value == pytest.approx((400_000 + 430_000) / 5000)
    assert sum(part.delta or 0.0 for part in b.contributions) == pytest.approx(b.delta)
    assert every is not None
    assert (every.shifts, every.hours, a.hours, b.hours) == (3, 24.0, 8.0, 16.0)
    # weighed by output, the crews' differences to all of them come to nothing
    assert (a.delta or 0.0) * 2000 + (b.delta or 0.0) * 5000 == pytest.approx(0.0, abs=1e-6)
    assert crew_summaries([one for one in worked if one.crew is None]) == ((), None)


def _banded(one: ShiftValue, half: float, completeness: float = 1.0) -> ShiftValue:
    value = one.value or 0.0
    return replace(one, low=value - half, high=value + half, completeness=completeness)


def test_the_band_of_several_shifts_is_theirs_by_output_and_unknown_where_one_is() -> None:
    shown = [shift(n, 400_000.0, 0.0, 1000.0 * (n + 1)) for n in range(3)]
    banded = [_banded(one, n, 1 - n / 10) for n, one in enumerate(shown, 1)]
    (one,) = summaries(banded)
    half = (1 * 1000 + 2 * 2000 + 3 * 3000) / 6000
    assert one.value is not None
    assert (one.low, one.high) == (pytest.approx(one.value - half), pytest.approx(one.value + half))
    assert one.completeness == pytest.approx(0.8)
    (one,) = summaries([*banded[:2], shown[2]])
    assert (one.low, one.high) == (None, None)


def _of(code: str, value: float, output: float = 100.0, completeness: float = 1.0) -> ShiftValue:
    """A shift known to within 2 on either side."""
    return _banded(shift(0, value * output, 0.0, output, code), 2.0, completeness)


def test_the_best_is_by_output_and_a_small_difference_says_nothing() -> None:
    values = [_of("a", 400), _of("b", 390), _of("c", 391), _of("a", 420, 300), _of("b", 390), _of("c", 391)]
    a, b, c = ranked(summaries(values))
    assert (a.of.value, a.of.known, a.of.shifts) == (pytest.approx(415.0), 2, 2)
    assert (b.best, b.behind) == (True, None)
    assert (a.behind, a.sure) == (pytest.approx(25.0), True)
    assert (c.behind, c.sure) == (pytest.approx(1.0), False)


def test_a_shift_that_nobody_metered_is_never_the_best() -> None:
    values = [_of("a", 400), shift(1, None, 0.0, None, "b"), _of("c", 300, completeness=0.4)]
    a, b, c, never = ranked(summaries(values, ("a", "b", "c", "d"), least=0.9))
    assert a.best
    assert (b.of.value, b.of.known, b.of.shifts, b.behind) == (None, 0, 1, None)
    assert (c.of.value, c.of.known, c.of.shifts, c.best) == (None, 0, 1, False)
    assert (never.of.shifts, never.of.completeness) == (0, None)
    assert not any(one.best for one in ranked(summaries(values[1:], least=0.9)))


def test_a_difference_whose_ranges_are_not_known_is_not_sure() -> None:
    best, worse = ranked(summaries([shift(0, 1e5, 0.0, 1e3, "a"), shift(1, 9e5, 0.0, 1e3, "b")]))
    assert (best.half, worse.behind, worse.sure) == (None, pytest.approx(800.0), False)
