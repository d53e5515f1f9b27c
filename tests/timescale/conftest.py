"""Each test here runs on every engine at hand: plain PostgreSQL, and TimescaleDB where ENMS_TEST_TIMESCALE_DSN is set.

What only the community edition can do is skipped on the others, and the run says so at its end.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import numpy as np
import pytest

from db.engine import Engine, read_engine
from db.plant_load import load_plant
from db.pool import create_pool
from db.readings import NO_START, Readings, copy_readings
from enms.plant_file import parse_plant

ENGINES = ("postgresql", "timescaledb")
T0 = datetime(2026, 1, 1, tzinfo=UTC)  # a Thursday, where TimescaleDB's weeks begin
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
PLANT = parse_plant(
    """
enterprise: {code: demo, name: {zh: 示范, en: Demo}, industry: other}
processes: [{code: line, name: {zh: 一线, en: Line}, kind: other}]
points:
  - {code: a, process: line, carrier: electricity, unit: kWh, period_s: 300}
  - {code: b, process: line, carrier: electricity, reading: gauge, unit: kW, period_s: 300}
  - {code: c, process: line, carrier: electricity, unit: kWh, period_s: 300}
""",
    "test",
)
_skipped: set[str] = set()


@dataclass(frozen=True, slots=True)
class Store:
    """A database with the plant: a pool that acts as the application, the owner's DSN, points' numbers by code."""

    pool: asyncpg.Pool
    owner: str
    engine: Engine
    e: int
    p: dict[str, int]


@pytest.fixture(params=ENGINES)
def store_dsn(request: pytest.FixtureRequest) -> str:
    name = "pg_dsn" if request.param == "postgresql" else "timescale_dsn"
    if request.param == "postgresql" and os.environ.get("ENMS_TEST_DATABASE_URL"):
        pytest.skip("ENMS_TEST_DATABASE_URL replaces the plain server")
    dsn: str = request.getfixturevalue(name)
    return dsn


@pytest.fixture
async def store(store_dsn: str) -> AsyncIterator[Store]:
    pool = await create_pool(store_dsn, name="enms-test")
    try:
        async with pool.acquire() as connection:
            await load_plant(connection, PLANT, now=T0)
            rows = await connection.fetch("SELECT e, p, code FROM point")
            engine = await read_engine(connection)
        yield Store(pool, store_dsn, engine, rows[0]["e"], {row["code"]: row["p"] for row in rows})
    finally:
        await pool.close()


@pytest.fixture
def columnstore(store: Store) -> Store:
    """A store whose engine compresses."""
    if not store.engine.columnstore:
        if store.engine.hypertables:
            _skipped.add(str(store.engine))
        pytest.skip(f"{store.engine} does not compress")
    return store


def series(
    store: Store, code: str, since: datetime, count: int, *, every: timedelta = timedelta(minutes=5), value: float = 0.0
) -> Readings:
    """`count` readings, each 1.5 above the one before."""
    first, step = micros(since), int(every.total_seconds() * 1e6)
    ts = first + step * np.arange(count)
    return Readings(
        e=np.full(count, store.e, np.int32),
        p=np.full(count, store.p[code], np.int32),
        ts=ts,
        start=np.full(count, NO_START),
        value=value + 1.5 * np.arange(count),
        quality=np.zeros(count, np.int16),
        origin=np.zeros(count, np.int16),
        received_at=ts + 1_000_000,
    )


async def put(store: Store, *readings: Readings) -> None:
    async with store.pool.acquire() as connection:
        for some in readings:
            await copy_readings(connection, some)


def micros(at: datetime) -> int:
    return round(at.timestamp() * 1e6)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for engine in sorted(_skipped):
        terminalreporter.write_sep("!", "NOT COVERED", yellow=True, bold=True)
        terminalreporter.write_line(f"compression: {engine} has none (the community edition does)", yellow=True)
