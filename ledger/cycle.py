"""One derivation: dirty spans taken, intervals closed and published, in one transaction.

No crash loses a derivation: the dirty spans go in the transaction that publishes what they made. No two derivers
touch one point: its state is locked before its spans are taken, and its readings are read after that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import asyncpg

from db.derivation import Span
from db.histories import Key
from db.instants import BEGINNING, END, known
from db.pool import AWAY
from db.publication import (
    EVERY,
    Dirty,
    Pick,
    PointState,
    Share,
    due,
    ensure_states,
    lock_states,
    neighbours,
    observe,
    pick,
    put_back,
    put_states,
    put_watermarks,
    take_dirty,
)
from enms.errors import EnmsError
from enms.quarters import QUARTER, quarter_floor
from ledger.closing import (
    CHANGES,
    Course,
    affected,
    beginning,
    close,
    is_endless,
    is_quick,
    quarters,
    spans_to_derive,
    told_until,
)
from ledger.courses import CourseBook
from ledger.publishing import Job, Published, publish_jobs

_MICROSECOND = timedelta(microseconds=1)
_START: Key = (-1, -1)
# The database went away or is about to; everything else is about data.
GONE = (*AWAY, asyncpg.OperatorInterventionError)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a derivation goes by.

    Attributes:
        allowance_s: how long a reading may travel before the clock closes without it.
        settle_s: late spans wait until no other came for so long,
        longest_wait_s: and at most so long.
        quarters: most quarter hours derived in one transaction.
        spans: most dirty spans looked at in one.
        points: most points locked in one.
        share: which points are looked at at all.
    """

    allowance_s: float = 120.0
    settle_s: float = 2.0
    longest_wait_s: float = 10.0
    quarters: int = 50_000
    spans: int = 100_000
    points: int = 5_000
    share: Share = EVERY


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one derivation did.

    Attributes:
        points: how many points it took.
        published: rows published; `revised` of them replaced or came after a closed value.
        more: there was more to do than fitted in.
        waiting: some spans are not ripe yet.
        cursor: where the next one looks on.
    """

    points: int = 0
    published: int = 0
    revised: int = 0
    more: bool = False
    waiting: bool = False
    cursor: Key = _START


@dataclass(slots=True)
class _Work:
    """A locked point with what was taken for it."""

    state: PointState
    course: Course
    dirty: list[Dirty] = field(default_factory=list)

    @property
    def reconfigured(self) -> bool:
        return any(is_endless(d) for d in self.dirty)


class DerivationError(EnmsError):
    """Something in the readings or the configuration of these points cannot be derived."""

    def __init__(self, points: Collection[Key]) -> None:
        self.points = frozenset(points)
        super().__init__(f"cannot derive {len(self.points)} point(s)")


async def derive_once(
    connection: asyncpg.Connection,
    book: CourseBook,
    cursor: Key,
    now: datetime,
    limits: Limits,
    skip: Collection[Key] = (),
) -> Outcome:
    """Take what is ripe and publish what it changes.

    Args:
        connection: idle, with a draft table.
        book: configurations kept between calls.
        cursor: points up to this one were looked at last time.
        now: the clock.
        limits: how much, and how patiently.
        skip: points to leave alone.

    Raises:
        DerivationError: nothing was derived; one of its points is to blame.
        asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError: the database is gone.
    """
    picked = await pick(
        connection, cursor, limits.share, spans=limits.spans, settle_s=limits.settle_s, longest_s=limits.longest_wait_s
    )
    exhausted = sum(p.spans for p in picked) < limits.spans
    ripe = [p for p in picked if (p.ahead or p.settled) and (p.e, p.p) not in skip]
    chosen = ripe[: limits.points]
    if len(chosen) < len(ripe):
        following, exhausted = (chosen[-1].e, chosen[-1].p), False
    else:
        following = _START if exhausted else (picked[-1].e, picked[-1].p)
    overdue = [key for key in await due(connection, limits.share, now, limits.points + len(skip)) if key not in skip]
    keys = {(p.e, p.p) for p in chosen} | set(overdue[: limits.points - len(chosen)])
    waiting = any(not p.settled for p in picked)
    if not keys:
        return Outcome(more=not exhausted, waiting=waiting, cursor=following)
    await ensure_states(connection, keys)
    try:
        async with connection.transaction():
            work = await _take(connection, book, keys, chosen)
            published, left = await _derive(connection, work, now, limits)
    except Exception as problem:
        book.forget()
        # asyncpg's refusal of an argument is an InterfaceError and a ValueError
        if isinstance(problem, GONE) and not isinstance(problem, ValueError):
            raise
        raise DerivationError(keys) from problem
    return Outcome(
        points=len(work),
        published=published.changed,
        revised=published.revised,
        more=left or not exhausted or len(overdue) > len(keys),
        waiting=waiting,
        cursor=following,
    )


async def _take(
    connection: asyncpg.Connection, book: CourseBook, keys: set[Key], chosen: Sequence[Pick]
) -> list[_Work]:
    """Lock points and take their dirty spans: all of a settled one, else those that begin where nothing is closed."""
    states = {s.key: s for s in await lock_states(connection, keys)}
    picks = [p for p in chosen if (p.e, p.p) in states]
    dirty: defaultdict[Key, list[Dirty]] = defaultdict(list)
    if picks:
        since = [
            BEGINNING if p.settled else (states[p.e, p.p].closed_until or END)  # nothing closed: all of it is late
            for p in picks
        ]
        for span in await take_dirty(connection, [(p.e, p.p) for p in picks], since, [p.last_id for p in picks]):
            dirty[span.e, span.p].append(span)
    reconfigured = {key for key, spans in dirty.items() if any(is_endless(d) for d in spans)}
    courses = await book.of(connection, list(states.values()), reconfigured)
    return [_Work(state, courses[key], dirty[key]) for key, state in states.items()]


async def _derive(
    connection: asyncpg.Connection, work: Sequence[_Work], now: datetime, limits: Limits
) -> tuple[Published, bool]:
    """Derive what was taken; tells what was published, and whether something was put back."""
    quick = [w for w in work if w.dirty and not _is_due(w.state, now) and is_quick(w.state, w.dirty, w.course)]
    near = await _near(connection, [w for w in quick if w.course.of_registers])
    quick = [
        w for w in quick if all(near[d][0] >= (w.state.closed_until or END) for d in w.dirty if w.course.of_registers)
    ]
    if quick:
        newest = [max(d.to_ts for d in w.dirty) for w in quick]
        await put_watermarks(connection, [w.state.key for w in quick], newest)
    done = {w.state.key for w in quick}
    full = [w for w in work if w.state.key not in done and (w.dirty or _is_due(w.state, now))]
    if not full:
        return Published(), False
    jobs, left = await _jobs(connection, full, now, limits)
    if left:
        await put_back(connection, left)
    published = await publish_jobs(connection, [job for job in jobs if job.spans or job.closed], now)
    await put_states(connection, [job.after for job in jobs])
    return published, bool(left)


async def _jobs(
    connection: asyncpg.Connection, full: Sequence[_Work], now: datetime, limits: Limits
) -> tuple[list[Job], list[Dirty]]:
    """What to derive of each point, as far as it fits; and what is put back."""
    seen = await observe(
        connection,
        [w.state.key for w in full],
        [_hull(w.dirty) for w in full],
        [w.course.line.longest_period_s if w.course.of_intervals else 0.0 for w in full],
        [w.course.longest_s for w in full],
    )
    near = await _near(connection, [w for w in full if w.course.of_registers])
    jobs: list[Job] = []
    left: list[Dirty] = []
    room = limits.quarters
    for w in full:
        if room <= 0 and w.dirty:
            left += w.dirty
            continue
        now_seen = seen[w.state.key]
        course = replace(w.course, longest_s=max(w.course.longest_s, now_seen.longest_s or 0.0))
        first = beginning(w.state, now_seen, course) if course.line.readings else w.state.first_ts
        closing = close(w.state, now_seen, first, course, now, limits.allowance_s)
        spans: list[Span] = []
        if first is not None and closing.closed_until is not None and course.line.readings:
            end = told_until(now_seen.newest_good, course.line) if now_seen.newest_good else closing.closed_until
            changed = [affected(d, near.get(d, (d.from_ts, d.to_ts)), course, end) for d in w.dirty]
            spans = spans_to_derive(w.state, changed, first, closing.closed_until, end)
        spans, rest, room = _fit(spans, room)
        closed_until = closing.closed_until
        if rest:
            written_at = min((d.written_at for d in w.dirty), default=now)
            left += [Dirty(r.e, r.p, r.start, END if w.reconfigured else r.end, written_at) for r in rest]
            if closed_until is not None:
                closed_until = max(w.state.closed_until or rest[0].start, min(closed_until, rest[0].start))
        after = replace(
            w.state,
            first_ts=first,
            newest_ts=max(filter(None, (w.state.newest_ts, now_seen.newest_ts)), default=None),
            closed_until=closed_until,
            closes_at=closing.closes_at,
            known_at=now if w.state.known_at is None else max(now, w.state.known_at + _MICROSECOND),
            config_rev=w.state.config_rev + w.reconfigured,
            longest_s=max(w.state.longest_s, now_seen.longest_s or 0.0),
        )
        jobs.append(
            Job(
                before=w.state,
                after=after,
                course=course,
                spans=spans,
                recut=w.reconfigured,
                recut_all=any(known(d.from_ts) is None for d in w.dirty),
            )
        )
    return jobs, left


def _fit(spans: Sequence[Span], room: int) -> tuple[list[Span], list[Span], int]:
    """Spans that fit into so many quarter hours, in order of time, those that do not, and the room left."""
    fitting: list[Span] = []
    rest: list[Span] = []
    for span in spans:
        n = quarters(span)
        if room <= 0:
            rest.append(span)
        elif n <= room:
            fitting.append(span)
        else:
            cut = span.start + room * QUARTER
            fitting.append(replace(span, end=quarter_floor(cut)))
            rest.append(replace(span, start=quarter_floor(cut)))
        room -= n
    return fitting, rest, room


async def _near(connection: asyncpg.Connection, work: Sequence[_Work]) -> Mapping[Dirty, tuple[datetime, datetime]]:
    """Registers: the good readings before and after each dirty span between which something can change."""
    spans = [d for w in work for d in w.dirty]
    if not spans:
        return {}
    return dict(zip(spans, await neighbours(connection, spans, CHANGES), strict=True))


def _hull(dirty: Sequence[Dirty]) -> tuple[datetime, datetime]:
    """From the first to the last instant of dirty spans; nothing where there are none."""
    return min((d.from_ts for d in dirty), default=END), max((d.to_ts for d in dirty), default=BEGINNING)


def _is_due(state: PointState, now: datetime) -> bool:
    return state.closes_at is not None and state.closes_at <= now
