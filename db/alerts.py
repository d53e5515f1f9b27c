"""Alerts as people see and handle them: lists, one by one, transitions, evidence, and what people do to them.

Every change appends a transition and, in the same transaction, a message for each channel and a notification on
`enms_alert` ("enterprise number:alert id").
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import asyncpg

from db.statements import statements
from enms.alerts import PERIOD_WITHHELD, Closed, Step
from enms.errors import ConflictError, NotFoundError

# Channels that get a message for every transition.
CHANNELS = ("mqtt",)


def outcome(closed: str | None, withheld_since: datetime | None) -> str | None:
    """`closed`, or what it is called where the verdict was withheld."""
    return PERIOD_WITHHELD if closed == Closed.PERIOD_OVER and withheld_since is not None else closed


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One episode of one rule on one subject.

    Attributes:
        state: firing or resolved; the flags below are independent of it.
        closed: cleared, merged, retracted, ended, period_over; None while firing.
        started_at, fired_at, resolved_at: event instants; detected_at is the wall clock.
        withheld_since: since when the verdict has been unknown while firing; of `period_over`: when its period ended.
        value, limit_value: what was judged when it fired and against what, in `unit`, as now known: the last version
            of the evidence.
        certainty: confirmed when even the low end of the uncertainty is over the limit, else possible.
        late: it was over before anybody noticed.
        suppressed_by: outage/{id} or alert/{id} that holds its messages back.
        escalated_at: when it was last made louder, by the clock.
        transitions: how many there have been.
    """

    e: int
    id: int
    enterprise: str
    rule: str
    rule_version: int
    subject: str
    kind: str
    purpose: str
    severity: str
    state: str
    closed: str | None
    started_at: datetime
    fired_at: datetime
    resolved_at: datetime | None
    detected_at: datetime
    withheld_since: datetime | None
    value: float | None
    limit_value: float | None
    unit: str
    certainty: str | None
    late: bool
    retracted: bool
    merged_into: int | None
    split_from: int | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    assigned_to: str | None
    shelved_until: datetime | None
    shelved_why: str | None
    suppressed_by: str | None
    escalated_at: datetime | None
    title_zh: str
    title_en: str
    source: str
    transitions: int

    @property
    def acknowledged(self) -> bool:
        """Whether somebody has seen it."""
        return self.acknowledged_at is not None

    @property
    def outcome(self) -> str | None:
        """What `closed` is called: a period that ended while nobody knew is not said to have been over."""
        return outcome(self.closed, self.withheld_since)

    def title(self, language: str) -> str:
        """The rule's title in zh or en."""
        return self.title_zh if language.startswith("zh") else self.title_en


@dataclass(frozen=True, slots=True)
class TransitionRow:
    """One thing that happened. `actor` is a person; None: the rules. `detail` is JSON."""

    n: int
    kind: str
    at: datetime
    recorded_at: datetime
    actor: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One version of what an alert stood on; `body` is canonical JSON, `sha256` of it in UTF-8."""

    version: int
    sha256: str
    body: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class OpenCount:
    """Open alerts of an enterprise by severity, and since when the oldest."""

    e: int
    severity: str
    alerts: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What is open of some enterprises, and how far that can be relied on.

    Attributes:
        judged: by enterprise, when its rules were last judged; None: never yet.
    """

    counts: tuple[OpenCount, ...]
    judged: Mapping[int, datetime | None]


@dataclass(frozen=True, slots=True)
class Within:
    """Alerts of a span, last raised first; `in_all` counts those beyond the limit, too."""

    rows: tuple[AlertRow, ...]
    in_all: int


@dataclass(frozen=True, slots=True)
class Filter:
    """Which alerts; None is any.

    Attributes:
        text: somewhere in rule, title, subject or assignee, whatever its case.
        since: still firing, or resolved at this instant or later.
        before: (fired_at, id) of the last one on the page before.
    """

    state: str | None = None
    severities: tuple[str, ...] | None = None
    purpose: str | None = None
    rule: str | None = None
    subject: str | None = None
    text: str | None = None
    since: datetime | None = None
    before: tuple[datetime, int] | None = None


