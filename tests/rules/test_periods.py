"""A statistical period's breach is that period's: its alert ends with it, on evidence of what the period came to."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import accumulate

import pytest

from api.console.alerts import story_line
from api.console.i18n import catalogue
from api.console.words import word
from db.alerts import evidence, transitions
from db.enpi_model import enpi_models
from db.outbox import notifications
from enms.alerts import Closed, Observation, Phase, Truth
from enms.plant_file import parse_plant
from rules.book import BUNDLED, parse_book, read_book
from rules.channels import parse_channels
from rules.desk import Desk
from rules.enpi_watched import Segments
from rules.evaluator import Evaluator
from rules.lifecycle import Memory, Policy, fold
from rules.periods import NO_PERIOD, stands_on
from rules.replay import replay
from tests.rules.world import World

T0 = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
RULE = "statutory_crude_steel_year"
JULY = datetime(2026, 6, 30, 16, tzinfo=UTC)
DAYS = [31, 31, 30, 31, 30, 31, 31, 28]
EDGES = [JULY + n * DAY for n in accumulate(DAYS, initial=0)]
NEW_YEAR, MARCH = EDGES[6], EDGES[8]


def at(day: int) -> datetime:
    return T0 + day * DAY


def steps(text: str) -> list[Observation]:
    """c clear, b clear in the deadband, m met, ? unknown: a step a day."""
    truths = {"c": Truth.CLEAR, "b": Truth.CLEAR, "m": Truth.MET, "?": Truth.UNKNOWN}
    return [Observation(at(i), at(i + 1), truths[said], said == "b") for i, said in enumerate(text)]


def told(text: str, keep: int = 0) -> list[tuple[int, int | None, Closed | None]]:
    """Episodes of steps of which every fourth ends a period."""
    policy = Policy(keep=keep * DAY)
    _, found = fold(Memory(), steps(text), policy, ends=lambda t: (t - T0).days % 4 == 0)
    return [((e.started_at - T0).days, e.resolved_at and (e.resolved_at - T0).days, e.closed) for e in found]


def test_what_is_over_when_its_period_ends_ends_with_it_and_the_next_period_is_another_episode():
    assert told("cmmmmmc") == [(1, 4, Closed.PERIOD_OVER), (4, 7, Closed.CLEARED)]
    assert told("mmmmmmmm") == [(0, 4, Closed.PERIOD_OVER), (4, 8, Closed.PERIOD_OVER)]
    assert told("cccmcc") == [(3, 4, Closed.PERIOD_OVER)]
    assert told("mmcmmm") == [(0, 3, Closed.CLEARED), (3, 4, Closed.PERIOD_OVER), (4, None, None)]


def test_a_period_that_came_to_less_than_the_limit_cleared_whatever_was_waited_for():
    assert told("mmmbcc") == [(0, 4, Closed.CLEARED)]
    assert told("mmmccc", keep=3) == [(0, 4, Closed.CLEARED)]


def test_a_period_whose_end_is_not_known_stays_what_it_was_and_says_so():
    memory, (found,) = fold(Memory(), steps("mm??"), Policy(), ends=lambda t: t == at(4))
    assert (found.closed, found.withheld_since) == (Closed.PERIOD_OVER, at(2))
    assert memory.phase is Phase.INACTIVE


def test_a_fold_in_two_pieces_is_the_whole_fold_over_the_end_of_a_period():
    for cut in range(1, 12):
        whole = steps("cmmmmm?mmbmc")

        def ends(t: datetime) -> bool:
            return (t - T0).days % 4 == 0

        memory, first = fold(Memory(), whole[:cut], Policy(), ends=ends)
        again, second = fold(memory, whole[cut:], Policy(), ends=ends)
        over = [e for e in first if e.resolved_at is not None]
        assert (again, over + second) == fold(Memory(), whole, Policy(), ends=ends)


class Pairs:
    """A period that never ends and closes on every second step."""

    def ends(self, _: datetime) -> bool:
        return False

    def closes(self, instant: datetime) -> bool:
        return (instant - T0).days % 2 == 0


@pytest.mark.parametrize(
    ("text", "day"), [("cmmmmm", 6), ("cmmm?b", 4), ("cmmmbbmmm", 8), ("mc", 1), ("mmmmc", 4), ("ccmccc", 3)]
)
def test_evidence_is_of_the_latest_close_at_which_it_was_over(text, day):
    _, (episode,) = fold(Memory(), steps(text), Policy())
    assert stands_on(episode, steps(text), Pairs()) == at(day)
    assert stands_on(episode, steps(text), NO_PERIOD) == episode.fired_at


# A year against the level that binds ------------------------------------------------------------------------------


@pytest.fixture
async def furnace(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "furnace", [read_book(BUNDLED / "statutory.yaml")])
        world.ends = dict.fromkeys(world.numbers, JULY)
        yield world


async def month(world, number, coke):
    """A month at so many kg of coke a quarter hour, 100 kgce/t less after the gas; the limit is 415."""
    n = DAYS[number] * 96
    points = {"bf1.coke": coke, "bf1.bfg": 875, "bf1.bfg.ncv": 3349.44, "bf1.output": 1, "bf1.re_share": 0}
    for point, value in points.items():
        await world.publish(point, f"{value}*{n}", EDGES[number])
    await world.evaluate()


async def coke(world, number, kilograms):
    await world.publish("bf1.coke", f"{kilograms}*{DAYS[number] * 96}", EDGES[number])
    await world.evaluate()


async def versions(world, alert):
    """(end, provisional, value, verdict) of each version, each judged again from itself."""
    found = []
    for version in await evidence(world.connection, alert):
        body = json.loads(version.body)
        again = replay(version.body, version.sha256)
        assert (again.intact, again.met) == (True, body["result"]["verdict"] == "over")
        assert again.value == pytest.approx(float(body["result"]["value"]))
        end = datetime.fromisoformat(body["window"]["end"])
        found.append((end, body["window"]["provisional"], round(again.value, 1), body["result"]["verdict"]))
    return found


async def test_a_year_that_ended_over_is_a_finding_of_its_own_with_its_final_figure(furnace):
    world = furnace
    for number, kilograms in enumerate([516, 530, 530]):
        await month(world, number, kilograms)
    (alert,) = await world.alerts(RULE)
    assert (alert.state, alert.fired_at, alert.closed) == ("firing", EDGES[1], None)
    assert [v[:2] for v in await versions(world, alert)] == [(EDGES[n], True) for n in (1, 2, 3)]
    for number in (3, 4, 5):
        await month(world, number, 530)
    (alert,) = await world.alerts(RULE)
    assert (alert.state, alert.closed, alert.resolved_at) == ("resolved", "period_over", NEW_YEAR)
    told = await versions(world, alert)
    assert [v[1] for v in told] == [True] * 5 + [False]
    final = (416 * 31 + 430 * 153) / 184
    assert told[-1] == (NEW_YEAR, False, round(final, 1), "over")
    assert alert.value == pytest.approx(final)
    assert await world.steps(alert) == ["firing", *["revised"] * 5, "period_over"]
    # January of the next year is over again: another alert; in February that year's is not any more
    await month(world, 6, 560)
    old, new = await world.alerts(RULE)
    assert (old.id, old.closed, old.resolved_at) == (alert.id, "period_over", NEW_YEAR)
    assert (new.state, new.started_at, new.fired_at) == ("firing", NEW_YEAR, EDGES[7])
    assert await versions(world, new) == [(EDGES[7], True, 460.0, "over")]
    await month(world, 7, 400)
    old, new = await world.alerts(RULE)
    assert (old.closed, new.closed, new.resolved_at) == ("period_over", "cleared", MARCH)
    assert (await versions(world, old))[-1] == told[-1]

    # whatever is told anew, and in whichever order: what the data says now is what stands
    story = await world.story()
    await coke(world, 5, 400)  # December alone brings the year below: it cleared with it
    old, new = await world.alerts(RULE)
    assert (old.closed, old.resolved_at, new.closed) == ("cleared", NEW_YEAR, "cleared")
    assert (await versions(world, old))[-1][0] == EDGES[5]
    await coke(world, 3, 400)  # from October on
    old, _ = await world.alerts(RULE)
    assert (old.closed, old.resolved_at) == ("cleared", EDGES[4])
    assert (await versions(world, old))[-1][0] == EDGES[3]
    await coke(world, 0, 400)
    assert [a.retracted for a in await world.alerts(RULE)] == [True, False]
    for number, kilograms in ((5, 530), (0, 516), (3, 530)):
        await coke(world, number, kilograms)
    assert await world.story() == story
    (old,) = [a for a in await world.alerts(RULE) if not a.retracted and a.closed == "period_over"]
    assert (await versions(world, old))[-1] == told[-1]
    # a weighing of November that came late: the finding's final figure is another
    await coke(world, 4, 540)
    (old,) = [a for a in await world.alerts(RULE) if not a.retracted and a.closed == "period_over"]
    assert (await versions(world, old))[-1] == (NEW_YEAR, False, round(final + 10 * 30 / 184, 1), "over")


async def test_a_year_that_is_over_only_in_the_end_is_raised_and_stays(furnace, tmp_path):
    said = "channels: [{name: hook, url: 'webhook://127.0.0.1:1/', roles: [inspector], allow_private: true}]"
    desk = Desk.of(parse_channels(said, "notify.yaml", tmp_path, "Asia/Shanghai"), "")
    furnace.evaluator = Evaluator([read_book(BUNDLED / "statutory.yaml")], desk=desk)
    for number, kilograms in enumerate([510, 510, 510, 510, 510, 560]):
        await month(furnace, number, kilograms)
    (alert,) = await furnace.alerts(RULE)
    assert (alert.closed, alert.fired_at, alert.resolved_at, alert.late) == ("period_over", NEW_YEAR, NEW_YEAR, False)
    assert await furnace.steps(alert) == ["firing", "period_over"]
    assert [v[:2] for v in await versions(furnace, alert)] == [(NEW_YEAR, False)]
    told = await notifications(furnace.connection, [furnace.enterprise.e], alert=alert.id)
    assert [row.event for row in told[::-1]] == ["raised", "period_over"]


async def test_a_year_whose_end_nobody_knows_is_not_told_to_have_been_over(furnace, tmp_path):
    said = "channels: [{name: hook, url: 'webhook://127.0.0.1:1/', roles: [inspector], allow_private: true}]"
    desk = Desk.of(parse_channels(said, "notify.yaml", tmp_path, "Asia/Shanghai"), "")
    furnace.evaluator = Evaluator([read_book(BUNDLED / "statutory.yaml")], desk=desk)
    for number, kilograms in enumerate([510, 560, 560, 560, "_", "_"]):
        await month(furnace, number, kilograms)
    (alert,) = await furnace.alerts(RULE)
    assert (alert.closed, alert.resolved_at, alert.withheld_since) == ("period_over", NEW_YEAR, EDGES[4])
    assert alert.outcome == "period_withheld"
    kept = await transitions(furnace.connection, alert)
    assert (kept[-1].kind, json.loads(kept[-1].detail)) == ("period_over", {"withheld_since": EDGES[4].isoformat()})
    titles = {language: word(catalogue(language), "closed", alert.outcome) for language in ("zh", "en")}
    assert titles == {"zh": "统计期满，无法判定", "en": "period ended, verdict withheld"}
    assert story_line(kept[-1], alert, catalogue("en")).what == "Period ended, verdict withheld"
    # what was missing comes: now it is known, and told to those who heard that it was not
    for number in (4, 5):
        await coke(furnace, number, 560)
    (alert,) = await furnace.alerts(RULE)
    assert (alert.closed, alert.withheld_since, alert.outcome) == ("period_over", None, "period_over")
    assert (await versions(furnace, alert))[-1][0] == NEW_YEAR
    told = await notifications(furnace.connection, [furnace.enterprise.e], alert=alert.id)
    ends = [row.title.split("]")[0] for row in told[::-1] if row.event == "period_over"]
    assert ends == ["[统计期满，结论保留 · 严重", "[统计期满仍超限 · 严重"]


# A month in which the edition changes ----------------------------------------------------------------------------

OXIDES = """
enterprise: {code: oxides, name: {zh: 氧化物, en: Oxides}, industry: rare_earth, month_starts_day: 25}
factors:
  - {carrier: coke, unit: kg, kgce: 1.0, source: round figures for tests}
