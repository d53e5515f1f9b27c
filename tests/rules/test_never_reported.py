"""A point that was registered and never reported."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from db.alerts import evidence
from db.energy import Period, energy_totals
from db.plants import enterprise
from enms.plant_file import parse_plant
from rules.book import BUNDLED, read_book
from rules.replay import replay
from tests.rules.world import World

START = datetime(2026, 11, 2, tzinfo=UTC)
PLANT = """
enterprise: {code: mill, name: {zh: 轧钢, en: Mill}, industry: steel}
points:
  - {code: alive, carrier: electricity, reading: register, unit: kWh}
  - {code: dead, carrier: electricity, reading: register, unit: kWh}
  - {code: daily, carrier: electricity, reading: register, unit: kWh, period_s: 86400}
  - {code: later, carrier: electricity, reading: register, unit: kWh, in_service_from: 2026-11-03T12:00:00Z}
  - {code: door, role: property, reading: gauge, unit: "1", reporting: on_change}
"""
RULE = "meter_never_reported"


async def test_it_is_told_a_day_after_and_resolves_with_the_first_reading(db_pool):
    async with db_pool.acquire() as connection:
        book = read_book(BUNDLED / "data_quality.yaml")
        world = await World.build(connection, parse_plant(PLANT, "mill.yaml"), [book])
        await connection.execute("UPDATE point_config SET recorded_at = $1", START)
        await world.publish("alive", [10.0] * 92, START)
        await world.evaluate()
        assert await world.alerts(RULE) == []
        await world.publish("alive", [10.0] * 8)
        await world.evaluate()
        (alert,) = await world.alerts(RULE)
        assert (alert.subject, alert.state, alert.value, alert.limit_value) == ("dead", "firing", 24, 24)
        assert alert.fired_at == START + timedelta(hours=24)
        (version,) = await evidence(connection, alert)
        again = replay(version.body, version.sha256)
        assert (again.intact, again.met, again.value) == (True, True, 24)
        # nothing is known of it, which is not nothing: no completeness, no amount
        (total,) = await energy_totals(
            connection, world.enterprise.e, [world.numbers["dead"]], [Period(START, START + timedelta(days=1))],
            zone=(await enterprise(connection, "mill")).timezone,
        )  # fmt: skip
        assert (total.amount, total.completeness, total.reason) == (None, None, "no data")
        await world.publish("alive", [10.0] * 100)
        await world.publish("dead", [1.0] * 4, START + timedelta(hours=49))
        await world.evaluate()
        found = {a.subject: a for a in await world.alerts(RULE)}
        assert {code: a.state for code, a in found.items()} == {
            "dead": "resolved",
            "daily": "firing",
        }


async def test_history_that_comes_while_nobody_judges_does_not_hide_that_it_was_late(db_pool):
    async with db_pool.acquire() as connection:
        book = read_book(BUNDLED / "data_quality.yaml")
        world = await World.build(connection, parse_plant(PLANT, "mill.yaml"), [book])
        await connection.execute("UPDATE point_config SET recorded_at = $1", START)
        await world.publish("alive", [10.0] * 8, START)
        await world.evaluate()
        # the evaluator is down for two days; the first readings come after 30 hours, with stamps from the first hour on
        await world.publish("alive", [10.0] * 192)
        await world.publish("dead", [1.0] * 4, START + timedelta(hours=1))
        await connection.executemany(
            "INSERT INTO reading (e, p, ts, value, quality, origin, received_at) VALUES ($1, $2, $3, $4, 0, 1, $5)",
            [
                (world.enterprise.e, world.numbers["dead"], START + timedelta(hours=h), h, START + timedelta(hours=30))
                for h in (1, 2)
            ],
        )
        await world.evaluate()
        (alert,) = await world.alerts(RULE, "dead")
        assert (alert.state, alert.fired_at, alert.resolved_at) == (
            "resolved",
            START + timedelta(hours=24),
            START + timedelta(hours=30),
        )
