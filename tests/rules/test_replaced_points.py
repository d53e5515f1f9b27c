"""A meter that gives way to another point: its EnPI goes on being judged, by the boundary that holds when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from db.rules import subjects
from enms.plant_file import parse_plant
from rules.book import BUNDLED, read_book
from tests.rules.world import PLANTS, World

DAY1 = datetime(2026, 11, 1, 16, tzinfo=UTC)
DAY = timedelta(days=1)
REST = {"bf1.bfg": "0*96", "bf1.output": "1*96", "bf1.re_share": "0*96", "bf1.bfg.ncv": "3349.44*96"}


@pytest.fixture
async def furnace(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "furnace", [read_book(BUNDLED / "blast_furnace.yaml")])
        world.ends = dict.fromkeys(world.numbers, DAY1)
        yield world


async def day(world, meter, amount, start):
    for code, values in (REST | {meter: f"{amount}*96"}).items():
        await world.publish(code, values, start)
    await world.evaluate()


async def test_a_point_that_is_retired_does_not_keep_its_rules_waiting_for_ever(furnace):
    await day(furnace, "bf1.coke", 300, DAY1)
    text = (PLANTS / "furnace.yaml").read_text(encoding="utf-8").replace("bf1.coke", "bf1.coke2")
    await furnace.change(text, effective_from=DAY1 + DAY)
    for n, amount in enumerate((300, 900, 300), 1):
        await day(furnace, "bf1.coke2", amount, DAY1 + n * DAY)
    (alert,) = await furnace.alerts("blast_furnace_energy_day", "bf1.energy")
    assert (alert.started_at, alert.resolved_at) == (DAY1 + 2 * DAY, DAY1 + 4 * DAY)


FAN = """
enterprise: {code: mill, name: {zh: 轧钢, en: Mill}, industry: steel}
processes: [{code: air, name: {zh: 风, en: Air}, kind: utility}]
points:
  - {code: fan.power, process: air, carrier: electricity, role: property, reading: gauge, unit: kW}
motors:
  - {code: fan, process: air, rated_kw: 160, efficiency_pct: 95.8, points: {power: fan.power}}
"""


async def test_nor_does_a_motors_meter(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(FAN, "fan.yaml"), [read_book(BUNDLED / "motors.yaml")])
        await world.publish("fan.power", [30.0] * 96, DAY1)
        await world.evaluate()
        await world.change(FAN.replace("fan.power", "fan.power2"), effective_from=DAY1 + DAY)
        await world.publish("fan.power2", [30.0] * 192, DAY1 + DAY)
        await world.evaluate()
        rows = await subjects(connection, world.enterprise.e)
        assert rows
        assert {row.evaluated_until for row in rows} == {DAY1 + 3 * DAY}
