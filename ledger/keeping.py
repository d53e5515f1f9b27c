"""Keeps what views read instead of computing it: days against heating values, and configuration that comes to hold.

Beside the derivation, in transactions of its own: what is not kept yet is only slower to read, never wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta

import asyncpg
import structlog

from db.kept import keep_configuration_if_due, keep_heat_days, keep_level_days
from ledger.cycle import GONE
from ledger.derive import utc_now

log = structlog.get_logger(__name__)

_CADENCE_S = 60.0
_RECENT = timedelta(days=4)  # looked through every minute; all days once an hour, for what came late
_ALL_EVERY = 60
_DAYS_AT_ONCE = 2_000


async def keep(connection: asyncpg.Connection, since: date) -> int:
    """Everything that is due since a local day; how many days were kept."""
    if await keep_configuration_if_due(connection):
        log.info("a configuration recorded ahead holds now")
    total = 0
    for days in (keep_heat_days, keep_level_days):
        while kept := await days(connection, since, _DAYS_AT_ONCE):
            total += kept
    return total


class Keeper:
    """The task of a ledger's process."""

    def __init__(self, pool: asyncpg.Pool, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._pool = pool
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; while the database is away, the next turn tries again."""
        turn = 0
        while not stop.is_set():
            since = date.min if turn % _ALL_EVERY == 0 else (self._clock() - _RECENT).date()
            try:
                async with self._pool.acquire() as connection:
                    await keep(connection, since)
                turn += 1
            except GONE as problem:
                log.warning("the database is away", reason=str(problem) or type(problem).__name__)
            with contextlib.suppress(TimeoutError):
                # not all processes in the same second
                await asyncio.wait_for(stop.wait(), random.uniform(0.9, 1.1) * _CADENCE_S)  # noqa: S311 - jitter
