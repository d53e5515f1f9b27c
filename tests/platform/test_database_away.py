"""A connection that was killed while an answer came: asyncpg has an error of no family for it, hard to bring about."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

import cli.reporting
from api.freshness import Freshness
from api.health import Backlog, check
from cli import health, housekeeping
from cli.storage import _answered
from db.pool import AWAY, PROBLEMS
from enms.errors import UnavailableError
from enms.settings import Settings
from ledger.cycle import GONE
from tests.waiting import eventually

KILLED = asyncpg.InternalClientError("unexpected error while performing FETCH")


class Broken:
    """A pool whose connections are lost as soon as they are used."""

    @asynccontextmanager
    async def acquire(self, **_: object) -> AsyncIterator[Any]:
        raise KILLED
        yield


def now() -> datetime:
    return datetime.now(UTC)


def test_everybody_knows_it() -> None:
    for kinds in (AWAY, PROBLEMS, GONE):
        assert isinstance(KILLED, kinds)
    assert isinstance(asyncpg.AdminShutdownError(), AWAY)
    assert not isinstance(asyncpg.UniqueViolationError(), AWAY)
    assert isinstance(asyncpg.UniqueViolationError(), PROBLEMS)


async def test_the_api_says_that_the_database_is_down() -> None:
    registry = CollectorRegistry()
    await Freshness(Broken(), registry, now).look()
    assert registry.get_sample_value("enms_api_database_up") == 0
    found = await check(SimpleNamespace(pool=Broken(), clock=now), Backlog())
    assert (found.status, found.parts["database"].detail) == ("down", str(KILLED))


async def test_a_command_says_so_in_one_line() -> None:
    async def work() -> None:
        raise KILLED

    with pytest.raises(UnavailableError, match="the database does not answer"):
        await _answered(work())


async def test_housekeeping_tries_again(pg_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = 0

    async def make_due(*_: object) -> list[object]:
        nonlocal tried
        tried += 1
        if tried == 1:
            raise KILLED
        return []

    monkeypatch.setattr(housekeeping, "_REPORTS_SOON_S", 0.05)
    monkeypatch.setattr(cli.reporting, "make_due", make_due)
    stop = asyncio.Event()
    role = asyncio.create_task(housekeeping.work(Settings(database_url=pg_dsn), stop))
    try:
        await eventually(lambda: tried > 1 and health.state()["reports"].ok, 20)
    finally:
        stop.set()
        await role
