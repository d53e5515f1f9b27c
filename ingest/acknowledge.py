"""Acknowledgements in the order of receipt (MQTT 5.0, 4.6), for one connection.

A packet number means something only to the connection that brought it. After a reconnect the broker may use the
number for another message: what is pending dies with its connection, and the broker delivers it again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from ingest.arrivals import Arrival

# PUBACK, two bytes follow; reason "success" is left out in MQTT 5 (3.4.2.1), so this is MQTT 3.1.1, too.
_PUBACK = b"\x40\x02"


class Delivery(Arrival, gc=False):
    """A message that waits for its acknowledgement.

    Attributes:
        packet_id: the broker's number for it.
        generation: which connection brought it.
        settled: it is committed, or on the spool's disk.
    """

    packet_id: int
    generation: int
    settled: bool = False


class Acknowledger:
    """Of one connection.

    Args:
        generation: number of the connection.
        send: puts bytes on the wire.
    """

    def __init__(self, generation: int, send: Callable[[bytes], None]) -> None:
        self.generation = generation
        self._send = send
        self._pending: deque[Delivery] = deque()

    def __len__(self) -> int:
        return len(self._pending)

    def received(self, delivery: Delivery) -> None:
        """Called for each delivery in the order of receipt."""
        self._pending.append(delivery)

    def settle(self, deliveries: Iterable[Delivery]) -> None:
        """Acknowledge these, and whatever waited for them; those of another connection are left out."""
        for delivery in deliveries:
            delivery.settled = True
        pending, packets = self._pending, bytearray()
        while pending and pending[0].settled:
            packets += _PUBACK + pending.popleft().packet_id.to_bytes(2, "big")
        if packets:
            self._send(bytes(packets))

    def drop(self) -> None:
        """The connection is gone: nothing of it may be acknowledged any more."""
        self._pending.clear()
