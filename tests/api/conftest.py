"""An application on a seeded database, spoken to through ASGI."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from api.deps import Deps
from enms.settings import Settings
from tests.api.doubles import Sink
from tests.api.seed import Seeded, seed
from tests.conftest import Cluster

_numbers = itertools.count(1)


@pytest.fixture
def settings() -> Settings:
    return Settings(api_max_rows=5000, max_payload_bytes=65536)


NOW = datetime(2026, 11, 22, 10, 7, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def seeded_template(cluster: Cluster, template: str) -> Iterator[tuple[str, Seeded]]:
    """A seeded database that nobody is connected to, and what is in it."""
    name = f"enms_test_seeded_{os.getpid()}"

    async def fill() -> Seeded:
        connection = await asyncpg.connect(await cluster.create(name, template))
        try:
            return await seed(connection, NOW)
        finally:
            await connection.close()

    with asyncio.Runner() as runner:
        try:
            yield name, runner.run(fill())
        finally:
            runner.run(cluster.drop(name))


@pytest.fixture
async def pg_dsn(cluster: Cluster, seeded_template: tuple[str, Seeded]) -> AsyncIterator[str]:
    """A fresh, seeded database."""
    name = f"enms_test_api_{os.getpid()}_{next(_numbers)}"
    try:
        yield await cluster.create(name, seeded_template[0])
    finally:
        await cluster.drop(name)


@pytest.fixture
def seeded(seeded_template: tuple[str, Seeded]) -> Seeded:
    return seeded_template[1]


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def app(seeded: Seeded, db_pool: asyncpg.Pool, settings: Settings, sink: Sink) -> FastAPI:
    return create_app(Deps(db_pool, settings, clock=lambda: seeded.now, backfill=sink))


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url="http://enms.test",
        headers={"Accept-Language": "en"},
    ) as client:
        yield client
