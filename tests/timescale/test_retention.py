"""Readings go when they are old; the ledger stays, and nothing is derived from what is left of them."""

from __future__ import annotations

from datetime import datetime, timedelta

import asyncpg
import pytest

from db.readings import keep_revisions, mark_dirty, spans
from db.storage import KEPT_NEIGHBOURS, Retained, compress_readings, delete_quarantine, read_status, retain_readings
from tests.timescale.conftest import DAY, T0, WEEK, Store, put, series

FIVE_MINUTES, QUARTER = timedelta(minutes=5), timedelta(minutes=15)
WEEK_ROWS = 7 * 288
BEFORE = T0 + WEEK + timedelta(hours=7)


async def fill(store: Store) -> None:
    """Two weeks of a and b; c stops after three days and leaves a ledger row of each day."""
    await put(store, series(store, "a", T0, 2 * WEEK_ROWS), series(store, "b", T0, 2 * WEEK_ROWS))
    await put(store, series(store, "c", T0, 3 * 288))
    days = [T0 + n * DAY for n in range(14)]
    await store.pool.executemany(
        "INSERT INTO interval VALUES ($1, $2, $3, 4.5, 900, 0, 0, 0, false, 1, $3)",
        [(store.e, p, day) for p in store.p.values() for day in days],
    )
    await store.pool.executemany(
        "INSERT INTO point_state (e, p, first_ts, newest_ts, closed_until) VALUES ($1, $2, $3, $4, $4)",
        [(store.e, p, T0, T0 + 2 * WEEK) for p in store.p.values()],
    )


async def retain(store: Store, before: datetime = BEFORE) -> Retained:
    async with store.pool.acquire() as connection:
        return await retain_readings(connection, before)


async def intervals(store: Store) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await store.pool.fetch("SELECT * FROM interval ORDER BY 1, 2, 3")
    return rows


async def seals(store: Store) -> dict[str, datetime | None]:
    rows = await store.pool.fetch("SELECT p, sealed_before FROM point_state")
    codes = {p: code for code, p in store.p.items()}
    return {codes[row["p"]]: row["sealed_before"] for row in rows}


async def test_old_readings_go_and_the_ledger_stays(store: Store) -> None:
    await fill(store)
    ledger, kept = await intervals(store), 2 * WEEK_ROWS
    done = await retain(store)
    assert done.cutoff == T0 + WEEK
    assert done.sealed == 3
    assert (len(done.chunks), done.readings) == ((1, 0) if store.engine.hypertables else (0, kept + 3 * 288))
    assert await store.pool.fetchrow("SELECT count(*), min(ts) FROM reading") == (kept, T0 + WEEK)
    assert await intervals(store) == ledger


async def test_the_seal_leaves_derivation_its_neighbours(store: Store) -> None:
    await fill(store)
    await retain(store)
    last_kept = T0 + WEEK + (KEPT_NEIGHBOURS - 1) * FIVE_MINUTES
    sealed = await seals(store)
    assert sealed["a"] == sealed["b"] == T0 + WEEK + 3 * QUARTER
    assert sealed["a"] is not None
    assert sealed["a"] > last_kept
    # c has nothing after the cutoff; a reading just before it may have held for max_gap, 15 minutes
    assert sealed["c"] == T0 + WEEK + 2 * QUARTER


async def test_bad_readings_are_no_neighbours(store: Store) -> None:
    await fill(store)
    await store.pool.execute(
        "UPDATE reading SET quality = 2 WHERE p = $1 AND ts >= $2 AND ts < $3",
        store.p["a"], T0 + WEEK, T0 + WEEK + DAY,
    )  # fmt: skip
    await retain(store)
    assert (await seals(store))["a"] == T0 + WEEK + DAY + 3 * QUARTER


async def test_twice_does_nothing_more_and_a_seal_never_falls(store: Store) -> None:
    await fill(store)
    own = T0 + 10 * DAY
    await store.pool.execute("UPDATE point_state SET sealed_before = $1 WHERE p = $2", own, store.p["b"])
    await retain(store)
    sealed = await seals(store)
    assert sealed["b"] == own
    again = await retain(store)
    assert (again.sealed, again.chunks, again.readings) == (0, (), 0)
    assert await seals(store) == sealed


async def test_nothing_is_old_enough(store: Store) -> None:
    await fill(store)
    assert await retain(store, T0) == Retained(None)
    assert set((await seals(store)).values()) == {None}


async def test_the_ledger_derives_first_what_waits(store: Store) -> None:
    await fill(store)
    late = series(store, "a", T0 + DAY + timedelta(seconds=30), 3)
    await put(store, late)
    async with store.pool.acquire() as connection:
        await mark_dirty(connection, spans(late.e, late.p, late.ts, late.start))
    assert await retain(store) == Retained(None, waiting=1)
    assert await store.pool.fetchval("SELECT min(ts) FROM reading") == T0


async def test_ingest_and_ledger_are_told(store: Store) -> None:
    await fill(store)
    told: list[object] = []
    listener = await asyncpg.connect(store.owner)
    try:
        await listener.add_listener("enms_config", lambda *given: told.append(given[-1]))
        await retain(store)
        await listener.execute("SELECT 1")
        assert told == [""]
    finally:
        await listener.close()


async def test_lost_readings_go_with_the_others(store: Store) -> None:
    await fill(store)
    async with store.pool.acquire() as connection:
        await keep_revisions(connection, series(store, "a", T0 + DAY, 2))
        await keep_revisions(connection, series(store, "a", T0 + 9 * DAY, 2))
    await retain(store)
    revisions = await store.pool.fetch("SELECT ts FROM reading_revision ORDER BY e, p, ts")
    assert [row["ts"] for row in revisions] == [T0 + 9 * DAY, T0 + 9 * DAY + FIVE_MINUTES]


async def test_compressed_readings_go_too(columnstore: Store) -> None:
    await fill(columnstore)
    async with columnstore.pool.acquire() as connection:
        await compress_readings(connection, T0 + 2 * WEEK)
    done = await retain(columnstore)
    assert len(done.chunks) == 1
    assert (await seals(columnstore))["a"] == T0 + WEEK + 3 * QUARTER
    assert await columnstore.pool.fetchval("SELECT count(*) FROM reading") == 2 * WEEK_ROWS


async def test_refusals_go_when_nobody_repeats_them(store: Store) -> None:
    for n, seen in enumerate((T0, T0 + DAY)):
        await store.pool.execute(
            "INSERT INTO quarantine VALUES (0, $1, 'json', '', 't', '', 0, $2, $2, 1)", bytes([n]), seen
        )
    async with store.pool.acquire() as connection:
        assert await delete_quarantine(connection, T0 + DAY) == 1
    assert await store.pool.fetchval("SELECT count(*) FROM quarantine") == 1


async def test_status_says_what_there_is(store: Store) -> None:
    await fill(store)
    async with store.pool.acquire() as connection:
        status = await read_status(connection)
    assert status.oldest_reading == T0
    sizes = {t.name: t.bytes for t in status.tables}
    assert sizes["reading"] > 60 * (4 * WEEK_ROWS + 3 * 288)
    assert len(status.chunks) == (2 if store.engine.hypertables else 0)


@pytest.mark.parametrize("name", ["point", "interval"])
async def test_only_chunks_of_readings_can_be_compressed_by_the_application(store: Store, name: str) -> None:
    if not store.engine.hypertables:
        pytest.skip("no chunks")
    with pytest.raises(asyncpg.RaiseError):
        await store.pool.fetch("SELECT * FROM compress_reading_chunk($1::text::regclass)", name)
