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


@settings(deadline=None)
@given(st.lists(st.tuples(amounts, amounts, st.sampled_from([0.0, 500.0, 1000.0])), min_size=1, max_size=6))
def test_an_idle_shift_leaves_its_energy_in_the_sum(drawn: list[tuple[float, float, float]]) -> None:
    shown = [replace(shift(n, *parts), crew="ab"[n % 2]) for n, parts in enumerate(drawn)]
    by_crew, every = crew_summaries(shown)
    assert every is not None
    energy, output = sum(coke - gas for coke, gas, _ in drawn), sum(made for _, _, made in drawn)
    assert every.energy_tce == pytest.approx(energy / 1000)
    assert (every.known, every.shifts, every.hours) == (len(drawn), len(drawn), 8.0 * len(drawn))
    assert every.idle == sum(made == 0 for _, _, made in drawn)
    assert every.value == (pytest.approx(energy / output) if output else None)
    assert every.output == output
    for one in by_crew:
        if one.delta is not None:
            assert sum(part.delta or 0.0 for part in one.contributions) == pytest.approx(one.delta, rel=1e-9, abs=1e-6)


def test_a_crew_that_only_stood_idle_has_no_value_and_its_energy_is_told() -> None:
    shown = [replace(shift(0, 300_000.0, 0.0, 0.0), crew="a"), replace(shift(1, 400_000.0, 0.0, 1e3), crew="b")]
    (a, b), every = crew_summaries(shown)
    assert (a.value, a.delta, a.low, a.high) == (None, None, None, None)
    assert (a.energy_tce, a.output, a.known, a.idle, a.hours) == (pytest.approx(300.0), 0.0, 1, 1, 8.0)
    assert [(part.tce, part.per_output, part.delta) for part in a.contributions if part.point == "coke"] == [
        (pytest.approx(300.0), None, None)
    ]
    assert every is not None
    assert every.value == pytest.approx(700.0)
    assert b.delta == pytest.approx(-300.0)
    assert [(one.best, one.behind) for one in ranked((a, b))] == [(False, None), (True, None)]


def test_what_is_not_known_of_an_idle_shift_stays_unknown() -> None:
    (one,) = summaries([shift(0, None, 0.0, 0.0), shift(1, 4e5, 0.0, None), shift(2, 3e5, 0.0, 1e3)])
    assert (one.known, one.idle, one.shifts, one.value) == (1, 0, 3, pytest.approx(300.0))
    (one,) = summaries([replace(shift(0, 9e5, 0.0, 0.0), completeness=0.5), shift(1, 3e5, 0.0, 1e3)])
    assert (one.known, one.idle, one.shifts, one.value) == (1, 0, 2, pytest.approx(300.0))


def test_the_band_is_wider_by_what_is_not_sure_of_idle_shifts() -> None:
    worked, still = _banded(shift(0, 400_000.0, 0.0, 1000.0), 4.0), shift(1, 100_000.0, 0.0, 0.0)
    (one,) = summaries([worked, replace(still, energy_half_tce=3.0)])
    assert (one.value, one.low, one.high) == (pytest.approx(500.0), pytest.approx(493.0), pytest.approx(507.0))
    # 8 t of output that may have been made, at 500 kgce/t, beside 3 t of coal: 5 in all
    (one,) = summaries([worked, replace(still, energy_half_tce=3.0, output_half=8.0)])
    assert one.high == pytest.approx(500.0 + 4.0 + 5.0)


def _banded(one: ShiftValue, half: float, completeness: float = 1.0) -> ShiftValue:
    value = one.value or 0.0
    return replace(one, low=value - half, high=value + half, completeness=completeness)


def test_the_band_of_several_shifts_is_theirs_by_output_and_unknown_where_one_is() -> None:
    shown = [shift(n, 400_000.0, 0.0, 1000.0 * (n + 1)) for n in range(3)]
    banded = [_banded(one, n, 1 - n / 30) for n, one in enumerate(shown, 1)]
    (one,) = summaries(banded)
    half = (1 * 1000 + 2 * 2000 + 3 * 3000) / 6000
    assert one.value is not None
    assert (one.low, one.high) == (pytest.approx(one.value - half), pytest.approx(one.value + half))
    assert one.completeness == pytest.approx(1 - 2 / 30)
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
    a, b, c, never = ranked(summaries(values, ("a", "b", "c", "d")))
    assert a.best
    assert (b.of.value, b.of.known, b.of.shifts, b.behind) == (None, 0, 1, None)
    assert (c.of.value, c.of.known, c.of.shifts, c.best) == (None, 0, 1, False)
    assert (never.of.shifts, never.of.completeness) == (0, None)
    assert not any(one.best for one in ranked(summaries(values[1:])))


def test_a_crew_counts_by_the_shifts_that_are_complete_enough_to_be_judged() -> None:
    found = [replace(_of("a", value, completeness=known), crew="x") for value, known in ((400, 1.0), (800, 0.5))]
    (x,), every = crew_summaries(found)
    assert every is not None
    assert (x.value, x.known, x.shifts, every.value) == (pytest.approx(400.0), 1, 2, pytest.approx(400.0))


def test_what_a_meter_of_no_known_class_measured_has_no_range_and_it_is_named() -> None:
    meter = ("coke",)
    worse, best = ranked(summaries([_of("a", 400), replace(_of("b", 300), unclassed=meter)]))
    assert (best.of.unclassed, best.half, best.of.low, best.best) == (meter, None, None, True)
    # however far apart they are, nobody knows how sure that is
    assert (worse.of.unclassed, worse.half, worse.behind) == ((), pytest.approx(2.0), pytest.approx(100.0))
    assert (worse.unclassed, worse.sure) == (meter, False)
    idle = replace(shift(1, 1e5, 0.0, 0.0, "a"), unclassed=meter)
    (one,) = summaries([_of("a", 400), idle])
    assert (one.unclassed, one.low, one.high) == (meter, None, None)


def test_a_difference_whose_ranges_are_not_known_is_not_sure() -> None:
    best, worse = ranked(summaries([shift(0, 1e5, 0.0, 1e3, "a"), shift(1, 9e5, 0.0, 1e3, "b")]))
    assert (best.half, worse.behind, worse.sure) == (None, pytest.approx(800.0), False)
