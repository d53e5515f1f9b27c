"""When configuration was recorded, and from when it holds: what was told anew is judged again from there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import asyncpg

from db.instants import BEGINNING, known, known_day
from db.statements import statements

# (recorded_at, valid_from) of every version
Recorded = tuple[tuple[datetime, datetime], ...]


async def recorded_now(connection: asyncpg.Connection, now: datetime) -> datetime:
    """The instant as of which a transaction records a configuration: later than that of any committed before it.

    Rules remember the latest one that they have seen, so instants must not be committed out of order. Taken first:
    whoever waits for it holds nothing that its holder may want.

    Args:
        connection: in a transaction; no other one gets an instant until it is over.
        now: the clock.
    """
    instant: datetime = await statements("recorded").take_instant(connection, now=now)
    return instant


async def told_of_points(
    connection: asyncpg.Connection, e: int, points: Iterable[int] | None = None
) -> dict[int, tuple[Recorded, Recorded]]:
    """Of points (of all of an enterprise): their own versions, and the meters on them; each in order of time."""
    numbers = None if points is None else sorted(set(points))
    found: dict[int, tuple[list[tuple[datetime, datetime]], list[tuple[datetime, datetime]]]] = {}
    async for row in statements("recorded").points(connection, e=e, numbers=numbers):
        entry = row["recorded_at"], known(row["holds_from"]) or BEGINNING
        found.setdefault(row["p"], ([], []))[row["meter"]].append(entry)
    return {p: (tuple(own), tuple(meters)) for p, (own, meters) in found.items()}


async def points_recorded(
    connection: asyncpg.Connection, e: int, points: Iterable[int] | None = None
) -> dict[int, Recorded]:
    """The same in one, a point's own versions first."""
    return {p: (*own, *meters) for p, (own, meters) in (await told_of_points(connection, e, points)).items()}


async def factors_recorded(connection: asyncpg.Connection, e: int, zone: str) -> dict[str, Recorded]:
    """Of a site's own standard-coal factors, by carrier; each begins with a date of its zone, as conversion has it."""
    found: dict[str, list[tuple[datetime, datetime]]] = {}
    async for row in statements("recorded").factors(connection, e=e):
        day = known_day(row["effective_from"])
        begins = BEGINNING if day is None else datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
        found.setdefault(row["carrier"], []).append((row["recorded_at"], begins))
    return {carrier: tuple(entries) for carrier, entries in found.items()}
