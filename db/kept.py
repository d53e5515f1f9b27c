"""Figures that are made once and kept, so that questions about days and plants stay fast (migration 0075).

Nothing here decides a figure: who reads a kept row compares what it was made from, and computes what has changed.
"""

from __future__ import annotations

from datetime import date

import asyncpg

from db.statements import statements


async def keep_configuration_if_due(connection: asyncpg.Connection) -> bool:
    """Compute what views make of configuration, if a change recorded ahead holds by now; whether it did."""
    done: bool = await statements("kept").keep_configuration_if_due(connection)
    return done


async def keep_heat_days(connection: asyncpg.Connection, since: date, limit: int) -> int:
    """Add up closed days against their heating values, where that was not done since they last changed; how many."""
    tag = await statements("kept").keep_heat_days(connection, since=since, n=limit)
    return tag if isinstance(tag, int) else int(tag.split()[-1])


async def keep_level_days(connection: asyncpg.Connection, since: date, limit: int) -> int:
    """Keep the last levels of stocks on closed days, where that was not done since they last changed; how many."""
    tag = await statements("kept").keep_level_days(connection, since=since, n=limit)
    return tag if isinstance(tag, int) else int(tag.split()[-1])
