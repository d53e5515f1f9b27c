"""Whether a database has the schema this program was written for."""

from __future__ import annotations

from pathlib import Path

import asyncpg

from db.statements import statements

_FOLDER = Path(__file__).parent / "migrations"


async def missing_migrations(connection: asyncpg.Connection | asyncpg.Pool) -> list[str]:
    """Names of the numbered migrations that were not yet applied, in order; empty: ready to work."""
    wanted = sorted(path.name for path in _FOLDER.glob("*.sql"))
    if not await statements("ready").has_bookkeeping(connection):
        return wanted
    if isinstance(connection, asyncpg.Pool):
        async with connection.acquire() as one:
            return await missing_migrations(one)
    applied = {row["name"] async for row in statements("migrate").applied(connection)}
    return [name for name in wanted if name not in applied]
