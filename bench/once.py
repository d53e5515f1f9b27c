"""Numbered readings, and whether each of them is there once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from bench.publisher import packet
from bench.stand import ENTERPRISE, Stand


def numbered(codes: tuple[str, ...], count: int) -> Iterator[bytes]:
    """One reading a message; its value is its number."""
    begin = int(time.time() - 86_400) * 1000
    encode = msgspec.json.encode
    for number in range(count):
        step, index = divmod(number, len(codes))
        body = {"t": begin + step * 1000, "values": {codes[index]: float(number)}}
        yield packet(f"energy/v1/{ENTERPRISE}/gw/readings", encode(body), number)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of the numbered readings are not there, and how many more than once or otherwise."""

    lost: int
    double: int


async def tally(built: Stand, count: int, within_s: float = 120) -> Tally:
    """Wait until all are there, or nothing has come for a while; then count."""
    seen, since = -1, time.monotonic()
    while (found := await built.readings()) < count and time.monotonic() - since < within_s:
        if found != seen:
            seen, since = found, time.monotonic()
        await asyncio.sleep(0.2)
    values = [row["value"] for row in await built.pool.fetch("SELECT value FROM reading")]
    revised = await built.pool.fetchval("SELECT count(*) FROM reading_revision")
    known = set(values)
    lost = sum(float(number) not in known for number in range(count))
    return Tally(lost, len(values) - len(known) + revised)
