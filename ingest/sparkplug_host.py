"""This host as Sparkplug nodes see it: there or not (STATE), and asking for births (NCMD).

A connection of its own, beside the one that receives: the specification wants the host's will on it and no session,
ours keeps its session so that nothing is lost. It stands exactly while readings can be taken in and kept. Nodes that
name this host as their primary one keep their readings back while it does not, and send them later as historical.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import ssl
from collections.abc import Callable
from contextlib import suppress

import aiomqtt
import structlog

from ingest import metrics
from ingest.sparkplug import ROOT, Node
from ingest.sparkplug_payload import rebirth_request
from ingest.subscriber import Broker

log = structlog.get_logger()

_FIRST_DELAY_S = 0.2
_LONGEST_DELAY_S = 15.0
_GOODBYE_S = 1.0
# A lost connection is the subscriber's line in the log; this client's own lines say it a second time.
_QUIET = logging.getLogger("aiomqtt.quiet")


class SparkplugHost:
    """The host application's own connection.

    Args:
        broker: where.
        client_id: of this connection.
        host_id: as nodes know this host.
        clock: microseconds since 1970.
    """

    def __init__(self, broker: Broker, client_id: str, host_id: str, clock: Callable[[], int]) -> None:
        self._broker = broker
        self._client_id = client_id
        self._topic = f"{ROOT}STATE/{host_id}"
        self._clock = clock
        self._present, self._absent = asyncio.Event(), asyncio.Event()
        self._absent.set()
        self._client: aiomqtt.Client | None = None
        self._closed = False

    def here(self) -> None:
        """Readings can be taken in."""
        self._absent.clear()
        self._present.set()

    def gone(self) -> None:
        """They cannot."""
        self._present.clear()
        self._absent.set()

    @property
    def online(self) -> bool:
        """Whether nodes were told that this host is there."""
        return self._client is not None

    def close(self) -> None:
        """Say that this host is gone; `run` ends then."""
        self._closed = True
        self._absent.set()
        self._present.set()

    async def run(self) -> None:
        """Until closed or cancelled."""
        delay = _FIRST_DELAY_S
        # Python 3.11's wait_for, under the client's calls, can lose a cancellation: then the flag ends this.
        while not self._closed:
            await self._present.wait()
            if self._closed:
                return
            try:
                await self._stand()
                delay = _FIRST_DELAY_S
            except (aiomqtt.MqttError, OSError) as problem:
                log.info("Sparkplug nodes are not told that this host is here", reason=str(problem))
                await asyncio.sleep(random.uniform(0.5, 1.5) * delay)  # noqa: S311 - jitter
                delay = min(2 * delay, _LONGEST_DELAY_S)

    async def ask(self, node: Node) -> None:
        """Ask a node for its births; without a connection nobody is asked, and the caller asks again."""
        client = self._client
        if client is None:
            return
        enterprise, gateway = node
        try:
            topic = f"{ROOT}{enterprise}/NCMD/{gateway}"
            await client.publish(topic, rebirth_request(self._clock() // 1000), qos=0, timeout=_GOODBYE_S)
        except (aiomqtt.MqttError, ValueError) as problem:  # a name that is no topic level, too
            log.debug("a birth cannot be asked for", node=node, reason=str(problem))

    async def _stand(self) -> None:
        # The will and the birth carry one time: a node tells by it which of them is the newer.
        at = self._clock() // 1000
        birth = json.dumps({"online": True, "timestamp": at})
        death = json.dumps({"online": False, "timestamp": at})
        async with self._connection(death) as client:
            await client.subscribe(self._topic, qos=1)
            await client.publish(self._topic, birth, qos=1, retain=True)
            self._client = client
            metrics.SPARKPLUG_HOST_ONLINE.set(1)
            watching = asyncio.create_task(self._watch(client, birth))
            leaving = asyncio.create_task(self._absent.wait())
            try:
                await asyncio.wait({watching, leaving}, return_when=asyncio.FIRST_COMPLETED)
                if watching.done():
                    await watching
            finally:
                self._client = None
                metrics.SPARKPLUG_HOST_ONLINE.set(0)
                watching.cancel()
                leaving.cancel()
                # A clean disconnect takes the will back: it has to be said.
                with suppress(aiomqtt.MqttError):
                    await client.publish(self._topic, death, qos=1, retain=True, timeout=_GOODBYE_S)

    async def _watch(self, client: aiomqtt.Client, birth: str) -> None:
        """An earlier connection's will may come late: then it is said again that this host is here."""
        async for message in client.messages:
            if isinstance(message.payload, bytes) and b'"online": true' not in message.payload:
                await client.publish(self._topic, birth, qos=1, retain=True)

    def _connection(self, death: str) -> aiomqtt.Client:
        context = self._broker.context()
        return aiomqtt.Client(
            self._broker.host,
            self._broker.port,
            identifier=self._client_id,
            username=self._broker.username,
            password=self._broker.password,
            tls_context=context if isinstance(context, ssl.SSLContext) else None,
            will=aiomqtt.Will(self._topic, death, qos=1, retain=True),
            logger=_QUIET,
        )
