"""`enms rules`: closed quarter hours into alerts."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import structlog

from cli import health, role
from cli.alert_channel import AlertChannel
from cli.surroundings import mqtt_url
from enms.settings import Settings
from ingest.subscriber import Broker
from rules.book import BUNDLED, read_books
from rules.evaluator import Evaluator
from rules.notifier import Notifier
from rules.service import RulesService

logger = structlog.get_logger()
_CONNECTIONS = 5  # judging, listening, sending, tending, one to spare


def command() -> None:
    """Judge closed quarter hours by the rule books; raise, resolve and send alerts."""
    role.run("rules", work)


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """The role."""
    folders = [BUNDLED, *([settings.rules_dir] if settings.rules_dir is not None else [])]
    books = read_books(folders)
    for book in books:
        for mistake in book.mistakes:
            logger.error("rule book refused", file=book.name, mistake=str(mistake))
    refused = [book.name for book in books if book.mistakes]
    health.report("rule books", ok=not refused, detail=f"refused: {', '.join(refused)}" if refused else "")

    def report(part: str, ok: bool, detail: str) -> None:
        health.report(part, ok=ok, detail=detail)

    pool = await role.open_pool(settings, stop, name="rules", size=_CONNECTIONS)
    channel = AlertChannel(Broker.from_url(mqtt_url(settings), settings.mqtt_ca_file))
    connected = asyncio.create_task(channel.run(stop))
    try:
        service = RulesService(
            pool, Evaluator(books), Notifier(channel), clock=lambda: datetime.now(UTC), report=report
        )
        await service.run(stop)
        await connected
    finally:
        connected.cancel()
        await pool.close()
