"""A database, a broker and roles for one measurement, all on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import psutil

from cli.broker import LocalBroker
from db.embedded import EmbeddedServer
from db.migrate import migrate
from db.plant_load import load_plant
from enms.plant_file import parse_plant

ROOT = Path(__file__).parents[1]
ENTERPRISE = "bench"
_STARTS_WITHIN_S = 30.0


@dataclass(slots=True)
class Stand:
    """What runs.

    Attributes:
        points: codes of the registered points.
    """

    folder: Path
    server: EmbeddedServer
    broker: LocalBroker
    pool: asyncpg.Pool
    points: tuple[str, ...]
    roles: dict[str, Role] = field(default_factory=dict)

    @property
    def dsn(self) -> str:
        return self.server.dsn()

    async def start(self, name: str, **env: str) -> Role:
        """Start `enms {name}` and wait until its /health says it is well."""
        port = free_port()
        whole = {
            **os.environ,
            "ENMS_DATABASE_URL": self.dsn,
            "ENMS_MQTT_URL": self.broker.url,
            "ENMS_DATA_DIR": str(self.folder / "data"),
            "ENMS_HEALTH_PORT": str(port),
            "ENMS_LOG_LEVEL": "WARNING",
            **env,
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: ASYNC220 - returns at once
                [sys.executable, "-m", "cli", name], cwd=ROOT, env=whole, stdout=log, stderr=log
            )
        role = Role(name, process, port)
        self.roles[name] = role
        await role.well()
        return role

    async def readings(self) -> int:
        """Rows in the table of readings."""
        found: int = await self.pool.fetchval("SELECT count(*) FROM reading")
        return found

    async def holds(self, readings: float) -> None:
        """Wait until there are so many readings."""

        async def enough() -> bool:
            return await self.readings() >= readings

        await until(enough, every_s=0.02)


@dataclass(slots=True)
class Role:
    """A role's process."""

    name: str
    process: subprocess.Popen[bytes]
    port: int

    async def well(self) -> None:
        """Wait until /health is."""
        end = time.monotonic() + _STARTS_WITHIN_S
        async with httpx.AsyncClient() as client:
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(f"http://127.0.0.1:{self.port}/health")).status_code == 200:
                        return
                if time.monotonic() > end or self.process.poll() is not None:
                    raise RuntimeError(f"{self.name} did not start: see its log")
                await asyncio.sleep(0.05)

    async def metric(self, name: str) -> float:
        """A counter or gauge of its /metrics."""
        async with httpx.AsyncClient() as client:
            text = (await client.get(f"http://127.0.0.1:{self.port}/metrics")).text
        return sum(
            float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name
        )

    def rss(self) -> float:
        """Resident memory, MB."""
        return psutil.Process(self.process.pid).memory_info().rss / 1e6

    def cpu_s(self) -> float:
        """Processor time so far, seconds."""
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    def kill(self) -> None:
        """As a crash."""
        self.process.kill()
        self.process.wait()

    async def stop(self) -> None:
        """SIGTERM, and wait."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(self.process.wait, 10)


async def until(what: Callable[[], Awaitable[bool]], *, within_s: float = 300, every_s: float = 0.05) -> None:
    """Wait for a condition."""
    end = time.monotonic() + within_s
    while not await what():
        assert time.monotonic() < end, f"it did not come within {within_s:g} s"
        await asyncio.sleep(every_s)


def free_port() -> int:
    """A TCP port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder that servers running as somebody else can enter; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="enms-bench-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def stand(
    folder: Path, *, points: int, plant: str | None = None, default_queue: bool = False
) -> AsyncIterator[Stand]:
    """A fresh database with `points` points of enterprise `bench`, and a broker.

    Args:
        folder: emptied by the caller.
        points: registers, kWh.
        plant: a plant file's text, instead of one with such points.
        default_queue: mosquitto as Debian installs it, with a queue of 1000 messages, instead of ours.
    """
    broker = (DefaultBroker if default_queue else LocalBroker)(folder / "broker", port=free_port())
    async with EmbeddedServer(folder / "postgres") as server, broker:
        await migrate(server.dsn(user="enms_migrator"))
        pool = await asyncpg.create_pool(server.dsn(user="enms_migrator"), min_size=0, max_size=4)
        codes = tuple(f"line{n % 20}.meter{n}.energy" for n in range(points))
        async with pool.acquire() as connection:
            await load_plant(connection, parse_plant(plant or _plant(codes), "bench"), now=datetime.now(UTC))
        built = Stand(folder, server, broker, pool, codes)
        try:
            yield built
        finally:
            for role in built.roles.values():
                await role.stop()
            pool.terminate()


def _plant(codes: tuple[str, ...]) -> str:
    head = (
        f"enterprise: {{code: {ENTERPRISE}, name: {{zh: 测, en: Bench}}, industry: other}}\n"
        "processes:\n  - {code: line, name: {zh: 线, en: Line}, kind: other}\npoints:\n"
    )
    return head + "".join(f"  - {{code: {code}, process: line, carrier: electricity, unit: kWh}}\n" for code in codes)


class DefaultBroker(LocalBroker):
    """mosquitto with its defaults: at most 1000 messages wait for a client, 20 are on their way to it."""

    def _command(self) -> list[str | Path]:
        command = super()._command()
        if self.kind == "mosquitto":
            written = Path(command[-1])
            kept = ("listener", "allow_anonymous", "set_tcp_nodelay")
            lines = [line for line in written.read_text().splitlines() if line.startswith(kept)]
            written.write_text("\n".join(lines) + "\n")
        return command
