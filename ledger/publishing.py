"""Jobs into the ledger: drafted, compared, published; then day totals, findings and the word to the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from db.derivation import Span
from db.histories import Key
from db.instants import BEGINNING, END
from db.publication import (
    Day,
    PointState,
    Publication,
    announce,
    cuts,
    forget_days,
    publish,
    put_days,
    replace_findings,
)
from enms.cuts import Cut, Window
from enms.findings import Finding, FindingKind
from enms.quarters import QUARTER, quarter_floor
from ledger.closing import Course
from ledger.draft import draft

# Found by derivation itself; the others are runs of readings (ledger.runs).
DERIVED = frozenset(FindingKind) - {FindingKind.FROZEN, FindingKind.OUT_OF_RANGE}


@dataclass(frozen=True, slots=True)
class Job:
    """What to derive of one point, and its state before and after.

    Attributes:
        recut: every day of the spans is summed again, not only those that change.
        recut_all: all day totals are forgotten first.
    """

    before: PointState
    after: PointState
    course: Course
    spans: Sequence[Span]
    recut: bool
    recut_all: bool

    @property
    def closed(self) -> tuple[datetime, datetime] | None:
        """What this closes: from the start of its first quarter hour to the end of its last."""
        since, until = self.before.closed_until, self.after.closed_until
        if until is None or self.after.first_ts is None:
            return None
        since = since or quarter_floor(self.after.first_ts)
        return (since, until) if since < until else None

    @property
    def whole(self) -> tuple[datetime, datetime] | None:
        """From its first quarter hour to the end of its last."""
        if self.after.closed_until is None or self.after.first_ts is None:
            return None
        return quarter_floor(self.after.first_ts), self.after.closed_until


@dataclass(frozen=True, slots=True)
class Published:
    """How many rows were published, and how many of them are revisions."""

    changed: int = 0
    revised: int = 0


async def publish_jobs(connection: asyncpg.Connection, jobs: Sequence[Job], now: datetime) -> Published:
    """Publish jobs.

    Args:
        connection: in the transaction that holds the points' locks.
        jobs: of different points.
        now: the clock.
    """
    owners = [job for job in jobs for _ in job.spans]
    spans = [span for job in jobs for span in job.spans]
    found: list[list[Finding]] = []
    made: dict[int, Publication] = {}
    if spans:
        found = await draft(connection, spans, {job.before.key: job.course for job in jobs})
        made = await publish(
            connection,
            spans,
            known_at=[job.after.known_at or now for job in owners],
            served_from=[_served_from(job.before) for job in owners],
            closed_before=[job.before.closed_until or BEGINNING for job in owners],
        )
        unique = {
            (span.e, span.p, f.kind, f.from_ts): ((span.e, span.p), f)
            for span, findings in zip(spans, found, strict=True)
            for f in findings
        }
        await replace_findings(connection, spans, DERIVED, list(unique.values()), now)
        await _sum_days(connection, owners, spans, made)
    await _announce(connection, jobs, spans, made, now)
    return Published(sum(p.changed for p in made.values()), sum(p.revised for p in made.values()))


def _served_from(before: PointState) -> datetime:
    """From when on a quarter hour without a row was published as missing."""
    return END if before.first_ts is None or before.closed_until is None else quarter_floor(before.first_ts)


async def _sum_days(
    connection: asyncpg.Connection, owners: Sequence[Job], spans: Sequence[Span], made: Mapping[int, Publication]
) -> None:
    """Day totals of what changed, in each enterprise's own days."""
    touched = [(owners[n], (p.first, p.last + QUARTER)) for n, p in made.items()]
    touched += [(job, (span.start, span.end)) for job, span in zip(owners, spans, strict=True) if job.recut]
    # days may be cut otherwise now, those before the seal too: their quarter hours are still there
    again = {job.before.key: job for job in owners if job.recut_all}
    if again:
        await forget_days(connection, sorted(again))
        touched += [(job, whole) for job in again.values() if (whole := job.whole) is not None]
    if not touched:
        return
    calendar = await cuts(connection, {job.before.e for job, _ in touched})
    known: dict[tuple[int, Window], list[Window]] = {}
    days: dict[tuple[Key, Window], Day] = {}
    for job, window in touched:
        e, p = job.before.key
        own = calendar[e]
        if (e, window) not in known:
            known[e, window] = own.windows(Cut.DAY, *window)
        for start, end in known[e, window]:
            days[(e, p), (start, end)] = Day(e, p, own.local_day(start), start, end, job.course.mean)
    await put_days(connection, list(days.values()))


async def _announce(
    connection: asyncpg.Connection,
    jobs: Sequence[Job],
    spans: Sequence[Span],
    made: Mapping[int, Publication],
    now: datetime,
) -> None:
    """Say what was published, revised, or closed without anything known."""
    told = [((spans[n].e, spans[n].p), p.first, p.last) for n, p in made.items()]
    told += [(job.before.key, closed[0], closed[1] - QUARTER) for job in jobs if (closed := job.closed) is not None]
    if told:
        known_at = {job.before.key: job.after.known_at or now for job in jobs}
        await announce(connection, told, [known_at[key] for key, _, _ in told])
