"""What people do to inspection cases: opening, adding alerts, every step; each in a log that is only appended to.

A case is locked while it is moved, so that of two people only one is first; its alerts are locked while they are
added, so that none is in two open cases and the evidence noted is the one that stood. The same request again, as
after an answer that was lost, changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import asyncpg

from db import plants
from db.cases import CaseEventRow, CaseRow, alerts_of, events, get_case, standings
from db.statements import statements
from enms.cases import MOST_AT_ONCE, CaseState, CaseStep, after
from enms.errors import ConflictError, InputError, Mistake, NotFoundError


async def open_case(
    connection: asyncpg.Connection,
    alerts: Sequence[int],
    *,
    title: str,
    actor: str,
    now: datetime,
    zone: ZoneInfo,
    comment: str = "",
) -> CaseRow:
    """Open a case on alerts of one enterprise; the same again is the case there is.

    Args:
        connection: idle or in a transaction.
        alerts: their ids, at least one and at most MOST_AT_ONCE.
        title: what it is about.
        actor: who opens it.
        now: the clock.
        zone: the district's, for the year in the case's number.
        comment: what there is to say.

    Raises:
        InputError: too many alerts.
        NotFoundError: no such alert.
        ConflictError: nothing to open it on or under, alerts of several enterprises, one that was retracted or merged,
            or one that is in another open case.
    """
    _check_count(alerts)
    ids, title, comment = sorted(set(alerts)), title.strip(), comment.strip()
    if not ids:
        raise ConflictError("a case is opened on an alert")
    if not title:
        raise ConflictError("a case has a title")
    sql = statements("cases")
    async with connection.transaction():
        e = await _lock_alerts(connection, ids)
        try:
            await _check_free(connection, ids)
        except _TakenError as taken:
            there = await get_case(connection, taken.number, now=now)
            (first, *_) = await events(connection, there)
            wanted = (title, actor, comment, {"alerts": ids})
            if (there.title, first.actor, first.comment, json.loads(first.detail)) == wanted:
                return there
            raise
        number = await sql.next_number(connection, year=now.astimezone(zone).year)
        case = await sql.insert_case(connection, e=e, number=number, title=title, actor=actor, now=now)
        await _append(connection, e, case, 1, CaseStep.OPENED, now=now, actor=actor, comment=comment, alerts=ids)
        await sql.add_alerts(connection, e=e, case_id=case, event=1, ids=ids)
        return await get_case(connection, number, now=now)


async def add_alerts(
    connection: asyncpg.Connection,
    number: str,
    alerts: Sequence[int],
    *,
    actor: str,
    now: datetime,
    comment: str = "",
    seen: int | None = None,
) -> CaseRow:
    """Add alerts to a case, on the evidence that stands now; those that are in it already stay as they were.

    Args:
        connection: idle or in a transaction.
        number: of the case.
        alerts: their ids, at most MOST_AT_ONCE.
        actor: who adds them.
        now: the clock.
        comment: what there is to say.
        seen: how many events the case had when whoever asks looked; None: never mind.

    Raises:
        InputError: too many alerts.
        NotFoundError: no such case or alert.
        ConflictError: it is not open any more, somebody else was faster, or as in `open_case`.
    """
    _check_count(alerts)
    async with connection.transaction():
        case = await _lock_case(connection, number, now)
        there = {row.alert for row in await alerts_of(connection, case)}
        new = sorted(set(alerts) - there)
        if not new:
            return case
        state = after(CaseState(case.state), CaseStep.ADDED)
        _check_seen(case, seen)
        if await _lock_alerts(connection, new) != case.e:
            raise ConflictError(f"case {number} is on {case.enterprise}: an alert of another enterprise has its own")
        await _check_free(connection, new)
        n = await _move(connection, case, state)
        await _append(
            connection, case.e, case.id, n, CaseStep.ADDED, now=now, actor=actor, comment=comment.strip(), alerts=new
        )
        await statements("cases").add_alerts(connection, e=case.e, case_id=case.id, event=n, ids=new)
        return await get_case(connection, number, now=now)


async def take_step(
    connection: asyncpg.Connection,
    number: str,
    step: CaseStep,
    *,
    actor: str,
    now: datetime,
    comment: str = "",
    due_on: date | None = None,
    seen: int | None = None,
) -> CaseRow:
    """Do something to a case; the same as was done last changes nothing.

    Args:
        connection: idle or in a transaction.
        number: of the case.
        step: what is done; not opening, not adding.
        actor: who does it.
        now: the clock.
        comment: what there is to say: of a withdrawal why.
        due_on: of an order: the enterprise's date until which it is to be done, included.
        seen: how many events the case had when whoever asks looked; None: never mind.

    Raises:
        NotFoundError: no such case.
        ConflictError: that may not follow, somebody else was faster, a date that is past or stands already, or
            nothing said where something has to be.
    """
    comment = comment.strip()
    async with connection.transaction():
        case = await _lock_case(connection, number, now)
        detail: dict[str, object] = {} if due_on is None else {"due": due_on.isoformat()}
        if await _repeats(connection, case, step, actor, comment, detail):
            return case
        state = after(CaseState(case.state), step)
        _check_seen(case, seen)
        if step is CaseStep.WITHDRAWN and not comment:
            raise ConflictError("a case is withdrawn for a reason")
        if step is CaseStep.COMMENTED and not comment:
            raise ConflictError("a comment has a text")
        if step is CaseStep.ORDERED:
            await _check_due(connection, case, due_on, now)
        n = await _move(connection, case, state, due_on)
        await _append(connection, case.e, case.id, n, step, now=now, actor=actor, comment=comment, **detail)
        return await get_case(connection, number, now=now)


class _TakenError(ConflictError):
    """An alert is in another open case."""

    def __init__(self, alert: int, number: str) -> None:
        super().__init__(f"alert {alert} is in case {number} already")
        self.number = number


def _check_count(alerts: Sequence[int]) -> None:
    if (n := len(set(alerts))) > MOST_AT_ONCE:
        raise InputError("", [Mistake("body.alerts", f"{n} alerts; a case takes {MOST_AT_ONCE} at once")])


async def _lock_alerts(connection: asyncpg.Connection, ids: Sequence[int]) -> int:
    """Hold alerts until the transaction ends; the number of the enterprise that they are all of."""
    found = [(row["e"], row["id"]) async for row in statements("cases").lock_alerts(connection, ids=list(ids))]
    missing = set(ids) - {id_ for _, id_ in found}
    if missing:
        raise NotFoundError(f"no alert {min(missing)}")
    es = {e for e, _ in found}
    if len(es) > 1:
        raise ConflictError("a case is on one enterprise: these alerts are of several")
    (e,) = es
    return int(e)


async def _check_free(connection: asyncpg.Connection, ids: Sequence[int]) -> None:
    """Nothing was taken back of what a case is to stand on, and no other open case stands on it."""
    for row in await standings(connection, ids):
        if row.retracted:
            raise ConflictError(f"alert {row.id} was retracted: nothing stands on it")
        if row.merged_into is not None:
            raise ConflictError(f"alert {row.id} was merged into {row.merged_into}: add that one")
        if row.in_case is not None:
            raise _TakenError(row.id, row.in_case)


async def _lock_case(connection: asyncpg.Connection, number: str, now: datetime) -> CaseRow:
    if await statements("cases").lock_case(connection, number=number) is None:
        raise NotFoundError(f"no case {number}")
    return await get_case(connection, number, now=now)


def _check_seen(case: CaseRow, seen: int | None) -> None:
    if seen is not None and seen != case.events:
        raise ConflictError(f"case {case.number} has {case.events} events, you saw {seen}: look at it again")


async def _check_due(connection: asyncpg.Connection, case: CaseRow, due_on: date | None, now: datetime) -> None:
    if due_on is None:
        raise ConflictError("rectification is ordered until a date")
    owner = await plants.owner(connection, case.enterprise)
    if due_on < now.astimezone(ZoneInfo(owner.timezone)).date():
        raise ConflictError("rectification is ordered until a date to come")
    if case.state == CaseState.ORDERED and case.due_on == due_on:
        raise ConflictError(f"rectification is ordered until {due_on} already")


async def _repeats(
    connection: asyncpg.Connection,
    case: CaseRow,
    step: CaseStep,
    actor: str,
    comment: str,
    detail: Mapping[str, object],
) -> bool:
    """Whether this is what was done last: an answer was lost, or a button was pressed twice."""
    last = CaseEventRow(**await statements("cases").last_event(connection, e=case.e, case_id=case.id))
    return (last.kind, last.actor, last.comment, json.loads(last.detail)) == (step.value, actor, comment, dict(detail))


async def _move(connection: asyncpg.Connection, case: CaseRow, state: CaseState, due_on: date | None = None) -> int:
    n: int = await statements("cases").move_case(connection, e=case.e, id=case.id, state=state.value, due_on=due_on)
    return n


async def _append(
    connection: asyncpg.Connection,
    e: int,
    case: int,
    n: int,
    step: CaseStep,
    *,
    now: datetime,
    actor: str,
    comment: str,
    **detail: object,
) -> None:
    await statements("cases").append_event(
        connection,
        e=e,
        case_id=case,
        n=n,
        kind=step.value,
        now=now,
        actor=actor,
        comment=comment,
        detail=json.dumps(detail, ensure_ascii=False),
    )
