"""Backup and restore of everything in the database, the same way on every engine, while it runs.

A backup is one zip file: the rows of every table as PostgreSQL's binary COPY gives them, all of one instant, and
`manifest.json`: applied migrations, identities, and of each table the number of rows and a digest. Restoring brings
an empty database to exactly those migrations, loads, compares the digests, and only then migrates further. Files
carry no trace of the engine: a backup of the bundled PostgreSQL restores into TimescaleDB, and back.

pg_dump would need programs of the server's version, a superuser to restore a TimescaleDB, and the same TimescaleDB on
both sides. Logins and passwords belong to the server and are not in a backup.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from graphlib import TopologicalSorter
from pathlib import Path
from typing import IO

import asyncpg
import msgspec

from db import migrate as migrations
from db.engine import read_engine
from db.statements import statements
from enms.errors import ConflictError, EnvironmentProblem, InputError, Mistake

_MANIFEST = "manifest.json"
_FORMAT = 1
_PIECE = 1 << 20
_LEVEL = 3  # of deflate: what it compresses is mostly doubles
# Digests are over text: it has to be the same everywhere. row_security off: rather an error than half a table.
_SESSION = {
    "timezone": "UTC",
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "row_security": "off",
    "application_name": "enms-backup",
}


class TableContent(msgspec.Struct, frozen=True):
    """A table in a backup: its columns in the order of the file, number of rows, sum of the rows' hashes."""

    name: str
    columns: tuple[str, ...]
    rows: int
    digest: str


class Manifest(msgspec.Struct, frozen=True):
    """What a backup holds. Tables come in an order in which they can be loaded."""

    format: int
    made_at: datetime
    engine: str
    migrations: dict[str, str]
    identities: dict[str, int]
    tables: tuple[TableContent, ...]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


async def backup(dsn: str, file: Path, now: datetime) -> Manifest:
    """Write everything to `file`, which appears complete or not at all, readable by its owner only.

    Args:
        dsn: a login that owns the tables.
        file: must not exist.
        now: aware; written into the manifest.

    Raises:
        ConflictError: the file exists.
        EnvironmentProblem: it cannot be written.
    """
    connection = await asyncpg.connect(dsn, server_settings=_SESSION)
    try:
        with _appearing(file) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
            return await _write(connection, archive, now)
    finally:
        await connection.close()


@contextmanager
def _appearing(file: Path) -> Iterator[IO[bytes]]:
    """A new file under another name until it is complete and on the disk."""
    if file.exists():
        raise ConflictError(f"{file} exists already")
    scratch = file.with_name(f".{file.name}.{os.getpid()}.partial")
    try:
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        scratch.rename(file)
    except OSError as problem:
        raise EnvironmentProblem(f"cannot write {file}: {problem.strerror or problem}") from problem
    finally:
        scratch.unlink(missing_ok=True)


def read_manifest(file: Path) -> Manifest:
    """What a backup holds.

    Raises:
        InputError: no backup, a damaged one, or of a newer format.
    """
    with _opened(file) as archive:
        return _manifest(file, archive)


def check(file: Path) -> Manifest:
    """Read a backup through and compare its checksums; what it holds.

    Raises:
        InputError: as `read_manifest`.
    """
    with _opened(file) as archive:
        manifest = _manifest(file, archive)
        try:
            broken = archive.testzip()
        except (zipfile.BadZipFile, EOFError, OSError) as problem:
            raise _damaged(file, str(problem)) from problem
        if broken is not None:
            raise _damaged(file, f"{broken} is damaged")
    return manifest


async def restore(dsn: str, file: Path) -> Manifest:
    """Load a backup into an empty database, compare digests, migrate to this version.

    Args:
        dsn: a login that may migrate the database.

    Raises:
        InputError: the file is no backup, or what was loaded is not what was saved; nothing is loaded then.
        ConflictError: the database is used, or its schema is not that of the backup.
    """
    with _opened(file) as archive:
        manifest = _manifest(file, archive)
        await _bring_to(dsn, manifest)
        connection = await asyncpg.connect(dsn, server_settings=_SESSION)
        try:
            async with connection.transaction():
                await _load(connection, archive, manifest, file)
        finally:
            await connection.close()
    await migrations.migrate(dsn)
    return manifest


