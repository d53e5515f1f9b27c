"""What becomes of open alerts by the clock: shelves end, suppression begins and ends, what nobody takes gets louder.

Any number of these may run: each alert is looked at again under its lock, in a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
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
Work = Callable[[Due, AlertRow], Awaitable[Step | None]]


class Tender:
    """Tends the open alerts of one database."""

    def __init__(self, escalation: Escalation | None = None, desk: Desk | None = None) -> None:
        self._escalation = escalation or Escalation()
        self._desk = desk or Desk(())

    async def tend(self, connection: asyncpg.Connection, now: datetime) -> dict[Step, int]:
        """Do what is due; how many transitions of each kind were written.

        Args:
            connection: idle.
            now: the clock.
        """
        done: dict[Step, int] = {}

        async def each(due: list[Due], work: Work) -> None:
            for one in due:
                async with connection.transaction():
                    step = await work(one, await handling.lock(connection, one))
                if step is not None:
                    done[step] = done.get(step, 0) + 1

        async def off_the_shelf(due: Due, row: AlertRow) -> Step | None:
            if row.shelved_until is None or row.shelved_until > now:
                return None
            n = await handling.end_shelf(connection, due, now)
            await self._desk.post(connection, due.e, due.id, Step.UNSHELVED, n, now)
            return Step.UNSHELVED

        async def suppressed(due: Due, row: AlertRow) -> Step | None:
            by = await handling.suppressor(connection, due.e, due.id, now)
            if by == row.suppressed_by:
                return None
            n = await handling.suppress(connection, due.e, due.id, by, now)
            step = Step.SUPPRESSED if by is not None else Step.UNSUPPRESSED
            await self._desk.post(connection, due.e, due.id, step, n, now)
            return step

        async def louder(due: Due, row: AlertRow) -> Step | None:
            if due not in await handling.to_escalate(connection, now, waits, withheld, row.id):
                return None
            n = await handling.escalate(connection, due, now)
            await self._desk.post(connection, due.e, due.id, Step.ESCALATED, n, now, why=due.why)
            return Step.ESCALATED

        waits, withheld = self._escalation.waits, self._escalation.withheld
        await each(await handling.shelves_over(connection, now), off_the_shelf)
        await each(await handling.suppressions_to_look_at(connection, now, now - _YOUNG), suppressed)
        await each(await handling.to_escalate(connection, now, waits, withheld), louder)
        return done
