"""A publisher that costs little: MQTT 3.1.1 PUBLISH packets made beforehand, sent as fast as the broker confirms them.

The machine under test has two cores; what the publisher takes is missing elsewhere. QoS 1, at most `window`
unconfirmed messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Self

_CONNECT = b"\x10"
_PUBLISH_QOS1 = b"\x32"
_CONFIRMATION = 4  # bytes of a PUBACK


def packet(topic: str, payload: bytes, number: int) -> bytes:
    """A PUBLISH with QoS 1 (MQTT 3.1.1, 3.3)."""
    body = _text(topic) + (number % 65_535 + 1).to_bytes(2, "big") + payload
    return _PUBLISH_QOS1 + _length(len(body)) + body


def _text(text: str) -> bytes:
    octets = text.encode()
    return len(octets).to_bytes(2, "big") + octets


def _length(value: int) -> bytes:
    octets = bytearray()
    while True:
        value, low = divmod(value, 128)
        octets.append(low | (0x80 if value else 0))
        if not value:
            return bytes(octets)


class Publisher:
    """One connection.

    Args:
        window: most messages sent and not yet confirmed.
    """

    def __init__(self, host: str, port: int, name: str, window: int = 1000) -> None:
        self._host, self._port, self._name = host, port, name
        self._window = window

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        body = _text("MQTT") + b"\x04\x02" + (60).to_bytes(2, "big") + _text(self._name)
        self._writer.write(_CONNECT + _length(len(body)) + body)
        answer = await self._reader.readexactly(4)
        assert answer[3] == 0, f"the broker refused: {answer!r}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def send(self, packets: Iterable[bytes], rate: float | None = None) -> int:
        """Send all of them and wait until all are confirmed; how many they were.

        Args:
            rate: messages a second; None: as fast as confirmations come.
        """
        clock = asyncio.get_running_loop().time
        begun = clock()
        sent = confirmed = 0
        rest = 0
        chunk: list[bytes] = []

        async def confirm() -> None:
            nonlocal confirmed, rest
            data = await self._reader.read(65_536)
            assert data, "the broker closed the connection"
            count, rest = divmod(rest + len(data), _CONFIRMATION)
            confirmed += count

        for one in packets:
            chunk.append(one)
            sent += 1
            if len(chunk) < 16 and (rate is None or rate > 1000):
                continue
            self._writer.write(b"".join(chunk))
            chunk.clear()
            while sent - confirmed >= self._window:
                await confirm()
            if rate is not None and (ahead := begun + sent / rate - clock()) > 0:
                await asyncio.sleep(ahead)
        self._writer.write(b"".join(chunk))
        while confirmed < sent:
            await confirm()
        return sent
