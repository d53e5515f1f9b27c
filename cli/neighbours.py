"""The database and the broker of `enms demo` and `enms serve`: those configured, else bundled ones of our own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import structlog

from cli import role
from cli.broker import LocalBroker
from cli.surroundings import data_dir, database_folder
from db.account import make_folder
from db.embedded import EmbeddedServer
from db.engine import Engine
from db.migrate import migrate
from db.pool import AWAY
from enms.errors import EnvironmentProblem, UnavailableError
from enms.settings import Settings

log = structlog.get_logger()

_STOP_S = 1.2
"""With the roles' drain this stays under 5 s; a database cut short recovers at its next start."""
_REFUSED = (
    asyncpg.InvalidPasswordError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Where the roles find what they need.

    Attributes:
        owner_dsn: login that owns the database.
        dsn: login of the application.
        mqtt_url: the broker.
        broker: what the broker is, for people.
        engine: of the database.
        folder: where data lie.
    """

    owner_dsn: str
    dsn: str
    mqtt_url: str
    broker: str
    engine: Engine
    folder: Path

    @property
    def env(self) -> dict[str, str]:
        """For the roles."""
        return {
            "ENMS_DATABASE_URL": self.dsn,
            "ENMS_MQTT_URL": self.mqtt_url,
            "ENMS_DATA_DIR": str(self.folder),
        }


@asynccontextmanager
async def started(settings: Settings, stop: asyncio.Event) -> AsyncIterator[Neighbours]:
    """Start what is not configured, migrate, and keep it running while the block runs.

    Raises:
        EnvironmentProblem: something cannot be started here: one line saying why.
        UnavailableError: the configured database refuses us.
        role.Stopped: stopped while waiting for a configured database.
    """
    folder = data_dir(settings)
    try:
        make_folder(folder)
    except OSError as problem:
        raise EnvironmentProblem(f"no permission to keep data in {folder}: {problem.strerror}") from problem
    if folder != settings.data_dir.expanduser().absolute():
        log.info("an unprivileged server cannot reach the data folder", asked=str(settings.data_dir), uses=str(folder))
    server = EmbeddedServer(database_folder(settings)) if settings.database_url is None else None
    broker = LocalBroker(folder / "broker", port=settings.mqtt_port) if settings.mqtt_url is None else None
    keepers: list[asyncio.Task[None]] = []
    try:
        if server is not None:
            await server.start()
            keepers.append(asyncio.create_task(_keep("database", server.wait, server.restart)))
        if broker is not None:
            await broker.start()
            keepers.append(asyncio.create_task(_keep("broker", broker.wait, broker.restart)))
        owner_dsn = server.dsn(user="enms_migrator") if server is not None else settings.database_url or ""
        yield Neighbours(
            owner_dsn=owner_dsn,
            dsn=server.dsn() if server is not None else owner_dsn,
            mqtt_url=broker.url if broker is not None else settings.mqtt_url or "",
            broker=broker.kind if broker is not None else "configured",
            engine=await _migrated(owner_dsn, stop),
            folder=folder,
        )
    finally:
        for keeper in keepers:
            keeper.cancel()
        stopping = [one.stop(_STOP_S) for one in (broker, server) if one is not None]
        await asyncio.gather(*stopping)


async def _migrated(dsn: str, stop: asyncio.Event) -> Engine:
    async def attempt() -> Engine:
        try:
            return (await migrate(dsn)).engine
        except _REFUSED as problem:
            raise UnavailableError(f"the database refuses us: {problem}") from problem

    return await role.until("the database", attempt, stop, retry_on=AWAY)


async def _keep(name: str, wait: Callable[[], Awaitable[int]], restart: Callable[[], Awaitable[None]]) -> None:
    """Start a neighbour again whenever it ends by itself; the roles reconnect."""
    while True:
        status = await wait()
        log.error("the %s ended by itself, starting it again", name, status=status)
        await asyncio.sleep(0.5)
        try:
            await restart()
        except EnvironmentProblem as problem:
            log.error("the %s cannot be started", name, reason=str(problem))  # noqa: TRY400 - the reason says it
            await asyncio.sleep(5)
