"""Messages between the socket and the transaction.

Full-policy: never refuses. Above its high-water mark it says so (`over`), and whoever owns it moves what it holds to
the spool; a full spool makes the owner disconnect.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

from ingest.arrivals import Arrival

# What a reading takes in a message of many, topic and bookkeeping included; a message of one weighs about four.
BYTES_A_READING = 100

A = TypeVar("A", bound=Arrival)


class Buffer(Generic[A]):
    """A bounded queue, counted in bytes.

    Args:
        high_water: bytes from which it is over.
        changed: set whenever something was put in.
    """

    def __init__(self, high_water: int, changed: asyncio.Event) -> None:
        self._items: deque[A] = deque()
        self._high_water = high_water
        self._changed = changed
        self.weight = 0
        self.received = 0

    def __len__(self) -> int:
        return len(self._items)

    @property
    def over(self) -> bool:
        """Whether it holds more than it should."""
        return self.weight > self._high_water

    @property
    def level(self) -> float:
        """Share of the high-water mark."""
        return self.weight / self._high_water

    def put(self, item: A) -> None:
        """Take a message."""
        self._items.append(item)
        self.weight += item.weight
        self.received += 1
        self._changed.set()

    def drain(self) -> Iterator[A]:
        """Take messages out as long as somebody asks for them."""
        while self._items:
            item = self._items.popleft()
            self.weight -= item.weight
            yield item

    async def settled(self, *, enough: int, idle_s: float, longest_s: float) -> None:
        """Wait until `enough` bytes are there, or nothing came for `idle_s`, or `longest_s` have passed.

        A transaction costs about as much as 200 readings: a few milliseconds of patience make few large ones of
        many small messages. Idleness ends it, because a broker with a small window sends no more until it is
        acknowledged.
        """
        clock = asyncio.get_running_loop().time
        end = clock() + longest_s
        seen = -1
        while self.weight < enough and self.received != seen and clock() < end:
            seen = self.received
            await asyncio.sleep(idle_s)
