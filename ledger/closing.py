"""When intervals close, and what a change of readings can change: pure decisions about one point."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.derivation import Span
from db.instants import known
from db.publication import Dirty, PointState, Seen
from enms.metering import INTERVAL_S, ReadingType
from enms.pieces import snapped
from enms.quarters import QUARTER, quarter_ceil, quarter_floor
from enms.timeline import SNAP_S, Timeline, instant, seconds

# Good readings on each side of a changed one between which something can change: it is judged with its neighbours,
# each of those with theirs, and a spike hands its place to the next.
CHANGES = 3
# A point that is catching up with history is not closed by the clock until it pauses for this long.
CALM = timedelta(seconds=60)
_JUST_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Course:
    """How a point is read.

    Attributes:
        line: its scales.
        longest_s: the longest span one of its interval readings covers; 0 if it has none.
        mean: its days are means, not sums.
    """

    line: Timeline
    longest_s: float
    mean: bool

    @property
    def reach(self) -> timedelta:
        """How far from a span interval readings can end that decide about it: one overlaps it, another that one."""
        return timedelta(seconds=2 * self.longest_s)

    @property
    def of_intervals(self) -> bool:
        return ReadingType.INTERVAL in self.line.readings

    @property
    def of_registers(self) -> bool:
        return ReadingType.REGISTER in self.line.readings


@dataclass(frozen=True, slots=True)
class Closing:
    """How far a point's intervals are closed, and when the clock closes the next one; None: never."""

    closed_until: datetime | None
    closes_at: datetime | None


def close(
    state: PointState, seen: Seen, first: datetime | None, course: Course, now: datetime, allowance_s: float
) -> Closing:
    """Close by what was read, and by the clock where that is due. Closing never reverts.

    Args:
        state: as it was.
        seen: what its readings reach to now.
        first: where it began to be read, None: nothing was read yet.
        course: how it is read.
        now: the clock.
        allowance_s: how long a reading may travel.
    """
    if first is None:
        return Closing(state.closed_until, None)
    line = course.line
    scale = line.after(seconds(now))
    grace = timedelta(seconds=(scale.gap_s if scale is not None else line.longest_gap_s) + allowance_s)
    edges = [quarter_floor(first)]
    if state.closed_until is not None:
        edges.append(state.closed_until)
    if seen.newest_good is not None:
        edges.append(quarter_floor(watermark(seen.newest_good, line)))
    catching_up = _catches_up(state, seen, now)
    if state.closes_at is not None and now >= state.closes_at and not catching_up:
        edges.append(quarter_floor(now - grace))
    closed = max(edges)
    if line.ended_at is not None and closed >= quarter_ceil(instant(line.ended_at)):
        return Closing(closed, None)
    closes_at = closed + QUARTER + grace
    return Closing(closed, max(closes_at, now + CALM) if catching_up else closes_at)


def watermark(newest: datetime, line: Timeline) -> datetime:
    """Up to when the newest reading tells: its instant; for an interval reading its end, on the quarter hour."""
    x = seconds(newest)
    scale = line.before(x)
    if scale is None or scale.reading is not ReadingType.INTERVAL:
        return newest
    return instant(snapped(x, scale.snap_s))


def beginning(state: PointState, seen: Seen, course: Course) -> datetime | None:
    """Where the point began to be read: its first good reading, or a declared first value before it."""
    known_so_far = [] if state.first_ts is None else [state.first_ts]
    if seen.began is not None:
        x = seconds(seen.began)
        scale = course.line.after(x)
        if scale is not None and scale.reading is ReadingType.INTERVAL:
            x = snapped(x, scale.snap_s)
        known_so_far += [instant(x), *(instant(b.x) for b in course.line.breaks if b.x < x)]
    return min(known_so_far, default=None)