async def list_alerts(
    connection: asyncpg.Connection, es: Sequence[int], wanted: Filter | None = None, *, limit: int
) -> list[AlertRow]:
    """Alerts of some enterprises, last fired first."""
    asked = wanted or Filter()
    rows = statements("alerts").list_alerts(
        connection,
        es=list(es),
        state=asked.state,
        severities=None if asked.severities is None else list(asked.severities),
        purpose=asked.purpose,
        rule=asked.rule,
        subject=asked.subject,
        text=asked.text,
        since=asked.since,
        before_at=asked.before[0] if asked.before else None,
        before_id=asked.before[1] if asked.before else None,
        n=limit,
    )
    return [_alert(row) async for row in rows]


async def alerts_within(
    connection: asyncpg.Connection, e: int, start: datetime, end: datetime, *, limit: int
) -> Within:
    """Alerts whose [started_at, resolved_at) touches [start, end); what was retracted never was."""
    rows = [row async for row in statements("alerts").alerts_within(connection, e=e, f=start, t=end, n=limit)]
    return Within(tuple(_alert(row) for row in rows), rows[0]["in_all"] if rows else 0)


_COLUMNS = tuple(f.name for f in fields(AlertRow))


def _alert(row: asyncpg.Record) -> AlertRow:
    return AlertRow(**{name: row[name] for name in _COLUMNS})


async def get_alert(connection: asyncpg.Connection, alert: int) -> AlertRow:
    """The alert of that id.

    Raises:
        NotFoundError: there is none.
    """
    row = await statements("alerts").alert(connection, id=alert)
    if row is None:
        raise NotFoundError(f"no alert {alert}")
    return _alert(row)


async def alerts_by_id(connection: asyncpg.Connection, ids: Sequence[int]) -> list[AlertRow]:
    """Alerts by id, in its order; those that nobody knows are left out."""
    return [_alert(row) async for row in statements("alerts").alerts_by_id(connection, ids=list(ids))]


async def open_counts(connection: asyncpg.Connection, es: Sequence[int]) -> list[OpenCount]:
    """How many are open."""
    return [OpenCount(**row) async for row in statements("alerts").open_counts(connection, es=list(es))]


async def standing(connection: asyncpg.Connection, es: Sequence[int]) -> Standing:
    """How many are open, and when rules were last judged."""
    judged = {row["e"]: row["evaluated_at"] async for row in statements("alerts").judged(connection, es=list(es))}
    return Standing(tuple(await open_counts(connection, es)), judged)


async def transitions(connection: asyncpg.Connection, alert: AlertRow) -> list[TransitionRow]:
    """Everything that happened to an alert, in order."""
    rows = statements("alerts").transitions(connection, e=alert.e, alert=alert.id)
    return [TransitionRow(**row) async for row in rows]


async def evidence(connection: asyncpg.Connection, alert: AlertRow) -> list[EvidenceRow]:
    """Every version of an alert's evidence; the last one stands."""
    rows = statements("alerts").evidence(connection, e=alert.e, alert=alert.id)
    return [EvidenceRow(**row) async for row in rows]


async def acknowledge(connection: asyncpg.Connection, alert: int, *, actor: str, now: datetime) -> AlertRow:
    """Say that somebody has seen it; a second time changes nothing.

    Raises:
        NotFoundError: no such alert.
    """
    async with connection.transaction():
        row = await _locked(connection, alert)
        if row.acknowledged:
            return row
        await statements("alerts").acknowledge_alert(connection, e=row.e, id=row.id, actor=actor, now=now)
        await append(connection, row.e, row.id, Step.ACKNOWLEDGED, at=now, now=now, actor=actor)
        return await get_alert(connection, alert)


async def assign(
    connection: asyncpg.Connection, alert: int, *, assignee: str | None, actor: str, now: datetime
) -> AlertRow:
    """Give it to somebody; None takes it back.

    Raises:
        NotFoundError: no such alert.
    """
    async with connection.transaction():
        row = await _locked(connection, alert)
        await statements("alerts").assign_alert(connection, e=row.e, id=row.id, assignee=assignee)
        detail = {"to": assignee}
        await append(connection, row.e, row.id, Step.ASSIGNED, at=now, now=now, actor=actor, detail=detail)
        return await get_alert(connection, alert)


