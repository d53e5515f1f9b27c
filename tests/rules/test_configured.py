"""Configuration told anew: what was judged by the old one is judged again, without waiting for late data."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from db.alerts import evidence
from db.meter_events import MeterEvent, declare
from db.performance import enpi_values
from db.plant_load import load_plant
from enms.metering import InstallationKind
from enms.plant_file import parse_plant
from rules.book import BUNDLED, read_book, read_books
from rules.evaluator import condition_of
from rules.facts import Facts
from rules.kind import Kind
from tests.rules.test_budget import NEW_YEAR, burn, coal
from tests.rules.test_budget import PLANT as PLANNED
from tests.rules.test_evaluator import DAY1, FURNACE, publish_day
from tests.rules.world import LONG_AGO, World

DAY = timedelta(days=1)
NEW_LINE = FURNACE.replace("commissioned: 2006-05-01", "commissioned: 2026-08-01")


async def furnace(connection, text=FURNACE):
    world = await World.build(connection, parse_plant(text, "furnace"))
    world.ends = dict.fromkeys(world.numbers, DAY1)
    return world


async def days(world, *cokes):
    for coke in cokes:
        await publish_day(world, coke)
    await world.evaluate()


async def told(world):
    """Alerts on the furnace's days: how they stand, since when, and by which figures."""
    alerts = await world.alerts("blast_furnace_energy_day")
    return [(a.state, a.started_at, a.value and round(a.value, 6), a.limit_value, a.retracted) for a in alerts]


async def shown(world, of_days):
    """The same days as the page has them."""
    found = await enpi_values(
        world.connection, world.enterprise.e, "bf1.energy", DAY1, DAY1 + of_days * DAY, "day", now=world.clock
    )
    return [(one.limit.verdict, round(one.value, 6)) for one in found]


async def test_a_sites_factor_told_otherwise_is_judged_again(db_pool):
    async with db_pool.acquire() as connection:
        world = await furnace(connection)
        await days(world, 500.0, 500.0)  # 400 kgce/t under 415
        assert await told(world) == []
        await world.change(FURNACE.replace("kgce: 1.0,", "kgce: 1.1,"))
        await world.evaluate()
        assert await told(world) == [("firing", DAY1, 450.0, 415.0, False)]
        assert await shown(world, 2) == [("over", 450.0), ("over", 450.0)]
        await world.change(FURNACE)
        await world.evaluate()
        ((state, *_, retracted),) = await told(world)
        assert (state, retracted) == ("resolved", True)


async def test_a_factor_is_judged_again_from_its_first_day(db_pool):
    async with db_pool.acquire() as connection:
        world = await furnace(connection)
        await days(world, 500.0, 500.0, 500.0)
        later = "  - {carrier: coke, unit: kg, kgce: 1.1, effective_from: 2026-11-03, source: laboratory}\nprocesses:"
        await world.change(FURNACE.replace("processes:", later, 1))
        await world.evaluate()
        assert await told(world) == [("firing", DAY1 + DAY, 450.0, 415.0, False)]


@pytest.mark.parametrize(
    ("before", "after", "alert"),
    [(FURNACE, NEW_LINE, ("firing", DAY1, 400.0, 370.0, False)), (NEW_LINE, FURNACE, None)],
)
async def test_a_lines_age_told_otherwise_is_judged_again(db_pool, before, after, alert):
    async with db_pool.acquire() as connection:
        world = await furnace(connection, before)
        await days(world, 500.0, 500.0)
        await world.change(after)
        await world.evaluate()
        assert [one for one in await told(world) if not one[-1]] == ([] if alert is None else [alert])


async def test_only_another_age_counts_as_a_process_told_anew(db_pool):
    async with db_pool.acquire() as connection:
        world = await furnace(connection)
        read = "SELECT recorded_at FROM process WHERE e = $1 AND code = 'bf1'"
        first = await connection.fetchval(read, world.enterprise.e)
        await world.change(FURNACE.replace("Furnace 1", "Furnace One"))
        assert await connection.fetchval(read, world.enterprise.e) == first
        await world.change(NEW_LINE)
        assert await connection.fetchval(read, world.enterprise.e) == world.clock


async def test_a_meters_class_told_otherwise_is_judged_again(db_pool):
    async with db_pool.acquire() as connection:
        world = await furnace(connection)
        await days(world, 520.0)  # 420 kgce/t over 415: certain by a weigher of class 0.5, not by one of class 5
        (alert,) = await world.alerts("blast_furnace_energy_day")
        sure = alert.certainty
        await world.change(FURNACE.replace("accuracy_class: 0.5, calibrated", "accuracy_class: 5, calibrated"))
        await world.evaluate()
        (alert,) = await world.alerts("blast_furnace_energy_day")
        last = json.loads((await evidence(connection, alert))[-1].body)
        assert (sure, alert.certainty) == ("confirmed", "possible")
        assert last["inputs"][0]["meter"]["accuracy_class"] == "5"


