"""Writes down what became of a subject's alerts, in the caller's transaction: rows, transitions, evidence, messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import asyncpg

from db import alerts, handling
from db.plants import EnterpriseRow
from db.statements import statements
from enms.alerts import Closed, Episode, Step, Truth
from rules.conditions import Judged, Subject
from rules.definition import Rule
from rules.desk import Desk
from rules.evidence import freeze, same_data
from rules.lifecycle import Found, Known, Memory, Retelling
from rules.plan import text_of
from rules.standings import Standing


@dataclass(frozen=True, slots=True)
class LoadedRule:
    """A rule with the version its wording has for one enterprise."""

    rule: Rule
    version: int


@dataclass(slots=True)
class Tally:
    """What becomes of transitions beside being written: counted by kind, and told to people by the desk."""

    desk: Desk = field(default_factory=lambda: Desk(()))
    transitions: dict[Step, int] = field(default_factory=dict)

    def count(self, kind: Step) -> None:
        self.transitions[kind] = self.transitions.get(kind, 0) + 1


@dataclass(frozen=True, slots=True)
class Telling:
    """A subject's retelling with what its evidence is made of.

    Attributes:
        judged: judged steps by their end: those of this run, and of others those an episode's evidence has to be of.
        stand: the end of the step that each episode's evidence is of (`rules.periods`).
    """

    subject: Subject[object]
    retelling: Retelling
    judged: Mapping[datetime, Judged[object]]
    stand: Mapping[Episode, datetime]
    evidence: Callable[[Subject[object], Judged[object]], dict[str, object]]


class Recorder:
    """Writes for one rule on one enterprise, at one instant of the clock."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        enterprise: EnterpriseRow,
        loaded: LoadedRule,
        now: datetime,
        tally: Tally,
    ) -> None:
        self._connection = connection
        self._enterprise = enterprise
        self._e = enterprise.e
        self._rule, self._version = loaded.rule, loaded.version
        self._now = now
        self._tally = tally
        self._sql = statements("alerts")

    async def write(self, telling: Telling) -> None:
        """What closes comes first: a rule has one open alert a subject at any moment."""
        told = telling.retelling
        old = {known.id: known.episode for known, _ in told.kept}
        for alert, into in told.merged:
            at = old[into].fired_at
            await self._close(alert, Closed.MERGED, at, into)
            await self._append(alert, Step.MERGED, at, {"into": into})
        for alert in told.retracted:
            await self._retract(alert)
        for known, episode in told.kept:
            await self._keep(known, episode, telling)
        for found in told.found:
            await self._raise(found, telling)

    async def _retract(self, alert: int) -> None:
        row = await alerts.get_alert(self._connection, alert)
        await self._close(alert, Closed.RETRACTED, row.fired_at, None)
        await self._append(alert, Step.RETRACTED, row.fired_at, {})

    async def _close(self, alert: int, closed: Closed, at: datetime, into: int | None) -> None:
        await self._sql.close_alert(
            self._connection, e=self._e, id=alert, closed=closed.value, resolved_at=at, merged_into=into
        )

    async def _keep(self, known: Known, now_known: Episode, telling: Telling) -> None:
        was = known.episode
        if was != now_known:
            await self._tell(known.id, now_known)
        if moved := _moved(was, now_known):
            await self._append(known.id, Step.SHIFTED, now_known.fired_at, moved)
        await self._revise(known.id, now_known, telling)
        if _outcome(was) != _outcome(now_known):
            await self._end(known.id, now_known)
        if was.resolved_at is not None and now_known.resolved_at is None:
            await self._append(known.id, Step.REOPENED, was.resolved_at, {})

    async def _tell(self, alert: int, episode: Episode) -> None:
        await self._sql.tell_alert(
            self._connection,
            e=self._e,
            id=alert,
            started_at=episode.started_at,
            fired_at=episode.fired_at,
            resolved_at=episode.resolved_at,
            withheld_since=episode.withheld_since,
            closed=episode.closed,
        )

    async def _end(self, alert: int, episode: Episode) -> None:
        """Say that it is over, and how; nothing while it goes on."""
        if episode.resolved_at is not None:
            kind = Step.PERIOD_OVER if episode.period_over else Step.RESOLVED
            since = episode.withheld_since
            detail = {} if since is None else {"withheld_since": since.isoformat()}
            await self._append(alert, kind, episode.resolved_at, detail)

    async def _revise(self, alert: int, episode: Episode, telling: Telling) -> None:
        """Another version of the evidence, where the data it stood on changed, or its period has another close."""
        at = telling.stand[episode]
        judged = telling.judged.get(at)
        if judged is None or judged.observation.truth is not Truth.MET:
            return  # what does not say so proves nothing
        text, sha256 = self._freeze(telling, judged)
        latest = await self._sql.latest_evidence(self._connection, e=self._e, alert=alert)
        if latest is not None and (latest["sha256"] == sha256 or same_data(latest["body"], text)):
            return
        version = 1 if latest is None else latest["version"] + 1
        await self._sql.judge_alert(
            self._connection,
            e=self._e,
            id=alert,
            value=judged.value,
            limit_value=judged.limit,
            certainty=judged.certainty,
        )
        await self._insert_evidence(alert, version, sha256, text)
        await self._append(alert, Step.REVISED, at, {"version": version, "sha256": sha256})

    async def _raise(self, found: Found, telling: Telling) -> None:
        episode = found.episode
        judged = telling.judged[episode.fired_at]
        if judged.observation.truth is not Truth.MET:
            return  # nothing could prove it; what makes it so is told anew, and judged then
        # what a period came to at its last close is news, though its alert has no time to be open
        late = found.late or (episode.resolved_at is not None and not episode.period_over)
        alert: int = await self._sql.insert_alert(
            self._connection,
            e=self._e,
            rule=self._rule.id,
            rule_version=self._version,
            subject=telling.subject.code,
            kind=self._rule.kind.value,
            purpose=self._rule.purpose.value,
            severity=self._rule.severity.value,
            state="resolved" if late else "firing",
            closed=episode.closed if late else None,
            started_at=episode.started_at,
            fired_at=episode.fired_at,
            resolved_at=episode.resolved_at if late else None,
            detected_at=self._now,
            withheld_since=episode.withheld_since,
            value=judged.value,
            limit_value=judged.limit,
            unit=self._rule.unit,
            certainty=judged.certainty,
            late=found.late,
            split_from=found.split_from,
        )
        text, sha256 = self._freeze(telling, judged)
        await self._insert_evidence(alert, 1, sha256, text)
        if self._rule.hold:
            await self._append(alert, Step.PENDING, episode.started_at, {})
        await self._append(alert, Step.FIRING, episode.fired_at, {"evidence": sha256}, suppress=not late)
        if found.split_from is not None:
            await self._append(alert, Step.SPLIT, episode.fired_at, {"from": found.split_from})
        if found.late:
            await self._append(alert, Step.LATE, episode.fired_at, {})
        if telling.stand[episode] != episode.fired_at:
            await self._revise(alert, episode, telling)
        if not late and episode.resolved_at is not None:
            await self._tell(alert, episode)
        await self._end(alert, episode)

    async def _suppress(self, alert: int) -> None:
        """Hold back what is raised within a planned outage, or on a meter that is in doubt."""
        by = await handling.suppressor(self._connection, self._e, alert, self._now)
        if by is not None:
            await handling.suppress(self._connection, self._e, alert, by, self._now)
            self._tally.count(Step.SUPPRESSED)

    def _freeze(self, telling: Telling, judged: Judged[object]) -> tuple[str, str]:
        found = telling.evidence(telling.subject, judged)
        return freeze(self._enterprise, self._rule, telling.subject.code, found)

    async def _insert_evidence(self, alert: int, version: int, sha256: str, text: str) -> None:
        await self._sql.insert_evidence(
            self._connection, e=self._e, alert=alert, version=version, sha256=sha256, body=text, now=self._now
        )

    async def _append(
        self, alert: int, kind: Step, at: datetime, detail: Mapping[str, object], *, suppress: bool = False
    ) -> None:
        n = await alerts.append(self._connection, self._e, alert, kind, at=at, now=self._now, detail=detail)
        self._tally.count(kind)
        if suppress:
            await self._suppress(alert)
        await self._tally.desk.post(self._connection, self._e, alert, kind, n, self._now)


