"""The deriver: keeps the ledger abreast of the readings, for as long as it is let."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import asyncpg
import structlog

from db.derivation import create_draft
from db.histories import Key
from db.publication import lag
from ledger import metrics
from ledger.courses import CourseBook
from ledger.cycle import GONE, DerivationError, Limits, Outcome, derive_once

log = structlog.get_logger()

# What wakes it: readings came in, a configuration changed.
CHANNELS = ("enms_dirty", "enms_config")
# Nobody woke it: the clock may still have something to close.
_IDLE_POLL_S = 5.0
# A point that could not be derived is tried again after this; meanwhile all others go on.
_SET_ASIDE_S = 60.0
_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.1, 5.0


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class Deriver:
    """Derives until it is stopped; more than one may run at once.

    Args:
        pool: of the application; one connection is held while it runs.
        limits: how much at once, and how patiently.
        cadence_s: least time between two derivations.
        clock: what now is.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        *,
        limits: Limits | None = None,
        cadence_s: float = 1.0,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._pool = pool
        self._limits = limits or Limits()
        self._cadence_s = cadence_s
        self._clock = clock
        self._book = CourseBook()
        self._cursor: Key = (-1, -1)
        self._set_aside: dict[Key, float] = {}
        self._woken = asyncio.Event()
        self._oldest_dirty = metrics.Growing(metrics.OLDEST_DIRTY, 2 * _IDLE_POLL_S)
        self._overdue = metrics.Growing(metrics.OVERDUE, 2 * _IDLE_POLL_S)

    async def run(self, stop: asyncio.Event) -> None:
        """Derive until `stop`; while the database is away, ask for it again and again, at jittered intervals."""
        delay = _FIRST_DELAY_S
        while not stop.is_set():
            try:
                async with self._pool.acquire() as connection:
                    delay = _FIRST_DELAY_S
                    metrics.DATABASE_UP.set(1)
                    await self._serve(connection, stop)
            except GONE as problem:
                metrics.DATABASE_UP.set(0)
                self._book.forget()
                log.warning("the database is away", reason=str(problem) or type(problem).__name__)
                await _pause(random.uniform(0.5, 1.5) * delay, stop)  # noqa: S311 - jitter
                delay = min(2 * delay, _LONGEST_DELAY_S)

    async def catch_up(self, connection: asyncpg.Connection) -> Outcome:
        """Derive all that is ripe at this moment; return what was done in all."""
        await create_draft(connection)
        total = Outcome()
        while True:
            outcome = await self.step(connection)
            total = replace(
                outcome,
                points=total.points + outcome.points,
                published=total.published + outcome.published,
                revised=total.revised + outcome.revised,
            )
            if not outcome.more:
                return total

    async def step(self, connection: asyncpg.Connection) -> Outcome:
        """One derivation. Where it fails its points are tried one by one, and the one to blame is set aside."""
        self._restore()
        begun = time.perf_counter()
        try:
            outcome = await self._derive(connection, self._limits)
        except DerivationError as problem:
            log.warning("a derivation failed, trying its points one by one", reason=repr(problem.__cause__))
            outcome = await self._one_by_one(connection, len(problem.points))
        self._cursor = outcome.cursor
        metrics.CYCLE.observe(time.perf_counter() - begun)
        metrics.DERIVED_POINTS.inc(outcome.points)
        metrics.PUBLISHED.inc(outcome.published)
        metrics.REVISED.inc(outcome.revised)
        metrics.FAILED_POINTS.labels(str(self._limits.share.nth)).set(len(self._set_aside))
        return outcome

    async def _serve(self, connection: asyncpg.Connection, stop: asyncio.Event) -> None:
        await create_draft(connection)
        for channel in CHANNELS:
            await connection.add_listener(channel, self._wake)
        try:
            while not stop.is_set():
                self._woken.clear()
                outcome = await self.step(connection)
                await self._report(connection)
                if not outcome.more:
                    await _pause(self._cadence_s, stop)
                    if not outcome.waiting:
                        await self._wait(stop)
        finally:
            if not connection.is_closed():
                for channel in CHANNELS:
                    await connection.remove_listener(channel, self._wake)

    async def _derive(self, connection: asyncpg.Connection, limits: Limits) -> Outcome:
        return await derive_once(
            connection, self._book, self._cursor, self._clock(), limits, skip=self._set_aside.keys()
        )

    async def _one_by_one(self, connection: asyncpg.Connection, points: int) -> Outcome:
        """As many single points as failed together; the last outcome."""
        single = replace(self._limits, points=1)
        outcome = Outcome(more=True, cursor=self._cursor)
        for _ in range(points):
            try:
                outcome = await self._derive(connection, single)
            except DerivationError as problem:
                for e, p in problem.points:
                    self._set_aside[e, p] = time.monotonic() + _SET_ASIDE_S
                    log.exception("a point cannot be derived, set aside", e=e, p=p, exc_info=problem.__cause__)
            else:
                self._cursor = outcome.cursor
            await asyncio.sleep(0)
        return replace(outcome, more=True)

    def _restore(self) -> None:
        now = time.monotonic()
        self._set_aside = {key: until for key, until in self._set_aside.items() if until > now}

    async def _report(self, connection: asyncpg.Connection) -> None:
        behind = await lag(connection, self._clock())
        self._oldest_dirty.set(behind.oldest_dirty_s)
        self._overdue.set(behind.overdue_s)

    def _wake(self, *_: object) -> None:
        self._woken.set()

    async def _wait(self, stop: asyncio.Event) -> None:
        """Until somebody wakes it, or it has slept long enough."""
        waits = [asyncio.ensure_future(self._woken.wait()), asyncio.ensure_future(stop.wait())]
        try:
            await asyncio.wait(waits, timeout=_IDLE_POLL_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()


async def _pause(seconds: float, stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
