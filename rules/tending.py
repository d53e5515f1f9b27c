"""What becomes of open alerts by the clock: shelves end, suppression begins and ends, what nobody takes gets louder.

Any number of these may run: each alert is looked at again under its lock, in a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg

from db import handling
from db.alerts import AlertRow
from db.handling import Due
from enms.alerts import Severity, Step

# An alert this new may be waiting for a rule that is judged after its own.
_YOUNG = timedelta(minutes=10)
Work = Callable[[Due, AlertRow], Awaitable[Step | None]]


@dataclass(frozen=True, slots=True)
class Escalation:
    """How long an open alert waits before it gets louder.

    Attributes:
        waits: by severity, for somebody to acknowledge it; a severity left out waits for ever.
        withheld: with its verdict withheld: a dead meter never silences a breach.
    """

    waits: Mapping[Severity, timedelta] = field(
        default_factory=lambda: {Severity.CRITICAL: timedelta(minutes=30), Severity.WARNING: timedelta(hours=4)}
    )
    withheld: timedelta = timedelta(hours=4)


class Tender:
    """Tends the open alerts of one database."""

    def __init__(self, escalation: Escalation | None = None) -> None:
        self._escalation = escalation or Escalation()

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
            await handling.end_shelf(connection, due, now)
            return Step.UNSHELVED

        async def suppressed(due: Due, row: AlertRow) -> Step | None:
            by = await handling.suppressor(connection, due.e, due.id, now)
            if by == row.suppressed_by:
                return None
            await handling.suppress(connection, due.e, due.id, by, now)
            return Step.SUPPRESSED if by is not None else Step.UNSUPPRESSED

        async def louder(due: Due, row: AlertRow) -> Step | None:
            if due not in await handling.to_escalate(connection, now, waits, withheld, row.id):
                return None
            await handling.escalate(connection, due, now)
            return Step.ESCALATED

        waits, withheld = self._escalation.waits, self._escalation.withheld
        await each(await handling.shelves_over(connection, now), off_the_shelf)
        await each(await handling.suppressions_to_look_at(connection, now, now - _YOUNG), suppressed)
        await each(await handling.to_escalate(connection, now, waits, withheld), louder)
        return done
