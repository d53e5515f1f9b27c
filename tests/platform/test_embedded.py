"""The bundled server: what STORAGE asks of a launcher, tried on real processes."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from db import postmaster
from db.account import for_service
from db.embedded import EmbeddedServer
from enms.errors import EnvironmentProblem
from tests.waiting import gone

ROOT = Path(__file__).parents[2]
HASTY = {"shared_buffers": "16MB"}

_STARTER = """
import asyncio, sys
from pathlib import Path
from db.embedded import EmbeddedServer
async def main():
    async with EmbeddedServer(Path(sys.argv[1]), settings={"shared_buffers": "16MB"}) as server:
        print(server.pid, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A data folder that was initialised once; tests copy it."""
    folder = Path(tempfile.mkdtemp(prefix="enms-test-"))
    folder.chmod(0o711)

    async def make() -> None:
        async with EmbeddedServer(folder / "pg", settings={**HASTY, "fsync": "off"}):
            pass

    asyncio.run(make())
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def data_dir(made: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="enms-test-"))
    folder.chmod(0o711)
    target = folder / "pg"
    shutil.copytree(made / "pg", target)
    account = for_service(("postgres",), made / "pg")
    target.chmod(0o700)
    for path in (target, *target.rglob("*")):
        os.chown(path, account.uid, account.gid)
    yield target
    shutil.rmtree(folder)


async def _started_elsewhere(data_dir: Path) -> tuple[asyncio.subprocess.Process, int]:
    """A starter in a process of its own, and the postmaster's process id."""
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _STARTER, str(data_dir), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert starter.stdout is not None
    return starter, int(await starter.stdout.readline())


@pytest.fixture
async def folder_in_tmp() -> AsyncIterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="enms-test-"))
    folder.chmod(0o711)  # noqa: ASYNC240 - returns at once
    yield folder
    shutil.rmtree(folder)


async def test_a_new_folder_is_made_and_furnished(folder_in_tmp: Path) -> None:
    async with EmbeddedServer(folder_in_tmp / "a" / "pg", settings=HASTY) as server:
        data_dir = server.data_dir
        assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
        assert data_dir.stat().st_uid != 0
        owner = await asyncpg.connect(server.dsn(user="enms_migrator"))
        application = await asyncpg.connect(server.dsn())
        assert await owner.fetchval("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'enms'") == (
            "enms_owner"
        )
        await owner.execute("CREATE TABLE mine (x int)")
        for connection in (owner, application):
            assert not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await application.execute("SELECT * FROM mine")
        assert await owner.fetchval("SHOW fsync") == "on"
        assert await owner.fetchval("SHOW shared_buffers") == "16MB"
        assert await owner.fetchval("SHOW listen_addresses") == ""
        assert await owner.fetchval("SHOW TimeZone") == "UTC"
        assert postmaster.running(data_dir) == postmaster.Running(server.pid or 0, data_dir, 5432)
        await owner.close()
        await application.close()
    assert postmaster.running(data_dir) is None
    assert {path.name for path in data_dir.parent.iterdir()} == {
        "pg", "pg.log", "pg.hba.conf", "pg.ident.conf", ".pg.lock"
    }  # fmt: skip


async def test_a_killed_parent_leaves_no_server_and_loses_nothing(data_dir: Path) -> None:
    starter, pid = await _started_elsewhere(data_dir)
    server = postmaster.running(data_dir)
    assert server is not None
    connection = await asyncpg.connect(server.dsn("enms", "enms_migrator"))
    await connection.execute("CREATE TABLE kept AS SELECT 1 AS x")
    starter.kill()
    await starter.wait()
    await gone(pid, within_s=10)
    connection.terminate()
    async with EmbeddedServer(data_dir, settings=HASTY) as again:
        connection = await asyncpg.connect(again.dsn(user="enms_migrator"))
        assert await connection.fetchval("SELECT x FROM kept") == 1
        await connection.close()


async def test_a_start_waits_for_a_predecessor_that_is_still_stopping(data_dir: Path) -> None:
    starter, pid = await _started_elsewhere(data_dir)
    starter.kill()
    await starter.wait()
    async with EmbeddedServer(data_dir, settings=HASTY) as server:  # at once, whatever the old one is doing
        assert server.pid != pid


async def test_a_second_starter_gets_one_clear_line(data_dir: Path) -> None:
    starter, pid = await _started_elsewhere(data_dir)
    with pytest.raises(EnvironmentProblem) as refused:
        await EmbeddedServer(data_dir).start()
    assert str(refused.value) == f"{data_dir} is in use by another start (process {starter.pid})"
    assert psutil.pid_exists(pid)
    starter.kill()
    await starter.wait()
    await gone(pid, within_s=10)


