"""Sends what the outbox holds, at least once and in order of each alert's transitions.

A message is written in its transition's transaction and marked sent after the receiver has taken it; a crash between
the two sends it again with the same key. This version has one channel: the broker, retained, a topic an alert.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import asyncpg

from db.statements import statements

CHANNEL = "mqtt"
_BATCH = 100
_FIRST_RETRY = timedelta(seconds=1)
_LAST_RETRY = timedelta(minutes=5)


class NotSentError(Exception):
    """The receiver did not take it; it is tried again."""


class Publisher(Protocol):
    """Where messages go."""

    async def publish(self, topic: str, payload: bytes) -> None:
        """Deliver one, retained; return when the receiver has it.

        Raises:
            NotSentError: it has not.
        """


@dataclass(frozen=True, slots=True)
class Drained:
    """What one look at the outbox did; what was given up failed, too."""

    sent: int
    failed: int
    given_up: int = 0


class Notifier:
    """The outbox of one database towards one receiver."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def drain(self, connection: asyncpg.Connection, now: datetime) -> Drained:
        """Send what is due, until nothing is left or something fails.

        Args:
            connection: idle.
            now: the clock.
        """
        sent = failed = 0
        while not failed:
            async with connection.transaction():
                rows = [
                    r async for r in statements("alerts").take_messages(connection, channel=CHANNEL, now=now, n=_BATCH)
                ]
                problems = await self._send(rows)
                for row, problem in zip(rows, problems, strict=True):
                    await self._mark(connection, row, problem, now)
            failed += sum(problem is not None for problem in problems)
            sent += sum(problem is None for problem in problems)
            if not rows:
                break
        return Drained(sent, failed)

    async def _send(self, rows: Sequence[asyncpg.Record]) -> list[str | None]:
        """Why each was not taken; they are of different alerts, so their order does not matter."""

        async def one(row: asyncpg.Record) -> str | None:
            message = json.loads(row["payload"])
            topic = f"energy/v1/{message['enterprise']}/alerts/{row['alert']}"
            try:
                await self._publisher.publish(topic, json.dumps(message, ensure_ascii=False).encode())
            except NotSentError as problem:
                return str(problem) or "not taken"
            return None

        return await asyncio.gather(*(one(row) for row in rows))

    @staticmethod
    async def _mark(connection: asyncpg.Connection, row: asyncpg.Record, problem: str | None, now: datetime) -> None:
        sql = statements("alerts")
        if problem is None:
            await sql.message_sent(connection, e=row["e"], id=row["id"], now=now)
            return
        wait = min(_LAST_RETRY, _FIRST_RETRY * 2 ** min(row["attempts"], 10)) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
        await sql.message_failed(connection, e=row["e"], id=row["id"], error=problem, next_attempt_at=now + wait)
