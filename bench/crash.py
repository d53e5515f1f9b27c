"""kill -9 of ingest, ten times during 60 000 messages: what is lost, what is there twice."""

from __future__ import annotations

import asyncio

from bench.figures import Bench, Figure, Options, figure
from bench.once import numbered, tally
from bench.publisher import Publisher
from bench.stand import stand

MESSAGES = 60_000
KILLS = 10
POINTS = 100
_RATE = 2_000


async def _measure(options: Options) -> list[Figure]:
    count = options.scaled(MESSAGES, least=2_000)
    async with stand(options.folder, points=POINTS) as built:
        ingest = await built.start("ingest")
        async with Publisher(built.broker.host, built.broker.port, "bench-publisher") as publisher:
            sending = asyncio.create_task(publisher.send(numbered(built.points, count), rate=_RATE))
            for lap in range(1, KILLS + 1):
                # Spread over the sending; a start takes a while, and messages wait with the broker meanwhile.
                await built.holds(count * lap // (KILLS + 2))
                ingest.kill()
                options.say(f"killed {lap} times")
                ingest = await built.start("ingest")
            await sending
        found = await tally(built, count)
    conditions = f"{count} messages at {_RATE}/s, ingest killed -9 {KILLS} times, {built.broker.kind}"
    return [
        figure("crash_lost", found.lost, "readings", 0, conditions),
        figure("crash_double", found.double, "readings", 0, conditions),
    ]


BENCH = Bench(("crash_lost", "crash_double"), 80, _measure)
