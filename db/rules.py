"""Rules as the database knows them: wordings, files, where each subject stands, answers over time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import asyncpg

from db.statements import statements
from enms.alerts import Truth
from enms.errors import Mistake

# Rule books of all enterprises.
ALL = 0


@dataclass(frozen=True, slots=True)
class RuleFileRow:
    """A rule book as last read; with mistakes it is refused."""

    file: str
    sha256: str
    loaded_at: datetime
    rules: tuple[str, ...]
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule's wording that holds for an enterprise; `definition` is its rule book entry as JSON."""

    e: int
    rule: str
    version: int
    sha256: str
    recorded_at: datetime
    file: str
    kind: str
    purpose: str
    severity: str
    cadence: str
    unit: str
    title_zh: str
    title_en: str
    source: str
    definition: str

    def title(self, language: str) -> str:
        """Its title in zh or en."""
        return self.title_zh if language.startswith("zh") else self.title_en


@dataclass(frozen=True, slots=True)
class RuleHealth:
    """How a rule is doing, apart from its alerts: subjects by where they stand, and its last error."""

    e: int
    rule: str
    subjects: int
    unknown: int
    pending: int
    firing: int
    error: str | None
    evaluated_until: datetime | None


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """Where one subject of a rule stands. `memory` is the evaluator's own, as JSON; `truth` as in `Truth`.

    Attributes:
        redo_from, redo_until: what of the past is to be judged again, to the frontier where it says no end.
        retell_from: since when some of it has been, with its alerts not told yet.
        worded_from: what ends before was judged by a wording that judged otherwise; None: all of it by this one.
        worded_memory: the memory at that instant.
    """

    rule: str
    subject: str
    version: int
    evaluated_until: datetime
    configured_at: datetime
    redo_from: datetime | None
    memory: str
    phase: str
    phase_since: datetime | None
    truth: int | None
    reason: str | None
    value: float | None
    limit_value: float | None
    error: str | None
    ended_at: datetime | None
    worded_from: datetime | None
    worded_memory: str | None
    redo_until: datetime | None = None
    retell_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class VerdictSpan:
    """One answer over [from_ts, to_ts)."""

    from_ts: datetime
    to_ts: datetime
    truth: Truth
    in_band: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Change:
    """What the ledger published of a point: quarter hours that start from `from_start` to `to_start`."""

    p: int
    from_start: datetime
    to_start: datetime


@dataclass(frozen=True, slots=True)
class PointState:
    """Since when a point has readings and until when its quarter hours are closed."""

    p: int
    first_ts: datetime
    closed_until: datetime


async def rule_files(connection: asyncpg.Connection) -> list[RuleFileRow]:
    """Every rule book that was read, refused ones too."""
    found = []
    async for row in statements("rules").rule_files(connection, e=ALL):
        mistakes = tuple(Mistake(m["place"], m["reason"], m["line"]) for m in json.loads(row["mistakes"]))
        found.append(RuleFileRow(row["file"], row["sha256"], row["loaded_at"], tuple(row["rules"]), mistakes))
    return found


async def put_rule_files(connection: asyncpg.Connection, files: Sequence[RuleFileRow]) -> None:
    """Remember the rule books as they were read just now, and forget those that are gone."""
    sql = statements("rules")
    for file in files:
        mistakes = [{"place": m.place, "reason": m.reason, "line": m.line} for m in file.mistakes]
        await sql.put_rule_file(
            connection,
            e=ALL,
            file=file.file,
            sha256=file.sha256,
            now=file.loaded_at,
            rules=list(file.rules),
            mistakes=json.dumps(mistakes, ensure_ascii=False),
        )
    await sql.forget_rule_files(connection, e=ALL, files=[file.file for file in files])


async def current_rules(connection: asyncpg.Connection, es: Sequence[int]) -> list[RuleRow]:
    """The rules of some enterprises as they hold now."""
    return [RuleRow(**row) async for row in statements("rules").current_rules(connection, es=list(es))]


