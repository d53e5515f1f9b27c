"""A backup restores to the same rows, on the same engine and on another; what is damaged is refused."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from db import migrate as migrations
from db.backup import Manifest, backup, check, read_manifest, restore
from db.engine import read_engine
from db.migrate import migrate
from db.readings import keep_revisions
from db.storage import compress_readings
from enms.errors import ConflictError, InputError
from tests.conftest import Cluster
from tests.timescale.conftest import DAY, T0, WEEK, Store, put, series

NOW = T0 + 3 * WEEK


@pytest.fixture
async def filled(store: Store) -> Store:
    await put(store, series(store, "a", T0, 4000), series(store, "b", T0, 4000))
    async with store.pool.acquire() as connection:
        await keep_revisions(connection, series(store, "a", T0 + DAY, 3))
        await connection.execute(
            "INSERT INTO interval SELECT e, p, $1, 1.0 / 3, 900, 0, 0, 0, false, 1, $1 FROM point", T0
        )
        await connection.execute(
            "INSERT INTO quarantine VALUES (0, '\\x01', 'json', '坏', 't', '\\xff00', 2, $1, $1, 7)", T0
        )
        await connection.execute(
            "INSERT INTO finding VALUES ($1, 1, 'gap', $2, 'infinity', '{\"a\": [1.10]}', $2)", store.e, T0
        )
    return store


@pytest.fixture(params=["same engine", "bundled"])
async def target(request: pytest.FixtureRequest, store: Store, cluster: Cluster) -> AsyncIterator[str]:
    """An empty database: beside the saved one, or on the session's server."""
    name = f"enms_test_restored_{os.getpid()}"
    on = Cluster(admin=store.owner, owner=store.owner) if request.param == "same engine" else cluster
    try:
        yield await on.create(name)
    finally:
        await on.drop(name)


async def digests(dsn: str, tmp_path: Path) -> Manifest:
    return await backup(dsn, tmp_path / "again.zip", NOW)


async def test_what_is_restored_is_what_was_saved(filled: Store, target: str, tmp_path: Path) -> None:
    file = tmp_path / "b.zip"
    saved = await backup(filled.owner, file, NOW)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert check(file) == saved
    assert {t.name: t.rows for t in saved.tables}["reading"] == 8000
    await restore(target, file)
    again = await digests(target, tmp_path)
    assert again.tables == saved.tables
    assert again.identities == saved.identities
    assert again.migrations == saved.migrations


async def test_life_goes_on_after_a_restore(filled: Store, target: str, tmp_path: Path) -> None:
    await backup(filled.owner, tmp_path / "b.zip", NOW)
    await restore(target, tmp_path / "b.zip")
    connection = await asyncpg.connect(target)
    try:
        highest = await connection.fetchval("SELECT max(p) FROM point")
        new = await connection.fetchval(
            "INSERT INTO point (e, code, registered_at) VALUES ($1, 'new', $2) RETURNING p", filled.e, T0
        )
        assert new > highest
        engine = await read_engine(connection)
        if engine.hypertables:
            assert await connection.fetchval("SELECT count(*) FROM show_chunks('reading')") == 2
        assert (await migrate(target)).applied == ()
    finally:
        await connection.close()


async def test_compressed_readings_are_saved_like_others(columnstore: Store, filled: Store, tmp_path: Path) -> None:
    before = await backup(filled.owner, tmp_path / "1.zip", NOW)
    async with filled.pool.acquire() as connection:
        assert await compress_readings(connection, T0 + WEEK)
    after = await backup(filled.owner, tmp_path / "2.zip", NOW)
    assert before.tables == after.tables


async def test_an_older_backup_is_brought_to_this_version(
    filled: Store, empty_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await backup(filled.owner, tmp_path / "b.zip", NOW)
    newer = tmp_path / "migrations"
    newer.mkdir()
    for script in migrations.FOLDER.glob("*.sql"):
        (newer / script.name).write_bytes(script.read_bytes())
    (newer / "9999_newer.sql").write_text("CREATE TABLE newer (n integer);")
    monkeypatch.setattr(migrations, "FOLDER", newer)
    monkeypatch.setattr(migrations.migrate, "__defaults__", (newer,))
    await restore(empty_dsn, tmp_path / "b.zip")
    connection = await asyncpg.connect(empty_dsn)
    try:
        assert await connection.fetchval("SELECT count(*) FROM newer") == 0
        assert await connection.fetchval("SELECT count(*) FROM reading") == 8000
    finally:
        await connection.close()


async def test_a_used_database_is_refused(filled: Store, tmp_path: Path) -> None:
    await backup(filled.owner, tmp_path / "b.zip", NOW)
    with pytest.raises(ConflictError, match="plants or readings"):
        await restore(filled.owner, tmp_path / "b.zip")
    assert await filled.pool.fetchval("SELECT count(*) FROM reading") == 8000


async def test_damage_is_noticed_and_nothing_loaded(filled: Store, empty_dsn: str, tmp_path: Path) -> None:
    file, other = tmp_path / "b.zip", tmp_path / "o.zip"
    await backup(filled.owner, file, NOW)
    with zipfile.ZipFile(file) as whole, zipfile.ZipFile(other, "w") as changed:
        for member in whole.namelist():
            content = whole.read(member)
            if member == "tables/interval.copy":
                content = content.replace(bytes.fromhex("3fd5555555555555"), bytes.fromhex("3fd5555555555556"), 1)
            changed.writestr(member, content)
    check(other)  # a sound zip of other rows
    with pytest.raises(InputError, match="interval"):
        await restore(empty_dsn, other)
    connection = await asyncpg.connect(empty_dsn)
    try:
        assert await connection.fetchval("SELECT count(*) FROM reading") == 0
    finally:
        await connection.close()
    await restore(empty_dsn, file)


async def test_files_that_are_no_backup(filled: Store, tmp_path: Path) -> None:
    file = tmp_path / "b.zip"
    await backup(filled.owner, file, NOW)
    with pytest.raises(ConflictError, match="exists"):
        await backup(filled.owner, file, NOW)
    octets = bytearray(file.read_bytes())
    octets[len(octets) // 3] ^= 0xFF
    (tmp_path / "bit.zip").write_bytes(octets)
    with pytest.raises(InputError):
        check(tmp_path / "bit.zip")
    (tmp_path / "cut.zip").write_bytes(octets[: len(octets) // 2])
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("readme", "")
    for name in ("cut.zip", "other.zip", "absent.zip"):
        with pytest.raises(InputError):
            read_manifest(tmp_path / name)


async def test_a_snapshot_of_one_instant(filled: Store, tmp_path: Path) -> None:
    """Rows committed while a backup runs are all in it, or none of them is."""
    manifest = await backup(filled.owner, tmp_path / "b.zip", NOW)
    await put(filled, series(filled, "c", T0 + timedelta(seconds=1), 10))
    assert (await backup(filled.owner, tmp_path / "c.zip", NOW)).rows == manifest.rows + 10