async def test_a_calibration_changes_nothing_of_what_was_judged(db_pool):
    async with db_pool.acquire() as connection:
        world = await furnace(connection)
        await days(world, 520.0)
        (alert,) = await world.alerts("blast_furnace_energy_day")
        before = await configured_at(world)
        await world.change(FURNACE.replace("calibrated: 2026-03-01", "calibrated: 2027-03-01"))
        await world.change(FURNACE.replace("calibrated: 2026-03-01", "calibrated: 2027-04-01"), DAY1 + 3 * DAY)
        assert await configured_at(world) == before
        await world.evaluate()
        assert [version.version for version in await evidence(connection, alert)] == [1]
        # another class is another figure, whatever else was told of the meter since
        calibrated = FURNACE.replace("calibrated: 2026-03-01", "calibrated: 2027-04-01")
        await world.change(calibrated.replace("accuracy_class: 0.5, calibrated", "accuracy_class: 5, calibrated"))
        told = world.clock
        await world.change(calibrated.replace("accuracy_class: 0.5, calibrated: 2027-04-01", "accuracy_class: 5"))
        assert (await configured_at(world))[Kind.ENPI_LIMIT] == {told}


async def test_a_check_of_readings_knows_nothing_of_the_meters_class(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "meters")
        before = await configured_at(world)
        await connection.execute(
            "UPDATE installation SET recorded_at = $2 WHERE e = $1", world.enterprise.e, world.tick()
        )
        assert (await configured_at(world))[Kind.DATA_QUALITY] == before[Kind.DATA_QUALITY]
        await connection.execute(
            "UPDATE point_config SET recorded_at = $2 WHERE e = $1", world.enterprise.e, later := world.tick()
        )
        assert later in (await configured_at(world))[Kind.DATA_QUALITY]


async def test_a_budget_is_judged_again_by_another_factor(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(PLANNED, "planned"), [read_book(BUNDLED / "budget.yaml")])
        await coal(world, 0.0, 50, NEW_YEAR)
        await burn(world, 100.0, 40)
        await world.evaluate()
        assert [a for a in await world.alerts("budget_ahead") if a.subject == "tce-2026"] == []
        await world.change(PLANNED.replace("kgce: 1.0,", "kgce: 1.03,"))
        await world.evaluate()
        (ahead,) = [a for a in await world.alerts("budget_ahead") if a.subject == "tce-2026"]
        assert ahead.value == pytest.approx(3.0)
        assert ahead.started_at < NEW_YEAR + 40 * DAY


async def test_what_is_committed_late_is_judged_again_too(db_pool):
    async with db_pool.acquire() as connection, db_pool.acquire() as loading, db_pool.acquire() as telling:
        world = await furnace(connection)
        await days(world, 500.0, 500.0)
        code, at = world.enterprise.code, DAY1 + DAY
        event = MeterEvent(InstallationKind.EXCHANGE, code, "bf1.bfg", at, 0.0, final=9.0, accuracy_class=3.0)
        async with loading.transaction():
            changed = parse_plant(FURNACE.replace("kgce: 1.0,", "kgce: 1.1,"), "changed")
            await load_plant(loading, changed, now=world.tick())
            world.clock += timedelta(seconds=5)
            told_meanwhile = asyncio.create_task(declare(telling, event, world.clock))
            await asyncio.wait([told_meanwhile], timeout=1)
            await world.evaluate()
        await told_meanwhile
        await world.evaluate()
        assert await told(world) == [("firing", DAY1, 450.0, 415.0, False)]


async def configured_at(world):
    """When the subjects of every rule of a plant were configured last, by the rule's kind."""
    found = {}
    for rule in (rule for book in read_books([BUNDLED]) for rule in book.rules if rule.scope == "plant"):
        subjects = await condition_of(rule, world.enterprise).subjects(Facts(world.connection))
        if subjects:
            found.setdefault(rule.kind, set()).update(s.configured_at for s in subjects)
    return found


@pytest.mark.parametrize(
    ("plant", "kinds"),
    [
        ("furnace", {Kind.ENPI_LIMIT}),
        ("baseline", {Kind.ENPI_BASELINE}),
        ("coal", {Kind.SUPPLY_COAL_RATE}),
        ("motor_efficiency", {Kind.MOTOR_EFFICIENCY, Kind.MOTOR_UNDERLOAD, Kind.MOTOR_OVERLOAD, Kind.MOTOR_IDLE}),
        ("supply", {Kind.POWER_FACTOR, Kind.MAX_DEMAND, Kind.VOLTAGE_UNBALANCE, Kind.VOLTAGE_DEVIATION}),
        ("network", {Kind.BALANCE}),
    ],
)
async def test_every_rule_by_meters_knows_when_one_was_told_otherwise(db_pool, plant, kinds):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, plant)
        before = await configured_at(world)
        assert {kind: before.get(kind) for kind in kinds} == {kind: {LONG_AGO} for kind in kinds}
        await connection.execute(
            "UPDATE installation SET recorded_at = $2 WHERE e = $1", world.enterprise.e, later := world.tick()
        )
        after = await configured_at(world)
        assert {kind: after.get(kind) for kind in kinds} == {kind: {later} for kind in kinds}
