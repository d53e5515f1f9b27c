"""EnPIs from a real ledger: spans, boundaries, heating values, corrections, what was known when."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from db.corrections import enter_input, withdraw_input
from db.enpi_model import enpi_models
from db.performance import Asked, enpi_values, values_of, values_of_many
from db.recorded import recorded_now
from db.statements import statements
from enms.cuts import Cut
from enms.enpi_reasons import Why
from enms.enpi_verdict import Verdict
from enms.errors import ConflictError, NotFoundError
from enms.performance import State
from enms.plant_file import parse_plant
from rules.enpi_watched import enpi_subject
from tests.rules.world import PLANTS, QUARTER, World
from tests.waiting import eventually

# 2 November 2026, 0:00 in Shanghai.
DAY1 = datetime(2026, 11, 1, 16, tzinfo=UTC)
DAY = timedelta(days=1)
FAR = DAY1 + 400 * DAY
FURNACE = (PLANTS / "furnace.yaml").read_text(encoding="utf-8")


@pytest.fixture
async def world(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "furnace")
        world.ends = dict.fromkeys(world.numbers, DAY1)
        yield world


async def days(world, days=1, coke=500.0, output=1.0, share=0.0):
    quarters = int(96 * days)
    await world.publish("bf1.coke", [coke] * quarters)
    await world.publish("bf1.bfg", [875.0] * quarters)
    await world.publish("bf1.bfg.ncv", [3349.44] * quarters)
    await world.publish("bf1.output", [output] * quarters)
    await world.publish("bf1.re_share", [share] * quarters)


async def values(world, resolution, start=DAY1, end=DAY1 + DAY, **more):
    now = more.pop("now", FAR)
    return await enpi_values(
        world.connection, world.enterprise.e, "bf1.energy", start, end, resolution, now=now, **more
    )


async def test_a_day_with_all_it_stands_on(world):
    await days(world)
    (day,) = await values(world, "day")
    assert (day.start, day.end, day.provisional) == (DAY1, DAY1 + DAY, False)
    assert day.value == pytest.approx(400, rel=1e-4)
    assert (day.energy_kgce, day.output, day.output_unit) == (pytest.approx(38_400, rel=1e-4), 96.0, "t")
    assert (day.completeness, day.estimated_share, day.state) == (1.0, 0.0, State.KNOWN)
    assert (day.limit.verdict, day.limit.limit, day.limit.levels) == (Verdict.WITHIN, 415.0, (361.0, 370.0, 415.0))
    coke, bfg, _ = day.inputs
    assert (coke.conversion.by, coke.conversion.kgce_per_amount, coke.meter.step) == ("site_factor", 1.0, 1.0)
    assert (bfg.conversion.by, bfg.conversion.ncv, bfg.sign) == ("heating_value", "bf1.bfg.ncv", -1)
    assert bfg.conversion.kgce_per_amount == pytest.approx(3349.44 / 29_307.6)


async def test_spans_of_every_kind(world):
    await days(world, 2)
    shifts = await values(world, "shift")
    assert [(v.start - DAY1) / timedelta(hours=1) for v in shifts] == [0, 8, 16]
    assert len(await values(world, "1h")) == 24
    rolling = await values(world, "rolling24h", DAY1, DAY1 + 2 * DAY)
    assert len(rolling) == 48
    assert (rolling[23].start, rolling[-1].end) == (DAY1, DAY1 + 2 * DAY)
    assert [v.completeness for v in rolling] == pytest.approx([min(i / 24, 1.0) for i in range(1, 49)])
    assert all(v.value == pytest.approx(400, rel=1e-4) for v in (*shifts, *rolling))
    assert (rolling[0].output, rolling[0].limit.verdict) == (4.0, Verdict.UNKNOWN)
    (month,) = await values(world, "month")
    assert month.provisional
    assert month.value == pytest.approx(400, rel=1e-4)
    assert month.output == 192


async def test_a_span_that_is_not_over_counts_what_is_closed(world):
    await days(world, 0.5)
    (day,) = await values(world, "day")
    assert (day.provisional, day.output, day.completeness) == (True, 48.0, 1.0)
    (until,) = await values(world, "day", now=DAY1 + timedelta(hours=6, minutes=7))
    assert until.output == 24


async def test_what_was_known_then(world):
    await days(world)
    before = world.clock
    await world.publish("bf1.coke", [600.0] * 96, DAY1)
    (now,), (then,) = await values(world, "day"), await values(world, "day", as_of=before)
    assert now.value == pytest.approx(500, rel=1e-4)
    assert then.value == pytest.approx(400, rel=1e-4)


async def test_gas_without_its_heating_value_is_unknown_not_the_tables(world):
    await days(world)
    await world.connection.execute("DELETE FROM interval WHERE p = $1", world.numbers["bf1.bfg.ncv"])
    (day,) = await values(world, "day")
    assert (day.state, day.reason.why, day.reason.names) == (State.UNKNOWN, Why.NCV_MISSING, ("bf1.bfg",))
    assert (day.limit.verdict, day.limit.reason.why) == (Verdict.UNKNOWN, Why.NCV_MISSING)


async def test_a_gap_in_the_heating_value_is_a_gap_in_the_energy(world):
    await days(world)
    await world.connection.execute(
        "DELETE FROM interval WHERE p = $1 AND start < $2", world.numbers["bf1.bfg.ncv"], DAY1 + 24 * QUARTER
    )
    (day,) = await values(world, "day")
    assert day.completeness == pytest.approx(0.75)
    assert day.value == pytest.approx(400, rel=1e-4)
    assert (day.limit.verdict, day.limit.reason.names) == (Verdict.UNKNOWN, ("bf1.bfg",))


async def test_a_boundary_holds_for_its_time(world):
    await days(world, 3)
    without_gas = FURNACE.replace(
        "energy: [{point: bf1.coke}, {point: bf1.bfg, sign: -1}]", "energy: [{point: bf1.coke}]"
    )
    await world.change(without_gas, effective_from=DAY1 + 1.5 * DAY)
    first, second, third = await values(world, "day", DAY1, DAY1 + 3 * DAY)
    assert first.value == pytest.approx(400, rel=1e-4)
    assert second.value == pytest.approx(450, rel=1e-4)
    assert third.value == pytest.approx(500)
    assert [i.point for i in third.inputs] == ["bf1.coke", "bf1.output"]


async def test_virtual_points_are_taken_apart(db_pool):
    text = FURNACE.replace(
        "energy: [{point: bf1.coke}, {point: bf1.bfg, sign: -1}]", "energy: [{point: bf1.net}]"
    ).replace(
        "enpis:",
        "  - {code: bf1.coke2, process: bf1, carrier: coke, reading: register, unit: kg}\n"
        "  - {code: bf1.net, process: bf1, carrier: coke, virtual: [{point: bf1.coke}, {point: bf1.coke2, sign: -1}]}\n"
        "enpis:",
    )
    from enms.plant_file import parse_plant

    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(text, "x"))
        world.ends = dict.fromkeys(world.numbers, DAY1)
        await days(world)
        await world.publish("bf1.coke2", [100.0] * 96)
        (day,) = await values(world, "day")
    assert day.value == pytest.approx(400)
    assert [(i.point, i.sign) for i in day.inputs] == [("bf1.coke", 1), ("bf1.coke2", -1), ("bf1.output", 1)]


async def test_never_finer_than_the_coarsest_input(world):
    await days(world, 2)
    by_shift = FURNACE.replace("unit: t, period_s: 3600", "unit: t, period_s: 28800")
    await world.change(by_shift)
    with pytest.raises(ConflictError, match="finer"):
        await values(world, "1h")
    assert len(await values(world, "shift")) == 3
    assert [(v.end - DAY1) / DAY for v in await values(world, "rolling24h", DAY1, DAY1 + 2 * DAY)] == pytest.approx(
        [1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2]
    )


async def test_a_point_that_came_into_service_later_is_not_missing_before(world):
    later = (DAY1 + 0.5 * DAY).isoformat()
    await world.change(FURNACE.replace("ncv: bf1.bfg.ncv,", f"ncv: bf1.bfg.ncv, in_service_from: '{later}',"))
    await world.publish("bf1.coke", [500.0] * 96)
    await world.publish("bf1.bfg", [875.0] * 48, DAY1 + 0.5 * DAY)
    await world.publish("bf1.bfg.ncv", [3349.44] * 96)
    await world.publish("bf1.output", [1.0] * 96)
    (day,) = await values(world, "day")
    assert day.completeness == 1
    assert day.value == pytest.approx(450, rel=1e-4)


async def test_the_ore_share_is_a_mean_and_missing_it_gives_no_verdict(world):
    await days(world, coke=520.0)
    (day,) = await values(world, "day")
    assert day.limit.verdict is Verdict.OVER
    await world.publish("bf1.re_share", [60.0] * 48, DAY1)
    (day,) = await values(world, "day")
    assert (day.limit.verdict, day.limit.limit) == (Verdict.WITHIN, 424)
    await world.connection.execute("DELETE FROM interval WHERE p = $1", world.numbers["bf1.re_share"])
    (day,) = await values(world, "day")
    assert day.value == pytest.approx(420, rel=1e-4)
    assert (day.limit.verdict, str(day.limit.reason)) == (
        Verdict.UNKNOWN,
        "correction_input_missing: rare_earth_ore_pct",
    )


async def test_idle_keeps_its_energy_in_the_month(world):
    await days(world, coke=500.0)
    await days(world, coke=100.0, output=0.0)
    first, second = await values(world, "day", DAY1, DAY1 + 2 * DAY)
    assert (first.state, second.state, second.reason.why) == (State.KNOWN, State.IDLE, Why.IDLE)
    (month,) = await values(world, "month")
    assert month.energy_kgce == pytest.approx(first.energy_kgce + second.energy_kgce)
    assert month.output == 96


async def test_names_and_resolutions_nobody_knows(world):
    with pytest.raises(NotFoundError, match="no EnPI"):
        await enpi_values(world.connection, world.enterprise.e, "x", DAY1, FAR, "day", now=FAR)
    with pytest.raises(NotFoundError, match="no enterprise"):
        await enpi_values(world.connection, 99, "x", DAY1, FAR, "day", now=FAR)
    with pytest.raises(ConflictError, match="unknown resolution"):
        await values(world, "decade")
    assert await values(world, "day") == []


async def test_many_at_once_say_what_each_says_by_itself(world):
    await days(world, 5, share=0.2)
    (model,) = await enpi_models(world.connection, world.enterprise)
    end = DAY1 + 5 * DAY
    spans = [("day", DAY1, end), ("shift", DAY1, DAY1 + DAY), ("month", DAY1, end), ("day", DAY1, DAY1 + 2 * DAY)]
    asked = [Asked(model, start, until, cut, until) for cut, start, until in spans]
    asked.insert(2, Asked(model, DAY1, end, "decade", end))
    found = await values_of_many(world.connection, asked, by_days=True)
    assert isinstance(found.pop(2), ConflictError)
    for (cut, start, until), values in zip(spans, found, strict=True):
        assert values == await values_of(world.connection, model, start, until, cut, now=until, by_days=True)
    assert [len(values) for values in found] == [5, 3, 1, 2]


async def test_rules_judge_anew_from_the_first_day_of_an_entered_or_withdrawn_input(world):
    await days(world, 1)
    entered, withdrawn = FAR, FAR + DAY
    day = DAY1.astimezone(ZoneInfo("Asia/Shanghai")).date()
    number = await enter_input(
        world.connection, world.enterprise, enpi="bf1.energy", name="ore_grade_pct", value=57.0, since=day, until=None,
        evidence="lab", actor="w", now=entered,
    )  # fmt: skip
    (model,) = await enpi_models(world.connection, world.enterprise)
    assert [d.value for d in model.declared if d.input == "ore_grade_pct"][-1:] == [57.0]
    assert (entered, DAY1) in enpi_subject(model, Cut.DAY, "day").configured
    await withdraw_input(world.connection, world.enterprise, number, actor="w", now=withdrawn)
    (model,) = await enpi_models(world.connection, world.enterprise)
    subject = enpi_subject(model, Cut.DAY, "day")
    assert subject.configured_at == withdrawn
    assert (withdrawn, DAY1) in subject.configured


async def test_who_enters_an_input_waits_for_an_instant_with_nothing_in_hand(world, db_pool):
    """Whoever records a configuration may enter something by hand then: neither waits for the other."""
    entering = statements("hand").one_at_a_time
    async with db_pool.acquire() as other, db_pool.acquire() as second:
        async with second.transaction():
            await recorded_now(second, FAR)
            said = {"enpi": "bf1.energy", "name": "ore_grade_pct", "value": 57.0, "since": DAY1.date(), "until": None}
            task = asyncio.create_task(
                enter_input(other, world.enterprise, **said, evidence="lab", actor="w", now=FAR + DAY)
            )

            async def waits():
                pid = other.get_server_pid()
                return await second.fetchval("SELECT cardinality(pg_blocking_pids($1)) > 0", pid)

            await eventually(waits)
            await asyncio.wait_for(entering(second, e=world.enterprise.e), 5)
        assert await task > 0


async def test_where_days_begin_at_eight_the_last_one_of_an_edition_does_not_straddle(db_pool):
    async with db_pool.acquire() as connection:
        plant = parse_plant(FURNACE.replace("industry: steel", 'industry: steel, day_starts: "08:00"', 1), "eight")
        world = await World.build(connection, plant)
        # 30 June 2026, 8:00 in Shanghai; GB 21256-2026 holds from 1 July
        eight = datetime(2026, 6, 30, tzinfo=UTC)
        world.ends = dict.fromkeys(world.numbers, eight)
        await days(world, 2)
        last, first = await values(world, "day", eight, eight + 2 * DAY)
    assert (last.limit.verdict, last.limit.reason.why) == (Verdict.UNKNOWN, Why.NO_EDITION)
    assert (first.limit.verdict, first.limit.limit) == (Verdict.WITHIN, 415.0)
