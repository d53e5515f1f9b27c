"""A rule that is worded anew judges from there on; what was raised before stays as it was raised, and can be proved."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from db.alerts import evidence
from rules.book import parse_book
from rules.evaluator import Evaluator, condition_of
from rules.replay import replay
from tests.rules.world import World

DAY1 = datetime(2026, 11, 1, 16, tzinfo=UTC)
DAY = timedelta(days=1)
TEXT = """
rules:
  - id: coke_day
    kind: threshold
    title: {zh: 焦炭, en: Coke}
    purpose: operational
    watches: {points: [bf1.coke]}
    condition: {over: OVER, resolution: day}
    unit: kg
    severity: warning
    cadence: interval
    for: 0s
    keep_firing_for: 0s
    deadband: 0
    source: own
    notify: [energy_manager]
    runbook: {zh: 查看, en: RUNBOOK}
"""


def book(over: int, runbook: str = "look", source: str = "own", points: str = "bf1.coke"):
    said = {"OVER": str(over * 96), "RUNBOOK": runbook, "source: own": f"source: {source}", "[bf1.coke]": f"[{points}]"}
    text = TEXT
    for word, instead in said.items():
        text = text.replace(word, instead)
    return parse_book(text, "book.yaml")


@pytest.fixture
async def furnace(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "furnace", [book(400)])
        world.ends = dict.fromkeys(world.numbers, DAY1)
        yield world


async def told(world):
    return [(a.rule_version, a.state, a.started_at, a.value, a.limit_value) for a in await world.alerts()]


async def coke(world, *days):
    for amount in days:
        await world.publish("bf1.coke", f"{amount}*96")
    await world.evaluate()


async def versions(world):
    return [[v.version for v in await evidence(world.connection, a)] for a in await world.alerts()]


async def test_late_data_does_not_judge_the_past_by_a_new_wording(furnace):
    await coke(furnace, 100, 500, 500, 100)
    before = await told(furnace)
    assert [row[:3] for row in before] == [(1, "resolved", DAY1 + DAY)]
    furnace.evaluator = Evaluator([book(600)])
    await furnace.evaluate()
    await furnace.publish("bf1.coke", "501*1", DAY1 + DAY)  # a kilogram more, late
    await furnace.evaluate()
    assert await told(furnace) == before
    assert await versions(furnace) == [[1]]
    # another process, which remembers nothing
    furnace.evaluator = Evaluator([book(600)])
    await furnace.publish("bf1.coke", "502*1", DAY1 + DAY)
    await coke(furnace, 500, 700, 100)
    assert await told(furnace) == [*before, (2, "resolved", DAY1 + 5 * DAY, 67_200.0, 57_600.0)]
    await furnace.publish("bf1.coke", "100*96", DAY1 + 5 * DAY)
    await furnace.evaluate()
    # from there on what comes late counts
    assert [a.closed for a in await furnace.alerts()] == ["cleared", "retracted"]
    for alert in await furnace.alerts():
        for version in await evidence(furnace.connection, alert):
            again = replay(version.body, version.sha256)
            assert (again.intact, again.met) == (True, True)


async def test_an_alert_that_is_open_goes_on_under_a_new_wording(furnace):
    await coke(furnace, 100, 500)
    furnace.evaluator = Evaluator([book(450)])
    await coke(furnace, 500, 500)
    assert [row[:3] for row in await told(furnace)] == [(1, "firing", DAY1 + DAY)]
    # late on the day before: told by the old wording; late on the day after: judged by the new one
    await furnace.publish("bf1.coke", "420*96", DAY1 + DAY)
    await furnace.publish("bf1.coke", "440*96", DAY1 + 2 * DAY)
    await furnace.evaluate()
    (first, *rest) = await furnace.alerts()
    assert (first.started_at, first.resolved_at) == (DAY1 + DAY, DAY1 + 3 * DAY)
    assert [alert.started_at for alert in rest] == [DAY1 + 3 * DAY]
    assert await versions(furnace) == [[1], [1]]


async def test_words_about_an_answer_do_not_keep_late_data_out(furnace):
    await coke(furnace, 100, 500, 100)
    furnace.evaluator = Evaluator([book(400, runbook="look twice")])
    await furnace.evaluate()
    await furnace.publish("bf1.coke", "100*96", DAY1 + DAY)
    await furnace.evaluate()
    (alert,) = await furnace.alerts()
    assert alert.closed == "retracted"
    (version,) = await evidence(furnace.connection, alert)
    assert json.loads(version.body)["limit"]


async def test_words_about_an_answer_make_no_new_evidence_of_the_same_data(furnace):
    await coke(furnace, 100, 500, 100)
    furnace.evaluator = Evaluator([book(400, runbook="look twice", source="another")])
    await furnace.evaluate()
    await furnace.publish("bf1.coke", "500*96", DAY1 + DAY)  # again, and nothing else
    await furnace.evaluate()
    assert await versions(furnace) == [[1]]
    (alert,) = await furnace.alerts()
    assert await furnace.steps(alert) == ["firing", "resolved"]
    await furnace.publish("bf1.coke", "501*1", DAY1 + DAY)
    await furnace.evaluate()
    assert await versions(furnace) == [[1, 2]]
    assert (await furnace.body(alert))["rule"]["source"] == "another"


async def test_another_subject_does_not_keep_late_data_of_the_others_out(furnace):
    await coke(furnace, 100, 500, 100)
    furnace.evaluator = Evaluator([book(400, points="bf1.coke, bf1.bfg")])
    await furnace.evaluate()
    await furnace.publish("bf1.coke", "500*96", DAY1)
    await furnace.evaluate()
    assert [row[:3] for row in await told(furnace)] == [(1, "resolved", DAY1)]


class Broken:
    """A condition that cannot judge the past again."""

    def __init__(self, sound):
        self._sound = sound

    def __getattr__(self, name):
        return getattr(self._sound, name)

    async def judge(self, facts, spans):
        if min(span.start for span in spans) < DAY1 + 3 * DAY:
            raise ValueError("no such unit")
        return await self._sound.judge(facts, spans)


async def mended_after_a_failure(furnace, readings, at):
    """Late data is judged by a wording that fails, and then by one that does not; what had been told before."""
    await coke(furnace, 500, 100, 100, 100)
    before = await told(furnace)
    broken = Evaluator([book(400)], lambda rule, enterprise: Broken(condition_of(rule, enterprise)))
    await furnace.publish("bf1.coke", readings, at)
    assert (await broken.evaluate(furnace.connection, furnace.enterprise, furnace.tick())).failed == ("coke_day",)
    furnace.evaluator = Evaluator([book(450)])
    await furnace.evaluate()
    return before


async def test_a_wording_that_mends_a_failure_judges_what_failed(furnace):
    before = await mended_after_a_failure(furnace, "460*96", DAY1 + 2 * DAY)
    assert await told(furnace) == [*before, (2, "resolved", DAY1 + 2 * DAY, 460 * 96.0, 450 * 96.0)]
    # from the last clear instant before it on the new wording holds, and no earlier
    await furnace.publish("bf1.coke", "700*96", DAY1)
    await furnace.publish("bf1.coke", "700*96", DAY1 + 3 * DAY)
    await furnace.evaluate()
    assert [row[:4] for row in await told(furnace)] == [before[0][:4], (2, "firing", DAY1 + 2 * DAY, 460 * 96.0)]


async def test_a_wording_that_mends_a_failure_judges_the_whole_day_that_failed(furnace):
    before = await mended_after_a_failure(furnace, "900*48", DAY1 + 2.5 * DAY)
    assert await told(furnace) == [*before, (2, "resolved", DAY1 + 2 * DAY, 500 * 96.0, 450 * 96.0)]
