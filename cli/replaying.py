"""Publishes history and sees it through: stored or refused, derived, closed.

A broker's acknowledgement is no promise, and its queue for a slow consumer is short (mosquitto's default: 1000
messages). So at most `WINDOW` messages are on their way at once, counted until the database has them; what does not
arrive is sent again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import asyncpg
import msgspec
import structlog

from cli.publishing import Publisher
from db import replay as queries
from db.replay import KnownPoint, RefusedPayload
from enms.errors import UnavailableError
from enms.metering import INTERVAL_S, ReadingType
from ingest.history import Past
from ingest.subscriber import Broker

log = structlog.get_logger()

READINGS_A_MESSAGE = 200
WINDOW = 100
_POLL_S = 0.1
_CLOCKS_DIFFER = timedelta(minutes=1)
_RESEND_AFTER_S = 10.0
_GIVE_UP_AFTER_S = 45.0
_LEDGER_GIVES_UP_AFTER_S = 120.0
# Beyond its gap and this, the clock closes an interval for which nothing more came (LEDGER: Time).
_CLOCK_CLOSES_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message on its way: `number` tells one sending from the next."""

    topic: str
    payload: bytes
    readings: tuple[Past, ...]

    @property
    def digest(self) -> bytes:
        return sha256(self.payload).digest()


@dataclass(slots=True)
class Outcome:
    """What became of everything.

    Attributes:
        stored: readings that are in the database.
        contradicted: of those, how many lost against another value for the same instant.
        refused: what is in quarantine.
        missing: readings that were refused.
        resent: messages that were sent more than once.
    """

    messages: int = 0
    readings: int = 0
    stored: int = 0
    contradicted: int = 0
    missing: int = 0
    resent: int = 0
    refused: list[RefusedPayload] = field(default_factory=list)


