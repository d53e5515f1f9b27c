"""A Sparkplug node that is not ours, over a real broker, into the database."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import asyncpg
import pytest

from cli.broker import LocalBroker
from tests.ingest.test_crash import kill, start, subscribed
from tests.ingest.test_service import _is, _reasons, connected, count, ingesting
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
FOREIGN = ROOT / ".venv" / "sparkplug"
NOW = int(time.time()) * 1000

pytestmark = pytest.mark.skipif(not FOREIGN.is_dir(), reason="no Sparkplug client: make install-dev")


class ForeignNode:
    """The program of sparkplug_node.py."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.told: list[str] = []
        self._answers: asyncio.Queue[str] = asyncio.Queue()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            text = line.decode().strip()
            if text.startswith("ncmd"):
                self.told.append(text)
            else:
                self._answers.put_nowait(text)

    async def do(self, what: str, **given: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **given}).encode() + b"\n")
        if what != "crash":
            async with asyncio.timeout(30):
                assert await self._answers.get() == "done"

    async def send(self, kind: str, seq: int, *metrics: dict[str, Any], **more: Any) -> None:
        await self.do("send", kind=kind, seq=seq, metrics=metrics, **more)

    async def asked(self) -> bool:
        return "ncmd Node Control/Rebirth" in self.told

    async def end(self) -> None:
        self._reading.cancel()
        if self._process.returncode is None:
            self._process.kill()
        await self._process.communicate()


@asynccontextmanager
async def foreign(broker: LocalBroker, group: str = "demo", node: str = "gw1") -> AsyncIterator[ForeignNode]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(Path(__file__).with_name("sparkplug_node.py")), str(broker.port), group, node,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(FOREIGN), "PYTHONWARNINGS": "ignore"},  # what its libraries do is old
    )  # fmt: skip
    running = ForeignNode(process)
    try:
        yield running
    finally:
        await running.end()


def metric(name: str | None, value: float | str | None, kind: str = "DOUBLE", *, t: int = NOW, **more: Any) -> Any:
    return {"name": name, "value": value, "type": kind, "t": t, **more}


async def values(pool: asyncpg.Pool, point: str) -> list[tuple[int, float]]:
    rows = await pool.fetch(
        "SELECT r.ts, r.value FROM reading AS r JOIN point AS p USING (e, p) WHERE p.code = $1 ORDER BY r.ts", point
    )
    return [(round(row["ts"].timestamp() * 1000), row["value"]) for row in rows]


async def test_a_node_and_its_device_by_another_library(
    plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path
) -> None:
    """Births, data, a device's data, a clean end; the birth's texts and controls are no readings."""
    async with ingesting(pg_dsn, broker, tmp_path) as service, foreign(broker) as node:
        await connected(service)
        controls = metric("Node Control/Rebirth", False, "BOOLEAN")
        maker = metric("Properties/Hardware Make", "nobody", "STRING")
        await node.do("node", metrics=[metric("a", 1.5), controls, maker], devices={"m7": [metric("b", 3, "INT32")]})
        await eventually(lambda: _is(count(plant), 2))
        await node.do("update", metrics=[metric("a", 2.5, t=NOW + 1000)])
        await node.do("update_device", device="m7", metrics=[metric("b", -7, "INT32", t=NOW + 1000)])
        await eventually(lambda: _is(count(plant), 4))
        assert service._sparkplug.online == 1
        await node.do("stop")
        await eventually(lambda: _is(_online(service), 0))
    assert await values(plant, "a") == [(NOW, 1.5), (NOW + 1000, 2.5)]
    assert await values(plant, "b") == [(NOW, 3), (NOW + 1000, -7)]
    assert await _reasons(plant) == []


async def _online(service: Any) -> int:
    online: int = service._sparkplug.online
    return online


async def test_a_node_that_crashes_is_offline(
    plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path
) -> None:
    async with ingesting(pg_dsn, broker, tmp_path) as service, foreign(broker) as node:
        await connected(service)
        await node.do("node", metrics=[metric("a", 1.5)])
        await eventually(lambda: _is(_online(service), 1))
        await node.do("crash")
        await eventually(lambda: _is(_online(service), 0))


