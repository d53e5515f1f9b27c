"""From a gateway's publish to the figure on a wall in Chromium, while the same plant sends 1 000 readings a second."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from bench.chromium import blank_page, chromium
from bench.figures import Bench, Figure, Options, figure
from bench.publisher import Publisher, packet
from bench.stand import free_port, stand
from db.plant_load import load_plant
from enms.plant_file import parse_plant

if TYPE_CHECKING:
    from playwright.async_api import Page

_RATE = 1_000  # readings a second
_PER_MESSAGE = 100
_PROBES = 200
_PAUSE_S = 0.3
_LOST_AFTER_MS = 30_000
_PROMISED_S = 1.0
_WALL = "wall"
_PROBE = "site.power"
_OTHERS = tuple(f"line{n}.temperature" for n in range(_RATE))
# Looked for at every frame, so what is found has been painted or is about to be.
_SHOWN = "wanted => document.querySelector('[data-live] b')?.textContent === wanted"


def _plant() -> str:
    """One power gauge, and many states that do not move it."""
    head = (
        f"enterprise: {{code: {_WALL}, name: {{zh: 墙, en: Wall}}, industry: other}}\npoints:\n"
        f"  - {{code: {_PROBE}, carrier: electricity, role: purchased, reading: gauge, unit: kW}}\n"
    )
    return head + "".join(f"  - {{code: {code}, role: property, reading: gauge, unit: degC}}\n" for code in _OTHERS)


async def _measure(options: Options) -> list[Figure]:
    program = chromium(options)
    if program is None:
        return []
    probes = options.scaled(_PROBES, least=20)
    port = free_port()
    async with stand(options.folder, points=1) as built:
        async with built.pool.acquire() as connection:
            await load_plant(connection, parse_plant(_plant(), _WALL), now=datetime.now(UTC))
        for role in ("ingest", "ledger", "api"):
            await built.start(role, ENMS_HTTP_PORT=str(port))
        load = asyncio.create_task(_load(built.broker.host, built.broker.port))
        try:
            async with blank_page(program) as page:
                await page.goto(f"http://127.0.0.1:{port}/wall/{_WALL}")
                await page.wait_for_function("() => document.getElementById('link').dataset.state !== undefined")
                delays = await _probe(built.broker.host, built.broker.port, page, probes)
        finally:
            load.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await load
    delays.sort()
    p95, median = delays[min(len(delays) - 1, int(len(delays) * 0.95))], delays[len(delays) // 2]
    options.say(f"median {median:.3f} s, p95 {p95:.3f} s, largest {delays[-1]:.3f} s")
    conditions = (
        f"p95 of {probes} readings of one power gauge, published one by one over MQTT until the wall in headless "
        f"Chromium (1920 x 1080) shows them, beside {_RATE} readings/s of the same plant ({_PER_MESSAGE} a message); "
        f"ingest, ledger, API, {built.broker.kind}, database and Chromium on this machine; limit: promised; "
        f"median {median:.3f} s"
    )
    return [figure("publish_to_wall_p95", p95, "s", _PROMISED_S, conditions)]


async def _load(host: str, port: int) -> None:
    """Every other point in turn, stamped now."""
    groups = len(_OTHERS) // _PER_MESSAGE
    async with Publisher(host, port, "bench-wall-load") as publisher:
        for lap in itertools.count():
            begun = time.monotonic()
            group = lap % groups
            chosen = _OTHERS[group * _PER_MESSAGE : (group + 1) * _PER_MESSAGE]
            body = msgspec.json.encode({"t": time.time_ns() // 1_000_000, "values": dict.fromkeys(chosen, lap * 0.1)})
            await publisher.send([packet(f"energy/v1/{_WALL}/gw{group}/readings", body, lap % 60_000)])
            await asyncio.sleep(max(0.0, _PER_MESSAGE / _RATE - (time.monotonic() - begun)))


async def _probe(host: str, port: int, page: Page, count: int) -> list[float]:
    """How long each of the readings took, seconds."""
    delays: list[float] = []
    async with Publisher(host, port, "bench-wall-probe") as publisher:
        for number in range(1, count + 1):
            shown = 100 + number  # three digits, so that every one is written out
            body = msgspec.json.encode({"t": time.time_ns() // 1_000_000, "values": {_PROBE: float(shown)}})
            begun = time.perf_counter()
            await publisher.send([packet(f"energy/v1/{_WALL}/probe/readings", body, number)])
            await page.wait_for_function(_SHOWN, arg=str(shown), timeout=_LOST_AFTER_MS)
            delays.append(time.perf_counter() - begun)
            await asyncio.sleep(_PAUSE_S)
    return delays


BENCH = Bench(("publish_to_wall_p95",), 180, _measure)
