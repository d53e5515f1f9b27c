"""What becomes of open alerts by the clock: shelves that end, suppression, escalation; and planned outages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from db import plants
from db.alerts import AlertRow, append, get_alert
from db.statements import statements
from enms.alerts import Severity, Step
from enms.errors import ConflictError, NotFoundError


@dataclass(frozen=True, slots=True)
class Due:
    """An open alert that is due for a step; `since` is since when it waits, `why` unacknowledged or withheld."""

    e: int
    id: int
    why: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class OutageRow:
    """A planned outage over [from_ts, to_ts).

    Attributes:
        subject: a point, motor, EnPI or process with all below it; None: the whole enterprise.
        cancelled_at: taken back; it then suppresses nothing any more.
    """

    e: int
    id: int
    enterprise: str
    subject: str | None
    from_ts: datetime
    to_ts: datetime
    why: str
    planned_by: str
    recorded_at: datetime
    cancelled_at: datetime | None
    cancelled_by: str | None

    def state(self, now: datetime) -> str:
        """cancelled, planned, running or over."""
        if self.cancelled_at is not None:
            return "cancelled"
        return "planned" if now < self.from_ts else "running" if now < self.to_ts else "over"


async def assignments_to_tell(
    connection: asyncpg.Connection, since: datetime, alert: int | None = None
) -> list[tuple[Due, int]]:
    """Open alerts given to somebody since then of which nobody was told, with the transition's number."""
    rows = statements("handling").assignments_to_tell(connection, since=since, alert=alert)
    return [(Due(row["e"], row["id"]), row["n"]) async for row in rows]


async def plan_outage(
    connection: asyncpg.Connection,
    enterprise: str,
    *,
    subject: str | None,
    start: datetime,
    end: datetime,
    why: str,
    actor: str,
    now: datetime,
) -> OutageRow:
    """Say beforehand that something will stand still: operational alerts about it are suppressed.

    Raises:
        NotFoundError: no such enterprise, or nothing there has that code.
        ConflictError: it would end before it begins, is over already, or has no reason.
    """
    if end <= start:
        raise ConflictError("an outage ends after it begins")
    if end <= now:
        raise ConflictError("an outage is planned before it is over")
    if not why.strip():
        raise ConflictError("an outage is planned for a reason")
    e = (await plants.enterprise(connection, enterprise)).e
    sql = statements("handling")
    if subject is not None and not await sql.known_subject(connection, e=e, code=subject):
        raise NotFoundError(f"{enterprise} has no point, motor, EnPI or process {subject!r}")
    number = await sql.insert_outage(
        connection, e=e, subject=subject, from_ts=start, to_ts=end, why=why, planned_by=actor, now=now
    )
    return await get_outage(connection, number)


async def cancel_outage(connection: asyncpg.Connection, outage: int, *, actor: str, now: datetime) -> OutageRow:
    """Take a planned outage back; a second time changes nothing.

    Raises:
        NotFoundError: no such outage.
    """
    await statements("handling").cancel_outage(connection, id=outage, actor=actor, now=now)
    return await get_outage(connection, outage)


async def get_outage(connection: asyncpg.Connection, outage: int) -> OutageRow:
    """The outage of that id.

    Raises:
        NotFoundError: there is none.
    """
    row = await statements("handling").outage(connection, id=outage)
    if row is None:
        raise NotFoundError(f"no outage {outage}")
    return OutageRow(**row)


async def outages(
    connection: asyncpg.Connection | asyncpg.Pool,
    es: Sequence[int],
    *,
    since: datetime | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[OutageRow]:
    """Outages that end after `since`, last planned first; `before` is the last id of the page before."""
    rows = statements("handling").outages(connection, es=list(es), since=since, before=before, n=limit)
    return [OutageRow(**row) async for row in rows]


async def suppressor(connection: asyncpg.Connection, e: int, alert: int, now: datetime) -> str | None:
    """What holds an open alert's messages back: outage/{id}, alert/{id}, or nothing."""
    by: str | None = await statements("handling").suppressor(connection, e=e, id=alert, now=now)
    return by


async def suppress(connection: asyncpg.Connection, e: int, alert: int, by: str | None, now: datetime) -> int:
    """Note what suppresses an alert (None: nothing) in the caller's transaction; the transition's number."""
    await statements("handling").suppress_alert(connection, e=e, id=alert, by=by)
    kind = Step.UNSUPPRESSED if by is None else Step.SUPPRESSED
    return await append(connection, e, alert, kind, at=now, now=now, detail={} if by is None else {"by": by})


async def shelves_over(connection: asyncpg.Connection, now: datetime) -> list[Due]:
    """Alerts whose time on the shelf is over."""
    return [Due(row["e"], row["id"]) async for row in statements("handling").shelves_over(connection, now=now)]


async def suppressions_to_look_at(connection: asyncpg.Connection, now: datetime, young: datetime) -> list[Due]:
    """Alerts whose suppression began or ended; ones detected after `young` are new."""
    rows = statements("handling").suppressions_to_look_at(connection, now=now, young=young)
    return [Due(row["e"], row["id"]) async for row in rows]


async def to_escalate(
    connection: asyncpg.Connection,
    now: datetime,
    waits: Mapping[Severity, timedelta],
    withheld: timedelta,
    alert: int | None = None,
) -> list[Due]:
    """Alerts nobody took for as long as their severity allows, and those whose verdict was withheld for too long.

    Args:
        connection: to look with.
        now: the clock.
        waits: how long each severity may wait; one left out is never escalated for that.
        withheld: how long a verdict may be withheld.
        alert: look at this one only.
    """
    rows = statements("handling").to_escalate(
        connection,
        now=now,
        severities=[severity.value for severity in waits],
        waits=list(waits.values()),
        withheld=withheld,
        alert=alert,
    )
    return [Due(row["e"], row["id"], row["why"], row["since"]) async for row in rows]


async def lock(connection: asyncpg.Connection, due: Due) -> AlertRow:
    """The alert as it is now, held until the caller's transaction ends."""
    await statements("alerts").lock_alert(connection, e=due.e, id=due.id)
    return await get_alert(connection, due.id)


async def end_shelf(connection: asyncpg.Connection, due: Due, now: datetime) -> int:
    """Take an alert off the shelf because its time is over. In the caller's transaction."""
    await statements("alerts").shelve_alert(connection, e=due.e, id=due.id, until=None, why=None)
    return await append(connection, due.e, due.id, Step.UNSHELVED, at=now, now=now, detail={"why": "time_over"})


async def escalate(connection: asyncpg.Connection, due: Due, now: datetime) -> int:
    """Make an alert louder. In the caller's transaction."""
    await statements("handling").escalate_alert(connection, e=due.e, id=due.id, now=now)
    since = None if due.since is None else due.since.isoformat()
    return await append(
        connection, due.e, due.id, Step.ESCALATED, at=now, now=now, detail={"why": due.why, "since": since}
    )
