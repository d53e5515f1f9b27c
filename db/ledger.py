"""The ledger as others read it: quarter hours with what is missing made visible, findings, revisions.

Times are aware UTC. What the ledger does not know is None with a place of its own, never 0 and never left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from db.instants import BEGINNING, END
from db.served import Connection, Served, served_points
from db.statements import statements
from enms.errors import ConflictError, NotFoundError
from enms.findings import FindingKind
from enms.metering import INTERVAL_S, Basis
from enms.quarters import QUARTER, quarter_ceil, quarter_floor

_BASES = {int(basis): basis for basis in Basis}


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """A closed quarter hour of one point.

    Attributes:
        amount: in the point's amount unit over the covered seconds; the mean over them for a state; None: missing.
        covered_s, estimated_s, apportioned_s: of the 900 seconds; the latter two are parts of the first.
        elapsed_s: seconds that should be covered: less than 900 only where the point's service begins.
        basis: the weakest that contributed.
        rev: 0 where nothing was ever known.
        known_at: since when this is known; None where nothing was.
    """

    start: datetime
    end: datetime
    amount: float | None
    covered_s: float
    elapsed_s: float
    estimated_s: float
    apportioned_s: float
    basis: Basis
    suspect: bool
    rev: int
    known_at: datetime | None

    @property
    def completeness(self) -> float | None:
        """Covered over elapsed seconds; None before service."""
        return min(1.0, self.covered_s / self.elapsed_s) if self.elapsed_s > 0 else None


@dataclass(frozen=True, slots=True)
class FindingRow:
    """Something derivation noticed; `to_ts` None: it has not ended."""

    p: int
    kind: FindingKind
    from_ts: datetime
    to_ts: datetime | None
    detail: Mapping[str, float]
    found_at: datetime


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """One value a quarter hour ever had; the greatest `rev` is the present one."""

    start: datetime
    amount: float | None
    covered_s: float
    estimated_s: float
    apportioned_s: float
    basis: Basis
    suspect: bool
    rev: int
    known_at: datetime


async def intervals(
    connection: Connection,
    e: int,
    p: int,
    from_: datetime,
    to: datetime,
    as_of: datetime | None = None,
    *,
    now: datetime | None = None,
) -> list[IntervalRow]:
    """The closed quarter hours of one point within [from_, to), in order, missing ones included.

    Args:
        connection: idle or in a transaction.
        e, p: enterprise and point; a virtual point is summed from its terms, and missing where any of them is.
        from_, to: quarter hours that start in this span.
        as_of: as it was known then.
        now: the clock, for points the ledger never saw; without it they have no closed quarter hours.

    Raises:
        NotFoundError: nobody knows the point.
    """
    point = (await served_points(connection, e, [p])).get(p)
    if point is None:
        raise NotFoundError(f"no point {p} in enterprise {e}")
    start, end = quarter_ceil(from_), quarter_ceil(to)
    known = await known_rows(connection, e, point, start, end, as_of)
    return _with_missing(point, known, start, end, as_of, now)


async def known_rows(
    connection: Connection, e: int, point: Served, start: datetime, end: datetime, as_of: datetime | None
) -> dict[datetime, asyncpg.Record]:
    """What is known of the quarter hours of [start, end), by their starts."""
    sql = statements("ledger")
    if not point.virtual:
        return {row["start"]: row async for row in sql.rows(connection, e=e, p=point.p, f=start, t=end, as_of=as_of)}
    found: dict[datetime, asyncpg.Record] = {}
    for part in point.parts:
        # A quarter hour belongs to the version that holds at its start.
        a, b = max(start, ceiling(part.start)), min(end, ceiling(part.end))
        if a < b:
            rows = sql.rows_of_terms(
                connection, e=e, points=list(part.points), signs=list(part.signs), f=a, t=b, as_of=as_of
            )
            found |= {row["start"]: row async for row in rows}
    return found


async def closed_until(connection: Connection, e: int, p: int, now: datetime) -> datetime | None:
    """Up to when every quarter hour of a point is closed; of a virtual one, of all its terms.

    A point the ledger never saw counts as closed by the clock once it is in service.

    Raises:
        NotFoundError: nobody knows the point.
    """
    point = (await served_points(connection, e, [p])).get(p)
    if point is None:
        raise NotFoundError(f"no point {p} in enterprise {e}")
    if point.closed_until is None and point.since is None:
        return None
    return point.until(now)


async def findings(
    connection: Connection, e: int, points: Sequence[int], from_: datetime, to: datetime
) -> list[FindingRow]:
    """Findings that overlap [from_, to), by point and time."""
    rows = statements("ledger").findings(connection, e=e, points=list(points), f=from_, t=to)
    return [
        FindingRow(
            p=row["p"],
            kind=FindingKind(row["kind"]),
            from_ts=row["from_ts"],
            to_ts=row["to_ts"],
            detail=json.loads(row["detail"]),
            found_at=row["found_at"],
        )
        async for row in rows
    ]


async def revisions(connection: Connection, e: int, p: int, from_: datetime, to: datetime) -> list[RevisionRow]:
    """Every value of the quarter hours within [from_, to) that changed after they were published, oldest first.

    A first `rev` of 2 says that the quarter hour was closed as missing before.
    """
    rows = statements("ledger").revisions(connection, e=e, p=p, f=from_, t=to)
    return [RevisionRow(**{**row, "basis": Basis(row["basis"])}) async for row in rows]


async def mark_dirty(
    connection: asyncpg.Connection, e: int, p: int, from_: datetime | None, to: datetime | None
) -> None:
    """Have the ledger derive a point again; call it in the transaction that changes what it rests on.

    Args:
        connection: in that transaction.
        e, p: enterprise and point.
        from_, to: instants between which something changed; None: since ever, for ever. A change of configuration
            or of meters has to be for ever: only then are kept copies of the configuration read again.
    """
    sql = statements("ledger")
    await sql.mark_dirty(connection, e=e, p=p, from_ts=from_, to_ts=to)
    await sql.announce_dirty(connection)


async def backlog(connection: Connection, e: int | None = None) -> int:
    """How many spans of an enterprise (or of all) wait for derivation; counted up to 100 000."""
    count: int = await statements("ledger").backlog(connection, e=e)
    return count


async def seal(connection: asyncpg.Connection, e: int, before: datetime) -> int:
    """Sign an enterprise's ledger off up to an instant: nothing before it is derived again. Returns the points.

    Args:
        connection: idle; the transaction is opened here.
        e: enterprise.
        before: on a quarter hour.

    Raises:
        ConflictError: some points are not closed up to there, or it is not on a quarter hour.
    """
    if before != quarter_floor(before):
        raise ConflictError("a seal has to be on a quarter hour")
    sql = statements("ledger")
    async with connection.transaction():
        await sql.lock_enterprise_states(connection, e=e)
        still_open = [row["code"] async for row in sql.open_before(connection, e=e, before=before)]
        if still_open:
            raise ConflictError(f"not closed up to {before.isoformat()} yet: {', '.join(still_open)}")
        sealed: int = await sql.seal(connection, e=e, before=before)
    return sealed


def ceiling(at: datetime) -> datetime:
    """The first quarter hour at `at` or after it; the beginning and the end of time are their own."""
    return at if at in (BEGINNING, END) else quarter_ceil(at)


def _with_missing(
    point: Served,
    known: Mapping[datetime, asyncpg.Record],
    start: datetime,
    end: datetime,
    as_of: datetime | None,
    now: datetime | None,
) -> list[IntervalRow]:
    """Rows where something is known, missing ones wherever the point was in service and is closed."""
    elapsed: dict[datetime, float] = dict.fromkeys(known, 0.0)
    if point.closed_until is not None or now is not None:
        for a, b in point.served(start, min(end, point.until(now or start, as_of))):
            at = quarter_floor(a)
            while at < b:
                following = at + QUARTER
                seconds = INTERVAL_S if a <= at and following <= b else (min(b, following) - max(a, at)).total_seconds()
                elapsed[at] = elapsed.get(at, 0.0) + seconds
                at = following
    return [_row(at, elapsed[at], known.get(at)) for at in sorted(elapsed)]


def _row(start: datetime, elapsed_s: float, row: asyncpg.Record | None) -> IntervalRow:
    if row is None or row["amount"] is None:
        return IntervalRow(
            start=start,
            end=start + QUARTER,
            amount=None,
            covered_s=0.0,
            elapsed_s=elapsed_s,
            estimated_s=0.0,
            apportioned_s=0.0,
            basis=Basis.MISSING,
            suspect=False,
            rev=0 if row is None else row["rev"],
            known_at=None if row is None else row["known_at"],
        )
    _, amount, covered_s, estimated_s, apportioned_s, basis, suspect, rev, known_at = row
    return IntervalRow(
        start,
        start + QUARTER,
        amount,
        covered_s,
        elapsed_s,
        estimated_s,
        apportioned_s,
        _BASES[basis],
        suspect,
        rev,
        known_at,
    )
