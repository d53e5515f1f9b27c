"""Brings people their messages: at least once, in order of each alert, again with jittered back-off until it is taken.

A message is taken on a lease, in a transaction of its own: no connection is held while a foreign server thinks. Who
dies on the way leaves it to the next one, with the same key.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg
import structlog

from db import outbox
from db.outbox import Taken
from rules.channels import Channel, ChannelFile
from rules.notifier import Drained, NotSentError
from rules.telling import gather
from rules.ways import Letter

logger = structlog.get_logger()

_BATCH = 20
_LEASE = timedelta(minutes=5)
_FIRST_RETRY = timedelta(seconds=5)
_LAST_RETRY = timedelta(minutes=30)
_GIVE_UP = timedelta(days=3)


class Courier:
    """The messages of one channel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    @property
    def name(self) -> str:
        return self._channel.name

    async def deliver(self, pool: asyncpg.Pool, now: datetime) -> Drained:
        """Send what is due, until nothing is left or something fails.

        Args:
            pool: a connection is taken for each look and each note.
            now: the clock.
        """
        sent = failed = given_up = 0
        while not failed:
            taken = await outbox.take(pool, self.name, now, now + _LEASE, _BATCH)
            digest = [] if taken else await outbox.take_digest(pool, self.name, now, now + _LEASE)
            if not taken and not digest:
                break
            for group in [[message] for message in taken] if taken else [digest]:
                done = await self._send(pool, group, now)
                sent, failed, given_up = sent + done.sent, failed + done.failed, given_up + done.given_up
        return Drained(sent, failed, given_up)

    async def waiting(self, pool: asyncpg.Pool, now: datetime) -> int:
        """How many should have gone and have not."""
        return await outbox.waiting(pool, self.name, now)

    async def _send(self, pool: asyncpg.Pool, messages: Sequence[Taken], now: datetime) -> Drained:
        first = messages[0]
        try:
            await self._channel.way.send(self._letter(messages))
        except NotSentError as problem:
            error = str(problem) or "not taken"
            since = first.slot or first.created_at
            if now - since > _GIVE_UP:
                logger.warning("message given up", channel=self.name, key=first.payload["key"], reason=error)
                await outbox.give_up(pool, messages, error, now)
                return Drained(0, len(messages), len(messages))
            wait = min(_LAST_RETRY, _FIRST_RETRY * 2 ** min(first.attempts - 1, 10)) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
            await outbox.failed(pool, messages, error, now + wait)
            return Drained(0, len(messages))
        await outbox.sent(pool, messages, now)
        return Drained(len(messages), 0)

    def _letter(self, messages: Sequence[Taken]) -> Letter:
        first = messages[0]
        if first.slot is None:
            said = first.payload
            return Letter(said["key"], said["event"], said["title"], said["body"], said["link"], (said["alert"],))
        key = f"digest/{self.name}/{first.slot:%Y-%m-%dT%H:%MZ}"
        told = gather([(m.payload["title"], m.payload["link"]) for m in messages], self._channel.language, key)
        return Letter(key, "digest", told.title, told.body, "", tuple(m.payload["alert"] for m in messages))


def channel_row(channel: Channel) -> outbox.ChannelRow:
    """A channel as people may see it."""
    said = channel.said
    quiet, digest = said.quiet_hours, said.digest
    return outbox.ChannelRow(
        name=channel.name,
        address=channel.way.shown,
        roles=said.roles,
        enterprises=said.enterprises or (),
        min_severity=said.min_severity.value,
        language=said.language,
        quiet="" if quiet is None else f"{quiet.begins:%H:%M}-{quiet.ends:%H:%M} {channel.zone.key}",
        digest="" if digest is None else f"{', '.join(f'{at:%H:%M}' for at in digest.at)} {channel.zone.key}",
    )


def channel_file_row(file: ChannelFile, now: datetime) -> outbox.ChannelFileRow:
    """A channels file as people may see it."""
    return outbox.ChannelFileRow(file.name, now, tuple(channel_row(c) for c in file.channels), file.mistakes)
