"""Units come and go: a fleet's twelve months are of those that were in service on the days of them."""

from __future__ import annotations

import pytest

from db.alerts import evidence
from db.rules import subjects
from enms.plant_file import parse_plant
from rules.book import parse_book
from rules.replay import replay
from tests.rules.test_district_coal import SOON
from tests.rules.test_supply_coal import BOOK, DAY, EVERYTHING, MONDAY, PLANT
from tests.rules.world import World

U2 = next(line for line in PLANT.splitlines() if line.startswith("  - {code: u2, process: u2, fuels"))
WITHOUT_U2 = PLANT.replace(U2, "")
WITHOUT_UNITS = PLANT[: PLANT.index("generating_units:")]
ONE = 13.8 * 0.875
BOTH = (ONE + 12.0) / 69.0 * 1e3


@pytest.fixture
async def connection(db_pool):
    async with db_pool.acquire() as connection:
        yield connection


async def run(world, days, *, only=""):
    for code, value in EVERYTHING.items():
        if code.startswith((only, "coal.ncv")):
            await world.publish(code, [value] * (96 * days), world.ends.get(code, MONDAY))


async def of_fleet(world):
    (row,) = await subjects(world.connection, world.enterprise.e, "coal_fleet_year")
    return row


async def test_late_data_does_not_take_a_retired_unit_out_of_a_time_when_both_ran(connection):
    world = await World.build(connection, "coal", [SOON])
    await run(world, 2)
    await world.evaluate()
    await run(world, 1)
    await world.change(WITHOUT_U2, effective_from=MONDAY + 2 * DAY)
    await world.evaluate()
    await world.publish("u1.coal", [13.9], MONDAY)
    await world.evaluate()
    (alert,) = await world.alerts("coal_fleet_year")
    body = await world.body(alert)
    assert (alert.fired_at, alert.retracted) == (MONDAY + DAY, False)
    assert alert.value == pytest.approx((ONE + 0.1 * 0.875 / 96 + 12.0) / 69.0 * 1e3)
    assert [(one["code"], one["known"], one["days"]) for one in body["units"]] == [
        ("u1", "1", "365"),
        ("u2", "1", "365"),
    ]
    version = (await evidence(connection, alert))[-1]
    again = replay(version.body, version.sha256)
    assert (again.intact, again.met, again.value) == (True, True, pytest.approx(alert.value, rel=1e-9))


async def test_a_retired_units_days_count_until_it_was_and_nobody_waits_for_its_points(connection):
    """Its meters are gone with it and close no more."""
    world = await World.build(connection, "coal", [SOON])
    await run(world, 2)
    gone = "\n".join(line for line in WITHOUT_U2.splitlines() if "{code: u2." not in line)
    await world.change(gone, effective_from=MONDAY + 2 * DAY)
    await run(world, 3, only="u1.")
    await world.evaluate()
    row = await of_fleet(world)
    assert row.evaluated_until == MONDAY + 5 * DAY
    assert row.value == pytest.approx((5 * ONE + 2 * 12.0) / (7 * 34.5) * 1e3)
    # the day it last served is told late
    await world.publish("u2.coal", [12.0 + 1.0] * 96, MONDAY + DAY)
    await world.evaluate()
    assert (await of_fleet(world)).value == pytest.approx((5 * ONE + 2 * 12.0 + 1.0) / (7 * 34.5) * 1e3)


async def test_a_day_within_which_a_unit_was_retired_is_none_of_its_days(connection):
    world = await World.build(connection, "coal", [SOON])
    await run(world, 2)
    await world.change(WITHOUT_U2, effective_from=MONDAY + 1.5 * DAY)
    await world.evaluate()
    assert (await of_fleet(world)).value == pytest.approx((2 * ONE + 12.0) / (3 * 34.5) * 1e3)


async def test_a_unit_that_is_new_counts_from_then_on_and_rewrites_nothing(connection):
    world = await World.build(connection, parse_plant(WITHOUT_U2, "before"), [SOON])
    await run(world, 2)
    await world.evaluate()
    (before,) = await world.alerts("coal_fleet_year")
    assert before.value == pytest.approx(ONE / 34.5 * 1e3)
    await world.change(PLANT, effective_from=MONDAY + 2 * DAY)
    await run(world, 2)
    await world.publish("u1.coal", [13.8], MONDAY)
    await world.evaluate()
    (after,) = await world.alerts("coal_fleet_year")
    assert (after.id, after.value) == (before.id, before.value)
    assert [one["code"] for one in (await world.body(after))["units"]] == ["u1"]
    row = await of_fleet(world)
    assert (row.truth, row.value) == (1, pytest.approx((4 * ONE + 2 * 12.0) / (6 * 34.5) * 1e3))


async def test_a_young_fleet_is_not_known_for_twelve_months_however_well_its_days_are(connection):
    # two days of the year are wanted
    book = parse_book(
        BOOK.replace("plan_supply_coal, min_completeness: 0.9", "plan_supply_coal, min_completeness: 0.005"), "x"
    )
    world = await World.build(connection, parse_plant(WITHOUT_UNITS, "before"), [book])
    await world.change(PLANT, effective_from=MONDAY + 2 * DAY)
    await run(world, 3)
    await world.evaluate()
    row = await of_fleet(world)
    assert (row.truth, row.reason) == (2, "too_few_days: 1/365: not_in_service")
    await run(world, 1)
    await world.evaluate()
    row = await of_fleet(world)
    assert (row.truth, row.value) == (1, pytest.approx(BOTH))


async def test_a_fleet_of_which_nothing_is_left_ends(connection):
    world = await World.build(connection, "coal", [SOON])
    await run(world, 2)
    await world.evaluate()
    await world.change(WITHOUT_UNITS, effective_from=MONDAY + 2 * DAY)
    await world.evaluate()
    (alert,) = await world.alerts("coal_fleet_year")
    assert (alert.state, alert.closed) == ("resolved", "ended")
