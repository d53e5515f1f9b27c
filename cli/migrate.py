"""`enms migrate`: bring the database to this version's schema."""

from __future__ import annotations

import asyncio

import asyncpg
import typer

from cli.surroundings import database, load_settings
from db.migrate import migrate
from enms.errors import UnavailableError
from enms.settings import Settings


def command() -> None:
    """Bring the database to this version's schema; nothing happens when it is there already."""
    asyncio.run(_migrate(load_settings()))


async def _migrate(settings: Settings) -> None:
    async with database(settings) as dsn:
        try:
            done = await migrate(dsn)
        except (OSError, asyncpg.PostgresError) as problem:
            raise UnavailableError(f"cannot migrate the database: {problem}") from problem
    applied = ", ".join(done.applied) or "nothing to apply"
    typer.echo(f"{done.engine}: {applied}")
