"""History by HTTP and in one process: the same way as MQTT, durable when it returns."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from enms.errors import NotFoundError
from ingest.arrivals import Arrival
from ingest.backfill import Backfill, Backfilled, RefusedRow
from ingest.fill import Filled, fill
from ingest.pipeline import Pipeline, Prepared
from ingest.times import micros
from ingest.writer import Writer

NOW = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    point: str
    t: datetime
    value: float
    quality: str = "good"
    start: datetime | None = None


def backfill(pool: asyncpg.Pool) -> Backfill:
    return Backfill(pool, clock=lambda: micros(NOW))


async def test_rows_are_committed_with_their_origin(plant: asyncpg.Pool) -> None:
    door = backfill(plant)
    rows = [Row("a", NOW - timedelta(days=n), n) for n in range(100)]
    rows.append(Row("out", NOW, 5.0, "suspect", NOW - timedelta(hours=8)))
    assert await door.accept("demo", rows) == Backfilled(101, 0, ())
    assert await door.accept("demo", rows) == Backfilled(101, 101, ())
    stored = await plant.fetch("SELECT DISTINCT origin FROM reading")
    assert [row["origin"] for row in stored] == [1]
    interval = await plant.fetchrow("SELECT start, quality FROM reading JOIN point USING (e, p) WHERE code = 'out'")
    assert tuple(interval) == (NOW - timedelta(hours=8), 1)
    assert await plant.fetchval("SELECT count(*) FROM dirty") == 2  # one span a point


async def test_it_corrects_what_the_meter_said(plant: asyncpg.Pool, pipeline: Pipeline) -> None:
    writer = Writer(plant)
    message = Arrival(
        "energy/v1/demo/gw/readings", json.dumps({"t": NOW.isoformat(), "values": {"a": 1}}).encode(), micros(NOW)
    )
    await writer.write(await pipeline.prepare(iter([message])))
    await writer.close()
    assert await backfill(plant).accept("demo", [Row("a", NOW, 7.0)]) == Backfilled(1, 1, ())
    assert await plant.fetchval("SELECT value FROM reading") == 7
    assert await plant.fetchval("SELECT value FROM reading_revision") == 1


async def test_bad_rows_are_named_and_kept(plant: asyncpg.Pool, pg_dsn: str) -> None:
    owner = await asyncpg.connect(pg_dsn)
    await owner.execute("ALTER TABLE reading ADD CHECK (value <> 666)")
    await owner.close()
    rows = [
        Row("a", NOW, 1.0),
        Row("nothing", NOW, 1.0),
        Row("a", NOW + timedelta(hours=1), 1.0),
        Row("b", NOW, float("nan")),
        Row("net", NOW, 1.0),
        Row("c", NOW, 666.0),
        Row("b", NOW, 2.0),
    ]
    done = await backfill(plant).accept("demo", rows)
    assert done.accepted == 2
    reasons = {row.index: row.reason for row in done.refused}
    assert reasons == {1: "unknown_point", 2: "future", 3: "not_finite", 4: "virtual_point", 5: "rejected"}
    assert all(isinstance(row, RefusedRow) and row.detail for row in done.refused)
    kept = await plant.fetch("SELECT reason, topic, payload FROM quarantine")
    assert sorted(row["reason"] for row in kept) == sorted(reasons.values())
    assert {row["topic"] for row in kept} == {"POST /api/v1/readings?enterprise=demo"}


async def test_an_unknown_enterprise(plant: asyncpg.Pool) -> None:
    with pytest.raises(NotFoundError):
        await backfill(plant).accept("nobody", [Row("a", NOW, 1.0)])


def history(count: int) -> list[Arrival]:
    return [
        Arrival(
            "energy/v1/demo/gw/readings",
            json.dumps({"t": (NOW - timedelta(minutes=n)).isoformat(), "values": {"a": n, "b": n}}).encode(),
            micros(NOW),
        )
        for n in range(count)
    ]


async def test_a_fill_reports_what_is_durable(plant: asyncpg.Pool, pipeline: Pipeline) -> None:
    pipeline._most_readings = 100
    batches: list[int] = []

    def committed(prepared: Prepared) -> None:
        batches.append(prepared.readings)

    writer = Writer(plant)
    broken = Arrival("energy/v1/demo/gw/readings", b"{", micros(NOW))
    done = await fill(pipeline, writer, [*history(120), broken], committed=committed)
    await writer.close()
    assert done == Filled(messages=121, readings=240, refused=1)
    assert batches == [100, 100, 40]
    assert await plant.fetchval("SELECT count(*) FROM reading") == 240
    assert await plant.fetchval("SELECT count(*) FROM quarantine") == 1


async def test_a_fill_can_be_stopped(plant: asyncpg.Pool, pipeline: Pipeline) -> None:
    pipeline._most_readings = 10
    stop = asyncio.Event()
    writer = Writer(plant)
    done = await fill(pipeline, writer, history(500), committed=lambda _: stop.set(), stop=stop)
    await writer.close()
    assert 0 < done.readings < 100
    assert await plant.fetchval("SELECT count(*) FROM reading") == done.readings
