"""`enms rules`: closed quarter hours into alerts."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from datetime import UTC, datetime

import asyncpg
import structlog

from cli import health, role
from cli.alert_channel import AlertChannel
from cli.channel_watch import ChannelWatch
from cli.surroundings import mqtt_url
from db.outbox import publish_channels
from enms.settings import Settings
from ingest.subscriber import Broker
from rules.book import BUNDLED, BookFile, read_books
from rules.channels import ChannelFile, read_channels
from rules.courier import Courier, channel_file_row
from rules.desk import Desk
from rules.evaluator import Evaluator
from rules.notifier import Notifier
from rules.service import Report, RulesService
from rules.tending import Tender

logger = structlog.get_logger()
_CONNECTIONS = 6  # judging, listening, sending, tending, two for couriers
# Where tens of thousands of subjects stand lives on from one evaluation to the next, and is mostly made anew in each.
# Looking through all of it for cycles, of which it has none, took a quarter of an evaluation.
_GARBAGE = (100_000, 20, 100)


def command() -> None:
    """Judge closed quarter hours by the rule books; raise, resolve and send alerts."""
    gc.set_threshold(*_GARBAGE)
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

    async def publish(told: ChannelFile) -> None:
        async with pool.acquire() as connection:
            await publish_channels(connection, channel_file_row(told, datetime.now(UTC)))

    watch = ChannelWatch(settings.notify_file, settings.timezone, publish)
    try:
        await watch.begin()
        while not stop.is_set():
            await _until_others(watch, _service(watch.now, books, pool, channel, settings, report), stop)
        await connected
    finally:
        connected.cancel()
        await pool.close()


def _service(
    told: ChannelFile,
    books: Sequence[BookFile],
    pool: asyncpg.Pool,
    channel: AlertChannel,
    settings: Settings,
    report: Report,
) -> RulesService:
    desk = Desk.of(told, public_url(settings))
    return RulesService(
        pool,
        Evaluator(books, desk=desk),
        Notifier(channel),
        Tender(told.escalation, desk),
        [Courier(one) for one in told.channels],
        clock=lambda: datetime.now(UTC),
        report=report,
    )


async def _until_others(watch: ChannelWatch, service: RulesService, stop: asyncio.Event) -> None:
    """Run until there are other channels, or it is time to stop; what is being written is finished."""
    enough = asyncio.Event()

    async def ask() -> None:
        await watch.changed(stop)
        enough.set()

    asking = asyncio.create_task(ask())
    try:
        await service.run(enough)
    finally:
        asking.cancel()


def channels_of(settings: Settings) -> ChannelFile:
    """The channels of ENMS_NOTIFY_FILE; without one nobody is told but the broker."""
    if settings.notify_file is None:
        return ChannelFile("")
    return read_channels(settings.notify_file, settings.timezone)


def public_url(settings: Settings) -> str:
    """Where people find the console."""
    return settings.public_url or f"http://{settings.http_host}:{settings.http_port}"
