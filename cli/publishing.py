"""Publishing at least once: a message is kept until the broker has acknowledged it.

What was not acknowledged when a connection broke is sent again, in order, before anything new. A broker that is not
there yet, or comes and goes, is waited for with jittered back-off.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

import aiomqtt
import structlog

from cli import health, role
from ingest.subscriber import Broker

log = structlog.get_logger()

WINDOW = 400
"""Messages on their way at once; a broker's usual limit is above it."""
_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 10.0
_ACKNOWLEDGED_WITHIN_S = 30.0
# A lost connection is our own line in the log, and a full window is how we work: the client's own lines add nothing.
_QUIET = logging.getLogger("aiomqtt.quiet")
_QUIET.setLevel(logging.CRITICAL)


class Outgoing(Protocol):
    """What can be published."""

    @property
    def topic(self) -> str: ...
    @property
    def payload(self) -> bytes: ...


class Publisher:
    """One client, its window and what is not acknowledged yet.

    Attributes:
        published: messages the broker has acknowledged.
    """

    def __init__(self, broker: Broker, client_id: str | None = None) -> None:
        self.published = 0
        self._broker = broker
        self._client_id = client_id
        self._unacknowledged: dict[int, Outgoing] = {}
        self._number = 0
        self._next: asyncio.Task[Outgoing | None] | None = None

    async def run(self, messages: AsyncIterator[Outgoing], stop: asyncio.Event) -> None:
        """Publish until the messages end or `stop` is set; returns when all of them are acknowledged.

        Stopped while the broker is away: what is left is given up, and said so.
        """
        delay, lost = _FIRST_DELAY_S, False
        try:
            while True:
                before = self.published
                try:
                    async with self._client() as client:
                        health.report("broker", ok=True)
                        if lost:
                            log.info("the broker is back", again=len(self._unacknowledged))
                        lost = False
                        await self._session(client, messages, stop)
                        return
                except (aiomqtt.MqttError, OSError) as problem:
                    health.report("broker", ok=False, detail=str(problem))
                    if stop.is_set():
                        log.warning("stopped without the broker", unacknowledged=len(self._unacknowledged))
                        return
                    if not lost:
                        log.warning("waiting for the broker", broker=str(self._broker), reason=str(problem))
                    lost = True
                    delay = _FIRST_DELAY_S if self.published > before else min(2 * delay, _LONGEST_DELAY_S)
                    await role.pause(random.uniform(0.5, 1.5) * delay, stop)  # noqa: S311 - jitter
        finally:
            if self._next is not None:
                self._next.cancel()

    def _client(self) -> aiomqtt.Client:
        context = self._broker.context()
        return aiomqtt.Client(
            self._broker.host,
            self._broker.port,
            username=self._broker.username,
            password=self._broker.password,
            identifier=self._client_id,
            tls_context=context if isinstance(context, ssl.SSLContext) else None,
            max_inflight_messages=WINDOW,
            logger=_QUIET,
        )

    async def _session(self, client: aiomqtt.Client, messages: AsyncIterator[Outgoing], stop: asyncio.Event) -> None:
        """Everything over one connection.

        Raises:
            aiomqtt.MqttError: the connection is gone, or the broker is silent.
        """
        stopping = asyncio.create_task(stop.wait())
        flight = _Flight(client, self._acknowledged)
        try:
            for number, message in list(self._unacknowledged.items()):
                await flight.send(number, message)
            while (following := await self._take(messages, (flight.broken, stopping))) is not None:
                self._number += 1
                self._unacknowledged[self._number] = following
                await flight.send(self._number, following)
            await flight.land()
        finally:
            stopping.cancel()
            flight.close()

    def _acknowledged(self, number: int) -> None:
        self._unacknowledged.pop(number, None)
        self.published += 1

    async def _take(self, messages: AsyncIterator[Outgoing], until: tuple[asyncio.Future[Any], ...]) -> Outgoing | None:
        """The next message; None when there is no more, or when one of `until` comes first.

        A message asked for over one connection is handed out over the next.
        """
        if self._next is None:
            self._next = asyncio.create_task(_following(messages))
        if not self._next.done():
            first: set[asyncio.Future[Any]] = {self._next, *until}
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        if any(u.done() for u in until) or not self._next.done():
            return None
        following, self._next = self._next.result(), None
        return following


class _Flight:
    """Messages on their way over one connection."""

    def __init__(self, client: aiomqtt.Client, acknowledged: Callable[[int], None]) -> None:
        self.broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._client = client
        self._acknowledged = acknowledged
        self._room = asyncio.Semaphore(WINDOW)
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(self, number: int, message: Outgoing) -> None:
        """Put one on its way, once there is room."""
        await self._room.acquire()
        task = asyncio.create_task(self._one(number, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _one(self, number: int, message: Outgoing) -> None:
        try:
            await self._client.publish(message.topic, message.payload, qos=1, timeout=_ACKNOWLEDGED_WITHIN_S)
        except aiomqtt.MqttError as problem:
            if not self.broken.done():
                self.broken.set_exception(problem)
        else:
            self._acknowledged(number)
        finally:
            self._room.release()

    async def land(self) -> None:
        """Wait until all are acknowledged.

        Raises:
            aiomqtt.MqttError: they will not be.
        """
        while self._tasks and not self.broken.done():
            await asyncio.wait({*self._tasks, self.broken}, return_when=asyncio.FIRST_COMPLETED)
        if self.broken.done():
            await self.broken

    def close(self) -> None:
        """Leave nothing running."""
        for task in self._tasks:
            task.cancel()
        if self.broken.done() and not self.broken.cancelled():
            self.broken.exception()
        else:
            self.broken.cancel()


async def _following(messages: AsyncIterator[Outgoing]) -> Outgoing | None:
    return await anext(messages, None)
