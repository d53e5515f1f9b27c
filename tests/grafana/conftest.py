"""A seeded database and Grafana's own logins on it; one a session, nobody writes to it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from db.grafana_logins import create_login, drop_login
from db.migrate import migrate
from tests.grafana.seed import Seeded, seed

PASSWORD = "a-password-for-screens-0"


@dataclass(frozen=True, slots=True)
class Screens:
    """Where the seeded database is, and as whom to look at it."""

    owner: str
    district: str
    steel: str
    seeded: Seeded


def as_login(dsn: str, login: str) -> str:
    """The DSN with another login."""
    parts = urlsplit(dsn)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{login}:{PASSWORD}@{host}"))


async def _make(dsn: str) -> Screens:
    await migrate(dsn)
    seeded = await seed(dsn, datetime.now(UTC))
    connection = await asyncpg.connect(dsn)
    try:
        # logins belong to the server, not the database: a name of this run's own
        district = await create_login(connection, None, PASSWORD, login=f"grafana_district_{os.getpid()}")
        steel = await create_login(connection, "demo-steel", PASSWORD, login=f"grafana_steel_{os.getpid()}")
    finally:
        await connection.close()
    return Screens(dsn, as_login(dsn, district), as_login(dsn, steel), seeded)


async def _unmake(screens: Screens) -> None:
    connection = await asyncpg.connect(screens.owner)
    try:
        for dsn in (screens.district, screens.steel):
            await drop_login(connection, urlsplit(dsn).username or "")
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def screens(cluster) -> Iterator[Screens]:  # type: ignore[no-untyped-def]
    name = f"enms_test_screens_{os.getpid()}"
    with asyncio.Runner() as runner:
        runner.run(cluster.drop(name))
        made = runner.run(_make(runner.run(cluster.create(name))))
        try:
            yield made
        finally:
            runner.run(_unmake(made))
            runner.run(cluster.drop(name))


@pytest.fixture
async def district(screens: Screens) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(screens.district)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def steel(screens: Screens) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(screens.steel)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
def grafana_folder() -> Path:
    return Path(__file__).parents[2] / "grafana"
