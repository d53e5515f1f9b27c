"""What the database engine at hand offers, read once at start (docs: storage engines)."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from db.statements import statements


@dataclass(frozen=True, slots=True)
class Engine:
    """PostgreSQL, with or without TimescaleDB.

    Attributes:
        server: server version as text.
        timescaledb: extension version, None on plain PostgreSQL.
        license: `apache` or `timescale` (community); None on plain PostgreSQL.
    """

    server: str
    timescaledb: str | None
    license: str | None

    @property
    def hypertables(self) -> bool:
        """Whether hypertables, time_bucket and drop_chunks exist."""
        return self.timescaledb is not None

    @property
    def columnstore(self) -> bool:
        """Whether compression, policies and continuous aggregates exist (community licence)."""
        return self.license == "timescale"

    def __str__(self) -> str:
        if self.timescaledb is None:
            return f"PostgreSQL {self.server}"
        return f"PostgreSQL {self.server}, TimescaleDB {self.timescaledb} ({self.license})"


async def read_engine(connection: asyncpg.Connection) -> Engine:
    """Ask the server what it is."""
    row = await statements("engine").read_engine(connection)
    return Engine(server=row["server"], timescaledb=row["timescaledb"], license=row["license"])
