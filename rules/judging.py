"""One rule on one enterprise, once: judge what is new or told anew, keep the answers, retell the alerts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from db import rules as store
from db.plants import EnterpriseRow
from db.rules import Change, PointState, SubjectRow, VerdictSpan
from db.statements import statements
from enms.alerts import Closed, Episode, Observation, Phase, Truth
from rules.conditions import Condition, Judged, Span, Subject
from rules.facts import Facts
from rules.grid import Grid
from rules.lifecycle import Known, Memory, fold, retell
from rules.periods import NO_PERIOD, stands_on
from rules.plan import Plan, Range, memory_of, not_before, plan, slices, text_of
from rules.portions import MOST, paced, portions
from rules.record import LoadedRule, Recorder, Tally, Telling, end_subject
from rules.spans import observations, splice
from rules.standings import Standing, Standings

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_AT_REST = text_of(Memory())


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run did.

    Attributes:
        left: how far the subject that is behind most is behind what can be judged.
        standings: of the subjects that were judged or are gone.
    """

    steps: int
    left: timedelta
    standings: Mapping[str, Standing]


@dataclass(frozen=True, slots=True)
class _Known:
    """What was recorded of a subject before this run.

    Attributes:
        anchor: where the fold begins; None: at the frontier, from memory.
        begin: what was remembered there.
        spans: answers from there on, or those that touch what is judged.
        stored: the same as the database has them.
        alerts: that reach past the anchor.
    """

    anchor: datetime | None
    spans: list[VerdictSpan]
    stored: list[VerdictSpan]
    alerts: list[Known]
    begin: Memory = field(default_factory=Memory)


@dataclass(frozen=True, slots=True)
class _Edge:
    """From when on a subject is judged by the wording of this run, and what was remembered there, as JSON."""

    since: datetime
    memory: str


