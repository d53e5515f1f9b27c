"""A meter that gives way to another point: its EnPI goes on being judged, by the boundary that holds when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from db.rules import subjects
from db.versions import Version, named_until
from enms.plant_file import parse_plant
from rules.book import BUNDLED, read_book
from tests.rules.world import PLANTS, World

DAY1 = datetime(2026, 11, 1, 16, tzinfo=UTC)
DAY, HOUR, QUARTER = timedelta(days=1), timedelta(hours=1), timedelta(minutes=15)
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
        await world.publish("fan.power2", [30.0] * 96, DAY1 + DAY)
        await world.evaluate()
        assert await judged_until(world) == {DAY1 + 2 * DAY}


async def judged_until(world):
    return {row.evaluated_until for row in await subjects(world.connection, world.enterprise.e)}


async def test_what_follows_a_replacement_waits_only_until_what_was_replaced_is_closed_up_to_then(db_pool):
    async with db_pool.acquire() as connection:
        book = read_book(BUNDLED / "motor_overload.yaml")
        world = await World.build(connection, parse_plant(FAN, "fan.yaml"), [book])
        await world.publish("fan.power", [30.0] * 92, DAY1)
        await world.change(FAN.replace("fan.power", "fan.power2"), effective_from=DAY1 + DAY)
        world.gauges |= {"fan.power2"}
        # kWh of quarter hours: 120 and 190 kW
        await world.publish("fan.power2", [30.0] * 4 + [47.5] * 4, DAY1 + DAY)
        await world.evaluate()
        # its last hour may still come
        assert await judged_until(world) == {DAY1 + 23 * HOUR}
        await world.publish("fan.power", [None] * 4)
        await world.evaluate()
        assert await judged_until(world) == {DAY1 + 26 * HOUR}
        (overload,) = await world.alerts("motor_overload")
        assert (overload.started_at, overload.state) == (DAY1 + 25 * HOUR, "firing")
        # and what comes late is judged again
        await world.publish("fan.power", [47.5] * 4, DAY1 + 23 * HOUR)
        await world.evaluate()
        late, again = await world.alerts("motor_overload")
        assert (late.started_at, late.resolved_at) == (DAY1 + 23 * HOUR, DAY1 + 24 * HOUR + 2 * QUARTER)
        assert (again.id, again.started_at) == (overload.id, DAY1 + 25 * HOUR)


async def test_nor_is_it_waited_for_longer_than_a_day(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(FAN, "fan.yaml"), [read_book(BUNDLED / "motors.yaml")])
        await world.publish("fan.power", [30.0] * 92, DAY1)
        await world.change(FAN.replace("fan.power", "fan.power2"), effective_from=DAY1 + DAY)
        await world.publish("fan.power2", [30.0] * 92, DAY1 + DAY)
        await world.evaluate()
        assert await judged_until(world) == {DAY1 + 23 * HOUR}
        await world.publish("fan.power2", [30.0] * 4)
        await world.evaluate()
        assert await judged_until(world) == {DAY1 + 2 * DAY}


@pytest.mark.parametrize("order", [1, -1])
def test_a_name_lasts_as_long_as_any_version_that_holds_names_it(order):
    def version(since, until, retired=False):
        begin, end = (DAY1 + n * DAY for n in (since, until))
        return Version(valid_from=begin, valid_to=end, recorded_at=DAY1, retired=retired)

    names = {0: "a", 1: "ab", 2: "a", 3: "c"}
    versions = [version(0, 1), version(1, 2), version(2, 3, retired=True), version(3, 4)][::order]
    found = named_until(versions, lambda v: names[(v.valid_from - DAY1).days])
    assert found == {"a": DAY1 + 2 * DAY, "b": DAY1 + 2 * DAY, "c": DAY1 + 4 * DAY}
