"""What every test may ask for: a real database, a real broker, a free port. None of them is ever a stand-in.

- `pg_dsn`       a fresh, migrated database; the login owns it and is a member of enms_app, as the login of
                 ENMS_DATABASE_URL is. Use it for `migrate`, `create_pool` and looking at the outcome.
- `db_pool`      an asyncpg pool on it, made by `db.pool.create_pool`: it acts as enms_app.
- `empty_dsn`    a fresh database without any migration, owned by the login.
- `timescale_dsn` as `pg_dsn`, on TimescaleDB (ENMS_TEST_TIMESCALE_DSN); skipped, loudly, without one.
- `broker`       a broker of the test's own: `.host .port .url`, `await .stop()`, `await .start()` (same port,
                 same sessions), `await .kill()` (as kill -9).
- `free_port`    a TCP port nobody listens on.

One bundled server a session; ENMS_TEST_DATABASE_URL (a login that may create databases and roles)
replaces it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import logging
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import structlog

from cli.broker import LocalBroker, mosquitto
from db.embedded import EmbeddedServer
from db.migrate import migrate
from db.pool import create_pool
from tests.waiting import eventually

# A crash of the machine may cost a test run its database; it is thrown away in any case.
_HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "128MB"}
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A server that tests make databases in.

    Attributes:
        admin: DSN of a login that may create databases.
        owner: DSN of the login that tests get; the path is replaced by the database.
    """

    admin: str
    owner: str

    def dsn(self, database: str) -> str:
        return urlunsplit(urlsplit(self.owner)._replace(path=f"/{database}"))

    async def create(self, database: str, template: str = "template1") -> str:
        owner = urlsplit(self.owner).username or "postgres"
        for last in (False, False, True):
            try:
                await self._run("CREATE DATABASE %I OWNER %I TEMPLATE %I", database, owner, template)
            except asyncpg.ObjectInUseError:  # one of TimescaleDB's workers is just finding out it may not stay
                if last:
                    raise
            else:
                break
        return self.dsn(database)

    async def make_template(self, database: str) -> None:
        """Let `database` be cloned: TimescaleDB keeps a worker connected to every database but a template."""
        await self._run("ALTER DATABASE %I IS_TEMPLATE true", database)

    async def drop_template(self, database: str) -> None:
        with contextlib.suppress(asyncpg.InvalidCatalogNameError):  # never made
            await self._run("ALTER DATABASE %I IS_TEMPLATE false", database)
        await self.drop(database)

    async def drop(self, database: str) -> None:
        async def dropped() -> bool:
            await self._run("DROP DATABASE IF EXISTS %I WITH (FORCE)", database)
            return True

        # A worker of TimescaleDB's may not be put out; it leaves by itself within a moment.
        busy = (asyncpg.InsufficientPrivilegeError, asyncpg.ObjectInUseError)
        await eventually(dropped, 10, every_s=0.2, not_yet=busy)

    async def _run(self, form: str, *names: str) -> None:
        """A statement about databases: no parameter may name one, so the server quotes the names into it."""
        connection = await asyncpg.connect(self.admin)
        try:
            await connection.execute(await connection.fetchval("SELECT format($1, VARIADIC $2::text[])", form, names))
        finally:
            await connection.close()


def _open_folder() -> Path:
    """Not tmp_path: as root that is 0700, and servers run as somebody else."""
    folder = Path(tempfile.mkdtemp(prefix="enms-test-"))
    folder.chmod(0o711)
    return folder


def _fresh_name(kind: str) -> str:
    return f"enms_test_{kind}_{os.getpid()}_{next(_numbers)}"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The session's server."""
    if url := os.environ.get("ENMS_TEST_DATABASE_URL"):
        yield Cluster(admin=url, owner=url)
        return
    folder = _open_folder()
    try:
        with asyncio.Runner() as runner:
            server = EmbeddedServer(folder / "pg", settings=_HASTY)
            runner.run(server.start())
            try:
                yield Cluster(
                    admin=server.dsn("postgres", "postgres"),
                    owner=server.dsn("enms", "enms_migrator"),
                )
            finally:
                runner.run(server.stop(grace_s=10))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> Iterator[str]:
    """Name of a migrated database that nobody is connected to."""
    name = _fresh_name("template")
    with asyncio.Runner() as runner:
        try:
            runner.run(_migrated(cluster, name))
            runner.run(cluster.make_template(name))
            yield name
        finally:
            runner.run(cluster.drop_template(name))