class RuleRun:
    """One run; everything happens in the caller's transaction."""

    def __init__(
        self,
        facts: Facts,
        enterprise: EnterpriseRow,
        loaded: LoadedRule,
        condition: Condition[Any, Any],
        standings: Standings,
        now: datetime,
        tally: Tally,
        *,
        at_most: int = MOST,
    ) -> None:
        self._most = at_most
        self._facts, self._connection = facts, facts.connection
        self._e = enterprise.e
        self._rule = loaded.rule
        self._version = loaded.version
        self._condition = condition
        self._now, self._tally = now, tally
        self._all = standings
        self._standings = standings.rules.get(self._rule.id, {})
        self._found: dict[str, Standing] = {}
        self._otherwise: AbstractSet[int] = frozenset()
        self._unfinished: Mapping[str, datetime] = {}
        self._recorder = Recorder(facts.connection, enterprise, loaded, now, tally)

    def at_rest(self, touched: AbstractSet[int]) -> bool:
        """Whether nothing of the rule can have changed: its subjects are known and none of `touched` is theirs."""
        subjects = self._all.subjects.get(self._rule.id)
        return subjects is not None and all(touched.isdisjoint(_points(s)) for s in subjects)

    async def run(
        self,
        changes: Mapping[int, Change],
        states: Mapping[int, PointState],
        touched: AbstractSet[int] | None = None,
    ) -> Progress:
        """Judge every subject as far as its inputs are closed.

        Args:
            changes: what the ledger published since last time, by point.
            states: how far the ledger is, by point.
            touched: points of which anything is new since all was judged; None: look at everything.
        """
        subjects = await self._subjects(known=touched is not None)
        if touched is not None:
            subjects = [s for s in subjects if not touched.isdisjoint(_points(s))]
        revises = self._condition.revises
        rows = {code: standing.row for code, standing in self._standings.items()}
        live = self._rule.cadence == "1m"
        present = [rows[s.code] for s in subjects if s.code in rows]
        self._otherwise = await self._judged_otherwise(present)
        if self._otherwise:
            self._unfinished = await self._not_finished(present, {s.code: s.grid for s in subjects})
            rows |= {row.subject: self._all_anew(row) for row in present}
        made = (plan(s, rows.get(s.code), changes, states, revises=revises, from_now=live) for s in subjects)
        plans = [not_before(p, edge.since if (edge := self._worded(p)) else None) for p in made if p is not None]
        revised = [p.subject for p in plans if p.again is not None]
        if revised:
            earliest = await self._condition.earliest(self._facts, revised)
            plans = [not_before(p, earliest.get(p.subject.code)) for p in plans]
        plans = portions(paced(plans, self._most), self._most)
        due = [p for p in plans if p.since is not None or p.onward is not None]
        if due:
            await self._judge(due)
        judged_again = sum(p.again is not None for p in due)
        left = max((max(p.left, p.later[1] - p.later[0]) if p.later else p.left for p in plans), default=timedelta())
        return Progress(len(due) + judged_again, left, self._found)

    async def _subjects(self, *, known: bool) -> list[Subject[Any]]:
        """What there is to watch; remembered where only a configuration changes it. What is gone is ended."""
        held = self._all.subjects.get(self._rule.id) if known else None
        if held is not None:
            return held
        subjects = await self._condition.subjects(self._facts)
        present = {s.code for s in subjects}
        for code, standing in self._standings.items():
            if code not in present and standing.row.ended_at is None:
                ended = await end_subject(self._connection, self._e, standing, self._now, self._tally, "subject_gone")
                self._found[code] = ended
        if getattr(self._condition, "lasting", False):
            self._all.subjects[self._rule.id] = subjects
        return subjects

    async def _judged_otherwise(self, rows: Sequence[SubjectRow]) -> set[int]:
        """Versions by which some subjects were judged last, and that would have judged otherwise."""
        earlier = {row.version for row in rows} - {self._version}
        if not earlier:
            return set()
        said = await store.wordings(self._connection, self._e, self._rule.id, sorted(earlier))
        return {version for version, definition in said.items() if not self._rule.judges_as(definition)}

    def _worded(self, one: Plan) -> _Edge | None:
        """Where the wording of this run begins; None: all was judged by it.

        A new wording holds from where the old one ended, whatever is told of the time before: its alerts were raised,
        and can be proved, by the old one.
        """
        row = one.row
        if row is None:
            return None
        before = None
        if row.worded_from is not None and row.worded_memory is not None:
            before = _Edge(row.worded_from, row.worded_memory)
        if row.version not in self._otherwise:
            return before
        if row.redo_from is None:
            return _Edge(row.evaluated_until, row.memory)
        # the old wording did not come to an end with it: the new one begins where nothing was open before that
        since = self._unfinished.get(row.subject, _EVER)
        return before if before is not None and before.since > since else _Edge(since, _AT_REST)

    async def _not_finished(self, rows: Sequence[SubjectRow], grids: Mapping[str, Grid]) -> dict[str, datetime]:
        """Of subjects whose past was to be judged again by an old wording: the last clear instant before that."""
        begins = [
            (row.subject, grids[row.subject].floor(min(row.redo_from, row.retell_from or row.redo_from)))
            for row in rows
            if row.version in self._otherwise and row.redo_from is not None
        ]
        return await store.anchors(self._connection, self._e, self._rule.id, begins) if begins else {}

    def _all_anew(self, row: SubjectRow) -> SubjectRow:
        """With a past that an old wording was to judge again judged again from where the new one begins, to its end.

        What the old one got through, and what it need not have judged again, would else be told as the new one's.
        """
        if row.version not in self._otherwise or row.redo_from is None:
            return row
        return replace(row, redo_from=self._unfinished.get(row.subject, _EVER), redo_until=None)

    async def _judge(self, due: Sequence[Plan]) -> None:
        again = await self._answers([(p, p.again) for p in due if p.again is not None])
        await self._keep_for_later([p for p in due if p.later is not None], again)
        onward = await self._answers([(p, p.onward) for p in due if p.onward is not None])
        rest: list[Plan] = []
        for one in due:
            code = one.subject.code
            standing, told = self._standings.get(code), onward.get(code, [])
            if standing is not None and _as_before(one, standing, told):
                row, last = self._row(one, standing.memory, told), _longer(standing.last, one.until)
                self._found[code] = Standing(row, standing.memory, last, standing.stored, behind=True)
            else:
                rest.append(one)
        before = await self._recorded(rest)
        gone: list[tuple[str, datetime]] = []
        present: list[tuple[str, VerdictSpan]] = []
        ends: list[SubjectRow] = []
        for one in rest:
            code = one.subject.code
            told = onward.get(code, [])
            old = before[code]
            spans = old.spans
            retold = again.pop(code, []) if one.later is None else []
            for span, answers in ((None if one.later else one.again, retold), (one.onward, told)):
                if span is not None:
                    spans = splice(spans, *span, [j.observation for j in answers])
            judged = [*retold, *told]
            steps = self._steps(one, old, spans, judged)
            memory, episodes = self._folded(one, old, steps)
            stand = {episode: stands_on(episode, steps, one.subject.period) for episode in episodes}
            row = self._row(one, memory, judged)
            last = spans[-1] if spans and spans[-1].to_ts == one.until else None
            if self._only_goes_on(one, old, spans, memory, stand):
                self._found[code] = Standing(row, memory, last, self._standings[code].stored, behind=True)
                continue
            gone += _gone(code, old.stored, spans)
            present += _new(code, old.stored, spans)
            await self._retell(one, old, stand, judged)
            ends.append(row)
            self._found[code] = Standing(row, memory, last, last)
        await store.replace_verdicts(self._connection, self._e, self._rule.id, gone, present)
        await store.put_subjects(self._connection, self._e, ends)

    async def _keep_for_later(self, due: Sequence[Plan], again: dict[str, list[Judged[Any]]]) -> None:
        """Keep answers of a past that is not judged to its end yet; what they tell is told with the last of them."""
        pieces = {p.subject.code: p.again for p in due if p.again is not None}
        if not pieces:
            return
        await self._write_behind(pieces)
        reach = [(code, lo, hi) for code, (lo, hi) in pieces.items()]
        found = await store.verdicts_touching(self._connection, self._e, self._rule.id, reach)
        gone: list[tuple[str, datetime]] = []
        present: list[tuple[str, VerdictSpan]] = []
        for code, piece in pieces.items():
            old = found.get(code, [])
            spans = splice(old, *piece, [j.observation for j in again.pop(code)])
            gone += _gone(code, old, spans)
            present += _new(code, old, spans)
        await store.replace_verdicts(self._connection, self._e, self._rule.id, gone, present)

    async def _write_behind(self, codes: Iterable[str]) -> None:
        known = [code for code in codes if code in self._standings]
        await self._all.write(self._connection, self._e, self._rule.id, known)

    def _only_goes_on(
        self,
        one: Plan,
        old: _Known,
        spans: Sequence[VerdictSpan],
        memory: Memory,
        stand: Mapping[Episode, datetime],
    ) -> bool:
        """Whether a subject says what it said, and nothing comes of it: no alert begins, changes or ends.

        Nor has its evidence another close to be of.
        """
        if one.later is not None or old.anchor is not None or len(spans) != 1 or len(old.spans) != 1:
            return False
        standing = self._standings[one.subject.code]
        same = spans[0].from_ts == old.spans[0].from_ts and memory == standing.memory
        going_on = {} if memory.episode is None else {memory.episode: memory.episode.fired_at}
        return same and stand == going_on and standing.row.configured_at == one.subject.configured_at

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
        open_now = await self._open_alerts()
        known: dict[str, _Known] = {}
        rest: list[Plan] = []
        for one in due:
            code = one.subject.code
            standing = self._standings.get(code)
            if one.since is None and standing is not None and standing.last is not None:
                stored = [standing.stored] if standing.stored is not None else []
                known[code] = _Known(None, [standing.last], stored, open_now.get(code, []))
            elif one.first:  # nothing was ever said of it
                known[code] = _Known(None, [], [], open_now.get(code, []))
            else:
                rest.append(one)
        return known | await self._read(rest, open_now) if rest else known

    async def _read(self, due: Sequence[Plan], open_now: Mapping[str, list[Known]]) -> dict[str, _Known]:
        """The same of subjects that are told anew or begin, from the database, brought up to date."""
        known: dict[str, _Known] = {}
        await self._write_behind(p.subject.code for p in due)
        revised = [(p.subject.code, p.retold) for p in due if p.retold is not None]
        anchors = await store.anchors(self._connection, self._e, self._rule.id, revised) if revised else {}
        begins = {
            p.subject.code: anchors.get(p.subject.code, _EVER) if p.retold is not None else p.frontier for p in due
        }
        edges = {p.subject.code: self._worded(p) for p in due if p.retold is not None}
        later = {code: edge for code, edge in edges.items() if edge is not None and edge.since > begins[code]}
        begins |= {code: edge.since for code, edge in later.items()}
        reach = [(p.subject.code, begins[p.subject.code], p.until) for p in due]
        found = await store.verdicts_touching(self._connection, self._e, self._rule.id, reach)
        for one in due:
            code = one.subject.code
            spans = found.get(code, [])
            if one.retold is None:
                known[code] = _Known(None, spans, spans, open_now.get(code, []))
            else:
                alerts = await self._alerts(code, begins[code])
                remembered = memory_of(later[code].memory) if code in later else Memory()
                known[code] = _Known(begins[code], spans, spans, alerts, remembered)
        return known

    async def _open_alerts(self) -> dict[str, list[Known]]:
        """Of this rule; of all rules they are read once, as nobody else touches this rule's."""

        async def load() -> dict[str, dict[str, list[Known]]]:
            found: dict[str, dict[str, list[Known]]] = {}
            async for row in statements("alerts").open_alerts(self._connection, e=self._e):
                found.setdefault(row["rule"], {}).setdefault(row["subject"], []).append(_known(row))
            return found

        return (await self._facts.once(("open alerts", self._e), load)).get(self._rule.id, {})

    async def _alerts(self, subject: str, after: datetime) -> list[Known]:
        rows = statements("alerts").alerts_of(
            self._connection, e=self._e, rule=self._rule.id, subject=subject, after=after
        )
        return [_known(row) async for row in rows]

    @staticmethod
    def _steps(
        one: Plan, old: _Known, spans: Sequence[VerdictSpan], judged: Sequence[Judged[Any]]
    ) -> list[Observation]:
        """The answers that are folded: all since the anchor, or the new ones."""
        if old.anchor is not None:
            return observations(spans, old.anchor, one.until, one.subject.grid)
        return [j.observation for j in judged]

    def _folded(self, one: Plan, old: _Known, steps: Sequence[Observation]) -> tuple[Memory, list[Episode]]:
        """Where the answers lead, and the episodes on the way."""
        standing = self._standings.get(one.subject.code) if old.anchor is None else None
        begin = standing.memory if standing is not None else old.begin
        return fold(begin, steps, self._rule.policy, ends=one.subject.period.ends)

    async def _retell(
        self, one: Plan, old: _Known, stand: Mapping[Episode, datetime], judged: Sequence[Judged[Any]]
    ) -> None:
        if not stand and not old.alerts:
            return
        told = retell(old.alerts, list(stand), None if one.first else one.frontier)
        by_end = {j.observation.end: j for j in judged}
        was = {known.id: known.episode.fired_at for known in old.alerts}
        needed = [e.fired_at for known, e in told.kept if e.fired_at != was[known.id]]
        needed += [f.episode.fired_at for f in told.found]
        if old.anchor is not None and one.subject.period is not NO_PERIOD:
            # the close that evidence is of may have gone, and another stands that was not judged in this run
            needed += [end for end in stand.values() if end > old.anchor]
        if one.retold is not None:
            # judged again by an earlier run, which told nothing of it
            until = one.again[0] if one.again is not None else one.frontier
            needed += [end for end in stand.values() if one.retold < end <= until]
        for end in needed:
            if end not in by_end:
                by_end[end] = await self._step_until(one, end)
        await self._recorder.write(Telling(one.subject, told, by_end, stand, self._condition.evidence))

    async def _step_until(self, one: Plan, end: datetime) -> Judged[Any]:
        """The step that ends at an instant, judged once more for an alert's evidence."""
        start = one.subject.grid.floor(end - _TICK)
        answers = await self._condition.judge(self._facts, [Span(one.subject, start, end)])
        return answers[one.subject.code][-1]

    def _row(self, one: Plan, memory: Memory, judged: Sequence[Judged[Any]]) -> SubjectRow:
        """Where the subject stands now; the latest answer is the one up to its frontier."""
        last = judged[-1] if judged and judged[-1].observation.end == one.until else None
        row = one.row
        edge = self._worded(one)
        return SubjectRow(
            rule=self._rule.id,
            subject=one.subject.code,
            version=self._version,
            evaluated_until=one.until,
            configured_at=one.subject.configured_at,
            redo_from=one.later[0] if one.later is not None else None,
            memory=text_of(memory),
            phase=memory.phase.value,
            phase_since=memory.started_at,
            truth=int(last.observation.truth) if last is not None else row.truth if row is not None else None,
            reason=last.observation.reason if last is not None else row.reason if row is not None else None,
            value=last.value if last is not None else row.value if row is not None else None,
            limit_value=last.limit if last is not None else row.limit_value if row is not None else None,
            error=None,
            ended_at=None,
            worded_from=None if edge is None else edge.since,
            worded_memory=None if edge is None else edge.memory,
            redo_until=one.later[1] if one.later is not None else None,
            retell_from=one.since if one.later is not None else None,
        )


