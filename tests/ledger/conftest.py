"""A database with one enterprise, and a deriver on it whose clock is the test's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime

import asyncpg
import pytest

from db.derivation import create_draft
from db.pool import SESSION
from db.publication import Share
from ledger.courses import CourseBook
from ledger.cycle import Limits, Outcome, derive_once
from tests.ledger.store import create_enterprise
from tests.ledger.worlds import T0

# Nothing waits: every span is ripe at once.
EAGER = Limits(settle_s=-3600.0, longest_wait_s=-3600.0)


class Desk:
    """A connection with a ledger to keep, and a clock."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.book = CourseBook()
        self.limits = EAGER

    async def derive(self, now: datetime, **limits: float | Share) -> Outcome:
        """All that is ripe."""
        total = Outcome()
        cursor = (-1, -1)
        while True:
            outcome = await derive_once(self.connection, self.book, cursor, now, replace(self.limits, **limits))
            cursor = outcome.cursor
            total = replace(
                total,
                points=total.points + outcome.points,
                published=total.published + outcome.published,
                revised=total.revised + outcome.revised,
                waiting=outcome.waiting,
            )
            if not outcome.more:
                return total


async def open_connection(dsn: str) -> asyncpg.Connection:
    connection = await asyncpg.connect(dsn, server_settings={"timezone": "UTC", **SESSION})
    await create_draft(connection)
    return connection


@pytest.fixture
async def desk(pg_dsn: str) -> AsyncIterator[Desk]:
    connection = await open_connection(pg_dsn)
    try:
        await create_enterprise(connection)
        yield Desk(connection)
    finally:
        await connection.close()


class Scratch:
    """A database that many examples run in, on one event loop of its own: for hypothesis."""

    def __init__(self, dsn: str) -> None:
        self.runner = asyncio.Runner()
        self.connection = self.runner.run(open_connection(dsn))
        self.runner.run(create_enterprise(self.connection))

    def close(self) -> None:
        self.runner.run(self.connection.close())
        self.runner.close()


@pytest.fixture
def scratch(pg_dsn: str) -> Iterator[Scratch]:
    made = Scratch(pg_dsn)
    yield made
    made.close()


@pytest.fixture
def beginning() -> datetime:
    return T0
