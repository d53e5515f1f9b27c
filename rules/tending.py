"""What becomes of open alerts by the clock: shelves end, suppression begins and ends, what nobody takes gets louder.

Any number of these may run: each alert is looked at again under its lock, in a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg

from db import handling
from db.alerts import AlertRow
from db.handling import Due
from enms.alerts import Step
from rules.desk import Desk
from rules.escalation import Escalation

# An alert this new may be waiting for a rule that is judged after its own.
_YOUNG = timedelta(minutes=10)
# An assignment that was told to nobody for so long is no news.
_ASSIGNED = timedelta(days=1)
Work = Callable[[Due, AlertRow], Awaitable[Step | None]]


class Tender:
    """Tends the open alerts of one database."""

    def __init__(self, escalation: Escalation | None = None, desk: Desk | None = None) -> None:
        self._escalation = escalation or Escalation()
        self._desk = desk or Desk(())

    async def tend(self, connection: asyncpg.Connection, now: datetime) -> dict[Step, int]:
        """Do what is due; how many transitions of each kind were written or told.

        Args:
            connection: idle.
            now: the clock.
        """
        turn = _Turn(connection, now, self._escalation, self._desk)
        waits, withheld = self._escalation.waits, self._escalation.withheld
        await turn.each(await handling.shelves_over(connection, now), turn.off_the_shelf)
        await turn.each(await handling.suppressions_to_look_at(connection, now, now - _YOUNG), turn.suppressed)
        await turn.each(await handling.to_escalate(connection, now, waits, withheld), turn.louder)
        if self._desk.knows_people:
            given = await handling.assignments_to_tell(connection, now - _ASSIGNED)
            await turn.each([due for due, _ in given], turn.assigned)
        return turn.done


@dataclass(slots=True)
class _Turn:
    """One look at the open alerts."""

    connection: asyncpg.Connection
    now: datetime
    escalation: Escalation
    desk: Desk
    done: dict[Step, int] = field(default_factory=dict)

    async def each(self, due: list[Due], work: Work) -> None:
        for one in due:
            async with self.connection.transaction():
                step = await work(one, await handling.lock(self.connection, one))
            if step is not None:
                self.done[step] = self.done.get(step, 0) + 1

    async def off_the_shelf(self, due: Due, row: AlertRow) -> Step | None:
        if row.shelved_until is None or row.shelved_until > self.now:
            return None
        n = await handling.end_shelf(self.connection, due, self.now)
        await self.desk.post(self.connection, due.e, due.id, Step.UNSHELVED, n, self.now)
        return Step.UNSHELVED

    async def suppressed(self, due: Due, row: AlertRow) -> Step | None:
        by = await handling.suppressor(self.connection, due.e, due.id, self.now)
        if by == row.suppressed_by:
            return None
        n = await handling.suppress(self.connection, due.e, due.id, by, self.now)
        step = Step.SUPPRESSED if by is not None else Step.UNSUPPRESSED
        await self.desk.post(self.connection, due.e, due.id, step, n, self.now)
        return step

    async def louder(self, due: Due, row: AlertRow) -> Step | None:
        waits, withheld = self.escalation.waits, self.escalation.withheld
        if due not in await handling.to_escalate(self.connection, self.now, waits, withheld, row.id):
            return None
        n = await handling.escalate(self.connection, due, self.now)
        await self.desk.post(self.connection, due.e, due.id, Step.ESCALATED, n, self.now, why=due.why)
        return Step.ESCALATED

    async def assigned(self, due: Due, row: AlertRow) -> Step | None:
        again = await handling.assignments_to_tell(self.connection, self.now - _ASSIGNED, row.id)
        for n in (n for one, n in again if one == due):
            if await self.desk.post(self.connection, due.e, due.id, Step.ASSIGNED, n, self.now):
                return Step.ASSIGNED
        return None