async def shelve(
    connection: asyncpg.Connection, alert: int, *, until: datetime | None, why: str, actor: str, now: datetime
) -> AlertRow:
    """Put it aside until an instant, for a reason; None takes it back at once.

    Raises:
        NotFoundError: no such alert.
        ConflictError: the instant is past, or no reason is given.
    """
    if until is not None and until <= now:
        raise ConflictError("an alert is shelved until an instant to come")
    if until is not None and not why.strip():
        raise ConflictError("an alert is shelved for a reason")
    async with connection.transaction():
        row = await _locked(connection, alert)
        reason = why if until is not None else None
        await statements("alerts").shelve_alert(connection, e=row.e, id=row.id, until=until, why=reason)
        kind = Step.UNSHELVED if until is None else Step.SHELVED
        detail = {"until": None if until is None else until.isoformat(), "why": why}
        await append(connection, row.e, row.id, kind, at=now, now=now, actor=actor, detail=detail)
        return await get_alert(connection, alert)


async def comment(connection: asyncpg.Connection, alert: int, *, text: str, actor: str, now: datetime) -> AlertRow:
    """Write something beside it.

    Raises:
        NotFoundError: no such alert.
        ConflictError: nothing was written.
    """
    if not text.strip():
        raise ConflictError("a comment has a text")
    async with connection.transaction():
        row = await _locked(connection, alert)
        await append(connection, row.e, row.id, Step.COMMENTED, at=now, now=now, actor=actor, detail={"text": text})
        return await get_alert(connection, alert)


async def _locked(connection: asyncpg.Connection, alert: int) -> AlertRow:
    row = await get_alert(connection, alert)
    await statements("alerts").lock_alert(connection, e=row.e, id=row.id)
    return await get_alert(connection, alert)


async def append(
    connection: asyncpg.Connection,
    e: int,
    alert: int,
    kind: Step,
    *,
    at: datetime,
    now: datetime,
    actor: str | None = None,
    detail: Mapping[str, object] | None = None,
) -> int:
    """Append a transition after the alert's row was changed; post and announce it. In the caller's transaction.

    Args:
        connection: in a transaction.
        e: enterprise number.
        alert: its id.
        kind: what happened.
        at: event instant; for people the clock.
        now: the clock.
        actor: a person; None: the rules.
        detail: what else there is to say, for JSON.
    """
    sql = statements("alerts")
    await sql.lock_alert(connection, e=e, id=alert)
    text = json.dumps(detail or {}, ensure_ascii=False)
    n: int = await sql.append_transition(
        connection, e=e, alert=alert, kind=kind.value, at=at, now=now, actor=actor, detail=text
    )
    message = json.dumps(message_of(await get_alert(connection, alert), kind, n, at), ensure_ascii=False)
    for channel in CHANNELS:
        await sql.post(connection, e=e, alert=alert, transition=n, channel=channel, payload=message, now=now)
    await sql.announce_alert(connection, payload=f"{e}:{alert}")
    return n


def message_of(alert: AlertRow, kind: Step, n: int, at: datetime) -> dict[str, object]:
    """What the outside is told of a transition (CONTRACT: MQTT out). `key` is the same on every repetition."""

    def instant(value: datetime | None) -> str | None:
        return None if value is None else value.isoformat().replace("+00:00", "Z")

    return {
        "id": alert.id,
        "enterprise": alert.enterprise,
        "rule": alert.rule,
        "rule_version": alert.rule_version,
        "title": {"zh": alert.title_zh, "en": alert.title_en},
        "subject": alert.subject,
        "purpose": alert.purpose,
        "severity": alert.severity,
        "state": alert.state,
        "closed": alert.closed,
        "started_at": instant(alert.started_at),
        "fired_at": instant(alert.fired_at),
        "resolved_at": instant(alert.resolved_at),
        "detected_at": instant(alert.detected_at),
        "acknowledged": alert.acknowledged,
        "assigned_to": alert.assigned_to,
        "shelved_until": instant(alert.shelved_until),
        "suppressed_by": alert.suppressed_by,
        "escalated_at": instant(alert.escalated_at),
        "late": alert.late,
        "retracted": alert.retracted,
        "merged_into": alert.merged_into,
        "value": alert.value,
        "limit": alert.limit_value,
        "unit": alert.unit,
        "certainty": alert.certainty,
        "transition": {"n": n, "kind": kind.value, "at": instant(at)},
        "key": f"{alert.enterprise}/{alert.id}/{n}",
    }
