"""One rule on one enterprise, once: judge what is new or told anew, keep the answers, retell the alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from db import rules as store
from db.plants import EnterpriseRow
from db.rules import Change, PointState, SubjectRow, VerdictSpan
from db.statements import statements
from enms.alerts import Episode
from rules.conditions import Condition, Judged, Span
from rules.facts import Facts
from rules.lifecycle import Known, Memory, fold, retell
from rules.plan import Plan, Range, memory_of, not_before, plan, slices, text_of
from rules.record import LoadedRule, Recorder, Tally, Telling, end_subject
from rules.spans import observations, splice

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run did."""

    subjects: int
    steps: int
    more: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """What was recorded of a subject before this run.

    Attributes:
        anchor: where the fold begins; None: at the frontier, from memory.
        spans: answers from there on, or those that touch what is judged.
        alerts: that reach past the anchor.
    """

    anchor: datetime | None
    spans: list[VerdictSpan]
    alerts: list[Known]


class RuleRun:
    """One run; everything happens in the caller's transaction."""

    def __init__(
        self,
        facts: Facts,
        enterprise: EnterpriseRow,
        loaded: LoadedRule,
        condition: Condition[Any, Any],
        now: datetime,
        tally: Tally,
    ) -> None:
        self._facts, self._connection = facts, facts.connection
        self._e = enterprise.e
        self._rule = loaded.rule
        self._version = loaded.version
        self._condition = condition
        self._now, self._tally = now, tally
        self._recorder = Recorder(facts.connection, enterprise, loaded, now, tally)

    async def run(self, changes: Mapping[int, Change], states: Mapping[int, PointState]) -> Progress:
        """Judge every subject as far as its inputs are closed."""
        subjects = await self._condition.subjects(self._facts)
        rows = {row.subject: row for row in await store.subjects(self._connection, self._e, self._rule.id)}
        await self._end_gone({s.code for s in subjects}, rows)
        revises = self._condition.revises
        made = (plan(s, rows.get(s.code), changes, states, revises=revises) for s in subjects)
        plans = [p for p in made if p is not None]
        revised = [p.subject for p in plans if p.again is not None]
        earliest = await self._condition.earliest(self._facts, revised) if revised else {}
        plans = [not_before(p, earliest.get(p.subject.code)) for p in plans]
        due = [p for p in plans if p.again is not None or p.onward is not None]
        if due:
            await self._judge(due)
        judged_again = sum(p.again is not None for p in due)
        return Progress(len(subjects), len(due) + judged_again, any(p.more for p in plans))

    async def _end_gone(self, present: set[str], rows: Mapping[str, SubjectRow]) -> None:
        for code, row in rows.items():
            if code not in present and row.ended_at is None:
                await end_subject(self._connection, self._e, row, self._now, self._tally, "subject_gone")

    async def _judge(self, due: Sequence[Plan]) -> None:
        again = await self._answers([(p, p.again) for p in due if p.again is not None])
        onward = await self._answers([(p, p.onward) for p in due if p.onward is not None])
        before = await self._recorded(due)
        gone: list[tuple[str, datetime]] = []
        present: list[tuple[str, VerdictSpan]] = []
        ends: list[SubjectRow] = []
        for one in due:
            code = one.subject.code
            old = before[code]
            spans = old.spans
            for span, answers in ((one.again, again.get(code, [])), (one.onward, onward.get(code, []))):
                if span is not None:
                    spans = splice(spans, *span, [j.observation for j in answers])
            kept = {s.from_ts for s in spans}
            gone += [(code, s.from_ts) for s in old.spans if s.from_ts not in kept]
            had = set(old.spans)
            present += [(code, s) for s in spans if s not in had]
            judged = [*again.get(code, []), *onward.get(code, [])]
            memory = await self._retell(one, old, spans, judged)
            ends.append(self._row(one, memory, judged))
        await store.replace_verdicts(self._connection, self._e, self._rule.id, gone, present)
        await store.put_subjects(self._connection, self._e, ends)

    async def _answers(self, wanted: Sequence[tuple[Plan, Range]]) -> dict[str, list[Judged[Any]]]:
        """Every step of some spans, long ones in pieces."""
        found: dict[str, list[Judged[Any]]] = {}
        pieces = [(one, list(slices(span, one.subject))) for one, span in wanted]
        for i in range(max((len(cut) for _, cut in pieces), default=0)):
            spans = [Span(one.subject, *cut[i]) for one, cut in pieces if i < len(cut)]
            for code, answers in (await self._condition.judge(self._facts, spans)).items():
                found.setdefault(code, []).extend(answers)
        return found

    async def _recorded(self, due: Sequence[Plan]) -> dict[str, _Known]:
        """What is known of each subject from where its fold begins."""
        revised = [(p.subject.code, p.again[0]) for p in due if p.again is not None]
        anchors = await store.anchors(self._connection, self._e, self._rule.id, revised) if revised else {}
        begins = {
            p.subject.code: anchors.get(p.subject.code, _EVER) if p.again is not None else p.frontier for p in due
        }
        reach = [(p.subject.code, begins[p.subject.code], p.until) for p in due]
        spans = await store.verdicts_touching(self._connection, self._e, self._rule.id, reach)
        known: dict[str, _Known] = {}
        open_now = await self._open_alerts()
        for one in due:
            code = one.subject.code
            if one.again is None:
                known[code] = _Known(None, spans.get(code, []), open_now.get(code, []))
            else:
                alerts = await self._alerts(code, begins[code])
                known[code] = _Known(begins[code], spans.get(code, []), alerts)
        return known

    async def _open_alerts(self) -> dict[str, list[Known]]:
        rows = statements("alerts").open_alerts(self._connection, e=self._e)
        return {row["subject"]: [_known(row)] async for row in rows if row["rule"] == self._rule.id}

    async def _alerts(self, subject: str, after: datetime) -> list[Known]:
        rows = statements("alerts").alerts_of(
            self._connection, e=self._e, rule=self._rule.id, subject=subject, after=after
        )
        return [_known(row) async for row in rows]

    async def _retell(
        self, one: Plan, old: _Known, spans: Sequence[VerdictSpan], judged: Sequence[Judged[Any]]
    ) -> Memory:
        if old.anchor is None:
            memory = memory_of(one.row.memory) if one.row is not None else Memory()
            steps = [j.observation for j in judged]
        else:
            memory = Memory()
            steps = observations(spans, old.anchor, one.until, one.subject.grid)
        memory, episodes = fold(memory, steps, self._rule.policy)
        if not episodes and not old.alerts:
            return memory
        told = retell(old.alerts, episodes, None if one.first else one.frontier)
        firing = {j.observation.end: j for j in judged}
        was = {known.id: known.episode.fired_at for known in old.alerts}
        moved = [e for known, e in told.kept if e.fired_at != was[known.id]]
        for episode in (*moved, *(f.episode for f in told.found)):
            if episode.fired_at not in firing:
                firing[episode.fired_at] = await self._step_until(one, episode)
        await self._recorder.write(Telling(one.subject, told, firing, self._condition.evidence))
        return memory

    async def _step_until(self, one: Plan, episode: Episode) -> Judged[Any]:
        """The step that ends where an episode fired, judged once more for its evidence."""
        start = one.subject.grid.floor(episode.fired_at - _TICK)
        answers = await self._condition.judge(self._facts, [Span(one.subject, start, episode.fired_at)])
        return answers[one.subject.code][-1]

    def _row(self, one: Plan, memory: Memory, judged: Sequence[Judged[Any]]) -> SubjectRow:
        """Where the subject stands now; the latest answer is the one up to its frontier."""
        last = judged[-1] if judged and judged[-1].observation.end == one.until else None
        row = one.row
        return SubjectRow(
            rule=self._rule.id,
            subject=one.subject.code,
            version=self._version,
            evaluated_until=one.until,
            configured_at=one.subject.configured_at,
            redo_from=None,
            memory=text_of(memory),
            phase=memory.phase.value,
            phase_since=memory.started_at,
            truth=int(last.observation.truth) if last is not None else row.truth if row is not None else None,
            reason=last.observation.reason if last is not None else row.reason if row is not None else None,
            value=last.value if last is not None else row.value if row is not None else None,
            limit_value=last.limit if last is not None else row.limit_value if row is not None else None,
            error=None,
            ended_at=None,
        )


def _known(row: asyncpg.Record) -> Known:
    return Known(row["id"], Episode(row["started_at"], row["fired_at"], row["resolved_at"], row["withheld_since"]))
