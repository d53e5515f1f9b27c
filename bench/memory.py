"""What ingest holds in memory: after ten million readings, and through a minute without the database."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal

from bench.figures import Bench, Figure, Options, figure
from bench.publisher import Publisher
from bench.stand import Role, stand
from bench.throughput import PER_MESSAGE, committed, packets

READINGS = 10_000_000
POINTS = 1_000
_PROMISED_MB = 200
_OUTAGE_S = 60.0
_RATE = 200  # messages a second during the outage: 20 000 readings
_AT_ONCE = 2_000_000


async def _measure(options: Options) -> list[Figure]:
    count = options.scaled(READINGS, least=100_000) // PER_MESSAGE * PER_MESSAGE
    async with stand(options.folder, points=POINTS) as built:
        ingest = await built.start("ingest")
        async with Publisher(built.broker.host, built.broker.port, "bench-publisher", window=200) as publisher:
            sent, steady = 0, 0.0
            # Later readings than the last lap's; the table is emptied so that the disk suffices.
            lap = packets(built.points, count, PER_MESSAGE)
            while sent < count:
                some = list(itertools.islice(lap, _AT_ONCE // PER_MESSAGE))
                await publisher.send(some)
                sent += len(some) * PER_MESSAGE
                await committed(ingest, sent)
                await built.pool.execute("TRUNCATE reading, dirty")
                steady = max(steady, ingest.rss())
                options.say(f"{sent:,} readings: {ingest.rss():.0f} MB")
            outage_s = max(3.0, _OUTAGE_S * options.scale)
            assert built.server.pid is not None
            os.kill(built.server.pid, signal.SIGINT)
            await built.server.wait()
            worst = asyncio.create_task(_worst(ingest, outage_s))
            more = packets(built.points, int(outage_s * _RATE) * PER_MESSAGE, PER_MESSAGE)
            await publisher.send(more, rate=_RATE)
            through = await worst
            await built.server.restart()
            await built.pool.expire_connections()
            await committed(ingest, count + int(outage_s * _RATE) * PER_MESSAGE)
            through = max(through, ingest.rss())
    return [
        figure(
            "rss_after_readings",
            steady,
            "MB",
            _PROMISED_MB,
            f"largest while {count} readings were taken, {built.broker.kind}",
        ),
        figure(
            "rss_through_outage",
            through,
            "MB",
            _PROMISED_MB,
            f"largest while the database was stopped for {outage_s:g} s, {_RATE * PER_MESSAGE} readings/s, and while "
            "the spool was replayed",
        ),
    ]


async def _worst(ingest: Role, seconds: float) -> float:
    """The largest RSS seen over some seconds."""
    worst, clock = 0.0, asyncio.get_running_loop().time
    end = clock() + seconds
    while clock() < end:
        worst = max(worst, ingest.rss())
        await asyncio.sleep(0.2)
    return worst


BENCH = Bench(("rss_after_readings", "rss_through_outage"), 200, _measure)
