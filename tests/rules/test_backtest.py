"""What would have been raised is what was raised: the same conditions and lifecycle, and nothing is written."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from cli.backtest import _tell as tell
from enms.backtest import Backtest, nothing_judged, plain
from enms.errors import InputError, RuleBookError
from rules.backtest import backtest, backtests
from rules.book import BUNDLED, read_books, rule_of, sound_rules
from rules.definition import Rule
from tests.rules.world import QUARTER, World

DAY1 = datetime(2026, 11, 1, 16, tzinfo=UTC)
DAY = timedelta(days=1)
RULES = {rule.id: rule for rule in sound_rules(read_books([BUNDLED]))}


@pytest.fixture
async def mill(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "motors")
        world.ends = dict.fromkeys(world.numbers, DAY1)
        yield world


async def asked(world: World, rule: Rule, start: datetime = DAY1, end: datetime = DAY1 + 400 * DAY) -> Backtest:
    return await backtest(world.connection, world.enterprise, rule, start, end)


def told(found: Backtest) -> list[tuple[object, ...]]:
    episodes = [(s.subject, p.episode, p.value, p.limit) for s in found.subjects for p in s.episodes]
    return sorted(
        ((code, e.started_at, e.fired_at, e.resolved_at, value, limit) for code, e, value, limit in episodes),
        key=lambda row: row[:2],
    )


def other(rule: Rule, **changes: object) -> Rule:
    return rule_of(rule.model_dump(mode="json", by_alias=True) | changes)


@pytest.mark.parametrize("seed", range(3))
async def test_it_tells_what_the_evaluator_recorded(mill, seed):
    dice = random.Random(seed)
    for _ in range(6):
        for point, high in (("fan.power", 30), ("pump.power", 15)):
            some = [dice.choice([None, 0.0, high / 8, high / 3, high]) for _ in range(5)]
            await mill.publish(point, [v for v in some for _ in range(dice.randint(1, 6))])
        await mill.evaluate()
    for rule in ("motor_underload", "motor_idle"):
        recorded = [
            (a.subject, a.started_at, a.fired_at, a.resolved_at, a.value, a.limit_value)
            for a in await mill.alerts(rule)
        ]
        assert told(await asked(mill, RULES[rule])) == sorted(recorded)
    counts = "SELECT (SELECT count(*) FROM alert), (SELECT count(*) FROM verdict), (SELECT count(*) FROM transition)"
    before = await mill.connection.fetchrow(counts)
    await asked(mill, RULES["motor_idle"])
    assert await mill.connection.fetchrow(counts) == before


async def test_side_by_side_is_one_by_one(mill, monkeypatch):
    """Figures of their own on shared readings: each rule is told what it is told alone, whatever is held."""
    dice = random.Random(5)
    for _ in range(8):
        for point, high in (("fan.power", 30), ("pump.power", 15)):
            await mill.publish(point, [dice.choice([None, 0.0, high / 8, high / 3, high]) for _ in range(60)])
    light = RULES["motor_underload"]
    said = light.model_dump(mode="json")["condition"]
    rules = [other(light, id=f"light_{n}", condition={**said, "load_factor_below": n / 10}) for n in range(2, 7)]
    rules += [one for one in RULES.values() if one.kind in {"motor_idle", "data_quality", "motor_overload"}]
    alone = [await asked(mill, rule) for rule in rules]
    assert sum(found.alerts for found in alone) > len(rules)
    for held in (200_000, 200, 0):
        monkeypatch.setattr("rules.facts._MOST", held)
        assert await backtests(mill.connection, mill.enterprise, rules, DAY1, DAY1 + 400 * DAY) == alone


async def test_how_long_how_often_and_what_was_withheld(mill):
    # light for an hour, nothing for two, light again, sound for two hours, light for an hour
    await mill.publish("fan.power", "30*4 10*4 _*8 10*4 30*8 10*4 30*8")
    found = await asked(mill, RULES["motor_underload"])
    fan = next(s for s in found.subjects if s.subject == "fan")
    first, second = fan.episodes
    assert first.lasts(fan.end) == 18 * QUARTER  # keeps firing for half an hour
    assert (fan.unknown, fan.withheld) == (8 * QUARTER, 8 * QUARTER)
    assert (fan.met, fan.clear) == (12 * QUARTER, 20 * QUARTER)
    assert fan.flaps == 1
    assert second.value == pytest.approx(0.23, abs=0.01)
    assert fan.a_month == pytest.approx(2 * 30.4375 * 96 / 40)
    assert found.alerts == 2
    assert not found.as_known_now


async def test_another_figure_raises_something_else(mill):
    await mill.publish("fan.power", "30*4 10*6 30*8")
    rule = RULES["motor_underload"]
    low = {**rule.model_dump(mode="json")["condition"], "load_factor_below": 0.2}
    assert (await asked(mill, rule)).alerts == 1
    assert (await asked(mill, other(rule, condition=low))).alerts == 0
    assert (await asked(mill, other(rule, **{"for": "2h"}))).alerts == 0


async def test_only_what_is_closed_and_within_the_span_counts(mill):
    await mill.publish("fan.power", "10*8")
    found = await asked(mill, RULES["motor_underload"], DAY1 + 2 * QUARTER, DAY1 + 4 * QUARTER)
    fan, pump = (next(s for s in found.subjects if s.subject == code) for code in ("fan", "pump"))
    assert (fan.start, fan.end) == (DAY1 + 2 * QUARTER, DAY1 + 4 * QUARTER)
    assert [p.episode.resolved_at for p in fan.episodes] == [None]
    assert fan.longest == 2 * QUARTER
    assert (pump.a_month, pump.episodes) == (None, ())


async def test_more_than_allowed_is_refused(mill):
    await mill.publish("fan.power", "10*80")
    with pytest.raises(InputError, match="80 judgements, at most 79"):
        await backtest(mill.connection, mill.enterprise, RULES["motor_idle"], DAY1, DAY1 + DAY, most_steps=79)


async def test_where_every_answer_is_unknown_it_says_so_and_mostly_why(mill, capsys):
    """As where nothing was judged: nothing raised is not that nothing would have been."""
    await mill.publish("fan.power", "_*40 10*4")
    found = await asked(mill, RULES["motor_idle"], DAY1, DAY1 + 40 * QUARTER)
    assert (found.steps > 0, found.alerts, found.a_month) == (True, 0, None)
    assert (
        nothing_judged(found) == f"nothing could be judged: each of {found.steps} answers is unknown, mostly incomplete"
    )
    assert plain(found)["nothing_judged"] == nothing_judged(found)
    tell(found)
    assert "10.0 h, mostly incomplete" in capsys.readouterr().out
    part = await asked(mill, RULES["motor_idle"], DAY1, DAY1 + 44 * QUARTER)
    assert nothing_judged(part) is None
    tell(part)
    assert capsys.readouterr().out.startswith("motor_idle: 0 alerts on 0 of 3 subjects")


async def test_silence_says_that_it_sees_the_past_as_it_is_now(mill):
    await mill.publish("fan.power", "10*4 _*4 10*4")
    found = await asked(mill, RULES["meter_silent"])
    assert found.as_known_now
    assert [(row[0], row[1]) for row in told(found)] == [("fan.power", DAY1 + 4 * QUARTER)]


def test_every_mistake_of_a_rule_is_told():
    entry = RULES["motor_idle"].model_dump(mode="json", by_alias=True)
    entry |= {"severity": "loud", "for": "soon", "condition": {"load_factor_below": -1}}
    with pytest.raises(RuleBookError) as caught:
        rule_of(entry)
    assert {m.place for m in caught.value.mistakes} == {"severity", "for", "condition.load_factor_below"}


JULY = datetime(2026, 6, 30, 16, tzinfo=UTC)


async def test_where_nothing_is_judged_it_says_so_and_by_the_month_a_year_is_usual(db_pool, capsys):
    year = RULES["statutory_crude_steel_year"]
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "furnace")
        world.ends = dict.fromkeys(world.numbers, JULY)
        for point, value in (
            ("bf1.coke", 550.0),
            ("bf1.bfg", 875),
            ("bf1.bfg.ncv", 3349.44),
            ("bf1.output", 1),
            ("bf1.re_share", 0.0),
        ):
            await world.publish(point, [value] * 96 * 35)
        end = JULY + timedelta(days=40)
        part = await asked(world, year, JULY + timedelta(days=9), end)
        usual = await backtest(connection, world.enterprise, year, None, end)
        daily = await backtest(connection, world.enterprise, RULES["blast_furnace_energy_day"], None, end)
        elsewhere = await asked(world, RULES["motor_idle"])
    assert (part.steps, part.alerts, part.length, part.a_month) == (0, 0, "month", None)
    assert nothing_judged(part) == "nothing was judged: no whole month in this span is closed and has readings"
    assert plain(part)["nothing_judged"] == nothing_judged(part)
    assert (usual.start, usual.steps, usual.alerts) == (end - timedelta(days=366), 1, 1)
    assert nothing_judged(usual) is None
    assert (daily.start, daily.length, daily.steps) == (end - timedelta(days=31), "day", 26)
    assert nothing_judged(elsewhere) == "nothing was judged: there is nothing here that the rule watches"
    for found, said in ((part, "nothing was judged: no whole month"), (usual, "1 alerts on 1 of 1 subjects")):
        tell(found)
        assert capsys.readouterr().out.startswith(f"statutory_crude_steel_year: {said}")
