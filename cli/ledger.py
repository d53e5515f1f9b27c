"""`enms ledger`: readings into closed quarter hours."""

from __future__ import annotations

import asyncio

from cli import role
from db.publication import Share
from enms.settings import Settings
from ledger.cycle import Limits
from ledger.derive import Deriver
from ledger.keeping import Keeper


def command() -> None:
    """Derive quarter hours from readings, close and publish them; more than one may run."""
    role.run("ledger", work)


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """The role: its time goes into the database's, so that several derivations share one process."""
    workers = settings.ledger_workers
    pool = await role.open_pool(settings, stop, name="ledger", size=workers + 1)
    try:
        async with asyncio.TaskGroup() as group:
            for n in range(workers):
                limits = Limits(allowance_s=settings.transport_allowance_s, share=Share(n, workers))
                group.create_task(Deriver(pool, limits=limits, cadence_s=settings.ledger_cadence_s).run(stop))
            group.create_task(Keeper(pool).run(stop))
    finally:
        await pool.close()
