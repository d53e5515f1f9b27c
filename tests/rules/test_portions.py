"""A past that is judged, or judged again, in pieces: the same alerts, transitions and evidence as in one go."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from db.alerts import evidence
from enms.plant_file import parse_plant
from rules.book import parse_book
from rules.evaluator import Evaluator, condition_of
from rules.replay import replay
from tests.rules.world import World

DAY1 = datetime(2026, 9, 30, 16, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS = 40
PLANT = """
enterprise: {code: CODE, name: {zh: 厂, en: Works}, industry: other}
points:
  - {code: feeder, carrier: electricity, reading: register, unit: kWh, resolution: 1, accuracy_class: 0.5}
  - {code: spare, carrier: electricity, reading: register, unit: kWh, resolution: 1, accuracy_class: 0.5}
"""
_SAID = """kind: threshold, purpose: operational, severity: warning, cadence: interval, source: tests,
     runbook: {zh: 查, en: look}, notify: [energy_manager], title: {zh: 试, en: Test},
     watches: {points: [feeder, spare]}"""
BOOK = f"""
rules:
  - {{id: quarter, condition: {{over: 100, resolution: interval}}, unit: kWh, deadband: 5,
     for: 30m, keep_firing_for: 30m, {_SAID}}}
  - {{id: hour, condition: {{over: 330, resolution: hour}}, unit: kWh, {_SAID}}}
  - {{id: day, condition: {{over: 7500, resolution: day}}, unit: kWh, {_SAID}}}
"""


def load(dice, days):
    """Quarter hours that stay where they are for a while, and are missing now and then."""
    found = []
    while len(found) < days * 96:
        level = dice.choice([60.0, 80.0, 97.0, 99.0, 101.0, 120.0, None])
        found += [level] * dice.choice([1, 2, 3, 5, 12, 40, 300])
    return found[: days * 96]


async def works(connection, code, most):
    world = await World.build(connection, parse_plant(PLANT.replace("CODE", code), "plant"))
    world.ends = dict.fromkeys(world.numbers, DAY1)
    world.evaluator = judging(most)
    return world


def judging(most, text=BOOK):
    return Evaluator([parse_book(text, "book.yaml")], at_most=most)


async def happened(world):
    """Every transition in the order of its alert's instants, and all answers."""
    told = []
    for alert in await world.alerts():
        steps = [(t.kind, t.at) for t in await world.transitions(alert)]
        told.append((alert.rule, alert.subject, alert.started_at, alert.closed, alert.certainty, steps))
    spans = await world.connection.fetch(
        "SELECT rule, subject, from_ts, to_ts, truth, in_band FROM verdict WHERE e = $1 ORDER BY 1, 2, 3",
        world.enterprise.e,
    )
    story = [(*one[:5],) for one in await world.story()]
    return sorted(told, key=str), [tuple(span) for span in spans], story


def of_quarters(told):
    return [one for one in told[0] if one[0] == "quarter"]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("most", [40, 700])
async def test_in_pieces_the_past_tells_the_same(db_pool, seed, most):
    async with db_pool.acquire() as connection:
        both = [await works(connection, "whole", 10**9), await works(connection, "pieces", most)]
        for world in both:
            dice = random.Random(seed)
            for point in ("feeder", "spare"):
                await world.publish(point, load(dice, DAYS))
        whole, pieces = both
        runs = [len(await world.evaluate()) for world in both]
        assert runs[0] == 2, "32 days at once"
        assert runs[1] >= 2 * DAYS * 96 / most, "of two points"
        assert await happened(whole) == await happened(pieces)

        for world in both:  # a month of one of them comes again, and another class of both is told
            dice = random.Random(seed + 100)
            await world.publish("feeder", load(dice, 30), DAY1 + 3 * DAY + timedelta(hours=5))
            text = PLANT.replace("CODE", world.enterprise.code).replace("accuracy_class: 0.5", "accuracy_class: 2")
            await world.change(text)
        await whole.evaluate()
        before = await happened(pieces)
        runs, more = 0, True
        while more:
            pieces.evaluator = judging(most)  # whoever goes on remembers nothing
            outcome = await pieces.evaluator.evaluate(connection, pieces.enterprise, pieces.tick())
            assert not outcome.failed
            runs, more = runs + 1, outcome.more
            if more and runs < 4:
                assert of_quarters(await happened(pieces)) == of_quarters(before), "halfway nothing is told"
        assert runs > 3
        assert await happened(whole) == await happened(pieces)
        assert await connection.fetchval("SELECT count(*) FROM transition WHERE kind = 'revised'") > 0


