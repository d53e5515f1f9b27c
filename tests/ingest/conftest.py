"""A small plant, and what the tests of ingest ask of the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from db.plant_load import load_plant
from enms.plant_file import parse_plant
from ingest.messages import Decoder
from ingest.pipeline import Pipeline
from ingest.registry import Registry

REGISTERED = datetime(2026, 1, 1, tzinfo=UTC)
PLANT = """
enterprise: {code: demo, name: {zh: 示范, en: Demo}, industry: other}
processes:
  - {code: line, name: {zh: 一线, en: Line}, kind: other}
points:
  - {code: a, process: line, carrier: electricity, unit: kWh}
  - {code: b, process: line, carrier: electricity, reading: gauge, unit: kW}
  - {code: c, process: line, carrier: electricity, unit: kWh}
  - {code: out, process: line, role: output, reading: interval, unit: t, period_s: 3600}
  - {code: net, process: line, carrier: electricity, virtual: [{point: a, sign: 1}, {point: c, sign: -1}]}
"""


@pytest.fixture
def plant_text() -> str:
    return PLANT


@pytest.fixture
async def plant(db_pool: asyncpg.Pool) -> asyncpg.Pool:
    """The pool of a database that knows enterprise `demo`."""
    async with db_pool.acquire() as connection:
        await load_plant(connection, parse_plant(PLANT, "test"), now=REGISTERED)
    return db_pool


@pytest.fixture
def pipeline(plant: asyncpg.Pool) -> Pipeline:
    return Pipeline(Decoder(1_048_576), Registry(plant), 20_000)


class Proxy:
    """Stands between a client and the database's socket, so that the way between them can break."""

    def __init__(self, dsn: str) -> None:
        self._parts = urlsplit(dsn)
        query = parse_qs(self._parts.query)
        self._folder, self._socket_port = query.get("host", [""])[0], query.get("port", ["5432"])[0]
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._is_cut = False
        self.port = 0

    @property
    def dsn(self) -> str:
        """The database, through here."""
        login = self._parts.netloc.rpartition("@")[0]  # with its password, where the server wants one
        return f"postgresql://{login}@127.0.0.1:{self.port}{self._parts.path}"

    async def open(self) -> None:
        self._is_cut = False
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Break every connection and refuse new ones."""
        assert self._server is not None
        self._is_cut = True
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        self._flows.set()

    def stall(self) -> None:
        """Connections stand, and nothing comes through."""
        self._flows.clear()

    def flow(self) -> None:
        """Everything comes through again."""
        self._flows.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:  # taken just before that
            writer.transport.abort()
            return
        self._writers.add(writer)  # first: a cut while the way on is made breaks this one, too
        if self._folder:
            socket = f"{self._folder}/.s.PGSQL.{self._socket_port}"
            there, back = await asyncio.open_unix_connection(socket)
        else:
            there, back = await asyncio.open_connection(self._parts.hostname, self._parts.port)
        self._writers.add(back)
        await asyncio.gather(self._pump(reader, back), self._pump(there, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


@pytest.fixture
async def proxy(pg_dsn: str) -> AsyncIterator[Proxy]:
    """The test's database behind something that can be cut."""
    proxy = Proxy(pg_dsn)
    await proxy.open()
    yield proxy
    await proxy.cut()
