"""A lag that is not looked at goes on growing; the deriver says when the database is away."""

from __future__ import annotations

import asyncio

import asyncpg
from prometheus_client import CollectorRegistry, Gauge

from db.pool import create_pool
from ledger import metrics
from ledger.derive import Deriver
from tests.waiting import eventually


def test_a_lag_nobody_looks_at_grows() -> None:
    now = [1000.0]
    registry = CollectorRegistry()
    growing = metrics.Growing(Gauge("lag", "x", registry=registry), 10, lambda: now[0])

    def shown() -> float | None:
        return registry.get_sample_value("lag")

    growing.set(3.0)
    now[0] += 9
    assert shown() == 3.0
    now[0] += 301
    assert shown() == 303.0
    growing.set(0.0)
    assert shown() == 0.0


async def test_the_database_going_away_is_told(pg_dsn: str) -> None:
    pool = await create_pool(pg_dsn, name="test-ledger", size=2)
    stop = asyncio.Event()
    running = asyncio.create_task(Deriver(pool, cadence_s=0.01).run(stop))
    try:
        await _shows(1)
        other = await asyncpg.connect(pg_dsn)
        await other.fetch(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """
        )
        await other.close()
        await _shows(0)  # until it tries again, a twentieth of a second later at the earliest
        await _shows(1)
    finally:
        stop.set()
        pool.terminate()
        await asyncio.wait_for(running, 10)


async def _shows(expected: int) -> None:
    await eventually(lambda: metrics.DATABASE_UP._value.get() == expected, every_s=0.005)
