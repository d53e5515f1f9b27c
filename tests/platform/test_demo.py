"""`enms demo` as a person starts, stops, kills and starts it again."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil
import pytest

from tests.waiting import eventually, gone

ROOT = Path(__file__).parents[2]
PLANTS = ("demo-steel", "demo-rare-earth", "demo-power")


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="enms-test-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@dataclass
class Demo:
    """A running demo: its process and the address of its console."""

    process: asyncio.subprocess.Process
    url: str

    def family(self) -> list[psutil.Process]:
        """Every process it started, at this moment."""
        return psutil.Process(self.process.pid).children(recursive=True)

    async def newest(self, client: httpx.AsyncClient, plant: str) -> list[datetime]:
        """Instants of the newest readings of a plant; none while it is not there yet."""
        try:
            answer = await client.get(f"{self.url}/api/v1/points/latest", params={"enterprise": plant, "limit": 1000})
        except httpx.TransportError:
            return []
        if answer.status_code != 200:
            return []
        return [datetime.fromisoformat(item["t"]) for item in answer.json()["items"] if item["t"]]

    async def live(self, since: datetime) -> None:
        """Wait until every plant has readings from after `since`."""
        async with httpx.AsyncClient() as client:

            async def every_plant() -> bool:
                assert self.process.returncode is None
                return all([any(t > since for t in await self.newest(client, plant)) for plant in PLANTS])

            await eventually(every_plant, 60, every_s=0.2)


async def _start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", "demo", *arguments, cwd=ROOT, start_new_session=True,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


@asynccontextmanager
async def _demo(folder: Path, port: int, *more: str) -> AsyncIterator[Demo]:
    process = await _start("--data-dir", str(folder), "--port", str(port), "--days", "0.1", *more)
    assert process.stderr is not None
    reading = asyncio.create_task(process.stderr.read())
    try:
        yield Demo(process, f"http://127.0.0.1:{port}")
    finally:
        family = psutil.Process(process.pid).children(recursive=True) if process.returncode is None else []
        pids = [one.pid for one in family]
        if process.returncode is None:
            process.kill()
        await process.wait()
        await gone(*pids)  # they see to their files before they go
        sys.stderr.write((await reading).decode())


async def test_start_kill_start_again_and_stop(folder: Path, free_port: int) -> None:
    begun = datetime.now(UTC)
    async with _demo(folder, free_port) as demo:
        await demo.live(begun - timedelta(minutes=3))
        family = demo.family()
        names = {one.name() for one in family}
        assert any("postgres" in name for name in names)
        assert any("mosquitto" in name for name in names)
        demo.process.kill()
        await gone(*(one.pid for one in family))
    async with _demo(folder, free_port) as demo:
        again = datetime.now(UTC)
        await demo.live(again - timedelta(minutes=3))
        async with httpx.AsyncClient() as client:
            span = {"enterprise": "demo-steel", "from": begun.isoformat(), "to": again.isoformat()}
            answer = await client.get(
                f"{demo.url}/api/v1/readings", params={**span, "point": "bf1.elec.active_energy", "resolution": "raw"}
            )
            assert answer.status_code == 200
            values = [item["value"] for item in answer.json()["items"]]
            assert values == sorted(values)  # the register goes on where it stood
        family = demo.family()
        stopping = time.monotonic()
        os.killpg(demo.process.pid, signal.SIGINT)
        assert await demo.process.wait() == 0
        await gone(*(one.pid for one in family))
        assert time.monotonic() - stopping < 5


async def test_a_taken_port_is_one_clear_line(folder: Path, free_port: int) -> None:
    listener = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", free_port)
    async with listener:
        process = await _start("--data-dir", str(folder), "--port", str(free_port))
        _, said = await process.communicate()
    assert process.returncode == 1
    assert said.decode() == (
        f"enms: port {free_port} on 127.0.0.1 is taken: choose another with --port or ENMS_HTTP_PORT\n"
    )


async def test_data_of_another_version_is_one_clear_line(folder: Path, free_port: int) -> None:
    data = folder / "postgres"
    data.mkdir(mode=0o700)
    (data / "PG_VERSION").write_text("14\n")
    process = await _start("--data-dir", str(folder), "--port", str(free_port))
    _, said = await process.communicate()
    assert process.returncode == 1
    assert said.decode() == (
        f"enms: {data} was made by PostgreSQL 14, the bundled server is 18: set ENMS_DATA_DIR to another folder, "
        "or move the data with pg_dump of the old version\n"
    )


async def test_a_second_demo_on_the_same_data_is_one_clear_line(folder: Path, free_port: int) -> None:
    async with _demo(folder, free_port, "--no-fill") as demo:
        lock = folder / ".postgres.lock"
        await eventually(lambda: lock.exists() and lock.read_text())
        second = await _start("--data-dir", str(folder), "--port", str(free_port + 1))
        _, said = await second.communicate()
        assert second.returncode == 1
        assert said.decode() == (
            f"enms: {folder / 'postgres'} is in use by another start (process {demo.process.pid})\n"
        )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_missing_permission_is_one_clear_line(folder: Path, free_port: int) -> None:
    folder.chmod(0o500)  # noqa: ASYNC240 - returns at once
    process = await _start("--data-dir", str(folder / "data"), "--port", str(free_port))
    _, said = await process.communicate()
    folder.chmod(0o700)  # noqa: ASYNC240 - returns at once
    assert process.returncode == 1
    assert said.decode() == f"enms: no permission to keep data in {folder / 'data'}: Permission denied\n"


async def test_a_usage_error_is_status_2() -> None:
    process = await _start("--speed", "slow")
    await process.communicate()
    assert process.returncode == 2
