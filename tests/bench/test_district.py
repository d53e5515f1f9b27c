"""The district's rows are those that derivation makes of its readings, and more of it changes none of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from bench import district, panels
from ledger.cycle import Limits
from ledger.derive import Deriver

NOW = datetime(2026, 11, 22, 9, 7, tzinfo=UTC)
LEDGER = "SELECT e, p, start, amount, covered_s, estimated_s, basis FROM interval ORDER BY e, p, start"
DAYS = "SELECT e, p, local_date, amount, covered_s, estimated_s FROM day_total ORDER BY e, p, local_date"


@pytest.fixture
async def owner(pg_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(pg_dsn, server_settings={"timezone": "UTC"})
    async with connection.transaction():
        await district.prepare(connection, 300, NOW)
    yield connection
    await connection.close()


async def test_the_ledger_is_what_derivation_makes_of_the_readings(
    owner: asyncpg.Connection, pg_dsn: str, db_pool: asyncpg.Pool
) -> None:
    filled = await district.fill(pg_dsn, 0.25, NOW)
    assert filled.until == NOW
    made = [await owner.fetch(query) for query in (LEDGER, DAYS)]
    kinds = {row[0] for row in await owner.fetch("SELECT kind FROM bench.course")}
    assert kinds == {0, 1, 2}
    assert len(made[0]) > 300 * 23
    await owner.execute("DELETE FROM interval; DELETE FROM day_total; DELETE FROM point_state")
    await owner.execute(
        "INSERT INTO dirty (e, p, from_ts, to_ts)"
        " SELECT e, p, min(ts) - interval '1 min', max(ts) FROM reading GROUP BY e, p"
    )
    deriver = Deriver(db_pool, limits=Limits(settle_s=0.0, longest_wait_s=0.0), clock=lambda: NOW)
    async with db_pool.acquire() as connection:
        await deriver.catch_up(connection)
    for rows, query in zip(made, (LEDGER, DAYS), strict=True):
        derived = await owner.fetch(query)
        assert [tuple(r)[:3] for r in derived] == [tuple(r)[:3] for r in rows]
        for one, other in zip(rows, derived, strict=True):
            assert tuple(one)[4:] == tuple(other)[4:]
            assert one["amount"] == pytest.approx(other["amount"], rel=1e-9)


async def test_growing_changes_nothing_that_was_there(owner: asyncpg.Connection, pg_dsn: str) -> None:
    readings = "SELECT e, p, ts, value, received_at FROM reading WHERE ts >= $1 AND ts <= $2 ORDER BY 1, 2, 3"
    await district.fill(pg_dsn, 0.1, NOW)
    before = await owner.fetch(readings, NOW - timedelta(hours=2), NOW)
    await district.fill(pg_dsn, 0.2, NOW + timedelta(minutes=20), jobs=1)
    assert await owner.fetch(readings, NOW - timedelta(hours=2), NOW) == before
    counts = await owner.fetch("SELECT count(*) AS n, min(ts), max(ts) FROM reading GROUP BY e, p")
    assert len({row["n"] for row in counts}) <= 2, "an interval reading more or less at the beginning"
    assert {row["max"] for row in counts} == {NOW + timedelta(minutes=20)}


async def test_every_query_is_timed(owner: asyncpg.Connection, pg_dsn: str) -> None:
    now = datetime.now(UTC)
    await district.fill(pg_dsn, 0.05, now)
    said: list[str] = []
    found = await panels.measure(pg_dsn, 2, said.append)
    assert len(said) == len(found)
    for wall in (True, False):
        query, one = panels.worst(found, wall=wall)
        assert query.wall is wall
        assert one.p95 >= one.p50 > 0
    assert {q.board for q in found if q.wall} == {"enms-wall-district", "enms-wall-steel"}


def test_growth_is_the_worst_of_what_is_long_enough_to_tell() -> None:
    before = {"a": 20.0, "b": 100.0, "tiny": 1.0}
    assert panels.grown(before, {"a": 30.0, "b": 110.0, "tiny": 9.0, "new": 500.0}) == (1.5, "a")
    assert panels.grown(before, {"tiny": 9.0})[0] == 1.0
