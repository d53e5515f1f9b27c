"""Whether a database has the schema this program was written for."""

from __future__ import annotations

from pathlib import Path

import asyncpg

from db.statements import statements

_FOLDER = Path(__file__).parent / "migrations"


async def missing_migrations(connection: asyncpg.Connection | asyncpg.Pool) -> list[str]:
    """Names of the migrations that were not yet applied, in order; empty: ready to work.

    While another process migrates, some of them: the grants come last.
    """
    wanted = sorted(path.relative_to(_FOLDER).as_posix() for path in _FOLDER.rglob("*.sql"))
    if not await statements("ready").has_bookkeeping(connection):
        return wanted
    if isinstance(connection, asyncpg.Pool):
        async with connection.acquire() as one:
            return await missing_migrations(one)
    try:
        applied = {row["name"] async for row in statements("migrate").applied(connection)}
    except asyncpg.InsufficientPrivilegeError:  # made, not yet granted
        return wanted
    return [name for name in wanted if name not in applied]
