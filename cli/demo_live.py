"""The demo's plants as they go on now: published over MQTT, each message at its time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import structlog

from cli import course, role
from cli.publishing import Publisher
from cli.surroundings import data_dir, mqtt_url
from enms.errors import NotFoundError
from enms.settings import Settings
from ingest.subscriber import Broker
from simulators.encoding import Message

log = structlog.get_logger()

_BREATH = 200
_AT_ONCE = timedelta(seconds=90)
"""Sent again although the history has it, so that the first page shows newest values; twice the same counts once."""


def command() -> None:
    """Publish the demo's plants from now on."""
    role.run("plants", work)


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """Publish until stopped.

    Raises:
        NotFoundError: there is no course; `enms demo` makes one.
    """
    file = course.path(data_dir(settings))
    plan = course.read(file)
    if plan is None:
        raise NotFoundError(f"{file} is not there: it is made by `enms demo`")
    span = plan.live
    since = span.start if plan.speed else max(span.start, span.end - _AT_ONCE)
    messages = plan.scenario().readings(span.start, None, course.registers(span), since=since)
    publisher = Publisher(Broker.from_url(mqtt_url(settings), settings.mqtt_ca_file))
    log.info("the plants are live", speed=plan.speed or 1)
    await publisher.run(_due(messages, since, plan.speed, stop), stop)


async def _due(
    messages: Iterator[Message], since: datetime, speed: float, stop: asyncio.Event
) -> AsyncIterator[Message]:
    """Each message at its time; played history at its speed until it has caught up with the clock."""
    begun = datetime.now(UTC)
    for number, message in enumerate(messages):
        due = message.sent_at
        if speed:
            due = max(due, begun + (message.sent_at - since) / speed)
        wait = (due - datetime.now(UTC)).total_seconds()
        if wait > 0:
            await role.pause(wait, stop)
        elif number % _BREATH == 0:
            await asyncio.sleep(0)
        if stop.is_set():
            return
        yield message
