"""Who owns a message until it is safe: buffer, then transaction or spool, then acknowledged.

One task. While one transaction is under way the next batch is decoded. A message is acknowledged when its transaction
is committed or its bytes are on the spool's disk; what can be neither is not acknowledged, and the broker is left.

A broker queues little for a consumer that does not acknowledge (mosquitto: 1000 messages). So no message waits longer
than `_UNSAFE_S`, not even for a transaction that is slow but may succeed: then it is spooled, too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import structlog

from db.pool import PROBLEMS
from enms.errors import UnavailableError
from ingest import metrics
from ingest.acknowledge import Delivery
from ingest.arrivals import Arrival
from ingest.buffer import Buffer
from ingest.database import Database, Tools
from ingest.incidents import Incidents
from ingest.pipeline import Prepared
from ingest.spool import Place, Spool, SpoolFullError
from ingest.times import SECOND
from ingest.writer import Written

log = structlog.get_logger()

# One large transaction instead of many small ones, at most this much later.
_ENOUGH_BYTES = 100_000
_IDLE_S = 0.001
_PATIENCE_S = 0.02
# Worth decoding while another transaction is under way.
_FULL_BYTES = 1_000_000
_RESUME_BELOW = 0.7
_SPOOLED_AT_ONCE = 5_000
_ABANDON_S = 0.5
_UNSAFE_S = 0.4
_LOOK_S = 0.1


class Source(Protocol):
    """Where live messages come from, and go back to as acknowledgements."""

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """These are safe."""

    def hold(self) -> None:
        """Nothing more can be kept safe: bring no more."""

    def release(self) -> None:
        """Bring more."""


@dataclass(slots=True)
class _Batch:
    """A transaction to be.

    Attributes:
        live: from the broker; else from the spool.
        incidents: how many of those that wait are in it.
        begun: when its transaction began, monotonic seconds.
        spooled: where its messages are in the spool, when the transaction took too long.
    """

    prepared: Prepared
    live: bool
    incidents: int
    begun: float = 0.0
    spooled: list[Place] | None = None

    @property
    def deliveries(self) -> list[Delivery]:
        return cast("list[Delivery]", self.prepared.arrivals) if self.live else []


class Intake:
    """Owns the buffer and the spool.

    Args:
        changed: set by everybody who has news for this task.
        clock: microseconds since 1970.
    """

    def __init__(
        self,
        buffer: Buffer[Delivery],
        spool: Spool,
        database: Database,
        source: Source,
        incidents: Incidents,
        changed: asyncio.Event,
        clock: Callable[[], int],
    ) -> None:
        self._buffer = buffer
        self._spool = spool
        self._database = database
        self._source = source
        self._incidents = incidents
        self._changed = changed
        self._clock = clock
        self._next: _Batch | None = None
        self._under_way: _Batch | None = None
        self._writing: asyncio.Task[Written] | None = None
        # What is left of the spool's oldest segment, and whether that one is being replayed at all.
        self._replay: list[Arrival] = []
        self._replaying = False
        self._spools_turn = False
        self._held = False
        self.finishing = False

    @property
    def safe(self) -> bool:
        """Whether every message taken is committed or spooled."""
        return not self._buffer and self._next is None and self._writing is None

    async def run(self) -> None:
        """Until cancelled, or everything is safe after `finishing` was set."""
        while not (self.finishing and self.safe):
            await self._news()
            while await self._step():
                pass

    async def _news(self) -> None:
        """Wait until something changed; while a transaction is under way not for long."""
        try:
            async with asyncio.timeout(None if self._writing is None else _LOOK_S):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    async def abandon(self) -> None:
        """After a cancelled `run`: the transaction under way is given up; what is not committed goes to the spool."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait({self._writing}, timeout=_ABANDON_S)
            self._writing = None
        await self._retreat()

    async def _step(self) -> bool:
        """Do one thing; False: nothing to do before something changes."""
        if self._writing is not None and self._writing.done():
            await self._conclude(self._writing)
            return True
        tools = self._database.tools
        if tools is None or self._buffer.over or await self._late():
            return bool(await self._to_spool(list(self._buffer.drain())))
        if self._held and self._spool.level < _RESUME_BELOW:
            self._held = False
            self._source.release()
        if self._next is None:
            await self._prepare(tools)
        if self._next is not None and self._writing is None:
            batch, self._next = self._next, None
            self._start(tools, batch)
            return True
        return False

    async def _late(self) -> bool:
        """Whether the transaction under way takes too long; its messages are then on the spool's disk."""
        batch = self._under_way
        if batch is None or time.monotonic() - batch.begun < _UNSAFE_S:
            return False
        if batch.spooled is None:
            log.info("a transaction takes long, spooling what waits for it")
            batch.spooled = await self._to_spool(batch.deliveries)
            if self._next is not None and self._next.live:
                await self._to_spool(self._next.deliveries)
                self._next = None
        return True

    async def _prepare(self, tools: Tools) -> None:
        """Make the next batch, if there is a reason to."""
        idle = self._writing is None
        live = bool(self._buffer) and (idle or self._buffer.weight >= _FULL_BYTES)
        spooled = bool(self._replay) or (not self._replaying and not self._spool.empty)
        try:
            if spooled and not self.finishing and (self._spools_turn or not live):
                # In turns: a steady stream must not keep the spool from emptying.
                if not self._replaying:
                    self._replay, self._replaying = self._spool.oldest(), True
                await self._take(tools, iter(self._replay), live=False)
                del self._replay[: self._taken()]
            elif live or (idle and self._incidents):
                if idle and live:
                    await self._buffer.settled(enough=_ENOUGH_BYTES, idle_s=_IDLE_S, longest_s=_PATIENCE_S)
                await self._take(tools, self._buffer.drain(), live=True)
        except PROBLEMS as problem:
            self._database.lost(str(problem) or type(problem).__name__)

    async def _take(self, tools: Tools, arrivals: Iterator[Arrival], *, live: bool) -> None:
        prepared = await tools.pipeline.prepare(arrivals)
        self._spools_turn = live
        told = self._under_way is not None and self._under_way.incidents
        incidents = 0 if told else self._incidents.add_to(prepared.quarantine, tools.pipeline.number_of)
        self._next = _Batch(prepared, live, incidents)
        for s in prepared.sequences:
            self._incidents.sequences.observe(s.e, s.enterprise, s.gateway, s.seq, s.received_at)
        metrics.ACCEPTED.inc(prepared.readings)

    def _taken(self) -> int:
        return len(self._next.prepared.arrivals) if self._next is not None else 0

    def _start(self, tools: Tools, batch: _Batch) -> None:
        batch.begun = time.monotonic()
        self._under_way = batch
        self._writing = asyncio.ensure_future(tools.writer.write(batch.prepared))
        self._writing.add_done_callback(lambda _: self._changed.set())

    async def _conclude(self, writing: asyncio.Task[Written]) -> None:
        batch, self._under_way, self._writing = self._under_way, None, None
        assert batch is not None
        try:
            written = writing.result()
        except UnavailableError as problem:
            self._database.lost(str(problem))
            self._under_way = batch
            await self._retreat()
            return
        self._source.settle(batch.deliveries)
        for place in batch.spooled or ():
            self._spool.committed(place)
        self._incidents.written(batch.incidents)
        if not batch.live and self._replaying and not self._replay:
            self._spool.forget_oldest()
            self._replaying = False
        self._count(batch, written)

    def _count(self, batch: _Batch, written: Written) -> None:
        metrics.COMMITTED.inc(written.readings)
        metrics.TAKEN.inc(written.taken)
        metrics.COMMIT_SECONDS.observe(time.monotonic() - batch.begun)
        for reason, count in batch.prepared.quarantine.reasons.items():
            metrics.REFUSED.labels(reason.value).inc(count)
        if batch.live and batch.prepared.arrivals:
            metrics.DELAY_SECONDS.observe((self._clock() - batch.prepared.arrivals[0].received_at) / SECOND)

    async def _retreat(self) -> None:
        """What was on its way into the database goes to the spool; what came from the spool is still there."""
        batches = [batch for batch in (self._under_way, self._next) if batch is not None]
        self._under_way = self._next = None
        self._replay, self._replaying = [], False
        await self._to_spool([one for batch in batches if batch.spooled is None for one in batch.deliveries])
        await self._to_spool(list(self._buffer.drain()))

    async def _to_spool(self, deliveries: Sequence[Delivery]) -> list[Place]:
        """Put them on the disk and acknowledge them; tells where they are."""
        places: list[Place] = []
        for at in range(0, len(deliveries), _SPOOLED_AT_ONCE):
            some = deliveries[at : at + _SPOOLED_AT_ONCE]
            try:
                places.append(await self._spool.append(some))
            except SpoolFullError as problem:
                # They are not acknowledged: the broker has them, and brings them again.
                if not self._held:
                    log.error("messages cannot be kept, leaving the broker", reason=str(problem))  # noqa: TRY400 - the reason says it
                self._held = True
                self._source.hold()
                break
            self._source.settle(some)
            metrics.SPOOLED.inc(len(some))
        return places
