"""A Sparkplug node's count: 0 to 255 and over again, from its birth on. Gaps that close in time are no loss."""

from __future__ import annotations

from dataclasses import dataclass, field

_MODULUS = 256
_HALF = 128
# The specification leaves the time to the host: longer than any network reorders.
REORDER_US = 5_000_000


@dataclass(slots=True)
class NodeSequence:
    """What came of one node since its birth.

    Attributes:
        expected: the number of the next message.
        missing: numbers that were jumped over, and when that was noticed, microseconds since 1970.
    """

    expected: int
    missing: dict[int, int] = field(default_factory=dict)

    def observe(self, seq: int, at: int) -> None:
        """A message with that number came."""
        ahead = (seq - self.expected) % _MODULUS
        if ahead < _HALF:
            for jumped in range(ahead):
                self.missing[(self.expected + jumped) % _MODULUS] = at
            self.missing.pop(seq, None)
            self.expected = (seq + 1) % _MODULUS
        else:  # late, or a second time
            self.missing.pop(seq, None)

    def lost(self, now: int) -> list[int]:
        """Numbers that will not come any more; each is told once."""
        gone = [seq for seq, since in self.missing.items() if now - since >= REORDER_US]
        for seq in gone:
            del self.missing[seq]
        return gone