async def _write(connection: asyncpg.Connection, archive: zipfile.ZipFile, now: datetime) -> Manifest:
    sql = statements("backup")
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        contents = []
        for row in _in_loading_order([row async for row in sql.tables(connection)]):
            with archive.open(_member(row["name"]), "w", force_zip64=True) as out:
                await connection.copy_from_query(row["content"], output=_Sink(out).take, format="binary")
            found = await connection.fetchrow(row["digest"])
            contents.append(TableContent(row["name"], tuple(row["names"]), found["rows"], found["digest"]))
        manifest = Manifest(
            format=_FORMAT,
            made_at=now,
            engine=str(await read_engine(connection)),
            migrations=await _migrations(connection),
            identities={row["name"]: row["last_value"] async for row in sql.sequences(connection)},
            tables=tuple(contents),
        )
    archive.writestr(_MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
    return manifest


async def _migrations(connection: asyncpg.Connection) -> dict[str, str]:
    """The numbered migrations that were applied, with their checksums."""
    applied = {row["name"]: row["checksum"] async for row in statements("migrate").applied(connection)}
    return {name: digest for name, digest in applied.items() if not name.startswith("repeatable/")}


async def _bring_to(dsn: str, manifest: Manifest) -> None:
    """Give the database the backup's own migrations, no more."""
    scripts = {path.name: path for path in migrations.FOLDER.glob("*.sql")}
    if unknown := sorted(manifest.migrations.keys() - scripts.keys()):
        raise ConflictError(f"the backup has migrations that this version lacks: {', '.join(unknown)}")
    with tempfile.TemporaryDirectory() as folder:
        for name in manifest.migrations:
            shutil.copy(scripts[name], folder)
        await migrations.migrate(dsn, Path(folder))


async def _load(connection: asyncpg.Connection, archive: zipfile.ZipFile, manifest: Manifest, file: Path) -> None:
    sql = statements("backup")
    if await _migrations(connection) != manifest.migrations:
        raise ConflictError("the database's schema is not that of the backup: restore into an empty database")
    if await sql.is_used(connection):
        raise ConflictError("there are plants or readings in the database: restore into an empty one")
    names = [table.name for table in manifest.tables]
    await connection.execute(await sql.empty_statement(connection, names=names))
    for table in manifest.tables:
        with archive.open(_member(table.name)) as member:
            await connection.copy_to_table(
                table.name, schema_name="public", columns=table.columns, source=_pieces(member), format="binary"
            )
    digests = {row["name"]: row["digest"] async for row in sql.tables(connection)}
    for table in manifest.tables:
        found = await connection.fetchrow(digests[table.name])
        if (found["rows"], found["digest"]) != (table.rows, table.digest):
            raise _damaged(file, f"{table.name} has {found['rows']} rows, other ones than the {table.rows} saved")
    for name, value in manifest.identities.items():
        await sql.set_sequence(connection, name=name, value=value)


def _in_loading_order(rows: Sequence[asyncpg.Record]) -> list[asyncpg.Record]:
    by_name = {row["name"]: row for row in rows}
    order = TopologicalSorter({name: row["refers_to"] for name, row in by_name.items()})
    return [by_name[name] for name in order.static_order()]


class _Sink:
    """Takes COPY's bytes into a zip member."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out

    async def take(self, data: bytes) -> None:
        self._out.write(data)


async def _pieces(member: IO[bytes]) -> AsyncIterator[bytes]:
    while piece := member.read(_PIECE):
        yield piece


def _member(table: str) -> str:
    return f"tables/{table}.copy"


def _opened(file: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (OSError, zipfile.BadZipFile) as problem:
        raise _damaged(file, str(problem)) from problem


def _manifest(file: Path, archive: zipfile.ZipFile) -> Manifest:
    try:
        manifest = msgspec.json.decode(archive.read(_MANIFEST), type=Manifest)
    except (KeyError, zipfile.BadZipFile, msgspec.DecodeError) as problem:
        raise _damaged(file, f"no backup of this product: {problem}") from problem
    if manifest.format > _FORMAT:
        raise _damaged(file, f"written by a newer version (format {manifest.format})")
    return manifest


def _damaged(file: Path, reason: str) -> InputError:
    return InputError(str(file), [Mistake("", reason)])
