"""The rules' loop: wake when the ledger publishes, judge, send; wait for neighbours that are away.

Any number of these may run: an enterprise is judged by whoever holds its cursor.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import asyncpg
import structlog

from db.plants import EnterpriseRow, enterprises, owners
from db.pool import AWAY
from db.statements import statements
from rules import metrics
from rules.courier import Courier
from rules.evaluator import Evaluator, Outcome
from rules.notifier import CHANNEL, Drained, Notifier
from rules.tending import Tender

logger = structlog.get_logger()

Clock = Callable[[], datetime]
Report = Callable[[str, bool, str], None]

# Nobody tells when the clock closes a quarter hour that holds nothing.
_LOOK_EVERY_S = 5.0
# Between these only what the ledger changed is looked at; changed configurations are announced, and found all the same.
_LOOK_AT_EVERYTHING_S = 60.0
# Where subjects stand that only go on is written down when nothing is left to judge, and now and then.
_SETTLE_S = 10.0
# A burst of publications is one evaluation; while history pours in, half of the time is left to others.
_GATHER_S = 0.1
_GATHER_LONGEST_S = 5.0
_BUSY_AGAIN_S = 0.5
_FIRST_DELAY_S = 0.2
_LONGEST_DELAY_S = 10.0
_WAKES = ("enms_interval", "enms_config")
_AGAIN = (*AWAY, asyncpg.DeadlockDetectedError)


class RulesService:
    """Evaluates and notifies until it is stopped."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        evaluator: Evaluator,
        notifier: Notifier,
        tender: Tender | None = None,
        couriers: Sequence[Courier] = (),
        *,
        clock: Clock,
        report: Report,
    ) -> None:
        self._pool = pool
        self._evaluator = evaluator
        self._notifier = notifier
        self._tender = tender or Tender()
        self._couriers = [(courier, asyncio.Event()) for courier in couriers]
        self._clock = clock
        self._report = report
        self._wake = asyncio.Event()
        self._posted = asyncio.Event()
        self._announced: set[int] = set()
        self._behind: set[int] = set()
        self._look_at_all = True

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; what is being written is finished."""
        metrics.begin([CHANNEL, *(courier.name for courier, _ in self._couriers)])
        tasks = [
            asyncio.create_task(self._insist("rules", self._evaluating, stop)),
            asyncio.create_task(self._insist("alert messages", self._sending, stop)),
            asyncio.create_task(self._insist("open alerts", self._tending, stop)),
            asyncio.create_task(self._insist("notifications", self._listening, stop)),
            *(
                asyncio.create_task(
                    self._insist(f"channel {courier.name}", partial(self._bringing, courier, posted), stop)
                )
                for courier, posted in self._couriers
            ),
        ]
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({*tasks, stopped}, return_when=asyncio.FIRST_COMPLETED)
            self._wake.set()
            self._something_posted()
            await asyncio.gather(*tasks)
        finally:
            for task in (*tasks, stopped):
                task.cancel()
            await asyncio.gather(*tasks, stopped, return_exceptions=True)

    async def _insist(self, part: str, work: Callable[[asyncio.Event], Awaitable[None]], stop: asyncio.Event) -> None:
        """Do the work again, with jittered back-off, for as long as the database is away."""
        delay = _FIRST_DELAY_S
        while not stop.is_set():
            begun = time.monotonic()
            try:
                await work(stop)
            except _AGAIN as problem:
                self._report(part, False, str(problem) or type(problem).__name__)
                logger.warning("waiting for the database", part=part, reason=str(problem) or type(problem).__name__)
                delay = _FIRST_DELAY_S if time.monotonic() - begun > _LONGEST_DELAY_S else delay
                await _wait(stop, random.uniform(0.5, 1.5) * delay)  # noqa: S311 - jitter
                delay = min(2 * delay, _LONGEST_DELAY_S)

    async def _listening(self, stop: asyncio.Event) -> None:
        """Hear what the ledger publishes and what people do to alerts."""
        lost = asyncio.Event()

        def heard(_: Any, __: int, channel: str, payload: object) -> None:
            if channel == "enms_alert":
                self._something_posted()
                return
            if channel == "enms_interval" and str(payload).isdigit():
                self._announced.add(int(str(payload)))
            else:
                self._look_at_all = True
            self._wake.set()

        async with self._pool.acquire() as connection:
            connection.add_termination_listener(lambda _: lost.set())
            for channel in (*_WAKES, "enms_alert"):
                await connection.add_listener(channel, heard)
            self._report("notifications", True, "")
            # whatever was announced before is looked for once
            self._look_at_all = True
            self._wake.set()
            await _first(lost, stop)
            if stop.is_set():
                for channel in (*_WAKES, "enms_alert"):
                    await connection.remove_listener(channel, heard)
                return
        raise asyncpg.ConnectionDoesNotExistError("the listening connection was lost")

    async def _evaluating(self, stop: asyncio.Event) -> None:
        async with self._pool.acquire() as connection:
            await self._evaluator.publish_books(connection, self._clock())
        self._report("rules", True, "")
        looked = whole = settled = -_LOOK_AT_EVERYTHING_S
        took, rested = 0.0, time.monotonic()
        while not stop.is_set():
            if not self._behind:  # who has more to catch up goes on at once
                await _wait(self._wake, _LOOK_EVERY_S)
                await _wait(stop, max(_GATHER_S, min(_GATHER_LONGEST_S, took) - (time.monotonic() - rested)))
            self._wake.clear()
            begun = time.monotonic()
            full = self._look_at_all or begun - whole >= _LOOK_AT_EVERYTHING_S
            everybody = full or begun - looked >= _LOOK_EVERY_S
            whole, looked = begun if full else whole, begun if everybody else looked
            named, self._announced, self._look_at_all = self._announced, set(), False
            try:
                await self._round(named, stop, everybody=everybody, full=full)
                at_rest = not self._behind and not self._wake.is_set()
                if stop.is_set() or at_rest or begun - settled >= _SETTLE_S:
                    await self._settle()
                    settled = begun
            except BaseException:
                self._look_at_all = True
                raise
            rested = time.monotonic()
            took = rested - begun
            self._report("rules", True, "")

    async def _settle(self) -> None:
        async with self._pool.acquire() as connection:
            await self._evaluator.settle(connection, self._clock())
            await self._tell_when(connection)

    async def _round(self, named: set[int], stop: asyncio.Event, *, everybody: bool, full: bool) -> None:
        """Each plant once, those behind last: one that has more to catch up keeps nobody waiting for all of it."""
        behind, self._behind = self._behind, set()
        async with self._pool.acquire() as connection:
            due = [plant for plant in await enterprises(connection) if everybody or plant.e in named | behind]
            for plant in sorted(due, key=lambda plant: plant.e in behind):
                behind.discard(plant.e)
                if not stop.is_set() and await self._evaluate(connection, plant, full=full):
                    self._behind.add(plant.e)
            # after its plants, so that it judges what they were told; what is behind and no plant is the district
            district = await self._evaluator.district(connection, self._clock()) if everybody or behind else None
            if district is not None and not stop.is_set() and await self._evaluate(connection, district, full=full):
                self._behind.add(district.e)

    async def _evaluate(self, connection: asyncpg.Connection, plant: EnterpriseRow, *, full: bool) -> bool:
        """One evaluation; whether there is more to catch up."""
        begun = time.perf_counter()
        outcome = await self._evaluator.evaluate(connection, plant, self._clock(), full=full, settle=False)
        if outcome.busy:
            asyncio.get_running_loop().call_later(_BUSY_AGAIN_S, self._again, plant.e)
            return False
        # read when it is asked for: while the database is away it goes on growing
        metrics.LAG.labels(plant.code).set_function(partial(self._lag, outcome.left, self._clock()))
        metrics.EVALUATION_SECONDS.observe(time.perf_counter() - begun)
        self._count(plant.code, outcome)
        if outcome.transitions:
            self._something_posted()
        return outcome.more

    def _again(self, e: int) -> None:
        self._announced.add(e)
        self._wake.set()

    @staticmethod
    def _count(code: str, outcome: Outcome) -> None:
        metrics.EVALUATIONS.labels(code).inc()
        metrics.STEPS.labels(code).inc(outcome.steps)
        for kind, number in outcome.transitions.items():
            metrics.TRANSITIONS.labels(code, kind.value).inc(number)
        for rule in outcome.failed:
            metrics.FAILURES.labels(code, rule).inc()

    async def _tell_when(self, connection: asyncpg.Connection) -> None:
        """When each enterprise was last evaluated, by whichever process."""
        codes = {row.e: row.code for row in await owners(connection)}
        async for row in statements("rules").cursors(connection):
            if row["evaluated_at"] is not None and row["e"] in codes:
                metrics.EVALUATED.labels(codes[row["e"]]).set(row["evaluated_at"].timestamp())

    def _lag(self, left: timedelta, seen: datetime) -> float:
        return (left + max(self._clock() - seen, timedelta())).total_seconds()

    async def _sending(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            async with self._pool.acquire() as connection:
                drained = await self._notifier.drain(connection, self._clock())
                waiting = await statements("alerts").messages_waiting(connection, channel=CHANNEL)
            self._count_messages(CHANNEL, drained, waiting)
            self._report("alert messages", not drained.failed, f"{waiting} waiting" if waiting else "")
            await _wait(self._posted, 1.0 if waiting else _LOOK_EVERY_S)
            self._posted.clear()

    async def _tending(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            async with self._pool.acquire() as connection:
                done = await self._tender.tend(connection, self._clock())
            self._report("open alerts", True, "")
            if done:
                self._something_posted()
            await _wait(stop, _LOOK_EVERY_S)

    async def _bringing(self, courier: Courier, posted: asyncio.Event, stop: asyncio.Event) -> None:
        while not stop.is_set():
            posted.clear()
            brought = await courier.deliver(self._pool, self._clock())
            waiting = await courier.waiting(self._pool, self._clock())
            self._count_messages(courier.name, brought, waiting)
            self._report(f"channel {courier.name}", not brought.failed, f"{waiting} waiting" if waiting else "")
            await _wait(posted, 1.0 if waiting else _LOOK_EVERY_S)

    @staticmethod
    def _count_messages(channel: str, drained: Drained, waiting: int) -> None:
        metrics.SENT.labels(channel).inc(drained.sent)
        metrics.UNSENT.labels(channel).inc(drained.failed)
        metrics.GIVEN_UP.labels(channel).inc(drained.given_up)
        metrics.WAITING.labels(channel).set(waiting)

    def _something_posted(self) -> None:
        self._posted.set()
        for _, posted in self._couriers:
            posted.set()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Until the event, at most so long."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return


async def _first(*events: asyncio.Event) -> None:
    """Until the first of some events."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
