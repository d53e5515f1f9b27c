"""Production and readings entered by hand: of origin `hand`, with the audit of who entered them, when and why.

Of two entries for one instant the last holds. That is no matter of arrival: entries are numbered in the transaction
that writes them, and the one that was replaced is kept. The same entry sent twice is one entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import numpy as np

from db.readings import mark_dirty, micros, spans
from db.statements import statements
from enms.errors import ConflictError


@dataclass(frozen=True, slots=True)
class HandEntry:
    """An amount over [start, end) in the point's unit, to be entered."""

    p: int
    start: datetime
    end: datetime
    value: float
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry as it was made.

    Attributes:
        before_value, before_origin: what held for that instant; None: nothing.
        corrects, corrected_by: numbers of entries.
    """

    id: int
    point: str
    unit: str
    start: datetime
    ts: datetime
    value: float
    before_value: float | None
    before_origin: int | None
    corrects: int | None
    reason: str
    actor: str
    entered_at: datetime
    corrected_by: int | None


async def enter(connection: asyncpg.Connection, e: int, entry: HandEntry, *, now: datetime) -> int:
    """Write an entry, its reading and what the ledger has to derive, in one transaction; the entry's number.

    What the last entry of that span says already, by the same person for the same reason, is not entered again.

    Args:
        connection: idle or in a transaction.
        e: enterprise number.
        entry: checked: a point with interval readings, a span that is over.
        now: the clock.

    Raises:
        ConflictError: the period is sealed.
    """
    sql = statements("hand")
    async with connection.transaction():
        await sql.one_at_a_time(connection, e=e)
        last = await sql.last_entry(connection, e=e, p=entry.p, ts=entry.end)
        said = (entry.start, entry.value, entry.reason, entry.actor)
        if last is not None and (last["start"], last["value"], last["reason"], last["actor"]) == said:
            return int(last["id"])
        sealed = await sql.sealed_before(connection, e=e, p=entry.p)
        if sealed is not None and entry.start < sealed:
            raise ConflictError(f"the period before {sealed.isoformat()} is sealed")
        held = await sql.lock_reading(connection, e=e, p=entry.p, ts=entry.end)
        if held is not None:
            await sql.set_aside(connection, e=e, p=entry.p, ts=entry.end)
        await sql.put_by_hand(
            connection, e=e, p=entry.p, ts=entry.end, start=entry.start, value=entry.value, received_at=now
        )
        number: int = await sql.write_entry(
            connection,
            e=e,
            p=entry.p,
            start=entry.start,
            ts=entry.end,
            value=entry.value,
            before_value=held["value"] if held is not None else None,
            before_origin=held["origin"] if held is not None else None,
            corrects=last["id"] if last is not None else None,
            reason=entry.reason,
            actor=entry.actor,
            entered_at=now,
        )
        earliest = min(start for start in (entry.start, held["start"] if held is not None else None) if start)
        changed = spans(np.array([e]), np.array([entry.p]), np.array([micros(entry.end)]), np.array([micros(earliest)]))
        await mark_dirty(connection, changed)
    return number


async def entries(
    connection: asyncpg.Connection | asyncpg.Pool,
    e: int,
    *,
    p: int | None = None,
    before: int | None = None,
    limit: int,
) -> list[EntryRow]:
    """Entries, the last one first.

    Args:
        connection: idle or in a transaction.
        e: enterprise number.
        p: of this point only.
        before: the number of the last one on the page before.
        limit: how many at most.
    """
    rows = statements("hand").entries(connection, e=e, p=p, before=before, n=limit)
    return [EntryRow(**row) async for row in rows]


@dataclass(frozen=True, slots=True)
class HandReading:
    """A reading as somebody entered it, by point number and code."""

    p: int
    point: str
    ts: datetime
    start: datetime | None
    value: float


@dataclass(frozen=True, slots=True)
class BatchRow:
    """Readings that were entered together.

    Attributes:
        corrected: how many took the place of another reading by hand.
    """

    id: int
    points: tuple[str, ...]
    readings: int
    corrected: int
    first_ts: datetime
    last_ts: datetime
    reason: str
    actor: str
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class HandRow:
    """A reading by hand that holds."""

    ts: datetime
    start: datetime | None
    value: float
    received_at: datetime


async def settle(
    connection: asyncpg.Connection, e: int, rows: Sequence[HandReading], *, reason: str, actor: str, now: datetime
) -> int:
    """Let the last reading by hand of an instant hold, and write down who entered these, when and why.

    Returns the number of the entry; of one that is sent again, the number it has.

    Args:
        connection: idle or in a transaction.
        e: enterprise number.
        rows: stored already, with origin `hand`; by the rule for readings the first of an instant holds.
        reason: why by hand.
        actor: who.
        now: the clock.
    """
    sql = statements("hand")
    last = list({(row.p, row.ts): row for row in rows}.values())
    columns = {
        "ps": [r.p for r in last],
        "tss": [r.ts for r in last],
        "starts": [r.start for r in last],
        "values": [r.value for r in last],
    }
    async with connection.transaction():
        await sql.one_at_a_time(connection, e=e)
        again = await sql.same_batch(connection, e=e, **columns, n=len(rows), reason=reason, actor=actor)
        if again is not None:
            return int(again)
        found = sql.contradicted(connection, e=e, **columns)
        wrong = [last[record["n"]] async for record in found]
        for row in wrong:
            held = await sql.lock_reading(connection, e=e, p=row.p, ts=row.ts)
            await sql.set_aside(connection, e=e, p=row.p, ts=row.ts)
            await sql.put_by_hand(
                connection, e=e, p=row.p, ts=row.ts, start=row.start, value=row.value, received_at=now
            )
            earliest = min(at for at in (row.ts, row.start, held["start"]) if at is not None)
            one = (np.array([e]), np.array([row.p]), np.array([micros(row.ts)]), np.array([micros(earliest)]))
            await mark_dirty(connection, spans(*one))
        number: int = await sql.write_batch(
            connection,
            e=e,
            points=sorted({row.point for row in rows}),
            readings=len(rows),
            corrected=len(wrong),
            first_ts=min(row.ts for row in rows),
            last_ts=max(row.ts for row in rows),
            reason=reason,
            actor=actor,
            entered_at=now,
        )
        await sql.write_readings(connection, e=e, batch=number, **columns)
    return number


@dataclass(frozen=True, slots=True)
class EnteredReading:
    """A reading as it was entered.

    Attributes:
        batch: number of the entry; corrects, corrected_by: of the entries before and after it for the same instant.
    """

    batch: int
    point: str
    unit: str
    ts: datetime
    start: datetime | None
    value: float
    reason: str
    actor: str
    entered_at: datetime
    corrects: int | None
    corrected_by: int | None


async def entered_readings(
    connection: asyncpg.Connection | asyncpg.Pool, e: int, *, limit: int
) -> list[EnteredReading]:
    """Readings entered by hand, the last first."""
    return [EnteredReading(**row) async for row in statements("hand").entered_readings(connection, e=e, n=limit)]


async def batches(connection: asyncpg.Connection | asyncpg.Pool, e: int, *, limit: int) -> list[BatchRow]:
    """Readings entered together, the last first."""
    rows = statements("hand").batches(connection, e=e, n=limit)
    return [BatchRow(**{**row, "points": tuple(row["points"])}) async for row in rows]


async def readings_by_hand(
    connection: asyncpg.Connection | asyncpg.Pool, e: int, p: int, start: datetime, end: datetime, *, limit: int
) -> list[HandRow]:
    """Readings by hand of [start, end) that hold, the last first."""
    rows = statements("hand").by_hand(connection, e=e, p=p, t0=start, t1=end, n=limit)
    return [HandRow(**row) async for row in rows]
