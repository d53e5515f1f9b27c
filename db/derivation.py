"""The ledger's write side: spans of points drafted in the database, compared with the ledger, published.

Arrays go in, one element a span or piece; what is odd comes out. All of it belongs into one transaction on one
connection: the draft is the session's own temporary table.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from db.statements import statements
from enms.intervals import Interval
from enms.readings import Origin, Quality, Reading
from enms.timeline import Scale, instant


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end) of one point, on quarter hours."""

    e: int
    p: int
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """A part of span number n with one scale; `low` to `high` is where interval readings end that can matter."""

    n: int
    span: Span
    scale: Scale
    low: datetime
    high: datetime


@dataclass(frozen=True, slots=True)
class Odd:
    """A stretch of span number n that is not for the set-based derivation."""

    n: int
    a: datetime
    b: datetime


async def create_draft(connection: asyncpg.Connection) -> None:
    """Prepare a connection, once: the draft table, and memory for a few ten thousand rows."""
    sql = statements("derivation")
    await sql.create_draft(connection)
    await sql.make_room(connection)


async def draft_registers(connection: asyncpg.Connection, parts: Sequence[Part]) -> list[Odd]:
    """Draft ordinary registers."""
    scales = [part.scale for part in parts]
    rows = statements("derivation").draft_registers(
        connection,
        **_spans(parts),
        factor=[s.factor for s in scales],
        multiplier=[s.multiplier for s in scales],
        rise_per_s=[s.rise_per_s for s in scales],
        slack=[s.slack for s in scales],
        gap_s=[s.gap_s for s in scales],
    )
    return await _odd(rows)


async def draft_gauges(connection: asyncpg.Connection, parts: Sequence[Part]) -> list[Odd]:
    """Draft ordinary gauges."""
    scales = [part.scale for part in parts]
    rows = statements("derivation").draft_gauges(
        connection,
        **_spans(parts),
        factor=[s.factor for s in scales],
        over=[s.over_s for s in scales],
        mean=[s.mean for s in scales],
        gap_s=[s.gap_s for s in scales],
    )
    return await _odd(rows)


async def draft_amounts(connection: asyncpg.Connection, parts: Sequence[Part]) -> list[Odd]:
    """Draft ordinary interval readings."""
    scales = [part.scale for part in parts]
    rows = statements("derivation").draft_amounts(
        connection,
        **_spans(parts),
        low=[part.low for part in parts],
        high=[part.high for part in parts],
        factor=[s.factor for s in scales],
        period_s=[s.period_s for s in scales],
        snap_s=[s.snap_s for s in scales],
        gap_s=[s.gap_s for s in scales],
    )
    return await _odd(rows)


async def widen(connection: asyncpg.Connection, spans: Sequence[Span], odd: Sequence[Odd]) -> list[tuple[int, Span]]:
    """Odd stretches of registers and gauges with the neighbours they decide about, within their spans."""
    chosen = [spans[o.n] for o in odd]
    rows = statements("derivation").spots(
        connection,
        n=[o.n for o in odd],
        e=[s.e for s in chosen],
        p=[s.p for s in chosen],
        f=[s.start for s in chosen],
        t=[s.end for s in chosen],
        a=[o.a for o in odd],
        b=[o.b for o in odd],
    )
    return [(row["n"], Span(spans[row["n"]].e, spans[row["n"]].p, row["f"], row["t"])) async for row in rows]


async def readings_around(connection: asyncpg.Connection, spans: Sequence[Span], k: int) -> list[list[Reading]]:
    """The good readings of each span, and k on each side, in order of time."""
    found: list[list[Reading]] = [[] for _ in spans]
    rows = statements("derivation").readings_around(connection, **_columns(range(len(spans)), spans), k=k)
    async for n, ts, start, value, quality, origin, received_at in rows:
        found[n].append(
            Reading(spans[n].e, spans[n].p, ts, value, Quality(quality), Origin(origin), received_at, start)
        )
    return found


async def replace_draft(
    connection: asyncpg.Connection, spans: Sequence[Span], rows: Sequence[Sequence[Interval]]
) -> None:
    """Put these rows in the place of what was drafted over each span."""
    sql = statements("derivation")
    columns = _columns(range(len(spans)), spans)
    del columns["n"]
    await sql.clear_draft(connection, **columns)
    flat = [(span, row) for span, found in zip(spans, rows, strict=True) for row in found]
    await sql.put_draft(
        connection,
        e=[span.e for span, _ in flat],
        p=[span.p for span, _ in flat],
        start=[row.start for _, row in flat],
        amount=[row.amount for _, row in flat],
        covered_s=[row.covered_s for _, row in flat],
        estimated_s=[row.estimated_s for _, row in flat],
        apportioned_s=[row.apportioned_s for _, row in flat],
        basis=[row.basis for _, row in flat],
        suspect=[row.suspect for _, row in flat],
    )


def _spans(parts: Sequence[Part]) -> dict[str, list[object]]:
    return _columns([part.n for part in parts], [part.span for part in parts])


def _columns(numbers: Iterable[int], spans: Sequence[Span]) -> dict[str, list[object]]:
    return {
        "n": list(numbers),
        "e": [s.e for s in spans],
        "p": [s.p for s in spans],
        "f": [s.start for s in spans],
        "t": [s.end for s in spans],
    }


async def _odd(rows: AsyncIterable[asyncpg.Record]) -> list[Odd]:
    return [Odd(row["n"], instant(row["odd_from"]), instant(row["odd_to"])) async for row in rows]
