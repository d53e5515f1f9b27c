"""The MQTT side: one session, whatever happens to its connections. The only import of the MQTT client.

gmqtt is used for its framing and keep-alive. It acknowledges before or right after a callback and reconnects by
itself with the old packet numbers; both are replaced here: every connection is a new client object, PUBLISH
packets come straight from its packet handler, and acknowledgements go out when `settle` says so.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from gmqtt import Client, Subscription
from gmqtt.mqtt.constants import MQTTv50, MQTTv311
from gmqtt.mqtt.handler import MQTTConnectError

from enms.errors import InputError, Mistake
from ingest.acknowledge import Acknowledger, Delivery

log = structlog.get_logger()

# Everything below our root, so that a mistyped topic reaches the quarantine instead of nobody.
TOPICS = "energy/v1/#"
# Ours, published by the rules.
_ALERTS = "alerts"
# MQTT.md: at least 7 days; a plant that stands still over New Year keeps its session.
SESSION_EXPIRY_S = 30 * 86_400
# Unless asked, mosquitto gives a client 20 messages before the first acknowledgement and queues 1000 more, then drops
# (measured, 2.0.11); asked, it gives as many. What is too much for us our own buffer notices.
_RECEIVE_MAXIMUM = 65_535
_KEEPALIVE_S = 20
_CONNECT_S = 10.0
_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 15.0
_SETTLED_S = 10.0
_GOODBYE_S = 1.0
_TAKEN_OVER = 0x8E  # MQTT 5.0, 3.14.2.1
_QUIET = logging.getLogger("gmqtt.quiet")
_NO_RECONNECT = -2  # gmqtt: -1 is for ever, 0 still tries once


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to connect, as `ENMS_MQTT_URL` says."""

    host: str
    port: int
    tls: bool
    username: str | None
    password: str | None
    ca_file: Path | None = None

    @classmethod
    def from_url(cls, url: str, ca_file: Path | None = None) -> Broker:
        """Parse `mqtt://user:pass@host:port` or `mqtts://`.

        Raises:
            InputError: it is neither.
        """
        parts = urlsplit(url)
        tls = parts.scheme == "mqtts"
        try:
            port = parts.port or (8883 if tls else 1883)
        except ValueError:
            port = 0
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or not port:
            raise InputError(
                "settings", [Mistake("ENMS_MQTT_URL", "not mqtt://[user:password@]host[:port] or mqtts://")]
            )
        user = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if parts.password else None
        return cls(parts.hostname, port, tls, user, password, ca_file)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def context(self) -> ssl.SSLContext | bool:
        """What to verify the broker with; False without TLS."""
        return ssl.create_default_context(cafile=self.ca_file) if self.tls else False


@dataclass(slots=True)
class Events:
    """What the subscriber tells its owner.

    Attributes:
        delivered: a message; called from the event loop, must not block.
        passed_over: a message on that topic came after `reading` ended; sent by QoS 0, it is gone.
        connected: a connection stands; the argument says whether the broker still had the session.
        lost: the connection is gone; why.
    """

    delivered: Callable[[Delivery], None]
    passed_over: Callable[[str], None]
    connected: Callable[[bool], None]
    lost: Callable[[str], None]


