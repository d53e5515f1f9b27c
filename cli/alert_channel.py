"""Alerts to the broker: retained, acknowledged by it, over one connection that comes back."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl

import aiomqtt
import structlog

from cli import health, role
from ingest.subscriber import Broker
from rules.notifier import NotSentError

log = structlog.get_logger()

_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 10.0
_ACKNOWLEDGED_WITHIN_S = 10.0
# A lost connection is our own line in the log; the client's own lines say it a second time.
_QUIET = logging.getLogger("aiomqtt.quiet")


class AlertChannel:
    """The rules' publisher. While the broker is away every message fails at once, and stays in the outbox."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._client: aiomqtt.Client | None = None

    @property
    def connected(self) -> bool:
        """Whether a message has a chance now."""
        return self._client is not None

    async def run(self, stop: asyncio.Event) -> None:
        """Stay connected until stopped."""
        delay, lost = _FIRST_DELAY_S, False
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                try:
                    async with self._connection() as client:
                        self._client = client
                        health.report("broker", ok=True)
                        if lost:
                            log.info("the broker is back")
                        delay, lost = _FIRST_DELAY_S, False
                        await self._until_gone(client, stopping)
                except (aiomqtt.MqttError, OSError) as problem:
                    health.report("broker", ok=False, detail=str(problem))
                    if not lost:
                        log.warning("waiting for the broker", broker=str(self._broker), reason=str(problem))
                    lost = True
                    await role.pause(random.uniform(0.5, 1.5) * delay, stop)  # noqa: S311 - jitter
                    delay = min(2 * delay, _LONGEST_DELAY_S)
                finally:
                    self._client = None
        finally:
            stopping.cancel()

    async def publish(self, topic: str, payload: bytes) -> None:
        """See `rules.notifier.Publisher`."""
        client = self._client
        if client is None:
            raise NotSentError("the broker is away")
        try:
            await client.publish(topic, payload, qos=1, retain=True, timeout=_ACKNOWLEDGED_WITHIN_S)
        except (aiomqtt.MqttError, OSError) as problem:
            raise NotSentError(str(problem)) from problem

    def _connection(self) -> aiomqtt.Client:
        context = self._broker.context()
        return aiomqtt.Client(
            self._broker.host,
            self._broker.port,
            username=self._broker.username,
            password=self._broker.password,
            tls_context=context if isinstance(context, ssl.SSLContext) else None,
            logger=_QUIET,
        )

    @staticmethod
    async def _until_gone(client: aiomqtt.Client, stopping: asyncio.Task[bool]) -> None:
        """Until stopped, or until the connection is lost.

        Raises:
            aiomqtt.MqttError: it is lost.
        """

        async def listen() -> None:
            async for _ in client.messages:  # nothing is subscribed; it ends when the connection does
                pass

        listening = asyncio.create_task(listen())
        try:
            await asyncio.wait({listening, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                await listening
        finally:
            listening.cancel()
