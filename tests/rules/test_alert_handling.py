"""What people do to alerts, and how alerts are listed."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from db.alerts import (
    Filter,
    acknowledge,
    assign,
    comment,
    get_alert,
    list_alerts,
    open_counts,
    shelve,
    transitions,
)
from enms.errors import ConflictError, NotFoundError
from tests.rules.world import World

DAY1 = datetime(2026, 11, 1, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
async def mill(db_pool):
    """Two motors that idle."""
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "motors")
        for point in ("fan.power", "pump.power"):
            await world.publish(point, [2.0] * 2, DAY1)
        await world.evaluate()
        yield world


async def first(mill):
    return (await mill.alerts("motor_idle", "fan"))[0]


async def test_acknowledging_is_a_flag_and_a_transition_once(mill):
    alert = await first(mill)
    seen = await acknowledge(mill.connection, alert.id, actor="li", now=mill.tick())
    again = await acknowledge(mill.connection, alert.id, actor="wang", now=mill.tick())
    assert (seen.state, seen.acknowledged, seen.acknowledged_by) == ("firing", True, "li")
    assert again.acknowledged_by == "li"
    assert await mill.steps(alert) == ["pending", "firing", "acknowledged"]


async def test_assigning_shelving_and_commenting(mill):
    alert, now = await first(mill), mill.tick()
    await assign(mill.connection, alert.id, assignee="zhang", actor="li", now=now)
    until = now + 8 * HOUR
    shelved = await shelve(mill.connection, alert.id, until=until, why="定修", actor="li", now=now)
    assert (shelved.assigned_to, shelved.shelved_until, shelved.shelved_why) == ("zhang", until, "定修")
    back = await shelve(mill.connection, alert.id, until=None, why="", actor="li", now=now)
    assert (back.shelved_until, back.shelved_why) == (None, None)
    await comment(mill.connection, alert.id, text="waiting for the bearing", actor="zhang", now=now)
    told = await transitions(mill.connection, await get_alert(mill.connection, alert.id))
    assert [(t.n, t.kind, t.actor) for t in told[2:]] == [
        (3, "assigned", "li"),
        (4, "shelved", "li"),
        (5, "unshelved", "li"),
        (6, "commented", "zhang"),
    ]
    assert json.loads(told[3].detail) == {"until": until.isoformat(), "why": "定修"}


async def test_a_flag_survives_what_the_rules_do(mill):
    alert = await first(mill)
    await acknowledge(mill.connection, alert.id, actor="li", now=mill.tick())
    await mill.publish("fan.power", [30.0] * 2)
    await mill.evaluate()
    after = await get_alert(mill.connection, alert.id)
    assert (after.state, after.acknowledged_by) == ("resolved", "li")
    assert await mill.steps(alert) == ["pending", "firing", "acknowledged", "resolved"]


async def test_what_cannot_be(mill):
    alert, now = await first(mill), mill.tick()
    with pytest.raises(NotFoundError, match="no alert 4711"):
        await acknowledge(mill.connection, 4711, actor="li", now=now)
    with pytest.raises(ConflictError, match="to come"):
        await shelve(mill.connection, alert.id, until=now, why="x", actor="li", now=now)
    with pytest.raises(ConflictError, match="reason"):
        await shelve(mill.connection, alert.id, until=now + HOUR, why=" ", actor="li", now=now)
    with pytest.raises(ConflictError, match="text"):
        await comment(mill.connection, alert.id, text="", actor="li", now=now)


async def test_every_transition_is_announced_and_posted(mill, db_pool):
    alert = await first(mill)
    heard: asyncio.Queue[str] = asyncio.Queue()
    async with db_pool.acquire() as listener:

        def hear(_, __, ___, payload):
            heard.put_nowait(payload)

        await listener.add_listener("enms_alert", hear)
        await acknowledge(mill.connection, alert.id, actor="li", now=mill.tick())
        assert await asyncio.wait_for(heard.get(), 5) == f"{mill.enterprise.e}:{alert.id}"
        await listener.remove_listener("enms_alert", hear)
    text = await mill.connection.fetchval(
        "SELECT payload FROM outbox WHERE alert = $1 ORDER BY id DESC LIMIT 1", alert.id
    )
    message = json.loads(text)
    assert (message["id"], message["acknowledged"], message["state"]) == (alert.id, True, "firing")
    assert message["key"] == f"mill/{alert.id}/3"
    assert message["transition"]["kind"] == "acknowledged"
    assert message["fired_at"].endswith("Z")


async def test_people_and_rules_at_once_number_their_transitions_apart(mill, db_pool):
    alert = await first(mill)

    async def talk(n):
        async with db_pool.acquire() as connection:
            await comment(connection, alert.id, text=f"{n}", actor="li", now=mill.tick())

    await asyncio.gather(*(talk(n) for n in range(12)))
    told = await mill.transitions(alert)
    assert [t.n for t in told] == list(range(1, 15))


async def test_lists(mill):
    e = [mill.enterprise.e]
    await mill.publish("fan.power", [30.0] * 2)
    await mill.publish("pump.power", [2.0] * 2)
    await mill.evaluate()

    async def subjects(limit=10, **wanted):
        return [a.subject for a in await list_alerts(mill.connection, e, Filter(**wanted), limit=limit)]

    assert await subjects(rule="motor_idle") == ["pump", "fan"]
    assert await subjects(rule="motor_idle", state="firing") == ["pump"]
    assert await subjects(severities=("notice",)) == []
    assert await subjects(purpose="statutory") == []
    assert await subjects(subject="fan") == ["fan"]
    # fan's alert resolved at the end of its first clear quarter hour
    assert await subjects(since=DAY1 + HOUR) == ["pump"]
    (page,) = await list_alerts(mill.connection, e, limit=1)
    assert await subjects(before=(page.fired_at, page.id)) == ["fan"]
    assert await list_alerts(mill.connection, [99], limit=10) == []
    (count,) = await open_counts(mill.connection, e)
    assert (count.severity, count.alerts, count.since) == ("warning", 1, DAY1)
    assert page.title("zh-CN") == "电动机通电空转"