async def test_what_is_new_does_not_wait_for_the_past(db_pool):
    async with db_pool.acquire() as connection:
        both = [await works(connection, "whole", 10**9), await works(connection, "pieces", 300)]
        whole, pieces = both
        for world in both:
            await world.publish("feeder", "60*1920 101*4 60*956")
            await world.evaluate()
            await world.publish("feeder", "60*900 101*96", DAY1 + DAY)
        await whole.evaluate()
        evaluate = pieces.evaluator.evaluate
        assert (await evaluate(connection, pieces.enterprise, pieces.tick())).more
        for world in both:
            await world.publish("feeder", "120*4")
        await whole.evaluate()
        assert (await evaluate(connection, pieces.enterprise, pieces.tick())).more
        assert [a.state for a in await pieces.alerts("quarter")] == ["resolved", "firing"], "the past is told later"
        await pieces.publish("feeder", "61*4", DAY1 + 20 * DAY)
        await pieces.evaluate()
        await whole.publish("feeder", "61*4", DAY1 + 20 * DAY)
        await whole.evaluate()
        assert [one[1:] for one in (await happened(whole))[1]] == [one[1:] for one in (await happened(pieces))[1]]
        assert (await happened(whole))[2] == (await happened(pieces))[2]
        assert "retracted" in [a.closed for a in await pieces.alerts("quarter")]


class Failing:
    """A condition that cannot judge."""

    def __init__(self, rule, enterprise):
        self._sound = condition_of(rule, enterprise)

    def __getattr__(self, name):
        return getattr(self._sound, name)

    async def judge(self, *_):
        raise ValueError("no such unit")


@pytest.mark.parametrize("over", [90, 120])
@pytest.mark.parametrize("pieces_before", [1, 3])
async def test_worded_anew_halfway_all_that_was_to_be_judged_again_is_judged_by_the_new_wording(
    db_pool, over, pieces_before
):
    alone = BOOK.replace("[feeder, spare]", "[feeder]")
    anew = alone.replace("over: 100", f"over: {over}")
    late = [120.0, 80.0, 95.0, 60.0] * 96
    async with db_pool.acquire() as connection:
        both = [await works(connection, "whole", 10**9), await works(connection, "pieces", 10**9)]
        whole, pieces = both
        for world in both:
            world.evaluator = judging(10**9, alone)
            await world.publish("feeder", load(random.Random(7), 20))
            await world.evaluate()
            # in the middle of an alert the late days begin
            await world.publish("feeder", "60*8 101*30", DAY1 + 2 * DAY)
            await world.evaluate()
            await world.publish("feeder", late, DAY1 + 2 * DAY + timedelta(hours=5))
        broken = Evaluator([parse_book(alone, "book.yaml")], Failing)
        assert (await broken.evaluate(connection, whole.enterprise, whole.tick())).failed
        pieces.evaluator = judging(100, alone)
        for _ in range(pieces_before):
            assert (await pieces.evaluator.evaluate(connection, pieces.enterprise, pieces.tick())).more
        whole.evaluator = judging(10**9, anew)
        await whole.evaluate()
        pieces.evaluator = judging(100, anew)
        runs = await pieces.evaluate()
        assert of_quarters(await happened(whole)) == of_quarters(await happened(pieces))
        assert len(runs) > 3, "in pieces still"
        spans = [[one for one in (await happened(world))[1] if one[0] == "quarter"] for world in both]
        assert spans[0] == spans[1]
        fresh = await works(connection, "fresh", 10**9)
        fresh.evaluator = judging(10**9, anew)
        await fresh.publish("feeder", load(random.Random(7), 20))
        await fresh.publish("feeder", "60*8 101*30", DAY1 + 2 * DAY)
        await fresh.publish("feeder", late, DAY1 + 2 * DAY + timedelta(hours=5))
        await fresh.evaluate()
        afterwards = [one for one in (await happened(fresh))[1] if one[0] == "quarter" and one[3] > DAY1 + 2.2 * DAY]
        assert [one for one in spans[1] if one[3] > DAY1 + 2.2 * DAY][1:] == afterwards[1:]
        for alert in await pieces.alerts("quarter"):
            for version in await evidence(connection, alert):
                again = replay(version.body, version.sha256)
                assert (again.intact, again.met) == (True, True), (alert.started_at, version.version)
