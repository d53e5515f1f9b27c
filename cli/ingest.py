"""`enms ingest`: readings from the broker into the database."""

from __future__ import annotations

import asyncio
import re
import time

import asyncpg

from cli import health, role
from cli.surroundings import data_dir, mqtt_url
from enms.settings import Settings
from ingest import metrics
from ingest.service import Ingest
from ingest.subscriber import Broker

_CONNECTIONS = 3  # writing, listening, looking up points


def command() -> None:
    """Take readings from the broker and commit them; spool to disk while the database is away."""
    role.run("ingest", work)


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """The role."""

    async def connect() -> asyncpg.Pool:
        # Not `stop`: a stopping ingest still flushes, and is cancelled when it has.
        return await role.open_pool(settings, asyncio.Event(), name="ingest", size=_CONNECTIONS)

    def report(part: str, ok: bool, detail: str) -> None:
        health.report(part, ok=ok, detail=detail)

    metrics.show(sparkplug=bool(settings.sparkplug_host_id))
    broker = Broker.from_url(mqtt_url(settings), settings.mqtt_ca_file)
    folder = data_dir(settings) / "spool" / re.sub(r"[^A-Za-z0-9_.-]", "_", settings.mqtt_client_id)
    await Ingest(connect, broker, settings, folder, report, clock=lambda: time.time_ns() // 1000).run(stop)
