"""A scenario through the real path, on a database of its own, by its own clock.

Messages are decoded, judged and written as ingest does; the ledger derives and the rules judge after every step. Only
the clock is the scenario's: received, derived and detected are its instants.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg

from cli.scoring import Raised, looks_for
from db.alerts import AlertRow, Filter, list_alerts
from db.derivation import create_draft
from db.embedded import EmbeddedServer
from db.migrate import migrate
from db.plant_load import load_plant
from db.plants import EnterpriseRow, enterprises
from db.pool import create_pool
from ingest.arrivals import Arrival
from ingest.fill import fill
from ingest.messages import Decoder
from ingest.pipeline import Pipeline
from ingest.registry import Registry
from ingest.times import micros
from ingest.writer import Writer
from ledger.cycle import Limits
from ledger.derive import Deriver
from rules.book import BookFile, sound_rules
from rules.evaluator import Evaluator
from simulators.encoding import Message
from simulators.scenario import Scenario

# A crash of the machine may cost a run its database; it is thrown away in any case.
_HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_MAX_PAYLOAD = 1_000_000
_READINGS_A_COMMIT = 60_000
_PAGE = 1000
STEP = timedelta(minutes=15)
# After a quarter hour's end: what polls once a minute has said so, and the clock has closed what said nothing.
AFTER = timedelta(minutes=8)
_STATEMENT_S = 600.0
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Course:
    """What is run.

    Attributes:
        scenario: its messages sent in [start, end), after the history.
        look: how often the ledger is derived and the rules are asked. With more than a quarter hour a run is faster,
            alerts are there later, and what was filled in between two looks was never missing.
        history: so long before the start it begins, looked at once a day: what baselines and references are made of.
    """

    scenario: Scenario
    start: datetime
    end: datetime
    look: timedelta = STEP
    history: timedelta = timedelta()


@contextlib.asynccontextmanager
async def own_database() -> AsyncIterator[str]:
    """A fresh bundled server, migrated, gone afterwards; gives its DSN."""
    folder = _open_folder()
    try:
        async with EmbeddedServer(folder / "postgres", settings=_HASTY) as server:
            dsn = server.dsn(user="enms_migrator")
            await migrate(dsn)
            yield dsn
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _open_folder() -> Path:
    """As root the server runs as somebody else, who has to get there."""
    folder = Path(tempfile.mkdtemp(prefix="enms-score-"))
    folder.chmod(0o711)
    return folder


async def run(dsn: str, course: Course, books: list[BookFile], progress: Callable[[datetime], None]) -> list[Raised]:
    """Every alert that a course raises, in order of its firing.

    Args:
        dsn: an empty, migrated database.
        course: what happens.
        books: by which it is judged.
        progress: told the scenario's clock after every step.

    Raises:
        asyncpg.PostgresError, OSError: the database is gone.
    """
    pool = await create_pool(dsn, name="enms-score", size=4, command_timeout_s=_STATEMENT_S)
    try:
        async with pool.acquire() as connection:
            for plant in course.scenario.plants:
                await load_plant(connection, plant.plant, now=course.start - course.history)
            walk = _Walk(pool, connection, course, Evaluator(books))
            await walk.whole(progress)
            after = {rule.id: looks_for(rule) for rule in sound_rules(books)}
            return [_raised(row, after[row.rule]) for row in await _alerts(connection, walk.plants)]
    finally:
        await pool.close()


class _Walk:
    """The scenario's time, step by step."""

    def __init__(
        self, pool: asyncpg.Pool, connection: asyncpg.Connection, course: Course, evaluator: Evaluator
    ) -> None:
        self._pool = pool
        self._connection = connection
        self._course = course
        self._evaluator = evaluator
        self._now = self._begin = course.start - course.history
        self._deriver = Deriver(pool, limits=Limits(settle_s=0.0, longest_wait_s=0.0), clock=lambda: self._now)
        self._pipeline = Pipeline(Decoder(_MAX_PAYLOAD), Registry(pool), _READINGS_A_COMMIT)
        self.plants: list[EnterpriseRow] = []

    async def whole(self, progress: Callable[[datetime], None]) -> None:
        """From its start to its end."""
        self.plants = await enterprises(self._connection)
        await create_draft(self._connection)
        course = self._course
        messages = _Ahead(course.scenario.readings(self._begin, course.end))
        writer = Writer(self._pool)
        at = min(self._begin + _DAY, course.start) + AFTER
        while self._now < course.end:
            until = min(at, course.end)
            await fill(self._pipeline, writer, messages.until(until))
            self._now = until
            await self._judge()
            progress(until)
            at = min(at + _DAY, course.start + AFTER) if at < course.start else at + course.look
        await writer.close()

    async def _judge(self) -> None:
        await self._deriver.catch_up(self._connection)
        for plant in self.plants:
            # nothing is configured while it runs, and nobody reads where subjects stand
            while (await self._evaluator.evaluate(self._connection, plant, self._now, full=False, settle=False)).more:
                pass


class _Ahead:
    """Messages in order, taken as far as an instant."""

    def __init__(self, messages: Iterator[Message]) -> None:
        self._messages = messages
        self._next = next(messages, None)

    def until(self, end: datetime) -> Iterator[Arrival]:
        """What is sent before `end`, as ingest receives it: at once."""
        while self._next is not None and self._next.sent_at < end:
            yield Arrival(self._next.topic, self._next.payload, micros(self._next.sent_at))
            self._next = next(self._messages, None)


async def _alerts(connection: asyncpg.Connection, plants: list[EnterpriseRow]) -> list[AlertRow]:
    found: list[AlertRow] = []
    before: tuple[datetime, int] | None = None
    while True:
        page = await list_alerts(connection, [p.e for p in plants], Filter(before=before), limit=_PAGE)
        found += page
        if len(page) < _PAGE:
            return found[::-1]
        before = (page[-1].fired_at, page[-1].id)


def _raised(row: AlertRow, after: str) -> Raised:
    return Raised(
        enterprise=row.enterprise,
        rule=row.rule,
        looks_for=after,
        subject=row.subject,
        started_at=row.started_at,
        resolved_at=row.resolved_at,
        detected_at=row.detected_at,
    )
