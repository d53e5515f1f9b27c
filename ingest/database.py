"""The database as ingest sees it: there or not, the registry it keeps, the writer that uses it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg
import structlog

from db.pool import PROBLEMS
from ingest import metrics
from ingest.messages import Decoder
from ingest.pipeline import Pipeline
from ingest.registry import Registry
from ingest.writer import Writer

log = structlog.get_logger()

Report = Callable[[str, bool, str], None]
"""Part, whether it is well, and a sentence about it."""

_FIRST_DELAY_S = 0.2
_LONGEST_DELAY_S = 5.0


@dataclass(frozen=True, slots=True)
class Tools:
    """What works on the database once it was reached."""

    pipeline: Pipeline
    writer: Writer


class Database:
    """Reaches the database, and reaches it again.

    Args:
        connect: waits for the database and opens a pool, which is closed here.
        max_payload_bytes: for the decoder.
        most_readings: of one transaction.
        report: told how it is.
        changed: set when it comes back.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Pool]],
        *,
        max_payload_bytes: int,
        most_readings: int,
        report: Report,
        changed: asyncio.Event,
    ) -> None:
        self._connect = connect
        self._decoder = Decoder(max_payload_bytes)
        self._most_readings = most_readings
        self._report = report
        self._changed = changed
        self._lost = asyncio.Event()
        self._tools: Tools | None = None

    @property
    def tools(self) -> Tools | None:
        """None while the database is away."""
        return None if self._lost.is_set() else self._tools

    def lost(self, reason: str) -> None:
        """A transaction was not confirmed: look for it until it is back."""
        if not self._lost.is_set():
            log.warning("the database is away: messages go to the spool", reason=reason)
            metrics.DATABASE_UP.set(0)
            self._report("the database", False, reason)
            self._lost.set()

    async def run(self) -> None:
        """Until cancelled."""
        self._report("the database", False, "not reached yet")
        pool = await self._connect()
        registry, writer = Registry(pool), Writer(pool)
        listening = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_listen(pool, registry, listening))
                await listening.wait()  # first: what changes while the registry is read must be heard
                await _until_answered(registry)
                self._tools = Tools(Pipeline(self._decoder, registry, self._most_readings), writer)
                self._back()
                group.create_task(registry.keep())
                group.create_task(self._watch(registry))
        finally:
            await writer.close()
            try:
                await asyncio.wait_for(pool.close(), 1)
            except TimeoutError:
                pool.terminate()

    def _back(self) -> None:
        self._lost.clear()
        metrics.DATABASE_UP.set(1)
        self._report("the database", True, "")
        self._changed.set()

    async def _watch(self, registry: Registry) -> None:
        while True:
            await self._lost.wait()
            await _until_answered(registry)
            log.info("the database is back")
            self._back()


async def _until_answered(registry: Registry) -> None:
    delay = _FIRST_DELAY_S
    while True:
        try:
            await asyncio.wait_for(registry.renew(), 10)
        except PROBLEMS:
            await asyncio.sleep(random.uniform(0.5, 1.5) * delay)  # noqa: S311 - jitter
            delay = min(2 * delay, _LONGEST_DELAY_S)
        else:
            return


async def _listen(pool: asyncpg.Pool, registry: Registry, listening: asyncio.Event) -> None:
    """Expire the registry whenever somebody changes a plant."""

    def changed(*_: object) -> None:
        registry.expire()

    while True:
        try:
            async with pool.acquire() as connection:
                gone = asyncio.Event()
                connection.add_termination_listener(lambda _connection, gone=gone: gone.set())
                await connection.add_listener("enms_config", changed)
                registry.expire()  # something may have been said while nobody listened
                listening.set()
                try:
                    await gone.wait()
                finally:
                    await connection.remove_listener("enms_config", changed)
        except PROBLEMS as problem:
            log.debug("not listening for changed plants", reason=str(problem))
        await asyncio.sleep(random.uniform(0.5, 1.5))  # noqa: S311 - jitter
