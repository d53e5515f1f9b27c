"""kill -9 of the ingest process in the middle of everything: nothing acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import aiomqtt
import asyncpg
import pytest

from cli.broker import LocalBroker
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
MESSAGES = 6_000
KILLS = 4
NOW = int(time.time()) * 1000
POINTS = ("a", "b", "c")


async def start(dsn: str, broker: LocalBroker, folder: Path) -> asyncio.subprocess.Process:
    env = {
        **os.environ,
        "ENMS_DATABASE_URL": dsn,
        "ENMS_MQTT_URL": broker.url,
        "ENMS_DATA_DIR": str(folder),
        "ENMS_LOG_LEVEL": "ERROR",
    }
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "cli", "ingest", cwd=ROOT, env=env)


async def kill(process: asyncio.subprocess.Process) -> None:
    process.send_signal(signal.SIGKILL)
    await process.wait()


async def subscribed(broker: LocalBroker, plant: asyncpg.Pool) -> None:
    """Wait until the first message comes through, so that the broker has the session."""
    body = json.dumps({"t": 10**12, "values": {"a": 0}})
    async with aiomqtt.Client(broker.host, broker.port) as client:

        async def one_came_through() -> bool:
            if await plant.fetchval("SELECT count(*) FROM reading"):
                return True
            await client.publish("energy/v1/demo/first/readings", body, qos=1)
            return False

        await eventually(one_came_through, every_s=0.1)


async def publish_all(broker: LocalBroker) -> None:
    async with aiomqtt.Client(broker.host, broker.port) as client:
        for number in range(MESSAGES):
            body = {"t": NOW - number * 1000, "values": {POINTS[number % 3]: number}}
            await client.publish("energy/v1/demo/gw/readings", json.dumps(body), qos=1)


async def arrived(pool: asyncpg.Pool, number: int, within_s: float = 90) -> None:
    async def enough() -> bool:
        came = await pool.fetchval("SELECT count(*) - 1 FROM reading")
        assert came >= number, f"only {came} of {number} arrived"
        return True

    await eventually(enough, within_s, not_yet=(AssertionError,))


async def serving(broker: LocalBroker, pool: asyncpg.Pool) -> None:
    """Wait until the process started last takes messages: until then SIGTERM would end it before it can say how."""
    async with aiomqtt.Client(broker.host, broker.port) as client:
        body = {"t": 10**12 + 1000, "values": {"a": 0}}
        await client.publish("energy/v1/demo/first/readings", json.dumps(body), qos=1)

    async def both_are_there() -> bool:
        return await pool.fetchval("SELECT count(*) FROM reading WHERE ts < '2002-01-01'") == 2

    await eventually(both_are_there)


async def assert_each_once(pool: asyncpg.Pool) -> None:
    values = [
        row["value"] for row in await pool.fetch("SELECT value FROM reading WHERE ts > '2002-01-01' ORDER BY value")
    ]
    assert values == [float(number) for number in range(MESSAGES)]
    assert await pool.fetchval("SELECT count(*) FROM reading_revision") == 0
    assert await pool.fetchval("SELECT count(*) FROM quarantine") == 0


async def test_killed_again_and_again(plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path) -> None:
    process = await start(pg_dsn, broker, tmp_path)
    await subscribed(broker, plant)
    sending = asyncio.create_task(publish_all(broker))
    for lap in range(1, KILLS + 1):
        await arrived(plant, MESSAGES * lap // (KILLS + 2))
        await kill(process)
        process = await start(pg_dsn, broker, tmp_path)
    await sending
    await arrived(plant, MESSAGES)
    await serving(broker, plant)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 5) == 0
    await assert_each_once(plant)


@pytest.mark.parametrize("kills", [2])
async def test_killed_while_the_database_is_away(
    plant: asyncpg.Pool, proxy: Any, broker: LocalBroker, tmp_path: Path, kills: int
) -> None:
    process = await start(proxy.dsn, broker, tmp_path)
    await subscribed(broker, plant)
    sending = asyncio.create_task(publish_all(broker))
    await arrived(plant, 100)
    await proxy.cut()
    for _ in range(kills):
        before = spooled(tmp_path)
        await eventually(lambda before=before: spooled(tmp_path) > before or sending.done())
        await kill(process)
        process = await start(proxy.dsn, broker, tmp_path)
    await sending
    await proxy.open()
    await arrived(plant, MESSAGES)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 5) == 0
    await assert_each_once(plant)


def spooled(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("spool/*/*.spool"))
