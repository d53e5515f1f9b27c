"""From a gateway's publish to the value in `GET /points/latest`, while 5 000 readings a second come in."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time

import httpx
import msgspec

from bench.figures import Bench, Figure, Options, figure
from bench.publisher import Publisher, packet
from bench.stand import ENTERPRISE, free_port, stand

POINTS = 1_000
_RATE = 5_000  # readings a second
_PER_MESSAGE = 100
_PROBES = 400
_PAUSE_S = 0.05
_LOST_AFTER_S = 30.0
_PROMISED_S = 1.0


async def _measure(options: Options) -> list[Figure]:
    probes = options.scaled(_PROBES, least=20)
    port = free_port()
    async with stand(options.folder, points=POINTS) as built:
        for role in ("ingest", "ledger", "api"):
            await built.start(role, ENMS_HTTP_PORT=str(port))
        load = asyncio.create_task(_load(built.broker.host, built.broker.port, built.points[1:]))
        try:
            await asyncio.sleep(2)
            url = f"http://127.0.0.1:{port}/api/v1/points/latest"
            delays = await _probe(built.broker.host, built.broker.port, built.points[0], url, probes)
        finally:
            load.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await load
    delays.sort()
    p99 = delays[min(len(delays) - 1, int(len(delays) * 0.99))]
    options.say(f"median {delays[len(delays) // 2]:.3f} s, p99 {p99:.3f} s, largest {delays[-1]:.3f} s")
    conditions = (
        f"p99 of {probes} readings of one point, published one by one over MQTT and asked for over HTTP, beside "
        f"{_RATE} readings/s ({_PER_MESSAGE} a message); ingest, ledger, API, {built.broker.kind} and database on this "
        f"machine; limit: promised; median {delays[len(delays) // 2]:.3f} s"
    )
    return [figure("publish_to_visible_p99", p99, "s", _PROMISED_S, conditions)]


async def _load(host: str, port: int, codes: tuple[str, ...]) -> None:
    """Every point in turn, stamped now."""
    groups = len(codes) // _PER_MESSAGE
    async with Publisher(host, port, "bench-load") as publisher:
        for lap in itertools.count():
            now = time.time_ns() // 1_000_000
            some = []
            for number in range(_RATE // _PER_MESSAGE // 10):
                group = (lap * 5 + number) % groups
                chosen = codes[group * _PER_MESSAGE : (group + 1) * _PER_MESSAGE]
                body = msgspec.json.encode({"t": now + number, "values": dict.fromkeys(chosen, lap * 0.1)})
                some.append(packet(f"energy/v1/{ENTERPRISE}/gw{group}/readings", body, number))
            begun = time.monotonic()
            await publisher.send(some)
            await asyncio.sleep(max(0.0, 0.1 - (time.monotonic() - begun)))


async def _probe(host: str, port: int, code: str, url: str, count: int) -> list[float]:
    """How long each of the readings took, seconds."""
    delays: list[float] = []
    async with Publisher(host, port, "bench-probe") as publisher, httpx.AsyncClient(timeout=10) as client:
        for number in range(1, count + 1):
            body = msgspec.json.encode({"t": time.time_ns() // 1_000_000, "values": {code: float(number)}})
            begun = time.perf_counter()
            await publisher.send([packet(f"energy/v1/{ENTERPRISE}/probe/readings", body, number)])
            while True:
                answer = await client.get(url, params={"enterprise": ENTERPRISE, "point": code})
                if answer.json()["items"][0]["value"] == number:
                    break
                assert time.perf_counter() - begun < _LOST_AFTER_S, "a reading never became visible"
            delays.append(time.perf_counter() - begun)
            await asyncio.sleep(_PAUSE_S)
    return delays


BENCH = Bench(("publish_to_visible_p99",), 60, _measure)