async def put_rules(connection: asyncpg.Connection, e: int, wanted: Sequence[RuleRow], now: datetime) -> dict[str, int]:
    """Record the wordings that hold from now on; those no longer wanted are retired.

    Args:
        connection: in a transaction that holds the enterprise's cursor.
        e: enterprise number.
        wanted: `version` and `recorded_at` are not looked at.
        now: the clock.

    Returns:
        The version of each rule.
    """
    sql = statements("rules")
    stored = {row["rule"]: row async for row in sql.rule_versions(connection, e=e)}
    versions: dict[str, int] = {}
    for rule in wanted:
        old = stored.pop(rule.rule, None)
        if old is not None and old["current"] is not None and old["sha256"] == rule.sha256:
            versions[rule.rule] = old["current"]
            continue
        await sql.retire_rule(connection, e=e, rule=rule.rule, now=now)
        versions[rule.rule] = (old["newest"] if old is not None else 0) + 1
        await sql.insert_rule_version(
            connection,
            e=e,
            rule=rule.rule,
            version=versions[rule.rule],
            sha256=rule.sha256,
            now=now,
            file=rule.file,
            kind=rule.kind,
            purpose=rule.purpose,
            severity=rule.severity,
            cadence=rule.cadence,
            unit=rule.unit,
            title_zh=rule.title_zh,
            title_en=rule.title_en,
            source=rule.source,
            definition=rule.definition,
        )
    for gone, old in stored.items():
        if old["current"] is not None:
            await sql.retire_rule(connection, e=e, rule=gone, now=now)
    return versions


async def rule_health(connection: asyncpg.Connection, es: Sequence[int]) -> list[RuleHealth]:
    """How the rules of some enterprises are doing."""
    return [RuleHealth(**row) async for row in statements("rules").rule_health(connection, es=list(es))]


async def accepted_nowhere(connection: asyncpg.Connection, es: Sequence[int]) -> dict[tuple[int, str], tuple[str, ...]]:
    """By enterprise and rule, what it accepts a changed loss of and nobody knows: that changes nothing."""
    rows = [row async for row in statements("rules").accepted_nowhere(connection, es=list(es))]
    return {(row["e"], row["rule"]): tuple(row["codes"]) for row in rows}


async def subjects(connection: asyncpg.Connection, e: int, rule: str | None = None) -> list[SubjectRow]:
    """Where the subjects of one rule, or of all, stand."""
    return [SubjectRow(**row) async for row in statements("rules").subjects(connection, e=e, rule=rule)]


async def put_subjects(connection: asyncpg.Connection, e: int, rows: Sequence[SubjectRow]) -> None:
    """Remember where subjects stand."""
    if not rows:
        return
    await statements("rules").put_subjects(
        connection,
        e=e,
        rules=[r.rule for r in rows],
        subjects=[r.subject for r in rows],
        versions=[r.version for r in rows],
        evaluated_until=[r.evaluated_until for r in rows],
        configured_at=[r.configured_at for r in rows],
        redo_from=[r.redo_from for r in rows],
        memories=[r.memory for r in rows],
        phases=[r.phase for r in rows],
        phase_since=[r.phase_since for r in rows],
        truths=[r.truth for r in rows],
        reasons=[r.reason for r in rows],
        values=[r.value for r in rows],
        limits=[r.limit_value for r in rows],
        errors=[r.error for r in rows],
        worded_from=[r.worded_from for r in rows],
        worded_memories=[r.worded_memory for r in rows],
        redo_until=[r.redo_until for r in rows],
        retell_from=[r.retell_from for r in rows],
    )


async def wordings(connection: asyncpg.Connection, e: int, rule: str, versions: Sequence[int]) -> dict[int, str]:
    """Definitions of a rule as it was worded once, by version."""
    rows = statements("rules").wordings(connection, e=e, rule=rule, versions=list(versions))
    return {row["version"]: row["definition"] async for row in rows}


async def take_changes(connection: asyncpg.Connection, e: int) -> list[Change]:
    """What the ledger published since it was last asked; taken off the list in the caller's transaction."""
    return [Change(**row) async for row in statements("rules").take_changes(connection, e=e)]


async def point_states(connection: asyncpg.Connection, e: int) -> dict[int, PointState]:
    """How far the ledger is, by point; points that never closed a quarter hour are left out."""
    rows = statements("rules").point_states(connection, e=e)
    return {row["p"]: PointState(**row) async for row in rows}


