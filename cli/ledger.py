"""`enms ledger`: readings into closed quarter hours."""

from __future__ import annotations

import asyncio

from cli import role
from enms.settings import Settings
from ledger.cycle import Limits
from ledger.derive import Deriver

_CONNECTIONS = 2


def command() -> None:
    """Derive quarter hours from readings, close and publish them; more than one may run."""
    role.run("ledger", work)


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """The role."""
    pool = await role.open_pool(settings, stop, name="ledger", size=_CONNECTIONS)
    try:
        limits = Limits(allowance_s=settings.transport_allowance_s)
        await Deriver(pool, limits=limits, cadence_s=settings.ledger_cadence_s).run(stop)
    finally:
        await pool.close()
