"""What a wall's page holds in memory after long time unattended, accelerated: the real event stream at its fastest, and
every refresh of hours, one after the other.

The page's own clock is run forward (a refresh every 5 s of it), so hours pass in minutes; events, pages and the garbage
collector are real.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import asyncpg

from bench.chromium import blank_page, chromium
from bench.figures import Bench, Figure, Options, figure
from bench.stand import free_port, stand
from db.plant_load import load_plant
from enms.plant_file import parse_plant

if TYPE_CHECKING:
    from playwright.async_api import CDPSession, Page

_PLANTS = 5
_REFRESHES = 1_440  # two hours at one every 5 s
_WARM = 40
_PROMISED = 1.25
_EVERY_S = 0.25
_COUNTED = """() => {
  window.told = 0;
  const Real = window.EventSource;
  window.EventSource = class extends Real {
    constructor(...given) {
      super(...given);
      for (const name of ["summary", "interval"]) this.addEventListener(name, () => { window.told += 1; });
    }
  };
}"""
_MARK = "document.getElementById('wall').dataset.seen = '1'"
_REPLACED = "() => document.getElementById('wall').dataset.seen === undefined"


@dataclass(frozen=True, slots=True)
class _Held:
    """After a collection: bytes of the JavaScript heap, and nodes, those that hang nowhere as well."""

    heap: float
    nodes: float
    listeners: float


async def _measure(options: Options) -> list[Figure]:
    program = chromium(options)
    if program is None:
        return []
    refreshes = options.scaled(_REFRESHES, least=20)
    port = free_port()
    async with stand(options.folder, points=1) as built:
        for n in range(_PLANTS):
            async with built.pool.acquire() as connection:
                await load_plant(connection, parse_plant(_plant(n), f"wall{n}"), now=datetime.now(UTC))
        await built.start("api", ENMS_HTTP_PORT=str(port))
        telling = asyncio.create_task(_tell(built.pool))
        try:
            async with blank_page(program) as page:
                await page.add_init_script(f"({_COUNTED})()")
                await page.clock.install()
                await page.goto(f"http://127.0.0.1:{port}/wall")
                await page.wait_for_function("() => window.told > 0")
                await _refresh(page, _WARM)
                cdp = await page.context.new_cdp_session(page)
                await cdp.send("Performance.enable")
                before, told = await _held(cdp), await page.evaluate("window.told")
                await _refresh(page, refreshes)
                after, told = await _held(cdp), await page.evaluate("window.told") - told
        finally:
            telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await telling
    options.say(
        f"heap {before.heap / 1e6:.2f} to {after.heap / 1e6:.2f} MB, nodes {before.nodes:.0f} to {after.nodes:.0f}, "
        f"listeners {before.listeners:.0f} to {after.listeners:.0f}, {told} events"
    )
    conditions = (
        f"headless Chromium on /wall, {told} events of {_PLANTS} plants and {refreshes} refreshes "
        f"({refreshes * 5 / 3600:.1f} h of the page's clock), after a garbage collection; at the start "
    )
    return [
        figure(
            "wall_heap_growth", after.heap / before.heap, "x", _PROMISED,
            f"{conditions}{before.heap / 1e6:.2f} MB, at the end {after.heap / 1e6:.2f} MB; limit: promised",
        ),
        figure(
            "wall_nodes", after.nodes, "nodes", before.nodes,
            f"{conditions}{before.nodes:.0f} nodes, which is the limit; listeners {before.listeners:.0f} and "
            f"{after.listeners:.0f}",
        ),
    ]  # fmt: skip


def _plant(n: int) -> str:
    return (
        f"enterprise: {{code: wall{n}, name: {{zh: 墙{n}, en: Wall {n}}}, industry: other}}\npoints:\n"
        "  - {code: site.power, carrier: electricity, role: purchased, reading: gauge, unit: kW}\n"
    )


async def _tell(pool: asyncpg.Pool) -> None:
    """New readings of every plant, and news of their intervals, as fast as the server passes them on."""
    points = await pool.fetch("SELECT e, p FROM point JOIN enterprise AS en USING (e) WHERE en.code LIKE 'wall%'")
    lap = 0
    while True:
        lap += 1
        async with pool.acquire() as connection, connection.transaction():
            await connection.executemany(
                "INSERT INTO reading VALUES ($1, $2, now(), NULL, $3, 0, 0, now())",
                [(row["e"], row["p"], 100.0 + lap % 800) for row in points],
            )
            for channel in ("enms_reading", "enms_interval"):
                await connection.executemany(
                    "SELECT pg_notify($1, $2)", [(channel, str(e)) for e in {row["e"] for row in points}]
                )
        await asyncio.sleep(_EVERY_S)


async def _refresh(page: Page, times: int) -> None:
    """The page's clock goes on until it has drawn itself anew so many times."""
    for _ in range(times):
        await page.evaluate(_MARK)
        for _ in range(30):
            await page.clock.run_for(2_000)
            if await page.evaluate(f"({_REPLACED})()"):
                break
            await asyncio.sleep(0.02)  # the answer is on its way


async def _held(cdp: CDPSession) -> _Held:
    for _ in range(3):
        await cdp.send("HeapProfiler.collectGarbage")
    found = {m["name"]: m["value"] for m in (await cdp.send("Performance.getMetrics"))["metrics"]}
    return _Held(found["JSHeapUsedSize"], found["Nodes"], found["JSEventListeners"])


BENCH = Bench(("wall_heap_growth", "wall_nodes"), 300, _measure)
