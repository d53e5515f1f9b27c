"""Gaps in what a gateway counts: messages that never came.

A broker's acknowledgement to a gateway is no promise (MQTT.md: mosquitto answers "success" for what it drops), so
the count is how a loss is noticed. Messages may overtake each other, through the spool for one: a gap is only
reported when it has stayed open for a while.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

# Behind the newest number by less than this: late or repeated. By more: the gateway started to count anew.
_WINDOW = 1_000
# Full-policy: the oldest open gap of a gateway is reported at once when there are more.
_MOST_OPEN = 64


@dataclass(frozen=True, slots=True)
class Gap:
    """Messages `first` to `last` of a gateway did not come.

    `since` is when the message after them did, microseconds since 1970.
    """

    e: int
    enterprise: str
    gateway: str
    first: int
    last: int
    since: int

    def __str__(self) -> str:
        count = self.last - self.first + 1
        return f"gateway {self.gateway}: {count} message(s) missing, seq {self.first} to {self.last}"


@dataclass(slots=True)
class _Gateway:
    e: int
    newest: int
    open: list[Gap] = field(default_factory=list)


class Sequences:
    """Follows the count of every gateway."""

    def __init__(self) -> None:
        self._gateways: dict[tuple[str, str], _Gateway] = {}

    def observe(self, e: int, enterprise: str, gateway: str, seq: int, at: int) -> None:
        """A message with this number came at `at` (microseconds since 1970)."""
        known = self._gateways.get((enterprise, gateway))
        if known is None:
            self._gateways[enterprise, gateway] = _Gateway(e, seq)
            return
        if seq == known.newest + 1:
            known.newest = seq
        elif seq > known.newest:
            known.open.append(Gap(e, enterprise, gateway, known.newest + 1, seq - 1, at))
            known.newest = seq
        elif not self._fill(known, seq) and (seq <= 1 < known.newest or known.newest - seq >= _WINDOW):
            known.newest = seq
            known.open.clear()

    def overdue(self, before: int) -> Iterator[Gap]:
        """Gaps that opened before that instant and stayed; each is told once."""
        for gateway in self._gateways.values():
            while gateway.open and (gateway.open[0].since < before or len(gateway.open) > _MOST_OPEN):
                yield gateway.open.pop(0)

    def _fill(self, gateway: _Gateway, seq: int) -> bool:
        for index, gap in enumerate(gateway.open):
            if gap.first <= seq <= gap.last:
                parts = ((gap.first, seq - 1), (seq + 1, gap.last))
                gateway.open[index : index + 1] = [
                    Gap(gap.e, gap.enterprise, gap.gateway, first, last, gap.since)
                    for first, last in parts
                    if first <= last
                ]
                return True
        return False
