"""The application's connections: UTC, acting as enms_app, never as the owner."""

from __future__ import annotations

from collections.abc import Mapping

import asyncpg

# Group role of the migrations; SECURITY: the application is never superuser, whatever login it came with.
APPLICATION_ROLE = "enms_app"

AWAY: tuple[type[Exception], ...] = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that was killed while an answer came
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)
"""The database is not there, goes, or has no room for us: the same is asked again later."""
PROBLEMS: tuple[type[Exception], ...] = (*AWAY, asyncpg.PostgresError)
"""What a statement can end with, a refusal among it."""

# What every session of ours sets beside its time zone.
SESSION: Mapping[str, str] = {
    # plans over int4 arrays and time ranges are short; compiling them costs more than they take
    "jit": "off",
    # Late readings into compressed chunks unpack batches of up to 1 000 rows of one point. The limit guards
    # against statements over everything; ours name points and instants. Elsewhere it is a name without effect.
    "timescaledb.max_tuples_decompressed_per_dml_transaction": "0",
}


async def create_pool(dsn: str, *, name: str, size: int = 4, command_timeout_s: float | None = 60) -> asyncpg.Pool:
    """A pool of `size` connections at most, opened as they are needed.

    Args:
        dsn: login that is a member of enms_app.
        name: shown in pg_stat_activity, `enms-ledger` for one.
        size: most connections.
        command_timeout_s: a statement longer than this is cancelled; None never.

    Raises:
        OSError, asyncpg.PostgresError: the server cannot be reached or refuses the login.
    """
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        command_timeout=command_timeout_s,
        server_settings={
            "application_name": name,
            "role": APPLICATION_ROLE,
            "timezone": "UTC",
            **SESSION,
        },
    )
