"""The district's supply coal rate: one cursor of its own, all plants' units, unknown where one of them is."""

from __future__ import annotations

import asyncio

import pytest

from db import plants
from db.alerts import evidence
from db.rules import subjects
from enms.errors import InputError, NotFoundError, PlantFileError
from enms.plant_file import parse_plant
from rules.backtest import backtest
from rules.book import BUNDLED, parse_book, read_books
from rules.evaluator import Evaluator
from rules.replay import replay
from tests.rules.test_service import announce, service
from tests.rules.test_supply_coal import BOOK, DAY, EVERYTHING, MONDAY
from tests.rules.world import PLANTS, World
from tests.waiting import eventually

# A day of the year is enough for these tests.
SOON = parse_book(
    BOOK.replace("plan_supply_coal, min_completeness: 0.9", "plan_supply_coal, min_completeness: 0.002"), "x"
)
BESIDE = {"coal.ncv": 29.3076, "u1.coal": 12.0, "u1.gen": 37.5, "u1.aux": 3.0}
RATE = (13.8 * 0.875 + 12.0 + 12.0) / (3 * 34.5) * 1e3


@pytest.fixture
async def district(db_pool):
    async with db_pool.acquire() as connection:

        async def build(book=SOON, days=1):
            here, there = [await World.build(connection, name, [book]) for name in ("coal", "coal_beside")]
            for world, figures in ((here, EVERYTHING), (there, BESIDE)):
                for code, value in figures.items():
                    await world.publish(code, [value] * (96 * days), MONDAY)
            return here, there

        yield build


async def judge(*worlds):
    for world in worlds:
        await world.evaluate()
    return await worlds[0].evaluate_district()


async def of_district(world):
    return await world.alerts("coal_district_year", everybody=True)


async def test_every_plants_units_stand_in_the_evidence_and_it_replays(district):
    worlds = await district()
    await judge(*worlds)
    (alert,) = await of_district(worlds[0])
    assert (alert.enterprise, alert.subject, alert.state) == ("district", "district", "firing")
    assert (alert.value, alert.limit_value, alert.fired_at) == (pytest.approx(RATE), 305, MONDAY + DAY)
    (version,) = await evidence(worlds[0].connection, alert)
    body = await worlds[0].body(alert)
    assert [(one["code"], one["known"], one["days"]) for one in body["units"]] == [
        ("beside/u1", "1", "365"),
        ("station/u1", "1", "365"),
        ("station/u2", "1", "365"),
    ]
    assert {(one["enterprise"], one["generating_unit"]) for one in body["inputs"]} == {
        ("beside", "beside/u1"),
        ("station", "station/u1"),
        ("station", "station/u2"),
    }
    assert float(body["result"]["completeness"]) == pytest.approx(1 / 365)
    again = replay(version.body, version.sha256)
    assert (again.intact, again.met, again.limit) == (True, True, 305)
    assert again.value == pytest.approx(alert.value, rel=1e-9)


async def test_plants_hold_no_district_rule_and_the_district_none_of_theirs(district):
    worlds = await district()
    await judge(*worlds)
    connection = worlds[0].connection
    row = await plants.owner(connection, "district")
    assert {one.rule for one in await subjects(connection, row.e, None)} == {"coal_district_year"}
    of_plant = {one.rule for one in await subjects(connection, worlds[0].enterprise.e, None)}
    assert of_plant == {"coal_fleet_year", "coal_unit_day"}
    assert "district" not in [one.code for one in await plants.enterprises(connection)]
    with pytest.raises(NotFoundError):
        await plants.enterprise(connection, "district")


async def test_unknown_names_the_unit_that_is_not_known_well_enough(district):
    worlds = await district(read_books([BUNDLED])[[b.name for b in read_books([BUNDLED])].index("coal.yaml")])
    await judge(*worlds)
    row = await plants.owner(worlds[0].connection, "district")
    (stands,) = await subjects(worlds[0].connection, row.e, "coal_district_year")
    assert (stands.truth, stands.reason) == (2, "too_few_days: beside/u1 1/365: fuel_missing: u1.coal")
    assert await of_district(worlds[0]) == []


