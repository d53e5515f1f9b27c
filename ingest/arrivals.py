"""One message as it came in, whatever way it came."""

from __future__ import annotations

import msgspec


class Arrival(msgspec.Struct, gc=False):
    """A message not yet decoded.

    Attributes:
        topic: as published.
        payload: as published.
        received_at: when the platform first had it, microseconds since 1970; kept through the spool.
    """

    topic: str
    payload: bytes
    received_at: int

    @property
    def weight(self) -> int:
        """Bytes it takes in memory, about."""
        return len(self.payload) + len(self.topic) + 300
