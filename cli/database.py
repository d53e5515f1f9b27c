"""One connection for one command, acting as the application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from cli.surroundings import database
from db.pool import APPLICATION_ROLE
from db.ready import missing_migrations
from enms.errors import ConflictError, UnavailableError
from enms.settings import Settings


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the database of this installation.

    Raises:
        UnavailableError: the server cannot be reached, or refuses the login.
        ConflictError: its schema is not this version's.
    """
    async with database(settings) as dsn:
        try:
            connection = await asyncpg.connect(dsn, server_settings={"application_name": "enms-command"})
        except asyncpg.ClientConfigurationError as problem:
            raise UnavailableError(f"ENMS_DATABASE_URL: {problem}") from problem
        except (OSError, asyncpg.PostgresError) as problem:
            raise UnavailableError(f"the database does not answer: {problem}") from problem
        try:
            if missing := await missing_migrations(connection):
                raise ConflictError(f"the database lacks {', '.join(missing)}: run `enms migrate` first")
            # SET ROLE takes no parameter
            await connection.execute("SELECT set_config('role', $1, false)", APPLICATION_ROLE)
            yield connection
        finally:
            await connection.close()
