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
# What of the kept views must say the same as computed, by the first three columns.
FIGURES = {
    "carrier_day": """
        SELECT enterprise, carrier, local_date, amount, kgce, tco2, covered_s, unconverted_s
        FROM grafana.carrier_day ORDER BY 1, 2, 3
    """,
    "enpi_day": """
        SELECT enterprise, enpi, local_date, value, kgce, output, completeness, limit_value, state
        FROM grafana.enpi_day ORDER BY 1, 2, 3
    """,
}


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
def screens(cluster) -> Iterator[Screens]:
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


class Desk:
    """A seeded database to write to, and a Grafana login of the district's to look at it."""

    def __init__(self, owner: asyncpg.Connection, viewer: asyncpg.Connection, seeded: Seeded) -> None:
        self.owner, self.viewer, self.seeded = owner, viewer, seeded

    async def figures(self, view: str) -> dict[tuple[object, ...], list[object]]:
        rows = await self.viewer.fetch(FIGURES[view])
        return {tuple(row)[:3]: list(row)[3:] for row in rows}


@pytest.fixture
async def desk(pg_dsn: str) -> AsyncIterator[Desk]:
    seeded = await seed(pg_dsn, datetime.now(UTC), days=2)
    owner = await asyncpg.connect(pg_dsn)
    login = await create_login(owner, None, PASSWORD, login=f"grafana_kept_{os.getpid()}")
    viewer = await asyncpg.connect(as_login(pg_dsn, login))
    try:
        yield Desk(owner, viewer, seeded)
    finally:
        await viewer.close()
        await drop_login(owner, login)
        await owner.close()


@pytest.fixture
def grafana_folder() -> Path:
    return Path(__file__).parents[2] / "grafana"
