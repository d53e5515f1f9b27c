"""`enms simulate` and the publisher below it, against a real broker."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import aiomqtt
import asyncpg
import pytest

from cli import health
from cli.broker import LocalBroker
from cli.publishing import Publisher
from cli.simulate import Run, simulate
from db.plant_load import load_plant
from enms.plant import Plant
from enms.settings import Settings
from ingest.subscriber import Broker
from simulators.scenario import Scenario, plant_files
from tests.waiting import eventually

POWER = plant_files()[2]
START = datetime(2026, 11, 15, 3, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Numbered:
    topic: str
    payload: bytes


class Listener:
    """A client nobody here wrote, subscribed to everything."""

    def __init__(self, broker: LocalBroker, name: str = "listener") -> None:
        self.received: list[aiomqtt.Message] = []
        self._broker = broker
        self._name = name
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._came = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._listen())
        await asyncio.wait_for(self._ready.wait(), 10)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self) -> None:
        """Until it is cancelled; a broker that goes away is waited for."""
        await eventually(self._listen_once, within_s=3600, not_yet=(aiomqtt.MqttError,))

    async def _listen_once(self) -> None:
        async with aiomqtt.Client(
            self._broker.host, self._broker.port, identifier=self._name, clean_session=False
        ) as client:
            await client.subscribe("energy/v1/#", qos=1)
            self._ready.set()
            async for message in client.messages:
                self.received.append(message)
                self._came.set()

    async def until(self, enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not enough():
                self._came.clear()
                await self._came.wait()

    async def until_count(self, count: int) -> None:
        await self.until(lambda: len(self.received) >= count)


def _run(**changes: object) -> Run:
    values: dict[str, object] = {
        "plants": (POWER,),
        "seed": 1,
        "speed": None,
        "start": START,
        "end": START + timedelta(minutes=10),
        "days": None,
        "faults": "none",
        "anchor": None,
        "truth": None,
        "continued": False,
    }
    return Run(**(values | changes))


async def test_the_broker_gets_exactly_the_scenarios_messages(broker: LocalBroker, plants: dict[str, Plant]) -> None:
    wanted = list(Scenario.load([plants["demo-power"]], 1).readings(START, START + timedelta(minutes=10)))
    async with Listener(broker) as listener:
        await asyncio.wait_for(simulate(Settings(mqtt_url=broker.url), _run(), asyncio.Event()), 30)
        await listener.until_count(len(wanted))
    assert [(str(m.topic), m.payload) for m in listener.received] == [(m.topic, m.payload) for m in wanted]


async def test_speed_is_kept(broker: LocalBroker) -> None:
    clock = asyncio.get_running_loop().time
    begun = clock()
    run = _run(end=START + timedelta(minutes=3), speed=60.0)
    await asyncio.wait_for(simulate(Settings(mqtt_url=broker.url), run, asyncio.Event()), 30)
    assert clock() - begun > 1.9, "three minutes at sixty times real time"


async def test_live_catches_up_with_the_clock_and_stops_at_once(broker: LocalBroker) -> None:
    stop = asyncio.Event()
    run = _run(start=datetime.now(UTC) - timedelta(minutes=5), end=None, speed=1.0)
    async with Listener(broker) as listener:
        task = asyncio.create_task(simulate(Settings(mqtt_url=broker.url), run, stop))
        await listener.until_count(12)
        stop.set()
        await asyncio.wait_for(task, 3)
    newest = max(
        json.loads(m.payload)["t"]
        for m in listener.received
        if isinstance(m.payload, bytes) and b'"values"' in m.payload
    )
    assert newest / 1000 <= datetime.now(UTC).timestamp()


async def _numbered(count: int, half: asyncio.Event, go_on: asyncio.Event) -> AsyncIterator[Numbered]:
    for number in range(count):
        if number == count // 2:
            half.set()
            await go_on.wait()
        yield Numbered("energy/v1/demo/gw/readings", str(number).encode())


async def test_nothing_is_lost_when_the_broker_goes_away(broker: LocalBroker) -> None:
    """Killed in the middle: what it had not acknowledged comes again, in order, and the rest follows."""
    half, go_on, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()
    publisher = Publisher(Broker.from_url(broker.url))
    async with Listener(broker) as listener:
        task = asyncio.create_task(publisher.run(_numbered(2000, half, go_on), stop))
        await asyncio.wait_for(half.wait(), 10)
        await listener.until_count(1)
        await broker.stop()
        go_on.set()
        await broker.start()
        await asyncio.wait_for(task, 30)
        await listener.until(lambda: len({m.payload for m in listener.received}) == 2000)
    assert publisher.published >= 2000


@pytest.fixture
def unreached(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set once a publisher has found no broker."""
    found, report = asyncio.Event(), health.report

    def told(part: str, *, ok: bool, detail: str = "") -> None:
        report(part, ok=ok, detail=detail)
        if not ok:
            found.set()

    monkeypatch.setattr(health, "report", told)
    return found