async def test_late_data_of_any_plant_is_judged_again_once(district):
    here, there = await district()
    await judge(here, there)
    await there.publish("u1.coal", [12.5] * 96, MONDAY)
    await there.evaluate()
    row = await plants.owner(here.connection, "district")
    waiting = "SELECT count(*) FROM ledger_change WHERE e = $1"
    assert await here.connection.fetchval(waiting, row.e) == 1
    await here.evaluate_district()
    assert await here.connection.fetchval(waiting, row.e) == 0
    (alert,) = await of_district(here)
    assert await here.steps(alert) == ["firing", "revised"]
    assert alert.value == pytest.approx((13.8 * 0.875 + 12.0 + 12.5) / (3 * 34.5) * 1e3)
    assert [version.version for version in await evidence(here.connection, alert)] == [1, 2]
    for code in ("u1.coal",):
        await there.publish(code, [5.0] * 96, MONDAY)
    await judge(here, there)
    (alert,) = await of_district(here)
    assert (alert.state, alert.closed) == ("resolved", "retracted")


async def test_two_evaluators_never_fire_twice(district, db_pool):
    here, there = await district()
    await here.evaluate()
    await there.evaluate()
    row = await here.evaluator.district(here.connection, here.tick())
    async with db_pool.acquire() as second, db_pool.acquire() as third:
        now, others = here.tick(), [Evaluator([SOON]), Evaluator([SOON])]
        async with second.transaction():
            await second.execute("INSERT INTO rule_cursor (e) VALUES ($1) ON CONFLICT DO NOTHING", row.e)
        async with second.transaction():
            await second.execute("SELECT FROM rule_cursor WHERE e = $1 FOR UPDATE", row.e)
            assert (await others[0].evaluate(third, row, now)).busy
        outcomes = await asyncio.gather(
            here.evaluator.evaluate(here.connection, row, now),
            others[0].evaluate(second, row, now),
            others[1].evaluate(third, row, now),
        )
        for evaluator, connection in zip([*others, here.evaluator], (second, third, here.connection), strict=True):
            await evaluator.evaluate(connection, row, now)
    assert not any(outcome.failed for outcome in outcomes)
    (alert,) = await of_district(here)
    assert await here.steps(alert) == ["firing"]


async def test_a_group_is_the_plants_a_rule_names(district):
    text = BOOK.replace("plan_supply_coal, min_completeness: 0.9", "plan_supply_coal, min_completeness: 0.002")
    text = text.replace("condition: {of: district", "watches: {enterprises: [beside]}\n    condition: {of: district")
    worlds = await district(parse_book(text, "group"))
    await judge(*worlds)
    (alert,) = await of_district(worlds[0])
    assert (alert.enterprise, alert.subject) == ("district", "group")
    assert alert.value == pytest.approx(12.0 / 34.5 * 1e3)


async def test_a_book_without_the_rule_ends_its_alert(district):
    worlds = await district()
    await judge(*worlds)
    worlds[0].evaluator = Evaluator([parse_book(BOOK[: BOOK.index("  - id: coal_district_year")], "fewer")])
    await worlds[0].evaluate_district()
    (alert,) = await of_district(worlds[0])
    assert (alert.state, alert.closed) == ("resolved", "ended")


async def test_without_generating_units_there_is_no_district(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "motors", [SOON])
        assert await world.evaluate_district() == []
        assert [row.code for row in await plants.owners(connection)] == [world.enterprise.code]


async def test_the_rules_loop_judges_the_district_after_its_plants(district, db_pool):
    worlds = await district()
    await judge(*worlds)
    (before,) = await of_district(worlds[0])

    # the loop reads the bundled book, whose rule wants nine tenths of a year: its own wording takes over
    class Nobody:
        async def publish(self, topic, payload):
            pass

    async with service(db_pool, Nobody()):
        await announce(worlds[0])
        row = await plants.owner(worlds[0].connection, "district")

        async def judged():
            return await worlds[0].connection.fetchval(
                "SELECT version FROM rule_version WHERE e = $1 AND rule = 'coal_district_year' AND retired_at IS NULL"
                " AND version > 1",
                row.e,
            )

        await eventually(judged)
    (after,) = await of_district(worlds[0])
    assert after.id == before.id


async def test_a_backtest_is_of_the_district_too_and_mixes_nothing(district):
    worlds = await district()
    connection = worlds[0].connection
    row = await worlds[0].evaluator.district(connection, worlds[0].tick())
    rule = next(rule for rule in SOON.rules if rule.id == "coal_district_year")
    found = await backtest(connection, row, rule, MONDAY, MONDAY + DAY)
    ((episode,),) = [one.episodes for one in found.subjects]
    assert episode.value == pytest.approx(RATE)
    with pytest.raises(InputError, match="judged on a district"):
        await backtest(connection, worlds[0].enterprise, rule, MONDAY, MONDAY + DAY)


def test_no_plant_is_called_district():
    text = (PLANTS / "coal_beside.yaml").read_text(encoding="utf-8").replace("code: beside,", "code: district,")
    with pytest.raises(PlantFileError, match="stands for all plants together"):
        parse_plant(text, "district.yaml")
