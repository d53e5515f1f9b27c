"""Readings as series, as sent or per time step, and what was refused. Read only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from db.plants import EnterpriseRow
from db.statements import statements
from db.views import Connection

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(9999, 1, 1, tzinfo=UTC)
STEPS = {
    "1m": timedelta(minutes=1),
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
}


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """One reading as accepted: value in the point's unit, before the multiplier."""

    p: int
    ts: datetime
    start: datetime | None
    value: float
    quality: int
    origin: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class BinRow:
    """The readings within one step from `ts` on; bad ones are left out."""

    p: int
    ts: datetime
    readings: int
    low: float
    high: float
    mean: float
    last: float


@dataclass(frozen=True, slots=True)
class LostReadingRow:
    """A reading that lost against another for the same instant."""

    ts: datetime
    start: datetime | None
    value: float
    quality: int
    origin: int
    received_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """One refused payload, or one refused row of it. `payload` is its first 4 096 bytes."""

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


@dataclass(frozen=True, slots=True)
class QuarantineReason:
    reason: str
    payloads: int
    deliveries: int
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class After:
    """Where the page before ended: point number and instant."""

    p: int = -1
    ts: datetime = BEGINNING


async def raw(
    connection: Connection,
    enterprise: EnterpriseRow,
    ps: Sequence[int],
    t0: datetime,
    t1: datetime,
    *,
    after: After,
    limit: int,
) -> list[ReadingRow]:
    """Readings of [t0, t1) by point and time, at most `limit`."""
    rows = statements("views").readings_raw(
        connection, e=enterprise.e, ps=list(ps), t0=t0, t1=t1, after_p=after.p, after_ts=after.ts, n=limit
    )
    return [ReadingRow(**row) async for row in rows]


async def binned(
    connection: Connection,
    enterprise: EnterpriseRow,
    ps: Sequence[int],
    t0: datetime,
    t1: datetime,
    *,
    step: str,
    after: After,
    limit: int,
) -> list[BinRow]:
    """Readings of [t0, t1) per step of `STEPS`; a day is the enterprise's own."""
    if step == "1d":
        opens = timedelta(hours=enterprise.day_starts.hour, minutes=enterprise.day_starts.minute)
        rows = statements("views").readings_by_day(
            connection,
            e=enterprise.e,
            ps=list(ps),
            t0=t0,
            t1=t1,
            zone=enterprise.timezone,
            day_starts=opens,
            after_p=after.p,
            after_ts=after.ts,
            n=limit,
        )
    else:
        rows = statements("views").readings_binned(
            connection,
            e=enterprise.e,
            ps=list(ps),
            t0=t0,
            t1=t1,
            width=STEPS[step],
            after_p=after.p,
            after_ts=after.ts,
            n=limit,
        )
    return [BinRow(**row) async for row in rows]


async def lost_readings(
    connection: Connection, e: int, p: int, t0: datetime, t1: datetime, *, limit: int
) -> list[LostReadingRow]:
    """Readings of [t0, t1) that were replaced, the latest replaced first."""
    rows = statements("views").reading_revisions(connection, e=e, p=p, t0=t0, t1=t1, n=limit)
    return [LostReadingRow(**row) async for row in rows]


async def quarantine(
    connection: Connection,
    es: Sequence[int],
    *,
    reason: str | None = None,
    text: str | None = None,
    before: datetime = END,
    before_key: bytes = b"\xff" * 32,
    limit: int,
) -> list[QuarantineRow]:
    """What was refused, last seen first.

    `es` are enterprises, 0 for what could be assigned to none; `text` is looked for in detail and topic;
    `before` and `before_key` are where the page before ended.
    """
    rows = statements("views").quarantine(
        connection, es=list(es), reason=reason, text=text, before=before, before_key=before_key, n=limit
    )
    return [QuarantineRow(**row) async for row in rows]


async def quarantine_reasons(connection: Connection, es: Sequence[int], since: datetime) -> list[QuarantineReason]:
    """How much was refused since an instant, by reason."""
    rows = statements("views").quarantine_reasons(connection, es=list(es), since=since)
    return [QuarantineReason(**row) async for row in rows]
