"""Checks of a point's data that a published quarter hour alone does not show, and evidence of all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from db.alerts import evidence
from rules.book import parse_book
from rules.replay import replay
from tests.rules.world import QUARTER, World

DAY1 = datetime(2026, 11, 1, 16, tzinfo=UTC)


@pytest.fixture
async def meters(db_pool):
    async with db_pool.acquire() as connection:
        yield await World.build(connection, "meters")


async def arrive(world, point, start, offsets, *, step=timedelta(minutes=1), origin=0):
    """Readings, one a step, each so many seconds after its stamp."""
    await world.connection.executemany(
        "INSERT INTO reading (e, p, ts, value, quality, origin, received_at) VALUES ($1, $2, $3, 1, 0, $5, $4)",
        [
            (
                world.enterprise.e,
                world.numbers[point],
                start + i * step,
                start + i * step + timedelta(seconds=offset),
                origin,
            )
            for i, offset in enumerate(offsets)
        ],
    )


async def told(world, offsets, **how):
    """Alerts of a clock's skew after an hour of readings, the quarter hours closing one by one."""
    await world.publish("feeder.energy", [10.0], DAY1 - QUARTER)
    await world.evaluate()
    await arrive(world, "feeder.energy", DAY1, offsets, **how)
    for amount in (10.0, 11.0, 10.0, 11.0):
        await world.publish("feeder.energy", [amount])
        await world.evaluate()
    return await world.alerts("meter_clock_skew")


@pytest.mark.parametrize("skew", [420.0, -260.0])
async def test_a_clock_that_is_off(meters, skew):
    (alert,) = await told(meters, [skew + (i % 7) * 3 for i in range(60)])
    assert (alert.started_at, alert.fired_at) == (DAY1, DAY1 + 2 * QUARTER)
    assert alert.value == pytest.approx(abs(skew + (18 if skew < 0 else 0)))
    assert alert.limit_value == 180


async def test_a_line_that_was_down_is_no_clock(meters):
    # all of the hour came together at its end
    assert await told(meters, [3600.0 - 60 * i for i in range(60)]) == []


async def test_a_slow_line_is_no_clock_as_long_as_some_come_in_time(meters):
    assert await told(meters, [600.0 if i % 5 else 2.0 for i in range(60)]) == []


async def test_what_somebody_backfills_says_nothing_of_the_clock(meters):
    assert await told(meters, [86_400.0] * 60, origin=1) == []


async def test_a_register_that_dropped_is_open_until_it_is_declared(meters):
    await meters.publish("feeder.energy", [10.0] * 4, DAY1)
    await meters.evaluate()
    await meters.connection.execute(
        """INSERT INTO finding VALUES ($1, $2, 'register_dropped', $3, $4, '{"before": 500, "after": 3}', $4)""",
        meters.enterprise.e,
        meters.numbers["feeder.energy"],
        DAY1 + 4 * QUARTER,
        DAY1 + 4 * QUARTER + timedelta(minutes=1),
    )
    await meters.publish("feeder.energy", [None, 10.0, 10.5])
    await meters.evaluate()
    (alert,) = await meters.alerts("register_broken")
    assert (alert.state, alert.started_at) == ("firing", DAY1 + 4 * QUARTER)
    body = await meters.body(alert)
    assert body["findings"][0]["kind"] == "register_dropped"
    assert body["findings"][0]["before"] == "500"
    await meters.connection.execute("DELETE FROM finding")
    await meters.publish("feeder.energy", [9.0], DAY1 + 4 * QUARTER)
    await meters.publish("feeder.energy", [10.0], DAY1 + 7 * QUARTER)
    await meters.evaluate()
    (alert,) = await meters.alerts("register_broken")
    assert (alert.state, alert.closed, alert.resolved_at) == ("resolved", "cleared", DAY1 + 8 * QUARTER)


@pytest.mark.parametrize(("readings", "found"), [((12.0, 12.0, 12.0), 1), ((11.9, 12.0, 12.1), 0), ((), 1)])
async def test_equal_means_of_different_readings_are_not_frozen(meters, readings, found):
    await meters.publish("feeder.power", [1000.0, 1010.0], DAY1)
    await meters.publish("feeder.power", [12.0] * 12)
    minutes = timedelta(minutes=5)
    await meters.connection.executemany(
        "INSERT INTO reading (e, p, ts, value, quality, origin, received_at) VALUES ($1, $2, $3, $4, 0, 0, $3)",
        [
            (meters.enterprise.e, meters.numbers["feeder.power"], DAY1 + 2 * QUARTER + (3 * n + i) * minutes, value)
            for n in range(12)
            for i, value in enumerate(readings)
        ],
    )
    await meters.evaluate()
    assert len(await meters.alerts("meter_frozen")) == found


async def test_a_reading_left_out_is_told_for_an_hour(meters):
    await meters.publish("feeder.energy", [10.0] * 4, DAY1)
    await meters.evaluate()
    spike = DAY1 + 4 * QUARTER + timedelta(minutes=7)
    await meters.connection.execute(
        """INSERT INTO finding VALUES ($1, $2, 'spike', $3, $3, '{"value": 90000}', $3)""",
        meters.enterprise.e,
        meters.numbers["feeder.energy"],
        spike,
    )
    await meters.publish("feeder.energy", [10.0] * 6)
    await meters.evaluate()
    (alert,) = await meters.alerts("register_spike")
    assert (alert.state, alert.started_at, alert.resolved_at) == ("resolved", DAY1 + 4 * QUARTER, DAY1 + 9 * QUARTER)
    assert (alert.value, alert.limit_value) == (1, 1)
    body = await meters.body(alert)
    assert body["findings"] == [{"kind": "spike", "from": "2026-11-01T17:07:00Z", "value": "90000"}]
    (version,) = await evidence(meters.connection, alert)
    again = replay(version.body, version.sha256)
    assert (again.intact, again.met, again.value) == (True, True, 1)


async def test_evidence_of_every_check_says_the_same_again(meters):
    await meters.publish("feeder.energy", [10.0], DAY1 - QUARTER)
    await meters.evaluate()
    await arrive(meters, "feeder.energy", DAY1, [400.0] * 120)
    for _ in range(8):
        await meters.publish("feeder.energy", [10.0])
        await meters.evaluate()
    await meters.publish("bus.voltage", [12.0] * 4, DAY1)
    await meters.publish("feeder.power", [1000.0] * 4, DAY1)
    await meters.evaluate()
    await meters.publish("feeder.power", [None] * 36)
    await meters.evaluate()
    seen = {}
    for alert in await meters.alerts():
        (version,) = await evidence(meters.connection, alert)
        again = replay(version.body, version.sha256)
        assert (again.intact, again.met) == (True, True), alert.rule
        assert again.value == pytest.approx(alert.value), alert.rule
        seen[alert.rule] = again
    assert set(seen) == {
        "meter_silent",
        "meter_never_reported",
        "meter_frozen",
        "meter_out_of_range",
        "meter_clock_skew",
        "meter_incomplete",
    }


def test_a_check_that_does_not_exist_is_refused():
    text = """rules:
  - id: mine
    kind: data_quality
    title: {zh: 查, en: Check}
    purpose: operational
    condition: {check: boredom}
    unit: "1"
    severity: notice
    cadence: interval
    source: own
    notify: [metering]
    runbook: {zh: 看, en: Look}
"""
    (mistake,) = parse_book(text, "mine.yaml").mistakes
    assert (mistake.line, mistake.place) == (6, "rules[mine].condition")
    assert "boredom" in mistake.reason
