"""A point's quarter hours as people ask for them: missing ones included, findings and revisions beside. Read only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db.statements import statements
from db.views import Connection


@dataclass(frozen=True, slots=True)
class QuarterRow:
    """A quarter hour of a point; every field but its place is None where the ledger has no row."""

    p: int
    start: datetime
    amount: float | None
    covered_s: float | None
    estimated_s: float | None
    apportioned_s: float | None
    basis: int | None
    suspect: bool | None
    rev: int | None
    known_at: datetime | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A point and the span asked of it, on quarter hours."""

    p: int
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Service:
    """Since when a point counts, and until when its ledger is closed; None: not yet."""

    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class FindingRow:
    """What derivation noticed; `detail` is JSON."""

    kind: str
    from_ts: datetime
    to_ts: datetime | None
    detail: str
    found_at: datetime


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """A published value that was replaced, and what stands now."""

    start: datetime
    rev: int
    amount: float | None
    basis: int
    known_at: datetime
    now_amount: float | None
    now_basis: int
    now_known_at: datetime
    now_rev: int


async def quarter_hours(
    connection: Connection, e: int, asked: Sequence[Asked], *, as_of: datetime | None, limit: int
) -> list[QuarterRow]:
    """The quarter hours of each span, in the order asked, then of time."""
    rows = statements("views").quarter_hours(
        connection,
        e=e,
        ps=[a.p for a in asked],
        sinces=[a.since for a in asked],
        untils=[a.until for a in asked],
        as_of=as_of,
        n=limit,
    )
    return [QuarterRow(**row) async for row in rows]


async def service(connection: Connection, e: int, ps: Sequence[int]) -> dict[int, Service]:
    """The time each point has been and is counted."""
    rows = statements("views").service(connection, e=e, ps=list(ps))
    return {row["p"]: Service(row["since"], row["until"]) async for row in rows}


async def findings(
    connection: Connection, e: int, p: int, t0: datetime, t1: datetime, *, limit: int
) -> list[FindingRow]:
    """Findings that touch [t0, t1), the last first."""
    rows = statements("views").point_findings(connection, e=e, p=p, t0=t0, t1=t1, n=limit)
    return [FindingRow(**row) async for row in rows]


async def revisions(
    connection: Connection, e: int, p: int, t0: datetime, t1: datetime, *, limit: int
) -> list[RevisionRow]:
    """Values of [t0, t1) that were replaced, the last replaced first."""
    rows = statements("views").point_revisions(connection, e=e, p=p, t0=t0, t1=t1, n=limit)
    return [RevisionRow(**row) async for row in rows]
