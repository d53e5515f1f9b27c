"""Messages for people: posted in their transition's transaction, taken on a lease, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeAlias

import asyncpg

from db.statements import statements
from enms.errors import Mistake

Connection: TypeAlias = asyncpg.Connection | asyncpg.Pool


@dataclass(frozen=True, slots=True)
class Saying:
    """What an alert's rule says to people, and where the alert is.

    Attributes:
        roles: who is told.
        runbook_zh, runbook_en: what to do first.
    """

    roles: tuple[str, ...]
    runbook_zh: str
    runbook_en: str
    name_zh: str
    name_en: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that is being sent. `payload` has title, body and key, the same at every attempt."""

    e: int
    id: int
    attempts: int
    created_at: datetime
    slot: datetime | None
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel as people may see it: its address has no secrets."""

    name: str
    address: str
    roles: tuple[str, ...]
    enterprises: tuple[str, ...]
    min_severity: str
    language: str
    quiet: str
    digest: str


@dataclass(frozen=True, slots=True)
class ChannelFileRow:
    """The channels file as the rules role last read it; with mistakes it is refused."""

    file: str
    loaded_at: datetime
    channels: tuple[ChannelRow, ...]
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """One message to one channel.

    Attributes:
        event: raised, resolved, withdrawn, escalated, late.
        told: the roles, and where to.
        slot: when it goes together with others; None: by itself.
        key: the same at every attempt.
    """

    id: int
    enterprise: str
    alert: int
    severity: str
    channel: str
    event: str
    told: str
    title: str
    key: str
    created_at: datetime
    slot: datetime | None
    next_attempt_at: datetime
    attempts: int
    last_error: str | None
    sent_at: datetime | None
    gave_up_at: datetime | None

    @property
    def state(self) -> str:
        """sent, gave_up, failing or waiting."""
        if self.sent_at is not None:
            return "sent"
        if self.gave_up_at is not None:
            return "gave_up"
        return "failing" if self.attempts and self.last_error is not None else "waiting"


async def saying(connection: asyncpg.Connection, e: int, alert: int) -> Saying:
    """What the alert's rule, in the wording it was raised by, says to people."""
    row = await statements("outbox").what_the_rule_says(connection, e=e, alert=alert)
    definition = json.loads(row["definition"])
    runbook = definition.get("runbook") or {}
    return Saying(
        tuple(definition.get("notify") or ()),
        runbook.get("zh", ""),
        runbook.get("en", ""),
        row["name_zh"],
        row["name_en"],
        row["timezone"],
    )


async def told_channels(connection: asyncpg.Connection, e: int, alert: int) -> set[str]:
    """Channels that know, or will know, of an alert."""
    return {row["channel"] async for row in statements("outbox").told_channels(connection, e=e, alert=alert)}


async def collected(connection: asyncpg.Connection, e: int, alert: int) -> dict[str, datetime]:
    """When channels will first hear of an alert, where all there is for them is still being collected."""
    return {row["channel"]: row["slot"] async for row in statements("outbox").collected(connection, e=e, alert=alert)}


async def post(
    connection: asyncpg.Connection,
    e: int,
    alert: int,
    transition: int,
    *,
    channel: str,
    event: str,
    told: str,
    payload: dict[str, object],
    now: datetime,
    slot: datetime | None,
) -> None:
    """Put a message in the outbox, in the caller's transaction."""
    await statements("outbox").post_message(
        connection,
        e=e,
        alert=alert,
        transition=transition,
        channel=channel,
        event=event,
        told=told,
        payload=json.dumps(payload, ensure_ascii=False),
        now=now,
        slot=slot,
    )


async def take(connection: Connection, channel: str, now: datetime, lease: datetime, limit: int) -> list[Taken]:
    """Messages of a channel that are due, each by itself; tried again when the lease is over and nobody said more."""
    rows = statements("outbox").take_single(connection, channel=channel, now=now, lease=lease, n=limit)
    return sorted([_taken(row) async for row in rows], key=lambda taken: taken.id)


async def take_digest(connection: Connection, channel: str, now: datetime, lease: datetime) -> list[Taken]:
    """Everything of a channel's oldest slot that is due; it goes as one."""
    rows = statements("outbox").take_digest(connection, channel=channel, now=now, lease=lease)
    return sorted([_taken(row) async for row in rows], key=lambda taken: taken.id)


def _taken(row: asyncpg.Record) -> Taken:
    return Taken(row["e"], row["id"], row["attempts"], row["created_at"], row["slot"], json.loads(row["payload"]))


async def sent(connection: Connection, messages: Sequence[Taken], now: datetime) -> None:
    """Their receiver has them."""
    await statements("outbox").messages_sent(connection, ids=[m.id for m in messages], now=now)


async def failed(connection: Connection, messages: Sequence[Taken], error: str, again: datetime) -> None:
    """Not taken; tried again."""
    await statements("outbox").messages_failed(
        connection, ids=[m.id for m in messages], error=error, next_attempt_at=again
    )


async def give_up(connection: Connection, messages: Sequence[Taken], error: str, now: datetime) -> None:
    """Not taken for too long."""
    await statements("outbox").give_up(connection, ids=[m.id for m in messages], error=error, now=now)


async def waiting(connection: Connection, channel: str, now: datetime) -> int:
    """How many messages of a channel should have gone, by themselves or with others, and have not."""
    count: int = await statements("outbox").waiting(connection, channel=channel, now=now)
    return count


async def publish_channels(connection: asyncpg.Connection, found: ChannelFileRow) -> None:
    """Let people see the channels; messages of channels that are gone are given up."""
    sql = statements("outbox")
    async with connection.transaction():
        await sql.put_channel_file(
            connection,
            file=found.file,
            now=found.loaded_at,
            channels=json.dumps([asdict(channel) for channel in found.channels], ensure_ascii=False),
            mistakes=json.dumps([asdict(m) for m in found.mistakes], ensure_ascii=False),
        )
        if not found.mistakes:
            known = [channel.name for channel in found.channels]
            await sql.give_up_channels(connection, known=known, now=found.loaded_at)


async def channel_file(connection: Connection) -> ChannelFileRow | None:
    """The channels as last read; None: no rules role has read any."""
    row = await statements("outbox").channel_file(connection)
    if row is None:
        return None
    channels = tuple(
        ChannelRow(**{**c, "roles": tuple(c["roles"]), "enterprises": tuple(c["enterprises"])})
        for c in json.loads(row["channels"])
    )
    mistakes = tuple(Mistake(**m) for m in json.loads(row["mistakes"]))
    return ChannelFileRow(row["file"], row["loaded_at"], channels, mistakes)


async def notifications(
    connection: Connection,
    es: Sequence[int],
    *,
    channel: str | None = None,
    state: str | None = None,
    alert: int | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[NotificationRow]:
    """What people were or will be told, newest first; `before` is the last id of the page before."""
    rows = statements("outbox").notifications(
        connection, es=list(es), channel=channel, state=state, alert=alert, before=before, n=limit
    )
    return [NotificationRow(**row) async for row in rows]