async def test_a_broker_that_is_not_there_yet_is_waited_for(broker: LocalBroker, unreached: asyncio.Event) -> None:
    await broker.stop()
    half, go_on, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()
    go_on.set()
    publisher = Publisher(Broker.from_url(broker.url))
    task = asyncio.create_task(publisher.run(_numbered(10, half, go_on), stop))
    await asyncio.wait_for(unreached.wait(), 10)
    await broker.start()
    await asyncio.wait_for(task, 30)
    assert publisher.published == 10


async def test_stopping_without_a_broker_does_not_hang(free_port: int, unreached: asyncio.Event) -> None:
    half, go_on, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()
    publisher = Publisher(Broker.from_url(f"mqtt://127.0.0.1:{free_port}"))
    task = asyncio.create_task(publisher.run(_numbered(10, half, go_on), stop))
    await asyncio.wait_for(unreached.wait(), 10)
    stop.set()
    await asyncio.wait_for(task, 3)


async def test_registers_go_on_where_the_database_stops(
    broker: LocalBroker, pg_dsn: str, db_pool: asyncpg.Pool, plants: dict[str, Plant]
) -> None:
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    last = now - timedelta(minutes=4)
    async with db_pool.acquire() as connection:
        await load_plant(connection, plants["demo-power"], now=now)
        await connection.execute(
            "INSERT INTO reading SELECT e, p, $1, NULL, 777777.5, 0, 0, $1 FROM point WHERE code = $2",
            last,
            "u1.gen.active_energy",
        )
    settings = Settings(mqtt_url=broker.url, database_url=pg_dsn)
    run = _run(start=None, end=now, continued=True)
    async with Listener(broker) as listener:
        await asyncio.wait_for(simulate(settings, run, asyncio.Event()), 30)
        await listener.until_count(8)
    read = [
        (body["t"], body["values"]["u1.gen.active_energy"])
        for m in listener.received
        if isinstance(m.payload, bytes) and "u1.gen.active_energy" in (body := json.loads(m.payload))["values"]
    ]
    assert min(t for t, _ in read) == (last.timestamp() + 60) * 1000
    assert all(777777.5 < value < 777780 for _, value in read)


def test_the_command_line(tmp_path: Path) -> None:
    """Usage mistakes end with 2 and a line that names them; --help needs no broker."""

    def enms(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli", "simulate", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert enms("--help").returncode == 0
    for arguments, said in (
        (("--speed", "fast"), "--speed"),
        (("--from", "2026-11-22T18:00:00"), "--from"),
        (("--faults", "gremlin"), "gremlin"),
    ):
        done = enms(*arguments)
        assert done.returncode == 2
        assert said in done.stderr
    broken = tmp_path / "plant.yaml"
    broken.write_text("enterprise: {}\n")
    done = enms("--plant", str(broken), "--mqtt-url", "mqtt://127.0.0.1:1")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


async def test_a_run_writes_its_truth_and_ends_on_sigterm(tmp_path: Path, broker: LocalBroker) -> None:
    truth = tmp_path / "truth.jsonl"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "simulate", "--plant", "power", "--faults", "all", "--truth", str(truth)),
        env=os.environ | {"ENMS_MQTT_URL": broker.url},
    )
    try:
        await eventually(lambda: truth.exists() or process.returncode is not None, 60)
        assert process.returncode is None
        lines = [json.loads(line) for line in truth.read_text().splitlines()]
        assert {"kind", "enterprise", "points", "from", "to", "size", "visible", "why"} <= set(lines[0])
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 5) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