class Replay:
    """One file's way into the ledger.

    Args:
        connection: to look whether things arrived.
        broker: where they are published.
        topic: of all messages.
        points: by code; all of one enterprise.
    """

    def __init__(
        self, connection: asyncpg.Connection, broker: Broker, topic: str, points: dict[str, KnownPoint]
    ) -> None:
        self._connection = connection
        self._broker = broker
        self._topic = topic
        self._points = points
        self._e = next(iter(points.values())).e
        self._under_way: dict[int, Sent] = {}
        self._again: list[int] = []
        self._arrived = asyncio.Event()
        self._last_arrival = time.monotonic()
        self._newest: dict[str, Past] = {}
        self._begun = datetime.now(UTC) - _CLOCKS_DIFFER
        self.outcome = Outcome()

    async def publish(self, readings: Iterable[Past]) -> None:
        """Publish all readings; returns when each is stored or in quarantine.

        Raises:
            UnavailableError: nothing arrives in the database, or there is no broker.
        """
        await _there(self._broker)
        stop = asyncio.Event()
        self._last_arrival = time.monotonic()
        publishing = asyncio.create_task(Publisher(self._broker).run(self._messages(readings), stop))
        watching = asyncio.create_task(self._watch())
        try:
            await asyncio.wait((publishing, watching), return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                await watching  # it only ends by raising
            await publishing
        finally:
            stop.set()
            for task in (watching, publishing):
                task.cancel()
            await asyncio.gather(watching, publishing, return_exceptions=True)

    async def _messages(self, readings: Iterable[Past]) -> AsyncIterator[Sent]:
        """Everything once, what got lost again, never more than a window of it at a time."""
        batches = enumerate(_batches(readings, self._topic))
        for number, sent in batches:
            while len(self._under_way) >= WINDOW or self._again:
                async for again in self._lost():
                    yield again
            self._under_way[number] = sent
            self.outcome.messages += 1
            self.outcome.readings += len(sent.readings)
            for reading in sent.readings:
                before = self._newest.get(reading.point)
                if before is None or reading.t > before.t:
                    self._newest[reading.point] = reading
            yield sent
            await asyncio.sleep(0)
        while self._under_way:
            async for again in self._lost():
                yield again

    async def _lost(self) -> AsyncIterator[Sent]:
        """What has to be sent again; waits for news when there is nothing."""
        while self._again:
            sent = self._under_way.get(self._again.pop(0))
            if sent is not None:
                self.outcome.resent += 1
                yield sent
        if self._under_way:
            self._arrived.clear()
            await self._arrived.wait()

    async def _watch(self) -> None:
        """See what has arrived, for ever."""
        asked = time.monotonic()
        while True:
            await asyncio.sleep(_POLL_S)
            if not self._under_way:
                self._last_arrival = asked = time.monotonic()
                continue
            if await self._look():
                self._last_arrival = asked = time.monotonic()
                self._arrived.set()
            elif time.monotonic() - self._last_arrival > _GIVE_UP_AFTER_S:
                raise UnavailableError(
                    f"published to {self._broker}, but nothing arrives in the database: is `enms demo`, `enms serve` "
                    "or `enms ingest` running on this broker and this database?"
                )
            elif time.monotonic() - asked > _RESEND_AFTER_S:
                asked = time.monotonic()
                self._again = list(self._under_way)
                self._arrived.set()

    async def _look(self) -> bool:
        """Whether any message under way has become safe."""
        numbers = list(self._under_way)
        keys = [(n, reading) for n in numbers for reading in self._under_way[n].readings]
        p, ts = [self._points[r.point].p for _, r in keys], [r.t for _, r in keys]
        absent = await queries.missing(self._connection, self._e, p, ts)
        lacking: dict[int, int] = {}
        for index in absent:
            lacking[keys[index][0]] = lacking.get(keys[index][0], 0) + 1
        digests = {n: self._under_way[n].digest for n in lacking}
        refused = await queries.refused(self._connection, self._e, list(digests.values()), self._begun)
        in_quarantine = {row.payload_sha256 for row in refused}
        safe = {n for n in numbers if n not in lacking or digests[n] in in_quarantine}
        self.outcome.missing += sum(lacking.get(n, 0) for n in safe)
        self.outcome.refused += refused
        some = [(index, r) for index, (n, r) in enumerate(keys) if n in safe and index not in absent]
        self.outcome.contradicted += await queries.contradicted(
            self._connection, self._e, [p[i] for i, _ in some], [r.t for _, r in some], [r.value for _, r in some]
        )
        self.outcome.stored += len(some)
        for n in safe:
            del self._under_way[n]
        return bool(safe)

    async def settle(self, progress: Callable[[int, int], None]) -> None:
        """Wait until the ledger has derived and closed everything.

        Args:
            progress: told how many spans and how many points are left.

        Raises:
            UnavailableError: the ledger does not.
        """
        numbers = [point.p for point in self._points.values()]
        until = {self._points[code].p: _closes(self._points[code], last) for code, last in self._newest.items()}
        before, changed = (-1, -1), time.monotonic()
        while True:
            left = (
                await queries.underived(self._connection, self._e, numbers),
                await queries.unclosed(self._connection, self._e, until),
            )
            progress(*left)
            if left == (0, 0):
                return
            if left != before:
                before, changed = left, time.monotonic()
            if time.monotonic() - changed > _LEDGER_GIVES_UP_AFTER_S:
                raise UnavailableError(
                    f"all readings are stored, but the ledger does not take them in ({left[0]} spans and {left[1]} "
                    "points wait): is `enms ledger` running?"
                )
            await asyncio.sleep(_POLL_S)


def _closes(point: KnownPoint, last: Past) -> datetime:
    """Until when a point is closed once its last reading is taken in."""
    covered = last.t
    if point.reading is ReadingType.GAUGE:
        end = last.t + timedelta(seconds=min(point.period_s, point.max_gap_s))
        if datetime.now(UTC) - end > timedelta(seconds=point.max_gap_s) + _CLOCK_CLOSES_AFTER:
            covered = end
    seconds = int(covered.timestamp())
    return datetime.fromtimestamp(seconds - seconds % INTERVAL_S, UTC)


def _batches(readings: Iterable[Past], topic: str) -> Iterator[Sent]:
    some: list[Past] = []
    for reading in readings:
        some.append(reading)
        if len(some) == READINGS_A_MESSAGE:
            yield Sent(topic, _payload(some), tuple(some))
            some = []
    if some:
        yield Sent(topic, _payload(some), tuple(some))


def _payload(readings: list[Past]) -> bytes:
    rows = [
        {"point": r.point, "t": r.t, "value": r.value}
        if r.start is None
        else {"point": r.point, "t": r.t, "start": r.start, "value": r.value}
        for r in readings
    ]
    return msgspec.json.encode({"readings": rows})


async def _there(broker: Broker) -> None:
    try:
        async with asyncio.timeout(10):
            _, writer = await asyncio.open_connection(broker.host, broker.port)
    except (OSError, TimeoutError) as problem:
        raise UnavailableError(
            f"no broker at {broker}: start `enms demo` or `enms serve`, or set ENMS_MQTT_URL"
        ) from problem
    writer.close()
