"""The reference derivation against what LEDGER promises, by hand-made cases and by properties."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enms.findings import FindingKind
from enms.intervals import NEIGHBOURS, Interval, counts, derive
from enms.metering import Basis
from enms.readings import Origin, Quality, Reading
from enms.timeline import ConfigVersion, Timeline
from tests.ledger.worlds import (
    CONFIG,
    METER,
    QUARTER,
    World,
    amounts,
    amounts_read,
    at,
    exchange,
    gauge,
    reading,
    register,
    registers,
    with_readings,
    worlds,
)


def derived(world: World) -> dict[float, Interval]:
    """By minutes after the beginning."""
    rows, _ = derive(world.readings, world.line, *world.span)
    return {(row.start - at(0)).total_seconds() / 60: row for row in rows}


def found(world: World) -> list[tuple[FindingKind, float, float]]:
    _, findings = derive(world.readings, world.line, *world.span)
    return [
        (f.kind, (f.from_ts - at(0)).total_seconds() / 60, (f.to_ts - at(0)).total_seconds() / 60) for f in findings
    ]


def line_of(rate: float, minutes: list[float], *, first: float = 0.0) -> list[Reading]:
    return [reading(m, first + rate * m / 60) for m in minutes]


def test_an_edge_between_two_readings_is_interpolated():
    world = with_readings(register(), reading(10, 100), reading(20, 110), reading(30, 130))
    rows = derived(world)
    assert rows[0].amount == 5.0
    assert (rows[0].covered_s, rows[0].basis) == (300.0, Basis.ESTIMATED)  # 10 min > max_gap of 5
    assert rows[15].amount == pytest.approx(5 + 20)
    assert rows[15].covered_s == 900.0


def test_neighbours_within_max_gap_are_measured():
    world = with_readings(register(max_gap_s=600), *line_of(600, [0, 5, 10, 20, 30]))
    rows = derived(world)
    assert [row.basis for row in rows.values()] == [Basis.MEASURED] * 2
    assert [row.amount for row in rows.values()] == [150.0, 150.0]
    assert found(world) == []


def test_an_outage_is_estimated_and_loses_nothing():
    """The case measured on another system: 600 kWh/h, four hours out, a rollover in the middle of an interval."""
    minutes = [*range(61), *range(301, 421)]
    values = [(999_500 + 10 * m) % 1_000_000 for m in minutes]
    world = with_readings(
        register(rated=1000, modulus=1_000_000), *(reading(m, v) for m, v in zip(minutes, values, strict=True))
    )
    rows = derived(world)
    assert math.fsum(row.amount for row in rows.values()) == pytest.approx(10 * 420, rel=1e-12)
    assert all(row.amount == pytest.approx(150, rel=1e-12) for row in rows.values() if row.covered_s == 900)
    assert rows[45].basis is Basis.MEASURED  # the rollover is at minute 50
    assert {rows[m].basis for m in range(60, 300, 15)} == {Basis.ESTIMATED}
    assert {rows[m].estimated_s for m in range(60, 300, 15)} == {900.0}
    assert rows[300].estimated_s == 60.0
    assert found(world) == [(FindingKind.GAP, 60, 301)]


def test_one_reading_alone_is_missing():
    assert derived(with_readings(register(), reading(7, 100))) == {}


def test_a_fall_is_a_rollover_only_from_the_top_and_if_possible():
    top = with_readings(register(rated=600, modulus=1000), reading(0, 995), reading(1, 3), reading(2, 4))
    assert derived(top)[0].amount == pytest.approx(9)
    too_much = with_readings(register(rated=60, modulus=1000), *(reading(m, v) for m, v in enumerate([950, 951, 3, 4])))
    assert found(too_much) == [(FindingKind.REGISTER_DROPPED, 1, 2)]
    assert derived(too_much)[0].covered_s == 120.0
    assert derived(too_much)[0].amount == 2
    unrated = with_readings(register(modulus=1000), reading(0, 950), reading(1, 160))
    assert found(unrated) == [(FindingKind.REGISTER_DROPPED, 0, 1)]
    assert derived(with_readings(register(modulus=1000), reading(0, 950), reading(1, 140)))[0].amount == 190


def test_an_impossible_lasting_rise_is_missing():
    world = with_readings(register(rated=600), *(reading(m, v) for m, v in enumerate([0, 10, 5000, 5010, 5020])))
    assert found(world) == [(FindingKind.REGISTER_JUMPED, 1, 2)]
    assert derived(world)[0].amount == 30
    assert derived(world)[0].covered_s == 180.0


@pytest.mark.parametrize("wrong", [5.0, 9000.0])
def test_a_spike_is_left_out(wrong: float):
    values = [100, 110, wrong, 130, 140]
    world = with_readings(register(rated=1000), *(reading(m, v) for m, v in enumerate(values)))
    assert found(world) == [(FindingKind.SPIKE, 2, 2)]
    assert derived(world)[0].amount == 40
    assert derived(world)[0].covered_s == 240.0


def test_two_wrong_readings_side_by_side_are_not_judged():
    values = [100, 110, 9000, 9010, 140, 150]
    world = with_readings(register(rated=1000), *(reading(m, v) for m, v in enumerate(values)))
    assert found(world) == [(FindingKind.REGISTER_DROPPED, 3, 4), (FindingKind.REGISTER_JUMPED, 1, 2)]
    assert derived(world)[0].amount == 10 + 10 + 10


def test_the_resolution_of_the_register_is_not_a_jump():
    world = register(rated=6)
    coarse = replace(world, meters=(replace(METER, resolution=1.0),))
    values = [0, 0, 1, 1, 1, 2]
    assert found(with_readings(coarse, *(reading(m, v) for m, v in enumerate(values)))) == []
    assert found(with_readings(world, *(reading(m, v) for m, v in enumerate(values)))) != []


def test_an_exchange_counts_both_meters():
    world = with_readings(register(rated=1000), *(reading(m, v) for m, v in [(0, 100), (5, 150), (10, 40), (15, 90)]))
    assert found(world) == [(FindingKind.REGISTER_DROPPED, 5, 10)]
    declared = replace(world, meters=(METER, exchange(7, 170, 10, multiplier=2.0)))
    assert found(declared) == []
    assert derived(declared)[0].amount == pytest.approx(50 + 20 + (30 + 50) * 2)
    assert derived(declared)[0].covered_s == 900.0


def test_readings_from_the_exchange_on_belong_to_the_new_meter():
    readings = [reading(0, 100), reading(5, 3), reading(10, 53)]
    world = World(register().versions, (METER, exchange(5, 150, 3)), tuple(readings))
    assert derived(world)[0].amount == 50 + 50
    # the declared first value stands for a reading of the same instant
    other = World(register().versions, (METER, exchange(5, 150, 0)), tuple(readings))
    assert derived(other)[0].amount == 50 + 53


def test_a_reset_without_a_final_value_leaves_the_span_before_it_missing():
    world = with_readings(register(), reading(0, 100), reading(3, 103), reading(9, 2), reading(12, 5))
    reset = replace(world, meters=(METER, exchange(6, None, 0)))
    row = derived(reset)[0]
    assert (row.amount, row.covered_s) == (3 + 2 + 3, 180 + 360)
    assert found(reset) == []


def test_a_change_of_multiplier_counts_from_its_instant():
    change = replace(METER, installed_at=at(5), multiplier=3.0)
    world = replace(with_readings(register(), *line_of(60, [0, 5, 10])), meters=(METER, change))
    assert derived(world)[0].amount == pytest.approx(5 + 15)


def test_bad_readings_are_left_out_and_suspect_ones_mark():
    world = with_readings(
        register(), reading(0, 0), reading(5, 999, quality=Quality.BAD), reading(5.5, 5), reading(15, 15)
    )
    assert derived(world)[0].amount == 15
    assert not derived(world)[0].suspect
    suspect = with_readings(register(), reading(0, 0), reading(14, 14), reading(16, 16, quality=Quality.SUSPECT))
    assert derived(suspect)[0].suspect


def test_nothing_before_the_first_configuration_and_nothing_after_retirement():
    world = with_readings(register(), *line_of(60, [0, 15, 30, 45, 60]))
    since = replace(world, versions=(ConfigVersion(at(15), CONFIG), ConfigVersion(at(45), CONFIG, retired=True)))
    assert list(derived(since)) == [15, 30]


def test_a_gauge_holds_until_the_next_reading_at_most_max_gap():
    world = with_readings(gauge(), reading(0, 60), reading(5, 120), reading(13, 0), reading(15, 12))
    row = derived(world)[0]
    assert row.amount == pytest.approx(60 * 5 / 60 + 120 * 5 / 60 + 0)
    assert row.covered_s == (5 + 5 + 2) * 60
    assert derived(world)[15].amount == pytest.approx(12 * 5 / 60)
    assert found(world) == [(FindingKind.GAP, 5, 13)]


def test_a_state_is_the_mean_over_covered_time():
    world = with_readings(gauge(mean=True), reading(0, 20), reading(5, 50), reading(15, 0))
    row = derived(world)[0]
    assert row.amount == pytest.approx((20 * 5 + 50 * 5) / 10)
    assert row.covered_s == 600.0


def test_an_interval_reading_within_a_quarter_is_measured_longer_ones_are_apportioned():
    quarter = derived(with_readings(amounts(), reading(15, 7), reading(30, 8)))
    assert [(row.amount, row.basis, row.covered_s) for row in quarter.values()] == [(7, 0, 900), (8, 0, 900)]
    hour = derived(with_readings(amounts(3600), reading(60, 10)))
    assert [row.amount for row in hour.values()] == [2.5] * 4
    assert {(row.basis, row.apportioned_s) for row in hour.values()} == {(Basis.APPORTIONED, 900.0)}


def test_jitter_at_the_edges_does_not_make_overlaps():
    world = with_readings(
        amounts(), reading(15 - 2 / 60, 7), reading(30 + 3 / 60, 8, start=15 + 1 / 60), reading(45, 9, start=30)
    )
    assert found(world) == []
    assert [row.amount for row in derived(world).values()] == [7, 8, 9]
    assert {row.covered_s for row in derived(world).values()} == {900.0}


def test_of_overlapping_interval_readings_the_stronger_counts():
    by_hand = reading(30, 5, start=0, origin=Origin.HAND, received=90)
    world = with_readings(amounts(), reading(15, 7), by_hand, reading(45, 9))
    assert found(world) == [(FindingKind.OVERLAP, 0, 15)]
    assert [row.amount for row in derived(world).values()] == [2.5, 2.5, 9]


@given(worlds(), st.integers(0, 40), st.randoms())
def test_a_span_needs_only_its_neighbourhood(world: World, quarter: int, shuffle: random.Random):
    """Any span, from its own readings and the stated neighbours, is what the whole history gives there."""
    start, end = at(15 * quarter), at(15 * quarter + 30)
    whole = derive(world.readings, world.line, start, end)
    near = list(neighbourhood(world, start, end))
    shuffle.shuffle(near)
    assert derive(near, world.line, start, end) == whole


def neighbourhood(world: World, start: datetime, end: datetime) -> list[Reading]:
    good = [r for r in world.readings if counts(r)]
    if world.versions[0].config.reading == "interval":
        start, end = start - 2 * timedelta(seconds=6000), end + 2 * timedelta(seconds=6000)
    before = [r for r in good if r.ts < start][-NEIGHBOURS:]
    after = [r for r in good if r.ts >= end][:NEIGHBOURS]
    return [*before, *(r for r in good if start <= r.ts < end), *after]


@given(worlds(), st.data())
def test_a_late_reading_changes_only_its_neighbourhood(world: World, data: st.DataObject):
    """What a reading can change lies between the third good readings on either side (gauges: its own hold)."""
    if not world.readings or world.versions[0].config.reading == "interval":
        return
    late = data.draw(st.sampled_from(world.readings))
    rest = [r for r in world.readings if r is not late]
    good = [r.ts for r in rest if counts(r)]
    low = ([at(-1500), at(-1500), at(-1500), *(ts for ts in good if ts < late.ts)])[-3]
    high = ([*(ts for ts in good if ts > late.ts), at(9000), at(9000), at(9000)])[2]
    before = {row.start: row for row in derive(rest, world.line, *world.span)[0]}
    after = {row.start: row for row in derive(world.readings, world.line, *world.span)[0]}
    changed = [s for s in before.keys() | after.keys() if before.get(s) != after.get(s)]
    assert all(low - QUARTER < s < high for s in changed)


@given(registers(faults=False, events=False))
def test_energy_is_conserved(world: World):
    """Between two readings the intervals add up to what the register turned."""
    good = world.readings
    modulus = world.meters[0].register_max
    turned = 0.0
    for a, b in pairwise(good):
        rise = b.value - a.value
        turned += rise if rise >= 0 else rise + (modulus or 0)
    rows, findings = derive(good, world.line, *world.span)
    assert not [f for f in findings if f.kind is not FindingKind.GAP]
    assert math.fsum(r.amount for r in rows) == pytest.approx(turned, rel=1e-9, abs=1e-9)
    if good:
        covered = math.fsum(r.covered_s for r in rows)
        assert covered == pytest.approx((good[-1].ts - good[0].ts).total_seconds(), abs=1e-5)


@given(registers())
def test_nothing_negative_comes_from_a_register(world: World):
    rows, _ = derive(world.readings, world.line, *world.span)
    assert all(row.amount >= 0 for row in rows)
    assert all(0 < row.covered_s <= 900 for row in rows)
    assert all(row.estimated_s <= row.covered_s for row in rows)


@given(amounts_read())
def test_interval_readings_never_count_twice(world: World):
    rows, _ = derive(world.readings, world.line, *world.span)
    assert all(0 < row.covered_s <= 900 for row in rows)
    assert math.fsum(r.amount for r in rows) <= math.fsum(r.value for r in world.readings if counts(r)) + 1e-6


def test_a_timeline_knows_its_stretches():
    meter = replace(METER, installed_at=at(30), multiplier=2.0)
    line = Timeline((ConfigVersion(at(0), CONFIG), ConfigVersion(at(60), CONFIG, retired=True)), (METER, meter))
    x = at(0).timestamp()
    parts = line.stretches(x - 900, x + 7200)
    assert [((a - x) / 60, (b - x) / 60, s.factor) for a, b, s in parts] == [(0, 30, 1), (30, 60, 2)]
    assert line.before(x) is None
    assert line.after(x) is not None
    assert line.edges == [x, x + 1800, x + 3600]