async def test_data_of_another_version_is_refused(data_dir: Path) -> None:
    (data_dir / "PG_VERSION").write_text("15\n")
    with pytest.raises(EnvironmentProblem, match=r"was made by PostgreSQL 15, the bundled server is 18: set ENMS_"):
        await EmbeddedServer(data_dir).start()


async def test_a_folder_of_something_else_is_refused(data_dir: Path) -> None:
    (data_dir / "PG_VERSION").unlink()
    with pytest.raises(EnvironmentProblem, match="is not a database folder"):
        await EmbeddedServer(data_dir).start()


async def test_a_stale_process_id_that_now_belongs_to_another_is_left_alone(data_dir: Path) -> None:
    account = for_service(("postgres",), data_dir)
    user = account.uid if os.geteuid() == 0 else None
    stranger = await asyncio.create_subprocess_exec("/bin/sleep", "600", user=user)
    pid_file = data_dir / "postmaster.pid"
    pid_file.write_text(f"{stranger.pid}\n{data_dir}\n1700000000\n5432\n{data_dir}\n\n")
    os.chown(pid_file, account.uid, account.gid)
    async with EmbeddedServer(data_dir, settings=HASTY):
        assert stranger.returncode is None
    assert psutil.pid_exists(stranger.pid)
    stranger.kill()
    await stranger.wait()


async def test_a_crashed_server_recovers(data_dir: Path) -> None:
    server = EmbeddedServer(data_dir, settings=HASTY)
    await server.start()
    connection = await asyncpg.connect(server.dsn(user="enms_migrator"))
    await connection.execute("CREATE TABLE kept AS SELECT 1 AS x")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    assert await server.wait() == -signal.SIGKILL
    await server.stop()
    connection.terminate()
    async with EmbeddedServer(data_dir, settings=HASTY) as again:
        connection = await asyncpg.connect(again.dsn(user="enms_migrator"))
        assert await connection.fetchval("SELECT x FROM kept") == 1
        await connection.close()


async def test_a_path_too_long_for_a_socket(folder_in_tmp: Path) -> None:
    deep = folder_in_tmp / ("d" * 60) / ("e" * 60) / "pg"
    async with EmbeddedServer(deep, settings={**HASTY, "fsync": "off"}) as server:
        found = postmaster.running(deep)
        assert found is not None
        assert found.socket_dir != deep
        assert stat.S_IMODE(found.socket_dir.stat().st_mode) == 0o700
        connection = await asyncpg.connect(server.dsn())
        await connection.close()
    assert not found.socket_dir.exists()


async def test_over_tcp_only_with_a_password(data_dir: Path, free_port: int) -> None:
    async with EmbeddedServer(data_dir, port=free_port, settings=HASTY) as server:
        connection = await asyncpg.connect(server.dsn("postgres", "postgres"))
        await connection.execute("ALTER ROLE enms PASSWORD 'right'")
        await connection.close()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(f"postgresql://enms:wrong@127.0.0.1:{free_port}/enms")
        connection = await asyncpg.connect(f"postgresql://enms:right@127.0.0.1:{free_port}/enms")
        await connection.close()


async def test_a_taken_port_is_one_clear_line(data_dir: Path, free_port: int) -> None:
    listener = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", free_port)
    async with listener:
        with pytest.raises(EnvironmentProblem, match="the database did not start: could not create any TCP/IP"):
            await EmbeddedServer(data_dir, port=free_port, settings=HASTY).start()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_no_permission_is_one_clear_line(folder_in_tmp: Path) -> None:
    folder_in_tmp.chmod(0o500)  # noqa: ASYNC240 - returns at once
    with pytest.raises(EnvironmentProblem, match="no permission to keep the database in"):
        await EmbeddedServer(folder_in_tmp / "pg").start()
    folder_in_tmp.chmod(0o700)  # noqa: ASYNC240 - returns at once


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
async def test_root_keeps_data_where_the_servers_account_can_reach_it(
    folder_in_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = folder_in_tmp / "home"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr("db.account.SERVICE_FOLDER", folder_in_tmp / "service")
    async with EmbeddedServer(closed / "pg", settings={**HASTY, "fsync": "off"}) as server:
        assert server.data_dir.is_relative_to(folder_in_tmp / "service")
        assert list(closed.iterdir()) == []
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
async def test_programs_the_account_cannot_read_are_copied(
    folder_in_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.binaries.SERVICE_FOLDER", folder_in_tmp / "service")
    monkeypatch.setattr("db.binaries.may_read", lambda _file, _account: False)
    async with EmbeddedServer(folder_in_tmp / "pg", settings=HASTY) as server:  # initdb, too
        assert server.pid is not None
        assert Path(psutil.Process(server.pid).exe()).is_relative_to(folder_in_tmp / "service")
