"""Signals, drain, waiting for the database: run as real processes where signals matter."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import asyncpg
import httpx
import pytest
from structlog.testing import capture_logs

from cli import role
from enms.errors import UnavailableError
from enms.settings import Settings
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]

_PROGRAM = """
import asyncio, sys
from cli import role
async def work(settings, stop):
    print("ready", flush=True)
    try:
        {body}
    finally:
        print("left", flush=True)
role.run("example", work)
"""


async def _start(body: str, **env: str) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PROGRAM.format(body=body), cwd=ROOT, env={**os.environ, **env},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_the_role_finish(number: signal.Signals) -> None:
    process = await _start("await stop.wait()")
    process.send_signal(number)
    printed, _ = await process.communicate()
    assert printed == b"left\n"
    assert process.returncode == 0


async def test_a_role_that_does_not_finish_is_cancelled() -> None:
    process = await _start("await asyncio.Event().wait()")
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    printed, logged = await process.communicate()
    assert time.monotonic() - begun < role.DRAIN_S + 1.5
    assert printed == b"left\n"
    assert b"did not finish in time" in logged


async def test_an_unexpected_failure_is_logged_and_exits_1() -> None:
    process = await _start("password = 'hunter' + '2'; raise RuntimeError('broken')")
    _, logged = await process.communicate()
    assert process.returncode == 1
    assert b"RuntimeError: broken" in logged
    assert b"hunter2" not in logged


async def test_health_and_metrics(free_port: int) -> None:
    process = await _start("await stop.wait()", ENMS_HEALTH_PORT=str(free_port))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{free_port}") as client:
        health = await client.get("/health")
        assert (health.status_code, health.json()["status"]) == (200, "ok")
        assert "process_resident_memory_bytes" in (await client.get("/metrics")).text
        assert (await client.get("/other")).status_code == 404
    process.terminate()
    await process.communicate()


def _settings(dsn: str) -> Settings:
    return Settings(database_url=dsn)


async def test_a_pool_waits_for_the_migrations(empty_dsn: str) -> None:
    from db.migrate import migrate

    with capture_logs() as logs:
        waiting = asyncio.create_task(role.open_pool(_settings(empty_dsn), asyncio.Event(), name="test"))
        await eventually(lambda: logs)
        await migrate(empty_dsn)
        pool = await asyncio.wait_for(waiting, 10)
        await pool.close()
    assert [entry["event"] for entry in logs] == ["waiting for the database", "the database is there"]
    assert "enms migrate" in logs[0]["reason"]


async def test_waiting_ends_when_the_role_is_stopped(free_port: int) -> None:
    stop = asyncio.Event()
    settings = _settings(f"postgresql://x@127.0.0.1:{free_port}/x")
    with capture_logs() as logs:
        waiting = asyncio.create_task(role.open_pool(settings, stop, name="test"))
        await eventually(lambda: logs)
    stop.set()
    with pytest.raises(role.Stopped):
        await asyncio.wait_for(waiting, 5)


async def test_a_database_that_is_not_there_by_name_is_not_waited_for(pg_dsn: str) -> None:
    settings = _settings(pg_dsn.replace("enms_test_", "no_such_"))
    with pytest.raises(UnavailableError, match="does not exist"):
        await role.open_pool(settings, asyncio.Event(), name="test")


async def test_a_pool_acts_as_the_application(pg_dsn: str) -> None:
    pool = await role.open_pool(_settings(pg_dsn), asyncio.Event(), name="test")
    assert await pool.fetchval("SELECT current_user") == "enms_app"
    await pool.close()


async def test_until_gives_what_the_attempt_gave() -> None:
    left = [asyncpg.TooManyConnectionsError("full"), OSError("away")]

    async def attempt() -> str:
        if left:
            raise left.pop()
        return "there"

    got = await role.until("it", attempt, asyncio.Event(), retry_on=(OSError, asyncpg.PostgresError))
    assert got == "there"
