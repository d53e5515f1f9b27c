"""The fixtures themselves: what other tests stand on."""

from __future__ import annotations

import asyncio
import sys

import aiomqtt
import asyncpg
import pytest

from cli.broker import LocalBroker
from tests.waiting import eventually, gone


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


async def test_waiting_gives_the_first_true_answer() -> None:
    answers = iter([0, OSError("away"), "there"])

    async def look() -> object:
        if isinstance(answer := next(answers), Exception):
            raise answer
        return answer

    assert await eventually(look, 5, every_s=0, not_yet=(OSError,)) == "there"


async def test_waiting_in_vain_says_for_what() -> None:
    never: list[int] = []
    with pytest.raises(AssertionError, match=r"not within 0\.05 s: .*lambda: never(?s:.*)the last answer: \[\]"):
        await eventually(lambda: never, 0.05)

    async def away() -> bool:
        raise OSError("away")

    with pytest.raises(AssertionError, match=r"async def away(?s:.*)OSError\('away'\)") as refused:
        await eventually(away, 0.05, not_yet=(OSError,))
    assert isinstance(refused.value.__cause__, OSError)


async def test_waiting_ends_with_a_look_that_hangs_or_fails() -> None:
    with pytest.raises(AssertionError, match="not within"):
        await eventually(asyncio.Event().wait, 0.05)

    async def fails() -> bool:
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        await eventually(fails)


async def test_a_process_is_gone_when_it_has_ended() -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE)
    with pytest.raises(AssertionError, match="not within"):
        await gone(process.pid, within_s=0.05)
    process.kill()
    await gone(process.pid)
    await process.wait()
