"""The local broker: the port it takes, what it does without mosquitto, and its end."""

from __future__ import annotations

import asyncio
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import psutil
import pytest

from cli.broker import LocalBroker
from enms.errors import EnvironmentProblem


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="enms-test-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


async def test_the_next_free_port_is_taken(folder: Path, free_port: int) -> None:
    listener = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", free_port)
    async with listener, LocalBroker(folder / "broker", port=free_port) as broker:
        assert free_port < broker.port < free_port + 50
        assert broker.url == f"mqtt://127.0.0.1:{broker.port}"


async def test_a_port_that_must_be_it_and_is_taken_is_one_clear_line(folder: Path, free_port: int) -> None:
    listener = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", free_port)
    async with listener:
        with pytest.raises(EnvironmentProblem, match=f"port {free_port} for the broker is taken"):
            await LocalBroker(folder / "broker", port=free_port, search=False).start()


async def test_a_later_broker_object_uses_the_same_folder(folder: Path, free_port: int) -> None:
    """Its folder is closed to everybody but the broker's account by then."""
    async with LocalBroker(folder / "broker", port=free_port) as first:
        pass
    async with LocalBroker(folder / "broker", port=free_port) as second:
        assert second.folder == first.folder == folder / "broker"


async def test_without_mosquitto_iotcore_serves(folder: Path, free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.broker.mosquitto", lambda: None)
    async with LocalBroker(folder / "broker", port=free_port) as broker:
        assert broker.kind == "iotcore"
        async with aiomqtt.Client(broker.host, broker.port) as client:
            await client.subscribe("a/#", qos=1)
            await client.publish("a/b", b"x" * 1_500_000, qos=1)
            message = await anext(client.messages)
            assert len(message.payload) == 1_500_000


async def test_it_listens_on_loopback_only_and_is_gone_after_stop(folder: Path, free_port: int) -> None:
    broker = LocalBroker(folder / "broker", port=free_port)
    await broker.start()
    pid = broker.pid
    assert pid is not None
    process = psutil.Process(pid)
    listening = [c.laddr.ip for c in process.net_connections() if c.status == psutil.CONN_LISTEN]
    assert listening == ["127.0.0.1"]
    assert process.uids().effective != 0
    assert stat.S_IMODE(broker.folder.stat().st_mode) == 0o700
    await broker.stop()
    assert not psutil.pid_exists(pid)
