"""One transaction a batch: readings, corrections, dirty spans, quarantine, notification. All of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import numpy as np
import numpy.typing as npt
import structlog

from db.pool import PROBLEMS
from db.readings import (
    QuarantineRow,
    Readings,
    Spans,
    copy_readings,
    keep_revisions,
    mark_dirty,
    merge_readings,
    one_an_instant,
    put_in_quarantine,
    spans,
)
from enms.errors import UnavailableError
from ingest.pipeline import Prepared
from ingest.refusals import Reason, Refusal
from ingest.times import instant

log = structlog.get_logger()

Rows = npt.NDArray[np.int64]

# SQLSTATE classes that a row can be the cause of: data, constraints, a trigger's own, not supported, limits.
_ROWS_FAULT = ("22", "23", "P0", "0A", "54")
_ROLLED_BACK = "40"
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Written:
    """What a transaction did.

    Attributes:
        readings: how many it stored or found stored already.
        taken: instants that had a reading already, by an earlier message.
        rejected: rows the database would not take, by index in the batch, and why; they are in quarantine.
    """

    readings: int
    taken: int
    rejected: tuple[tuple[int, str], ...] = ()


class Writer:
    """Writes batches over one connection, kept between them.

    Args:
        pool: where connections come from.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._connection: asyncpg.Connection | None = None
        # COPY knows no conflicts. While batches keep meeting instants that are taken, they go the staged way.
        self._straight = True

    async def write(self, prepared: Prepared) -> Written:
        """Commit a batch.

        Raises:
            UnavailableError: the database did not confirm; the batch may or may not be in it, and may be written
                again.
        """
        try:
            connection = await self._connected()
            return await self._write(connection, prepared)
        except BaseException as problem:
            await self.close()
            if isinstance(problem, PROBLEMS):
                raise UnavailableError(f"{type(problem).__name__}: {problem}") from problem
            raise

    async def close(self) -> None:
        """Give the connection back; a broken one is dropped."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await self._pool.release(connection, timeout=2)
            except PROBLEMS:
                connection.terminate()

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            await self.close()
            self._connection = await self._pool.acquire(timeout=10)
        return self._connection

    async def _write(self, connection: asyncpg.Connection, prepared: Prepared) -> Written:
        readings = prepared.gathered.readings
        quarantine = prepared.quarantine.rows()
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                if self._straight:
                    return await self._all_straight(connection, readings, quarantine)
                return await self._all_staged(connection, readings, quarantine)
            except asyncpg.UniqueViolationError:
                if not self._straight:
                    raise
                self._straight = False
            except asyncpg.PostgresError as problem:
                state = problem.sqlstate or ""
                if state.startswith(_ROLLED_BACK) and attempt < _ATTEMPTS:
                    continue
                if not state.startswith(_ROWS_FAULT):
                    raise
                return await self._isolate(connection, prepared)
        raise UnavailableError("the database rolled back every attempt")

    async def _all_straight(
        self, connection: asyncpg.Connection, readings: Readings, quarantine: Sequence[QuarantineRow]
    ) -> Written:
        holding, losing = one_an_instant(readings)
        async with connection.transaction():
            if len(holding):
                await copy_readings(connection, holding)
            changed = spans(holding.e, holding.p, holding.ts, holding.start)
            await self._finish(connection, losing, changed, quarantine)
        return Written(len(readings), 0)

    async def _all_staged(
        self, connection: asyncpg.Connection, readings: Readings, quarantine: Sequence[QuarantineRow]
    ) -> Written:
        holding, losing = one_an_instant(readings)
        async with connection.transaction():
            changed, taken = await merge_readings(connection, holding)
            await self._finish(connection, losing, changed, quarantine)
        self._straight = not taken
        return Written(len(readings), taken)

    async def _finish(
        self, connection: asyncpg.Connection, losing: Readings, changed: Spans, quarantine: Sequence[QuarantineRow]
    ) -> None:
        # Always in this order, and each in key order: two writers cannot wait for each other in a circle.
        if len(losing):
            await keep_revisions(connection, losing)
        await mark_dirty(connection, changed)
        await put_in_quarantine(connection, quarantine)

    async def _isolate(self, connection: asyncpg.Connection, prepared: Prepared) -> Written:
        """Write all rows but those the database would not take; they are found by halving."""
        readings = prepared.gathered.readings
        rejected: list[tuple[int, str]] = []
        async with connection.transaction():
            taken = await self._halve(connection, readings, np.arange(len(readings)), rejected)
            for row, detail in rejected:
                source = int(prepared.gathered.source[row])
                at = instant(int(readings.ts[row])).isoformat()
                refusal = Refusal(Reason.REJECTED, f"point {readings.p[row]} at {at}", detail)
                prepared.quarantine.add(prepared.enterprises[source], prepared.arrivals[source], [refusal])
            await put_in_quarantine(connection, prepared.quarantine.rows())
        for _, detail in rejected[:1]:
            log.error("the database would not take some readings", count=len(rejected), first=detail)
        return Written(len(readings) - len(rejected), taken, tuple(rejected))

    async def _halve(
        self, connection: asyncpg.Connection, readings: Readings, rows: Rows, rejected: list[tuple[int, str]]
    ) -> int:
        holding, losing = one_an_instant(readings.take(rows))
        try:
            async with connection.transaction():
                changed, taken = await merge_readings(connection, holding)
                await self._finish(connection, losing, changed, ())
                return taken
        except asyncpg.PostgresError as problem:
            if not (problem.sqlstate or "").startswith(_ROWS_FAULT):
                raise
            if len(rows) == 1:
                rejected.append((int(rows[0]), str(problem)))
                return 0
        middle = len(rows) // 2
        first = await self._halve(connection, readings, rows[:middle], rejected)
        return first + await self._halve(connection, readings, rows[middle:], rejected)
