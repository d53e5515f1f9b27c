"""From readings in order to the messages a gateway publishes (both JSON forms of the contract)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec
import numpy as np

from simulators.clock import iso_local, to_utc
from simulators.condition import Mask
from simulators.meters import Whole
from simulators.table import NO_START, Table

# Larger than any poll; only a backlog reaches it.
MOST_READINGS = 500
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Message:
    """What is published.

    Attributes:
        sent_at: when it leaves the gateway, UTC.
        count: readings in it.
    """

    topic: str
    payload: bytes
    sent_at: datetime
    count: int


class _Row(msgspec.Struct):
    point: str
    t: str
    value: float


class _Span(msgspec.Struct):
    point: str
    start: str
    t: str
    value: float


class _Rows(msgspec.Struct):
    seq: int
    readings: list[_Row | _Span]


class _Values(msgspec.Struct):
    seq: int
    t: int
    values: dict[str, float]


class Encoder:
    """One plant's gateways; each counts its messages from 1."""

    def __init__(self, enterprise: str, gateways: list[str], codes: list[str]) -> None:
        """`codes` are the plant file's points in order, `gateways` numbered as in the tables."""
        self._topics = [f"energy/v1/{enterprise}/{name}/readings" for name in gateways]
        self._codes = codes
        self._seq = [0] * len(gateways)

    def messages(self, table: Table) -> Iterator[Message]:
        """A sorted table's messages: what one gateway sends at one instant goes together."""
        if not len(table):
            return
        change = np.flatnonzero((np.diff(table.sent) != 0) | (np.diff(table.gateway) != 0)) + 1
        bounds = [0, *change.tolist(), len(table)]
        one_time = _constant(table.t, bounds) & ~_any(table.rows, bounds)
        codes = [self._codes[p] for p in table.point.tolist()]
        t, start, value = table.t.tolist(), table.start.tolist(), table.value.tolist()
        gateway, sent = table.gateway.tolist(), table.sent.tolist()
        for number, together in enumerate(one_time.tolist()):
            begin, end = bounds[number], bounds[number + 1]
            box, leaves = gateway[begin], to_utc(sent[begin])
            for first in range(begin, end, MOST_READINGS):
                last = min(first + MOST_READINGS, end)
                self._seq[box] += 1
                seq = self._seq[box]
                if (
                    together
                    and len(values := dict(zip(codes[first:last], value[first:last], strict=True))) == last - first
                ):
                    payload = _encode(_Values(seq, t[first], values))
                else:
                    rows = [
                        _Row(codes[i], iso_local(t[i]), value[i])
                        if start[i] == NO_START
                        else _Span(codes[i], iso_local(start[i]), iso_local(t[i]), value[i])
                        for i in range(first, last)
                    ]
                    payload = _encode(_Rows(seq, rows))
                yield Message(self._topics[box], payload, leaves, last - first)


def _constant(values: Whole, bounds: list[int]) -> Mask:
    begins = np.array(bounds[:-1])
    same: Mask = np.minimum.reduceat(values, begins) == np.maximum.reduceat(values, begins)
    return same


def _any(flags: Mask, bounds: list[int]) -> Mask:
    one: Mask = np.logical_or.reduceat(flags, np.array(bounds[:-1]))
    return one
