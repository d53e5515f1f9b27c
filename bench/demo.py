"""Days of the three plants' history, as `enms demo` fills them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import httpx

from bench.figures import Bench, Figure, Options, figure
from bench.stand import ROOT, free_port, until
from cli import course
from cli.surroundings import data_dir, database_dsn
from enms.settings import Settings

_DAYS = 7.0
_PROMISED_S = 60.0


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that is filled and goes on."""

    url: str
    settings: Settings
    shown_s: float
    filled_s: float


@asynccontextmanager
async def filled_demo(options: Options, days: float) -> AsyncIterator[Demo]:
    """`enms demo` on an empty folder, from when its history is filled; ended after."""
    port = free_port()
    settings = Settings(data_dir=options.folder / "demo", http_port=port, mqtt_port=free_port())
    env = {
        **{key: value for key, value in os.environ.items() if not key.startswith("ENMS_")},
        "ENMS_DATA_DIR": str(settings.data_dir),
        "ENMS_HTTP_PORT": str(port),
        "ENMS_MQTT_PORT": str(settings.mqtt_port),
    }
    url = f"http://127.0.0.1:{port}"
    log = (options.folder / "demo.log").open("ab")
    begun = time.perf_counter()
    process = subprocess.Popen(  # noqa: ASYNC220 - returns at once
        [sys.executable, "-m", "cli", "demo", "--days", str(days)], cwd=ROOT, env=env, stdout=log, stderr=log
    )
    try:

        async def page() -> bool:
            async with httpx.AsyncClient() as client:
                try:
                    return (await client.get(f"{url}/api/v1/enterprises")).status_code == 200
                except httpx.HTTPError:
                    return False

        await until(page, within_s=120)
        shown = time.perf_counter() - begun
        options.say(f"the API answers after {shown:.1f} s")
        folder = data_dir(settings)

        async def filled() -> bool:
            plan = course.read(course.path(folder))
            return plan is not None and all(span.done for span in plan.history)

        await until(filled, within_s=900, every_s=0.2)
        yield Demo(url, settings, shown, time.perf_counter() - begun)
    finally:
        process.send_signal(signal.SIGINT)
        await asyncio.to_thread(process.wait, 30)


async def _measure(options: Options) -> list[Figure]:
    days = max(0.1, _DAYS * options.scale)
    async with filled_demo(options, days) as demo:
        readings = await _readings(demo.settings)
    options.say(f"{readings:,} readings are stored after {demo.filled_s:.1f} s")
    conditions = (
        f"{days:g} days of the three plants, {readings} readings, from the start of `enms demo` on an empty folder "
        "until all are committed; ledger, rules, API and live data run beside it; limit: promised"
    )
    return [figure("demo_fill", demo.filled_s, "s", _PROMISED_S, conditions)]


async def _readings(settings: Settings) -> int:
    dsn = database_dsn(settings)
    assert dsn is not None
    connection = await asyncpg.connect(dsn)
    try:
        found: int = await connection.fetchval("SELECT count(*) FROM reading")
        return found
    finally:
        await connection.close()


BENCH = Bench(("demo_fill",), 90, _measure)
