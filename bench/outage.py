"""The database is stopped for 15 s while messages come, with the broker's default queue of 1000 messages."""

from __future__ import annotations

import asyncio
import os
import signal

from bench.figures import Bench, Figure, Options, figure
from bench.once import numbered, tally
from bench.publisher import Publisher
from bench.stand import stand

MESSAGES = 20_000
POINTS = 100
_RATE = 1_000
_STOPPED_S = 15.0


async def _measure(options: Options) -> list[Figure]:
    count = options.scaled(MESSAGES, least=2_000)
    stopped_s = max(1.0, _STOPPED_S * options.scale)
    async with stand(options.folder, points=POINTS, default_queue=True) as built:
        ingest = await built.start("ingest")
        async with Publisher(built.broker.host, built.broker.port, "bench-publisher", window=100) as publisher:
            sending = asyncio.create_task(publisher.send(numbered(built.points, count), rate=_RATE))
            await built.holds(count // 20)
            assert built.server.pid is not None
            os.kill(built.server.pid, signal.SIGINT)
            await built.server.wait()
            options.say("the database is stopped")
            await asyncio.sleep(stopped_s)
            spooled = await ingest.metric("enms_ingest_messages_spooled_total")
            await built.server.restart()
            options.say(f"the database is back, {spooled:.0f} messages were spooled")
            await built.pool.expire_connections()
            await sending
        found = await tally(built, count)
        assert spooled > 0, "nothing was spooled: the database was not away"
    conditions = (
        f"{count} messages at {_RATE}/s, database stopped {stopped_s:g} s, {built.broker.kind}, its default queue"
    )
    return [
        figure("outage_lost", found.lost, "readings", 0, conditions),
        figure("outage_double", found.double, "readings", 0, conditions),
    ]


BENCH = Bench(("outage_lost", "outage_double"), 60, _measure)