async def live_states(
    connection: asyncpg.Connection, e: int, states: Mapping[int, PointState]
) -> dict[int, PointState]:
    """As if whatever was read were closed: for rules that cannot wait."""
    newest = {row["p"]: row["newest_ts"] async for row in statements("rules").newest_seen(connection, e=e)}
    return {p: replace(s, closed_until=max(s.closed_until, newest.get(p, s.closed_until))) for p, s in states.items()}


async def first_heard(connection: asyncpg.Connection, e: int, wanted: Mapping[int, datetime]) -> dict[int, datetime]:
    """When points reported first, by when that arrived; those that never reported are left out.

    Args:
        connection: idle or in a transaction.
        e: enterprise number.
        wanted: an instant by point; of one that was heard by then, no more is said than that.
    """
    rows = statements("rules").first_heard(connection, e=e, points=list(wanted), ats=list(wanted.values()))
    return {row["p"]: row["first_ts"] if row["heard_at"] is None else row["heard_at"] async for row in rows}


async def verdicts(
    connection: asyncpg.Connection, e: int, rule: str, subject: str, start: datetime, end: datetime
) -> list[VerdictSpan]:
    """A subject's answers that overlap [start, end), in order of time; between them is unknown."""
    rows = statements("rules").verdicts(connection, e=e, rule=rule, subject=subject, starts=start, ends=end)
    return [_span(row) async for row in rows]


async def verdicts_touching(
    connection: asyncpg.Connection, e: int, rule: str, spans: Sequence[tuple[str, datetime, datetime]]
) -> dict[str, list[VerdictSpan]]:
    """Answers that overlap or touch a span of each subject."""
    rows = statements("rules").verdicts_touching(
        connection,
        e=e,
        rule=rule,
        subjects=[subject for subject, _, _ in spans],
        starts=[start for _, start, _ in spans],
        ends=[end for _, _, end in spans],
    )
    found: dict[str, list[VerdictSpan]] = {}
    async for row in rows:
        found.setdefault(row["subject"], []).append(_span(row))
    return found


def _span(row: asyncpg.Record) -> VerdictSpan:
    return VerdictSpan(row["from_ts"], row["to_ts"], Truth(row["truth"]), row["in_band"], row["reason"])


async def last_verdicts(connection: asyncpg.Connection, e: int) -> dict[tuple[str, str], VerdictSpan]:
    """The answer up to where each subject was judged, by rule and subject; none where it is unknown."""
    rows = statements("rules").last_verdicts(connection, e=e)
    return {(row["rule"], row["subject"]): _span(row) async for row in rows}


async def anchors(
    connection: asyncpg.Connection, e: int, rule: str, wanted: Sequence[tuple[str, datetime]]
) -> dict[str, datetime]:
    """For each subject the last instant at or before another at which it was clear and without an alert."""
    rows = statements("rules").anchors(
        connection, e=e, rule=rule, subjects=[subject for subject, _ in wanted], ats=[at for _, at in wanted]
    )
    return {row["subject"]: row["instant"] async for row in rows}


async def replace_verdicts(
    connection: asyncpg.Connection,
    e: int,
    rule: str,
    gone: Sequence[tuple[str, datetime]],
    present: Sequence[tuple[str, VerdictSpan]],
) -> None:
    """Take spans away by their start, and put others in their place."""
    sql = statements("rules")
    if gone:
        await sql.delete_verdicts(
            connection, e=e, rule=rule, subjects=[s for s, _ in gone], starts=[start for _, start in gone]
        )
    await put_verdicts(connection, e, [(rule, subject, span) for subject, span in present])


async def put_verdicts(connection: asyncpg.Connection, e: int, spans: Sequence[tuple[str, str, VerdictSpan]]) -> None:
    """Remember answers of (rule, subject), each in place of one with the same start."""
    if not spans:
        return
    await statements("rules").put_verdicts(
        connection,
        e=e,
        rules=[rule for rule, _, _ in spans],
        subjects=[subject for _, subject, _ in spans],
        starts=[v.from_ts for _, _, v in spans],
        ends=[v.to_ts for _, _, v in spans],
        truths=[int(v.truth) for _, _, v in spans],
        bands=[v.in_band for _, _, v in spans],
        reasons=[v.reason for _, _, v in spans],
    )
