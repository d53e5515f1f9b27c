"""What readings take up, and the housekeeping of their storage: compression and retention, on every engine.

None of it relies on the engine's own policies, which only one of the engines has. Each step is a short transaction;
stopped anywhere, the next run goes on from there. The ledger is never touched: its rows outlive their readings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from db.engine import Engine, read_engine
from db.statements import statements

KEPT_NEIGHBOURS = 8
"""Good readings before a seal that stay, so that derivation from the seal on misses none.

An interval's edge needs one on each side; whether that one is a spike, and whether its neighbours are, four.
"""

# "enmS" in ASCII: one retention at a time.
_TURN = 0x656E6D53
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Table:
    """A table, or a hypertable with its chunks: rows as the planner estimates them, sizes in bytes."""

    name: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Part of a hypertable: readings with start <= ts < end.

    Attributes:
        compressed: whether it is in the columnstore.
        pending: bytes of rows outside the columnstore; in a compressed chunk they came late.
        bytes: of all of it, indexes included.
    """

    name: str
    start: datetime
    end: datetime
    compressed: bool
    pending: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Compressed:
    """A chunk that was compressed: bytes before and after."""

    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Status:
    """What storage looks like now."""

    engine: Engine
    tables: tuple[Table, ...]
    chunks: tuple[Chunk, ...]
    oldest_reading: datetime | None


@dataclass(frozen=True, slots=True)
class Retained:
    """What a retention did.

    Attributes:
        cutoff: readings before it are gone; None: nothing was old enough.
        sealed: points whose seal moved.
        chunks: dropped.
        readings: deleted row by row.
        waiting: spans the ledger has to derive first; then nothing was done.
    """

    cutoff: datetime | None
    sealed: int = 0
    chunks: tuple[str, ...] = ()
    readings: int = 0
    waiting: int = 0


async def read_status(connection: asyncpg.Connection) -> Status:
    """Sizes, chunks and the oldest reading."""
    sql = statements("storage")
    engine = await read_engine(connection)
    plain = [Table(row["name"], row["rows"], row["heap"] + row["indexes"]) async for row in sql.table_sizes(connection)]
    oldest = await sql.oldest_reading(connection)
    if not engine.hypertables:
        return Status(engine, tuple(plain), (), oldest)
    chunks = {name: await _chunks(connection, name) for name in ("reading", "interval")}
    split = [
        Table(name, await sql.approximate_rows(connection, hypertable=name), sum(chunk.bytes for chunk in parts))
        for name, parts in chunks.items()
    ]
    tables = sorted([*split, *(t for t in plain if t.name not in chunks)], key=lambda t: -t.bytes)
    return Status(engine, tuple(tables), tuple(chunks["reading"]), oldest)


async def compress_readings(connection: asyncpg.Connection, before: datetime) -> list[Compressed]:
    """Compress the chunks of readings that end by `before`, and what came late into compressed ones.

    One chunk a transaction; writers of that chunk wait meanwhile. Engines without a columnstore: nothing.
    """
    engine = await read_engine(connection)
    if not engine.columnstore:
        return []
    done = []
    for chunk in await _chunks(connection, "reading"):
        if chunk.end <= before and (not chunk.compressed or chunk.pending):
            row = await statements("storage").compress_chunk(connection, name=chunk.name)
            done.append(Compressed(chunk.name, row["bytes_before"], row["bytes_after"]))
    return done


async def retain_readings(connection: asyncpg.Connection, before: datetime) -> Retained:
    """Give up the readings before an instant, and seal the ledger so that nothing is derived without them.

    Seals first, in a transaction of its own, and tells ingest and the ledger; only then readings go. On a hypertable
    whole chunks go, so that up to a chunk's length more stays.

    Args:
        connection: outside a transaction, acting as the application or the owner.
        before: aware; rounded down to a UTC day.
    """
    sql = statements("storage")
    engine = await read_engine(connection)
    cutoff = await _cutoff(connection, engine, before)
    if cutoff is None:
        return Retained(None)
    if waiting := await sql.waiting_before(connection, instant=cutoff + _DAY):
        return Retained(None, waiting=waiting)
    async with connection.transaction():
        if not await sql.take_turn(connection, key=_TURN):
            return Retained(None)
        sealed = [row["e"] async for row in sql.seal(connection, cutoff=cutoff, kept=KEPT_NEIGHBOURS)]
        if sealed:
            await sql.tell_config(connection, payload="")
    dropped: tuple[str, ...] = ()
    if engine.hypertables:
        dropped = tuple([row["name"] async for row in sql.drop_chunks(connection, cutoff=cutoff)])
    deleted = await _delete(connection, cutoff, readings=not engine.hypertables)
    return Retained(cutoff, len(sealed), dropped, deleted)


async def delete_messages(connection: asyncpg.Connection, before: datetime) -> int:
    """Forget messages about alerts that were over, and sent or given up, before an instant; how many."""
    return _count(await statements("storage").delete_messages(connection, before=before))


async def delete_quarantine(connection: asyncpg.Connection, before: datetime) -> int:
    """Delete what was refused and not seen since `before`; how many."""
    return _count(await statements("storage").delete_quarantine(connection, before=before))


async def _chunks(connection: asyncpg.Connection, hypertable: str) -> list[Chunk]:
    return [
        Chunk(row["name"], row["range_start"], row["range_end"], row["compressed"], row["pending"], row["bytes"])
        async for row in statements("storage").chunks(connection, hypertable=hypertable)
    ]


async def _cutoff(connection: asyncpg.Connection, engine: Engine, before: datetime) -> datetime | None:
    """Where readings can be cut off: a chunk's end, else a day; None if none is older."""
    if engine.hypertables:
        ends = [chunk.end for chunk in await _chunks(connection, "reading") if chunk.end <= before]
        return max(ends, default=None)
    day = before.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    oldest = await statements("storage").oldest_reading(connection)
    return day if oldest is not None and oldest < day else None


async def _delete(connection: asyncpg.Connection, cutoff: datetime, *, readings: bool) -> int:
    """Delete point by point, down the key: short transactions, no index on time alone."""
    sql = statements("storage")
    deleted = 0
    for row in [row async for row in sql.point_numbers(connection)]:
        if readings:
            deleted += _count(await sql.delete_readings(connection, e=row["e"], p=row["p"], cutoff=cutoff))
        await sql.delete_revisions(connection, e=row["e"], p=row["p"], cutoff=cutoff)
    return deleted


def _count(tag: str | int) -> int:
    """Rows of a command tag: "DELETE 12" is 12."""
    return tag if isinstance(tag, int) else int(tag.split()[-1])