class Subscriber:
    """Keeps a subscription alive.

    Args:
        broker: where.
        client_id: fixed: it names the session.
        events: the owner's side.
        clock: microseconds since 1970, for `received_at`.
        largest_packet: bytes; the broker keeps larger ones to itself.
        more: topics to subscribe to beside our own.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        events: Events,
        clock: Callable[[], int],
        largest_packet: int,
        more: Sequence[str] = (),
    ) -> None:
        self._broker = broker
        self._client_id = client_id
        self._events = events
        self._clock = clock
        self._largest_packet = largest_packet
        self._topics = (TOPICS, *more)
        self._version = MQTTv50
        self._generation = 0
        self._link: _Link | None = None
        self._released = asyncio.Event()
        self._released.set()
        self.reading = True

    @property
    def pending(self) -> int:
        """Messages of this connection that are not acknowledged."""
        return len(self._link.acknowledger) if self._link is not None else 0

    async def run(self) -> None:
        """Connect, and connect again, until cancelled."""
        delay = _FIRST_DELAY_S
        while True:
            await self._released.wait()
            try:
                link = await self._connect()
            except (OSError, TimeoutError, MQTTConnectError, _ClosedError) as problem:
                self._events.lost(str(problem) or type(problem).__name__)
                await asyncio.sleep(random.uniform(0.5, 1.5) * delay)  # noqa: S311 - jitter
                delay = min(2 * delay, _LONGEST_DELAY_S)
                continue
            begun = time.monotonic()
            reason = await link.until_lost()
            self._link = None
            self._events.lost(reason)
            # Two processes with one client id throw each other out: they must not do so as fast as they can.
            delay = _FIRST_DELAY_S if time.monotonic() - begun > _SETTLED_S else min(2 * delay, _LONGEST_DELAY_S)
            await asyncio.sleep(random.uniform(0.5, 1.5) * delay)  # noqa: S311 - jitter

    def settle(self, deliveries: Iterable[Delivery]) -> None:
        """Acknowledge what is committed or spooled; of connections that are gone nothing is."""
        if self._link is not None:
            self._link.acknowledger.settle(deliveries)

    def hold(self) -> None:
        """Disconnect and stay away: nothing more can be kept. The broker keeps the session."""
        self._released.clear()
        if self._link is not None:
            self._link.close("nothing more can be kept")

    def release(self) -> None:
        """Connect again."""
        self._released.set()

    async def disconnect(self) -> bool:
        """Say good-bye and keep the session: no UNSUBSCRIBE.

        Tells whether whatever the broker sent before it heard that was delivered or told of as passed over.
        """
        self._released.clear()
        link, self._link = self._link, None
        return link is not None and await link.disconnect()

    async def _connect(self) -> _Link:
        self._generation += 1
        link = _Link(self._client_id, self._generation, self._largest_packet, self._take)
        # Messages follow CONNACK at once, and may be settled before this returns.
        self._link = link
        try:
            present = await link.connect(self._broker, self._version)
        except BaseException as problem:
            self._link = None
            link.close("not connected")
            if isinstance(problem, _ClosedError | MQTTConnectError):
                # A broker of MQTT 3.1.1 refuses or closes: try the other one next time.
                self._version = MQTTv311 if self._version == MQTTv50 else MQTTv50
            raise
        self._events.connected(present)
        for topics in self._topics:
            link.subscribe(topics)
        return link

    def _take(self, link: _Link, topic: str, payload: bytes, packet_id: int) -> None:
        if not self.reading:
            self._events.passed_over(topic)
            return
        delivery = Delivery(topic, payload, self._clock(), packet_id, link.acknowledger.generation)
        if packet_id:
            link.acknowledger.received(delivery)
        if topic.split("/")[3:4] == [_ALERTS]:
            link.acknowledger.settle((delivery,))
        else:
            self._events.delivered(delivery)


class _ClosedError(Exception):
    """The broker closed the connection before it answered."""


Take = Callable[["_Link", str, bytes, int], None]


class _Link:
    """One connection: one gmqtt client, used once."""

    def __init__(self, client_id: str, generation: int, largest_packet: int, take: Take) -> None:
        self._take = take
        self._lost = asyncio.Event()
        self._reason = "the broker closed the connection"
        self._present = False
        self._client = Client(
            client_id,
            clean_session=False,
            optimistic_acknowledgement=False,
            logger=_QUIET,
            session_expiry_interval=SESSION_EXPIRY_S,
            receive_maximum=_RECEIVE_MAXIMUM,
            maximum_packet_size=largest_packet,
        )
        self._client.set_config({"reconnect_retries": _NO_RECONNECT, "reconnect_delay": 0})
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        # The handler looks its methods up by name: a PUBLISH comes here instead, with its packet number.
        self._client._package_handler._handle_publish_packet = self._on_publish  # noqa: SLF001 - no public way
        self.acknowledger = Acknowledger(generation, self._send)

    async def connect(self, broker: Broker, version: int) -> bool:
        """Connect; tells whether the broker had the session."""
        if broker.username is not None:
            self._client.set_auth_credentials(broker.username, broker.password)
        connecting = asyncio.ensure_future(
            self._client.connect(broker.host, broker.port, broker.context(), keepalive=_KEEPALIVE_S, version=version)
        )
        losing = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait((connecting, losing), timeout=_CONNECT_S, return_when=asyncio.FIRST_COMPLETED)
            if connecting.done():
                await connecting
                return self._present
            lost = losing.done()
        finally:
            connecting.cancel()
            losing.cancel()
            await asyncio.gather(connecting, losing, return_exceptions=True)
        if lost:
            raise _ClosedError(f"{broker} closed the connection before it answered")
        raise TimeoutError(f"{broker} did not answer within {_CONNECT_S:.0f} s")

    def subscribe(self, topics: str) -> None:
        # Nobody waits for the SUBACK: a resumed session may hold it back behind messages we have yet to acknowledge.
        self._client.subscribe(Subscription(topics, qos=1, retain_handling_options=1))

    async def until_lost(self) -> str:
        await self._lost.wait()
        return self._reason

    def close(self, reason: str) -> None:
        self._reason = reason
        self._end()
        connection = self._connection
        if connection is not None:
            connection._transport.close()  # noqa: SLF001 - gmqtt says good-bye first

    async def disconnect(self) -> bool:
        """Say good-bye; tells whether the broker closed the connection then, and nothing was on its way any more."""
        self.acknowledger.drop()
        connection = self._connection
        if self._lost.is_set() or connection is None or connection.is_closing():
            return False
        # gmqtt's own disconnect would stop reading at once; without it this flag is ours to set: no connecting again.
        self._client._is_active = False  # noqa: SLF001 - see above
        connection.send_disconnect()
        try:
            await asyncio.wait_for(self._lost.wait(), _GOODBYE_S)
        except TimeoutError:
            self.close("no answer")
        closed = connection._protocol.closed  # noqa: SLF001 - told by nothing else
        return closed.done() and closed.exception() is None

    @property
    def _connection(self) -> Any:
        """gmqtt's, None before there is one."""
        return self._client._connection  # noqa: SLF001 - it shows it in no other way

    def _end(self) -> None:
        self.acknowledger.drop()
        self._lost.set()

    def _send(self, packets: bytes) -> None:
        connection = self._connection
        if not self._lost.is_set() and connection is not None and not connection.is_closing():
            connection.send_package(packets)

    def _on_connect(self, _client: Client, flags: int, _code: int, _properties: object) -> None:
        self._present = bool(flags)

    def _on_disconnect(self, _client: Client, packet: object, _problem: object = None) -> None:
        if isinstance(packet, bytes) and packet[:1] == bytes([_TAKEN_OVER]):
            self._reason = "another process uses the same ENMS_MQTT_CLIENT_ID"
        self.close(self._reason)

    def _on_subscribe(self, _client: Client, _mid: int, granted: tuple[int, ...], _properties: object) -> None:
        if any(code >= 0x80 for code in granted):
            log.error("the broker refuses a subscription", code=granted[0])

    def _on_publish(self, command: int, packet: bytes) -> None:
        """PUBLISH (MQTT 5.0, 3.3): topic, packet number unless QoS 0, properties in MQTT 5, payload."""
        if self._lost.is_set():
            return
        at = 2 + int.from_bytes(packet[:2], "big")
        topic = packet[2:at].decode("utf-8", "replace")
        packet_id = 0
        if command & 0x06:
            packet_id = int.from_bytes(packet[at : at + 2], "big")
            at += 2
        if self._client._connection_state.protocol_version >= MQTTv50:  # noqa: SLF001 - told by nothing else
            length = shift = 0
            while True:
                octet = packet[at]
                at += 1
                length |= (octet & 0x7F) << shift
                shift += 7
                if octet < 0x80:
                    break
            at += length
        self._take(self, topic, packet[at:], packet_id)
