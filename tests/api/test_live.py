"""Server-sent events over a real server: what is committed is seen, coalesced, and never holds the server up."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from unittest.mock import AsyncMock

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from api.deps import Deps
from api.live import MOST_ALERTS, Event, LiveHub, Snapshot, Sources, Subscriber
from api.serving import bind, serve
from db.plant_load import load_plant
from enms.errors import EnvironmentProblem
from enms.plant_file import parse_plant
from enms.settings import Settings
from tests.api.seed import Seeded, district_alert
from tests.waiting import eventually


@dataclass
class Running:
    url: str
    stop: asyncio.Event
    task: asyncio.Task[None]
    app: FastAPI


@pytest.fixture
async def server(seeded: Seeded, db_pool: asyncpg.Pool, free_port: int) -> AsyncIterator[Running]:
    app = create_app(Deps(db_pool, Settings(), clock=lambda: datetime.now(UTC)))
    stop = asyncio.Event()
    task = asyncio.create_task(serve(app, bind("127.0.0.1", free_port), stop))
    try:
        yield Running(f"http://127.0.0.1:{free_port}", stop, task, app)
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)


class Stream:
    """Events of one connection, as they come."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def event(self, name: str, within_s: float = 10) -> dict:
        async with asyncio.timeout(within_s):
            found = ""
            async for line in self._lines:
                if line.startswith("event: "):
                    found = line[7:]
                elif line.startswith("data: ") and found == name:
                    return json.loads(line[6:])
        raise AssertionError(f"the stream ended before {name}")

    async def value_of(self, point: str, within_s: float = 10) -> tuple[dict, dict]:
        async with asyncio.timeout(within_s):
            while True:
                body = await self.event("latest")
                for item in body["items"]:
                    if item["point"] == point:
                        return body, item


