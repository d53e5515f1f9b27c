"""`enms storage`: what the database takes up, housekeeping by hand, backup and restore."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from cli.database import connected
from cli.surroundings import database, database_dsn, database_folder, load_settings
from db.backup import Manifest, backup, check, restore
from db.embedded import EmbeddedServer
from db.pool import PROBLEMS
from db.storage import Compressed, Retained, Status, compress_readings, read_status, retain_readings
from enms.errors import UnavailableError
from enms.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Status, compression, retention, backup and restore.")

T = TypeVar("T")
BackupFile = Annotated[Path, typer.Argument(help="The backup (zip).")]


@app.command()
def status() -> None:
    """Tables by size, chunks of readings, the oldest reading."""
    settings = load_settings()
    found = asyncio.run(_status(settings))
    typer.echo(str(found.engine))
    for table in found.tables[:12]:
        typer.echo(f"  {table.name:<22}{table.rows:>16,} rows {_mb(table.bytes):>12}")
    if found.chunks:
        packed = [chunk for chunk in found.chunks if chunk.compressed]
        late = sum(chunk.pending > 0 for chunk in packed)
        typer.echo(
            f"readings: {len(found.chunks)} chunks, {len(packed)} compressed ({_mb(sum(c.bytes for c in packed))})"
            + (f", {late} of them with late readings to be compressed again" if late else "")
        )
    oldest = found.oldest_reading.astimezone(settings.zone).isoformat() if found.oldest_reading else "none"
    kept = f"{settings.retention_days} days" if settings.retention_days else "for ever"
    typer.echo(f"oldest reading: {oldest}; kept: {kept}; compressed after {settings.compress_after_days} days")


@app.command()
def compress(
    after_days: Annotated[int | None, typer.Option(min=0, help="Default ENMS_COMPRESS_AFTER_DAYS.")] = None,
) -> None:
    """Compress old readings now, and what came late into compressed ones."""
    settings = load_settings()
    days = settings.compress_after_days if after_days is None else after_days
    done = asyncio.run(_compress(settings, datetime.now(UTC) - timedelta(days=days)))
    if done is None:
        typer.echo("this engine does not compress: nothing done")
        return
    before, after = sum(c.before for c in done), sum(c.after for c in done)
    ratio = f", ratio {before / after:.1f}" if after else ""
    typer.echo(f"compressed {len(done)} chunks: {_mb(before)} to {_mb(after)}{ratio}")


@app.command()
def retain(
    days: Annotated[int | None, typer.Option(min=35, help="Days to keep; default ENMS_RETENTION_DAYS.")] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Give up readings past their retention now. They cannot be had back; the ledger stays."""
    settings = load_settings()
    keep = settings.retention_days if days is None else days
    if not keep:
        typer.echo("readings are kept for ever (ENMS_RETENTION_DAYS=0)")
        return
    before = datetime.now(UTC) - timedelta(days=keep)
    if not yes:
        typer.confirm(f"Give up all readings before {before.date().isoformat()}?", abort=True)
    done = asyncio.run(_retain(settings, before))
    if done.waiting:
        raise UnavailableError(f"the ledger has {done.waiting} spans to derive first; nothing was given up")
    if done.cutoff is None:
        typer.echo("nothing is that old")
        return
    what = f"{len(done.chunks)} chunks" if done.chunks else f"{done.readings:,} readings"
    typer.echo(f"gave up {what} before {done.cutoff.isoformat()}; sealed {done.sealed} points")


@app.command(name="backup")
def backup_(
    file: Annotated[Path | None, typer.Argument(help="Default enms-DATE.zip here; a folder takes that name.")] = None,
) -> None:
    """Save everything in the database to one file, while it runs."""
    now = datetime.now(UTC)
    name = f"enms-{now:%Y%m%dT%H%M%SZ}.zip"
    target = Path(name) if file is None else file / name if file.is_dir() else file
    manifest = asyncio.run(_answered(_backup(load_settings(), target, now)))
    typer.echo(f"{target}: {_contents(manifest)}, {_mb(target.stat().st_size)}")


@app.command(name="check")
def check_(file: BackupFile) -> None:
    """Read a backup through, and say what is in it; touches no database."""
    manifest = check(file)
    typer.echo(f"{file}: sound, {_contents(manifest)}, made {manifest.made_at.isoformat()} on {manifest.engine}")
    for table in sorted(manifest.tables, key=lambda t: -t.rows):
        if table.rows:
            typer.echo(f"  {table.name:<22}{table.rows:>16,} rows  {table.digest}")


@app.command(name="restore")
def restore_(file: BackupFile) -> None:
    """Load a backup into an empty database (ENMS_DATABASE_URL, or a bundled one under another ENMS_DATA_DIR)."""
    manifest = asyncio.run(_answered(_restore(load_settings(), file)))
    typer.echo(f"restored {_contents(manifest)}; every table is as it was saved at {manifest.made_at.isoformat()}")


async def _status(settings: Settings) -> Status:
    async with connected(settings) as connection:
        return await read_status(connection)


async def _compress(settings: Settings, before: datetime) -> list[Compressed] | None:
    async with connected(settings) as connection:
        engine = (await read_status(connection)).engine
        return await compress_readings(connection, before) if engine.columnstore else None


async def _retain(settings: Settings, before: datetime) -> Retained:
    async with connected(settings) as connection:
        return await retain_readings(connection, before)


async def _backup(settings: Settings, file: Path, now: datetime) -> Manifest:
    async with database(settings) as dsn:
        return await backup(dsn, file, now)


async def _restore(settings: Settings, file: Path) -> Manifest:
    check(file)
    async with _unmigrated(settings) as dsn:
        return await restore(dsn, file)


@asynccontextmanager
async def _unmigrated(settings: Settings) -> AsyncIterator[str]:
    """As `cli.surroundings.database`, but a bundled one that is started for this stays as empty as it is."""
    dsn = database_dsn(settings, user="enms_migrator")
    if dsn is not None:
        yield dsn
        return
    async with EmbeddedServer(database_folder(settings)) as server:
        yield server.dsn(user="enms_migrator")


async def _answered(work: Coroutine[None, None, T]) -> T:
    try:
        return await work
    except PROBLEMS as problem:
        raise UnavailableError(f"the database does not answer, or refuses: {problem}") from problem


def _contents(manifest: Manifest) -> str:
    return f"{manifest.rows:,} rows in {sum(table.rows > 0 for table in manifest.tables)} tables"


def _mb(octets: int) -> str:
    return f"{octets / 1e6:,.1f} MB"