def _as_before(one: Plan, standing: Standing, told: Sequence[Judged[Any]]) -> bool:
    """Whether a subject at rest says what it said, and is not met: of tens of thousands nearly all, every quarter hour.

    Where this is so the whole way (splice, fold, retell) comes to the same.
    """
    last = standing.last
    if one.since is not None or last is None or standing.memory.phase is not Phase.INACTIVE:
        return False
    if last.to_ts != one.frontier or last.truth is Truth.MET or standing.row.configured_at != one.subject.configured_at:
        return False
    until = one.frontier
    for step in (judged.observation for judged in told):
        same = step.truth is last.truth and step.in_band == last.in_band and step.reason == last.reason
        if not same or step.start != until:
            return False
        until = step.end
    return until == one.until


def _longer(span: VerdictSpan | None, until: datetime) -> VerdictSpan | None:
    return None if span is None else VerdictSpan(span.from_ts, until, span.truth, span.in_band, span.reason)


def _gone(code: str, old: Sequence[VerdictSpan], spans: Sequence[VerdictSpan]) -> list[tuple[str, datetime]]:
    kept = {s.from_ts for s in spans}
    return [(code, s.from_ts) for s in old if s.from_ts not in kept]


def _new(code: str, old: Sequence[VerdictSpan], spans: Sequence[VerdictSpan]) -> list[tuple[str, VerdictSpan]]:
    had = set(old)
    return [(code, s) for s in spans if s not in had]


def _points(subject: Subject[Any]) -> AbstractSet[int]:
    """Whose news are news to a subject."""
    return subject.inputs | subject.waits_for | {p for p, _ in subject.hopes_for}


def _known(row: asyncpg.Record) -> Known:
    over = row["closed"] == Closed.PERIOD_OVER
    episode = Episode(row["started_at"], row["fired_at"], row["resolved_at"], row["withheld_since"], period_over=over)
    return Known(row["id"], episode)
