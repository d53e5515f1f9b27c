"""What every point of an enterprise last read: where simulated registers go on from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from db.statements import statements


@dataclass(frozen=True, slots=True)
class LastGood:
    """A point's newest reading that is not bad: as read, before its multiplier."""

    enterprise: str
    point: str
    ts: datetime
    value: float


async def last_good(connection: asyncpg.Connection, enterprises: Sequence[str]) -> list[LastGood]:
    """The newest reading of every point of these enterprises (codes); points never read are left out."""
    rows = statements("last_readings").last_good(connection, codes=list(enterprises))
    return [LastGood(**dict(row)) async for row in rows]
