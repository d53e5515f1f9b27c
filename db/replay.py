"""Has what was sent arrived, and has the ledger taken it in? Read only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from db.statements import statements
from enms.metering import ReadingType


@dataclass(frozen=True, slots=True)
class KnownPoint:
    """A point as it is now."""

    e: int
    p: int
    code: str
    reading: ReadingType
    period_s: float
    max_gap_s: float


@dataclass(frozen=True, slots=True)
class RefusedPayload:
    """A payload in quarantine, and why."""

    payload_sha256: bytes
    reason: str
    detail: str


async def points(connection: asyncpg.Connection, enterprise: str) -> dict[str, KnownPoint]:
    """The enterprise's points by code; none where it is unknown."""
    rows = [row async for row in statements("replay").points(connection, enterprise=enterprise)]
    return {
        row["code"]: KnownPoint(
            row["e"], row["p"], row["code"], ReadingType(row["reading"]), row["period_s"], row["max_gap_s"]
        )
        for row in rows
    }


async def missing(connection: asyncpg.Connection, e: int, p: Sequence[int], ts: Sequence[datetime]) -> set[int]:
    """Indices of the readings that are not stored."""
    if not ts:
        return set()
    rows = statements("replay").missing(connection, e=e, p=p, ts=ts, since=min(ts), until=max(ts))
    return {row["n"] - 1 async for row in rows}


async def contradicted(
    connection: asyncpg.Connection, e: int, p: Sequence[int], ts: Sequence[datetime], value: Sequence[float]
) -> int:
    """How many of the readings lost against another value for their instant."""
    if not ts:
        return 0
    sql = statements("replay")
    found: int = await sql.contradicted(connection, e=e, p=p, ts=ts, value=value, since=min(ts), until=max(ts))
    return found


async def refused(
    connection: asyncpg.Connection, e: int, digests: Sequence[bytes], since: datetime
) -> list[RefusedPayload]:
    """What came into quarantine since an instant of the payloads with these SHA-256 digests."""
    if not digests:
        return []
    rows = statements("replay").refused(connection, e=e, payload_sha256=digests, since=since)
    return [RefusedPayload(**dict(row)) async for row in rows]


async def underived(connection: asyncpg.Connection, e: int, p: Sequence[int]) -> int:
    """Spans of these points that wait for the ledger."""
    found: int = await statements("replay").underived(connection, e=e, p=p)
    return found


async def unclosed(connection: asyncpg.Connection, e: int, until: dict[int, datetime]) -> int:
    """How many points are not closed until their instant."""
    found: int = await statements("replay").unclosed(connection, e=e, p=list(until), until=list(until.values()))
    return found
