"""What only goes on is remembered, written down later, and lost without harm."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rules.book import BUNDLED, read_books
from rules.evaluator import NOTHING, Evaluator
from tests.rules.world import QUARTER, World

DAY1 = datetime(2026, 11, 1, 16, tzinfo=UTC)


@pytest.fixture
async def mill(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "motors")
        world.ends = dict.fromkeys(world.numbers, DAY1)
        await world.publish("fan.power", [30.0] * 4)
        await world.evaluate()
        yield world


async def go_on(world, evaluator=None):
    return await (evaluator or world.evaluator).evaluate(
        world.connection, world.enterprise, world.tick(), full=False, settle=False
    )


async def stands(world, rule="motor_idle", subject="fan"):
    return await world.connection.fetchval(
        "SELECT evaluated_until FROM rule_subject WHERE rule = $1 AND subject = $2", rule, subject
    )


async def test_the_same_answer_is_written_when_there_is_time(mill):
    await mill.publish("fan.power", [30.0] * 2)
    outcome = await go_on(mill)
    assert outcome.steps > 0
    assert await stands(mill) == DAY1 + 4 * QUARTER
    assert await mill.evaluator.settle(mill.connection, mill.tick()) > 0
    assert await stands(mill) == DAY1 + 6 * QUARTER
    assert await mill.evaluator.settle(mill.connection, mill.tick()) == 0


async def test_another_answer_and_its_alert_are_written_at_once(mill):
    await mill.publish("fan.power", [30.0] * 2)
    await go_on(mill)
    await mill.publish("fan.power", [2.0] * 2)
    await go_on(mill)
    (alert,) = await mill.alerts("motor_idle")
    assert alert.started_at == DAY1 + 6 * QUARTER
    assert await stands(mill) == DAY1 + 8 * QUARTER
    assert await stands(mill, "meter_silent", "fan.power") < DAY1 + 8 * QUARTER
    spans = await mill.connection.fetch(
        "SELECT from_ts, to_ts, truth FROM verdict WHERE rule = 'motor_idle' AND subject = 'fan' ORDER BY from_ts"
    )
    assert [tuple(row) for row in spans] == [
        (DAY1, DAY1 + 6 * QUARTER, 0),
        (DAY1 + 6 * QUARTER, DAY1 + 8 * QUARTER, 1),
    ]


async def test_nothing_is_done_where_nothing_changed(mill):
    await go_on(mill)
    assert await go_on(mill) is NOTHING


async def test_only_what_changed_is_looked_at_and_everything_when_asked(mill):
    await mill.publish("crane.power", [30.0] * 2, DAY1)
    await mill.evaluate()
    asked = []
    real = mill.evaluator._condition

    def condition(rule, enterprise):
        found = real(rule, enterprise)
        judge = found.judge

        async def told(facts, spans):
            asked.extend(span.subject.code for span in spans)
            return await judge(facts, spans)

        found.judge = told
        return found

    mill.evaluator._condition = condition
    await mill.publish("crane.power", [30.0] * 2)
    await go_on(mill)
    assert "crane.power" in asked
    assert "fan" not in asked


async def test_who_dies_before_it_wrote_is_followed_by_one_who_says_the_same(mill):
    await mill.publish("fan.power", [2.0] * 2)
    await go_on(mill)
    await mill.publish("fan.power", [2.0] * 2)
    await go_on(mill)
    assert await stands(mill) == DAY1 + 6 * QUARTER  # of an alert that only goes on
    other = Evaluator(read_books([BUNDLED]))
    await mill.publish("fan.power", [30.0] * 2)
    await go_on(mill, other)
    (alert,) = await mill.alerts("motor_idle")
    assert await mill.steps(alert) == ["pending", "firing", "resolved"]
    assert alert.resolved_at == DAY1 + 9 * QUARTER
    # what the first one remembers is no longer so
    assert await mill.evaluator.settle(mill.connection, mill.tick()) == 0
    assert await stands(mill) == DAY1 + 10 * QUARTER
    await mill.publish("fan.power", [2.0] * 2)
    await go_on(mill)
    assert len(await mill.alerts("motor_idle")) == 2


async def test_a_revision_finds_what_was_not_written_yet(mill):
    await mill.publish("fan.power", [30.0] * 4)
    await go_on(mill)
    await mill.publish("fan.power", [2.0] * 2, DAY1 + 5 * QUARTER)
    await go_on(mill)
    (alert,) = await mill.alerts("motor_idle")
    assert (alert.started_at, alert.resolved_at, alert.late) == (DAY1 + 5 * QUARTER, DAY1 + 8 * QUARTER, True)


async def test_a_changed_configuration_is_looked_at_when_it_is_told(mill):
    await mill.publish("fan.power", [12.5] * 2)
    await go_on(mill)
    await mill.evaluator.settle(mill.connection, mill.tick())
    before = len(await mill.alerts("motor_underload"))
    await mill.connection.execute(
        "UPDATE motor_version SET retired = true WHERE id = (SELECT id FROM motor WHERE code = 'fan')"
    )
    await mill.evaluate()
    assert await mill.connection.fetchval(
        "SELECT ended_at IS NOT NULL FROM rule_subject WHERE rule = 'motor_underload' AND subject = 'fan'"
    )
    assert len(await mill.alerts("motor_underload")) == before
