"""A rule over a past that is closed: the same conditions and the same lifecycle, in memory only.

The span is the clock. Nothing is written: no alert, no verdict, no evidence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from db import rules as store
from db.plants import EnterpriseRow
from db.rules import PointState
from enms.alerts import Phase, Truth
from enms.backtest import Backtest, PastEpisode, SubjectHistory
from enms.errors import InputError, Mistake
from rules.conditions import Condition, Judged, Span, Subject
from rules.definition import Rule
from rules.kinds import condition_of
from rules.lifecycle import Memory, Policy, advance
from rules.plan import CHUNK

# Judged between two breaths of the event loop; others are served by it, too.
_STEPS_AT_ONCE = 12_000
_ZERO = timedelta()

Progress = Callable[[int, int], None]


async def backtest(
    connection: asyncpg.Connection,
    enterprise: EnterpriseRow,
    rule: Rule,
    start: datetime,
    end: datetime,
    *,
    most_steps: int | None = None,
    progress: Progress = lambda _done, _all: None,
    condition: Callable[[Rule, EnterpriseRow], Condition[Any, Any]] = condition_of,
) -> Backtest:
    """What a rule would have raised.

    Args:
        connection: idle or in a transaction; only read.
        enterprise: whose past.
        rule: any sound rule, recorded or not.
        start, end: aware; what is not closed yet is left out.
        most_steps: a longer past than this is refused.
        progress: told how many steps of how many are judged.
        condition: what judges a rule.

    Raises:
        InputError: more steps than allowed.
    """
    judge = condition(rule, enterprise)
    states = await store.point_states(connection, enterprise.e)
    tracks = [_track(subject, states, start, end) for subject in await judge.subjects(connection)]
    total = sum(track.steps for track in tracks)
    if most_steps is not None and total > most_steps:
        asked = f"{len(tracks)} subjects over this span are {total:,} judgements, at most {most_steps:,}"
        raise InputError("", [Mistake("to", f"{asked}: ask for a shorter span")])
    done = 0
    for spans in _batches(tracks):
        found = await judge.judge(connection, [span for _, span in spans])
        for track, span in spans:
            answers = found[span.subject.code]
            track.take(answers, rule.policy)
            done += len(answers)
        progress(done, total)
        await asyncio.sleep(0)
    return Backtest(
        rule=rule.id,
        title_zh=rule.title.zh,
        title_en=rule.title.en,
        severity=rule.severity.value,
        unit=rule.unit,
        start=start,
        end=end,
        subjects=tuple(track.history() for track in tracks),
        steps=done,
        as_known_now=not judge.revises,
    )


@dataclass(slots=True)
class _Track:
    """One subject on its way through the span."""

    subject: Subject[Any]
    start: datetime
    end: datetime
    steps: int
    memory: Memory = field(default_factory=Memory)
    episodes: list[PastEpisode] = field(default_factory=list)
    compared: tuple[float | None, float | None] = (None, None)
    lengths: dict[Truth, timedelta] = field(default_factory=lambda: dict.fromkeys(Truth, _ZERO))
    withheld: timedelta = _ZERO
    reasons: dict[str, timedelta] = field(default_factory=dict)

    def take(self, answers: Sequence[Judged[Any]], policy: Policy) -> None:
        """The next answers, in order of time."""
        for judged in answers:
            step = judged.observation
            length = step.end - step.start
            self.lengths[step.truth] += length
            firing = self.memory.phase is Phase.FIRING
            if step.truth is Truth.UNKNOWN:
                self.reasons[step.reason] = self.reasons.get(step.reason, _ZERO) + length
                if firing:
                    self.withheld += length
            self.memory, ended = advance(self.memory, step, policy)
            if ended is not None:
                self.episodes.append(PastEpisode(ended, *self.compared))
            if not firing and self.memory.phase is Phase.FIRING:
                self.compared = judged.value, judged.limit

    def history(self) -> SubjectHistory:
        """What came of it; an alert that would still be open is the last one."""
        going_on = self.memory.episode
        episodes = [*self.episodes, *([PastEpisode(going_on, *self.compared)] if going_on is not None else [])]
        return SubjectHistory(
            subject=self.subject.code,
            start=self.start,
            end=self.end,
            episodes=tuple(episodes),
            met=self.lengths[Truth.MET],
            clear=self.lengths[Truth.CLEAR],
            unknown=self.lengths[Truth.UNKNOWN],
            withheld=self.withheld,
            reasons=dict(sorted(self.reasons.items(), key=lambda item: -item[1])),
        )


def _track(subject: Subject[Any], states: Mapping[int, PointState], start: datetime, end: datetime) -> _Track:
    """The part of the span a subject has readings in and that is closed."""
    first = [states[p].first_ts for p in subject.inputs if p in states]
    closed = [states[p].closed_until for p in subject.waits_for if p in states]
    if not closed or not first:
        return _Track(subject, start, start, 0)
    since = subject.grid.ceil(max(start, min(first)))
    until = subject.grid.floor(min(end, *closed))
    if since >= until:
        return _Track(subject, start, start, 0)
    return _Track(subject, since, until, len(subject.grid.steps(since, until)))


def _batches(tracks: Sequence[_Track]) -> Iterator[list[tuple[_Track, Span[Any]]]]:
    """Pieces of subjects that are judged together: a subject once in each, in order of time."""
    waiting: list[tuple[_Track, Span[Any]]] = []
    steps = 0
    for track in tracks:
        for span, count in _pieces(track):
            if waiting and (steps + count > _STEPS_AT_ONCE or waiting[-1][0] is track):
                yield waiting
                waiting, steps = [], 0
            waiting.append((track, span))
            steps += count
    if waiting:
        yield waiting


def _pieces(track: _Track) -> Iterator[tuple[Span[Any], int]]:
    """A subject's span in pieces, cut on its grid, each with about how many steps it has."""
    length = track.end - track.start
    if not track.steps:
        return
    longest = CHUNK if track.steps * (CHUNK / length) > _STEPS_AT_ONCE / 4 else 3 * CHUNK
    lo = track.start
    while lo < track.end:
        hi = min(track.end, track.subject.grid.floor(lo + longest))
        yield Span(track.subject, lo, hi), round(track.steps * ((hi - lo) / length))
        lo = hi
