"""The ingest service: its parts, put together and taken down in the right order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import structlog

from enms.errors import EnmsError
from enms.settings import Settings
from ingest import metrics
from ingest.acknowledge import Delivery
from ingest.buffer import BYTES_A_READING, Buffer
from ingest.database import Database, Report
from ingest.incidents import Incidents, SessionMark
from ingest.intake import Intake
from ingest.sparkplug import ROOT, TOPICS, Sparkplug
from ingest.sparkplug_host import SparkplugHost
from ingest.sparkplug_kept import KeptFile
from ingest.spool import Spool
from ingest.subscriber import Broker, Events, Subscriber

log = structlog.get_logger()

_TICK_S = 5.0
_ASK_S = 1.0
_KEEP_US = 60_000_000
_DRAIN_S = 1.5
_UNWELL_SPOOL = 0.7
_LARGEST_PACKET = 16 * 1024 * 1024


class Ingest:
    """The service.

    Args:
        connect: waits for the database and opens a pool; until then messages go to the spool.
        broker: where the readings come from.
        settings: sizes and names.
        folder: for the spool; one a client id.
        report: told how database, broker and spool are.
        clock: microseconds since 1970.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Pool]],
        broker: Broker,
        settings: Settings,
        folder: Path,
        report: Report,
        clock: Callable[[], int],
    ) -> None:
        self._broker = broker
        self._report = report
        self._clock = clock
        changed = asyncio.Event()
        self._buffer: Buffer[Delivery] = Buffer(settings.ingest_buffer_readings * BYTES_A_READING, changed)
        self._spool = Spool(folder, settings.spool_max_mb * 1024 * 1024)
        self._mark = SessionMark(folder / "session", str(broker))
        self._incidents = Incidents()
        self._database = Database(
            connect,
            max_payload_bytes=settings.max_payload_bytes,
            most_readings=settings.ingest_batch_readings,
            report=report,
            changed=changed,
        )
        events = Events(self._delivered, self._passed_over, self._connected, self._disconnected)
        more = (TOPICS,) if settings.sparkplug_host_id else ()
        self._subscriber = Subscriber(broker, settings.mqtt_client_id, events, clock, _LARGEST_PACKET, more)
        self._sparkplug = Sparkplug(settings.max_payload_bytes)
        self._kept = KeptFile(folder / "sparkplug.json", str(broker))
        self._host = (
            SparkplugHost(broker, f"{settings.mqtt_client_id}-host", settings.sparkplug_host_id, clock)
            if settings.sparkplug_host_id
            else None
        )
        self._changed = changed
        self._intake = Intake(
            self._buffer, self._spool, self._database, self._subscriber, self._incidents, changed, clock
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; then flush, acknowledge and leave the session to the broker.

        Raises:
            EnvironmentProblem: the spool's folder cannot be used.
            EnmsError: what `connect` raised.
        """
        with self._spool:
            self._sparkplug.restore(self._kept.take())
            try:
                heard_all = await self._run(stop)
                self._kept.write(*self._sparkplug.known(), self._sparkplug.left() if heard_all else [])
            except BaseExceptionGroup as group:
                known, _ = group.split(EnmsError)
                if known is None:
                    raise
                raise _first(known) from group

    async def _run(self, stop: asyncio.Event) -> bool:
        """Tells whether everything that the broker sent was looked at."""
        async with asyncio.TaskGroup() as group:
            intake = group.create_task(self._intake.run())
            runs = [self._database.run, self._subscriber.run, self._tick]
            if self._host is not None:
                runs += [self._host.run, self._ask_for_births]
            background = [group.create_task(run()) for run in runs]
            await stop.wait()
            heard_all = await self._finish(intake)
            for task in background:
                task.cancel()
        return heard_all

    async def _finish(self, intake: asyncio.Task[None]) -> bool:
        if self._host is not None:
            self._host.close()
        self._subscriber.reading = False
        self._intake.finishing = True
        self._changed.set()
        await asyncio.wait({intake}, timeout=_DRAIN_S)
        if not intake.done():
            intake.cancel()
            await asyncio.wait({intake})
            await self._intake.abandon()
        return await self._subscriber.disconnect()

    def _delivered(self, delivery: Delivery) -> None:
        if delivery.topic.startswith(ROOT):
            translated = self._sparkplug.take(delivery.topic, delivery.payload, delivery.received_at)
            if translated is None:
                self._subscriber.settle((delivery,))
                return
            delivery.payload = translated
        self._buffer.put(delivery)

    def _passed_over(self, topic: str) -> None:
        if topic.startswith(ROOT):
            self._sparkplug.pass_over(topic)

    def _connected(self, session_present: bool) -> None:
        metrics.BROKER_UP.set(1)
        self._report("the broker", True, str(self._broker))
        log.info("connected to the broker", broker=str(self._broker), session_present=session_present)
        if not session_present and self._mark.exists:
            self._incidents.session_lost(str(self._broker), self._clock())
            self._changed.set()
        self._mark.write()
        if not session_present:
            self._sparkplug.forget()
        if self._host is not None:
            self._host.here()

    def _disconnected(self, reason: str) -> None:
        metrics.BROKER_UP.set(0)
        self._report("the broker", False, reason)
        if self._intake.finishing:  # whether everything was heard, `Subscriber.disconnect` tells
            return
        self._sparkplug.forget()
        if self._host is not None:
            self._host.gone()
        log.warning("no connection to the broker", broker=str(self._broker), reason=reason)

    async def _ask_for_births(self) -> None:
        assert self._host is not None
        keep_at = self._clock()
        while not self._intake.finishing:
            await asyncio.sleep(_ASK_S)
            metrics.SPARKPLUG_NODES.set(self._sparkplug.online)
            metrics.SPARKPLUG_STALE.labels("dead").set(self._sparkplug.dead)
            metrics.SPARKPLUG_STALE.labels("no birth").set(self._sparkplug.unanswering)
            metrics.SPARKPLUG_ASKED_OFTEN.clear()
            for enterprise, nodes in self._sparkplug.asked_often(self._clock()).items():
                metrics.SPARKPLUG_ASKED_OFTEN.labels(enterprise).set(nodes)
            if self._host.online:
                for node in list(self._sparkplug.rebirths(self._clock())):
                    log.info("asking a Sparkplug node for its births", enterprise=node[0], gateway=node[1])
                    await self._host.ask(node)
            for enterprise, gateway in self._sparkplug.died():
                log.warning("a Sparkplug node is dead", enterprise=enterprise, gateway=gateway)
            if self._sparkplug.changed and self._clock() >= keep_at:
                # A crash leaves whom to ask and who is dead; what an alias means, only a clean end does.
                self._kept.write(*self._sparkplug.known(), [])
                keep_at = self._clock() + _KEEP_US
            for gap in self._sparkplug.gaps():
                self._incidents.node_gap(gap)
                self._changed.set()

    async def _tick(self) -> None:
        """What is looked at now and then."""
        counted = 0
        while True:
            metrics.MESSAGES.inc(self._buffer.received - counted)
            counted = self._buffer.received
            level = self._spool.level
            metrics.SPOOL_BYTES.set(self._spool.size)
            metrics.SPOOL_LEVEL.set(level)
            metrics.BUFFER_LEVEL.set(self._buffer.level)
            self._report("the spool", level < _UNWELL_SPOOL, f"{level:.0%} full")
            if self._spool.empty:  # what is missing may be in there
                self._incidents.look_for_gaps(self._clock())
                if self._incidents:
                    self._changed.set()
            await asyncio.sleep(_TICK_S)


def _first(group: BaseExceptionGroup[EnmsError]) -> EnmsError:
    problem = group.exceptions[0]
    return _first(problem) if isinstance(problem, BaseExceptionGroup) else problem
