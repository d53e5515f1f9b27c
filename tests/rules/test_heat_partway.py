"""A unit whose heat is named for a part of a span only: nobody can say which share of the rest of its coal was heat."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from db.performance import enpi_values
from db.rules import subjects
from enms.enpi_inputs import Part
from enms.enpi_ratio import Ratio
from enms.enpi_reasons import Why
from enms.enpi_verdict import Verdict
from enms.performance import State, together
from enms.plant_file import parse_plant
from rules.book import BUNDLED, read_book
from tests.rules.test_supply_coal import DAY, EVERYTHING, PLANT, a_unit
from tests.rules.world import World

# October in Shanghai.
BEGIN = datetime(2026, 9, 30, 16, tzinfo=UTC)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
# Unit 1 by an EnPI that names it, held against the statute with its factor product said.
NAMED = """
enpis:
  - {code: u1.supply_coal, process: u1, generating_unit: u1, limit: {standard: GB 21258, item: subcritical_300},
     declared: [{input: factor_product, value: 1, from: 2026-01-01, evidence: tests},
                {input: table2_addition, value: 0, from: 2026-01-01, evidence: tests}]}
"""
WITH = PLANT + NAMED
WITHOUT = WITH.replace("heat: [u1.heat], total_heat: u1.total_heat,", "")
# Half of the boiler's heat is supplied.
HALF = EVERYTHING | {"u1.heat": 200.0}


@pytest.fixture
async def connection(db_pool):
    async with db_pool.acquire() as connection:
        yield connection


async def a_plant(connection, text, days, figures=HALF, books=()):
    world = await World.build(connection, parse_plant(text, "before"), books)
    for code, value in figures.items():
        await world.publish(code, [value] * (96 * days), BEGIN)
    return world


async def values(world, days, resolution="month"):
    return await enpi_values(
        world.connection, world.enterprise.e, "u1.supply_coal", BEGIN, BEGIN + days * DAY, resolution, now=NOW
    )


async def test_a_month_is_unknown_and_has_no_verdict_though_its_days_have(connection):
    book = read_book(BUNDLED / "statutory.yaml")
    world = await a_plant(connection, WITHOUT, 31, books=[book])
    await world.change(WITH, effective_from=BEGIN + 28 * DAY)
    (month,) = await values(world, 31)
    assert (month.state, month.value, month.alpha, month.energy_kgce) == (State.UNKNOWN, None, None, None)
    assert str(month.reason) == "heat_named_differently: u1.heat"
    assert (month.completeness, month.output) == (1.0, pytest.approx(34_500 * 96 * 31))
    assert (month.limit.verdict, month.limit.reason.why) == (Verdict.UNKNOWN, Why.HEAT_DIFFERS)
    days = await values(world, 31, "day")
    assert [round(day.value) for day in days] == [400] * 28 + [200] * 3
    await world.evaluate()
    standing = {row.rule: (row.truth, row.reason) for row in await subjects(connection, world.enterprise.e, None)}
    for rule in ("statutory_supply_coal_month", "statutory_supply_coal_year"):
        assert standing[rule] == (2, "heat_named_differently: u1.heat")


async def test_a_day_on_which_heat_was_named_is_unknown_too(connection):
    world = await a_plant(connection, WITHOUT, 2)
    await world.change(WITH, effective_from=BEGIN + 0.5 * DAY)
    first, second = await values(world, 2, "day")
    assert str(first.reason) == "heat_named_differently: u1.heat"
    assert (second.value, second.alpha) == (pytest.approx(200.0), 0.5)


@pytest.mark.parametrize("late", ["u1.heat", "u1.total_heat"])
async def test_so_is_a_span_in_which_a_meter_of_heat_came_into_service(connection, late):
    begins = (BEGIN + 2 * DAY).isoformat()
    text = WITH.replace(f"{{code: {late},", f'{{code: {late}, in_service_from: "{begins}",')
    world = await a_plant(connection, text, 4)
    (month,) = await values(world, 4)
    assert str(month.reason) == "heat_named_differently: u1.heat"


async def test_fuel_that_is_metered_anew_when_heat_is_named_hides_nothing(connection):
    """Neither fuel is longer in the span than heat; the coal before still is not shared."""
    coal = next(line for line in PLANT.splitlines() if "{code: u1.coal," in line)
    scale = coal.replace("u1.coal", "u1.scale") + "\n"
    world = await a_plant(connection, WITHOUT.replace("generating_units:", f"{scale}generating_units:"), 4)
    await world.publish("u1.scale", [13.8] * 96 * 4, BEGIN)
    text = WITH.replace("generating_units:", f"{scale}generating_units:").replace(
        "fuels: [u1.coal]", "fuels: [u1.scale]"
    )
    await world.change(text, effective_from=BEGIN + 2 * DAY)
    (month,) = await values(world, 4)
    assert str(month.reason) == "heat_named_differently: u1.heat"


async def test_heat_that_is_metered_anew_is_told_all_along(connection):
    meter = "  - {code: u1.heat2, process: u1, carrier: heat, role: sold, reading: register, unit: GJ}\n"
    before = WITH.replace("generating_units:", f"{meter}generating_units:")
    world = await a_plant(connection, before, 4)
    await world.publish("u1.heat2", [100.0] * 96 * 4, BEGIN)
    await world.change(before.replace("heat: [u1.heat]", "heat: [u1.heat2]"), effective_from=BEGIN + 2 * DAY)
    (month,) = await values(world, 4)
    assert month.alpha == pytest.approx((200 + 100) / (400 + 400))
    assert month.value == pytest.approx(13.8 * (1 - 0.375) / 34.5 * 1e3)


def test_days_put_together_keep_what_each_of_them_told():
    """Whoever adds days up cannot make one share of days that have none."""
    both = a_unit(1000.0, 4000.0, 0.0, 100.0, 400.0)
    electric = a_unit(1000.0, 4000.0, 0.0)
    untold = [replace(one, heat_told_s=0.0) if one.part is Part.ENERGY else one for one in electric.inputs]
    days = [replace(electric, inputs=tuple(untold)), both]
    year = together(days, BEGIN, BEGIN + timedelta(days=2), Ratio.of("kWh"))
    assert (year.value, year.reason.why) == (None, Why.HEAT_DIFFERS)
    assert together([both, both], BEGIN, BEGIN + timedelta(days=2), Ratio.of("kWh")).alpha == 0.25