@asynccontextmanager
async def connected(url: str, **parameters: str) -> AsyncIterator[Stream]:
    async with (
        httpx.AsyncClient(timeout=30) as client,
        client.stream("GET", f"{url}/api/v1/live", params=parameters) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Stream(response)


async def listening(hub: LiveHub, *, wanted: bool = True) -> None:
    """Until the hub hears the database's notices, or does not."""
    await eventually(lambda: hub.connected is wanted, 10)


async def commit_reading(dsn: str, seeded: Seeded, value: float, at: datetime) -> None:
    """As ingest does: the row, and a notice in the same transaction."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute(
                "INSERT INTO reading VALUES ($1, $2, $3, NULL, $4, 0, 0, $3)",
                seeded.e["seed-steel"], seeded.p["roll.power"], at, value,
            )  # fmt: skip
            await connection.execute("SELECT pg_notify('enms_reading', $1)", str(seeded.e["seed-steel"]))
    finally:
        await connection.close()


async def test_a_stream_begins_with_everything_and_goes_on_with_what_changes(
    server: Running, seeded: Seeded, pg_dsn: str
) -> None:
    async with connected(server.url, enterprise="seed-steel") as stream:
        await stream.event("hello")
        first = await stream.event("latest")
        assert len(first["items"]) == 15
        assert first["enterprise"] == "seed-steel"
        summary = await stream.event("summary")
        assert summary["points"] == 15
        await listening(server.app.state.context.hub)
        at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
        await commit_reading(pg_dsn, seeded, 12345.5, at)
        committed = time.monotonic()
        body, item = await stream.value_of("roll.power")
        assert time.monotonic() - committed < 1.5
        assert item["value"] == 12345.5
        assert len(body["items"]) == 1, "only what changed"


async def test_at_most_two_latest_a_second_an_enterprise(server: Running, seeded: Seeded, pg_dsn: str) -> None:
    async with connected(server.url) as stream:
        await stream.event("summary")
        start = datetime.now(UTC) + timedelta(seconds=1)
        arrivals = []
        for n in range(30):
            await commit_reading(pg_dsn, seeded, float(n), start + timedelta(seconds=n))
        while True:
            _, item = await stream.value_of("roll.power")
            arrivals.append(time.monotonic())
            if item["value"] == 29.0:
                break
        assert len(arrivals) <= 6
        # all together but the first, which a busy machine may hand on together with the next
        assert arrivals[-1] - arrivals[0] >= 0.2 * (len(arrivals) - 2)


async def test_intervals_and_alerts_come_through(server: Running, seeded: Seeded, pg_dsn: str) -> None:
    async with connected(server.url, enterprise="seed-power") as stream:
        await stream.event("summary")
        await listening(server.app.state.context.hub)
        connection = await asyncpg.connect(pg_dsn)
        try:
            await connection.execute("SELECT pg_notify('enms_interval', $1)", str(seeded.e["seed-power"]))
            body = await stream.event("interval")
            assert body["closed_until"] == "2026-11-22T10:00:00Z"
        finally:
            await connection.close()


async def test_who_listens_to_everything_hears_of_the_districts_alerts(
    server: Running, seeded: Seeded, pg_dsn: str
) -> None:
    async with connected(server.url) as all_of_it, connected(server.url, enterprise="seed-power") as one_plant:
        await all_of_it.event("summary")
        await one_plant.event("summary")
        await listening(server.app.state.context.hub)
        connection = await asyncpg.connect(pg_dsn)
        try:
            e, number = await district_alert(connection)
            await connection.execute("SELECT pg_notify('enms_alert', $1)", f"{e}:{number}")
            told = await all_of_it.event("alert")
            assert (told["id"], told["enterprise"]) == (number, "district")
            # the plant's own stream goes on, and has nothing of it before its next event
            await connection.execute("SELECT pg_notify('enms_interval', $1)", str(seeded.e["seed-power"]))
            await one_plant.event("interval")
            assert not any(key[0] == e for s in server.app.state.context.hub._subscribers for key in s.alerts)
        finally:
            await connection.close()


async def test_the_district_alone_is_listened_to(server: Running, seeded: Seeded, pg_dsn: str) -> None:
    """As its alerts' pages and its cases' do: it has no points, and alerts come."""
    connection = await asyncpg.connect(pg_dsn)
    try:
        e, number = await district_alert(connection)
        async with connected(server.url, enterprise="district") as stream:
            summary = await stream.event("summary")
            assert (summary["enterprise"], summary["points"], summary["power_kw"]) == ("district", 0, None)
            await listening(server.app.state.context.hub)
            await connection.execute("SELECT pg_notify('enms_alert', $1)", f"{seeded.e['seed-steel']}:1")
            await connection.execute("SELECT pg_notify('enms_alert', $1)", f"{e}:{number}")
            told = await stream.event("alert")
            assert (told["id"], told["enterprise"]) == (number, "district"), "a plant's alert is not the district's"
            await connection.execute("SELECT pg_notify('enms_interval', $1)", str(e))
            assert (await stream.event("interval")) | {"at": ""} == {
                "enterprise": "district", "at": "", "closed_until": None,
            }  # fmt: skip
    finally:
        await connection.close()


async def test_nonsense_notices_hurt_nobody(server: Running, seeded: Seeded, pg_dsn: str) -> None:
    async with connected(server.url, enterprise="seed-power") as stream:
        await stream.event("summary")
        await listening(server.app.state.context.hub)
        connection = await asyncpg.connect(pg_dsn)
        try:
            for channel, payload in (("enms_reading", "x"), ("enms_alert", "1"), ("enms_interval", "")):
                await connection.execute("SELECT pg_notify($1, $2)", channel, payload)
            await connection.execute("SELECT pg_notify('enms_interval', $1)", str(seeded.e["seed-power"]))
            await stream.event("interval")
        finally:
            await connection.close()


async def test_a_broken_listener_comes_back(server: Running, seeded: Seeded, pg_dsn: str) -> None:
    hub: LiveHub = server.app.state.context.hub
    async with connected(server.url, enterprise="seed-power") as stream:
        await stream.event("summary")
        await listening(hub)
        connection = await asyncpg.connect(pg_dsn)
        try:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'enms-test'"
            )
            await listening(hub, wanted=False)
            await listening(hub)
            await connection.execute("SELECT pg_notify('enms_interval', $1)", str(seeded.e["seed-power"]))
            await stream.event("interval")
        finally:
            await connection.close()


async def test_what_was_told_while_nobody_listened_is_asked_for_again(
    server: Running, seeded: Seeded, pg_dsn: str
) -> None:
    hub: LiveHub = server.app.state.context.hub
    e = seeded.e["seed-power"]
    await listening(hub)
    with hub.subscribe(frozenset({e})) as subscriber:
        await eventually(lambda: ("summary", e) in subscriber.events, 10)
        subscriber.drain()
        connection = await asyncpg.connect(pg_dsn)
        try:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'enms-test'"
            )
        finally:
            await connection.close()
        await eventually(lambda: subscriber.missed, 10)
        await eventually(lambda: ("interval", e) in subscriber.events, 10)


class Odd:
    """Sources of plants 1 and 2; plant 1's values, or everything, can fail in a way nobody thought of."""

    def __init__(self) -> None:
        self.odd = False
        self.all_odd = False
        self.away: set[str] = set()
        self.asked: list[int] = []

    async def plants(self) -> frozenset[int]:
        if self.all_odd:
            raise KeyError("furlong")
        return frozenset({1, 2})

    async def snapshot(self, e: int) -> Snapshot:
        self.asked.append(e)
        self._once("snapshot")
        if self.odd and e == 1:
            raise KeyError("furlong")
        return Snapshot('"enterprise":"x"', {}, {}, json.dumps({"of": e}))

    def _once(self, kind: str) -> None:
        if kind in self.away:
            self.away.discard(kind)
            raise ConnectionResetError

    async def interval(self, e: int) -> str:
        self._once("interval")
        return str(e)

    async def alert(self, e: int, number: int) -> str | None:
        self._once("alert")
        if self.odd:
            raise ZeroDivisionError
        return f"{e}:{number}"

    def sources(self) -> Sources:
        return Sources(self.plants, self.snapshot, self.interval, self.alert, lambda: None, lambda _: None)


@asynccontextmanager
async def running(hub: LiveHub) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(hub.run())
    try:
        await listening(hub)
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_an_odd_plant_takes_the_live_values_from_nobody_else(db_pool: asyncpg.Pool) -> None:
    odd = Odd()
    hub = LiveHub(db_pool, odd.sources())
    async with running(hub) as task:
        with hub.subscribe(frozenset({1, 2})) as subscriber:
            await eventually(lambda: set(odd.asked) == {1, 2}, 10)
            odd.odd = True
            subscriber.drain()
            await db_pool.execute("SELECT pg_notify('enms_alert', '1:7'), pg_notify('enms_reading', '1,2')")
            await eventually(lambda: hub.failing == 1, 10)
            await eventually(lambda: ("summary", 2) in subscriber.events, 10)
            assert ("summary", 1) not in subscriber.events
            odd.odd = False
            await eventually(lambda: ("summary", 1) in subscriber.events, 15)
            await eventually(lambda: hub.failing == 0, 10)
            assert not task.done()


@pytest.mark.parametrize("away", ["alert", "interval", "snapshot"])
async def test_what_was_heard_while_the_database_could_not_be_asked_is_told_afterwards(
    db_pool: asyncpg.Pool, away: str
) -> None:
    odd = Odd()
    hub = LiveHub(db_pool, odd.sources())
    async with running(hub):
        with hub.subscribe(frozenset({1})) as subscriber:
            await eventually(lambda: ("summary", 1) in subscriber.events, 10)
            subscriber.drain()
            odd.away = {away}
            async with db_pool.acquire() as connection, connection.transaction():
                for channel, payload in (("enms_alert", "1:7"), ("enms_interval", "1"), ("enms_reading", "1")):
                    await connection.execute("SELECT pg_notify($1, $2)", channel, payload)
            await eventually(lambda: not odd.away, 10)
            await eventually(lambda: (1, 7) in subscriber.alerts, 15)
            await eventually(lambda: {("interval", 1), ("summary", 1)} <= set(subscriber.events), 15)


async def test_a_hub_that_ended_begins_anew(db_pool: asyncpg.Pool) -> None:
    odd = Odd()
    hub = LiveHub(db_pool, odd.sources())
    async with running(hub) as task:
        odd.all_odd = True
        with hub.subscribe(frozenset({1}), everything=True) as subscriber:
            await eventually(lambda: not hub.connected, 10)
            odd.all_odd = False
            await listening(hub)
            await eventually(lambda: ("summary", 2) in subscriber.events, 15)
            assert not task.done()


async def test_health_tells_of_values_that_cannot_be_made(server: Running) -> None:
    hub: LiveHub = server.app.state.context.hub
    async with connected(server.url) as stream, httpx.AsyncClient() as client:
        await stream.event("summary")
        await listening(hub)

        async def live() -> dict:
            return (await client.get(f"{server.url}/api/v1/health")).json()["parts"]["live"]

        assert (await live())["status"] == "ok"
        broken = AsyncMock(side_effect=KeyError("furlong"))
        hub._sources = replace(hub._sources, snapshot=broken)
        hub._readings |= hub._watched()
        hub._wake.set()
        await eventually(lambda: hub.failing == 2, 10)
        assert await live() == {
            "status": "degraded", "detail": "values of 2 enterprises cannot be made", "lag_s": None,
        }  # fmt: skip


async def test_a_plant_that_is_added_is_listened_to(server: Running, db_pool: asyncpg.Pool, seeded: Seeded) -> None:
    """As the district's power is the sum of what the stream tells."""
    plant = (
        "enterprise: {code: later, name: {zh: 新, en: Later}, industry: other}\npoints:\n"
        "  - {code: grid, carrier: electricity, role: purchased, reading: gauge, unit: kW}\n"
    )
    async with connected(server.url) as stream, connected(server.url, enterprise="seed-power") as other:
        await stream.event("summary")
        await listening(server.app.state.context.hub)
        async with db_pool.acquire() as connection:
            await load_plant(connection, parse_plant(plant, "test"), now=datetime.now(UTC) - timedelta(days=1))
        async with asyncio.timeout(10):
            while (await stream.event("summary"))["enterprise"] != "later":
                pass
        await other.event("summary")
        assert all(
            (seeded.e["seed-power"] in one.enterprises) and (one.everything or len(one.enterprises) == 1)
            for one in server.app.state.context.hub._subscribers
        )


async def test_open_streams_do_not_hold_the_server_up(server: Running) -> None:
    async with connected(server.url) as stream:
        await stream.event("summary")
        begun = time.monotonic()
        server.stop.set()
        await asyncio.wait_for(server.task, 5)
        assert time.monotonic() - begun < 3


async def test_unknown_enterprise(server: Running) -> None:
    async with httpx.AsyncClient() as client:
        response = await client.get(f"{server.url}/api/v1/live", params={"enterprise": "nobody"})
    assert response.status_code == 404


def test_a_slow_subscriber_holds_only_the_newest() -> None:
    subscriber = Subscriber(frozenset({1}))
    for n in range(10_000):
        items = {f"p{n % 7}": f'{{"value":{n}}}'}
        subscriber.put_snapshot(1, Snapshot('"enterprise":"x"', items, {}, f"{n}"), items)
        subscriber.put("interval", 1, str(n))
    assert not subscriber.missed
    for n in range(MOST_ALERTS + 3):
        subscriber.put_alert((1, n), str(n))
    events = subscriber.drain()
    assert [event.name for event in events].count("latest") == 1
    assert Event("interval", "9999") in events
    assert len([event for event in events if event.name == "alert"]) == MOST_ALERTS
    assert events[-1].name == "resync"
    assert len(json.loads(events[0].data)["items"]) == 7
    assert subscriber.drain() == []


def test_a_taken_port_is_one_clear_line(free_port: int) -> None:
    first = bind("127.0.0.1", free_port)
    try:
        with pytest.raises(EnvironmentProblem, match=rf"127\.0\.0\.1:{free_port}.*ENMS_HTTP_PORT"):
            bind("127.0.0.1", free_port)
    finally:
        first.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "plant.example"])
def test_an_open_address_is_refused_without_sign_in(host: str, free_port: int) -> None:
    with pytest.raises(EnvironmentProblem, match="ENMS_HTTP_OPEN"):
        bind(host, free_port)


def test_an_open_address_can_be_allowed(free_port: int) -> None:
    bind("0.0.0.0", free_port, allow_open=True).close()