async def test_aliases_nulls_history_and_unknown_points(
    plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path
) -> None:
    async with ingesting(pg_dsn, broker, tmp_path) as service, foreign(broker) as node:
        await connected(service)
        await node.do("node", metrics=[])  # connects; what follows is by hand
        await node.send("NBIRTH", 0, metric("a", 1.0, alias=1), metric("b", 5, "INT64", alias=2))
        await node.send(
            "NDATA", 1, metric(None, 2.0, alias=1, t=NOW + 1), metric(None, -6, "INT64", alias=2, t=NOW + 1)
        )
        await node.send("NDATA", 2, metric(None, 0.5, alias=1, t=NOW - 86_400_000, historical=True))
        await node.send("NDATA", 3, metric(None, None, alias=1, t=NOW + 2, null=True))
        await node.send("NDATA", 4, metric("what", 7.0, t=NOW + 3), types=True)
        await node.send("DBIRTH", 5, metric("c", 9.0), device="m7")
        await eventually(lambda: _is(count(plant), 6))
        await eventually(lambda: _is(_reasons(plant), ["unknown_point"]))
    assert await values(plant, "a") == [(NOW - 86_400_000, 0.5), (NOW, 1.0), (NOW + 1, 2.0)]
    assert await values(plant, "b") == [(NOW, 5), (NOW + 1, -6)]
    assert await values(plant, "c") == [(NOW, 9.0)]
    row = await plant.fetchrow("SELECT topic, detail, e FROM quarantine")
    assert row is not None
    assert row["topic"] == "spBv1.0/demo/NDATA/gw1"
    assert "'what'" in row["detail"]
    assert row["e"] > 0


