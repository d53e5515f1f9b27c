"""Fills the history of the demo's plants: simulated messages through ingest's own decoding, judging and writing.

Not through the broker: it would only be a queue between two loops that run as fast as they can.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from cli import course, role
from cli.surroundings import data_dir
from enms.errors import NotFoundError
from enms.settings import Settings
from ingest.arrivals import Arrival
from ingest.messages import Decoder
from ingest.pipeline import Pipeline
from ingest.registry import Registry
from ingest.writer import Writer
from simulators.encoding import Message
from simulators.scenario import Scenario

log = structlog.get_logger()

# A commit in the middle of a quarter hour publishes a part of it first, and a revision later: few, large commits.
_READINGS_A_COMMIT = 60_000


def command() -> None:
    """Fill the demo's history and end."""
    role.run("history", work)


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """Fill every span of the course that is left.

    Raises:
        NotFoundError: there is no course; `enms demo` makes one.
        UnavailableError: the database went away; a new start goes on from what was committed.
    """
    file = course.path(data_dir(settings))
    plan = course.read(file)
    if plan is None:
        raise NotFoundError(f"{file} is not there: it is made by `enms demo`")
    if all(span.done for span in plan.history):
        return
    pool = await role.open_pool(settings, stop, name="history", size=2)
    try:
        scenario = plan.scenario()
        writer = Writer(pool)
        filler = Filler(Pipeline(Decoder(settings.max_payload_bytes), Registry(pool), _READINGS_A_COMMIT), writer)
        begun = time.monotonic()
        for span in plan.history:
            if not span.done:
                await filler.fill(scenario, span, plan, file, stop)
        await writer.close()
        if not stop.is_set():
            log.info("history is filled", readings=filler.readings, seconds=round(time.monotonic() - begun, 1))
    finally:
        pool.terminate()


@dataclass(slots=True)
class Filler:
    """Writes spans; counts readings."""

    pipeline: Pipeline
    writer: Writer
    readings: int = 0

    async def fill(
        self, scenario: Scenario, span: course.Span, plan: course.Course, file: Path, stop: asyncio.Event
    ) -> None:
        """Write one span, from where it was left; what is committed is noted in `file`."""
        log.info("filling history", since=span.reached.isoformat(), until=span.end.isoformat())
        messages = scenario.readings(span.start, span.end, course.registers(span), since=span.reached)
        source = _Source(messages, span.reached)
        arrivals = iter(source)
        while not stop.is_set():
            prepared = await self.pipeline.prepare(arrivals)
            if not prepared.arrivals:
                span.reached = span.end
                course.write(file, plan)
                return
            await self.writer.write(prepared)
            self.readings += prepared.readings
            span.reached = source.last
            course.write(file, plan)


class _Source:
    """Messages as ingest receives them, and when the last one handed out was sent."""

    def __init__(self, messages: Iterator[Message], since: datetime) -> None:
        self._messages = messages
        self.last = since

    def __iter__(self) -> Iterator[Arrival]:
        for message in self._messages:
            self.last = message.sent_at
            yield Arrival(message.topic, message.payload, time.time_ns() // 1000)
