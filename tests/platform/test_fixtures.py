"""The fixtures themselves: what other tests stand on."""

from __future__ import annotations

import aiomqtt
import asyncpg

from cli.broker import LocalBroker


async def test_a_database_is_fresh_and_migrated(db_pool: asyncpg.Pool) -> None:
    assert await db_pool.fetchval("SELECT count(*) FROM reading") == 0
    assert await db_pool.fetchval("SELECT current_user") == "enms_app"
    await db_pool.execute("INSERT INTO reading VALUES (1, 1, '2026-01-01T00:00Z', NULL, 1, 0, 0, '2026-01-01T00:00Z')")


async def test_another_test_sees_nothing_of_it(pg_dsn: str) -> None:
    connection = await asyncpg.connect(pg_dsn)
    assert await connection.fetchval("SELECT count(*) FROM reading") == 0
    assert not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    await connection.close()


async def test_an_empty_database_has_no_tables(empty_dsn: str) -> None:
    connection = await asyncpg.connect(empty_dsn)
    assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await connection.close()


async def test_the_broker_takes_messages_of_a_megabyte(broker: LocalBroker) -> None:
    async with aiomqtt.Client(broker.host, broker.port) as client:
        await client.subscribe("a/#", qos=1)
        await client.publish("a/b", b"x" * 1_500_000, qos=1)
        message = await anext(client.messages)
        assert len(message.payload) == 1_500_000


async def test_the_broker_keeps_a_session_over_a_stop(broker: LocalBroker) -> None:
    async with aiomqtt.Client(broker.host, broker.port, identifier="kept", clean_session=False) as client:
        await client.subscribe("a/#", qos=1)
    async with aiomqtt.Client(broker.host, broker.port) as client:
        await client.publish("a/b", b"while away", qos=1)
    port = broker.port
    await broker.stop()
    await broker.start()
    assert broker.port == port
    async with aiomqtt.Client(broker.host, broker.port, identifier="kept", clean_session=False) as client:
        assert (await anext(client.messages)).payload == b"while away"


async def test_the_broker_comes_back_after_a_kill(broker: LocalBroker) -> None:
    await broker.kill()
    await broker.start()
    async with aiomqtt.Client(broker.host, broker.port) as client:
        await client.publish("a/b", b"", qos=1)
