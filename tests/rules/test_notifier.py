"""Messages from the outbox to a real broker."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiomqtt
import pytest

from cli.alert_channel import AlertChannel
from ingest.subscriber import Broker
from rules.notifier import Drained, Notifier, NotSentError
from tests.rules.world import World
from tests.waiting import eventually

DAY1 = datetime(2026, 11, 1, 16, tzinfo=UTC)


@pytest.fixture
async def mill(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "motors")
        world.ends = dict.fromkeys(world.numbers, DAY1)
        yield world


@asynccontextmanager
async def channel_to(broker):
    stop = asyncio.Event()
    channel = AlertChannel(Broker.from_url(broker.url))
    running = asyncio.create_task(channel.run(stop))
    try:
        await becomes(channel, connected=True)
        yield channel
    finally:
        stop.set()
        await asyncio.wait_for(running, 5)


async def becomes(channel, *, connected):
    await eventually(lambda: channel.connected is connected, 20)


async def retained(broker, count):
    """What a subscriber that comes later finds, by topic."""
    found = {}
    async with aiomqtt.Client(broker.host, broker.port) as client, asyncio.timeout(10):
        await client.subscribe("energy/v1/+/alerts/+", qos=1)
        async for message in client.messages:
            assert message.retain
            found[str(message.topic)] = json.loads(message.payload)
            if len(found) == count:
                return found
    return found


async def test_the_latest_transition_is_retained_on_the_alerts_topic(mill, broker):
    await mill.publish("fan.power", [2.0] * 2)
    await mill.publish("pump.power", [2.0] * 2)
    await mill.evaluate()
    await mill.publish("fan.power", [30.0] * 2)
    await mill.evaluate()
    async with channel_to(broker) as channel:
        drained = await Notifier(channel).drain(mill.connection, mill.tick())
        assert drained == Drained(sent=5, failed=0)
        fan, pump = [await mill.alerts("motor_idle", s) for s in ("fan", "pump")]
        found = await retained(broker, 2)
        resolved = found[f"energy/v1/mill/alerts/{fan[0].id}"]
        assert (resolved["state"], resolved["subject"], resolved["transition"]["kind"]) == (
            "resolved",
            "fan",
            "resolved",
        )
        assert found[f"energy/v1/mill/alerts/{pump[0].id}"]["state"] == "firing"
        assert await Notifier(channel).drain(mill.connection, mill.tick()) == Drained(0, 0)


async def test_a_broker_that_is_away_loses_nothing(mill, broker):
    await mill.publish("fan.power", [2.0] * 2)
    await mill.evaluate()
    async with channel_to(broker) as channel:
        await broker.stop()
        await becomes(channel, connected=False)
        now = mill.tick()
        drained = await Notifier(channel).drain(mill.connection, now)
        assert (drained.sent, drained.failed) == (0, 1)  # the alert's oldest; the ones behind it wait
        row = await mill.connection.fetchrow("SELECT * FROM outbox ORDER BY id LIMIT 1")
        assert (row["attempts"], row["last_error"], row["sent_at"]) == (1, "the broker is away", None)
        assert row["next_attempt_at"] > now
        assert await Notifier(channel).drain(mill.connection, now) == Drained(0, 0)
        await broker.start()
        await becomes(channel, connected=True)
        later = now + timedelta(minutes=1)
        assert (await Notifier(channel).drain(mill.connection, later)).sent == 2


class Receiver:
    """Takes messages, or dies after having taken one."""

    def __init__(self, dies_at=None):
        self.taken, self.dies_at = [], dies_at

    async def publish(self, _, payload):
        self.taken.append(json.loads(payload)["key"])
        if len(self.taken) == self.dies_at:
            raise ProcessLookupError("killed")


async def test_a_crash_after_sending_sends_again_with_the_same_key(mill):
    await mill.publish("fan.power", [2.0] * 2)
    await mill.evaluate()
    dying, next_one = Receiver(dies_at=2), Receiver()
    with pytest.raises(ProcessLookupError):
        await Notifier(dying).drain(mill.connection, mill.tick())
    await Notifier(next_one).drain(mill.connection, mill.tick())
    assert dying.taken == ["mill/1/1", "mill/1/2"]
    assert next_one.taken == ["mill/1/2"]


async def test_two_notifiers_send_each_message_once_and_in_order(mill, db_pool):
    for point in ("fan.power", "pump.power"):
        await mill.publish(point, [2.0, 2.0, 30.0, 30.0] * 6)
    await mill.evaluate()
    receiver = Receiver()

    async def one():
        async with db_pool.acquire() as connection:
            await Notifier(receiver).drain(connection, mill.clock)

    await asyncio.gather(one(), one(), one())
    await one()
    keys = await mill.connection.fetch("SELECT payload::jsonb->>'key' AS key FROM outbox ORDER BY id")
    assert sorted(receiver.taken) == sorted(row["key"] for row in keys)
    by_alert = {}
    for key in receiver.taken:
        _, alert, n = key.split("/")
        by_alert.setdefault(alert, []).append(int(n))
    assert all(numbers == sorted(numbers) for numbers in by_alert.values())


async def test_a_refusal_is_kept_with_its_reason(mill):
    class Refusing:
        async def publish(self, *_):
            raise NotSentError("not authorised")

    await mill.publish("fan.power", [2.0] * 2)
    await mill.evaluate()
    assert (await Notifier(Refusing()).drain(mill.connection, mill.tick())).failed == 1
    assert await mill.connection.fetchval("SELECT last_error FROM outbox ORDER BY id LIMIT 1") == "not authorised"
