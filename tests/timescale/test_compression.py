"""Compressed readings read as they were, and take late ones: new, doubled and corrected."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import asyncpg
import numpy as np
import pytest

from db.readings import Readings, copy_readings, merge_readings
from db.storage import compress_readings, read_status
from tests.timescale.conftest import DAY, HOUR, T0, WEEK, Store, micros, put, series

TWO_WEEKS = 2 * 7 * 288


async def fill(store: Store) -> None:
    for code in store.p:
        await put(store, series(store, code, T0, TWO_WEEKS))


async def content(store: Store) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await store.pool.fetch("SELECT * FROM reading ORDER BY e, p, ts")
    return rows


async def compress(store: Store, weeks: int = 2) -> int:
    async with store.pool.acquire() as connection:
        return len(await compress_readings(connection, T0 + weeks * WEEK))


async def late(store: Store, readings: Readings) -> int:
    """Bring late readings in as ingest does; how many instants were taken."""
    async with store.pool.acquire() as connection, connection.transaction():
        changed, taken = await merge_readings(connection, readings)
        assert taken or len(changed)
        return taken


async def test_where_there_is_no_columnstore_nothing_happens(store: Store) -> None:
    if store.engine.columnstore:
        pytest.skip("there is one")
    await fill(store)
    assert await compress(store) == 0


async def test_readings_are_the_same_and_take_less_room(columnstore: Store) -> None:
    await fill(columnstore)
    before = await content(columnstore)
    async with columnstore.pool.acquire() as connection:
        done = await compress_readings(connection, T0 + WEEK)
        status = await read_status(connection)
    assert len(done) == 1
    assert [(chunk.compressed, chunk.pending) for chunk in status.chunks] == [
        (True, 0),
        (False, status.chunks[1].pending),
    ]
    assert done[0].before > 5 * done[0].after  # so few rows hardly fill pages; bench/storage.py measures
    assert await content(columnstore) == before


async def test_compressed_again_only_what_took_late_readings(columnstore: Store) -> None:
    await fill(columnstore)
    assert await compress(columnstore) == 2
    assert await compress(columnstore) == 0
    await put(columnstore, series(columnstore, "a", T0 + timedelta(seconds=30), 10))
    before = await content(columnstore)
    async with columnstore.pool.acquire() as connection:
        assert [chunk.pending > 0 for chunk in (await read_status(connection)).chunks] == [True, False]
    assert await compress(columnstore) == 1
    assert await content(columnstore) == before


async def test_late_readings_go_in_straight(columnstore: Store) -> None:
    await fill(columnstore)
    await compress(columnstore)
    extra = series(columnstore, "b", T0 + DAY + timedelta(seconds=30), 100)
    async with columnstore.pool.acquire() as connection, connection.transaction():
        await copy_readings(connection, extra)
    assert len(await content(columnstore)) == 3 * TWO_WEEKS + 100


async def test_a_double_is_noticed_in_a_compressed_chunk(columnstore: Store) -> None:
    await fill(columnstore)
    await compress(columnstore)
    with pytest.raises(asyncpg.UniqueViolationError):
        await put(columnstore, series(columnstore, "b", T0 + DAY, 1))


async def test_late_doubles_change_nothing(columnstore: Store) -> None:
    await fill(columnstore)
    await compress(columnstore)
    before = await content(columnstore)
    assert await late(columnstore, series(columnstore, "b", T0, 300)) == 300
    assert await content(columnstore) == before
    assert await columnstore.pool.fetchval("SELECT count(*) FROM reading_revision") == 0


async def test_a_late_correction_wins_and_the_loser_is_kept(columnstore: Store) -> None:
    await fill(columnstore)
    await compress(columnstore)
    at = T0 + 3 * DAY + 7 * HOUR
    better = series(columnstore, "b", at, 3, value=5000.0)
    better = replace(better, origin=np.ones(3, np.int16))
    worse = series(columnstore, "c", at, 2, value=-1.0)
    worse = replace(worse, received_at=worse.received_at + 1)
    assert await late(columnstore, better) == 3
    assert await late(columnstore, worse) == 2
    rows = await columnstore.pool.fetch(
        "SELECT p, value FROM reading WHERE ts >= $1 AND ts < $2 AND p = ANY ($3) ORDER BY p, ts",
        at, at + timedelta(minutes=10), [columnstore.p["b"], columnstore.p["c"]],
    )  # fmt: skip
    n = (micros(at) - micros(T0)) / 300e6
    assert [row["value"] for row in rows] == [5000.0, 5001.5, 1.5 * n, 1.5 * (n + 1)]
    lost = await columnstore.pool.fetch("SELECT p, value FROM reading_revision ORDER BY p, ts")
    assert [row["value"] for row in lost] == [1.5 * n, 1.5 * (n + 1), 1.5 * (n + 2), -1.0, 0.5]
    assert len(await content(columnstore)) == 3 * TWO_WEEKS
    await compress(columnstore)
    assert len(await content(columnstore)) == 3 * TWO_WEEKS


async def test_a_declared_backfill_passes_the_engines_limit(columnstore: Store) -> None:
    await fill(columnstore)
    await compress(columnstore)
    async with columnstore.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL timescaledb.max_tuples_decompressed_per_dml_transaction = 500")
        with pytest.raises(asyncpg.ConfigurationLimitExceededError):
            await merge_readings(connection, every_other(columnstore))
    await late(columnstore, every_other(columnstore))
    assert await columnstore.pool.fetchval("SELECT count(*) FROM reading WHERE origin = 1") == 7 * 24


def every_other(store: Store) -> Readings:
    """Corrections all over the first week, of one point."""
    readings = series(store, "a", T0, 7 * 24, every=HOUR, value=9e5)
    return replace(readings, origin=np.ones(len(readings), np.int16))
