"""Brings a database to the present schema.

`migrations/NNNN_name.sql` are applied once, in order, and never edited: a checksum holds them.
`migrations/repeatable/*.sql` (functions, views, grants) are re-applied, in order of name, when any of them or of
the numbered ones changed. One advisory lock lets many starters race; the losers find nothing to do.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from db.engine import Engine, read_engine
from db.statements import statements
from enms.errors import ConflictError

FOLDER = Path(__file__).parent / "migrations"
# "enms" in ASCII: an advisory lock number nobody else takes by chance.
_LOCK = 0x656E6D73


@dataclass(frozen=True, slots=True)
class Script:
    """One SQL file of the migrations."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Migrated:
    """What `migrate` did."""

    applied: tuple[str, ...]
    repeated: tuple[str, ...]
    engine: Engine


def _scripts(folder: Path) -> list[Script]:
    return [Script(path.name, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.sql"))]


async def migrate(dsn: str, folder: Path = FOLDER) -> Migrated:
    """Bring the database at `dsn` to the present schema; safe to run from many places at once.

    Args:
        dsn: a role that owns the database (and, the first time, may create roles).
        folder: where the migrations are.

    Raises:
        ConflictError: an applied migration was edited, or the database is newer than this program.
    """
    connection = await asyncpg.connect(dsn)
    try:
        await statements("migrate").lock(connection, key=_LOCK)
        try:
            return await _migrate(connection, folder)
        finally:
            await statements("migrate").unlock(connection, key=_LOCK)
    finally:
        await connection.close()


async def _migrate(connection: asyncpg.Connection, folder: Path) -> Migrated:
    sql = statements("migrate")
    await sql.create_bookkeeping(connection)
    known: dict[str, str] = {row["name"]: row["checksum"] async for row in sql.applied(connection)}
    once, repeatable = _scripts(folder), _scripts(folder / "repeatable")
    _refuse_foreign(known, once)
    applied: list[str] = []
    for script in once:
        if script.name not in known:
            async with connection.transaction():
                await connection.execute(script.sql)
                await sql.record(connection, name=script.name, checksum=script.checksum)
            applied.append(script.name)
    await _ensure_hypertables(connection)
    stale = applied or any(known.get(f"repeatable/{s.name}") != s.checksum for s in repeatable)
    if stale:
        async with connection.transaction():
            for script in repeatable:
                await connection.execute(script.sql)
                await sql.record(connection, name=f"repeatable/{script.name}", checksum=script.checksum)
    repeated = tuple(s.name for s in repeatable) if stale else ()
    return Migrated(tuple(applied), repeated, await read_engine(connection))


def _refuse_foreign(known: dict[str, str], once: list[Script]) -> None:
    present = {script.name: script.checksum for script in once}
    for name, checksum in known.items():
        if name.startswith("repeatable/"):
            continue
        if name not in present:
            raise ConflictError(f"the database knows migration {name}, which this version lacks: use a newer one")
        if present[name] != checksum:
            raise ConflictError(f"migration {name} was changed after it was applied to this database")


async def _ensure_hypertables(connection: asyncpg.Connection) -> None:
    """Hypertables where the engine has them; plain tables stay as they are elsewhere."""
    sql = statements("engine")
    engine = await read_engine(connection)
    if not engine.hypertables and await sql.timescaledb_can_be_created(connection):
        await sql.create_timescaledb(connection)
        engine = await read_engine(connection)
    if engine.hypertables:
        if not await sql.hypertable_exists(connection, name="reading"):
            await sql.create_reading_hypertable(connection)
        if not await sql.hypertable_exists(connection, name="interval"):
            await sql.create_interval_hypertable(connection)
    if engine.columnstore and not await sql.reading_columnstore_is_on(connection):
        await sql.turn_reading_columnstore_on(connection)