def affected(
    dirty: Dirty, near: tuple[datetime, datetime], course: Course, told: datetime
) -> tuple[datetime, datetime]:
    """What a change of readings in [from_ts, to_ts] can change, on quarter hours; endless where the change is.

    Args:
        dirty: where readings changed.
        near: `CHANGES` good readings before and after that, for registers.
        course: how the point is read.
        told: after this there is nothing that any reading tells.
    """
    since, until = known(dirty.from_ts), known(dirty.to_ts)
    low, high = dirty.from_ts, dirty.to_ts
    line = course.line
    if since is not None:
        lows = [since - _JUST_BEFORE]
        if course.of_registers:
            lows.append(near[0])
        if course.of_intervals:
            lows.append(since - course.reach - timedelta(seconds=course.longest_s) - QUARTER)
        low = min(lows)
        low = low if known(low) is None else quarter_floor(low)
    if until is not None:
        highs = [until + _JUST_BEFORE]
        if course.of_registers:
            highs.append(min(near[1], told))
        if ReadingType.GAUGE in line.readings:
            highs.append(until + timedelta(seconds=line.longest_gap_s))
        if course.of_intervals:
            highs.append(until + course.reach + QUARTER)
        high = quarter_ceil(max(highs))
    return low, high


def is_quick(state: PointState, dirty: Iterable[Dirty], course: Course) -> bool:
    """Whether new readings lie in the open interval and close nothing, so that only the watermark moves.

    For a register this holds only if `CHANGES` good readings before them are not closed either.
    """
    closed = state.closed_until
    if closed is None or not course.line.readings:
        return False
    reach = course.reach + timedelta(seconds=course.longest_s)
    snap = timedelta(seconds=SNAP_S) if course.of_intervals else timedelta()
    return all(not is_endless(d) and d.from_ts - reach >= closed and d.to_ts + snap < closed + QUARTER for d in dirty)


def is_endless(dirty: Dirty) -> bool:
    """Whether it stands for a change of configuration: only those have no beginning or no end."""
    return known(dirty.from_ts) is None or known(dirty.to_ts) is None


def spans_to_derive(
    state: PointState,
    changed: Sequence[tuple[datetime, datetime]],
    first: datetime,
    closed_until: datetime,
    told_until: datetime,
) -> list[Span]:
    """What to derive: all that changed, and all that closes; nothing open, nothing before the seal.

    Args:
        state: as it was.
        changed: spans, on quarter hours.
        first: where the point began to be read.
        closed_until: as it will be.
        told_until: after this there is nothing that any reading could tell.
    """
    low = quarter_floor(first)
    if state.sealed_before is not None:
        low = max(low, quarter_ceil(state.sealed_before))
    newly = (low if state.closed_until is None else state.closed_until, min(closed_until, told_until))
    spans: list[Span] = []
    for start, end in sorted([*changed, newly]):
        a, b = max(start, low), min(end, closed_until)
        if a >= b:
            continue
        if spans and a <= spans[-1].end:
            spans[-1] = Span(state.e, state.p, spans[-1].start, max(b, spans[-1].end))
        else:
            spans.append(Span(state.e, state.p, a, b))
    return spans


def told_until(newest_good: datetime, line: Timeline) -> datetime:
    """The quarter hour after which no reading tells anything: a gauge holds a while, a declared last value may come."""
    ends = [seconds(watermark(newest_good, line)) + line.longest_gap_s, *(b.x for b in line.breaks)]
    return quarter_ceil(instant(max(ends)))


def quarters(span: Span) -> int:
    """How many quarter hours a span has."""
    return round((span.end - span.start).total_seconds() / INTERVAL_S)


def _catches_up(state: PointState, seen: Seen, now: datetime) -> bool:
    """Whether the point's readings advance faster than the clock: history is coming in."""
    if seen.newest_good is None:
        return False
    if state.newest_ts is None or state.known_at is None:
        return True
    return seen.newest_good - state.newest_ts > 2 * max(now - state.known_at, timedelta())