async def _migrated(cluster: Cluster, name: str) -> str:
    dsn = await cluster.create(name)
    await migrate(dsn)
    return dsn


@pytest.fixture
async def pg_dsn(cluster: Cluster, template: str) -> AsyncIterator[str]:
    """A fresh, migrated database."""
    name = _fresh_name("db")
    try:
        yield await cluster.create(name, template)
    finally:
        await cluster.drop(name)


@pytest.fixture
async def empty_dsn(cluster: Cluster) -> AsyncIterator[str]:
    """A fresh database without migrations."""
    name = _fresh_name("empty")
    try:
        yield await cluster.create(name)
    finally:
        await cluster.drop(name)


@pytest.fixture(scope="session")
def timescale() -> Iterator[tuple[Cluster, str]]:
    """A server with TimescaleDB, and the name of a migrated database there that nobody is connected to."""
    url = os.environ.get("ENMS_TEST_TIMESCALE_DSN")
    if not url:
        pytest.skip("ENMS_TEST_TIMESCALE_DSN is not set")
    cluster, name = Cluster(admin=url, owner=url), _fresh_name("template")
    with asyncio.Runner() as runner:
        try:
            runner.run(_migrated(cluster, name))
            runner.run(cluster.make_template(name))
            yield cluster, name
        finally:
            runner.run(cluster.drop_template(name))


@pytest.fixture
async def timescale_dsn(timescale: tuple[Cluster, str]) -> AsyncIterator[str]:
    """A fresh, migrated database on TimescaleDB."""
    (cluster, template), name = timescale, _fresh_name("timescale")
    try:
        yield await cluster.create(name, template)
    finally:
        await cluster.drop(name)


@pytest.fixture
async def db_pool(pg_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool that acts as the application."""
    pool = await create_pool(pg_dsn, name="enms-test")
    try:
        yield pool
    finally:
        await asyncio.wait_for(pool.close(), 10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def free_port() -> int:
    """A TCP port on 127.0.0.1 nobody listens on."""
    return _free_port()


@pytest.fixture
async def broker() -> AsyncIterator[LocalBroker]:
    """A broker of the test's own."""
    folder = _open_folder()
    running = LocalBroker(folder / "broker", port=_free_port())
    try:
        async with running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def _without_mosquitto() -> Iterator[None]:
    """ENMS_TEST_WITHOUT_MOSQUITTO: as on a machine that has none."""
    with pytest.MonkeyPatch.context() as patch:
        if os.environ.get("ENMS_TEST_WITHOUT_MOSQUITTO"):
            patch.setattr("cli.broker.mosquitto", lambda: None)
        yield


@pytest.fixture(autouse=True)
def _logs_of_its_own() -> Iterator[None]:
    """A test that set up logging must not leave its closed standard error to the next one."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


class _Reports(logging.Handler):
    """Collects what an event loop reports of exceptions nobody took."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(self.format(record))


@pytest.fixture(autouse=True)
def _quiet_event_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test whose event loop reported an exception (a task nobody awaited, a failed callback)."""
    reports = _Reports()
    logger = logging.getLogger("asyncio")
    logger.addHandler(reports)
    try:
        yield
        if request.node.get_closest_marker("asyncio") is not None:
            gc.collect()  # an exception nobody took is only reported when its task goes
    finally:
        logger.removeHandler(reports)
    if reports.messages:
        pytest.fail("the event loop reported:\n" + "\n".join(reports.messages), pytrace=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what this run did not cover."""
    missing = []
    if not os.environ.get("ENMS_TEST_TIMESCALE_DSN"):
        missing.append("TimescaleDB: ENMS_TEST_TIMESCALE_DSN is not set; only plain PostgreSQL was tested")
    if mosquitto() is None:
        missing.append("mosquitto is not installed; the broker tests ran against iotcore (apt install mosquitto)")
    if shutil.which("chromium") is None:
        missing.append("chromium is not installed; no browser test ran (apt install chromium)")
    for line in missing:
        terminalreporter.write_sep("!", "NOT COVERED", yellow=True, bold=True)
        terminalreporter.write_line(line, yellow=True)
