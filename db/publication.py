"""The ledger's bookkeeping: work picked and locked, the draft published, and what follows from it.

Typed doors to db/publication.sql; all but `pick`, `due`, `ensure_states` and `lag` belong into the deriver's
transaction.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from db.derivation import Span
from db.histories import Key
from db.instants import BEGINNING, END, known
from db.statements import statements
from enms.cuts import Cuts
from enms.findings import Finding, FindingKind


@dataclass(frozen=True, slots=True)
class Pick:
    """A point with dirty spans up to number `last_id`.

    Attributes:
        spans: how many.
        ahead: some begin where nothing is closed yet.
        settled: those that reach back have waited long enough (or there are none).
    """

    e: int
    p: int
    last_id: int
    spans: int
    ahead: bool
    settled: bool


@dataclass(frozen=True, slots=True)
class PointState:
    """How far the ledger is with a point; see the comments on table point_state."""

    e: int
    p: int
    first_ts: datetime | None
    newest_ts: datetime | None
    closed_until: datetime | None
    sealed_before: datetime | None
    closes_at: datetime | None
    known_at: datetime | None
    config_rev: int
    longest_s: float

    @property
    def key(self) -> Key:
        return self.e, self.p


@dataclass(frozen=True, slots=True)
class Dirty:
    """Readings of a point changed in [from_ts, to_ts]; endless where its configuration changed."""

    e: int
    p: int
    from_ts: datetime
    to_ts: datetime
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """What a point's readings reach to; None: there are none.

    Attributes:
        began: where the first good reading begins to count.
        longest_s: longest stated span of an interval reading within what was asked about.
    """

    newest_ts: datetime | None
    newest_good: datetime | None
    began: datetime | None
    longest_s: float | None


@dataclass(frozen=True, slots=True)
class Publication:
    """What was published of one span: how many rows, how many of them revisions, and where."""

    changed: int
    revised: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """A local day of a point to be summed again."""

    e: int
    p: int
    local_date: date
    start: datetime
    end: datetime
    mean: bool


@dataclass(frozen=True, slots=True)
class Share:
    """Which of the points a worker looks at: those whose number leaves `nth` when divided by `of`."""

    nth: int = 0
    of: int = 1


EVERY = Share()


@dataclass(frozen=True, slots=True)
class Lag:
    """How far behind the ledger is, in seconds."""

    oldest_dirty_s: float
    overdue_s: float


async def pick(
    connection: asyncpg.Connection, after: Key, share: Share, *, spans: int, settle_s: float, longest_s: float
) -> list[Pick]:
    """Points after `after` with dirty spans, from at most so many spans."""
    rows = statements("publication").pick(
        connection,
        after_e=after[0],
        after_p=after[1],
        n=spans,
        settle_s=settle_s,
        longest_s=longest_s,
        share=share.nth,
        shares=share.of,
    )
    return [Pick(**row) async for row in rows]


async def due(connection: asyncpg.Connection, share: Share, now: datetime, n: int) -> list[Key]:
    """At most n points whose next interval the clock has to close."""
    return [
        (row["e"], row["p"])
        async for row in statements("publication").due(connection, now=now, n=n, share=share.nth, shares=share.of)
    ]


async def ensure_states(connection: asyncpg.Connection, points: Collection[Key]) -> None:
    """Rows to lock, for points that are new; outside a transaction, so that nobody waits for it."""
    await statements("publication").ensure_states(connection, **_keys(sorted(points)))


async def lock_states(connection: asyncpg.Connection, points: Collection[Key]) -> list[PointState]:
    """The states of those points that nobody else is deriving, locked."""
    rows = statements("publication").lock_states(connection, **_keys(sorted(points)))
    return [PointState(**row) async for row in rows]


async def take_dirty(
    connection: asyncpg.Connection, points: Sequence[Key], since: Sequence[datetime], last_ids: Sequence[int]
) -> list[Dirty]:
    """Take away the dirty spans of locked points that begin at `since` or later, up to a number."""
    rows = statements("publication").take_dirty(connection, **_keys(points), since=list(since), last_id=list(last_ids))
    return [
        Dirty(
            row["e"],
            row["p"],
            known(row["from_ts"]) or BEGINNING,
            known(row["to_ts"]) or END,
            row["written_at"],
        )
        async for row in rows
    ]


async def put_back(connection: asyncpg.Connection, spans: Sequence[Dirty]) -> None:
    """Spans for the next transaction."""
    await statements("publication").put_back(connection, **_columns(Dirty, spans))


async def neighbours(connection: asyncpg.Connection, spans: Sequence[Dirty], k: int) -> list[tuple[datetime, datetime]]:
    """For each span the k-th good reading before it and after it; endless where there are fewer."""
    rows = statements("publication").neighbours(
        connection,
        n=list(range(len(spans))),
        **_keys([(s.e, s.p) for s in spans]),
        a=[s.from_ts for s in spans],
        b=[s.to_ts for s in spans],
        k=k,
    )
    found = {row["n"]: (known(row["low"]) or BEGINNING, known(row["high"]) or END) async for row in rows}
    return [found[n] for n in range(len(spans))]


async def observe(
    connection: asyncpg.Connection,
    points: Sequence[Key],
    within: Sequence[tuple[datetime, datetime]],
    periods_s: Sequence[float],
    longest_s: Sequence[float],
) -> dict[Key, Seen]:
    """What the readings of points reach to.

    Args:
        points: whose.
        within: where to look for stated spans.
        periods_s: what an interval reading without a start covers, 0 for other readings.
        longest_s: the longest stated span known so far.
    """
    rows = statements("publication").observe(
        connection,
        **_keys(points),
        a=[a for a, _ in within],
        b=[b for _, b in within],
        period_s=list(periods_s),
        longest_s=list(longest_s),
    )
    return {
        (row["e"], row["p"]): Seen(row["newest_ts"], row["newest_good"], row["began"], row["longest_s"])
        async for row in rows
    }


async def publish(
    connection: asyncpg.Connection,
    spans: Sequence[Span],
    known_at: Sequence[datetime],
    served_from: Sequence[datetime],
    closed_before: Sequence[datetime],
) -> dict[int, Publication]:
    """Compare the draft with the ledger and publish the difference; by number of span, where there is any.

    Args:
        spans: disjoint.
        known_at: the instant under which changes of each span are known.
        served_from, closed_before: what was closed as missing before, and is now known, becomes a revision.
    """
    rows = statements("publication").publish(
        connection,
        n=list(range(len(spans))),
        **_keys([(s.e, s.p) for s in spans]),
        f=[s.start for s in spans],
        t=[s.end for s in spans],
        known_at=list(known_at),
        served_from=list(served_from),
        closed_before=list(closed_before),
    )
    return {row["n"]: Publication(row["changed"], row["revised"], row["first"], row["last"]) async for row in rows}


async def forget_days(connection: asyncpg.Connection, points: Sequence[Key]) -> None:
    """Remove all day totals of points whose days may be cut otherwise now."""
    await statements("publication").forget_days(connection, **_keys(points))


async def put_days(connection: asyncpg.Connection, days: Sequence[Day]) -> None:
    """Sum days again from their intervals."""
    await statements("publication").put_days(
        connection,
        **_keys([(d.e, d.p) for d in days]),
        local_date=[d.local_date for d in days],
        f=[d.start for d in days],
        t=[d.end for d in days],
        mean=[d.mean for d in days],
    )


async def cuts(connection: asyncpg.Connection, enterprises: Collection[int]) -> dict[int, Cuts]:
    """How enterprises cut their days."""
    rows = statements("publication").cuts(connection, es=sorted(enterprises))
    return {
        row["e"]: Cuts(
            ZoneInfo(row["timezone"]), timedelta(hours=row["day_starts"].hour, minutes=row["day_starts"].minute)
        )
        async for row in rows
    }


async def replace_findings(
    connection: asyncpg.Connection,
    spans: Sequence[Span],
    kinds: Collection[FindingKind],
    found: Sequence[tuple[Key, Finding]],
    found_at: datetime,
) -> None:
    """Findings of these kinds that touch the spans are now these; what was there already keeps its found_at."""
    sql = statements("publication")
    keys = _keys([key for key, _ in found])
    kind = [finding.kind.value for _, finding in found]
    from_ts = [finding.from_ts for _, finding in found]
    await sql.forget_findings(
        connection,
        **_keys([(s.e, s.p) for s in spans]),
        f=[s.start for s in spans],
        t=[s.end for s in spans],
        kinds=sorted(kinds),
        kept_e=keys["e"],
        kept_p=keys["p"],
        kept_kind=kind,
        kept_from=from_ts,
    )
    if found:
        await sql.put_findings(
            connection,
            **keys,
            kind=kind,
            from_ts=from_ts,
            to_ts=[finding.to_ts for _, finding in found],
            detail=[json.dumps(dict(finding.detail)) for _, finding in found],
            found_at=[found_at] * len(found),
        )


async def put_states(connection: asyncpg.Connection, states: Sequence[PointState]) -> None:
    """Store states; the seal stays as it is."""
    columns = _columns(PointState, states)
    del columns["sealed_before"]
    await statements("publication").put_states(connection, **columns)


async def put_watermarks(connection: asyncpg.Connection, points: Sequence[Key], newest: Sequence[datetime]) -> None:
    """Move watermarks forward."""
    await statements("publication").put_watermarks(connection, **_keys(points), newest_ts=list(newest))


async def announce(
    connection: asyncpg.Connection, spans: Sequence[tuple[Key, datetime, datetime]], known_at: Sequence[datetime]
) -> None:
    """Tell the rules and the live pages what was published: first and last quarter hour of each span."""
    rows = statements("publication").announce(
        connection,
        **_keys([key for key, _, _ in spans]),
        from_start=[first for _, first, _ in spans],
        to_start=[last for _, _, last in spans],
        known_at=list(known_at),
    )
    async for _ in rows:
        pass


async def lag(connection: asyncpg.Connection, now: datetime) -> Lag:
    """How far behind the ledger is."""
    row = await statements("publication").lag(connection, now=now)
    return Lag(row["oldest_dirty_s"] or 0.0, row["overdue_s"] or 0.0)


def _keys(points: Sequence[Key]) -> dict[str, list[int]]:
    return {"e": [e for e, _ in points], "p": [p for _, p in points]}


def _columns(row_type: type, rows: Sequence[PointState] | Sequence[Dirty]) -> dict[str, list[object]]:
    # not astuple: it copies every instant, and took a third of a derivation
    return {f.name: [getattr(row, f.name) for row in rows] for f in fields(row_type)}
