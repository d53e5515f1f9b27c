"""Messages a second with one reading each, against a subscriber that only acknowledges."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

from bench.figures import Bench, Figure, Options, figure
from bench.publisher import Publisher
from bench.stand import ROOT, Stand, stand
from bench.throughput import end_to_end, packets

MESSAGES = 200_000
POINTS = 1_000
PROMISED = 10_000


async def _measure(options: Options) -> list[Figure]:
    count = options.scaled(MESSAGES, least=5_000)
    async with stand(options.folder, points=POINTS) as built:
        bare = await _bare(built, count)
        options.say(f"only acknowledged: {bare:,.0f} messages/s")
        rate, cpu_s = await end_to_end(built, count, 1)
        options.say(f"committed: {rate:,.0f} messages/s, {cpu_s / count * 1e6:.1f} us of ingest a message")
    conditions = (
        f"{count} messages of one reading, QoS 1, {built.broker.kind}, publisher, broker, ingest and database on this "
        f"machine; limit: the same messages to a subscriber that only acknowledges; {PROMISED} a second are promised"
    )
    return [figure("messages_per_s_end_to_end", rate, "messages/s", bare, conditions)]


_SUBSCRIBER = """
import asyncio, sys, time, uvloop
from ingest.subscriber import Broker, Events, Subscriber
async def main(url, count):
    left, done = count, asyncio.Event()
    def delivered(delivery):
        nonlocal left
        left -= 1
        subscriber.settle((delivery,))
        if not left:
            done.set()
    events = Events(delivered, lambda _: None, lambda _: print("ready", flush=True), lambda _: None)
    subscriber = Subscriber(Broker.from_url(url), "bench-bare", events, lambda: 0, 1 << 24)
    task = asyncio.create_task(subscriber.run())
    await done.wait()
    print("done", flush=True)
    task.cancel()
uvloop.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def _bare(built: Stand, count: int) -> float:
    """Messages a second through the broker alone, with the same client."""
    ready = list(packets(built.points, count, 1))
    process = subprocess.Popen(  # noqa: ASYNC220 - returns at once
        [sys.executable, "-c", _SUBSCRIBER, built.broker.url, str(count)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    await asyncio.to_thread(process.stdout.readline)
    await asyncio.sleep(0.2)  # for the subscription
    begun = time.perf_counter()
    async with Publisher(built.broker.host, built.broker.port, "bench-publisher") as publisher:
        await publisher.send(ready)
        await asyncio.to_thread(process.stdout.readline)
    seconds = time.perf_counter() - begun
    process.wait()
    return count / seconds


BENCH = Bench(("messages_per_s_end_to_end",), 40, _measure)