async def test_an_alias_nobody_announced_asks_for_a_birth(
    plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.service._ASK_S", 0.05)
    async with ingesting(pg_dsn, broker, tmp_path) as service, foreign(broker) as node:
        await connected(service)
        await node.do("node", metrics=[])
        await node.send("NBIRTH", 0, metric("a", 1.0, alias=1))
        await node.send("NDATA", 1, metric(None, 2.0, alias=9, t=NOW + 1))
        await eventually(node.asked)
        await eventually(lambda: _is(_reasons(plant), ["unknown_alias"]))
        await node.send("NBIRTH", 0, metric("a", 1.0, alias=9))
        await node.send("NDATA", 1, metric(None, 3.0, alias=9, t=NOW + 2))
        await eventually(lambda: _is(values(plant, "a"), [(NOW, 1.0), (NOW + 2, 3.0)]))


async def test_a_gap_in_the_count_asks_for_a_birth_and_loses_nothing_else(
    plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.service._ASK_S", 0.05)
    monkeypatch.setattr("ingest.sparkplug_sequence.REORDER_US", 100_000)
    async with ingesting(pg_dsn, broker, tmp_path) as service, foreign(broker) as node:
        await connected(service)
        await node.do("node", metrics=[])
        await node.send("NBIRTH", 250, metric("a", 0.0, alias=1))
        for seq in range(251, 256):
            await node.send("NDATA", seq, metric(None, float(seq), alias=1, t=NOW + seq))
        for seq in range(3):  # 255 is followed by 0
            await node.send("NDATA", seq, metric(None, float(seq), alias=1, t=NOW + 1000 + seq))
        await eventually(lambda: _is(count(plant), 9))
        session = service._sparkplug._sessions["demo", "gw1"]
        assert (session.sequence.expected, session.sequence.missing) == (3, {}), "nothing to ask for, however long"
        assert not service._sparkplug._wanted
        assert not await node.asked()
        await node.send("NDATA", 5, metric(None, 5.0, alias=1, t=NOW + 2005))
        await eventually(node.asked)
        await eventually(lambda: _is(count(plant), 10))
        await eventually(lambda: _is(_reasons(plant), ["sequence_gap"]))
    row = await plant.fetchrow("SELECT q.topic, q.detail, en.code FROM quarantine AS q JOIN enterprise AS en USING (e)")
    assert row is not None
    assert (row["topic"], row["code"]) == ("spBv1.0/demo/+/gw1", "demo")
    assert "seq 3, 4" in row["detail"]


async def test_a_gap_found_while_the_database_is_away_is_written_later(
    plant: asyncpg.Pool, proxy: Any, broker: LocalBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.service._ASK_S", 0.05)
    monkeypatch.setattr("ingest.sparkplug_sequence.REORDER_US", 100_000)
    async with ingesting(proxy.dsn, broker, tmp_path) as service, foreign(broker) as node:
        await connected(service)
        await node.do("node", metrics=[])
        await node.send("NBIRTH", 0, metric("a", 0.0, alias=1))
        await eventually(lambda: _is(count(plant), 1))
        await proxy.cut()
        await node.send("NDATA", 2, metric(None, 2.0, alias=1, t=NOW + 2))
        await eventually(node.asked)
        await proxy.open()
        await eventually(lambda: _is(count(plant), 2))
        await eventually(lambda: _is(_reasons(plant), ["sequence_gap"]))


async def test_what_comes_twice_or_out_of_order_is_stored_once_and_no_gap(
    plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.service._ASK_S", 0.05)
    monkeypatch.setattr("ingest.sparkplug_sequence.REORDER_US", 2_000_000)
    async with ingesting(pg_dsn, broker, tmp_path) as service, foreign(broker) as node:
        await connected(service)
        await node.do("node", metrics=[])
        await node.send("NBIRTH", 0, metric("a", 0.0, alias=1))
        order = (2, 1, 3, 3, 6, 5, 4, 6, 2, 7)
        for seq in order:
            await node.send("NDATA", seq, metric(None, float(seq), alias=1, t=NOW + seq))
        await eventually(lambda: _is(count(plant), 8))
        session = service._sparkplug._sessions["demo", "gw1"]
        assert (session.sequence.expected, session.sequence.missing) == (8, {})
        assert not await node.asked()
    assert await values(plant, "a") == [(NOW + n, float(n)) for n in range(8)]
    assert await _reasons(plant) == []


async def test_a_host_that_comes_late_asks_whoever_speaks(
    plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restart of ingest: names are understood at once, aliases after the birth that is asked for."""
    monkeypatch.setattr("ingest.service._ASK_S", 0.05)
    async with foreign(broker) as node:
        await node.do("node", metrics=[])
        async with ingesting(pg_dsn, broker, tmp_path) as service:
            await connected(service)
            await node.send("NDATA", 17, metric("a", 1.0))
            await eventually(lambda: _is(count(plant), 1))
            await eventually(node.asked)
    assert await _reasons(plant) == []


async def test_what_was_queued_during_a_restart_is_understood_by_alias(
    plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path
) -> None:
    """The broker queues QoS 0 for us, and the node's count goes on where it stood: nothing was missed."""
    async with foreign(broker) as node:
        async with ingesting(pg_dsn, broker, tmp_path) as service:
            await connected(service)
            await node.do("node", metrics=[])
            await node.send("NBIRTH", 0, metric("a", 1.0, alias=1))
            await node.send("NDATA", 1, metric(None, 2.0, alias=1, t=NOW + 1))
            await eventually(lambda: _is(count(plant), 2))
        for seq in range(2, 6):
            await node.send("NDATA", seq, metric(None, float(seq), alias=1, t=NOW + seq))
        async with ingesting(pg_dsn, broker, tmp_path):
            await eventually(lambda: _is(count(plant), 6))
    assert await values(plant, "a") == [(NOW, 1.0), (NOW + 1, 2.0), *((NOW + n, float(n)) for n in range(2, 6))]
    assert await _reasons(plant) == []


async def test_after_a_crash_nothing_is_put_under_an_old_name(
    plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path
) -> None:
    """kill -9 after a birth that gives alias 1 to another point: the count of the clean end before would fit."""
    async with foreign(broker) as node:
        await node.do("node", metrics=[])
        process = await start(pg_dsn, broker, tmp_path)
        await subscribed(broker, plant)
        await node.send("NBIRTH", 0, metric("a", 1.0, alias=1))
        await node.send("NDATA", 1, metric(None, 2.0, alias=1, t=NOW + 1))
        await eventually(lambda: _has(plant, "a", (NOW + 1, 2.0)))
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
        process = await start(pg_dsn, broker, tmp_path)
        await node.send("NBIRTH", 0, metric("b", 10.0, alias=1, t=NOW + 2))
        await node.send("NDATA", 1, metric(None, 20.0, alias=1, t=NOW + 3))
        await eventually(lambda: _has(plant, "b", (NOW + 3, 20.0)))
        await kill(process)
        await node.send("NDATA", 2, metric(None, 30.0, alias=1, t=NOW + 4))
        asked = len(node.told)
        process = await start(pg_dsn, broker, tmp_path)
        await eventually(lambda: _came(plant, NOW + 4))
        assert await _reasons(plant) == ["unknown_alias"]
        await eventually(lambda: _more(node.told, asked))
        await node.send("NBIRTH", 0, metric("b", 40.0, alias=1, t=NOW + 5))
        await node.send("NDATA", 1, metric(None, 50.0, alias=1, t=NOW + 6))
        await eventually(lambda: _has(plant, "b", (NOW + 6, 50.0)))
        await kill(process)
    assert [value for _, value in await values(plant, "a") if value] == [1.0, 2.0]
    assert [value for _, value in await values(plant, "b")] == [10.0, 20.0, 40.0, 50.0]
    assert b"30.0" in await plant.fetchval("SELECT payload FROM quarantine")


async def test_after_a_lost_connection_an_alias_waits_for_a_birth(
    plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was under way is lost, perhaps a birth: a count that fits proves nothing."""
    monkeypatch.setattr("ingest.service._ASK_S", 0.05)
    async with ingesting(pg_dsn, broker, tmp_path) as service, foreign(broker) as node:
        await connected(service)
        await node.do("node", metrics=[])
        await node.send("NBIRTH", 0, metric("a", 1.0, alias=1))
        await node.send("NDATA", 1, metric(None, 2.0, alias=1, t=NOW + 1))
        await eventually(lambda: _is(count(plant), 2))
        lost = service._subscriber._link
        assert lost is not None
        lost.close("cut")
        await eventually(node.asked)
        await node.send("NDATA", 2, metric(None, 3.0, alias=1, t=NOW + 2))
        await eventually(lambda: _came(plant, NOW + 2))
        assert await _reasons(plant) == ["unknown_alias"]
        await node.send("NBIRTH", 0, metric("b", 4.0, alias=1, t=NOW + 3))
        await node.send("NDATA", 1, metric(None, 5.0, alias=1, t=NOW + 4))
        await eventually(lambda: _has(plant, "b", (NOW + 4, 5.0)))
    assert await values(plant, "a") == [(NOW, 1.0), (NOW + 1, 2.0)]


async def test_a_birth_that_comes_while_ingest_ends_leaves_no_old_names(
    plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path
) -> None:
    """It is read no more, and the count after it fits the birth before."""
    async with foreign(broker) as node:
        await node.do("node", metrics=[])
        async with ingesting(pg_dsn, broker, tmp_path) as service:
            await connected(service)
            await node.send("NBIRTH", 0, metric("a", 1.0, alias=1))
            await eventually(lambda: _is(_online(service), 1))
            service._subscriber.reading = False
            await node.send("NBIRTH", 0, metric("b", 2.0, alias=1))
            await eventually(lambda: _is(_online(service), 0))
        await node.send("NDATA", 1, metric(None, 3.0, alias=1, t=NOW + 1))
        async with ingesting(pg_dsn, broker, tmp_path):
            await eventually(lambda: _came(plant, NOW + 1))
    assert await _reasons(plant) == ["unknown_alias"]


async def _has(pool: asyncpg.Pool, point: str, row: tuple[int, float]) -> bool:
    return row in await values(pool, point)


async def _came(pool: asyncpg.Pool, t: int) -> bool:
    """Whether what was measured then is stored, or something is in the quarantine."""
    came: bool = await pool.fetchval(
        "SELECT EXISTS (SELECT FROM reading WHERE ts = to_timestamp($1 / 1000.0)) OR EXISTS (SELECT FROM quarantine)", t
    )
    return came


async def _more(told: list[str], than: int) -> bool:
    return "ncmd Node Control/Rebirth" in told[than:]


async def test_garbage_is_kept_as_it_came(
    plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path
) -> None:
    bad = {
        "spBv1.0/demo/NDATA/gw1": b"\xff\xff no protobuf",
        "spBv1.0/demo/NOTHING/gw1": b"x",
        "spBv1.0/nobody/NDATA/gw1": b"\xff",
    }
    async with ingesting(pg_dsn, broker, tmp_path) as service:
        await connected(service)
        async with aiomqtt.Client(broker.host, broker.port) as client:
            for topic, payload in bad.items():
                await client.publish(topic, payload, qos=1)
        await eventually(lambda: _is(_reasons(plant), ["broken_sparkplug"] * 3 + ["unknown_enterprise"]))
    kept = {row["topic"]: row["payload"] for row in await plant.fetch("SELECT topic, payload FROM quarantine")}
    assert kept == bad


async def test_the_host_is_there_and_gone(
    plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path
) -> None:
    """STATE: retained birth and death of one time; another's late will is contradicted."""
    async with aiomqtt.Client(broker.host, broker.port) as watcher:
        await watcher.subscribe("spBv1.0/STATE/enms", qos=1)
        async with ingesting(pg_dsn, broker, tmp_path):
            birth = json.loads((await anext(watcher.messages)).payload)
            assert birth["online"] is True
            assert abs(birth["timestamp"] - time.time() * 1000) < 60_000
            await watcher.publish("spBv1.0/STATE/enms", '{"online": false, "timestamp": 1}', qos=1, retain=True)
            await anext(watcher.messages)
            assert json.loads((await anext(watcher.messages)).payload) == birth
        assert json.loads((await anext(watcher.messages)).payload) == {**birth, "online": False}
    async with aiomqtt.Client(broker.host, broker.port) as later:
        await later.subscribe("spBv1.0/STATE/enms", qos=1)
        message = await anext(later.messages)
        assert message.retain
        assert json.loads(message.payload)["online"] is False


async def test_without_a_name_there_is_no_sparkplug(
    plant: asyncpg.Pool, pg_dsn: str, broker: LocalBroker, tmp_path: Path
) -> None:
    async with ingesting(pg_dsn, broker, tmp_path, sparkplug_host_id="") as service:
        await connected(service)
        async with aiomqtt.Client(broker.host, broker.port) as client:
            await client.publish("spBv1.0/demo/NDATA/gw1", b"\xff", qos=1)
            await client.publish("energy/v1/demo/gw1/readings", json.dumps({"t": NOW, "values": {"a": 1}}), qos=1)
        await eventually(lambda: _is(count(plant), 1))
    assert await _reasons(plant) == []


async def test_what_was_born_before_an_outage_is_understood_after_it(
    plant: asyncpg.Pool, proxy: Any, broker: LocalBroker, tmp_path: Path
) -> None:
    """What waits in the spool needs no birth any more: it was translated when it came."""
    async with ingesting(proxy.dsn, broker, tmp_path) as service, foreign(broker) as node:
        await connected(service)
        await node.do("node", metrics=[])
        await proxy.cut()
        await node.send("NBIRTH", 0, metric("a", 1.0, alias=1))
        for seq in range(1, 20):
            await node.send("NDATA", seq, metric(None, float(seq), alias=1, t=NOW + seq))
        await eventually(lambda: _is(_spooled(service, next_seq=20), True))
    await proxy.open()
    async with ingesting(proxy.dsn, broker, tmp_path):
        await eventually(lambda: _is(count(plant), 20))
    assert await _reasons(plant) == []


async def _spooled(service: Any, next_seq: int) -> bool:
    session = service._sparkplug._sessions.get(("demo", "gw1"))
    return session is not None and session.sequence.expected == next_seq and service._intake.safe