async def end_subject(
    connection: asyncpg.Connection, e: int, standing: Standing, now: datetime, tally: Tally, why: str
) -> Standing:
    """A rule or subject is gone: its open alert closes with that reason, and nothing of it is judged any more."""
    row = standing.row
    sql, at = statements("alerts"), row.evaluated_until
    opened = [r async for r in sql.open_alerts(connection, e=e)]
    for alert in [r["id"] for r in opened if (r["rule"], r["subject"]) == (row.rule, row.subject)]:
        await sql.close_alert(connection, e=e, id=alert, closed=Closed.ENDED.value, resolved_at=at, merged_into=None)
        n = await alerts.append(connection, e, alert, Step.ENDED, at=at, now=now, detail={"why": why})
        tally.count(Step.ENDED)
        await tally.desk.post(connection, e, alert, Step.ENDED, n, now)
    await statements("rules").end_subject(connection, e=e, rule=row.rule, subject=row.subject, at=at)
    memory = Memory()
    ended = replace(row, ended_at=at, phase=memory.phase.value, phase_since=None, memory=text_of(memory))
    return Standing(ended, memory, None, None)


def _outcome(episode: Episode) -> tuple[Closed | None, bool]:
    """How it ended, and whether that is not known: its verdict was withheld."""
    return episode.closed, episode.closed is not None and episode.withheld_since is not None


def _moved(was: Episode, now_known: Episode) -> dict[str, object]:
    """What of an episode's past is told differently now; its resolution by itself is no move."""
    moved: dict[str, object] = {}
    for name in ("started_at", "fired_at", "resolved_at"):
        before, after = getattr(was, name), getattr(now_known, name)
        if before is not None and after is not None and before != after:
            moved[name] = {"from": before.isoformat(), "to": after.isoformat()}
    return moved
