"""What is to be judged of a subject: what is new, and what of the past was told anew. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from db.rules import Change, PointState, SubjectRow
from enms.alerts import Phase
from rules.conditions import REPLACED, Subject
from rules.lifecycle import Memory

QUARTER = timedelta(minutes=15)
# Most event time judged in one transaction: catching up a year commits as it goes. Longer than any month, so that a
# rule that steps by months advances.
CHUNK = timedelta(days=32)
_TICK = timedelta(microseconds=1)
Range = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run judges of one subject.

    Attributes:
        frontier: judged until here before.
        first: never judged before.
        again: what is judged again, all before the frontier.
        onward: what is judged for the first time, from the frontier.
        left: how much more could be judged, which one run does not take.
        later: what is judged again by later runs.
        since: from where what is judged again is told; None: nothing is.
    """

    subject: Subject[Any]
    row: SubjectRow | None
    frontier: datetime
    again: Range | None
    onward: Range | None
    left: timedelta
    later: Range | None = None
    since: datetime | None = None

    @property
    def retold(self) -> datetime | None:
        """From where the past is told again by this run; None: it is not, or not yet."""
        return None if self.later is not None else self.since

    @property
    def first(self) -> bool:
        return self.row is None

    @property
    def until(self) -> datetime:
        """Judged until here afterwards."""
        return self.onward[1] if self.onward is not None else self.frontier


def plan(
    subject: Subject[Any],
    row: SubjectRow | None,
    changes: Mapping[int, Change],
    states: Mapping[int, PointState],
    *,
    revises: bool,
    from_now: bool = False,
) -> Plan | None:
    """What to judge; None: nothing can be judged yet.

    Args:
        subject: as configured now.
        row: where it stands; None: never judged.
        changes: what the ledger published since last time, by point.
        states: how far the ledger is, by point.
        revises: whether the past is judged again.
        from_now: whether a subject that was never judged begins now, not where its data begins.
    """
    started = [states[p].first_ts for p in subject.inputs if p in states]
    closed = [states[p].closed_until for p in subject.waits_for if p in states]
    if not closed:
        return None
    begin = subject.grid.floor(min(started))
    ready = subject.grid.floor(_ready(subject, min(closed), states))
    if row is not None:
        frontier = row.evaluated_until
    elif revises and not from_now:
        frontier = min(begin, ready)
    else:
        # About arrival, or what cannot wait: history that somebody pours in was not silent, it was not there yet.
        # Watching begins now.
        frontier = max(min(begin, ready), ready - QUARTER)
    until = ready if ready <= frontier + CHUNK else _onward(frontier, subject)
    onward = (frontier, until) if until > frontier else None
    again = None
    if revises and row is not None:
        again = _again(subject, row, changes, begin)
    return Plan(subject, row, frontier, again, onward, max(ready - max(until, frontier), timedelta()))


def _ready(subject: Subject[Any], closed: datetime, states: Mapping[int, PointState]) -> datetime:
    """Until when a subject can be judged; what it hopes for holds it back a little, by event time, never for good."""
    if not subject.hopes_for and not subject.gave_way:
        return closed
    hoped = [(states[p].closed_until, patience) for p, patience in subject.hopes_for if p in states]
    ended = [(states[p].closed_until, left) for p, left in subject.gave_way if p in states]
    hoped += [(until, REPLACED) for until, left in ended if until < left]
    return min([closed, *(until for until, patience in hoped if closed - patience <= until)])


def _again(subject: Subject[Any], row: SubjectRow, changes: Mapping[int, Change], begin: datetime) -> Range | None:
    frontier = row.evaluated_until
    touched = [
        (c.from_start, c.to_start + QUARTER + subject.reach) for c in map(changes.get, subject.inputs) if c is not None
    ]
    configured = subject.changed_from(row.configured_at)
    if configured is not None:
        touched.append((configured, frontier))
    if row.redo_from is not None:
        touched.append((row.redo_from, row.redo_until or frontier))
    past = [(lo, hi) for lo, hi in touched if lo < frontier]
    if not past:
        return None
    lo = subject.grid.floor(max(begin, min(lo for lo, _ in past)))
    hi = min(frontier, subject.grid.ceil(min(frontier, max(hi for _, hi in past))))
    return (lo, hi) if lo < hi else None


def _onward(since: datetime, subject: Subject[Any]) -> datetime:
    """As far as one run goes: a chunk of whole steps, one step at least (a month may be longer by an hour)."""
    reached = subject.grid.floor(since + CHUNK)
    return reached if reached > since else subject.grid.ceil(since + _TICK)


def not_before(one: Plan, earliest: datetime | None) -> Plan:
    """The plan without judging again what lies before an instant."""
    if earliest is None or one.again is None:
        return one
    lo = one.subject.grid.ceil(max(earliest, one.again[0]))
    return replace(one, again=(lo, one.again[1]) if lo < one.again[1] else None)


def slices(span: Range, subject: Subject[Any]) -> Iterator[Range]:
    """A long span in pieces that fit in memory, cut on the subject's grid."""
    lo, hi = span
    while lo < hi:
        cut = hi if hi <= lo + CHUNK else _onward(lo, subject)
        yield lo, cut
        lo = cut


def memory_of(text: str) -> Memory:
    """A subject's memory from its JSON; `{}` is a fresh one."""
    held = json.loads(text)
    if not held:
        return Memory()

    def instant(name: str) -> datetime | None:
        return datetime.fromisoformat(held[name]) if held.get(name) is not None else None

    return Memory(
        phase=Phase(held["phase"]),
        started_at=instant("started_at"),
        fired_at=instant("fired_at"),
        met=timedelta(seconds=held["met_s"]),
        clear=timedelta(seconds=held["clear_s"]),
        withheld_since=instant("withheld_since"),
    )


@lru_cache(maxsize=1024)
def text_of(memory: Memory) -> str:
    """A memory as JSON."""

    def instant(value: datetime | None) -> str | None:
        return None if value is None else value.isoformat()

    return json.dumps(
        {
            "phase": memory.phase.value,
            "started_at": instant(memory.started_at),
            "fired_at": instant(memory.fired_at),
            "met_s": memory.met.total_seconds(),
            "clear_s": memory.clear.total_seconds(),
            "withheld_since": instant(memory.withheld_since),
        }
    )
