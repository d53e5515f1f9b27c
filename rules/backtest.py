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
from enms.backtest import USUAL, USUAL_BY_MONTH, Backtest, PastEpisode, SubjectHistory
from enms.errors import InputError, Mistake
from enms.steps import StepLength
from rules.conditions import Condition, Judged, Span, Subject
from rules.definition import Rule
from rules.facts import Facts
from rules.kinds import trial_of
from rules.lifecycle import Memory, Policy, advance
from rules.plan import CHUNK

# Judged between two breaths of the event loop; others are served by it, too.
_STEPS_AT_ONCE = 12_000
_ZERO = timedelta()
_DAY = timedelta(days=1)

Progress = Callable[[int, int], None]


async def backtest(
    connection: asyncpg.Connection,
    enterprise: EnterpriseRow,
    rule: Rule,
    start: datetime | None,
    end: datetime,
    *,
    most_steps: int | None = None,
    progress: Progress = lambda _done, _all: None,
) -> Backtest:
    """What a rule would have raised; see `backtests`."""
    (found,) = await backtests(connection, enterprise, [rule], start, end, most_steps=most_steps, progress=progress)
    return found


async def backtests(
    connection: asyncpg.Connection,
    enterprise: EnterpriseRow,
    rules: Sequence[Rule],
    start: datetime | None,
    end: datetime,
    *,
    most_steps: int | None = None,
    progress: Progress = lambda _done, _all: None,
    condition: Callable[[Rule, EnterpriseRow], Condition[Any, Any]] = trial_of,
) -> list[Backtest]:
    """What each of some rules would have raised: side by side, so that what several of them read is read once.

    Args:
        connection: idle or in a transaction; only read.
        enterprise: whose past.
        rules: any sound rules, recorded or not.
        start: aware; None: a month before the end, of a rule that judges by the month a year.
        end: aware; what is not closed yet is left out.
        most_steps: a longer past than this is refused.
        progress: told how many steps of how many are judged.
        condition: what judges a rule.

    Raises:
        InputError: more steps than allowed, or a rule of the district on a plant, or the other way round.
    """
    for rule in rules:
        if rule.scope != enterprise.scope:
            said = f"{rule.id} is judged on a {rule.scope}, {enterprise.code} is a {enterprise.scope}"
            raise InputError("", [Mistake("enterprise", said)])
    facts = Facts(connection)
    states = await store.point_states(connection, enterprise.e)
    trials = []
    for rule in rules:
        judge = condition(rule, enterprise)
        watched = await judge.subjects(facts)
        length = max((subject.grid.length for subject in watched), key=lambda one: one.rank, default=None)
        since = start if start is not None else end - _usual(length)
        tracks = [_track(subject, states, since, end) for subject in watched]
        trials.append(_Trial(rule, judge, since, length, tracks))
    total = sum(trial.steps for trial in trials)
    if most_steps is not None and total > most_steps:
        subjects = sum(len(trial.tracks) for trial in trials)
        asked = f"{subjects} subjects over this span are {total:,} judgements, at most {most_steps:,}"
        raise InputError("", [Mistake("to", f"{asked}: ask for a shorter span")])
    done = 0
    for until in _edges(trials, end, facts.most):
        for trial in trials:
            for spans in _batches(trial.tracks, until):
                done += await trial.judge(facts, spans)
                progress(done, total)
                await asyncio.sleep(0)
    return [trial.told(end) for trial in trials]


@dataclass(slots=True)
class _Trial:
    """One rule on its way through its span, with all of its subjects, and the longest of their steps."""

    rule: Rule
    condition: Condition[Any, Any]
    start: datetime
    length: StepLength | None
    tracks: list[_Track]

    @property
    def steps(self) -> int:
        return sum(track.steps for track in self.tracks)

    async def judge(self, facts: Facts, spans: Sequence[tuple[_Track, Span[Any]]]) -> int:
        """Judge pieces of subjects; how many steps they had."""
        found = await self.condition.judge(facts, [span for _, span in spans])
        for track, span in spans:
            track.take(found[span.subject.code], self.rule.policy)
        return sum(len(found[span.subject.code]) for _, span in spans)

    def told(self, end: datetime) -> Backtest:
        """What came of it."""
        return Backtest(
            rule=self.rule.id,
            title_zh=self.rule.title.zh,
            title_en=self.rule.title.en,
            severity=self.rule.severity.value,
            unit=self.rule.unit,
            start=self.start,
            end=end,
            subjects=tuple(track.history() for track in self.tracks),
            steps=self.steps,
            length=self.length,
            as_known_now=not self.condition.revises,
        )


@dataclass(slots=True)
class _Track:
    """One subject on its way through the span; judged up to `at`."""

    subject: Subject[Any]
    start: datetime
    end: datetime
    at: datetime
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
            self.memory, ended = advance(self.memory, step, policy, ends=self.subject.period.ends)
            if not firing and (ended is not None or self.memory.phase is Phase.FIRING):
                self.compared = judged.value, judged.limit
            if ended is not None:
                self.episodes.append(PastEpisode(ended, *self.compared))

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
        return _Track(subject, start, start, start, 0)
    since = subject.grid.ceil(max(start, min(first)))
    until = subject.grid.floor(min(end, *closed))
    if since >= until:
        return _Track(subject, start, start, start, 0)
    return _Track(subject, since, until, since, len(subject.grid.steps(since, until)))


def _usual(length: StepLength | None) -> timedelta:
    by_month = length is not None and length.rank >= StepLength.MONTH.rank
    return USUAL_BY_MONTH if by_month else USUAL


def _edges(trials: Sequence[_Trial], end: datetime, most: int) -> Iterator[datetime]:
    """Where the span is cut for all rules: what the largest of them reads between two cuts is held at once."""
    start = min((trial.start for trial in trials), default=end)
    largest = max((trial.steps for trial in trials), default=0)
    share = min(1.0, most / largest * ((end - start) / CHUNK)) if largest else 1.0
    length = max(1, int(CHUNK.days * share)) * _DAY
    edge = start + length
    while edge < end:
        yield edge
        edge += length
    yield end


def _batches(tracks: Sequence[_Track], until: datetime) -> Iterator[list[tuple[_Track, Span[Any]]]]:
    """Pieces of subjects up to an edge that are judged together."""
    waiting: list[tuple[_Track, Span[Any]]] = []
    steps = 0
    for track in tracks:
        edge = min(track.end, track.subject.grid.floor(until)) if track.at < until else track.at
        if edge <= track.at:
            continue
        count = round(track.steps * ((edge - track.at) / (track.end - track.start)))
        if waiting and steps + count > _STEPS_AT_ONCE:
            yield waiting
            waiting, steps = [], 0
        waiting.append((track, Span(track.subject, track.at, edge)))
        steps += count
        track.at = edge
    if waiting:
        yield waiting
