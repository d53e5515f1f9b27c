"""A meter of no known class: nobody knows how far it is off, so nothing that stands on it is confirmed."""

from __future__ import annotations

import json
import re

import pytest

from db.alerts import evidence
from db.metered import metered_points
from db.performance import enpi_values, motor_states
from enms.plant_file import parse_plant
from rules.book import BUNDLED, read_book
from rules.enpi_inputs import enpi_input
from rules.enpi_threshold import replayed
from rules.evidence import digest
from rules.replay import replay
from tests.rules.test_configured import days, furnace
from tests.rules.test_evaluator import DAY, DAY1, FURNACE
from tests.rules.test_threshold import book
from tests.rules.world import PLANTS, World

BARE = re.sub(r", accuracy_class: [\d.]+", "", FURNACE)
NO_NCV = FURNACE.replace("period_s: 3600, accuracy_class: 0.1}", "period_s: 3600}", 1)
MOTOR = (PLANTS / "motor_efficiency.yaml").read_text(encoding="utf-8")
COKE = book("{points: [bf1.coke]}", "{over: 1, resolution: day}", "t")


@pytest.mark.parametrize(
    ("plant", "sure", "unknown"),
    [
        (FURNACE, "confirmed", None),
        (BARE, "possible", ["bf1.bfg", "bf1.bfg.ncv", "bf1.coke", "bf1.output"]),
        (NO_NCV, "possible", ["bf1.bfg.ncv"]),
    ],
)
async def test_a_verdict_on_a_meter_of_no_known_class_is_possible_at_most(db_pool, plant, sure, unknown):
    async with db_pool.acquire() as connection:
        world = await furnace(connection, plant)
        await days(world, 550.0)
        (alert,) = await world.alerts("blast_furnace_energy_day")
        (version,) = await evidence(connection, alert)
        body = json.loads(version.body)
        assert (alert.certainty, body["result"]["certainty"]) == (sure, sure)
        assert body["result"].get("class_unknown") == unknown
        again = replay(version.body, version.sha256)
        assert (again.intact, again.met) == (True, True)
        assert sorted({code for one in body["inputs"] for code in enpi_input(one).unclassed}) == (unknown or [])
        (value,) = await enpi_values(
            connection, world.enterprise.e, "bf1.energy", DAY1, DAY1 + DAY, "day", now=world.clock
        )
        assert (value.limit.certainty, list(value.unclassed)) == (sure, unknown or [])


async def test_a_class_told_later_makes_a_verdict_certain(db_pool):
    async with db_pool.acquire() as connection:
        world = await furnace(connection, NO_NCV)
        await days(world, 550.0)
        await world.change(FURNACE)
        await world.evaluate()
        (alert,) = await world.alerts("blast_furnace_energy_day")
        first, last = await evidence(connection, alert)
        assert alert.certainty == "confirmed"
        assert [json.loads(one.body)["result"]["certainty"] for one in (first, last)] == ["possible", "confirmed"]
        for one in (first, last):  # what was frozen by another wording of the program is judged as ever
            assert replay(one.body, one.sha256).met


@pytest.mark.parametrize(("plant", "sure"), [(FURNACE, "confirmed"), (BARE, "possible")])
async def test_a_points_own_threshold_too(db_pool, plant, sure):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(plant, "x"), [COKE])
        world.ends = dict.fromkeys(world.numbers, DAY1)
        await days(world, 500.0)
        (alert,) = await world.alerts()
        body = await world.body(alert)
        assert alert.certainty == sure
        assert body["result"].get("class_unknown") == (None if sure == "confirmed" else ["bf1.coke"])
        assert replayed(body)[0] is True


async def test_a_day_is_judged_by_the_meter_that_was_there(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(FURNACE, "x"), [COKE])
        world.ends = dict.fromkeys(world.numbers, DAY1)
        await days(world, 500.0, 10.0, 10.0, 500.0)
        await world.change(BARE, DAY1 + 2 * DAY)  # exchanged for one of no known class
        await world.publish("bf1.coke", 501.0, DAY1)  # late, of the day before
        await world.evaluate()
        first, last = await world.alerts()
        assert (first.certainty, last.certainty) == ("confirmed", "possible")
        meters = [(await world.body(alert))["inputs"][0]["meter"] for alert in (first, last)]
        assert [meter["accuracy_class"] for meter in meters] == ["0.5", None]
        assert [meter["step"] for meter in meters] == ["1", "1"]
        assert len(await evidence(connection, first)) == 2