processes:
  - {code: line, name: {zh: 一号线, en: Line}, kind: other, commissioned: 2006-05-01}
points:
  - {code: coke, process: line, carrier: coke, reading: register, unit: kg, accuracy_class: 0.5}
  - {code: output, process: line, role: output, reading: interval, unit: t, period_s: 3600, accuracy_class: 0.5}
enpis:
  - {code: line.energy, process: line, limit: {standard: GB 29435, item: mixed_ore_oxide_prnd}, energy: [{point: coke}],
     output: [output]}
"""


async def test_an_edition_that_ends_within_a_month_is_judged_to_its_last_day(db_pool):
    begin, switch = datetime(2026, 11, 24, 16, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC)
    december, year_end = begin + 30 * DAY, datetime(2027, 1, 24, 16, tzinfo=UTC)
    rule = "statutory_rare_earth_year"
    async with db_pool.acquire() as connection:
        # the year began in January; its last weeks will do here
        text = (BUNDLED / "statutory.yaml").read_text(encoding="utf-8")
        text = text.replace("min_completeness: 0.9", "min_completeness: 0.05")
        book = parse_book(text, "own.yaml")
        world = await World.build(connection, parse_plant(OXIDES, "oxides.yaml"), [book])
        await world.publish("output", f"1*{61 * 96}", begin)
        # 2710 was allowed until the switch, 1690 is after it
        await world.publish("coke", f"2600*{30 * 96} 3600*{7 * 96} 1700*{24 * 96}", begin)
        await world.evaluate()
        old, new = await world.alerts(rule)
        assert (old.started_at, old.fired_at, old.closed) == (december, switch, "period_over")
        assert await versions(world, old) == [(switch, False, round((2600 * 30 + 3600 * 7) / 37, 1), "over")]
        assert (new.started_at, new.fired_at, new.closed) == (switch, year_end, "period_over")
        assert await versions(world, new) == [(year_end, False, 1700.0, "over")]
        assert (old.limit_value, new.limit_value) == (2710, 1690)
        story = await world.story()
        await world.publish("coke", f"2600*{7 * 96}", december)
        await world.evaluate()
        assert [a.retracted for a in await world.alerts(rule)] == [True, False]
        await world.publish("coke", f"3600*{7 * 96}", december)
        await world.evaluate()
        assert await world.story() == story


async def test_the_grid_of_a_year_has_an_edge_where_an_edition_ends(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(OXIDES, "oxides.yaml"))
        (model,) = await enpi_models(connection, world.enterprise)
    grid = Segments(model)
    december, switch = datetime(2026, 12, 24, 16, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC)
    january = datetime(2027, 1, 24, 16, tzinfo=UTC)
    assert grid.steps(december, january) == [(december, switch), (switch, january)]
    assert (grid.floor(switch), grid.ceil(switch)) == (switch, switch)
    assert (grid.floor(switch - DAY), grid.ceil(switch - DAY)) == (december, switch)
    assert (grid.floor(switch + DAY), grid.ceil(switch + DAY)) == (switch, january)
    assert [grid.ends(t) for t in (december, switch, january)] == [False, True, True]
