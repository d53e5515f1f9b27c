"""The service between a real broker and a real database, in fair weather and in foul."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiomqtt
import asyncpg
import pytest

from cli.broker import LocalBroker
from db.plant_load import load_plant
from db.pool import create_pool
from enms.plant_file import parse_plant
from enms.settings import Settings
from ingest import incidents
from ingest.service import Ingest
from ingest.subscriber import Broker
from tests.waiting import eventually

TOPIC = "energy/v1/demo/gw1/readings"
NOW = int(time.time()) * 1000


@asynccontextmanager
async def ingesting(dsn: str, broker: LocalBroker, folder: Path, **chosen: Any) -> AsyncIterator[Ingest]:
    """The service, until the block ends."""
    settings = Settings(database_url=dsn, mqtt_url=broker.url, mqtt_client_id="enms-test", **chosen)

    async def connect() -> asyncpg.Pool:
        return await eventually(
            lambda: create_pool(dsn, name="test-ingest", size=3), not_yet=(OSError, asyncpg.PostgresError)
        )

    service = Ingest(
        connect,
        Broker.from_url(broker.url),
        settings,
        folder / "spool",
        lambda part, ok, detail: service_parts.__setitem__(part, (ok, detail)),
        clock=lambda: time.time_ns() // 1000,
    )
    service_parts: dict[str, tuple[bool, str]] = {}
    service.parts = service_parts  # for the tests to look at
    stop = asyncio.Event()
    running = asyncio.create_task(service.run(stop))
    try:
        yield service
    finally:
        stop.set()
        await asyncio.wait_for(running, 10)


async def connected(service: Ingest) -> None:
    """Wait until the broker has said that it took the subscriptions: what is published from now on comes."""

    async def is_subscribed() -> bool:
        link = service._subscriber._link
        asked = link._client.subscriptions if link is not None else []
        return bool(asked) and all(one.acknowledged for one in asked)

    await eventually(is_subscribed)


async def publish(broker: LocalBroker, *messages: tuple[str, object]) -> None:
    async with aiomqtt.Client(broker.host, broker.port) as client:
        for topic, body in messages:
            payload = body if isinstance(body, bytes) else json.dumps(body)
            await client.publish(topic, payload, qos=1)


def numbered(*numbers: int, seq: bool = False) -> list[tuple[str, object]]:
    """Messages with one reading of point a each, a second apart."""
    return [(TOPIC, {"t": NOW - n * 1000, "values": {"a": n}} | ({"seq": n} if seq else {})) for n in numbers]


async def count(pool: asyncpg.Pool) -> int:
    found: int = await pool.fetchval("SELECT count(*) FROM reading")
    return found


async def test_from_the_broker_into_the_database(
    plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path
) -> None:
    async with ingesting(pg_dsn, broker, tmp_path) as service:
        await connected(service)
        rows = {"readings": [{"point": "b", "t": NOW, "value": 1.5}]}
        await publish(broker, *numbered(*range(300)), (TOPIC, rows))
        await eventually(lambda: _is(count(plant), 301))
        await eventually(lambda: _is(_pending(service), 0))
    assert await plant.fetchval("SELECT count(*) FROM dirty") >= 2


async def _is(what: Awaitable[object], expected: object) -> bool:
    return await what == expected


async def _pending(service: Ingest) -> int:
    return service._subscriber.pending


async def test_bad_input_is_shown_and_nothing_else_stops(
    plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path
) -> None:
    many = {"readings": [{"point": "a", "t": NOW - n, "value": n} for n in range(10_000)]}
    bad: dict[str, tuple[str, object]] = {
        "unknown_topic": ("energy/v1/demo/readings", b"{}"),
        "unknown_enterprise": ("energy/v1/nobody/gw/readings", {"t": NOW, "values": {"a": 1}}),
        "unknown_point": (TOPIC, {"t": NOW, "values": {"nothing": 1}}),
        "virtual_point": (TOPIC, {"t": NOW, "values": {"net": 1}}),
        "broken_json": (TOPIC, b'{"t":'),
        "wrong_shape": (TOPIC, b"[]"),
        "wrong_type": (TOPIC, {"t": NOW, "values": {"a": "1"}}),
        "not_finite": (TOPIC, {"t": NOW, "values": {"a": float("nan"), "b": 1}}),
        "missing_time": (TOPIC, {"values": {"a": 1}}),
        "naive_time": (TOPIC, {"t": "2026-11-22T10:00:00", "values": {"a": 1}}),
        "future": (TOPIC, {"t": int(time.time()) * 1000 + 400_000, "values": {"a": 1}}),
        "unset_clock": (TOPIC, {"t": NOW // 1000, "values": {"a": 1}}),
        "too_large": (TOPIC, b" " * 1_048_577),
    }
    async with ingesting(pg_dsn, broker, tmp_path) as service:
        await connected(service)
        await publish(broker, *bad.values(), (TOPIC, many), *numbered(20))
        await eventually(lambda: _is(count(plant), 10_002))
        await eventually(lambda: _is(_pending(service), 0))
    rows = await plant.fetch("SELECT reason, payload, payload_bytes, topic FROM quarantine")
    assert {row["reason"] for row in rows} == set(bad)
    for row in rows:
        topic, body = bad[row["reason"]]
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        assert (row["topic"], row["payload_bytes"]) == (topic, len(payload))
        assert payload.startswith(row["payload"])


async def test_a_broker_that_comes_late(plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path) -> None:
    await broker.stop()
    async with ingesting(pg_dsn, broker, tmp_path) as service:
        await eventually(lambda: _is(_part(service, "the broker"), False))
        await broker.start()
        await connected(service)
        await publish(broker, *numbered(1))
        await eventually(lambda: _is(count(plant), 1))


async def _part(service: Ingest, name: str) -> bool | None:
    return service.parts.get(name, (None, ""))[0]


async def test_a_database_that_comes_late(plant: asyncpg.Pool, proxy: Any, broker: LocalBroker, tmp_path: Path) -> None:
    await proxy.cut()
    async with ingesting(proxy.dsn, broker, tmp_path) as service:
        await connected(service)
        before = time.time()
        await publish(broker, *numbered(*range(50)))
        await eventually(lambda: _is(_pending(service), 0))
        assert not service._spool.empty
        came_back = time.time()
        await proxy.open()
        await eventually(lambda: _is(count(plant), 50))
    received = await plant.fetchval("SELECT max(received_at) FROM reading")
    assert before - 1 < received.timestamp() <= came_back


async def test_a_database_that_goes_and_comes_back(
    plant: asyncpg.Pool, proxy: Any, broker: LocalBroker, tmp_path: Path
) -> None:
    """Nothing is lost, nothing is there twice, and the broker is never kept waiting."""
    async with ingesting(proxy.dsn, broker, tmp_path) as service:
        await connected(service)
        sending = asyncio.create_task(publish(broker, *numbered(*range(3_000))))
        await eventually(lambda: _is(_some(plant), True))
        for _ in range(3):
            await proxy.cut()
            await eventually(lambda: _is(_spooled(service), True))
            await proxy.open()
            await eventually(lambda: _is(_part(service, "the database"), True))
        await sending
        await eventually(lambda: _is(count(plant), 3_000))
        await eventually(lambda: _is(_pending(service), 0))
        await eventually(lambda: _is(_spooled(service), False))
    assert await plant.fetchval("SELECT count(*) FROM reading_revision") == 0
    assert await plant.fetchval("SELECT count(*) FROM quarantine") == 0


async def test_a_database_that_hangs_keeps_no_message_waiting(
    plant: asyncpg.Pool, proxy: Any, broker: LocalBroker, tmp_path: Path
) -> None:
    async with ingesting(proxy.dsn, broker, tmp_path) as service:
        await connected(service)
        await publish(broker, *numbered(*range(100)))
        await eventually(lambda: _is(count(plant), 100))
        proxy.stall()
        await publish(broker, *numbered(*range(100, 400)))
        await eventually(lambda: _is(_pending(service), 0), within_s=10)
        assert await count(plant) == 100
        proxy.flow()
        await publish(broker, *numbered(*range(400, 500)))
        await eventually(lambda: _is(count(plant), 500))
        await eventually(lambda: _is(_spooled(service), False))
    assert await _reasons(plant) == []


async def _some(pool: asyncpg.Pool) -> bool:
    return await count(pool) > 0


async def _spooled(service: Ingest) -> bool:
    return not service._spool.empty


async def test_a_broker_that_forgets_is_an_incident(
    plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path
) -> None:
    async with ingesting(pg_dsn, broker, tmp_path) as service:
        await connected(service)
        await publish(broker, *numbered(1))
        await eventually(lambda: _is(count(plant), 1))
        await broker.kill()
        await eventually(lambda: _is(_part(service, "the broker"), False))
        for left in broker.folder.glob("*.db*"):
            left.unlink()
        await broker.start()
        await connected(service)
        await publish(broker, *numbered(2))
        await eventually(lambda: _is(count(plant), 2))
        await eventually(lambda: _is(_reasons(plant), ["session_lost"]))


async def _reasons(pool: asyncpg.Pool) -> list[str]:
    return [row["reason"] for row in await pool.fetch("SELECT reason FROM quarantine ORDER BY 1")]


async def test_the_session_outlives_the_service(
    plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path
) -> None:
    async with ingesting(pg_dsn, broker, tmp_path) as service:
        await connected(service)
    await publish(broker, *numbered(*range(40)))
    assert await count(plant) == 0
    async with ingesting(pg_dsn, broker, tmp_path):
        await eventually(lambda: _is(count(plant), 40))
    assert await _reasons(plant) == []


async def test_a_stop_loses_nothing(plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path) -> None:
    sending = asyncio.create_task(publish(broker, *numbered(*range(2_000))))
    for _ in range(4):
        async with ingesting(pg_dsn, broker, tmp_path) as service:
            await connected(service)
            await eventually(lambda: _something_came(service, sending))
    await sending
    async with ingesting(pg_dsn, broker, tmp_path) as service:
        await connected(service)
        await publish(broker, *numbered(*range(2_000)))  # what was sent before the first subscription
        await eventually(lambda: _is(count(plant), 2_000))
        await eventually(lambda: _is(_pending(service), 0))


async def _something_came(service: Ingest, sending: asyncio.Task[None]) -> bool:
    return service._buffer.received > 0 or sending.done()


async def test_a_full_spool_leaves_the_rest_with_the_broker(
    plant: asyncpg.Pool, proxy: Any, broker: LocalBroker, tmp_path: Path
) -> None:
    padded = [(TOPIC, {"t": NOW - n * 1000, "values": {"a": n}, "x": "x" * 10_000}) for n in range(400)]
    async with ingesting(proxy.dsn, broker, tmp_path, spool_max_mb=1) as service:
        await connected(service)
        await eventually(lambda: _is(_part(service, "the database"), True))
        await proxy.cut()
        await publish(broker, *padded)
        await eventually(lambda: _is(_held(service), True))
        assert service._spool.level <= 1
        assert await _part(service, "the broker") is False
        await proxy.open()
        await eventually(lambda: _is(count(plant), 400))
    assert await _reasons(plant) == []


async def _held(service: Ingest) -> bool:
    return service._intake._held


async def test_a_stop_while_the_database_is_away(
    plant: asyncpg.Pool, proxy: Any, broker: LocalBroker, tmp_path: Path
) -> None:
    async with ingesting(proxy.dsn, broker, tmp_path) as service:
        await connected(service)
        await eventually(lambda: _is(_part(service, "the database"), True))
        await proxy.cut()
        await publish(broker, *numbered(*range(30)))
        await eventually(lambda: _is(_pending(service), 0))
    await proxy.open()
    async with ingesting(proxy.dsn, broker, tmp_path):
        await eventually(lambda: _is(count(plant), 30))


async def test_messages_that_never_came_are_shown(
    plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incidents, "_GAP_STANDS_AFTER_S", 0)
    monkeypatch.setattr("ingest.service._TICK_S", 0.05)
    async with ingesting(pg_dsn, broker, tmp_path) as service:
        await connected(service)
        await publish(broker, *numbered(5, 6, 9, seq=True))
        await eventually(lambda: _is(_reasons(plant), ["sequence_gap"]))
    row = await plant.fetchrow("SELECT topic, detail FROM quarantine")
    assert tuple(row) == (TOPIC, "gateway gw1: 2 message(s) missing, seq 7 to 8")


async def test_a_plant_loaded_meanwhile_is_known_without_a_restart(
    db_pool: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path, plant_text: str
) -> None:
    async with ingesting(pg_dsn, broker, tmp_path) as service:
        await connected(service)
        await publish(broker, *numbered(1))
        await eventually(lambda: _is(_reasons(db_pool), ["unknown_enterprise"]))
        async with db_pool.acquire() as connection:
            await load_plant(connection, parse_plant(plant_text, "test"), now=datetime.now(UTC))

        async def one_came_in() -> bool:
            await publish(broker, *numbered(2))
            return await count(db_pool) == 1

        await eventually(one_came_in)