async def test_an_earlier_meter_keeps_its_step_where_the_one_of_today_has_none(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(FURNACE, "x"), [COKE])
        await world.change(re.sub(r"( bf1\.coke,.*), resolution: [\d.]+", r"\1", FURNACE), DAY1 + DAY)
        points = {point.code: point for point in await metered_points(connection, world.enterprise.e)}
        coke = points["bf1.coke"]
        there = [coke.during(start, start + DAY).step for start in (DAY1, DAY1 + DAY)]
        assert (coke.step, there) == (None, [1.0, None])


async def test_a_motors_efficiency_cannot_be_told_by_an_instrument_of_no_known_class(db_pool):
    bare = MOTOR.replace("unit: rpm, accuracy_class: 0.01}", "unit: rpm}")
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(bare, "x"), [read_book(BUNDLED / "motor_efficiency.yaml")])
        for code in ("fan.power", "fan.speed"):
            await world.publish(code, [120.0 if code == "fan.power" else 1490.0] * 96, DAY1)
        await world.evaluate()
        reasons = await connection.fetch("SELECT DISTINCT reason FROM rule_subject WHERE subject = 'fan'")
        assert [row["reason"] for row in reasons] == ["accuracy_class_missing: fan.speed"]


@pytest.mark.parametrize(("told", "unknown"), [(", accuracy_class: 0.5", None), ("", ["fan.power"])])
@pytest.mark.parametrize(("rules", "amount"), [("motors", 12.5), ("motor_overload", 47.5)])
async def test_nor_is_a_motors_load(db_pool, rules, amount, told, unknown):
    plant = (PLANTS / "motors.yaml").read_text(encoding="utf-8").replace(", accuracy_class: 0.5", told)
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(plant, "x"), [read_book(BUNDLED / f"{rules}.yaml")])
        await world.publish("fan.power", [amount] * 12, DAY1)
        await world.evaluate()
        (alert,) = await world.alerts()
        (version,) = await evidence(connection, alert)
        result = json.loads(version.body)["result"]
        sure = None if unknown is None else "possible"
        assert (alert.certainty, result.get("certainty"), result.get("class_unknown")) == (sure, sure, unknown)
        assert [result[end] is None for end in ("low", "high")] == [unknown is not None] * 2
        again = replay(version.body, version.sha256)
        assert (again.intact, again.met) == (True, True)


async def test_evidence_of_a_load_from_before_replays_with_the_range_it_has(db_pool):
    plant = (PLANTS / "motors.yaml").read_text(encoding="utf-8").replace(", accuracy_class: 0.5", "")
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(plant, "x"), [read_book(BUNDLED / "motors.yaml")])
        await world.publish("fan.power", [12.5] * 12, DAY1)
        await world.evaluate()
        (alert,) = await world.alerts()
        body = await world.body(alert)
        for key in ("certainty", "class_unknown"):
            del body["result"][key]
        body["result"] |= {"low": "0.27", "high": "0.3"}
        text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        again = replay(text, digest(text))
        assert (again.intact, again.met) == (True, True)


async def test_a_motors_state_is_told_by_the_meter_that_was_there(db_pool):
    text = (PLANTS / "motors.yaml").read_text(encoding="utf-8")
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(text, "x"), [])
        await world.publish("fan.power", [30.0], DAY1)
        await world.publish("pump.power", [15.0], DAY1)
        loads = {s.motor.code: s.load.load for s in await motor_states(connection, world.enterprise.e, world.clock)}
        assert loads["fan"].low < loads["fan"].factor < loads["fan"].high
        assert (loads["pump"].low, loads["pump"].high, loads["pump"].unclassed) == (None, None, ("pump.power",))
