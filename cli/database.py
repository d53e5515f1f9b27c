"""One connection for one command, acting as the application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from cli.surroundings import database
from db.pool import APPLICATION_ROLE
from db.ready import missing_migrations
from enms.errors import UnavailableError
from enms.settings import Settings


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the configured database, the running bundled one, or one started for the while.

    Raises:
        UnavailableError: it cannot be reached, refuses the login, or lacks migrations.
    """
    async with database(settings) as dsn:
        try:
            connection = await asyncpg.connect(
                dsn,
                server_settings={
                    "application_name": "enms-command",
                    "role": APPLICATION_ROLE,
                    "timezone": "UTC",
                    "jit": "off",
                },
            )
        except asyncpg.InvalidParameterValueError as problem:
            raise UnavailableError("the database has not been migrated: run `enms migrate`") from problem
        except (OSError, asyncpg.PostgresError) as problem:
            raise UnavailableError(f"cannot use the database: {problem}") from problem
        try:
            if missing := await missing_migrations(connection):
                raise UnavailableError(f"the database lacks {', '.join(missing)}: run `enms migrate`")
            yield connection
        finally:
            await connection.close()
