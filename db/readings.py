"""Readings into the database: columns in, one reading an instant, the correction rule."""

from __future__ import annotations

from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import numpy as np
import numpy.typing as npt

from db.copying import Column, copy_in, encode
from db.statements import statements

Ints = npt.NDArray[np.int64]

NO_START = int(np.iinfo(np.int64).min)
"""In `Readings.start`: the reading carries none."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# One late reading beside live ones must not make the ledger derive all the time between.
_LONGEST_SPAN_GAP = 86_400 * 1_000_000


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings as columns of one length; instants in microseconds since 1970.

    Attributes:
        start: NO_START where a reading has none.
        quality: `enms.readings.Quality`.
        origin: `enms.readings.Origin`.
    """

    e: npt.NDArray[np.int32]
    p: npt.NDArray[np.int32]
    ts: Ints
    start: Ints
    value: npt.NDArray[np.float64]
    quality: npt.NDArray[np.int16]
    origin: npt.NDArray[np.int16]
    received_at: Ints

    def __len__(self) -> int:
        return len(self.ts)

    def take(self, which: npt.NDArray[np.generic] | slice) -> Readings:
        """Some of them, by index or mask."""
        return Readings(
            self.e[which],
            self.p[which],
            self.ts[which],
            self.start[which],
            self.value[which],
            self.quality[which],
            self.origin[which],
            self.received_at[which],
        )


@dataclass(frozen=True, slots=True)
class Spans:
    """What changed, as closed spans of points; instants in microseconds since 1970."""

    e: Ints
    p: Ints
    from_ts: Ints
    to_ts: Ints

    def __len__(self) -> int:
        return len(self.p)


def one_an_instant(readings: Readings) -> tuple[Readings, Readings]:
    """The readings that hold, in key order, one an instant; and those that lost against another value.

    The greatest (origin, first received, value) holds; quality and start only make the order total. A reading
    that says the same as the one that holds has not lost: it is left out.
    """
    key = readings.e.astype(np.int64) << 32 | readings.p
    order = np.lexsort((readings.ts, key))
    key, ordered = key[order], readings.take(order)
    again = (key[1:] == key[:-1]) & (ordered.ts[1:] == ordered.ts[:-1])
    if not again.any():
        return ordered, ordered.take(slice(0, 0))
    r = ordered
    latest_start = np.where(r.start == NO_START, np.iinfo(np.int64).max, -r.start)
    order = np.lexsort((latest_start, r.quality, -r.value, r.received_at, -r.origin, r.ts, key))
    ordered = r.take(order)
    first = np.concatenate((np.ones(1, np.bool_), ~again))  # the groups lie where they lay
    holds = ordered.take(first)
    winner = np.cumsum(first) - 1
    contradicts = (
        (ordered.value != holds.value[winner])
        | (ordered.quality != holds.quality[winner])
        | (ordered.start != holds.start[winner])
    )
    return holds, ordered.take(contradicts)


def spans(e: npt.NDArray[np.integer], p: npt.NDArray[np.integer], ts: Ints, start: Ints) -> Spans:
    """The spans that readings in key order cover: one a point, more where there is a day without any."""
    if not len(ts):
        return Spans(*(np.empty(0, np.int64) for _ in range(4)))
    breaks = (p[1:] != p[:-1]) | (e[1:] != e[:-1]) | (ts[1:] - ts[:-1] > _LONGEST_SPAN_GAP)
    firsts = np.concatenate(([0], np.flatnonzero(breaks) + 1))
    lasts = np.concatenate((firsts[1:], [len(ts)])) - 1
    begins = np.where(start == NO_START, ts, np.minimum(start, ts))
    return Spans(e[firsts].astype(np.int64), p[firsts].astype(np.int64), np.minimum.reduceat(begins, firsts), ts[lasts])


async def copy_readings(connection: asyncpg.Connection, readings: Readings, table: str = "reading") -> None:
    """COPY readings straight into the table, the fast way.

    Args:
        readings: in key order, one an instant.

    Raises:
        asyncpg.UniqueViolationError: there is a reading for one of the instants already.
    """
    columns = [
        Column("e", "int4", readings.e),
        Column("p", "int4", readings.p),
        Column("ts", "timestamptz", readings.ts),
        Column("value", "float8", readings.value),
        Column("quality", "int2", readings.quality),
        Column("origin", "int2", readings.origin),
        Column("received_at", "timestamptz", readings.received_at),
    ]
    without = readings.start == NO_START
    if without.all():
        encoded = encode(columns)
    else:
        columns.append(Column("start", "timestamptz", np.where(without, 0, readings.start)))
        encoded = encode(columns, last_is_null=without)
    await copy_in(connection, table, [column.name for column in columns], encoded)


