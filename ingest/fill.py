"""History in one process, without a broker: the same decoding, judging and writing, as fast as both sides can.

While the database takes one batch in, the next one is decoded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from enms.readings import Origin
from ingest.arrivals import Arrival
from ingest.pipeline import Pipeline, Prepared
from ingest.writer import Writer, Written


@dataclass(frozen=True, slots=True)
class Filled:
    """What came of it: messages taken, readings committed, readings and messages refused."""

    messages: int
    readings: int
    refused: int


async def fill(
    pipeline: Pipeline,
    writer: Writer,
    arrivals: Iterable[Arrival],
    *,
    origin: Origin = Origin.METER,
    committed: Callable[[Prepared], None] = lambda _: None,
    stop: asyncio.Event | None = None,
) -> Filled:
    """Write all arrivals, in order.

    Args:
        pipeline: its batch size is the transaction's.
        writer: its connection.
        arrivals: asked for the next batch while the one before is being written.
        origin: of all readings.
        committed: told each batch once it is durable; what comes after it may have been asked for already.
        stop: ends it after the batch under way.

    Raises:
        UnavailableError: the database did not confirm a batch; `committed` heard of those before.
    """
    source = iter(arrivals)
    messages = readings = refused = 0
    under_way: tuple[Prepared, asyncio.Task[Written]] | None = None
    try:
        while stop is None or not stop.is_set():
            prepared = await pipeline.prepare(source, origin)
            if under_way is not None:
                batch, task = under_way
                readings += (await task).readings
                committed(batch)
                under_way = None
            if not prepared.arrivals:
                break
            messages += len(prepared.arrivals)
            refused += sum(prepared.quarantine.reasons.values())
            under_way = prepared, asyncio.ensure_future(writer.write(prepared))
            await asyncio.sleep(0)  # let it begin before the next batch keeps the loop busy
    finally:
        if under_way is not None:
            batch, task = under_way
            readings += (await task).readings
            committed(batch)
    return Filled(messages, readings, refused)