async def merge_readings(connection: asyncpg.Connection, readings: Readings) -> tuple[Spans, int]:
    """Bring readings in where some of their instants are taken: the staged way, by the correction rule.

    Args:
        connection: in a transaction.
        readings: in key order, one an instant.

    Returns:
        What changed, and how many instants were taken already.
    """
    if not len(readings):
        return _spans_of_rows([]), 0
    sql = statements("readings")
    await sql.create_incoming(connection)
    await sql.clear_incoming(connection)
    await copy_readings(connection, readings, table="incoming")
    low, high = (_EPOCH + timedelta(microseconds=int(edge)) for edge in (readings.ts.min(), readings.ts.max()))
    changed = [row async for row in sql.insert_new(connection, low=low, high=high)]
    taken = len(readings) - len(changed)
    if taken and await sql.lock_contradicted(connection, low=low, high=high):
        await sql.keep_losers(connection, low=low, high=high)
        changed += [row async for row in sql.replace_beaten(connection, low=low, high=high)]
        changed.sort(key=lambda row: (row["e"], row["p"], row["ts"]))
    return _spans_of_rows(changed), taken


def _spans_of_rows(rows: Sequence[asyncpg.Record]) -> Spans:
    return spans(
        np.array([row["e"] for row in rows], np.int64),
        np.array([row["p"] for row in rows], np.int64),
        np.array([micros(row["ts"]) for row in rows], np.int64),
        np.array([NO_START if row["start"] is None else micros(row["start"]) for row in rows], np.int64),
    )


def micros(instant: datetime) -> int:
    """An instant in microseconds since 1970, exactly."""
    span = instant - _EPOCH
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds


async def keep_revisions(connection: asyncpg.Connection, losers: Readings) -> None:
    """Keep readings that lost within their own batch."""
    await statements("readings").keep_revisions(
        connection,
        e=losers.e.tolist(),
        p=losers.p.tolist(),
        ts=losers.ts.tolist(),
        start=[None if start == NO_START else start for start in losers.start.tolist()],
        value=losers.value.tolist(),
        quality=losers.quality.tolist(),
        origin=losers.origin.tolist(),
        received_at=losers.received_at.tolist(),
    )


async def mark_dirty(connection: asyncpg.Connection, changed: Spans) -> None:
    """Write down what the ledger has to derive, and notify it and the live pages when the transaction commits."""
    if not len(changed):
        return
    await statements("readings").mark_dirty(
        connection,
        e=changed.e.tolist(),
        p=changed.p.tolist(),
        from_ts=changed.from_ts.tolist(),
        to_ts=changed.to_ts.tolist(),
        enterprises=_payload(changed.e),
    )


def _payload(enterprises: Ints) -> str:
    """Comma list of enterprise numbers; empty, for all, where the list would pass NOTIFY's 8000 bytes."""
    text = ",".join(str(e) for e in np.unique(enterprises))
    return text if len(text) < 8000 else ""


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """Something refused: why, where, and the bytes themselves.

    Attributes:
        e: enterprise number, 0 where it is unknown.
        payload: as much of it as is kept; `payload_bytes` is its true size.
    """

    e: int
    payload_sha256: bytes
    reason: str
    detail: str
    topic: str
    payload: bytes
    payload_bytes: int
    first_seen: datetime
    last_seen: datetime
    count: int


async def put_in_quarantine(connection: asyncpg.Connection, rows: Sequence[QuarantineRow]) -> None:
    """Store refusals; rows of one key (enterprise, payload, reason) must have been put together."""
    if not rows:
        return
    await statements("readings").put_in_quarantine(
        connection,
        e=[row.e for row in rows],
        payload_sha256=[row.payload_sha256 for row in rows],
        reason=[row.reason for row in rows],
        detail=[row.detail for row in rows],
        topic=[row.topic for row in rows],
        payload=[row.payload for row in rows],
        payload_bytes=[row.payload_bytes for row in rows],
        first_seen=[row.first_seen for row in rows],
        last_seen=[row.last_seen for row in rows],
        count=[row.count for row in rows],
    )


@dataclass(frozen=True, slots=True)
class RegisteredPoint:
    """A point as ingest has to know it; `p` and `point` are None for an enterprise without points."""

    e: int
    enterprise: str
    p: int | None
    point: str | None
    reading: str | None
    retired_from: datetime | None
    sealed_before: datetime | None


async def registry(connection: asyncpg.Connection | asyncpg.Pool) -> list[RegisteredPoint]:
    """Every enterprise with every point as it is now."""
    rows: AsyncIterable[asyncpg.Record] = statements("readings").registry(connection)
    return [RegisteredPoint(**dict(row)) async for row in rows]
