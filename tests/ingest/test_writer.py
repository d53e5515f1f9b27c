"""One transaction a batch, on a real database."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from datetime import datetime

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enms.errors import UnavailableError
from enms.readings import Origin
from ingest.arrivals import Arrival
from ingest.pipeline import Pipeline
from ingest.times import SECOND, instant, parse_time
from ingest.writer import Writer, Written

NOW = parse_time("2026-11-22T10:15:00Z")
TOPIC = "energy/v1/demo/gw1/readings"


def arrival(*rows: tuple[str, int, float], received_at: int = NOW, topic: str = TOPIC) -> Arrival:
    """Rows are (point, seconds before NOW, value)."""
    body = {"readings": [{"point": p, "t": (NOW - ago * SECOND) / 1000, "value": value} for p, ago, value in rows]}
    return Arrival(topic, json.dumps(body).encode(), received_at)


async def write(pipeline: Pipeline, writer: Writer, *arrivals: Arrival, origin: Origin = Origin.METER) -> Written:
    return await writer.write(await pipeline.prepare(iter(arrivals), origin))


async def stored(pool: asyncpg.Pool) -> list[tuple[str, int, float]]:
    rows = await pool.fetch("SELECT code, ts, value FROM reading JOIN point USING (e, p) ORDER BY code, ts")
    return [(row["code"], (NOW - _micros(row["ts"])) // SECOND, row["value"]) for row in rows]


def _micros(at: datetime) -> int:
    return parse_time(at.isoformat())


async def spans(pool: asyncpg.Pool) -> list[tuple[str, int, int]]:
    """And forget them."""
    rows = await pool.fetch(
        "WITH gone AS (DELETE FROM dirty RETURNING *) SELECT * FROM gone JOIN point USING (e, p) ORDER BY code, from_ts"
    )
    return [(r["code"], (NOW - _micros(r["from_ts"])) // SECOND, (NOW - _micros(r["to_ts"])) // SECOND) for r in rows]


async def revisions(pool: asyncpg.Pool) -> list[float]:
    return [row["value"] for row in await pool.fetch("SELECT value FROM reading_revision ORDER BY value")]


async def test_readings_dirty_spans_and_notifications(plant: asyncpg.Pool, pipeline: Pipeline, pg_dsn: str) -> None:
    heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    listener = await asyncpg.connect(pg_dsn)
    for channel in ("enms_dirty", "enms_reading"):
        await listener.add_listener(channel, lambda _c, _p, name, payload: heard.put_nowait((name, payload)))
    writer = Writer(plant)
    written = await write(pipeline, writer, arrival(("b", 0, 3.0), ("a", 60, 1.0)), arrival(("a", 0, 2.0)))
    assert written == Written(readings=3, taken=0)
    assert await stored(plant) == [("a", 60, 1.0), ("a", 0, 2.0), ("b", 0, 3.0)]
    assert await spans(plant) == [("a", 60, 0), ("b", 0, 0)]
    e = await plant.fetchval("SELECT e FROM enterprise")
    assert {await heard.get() for _ in range(2)} == {("enms_dirty", ""), ("enms_reading", str(e))}
    assert heard.empty()
    await listener.close()
    await writer.close()


async def test_what_comes_again_changes_nothing(plant: asyncpg.Pool, pipeline: Pipeline) -> None:
    writer = Writer(plant)
    await write(pipeline, writer, arrival(("a", 60, 1.0), ("a", 0, 2.0)))
    await spans(plant)
    later = arrival(("a", 60, 1.0), ("a", 0, 2.0), received_at=NOW + SECOND)
    assert await write(pipeline, writer, later, later) == Written(readings=4, taken=2)
    assert await spans(plant) == []
    assert await revisions(plant) == []
    assert await plant.fetchval("SELECT max(received_at) FROM reading") == instant(NOW)
    await writer.close()


async def test_only_what_changed_is_dirty(plant: asyncpg.Pool, pipeline: Pipeline) -> None:
    writer = Writer(plant)
    await write(pipeline, writer, arrival(("a", 120, 1.0), ("b", 0, 5.0)))
    await spans(plant)
    await write(pipeline, writer, arrival(("a", 120, 1.0), ("a", 60, 2.0), ("b", 0, 5.0), received_at=NOW + SECOND))
    assert await spans(plant) == [("a", 60, 60)]
    await writer.close()


async def test_a_late_reading_does_not_dirty_the_time_between(plant: asyncpg.Pool, pipeline: Pipeline) -> None:
    writer = Writer(plant)
    year = 365 * 86_400
    await write(pipeline, writer, arrival(("a", year, 1.0), ("a", 0, 2.0)))
    assert await spans(plant) == [("a", year, year), ("a", 0, 0)]
    await writer.close()


async def test_a_dirty_span_begins_where_an_interval_reading_does(plant: asyncpg.Pool, pipeline: Pipeline) -> None:
    writer = Writer(plant)

    def row(start: int, value: float, received_at: int) -> Arrival:
        body = {"readings": [{"point": "out", "t": NOW // 1000, "start": start // 1000, "value": value}]}
        return Arrival(TOPIC, json.dumps(body).encode(), received_at)

    plain = arrival(("a", 0, 1.0), ("out", 7200, 4.0))
    await write(pipeline, writer, row(NOW - 900 * SECOND, 5.0, NOW), plain)
    assert await spans(plant) == [("a", 0, 0), ("out", 7200, 0)]
    await write(pipeline, writer, row(NOW - 600 * SECOND, 6.0, NOW - SECOND))
    assert await spans(plant) == [("out", 900, 0)]
    starts = [row["start"] for row in await plant.fetch("SELECT start FROM reading ORDER BY p, ts")]
    assert starts == [None, None, instant(NOW - 600 * SECOND)]
    await writer.close()


@pytest.mark.parametrize("together", [True, False])
async def test_the_greatest_of_origin_first_received_and_value_holds(
    plant: asyncpg.Pool, pipeline: Pipeline, together: bool
) -> None:
    writer = Writer(plant)
    rows = [(7.0, NOW), (9.0, NOW + SECOND), (8.0, NOW), (8.0, NOW + 2 * SECOND)]
    batch = [arrival(("a", 0, value), received_at=at) for value, at in rows]
    if together:
        await write(pipeline, writer, *batch)
    else:
        for one in batch:
            await write(pipeline, writer, one)
    assert await stored(plant) == [("a", 0, 8.0)]
    assert await revisions(plant) == [7.0, 9.0]
    await write(pipeline, writer, arrival(("a", 0, 1.0), received_at=NOW + 9 * SECOND), origin=Origin.BACKFILL)
    assert await stored(plant) == [("a", 0, 1.0)]
    assert await revisions(plant) == [7.0, 8.0, 9.0]
    await writer.close()


_readings = st.tuples(
    st.sampled_from("ab"), st.integers(0, 3), st.integers(0, 2).map(float), st.integers(0, 3), st.sampled_from(Origin)
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_readings, min_size=1, max_size=24), st.integers(0, 2**32))
async def test_any_order_and_batching_gives_the_same_readings(
    plant: asyncpg.Pool, pipeline: Pipeline, readings: list[tuple[str, int, float, int, Origin]], seed: int
) -> None:
    async def outcome(shuffle: random.Random) -> list[tuple[object, ...]]:
        await plant.execute("DELETE FROM reading; DELETE FROM reading_revision; DELETE FROM dirty")
        writer = Writer(plant)
        order = readings * 2  # everything comes twice
        shuffle.shuffle(order)
        while order:
            size = shuffle.randint(1, len(order))
            batch, order = order[:size], order[size:]
            for origin, some in itertools.groupby(batch, key=lambda reading: reading[4]):
                messages = [arrival((p, ago, v), received_at=NOW + at * SECOND) for p, ago, v, at, _ in some]
                await write(pipeline, writer, *messages, origin=origin)
        await writer.close()
        return [tuple(row) for row in await plant.fetch("SELECT * FROM reading ORDER BY e, p, ts")]

    first = await outcome(random.Random(seed))
    assert first == await outcome(random.Random(seed + 1))
    best = {
        (p, ago): max((r for r in readings if r[:2] == (p, ago)), key=lambda r: (r[4], -r[3], r[2]))
        for p, ago, *_ in readings
    }
    assert await stored(plant) == sorted(
        ((p, ago, r[2]) for (p, ago), r in best.items()), key=lambda row: (row[0], -row[1])
    )


async def test_refusals_are_kept_and_redelivery_does_not_multiply_them(plant: asyncpg.Pool, pipeline: Pipeline) -> None:
    writer = Writer(plant)
    bad = arrival(("a", 0, 1.0), ("nobody", 0, 2.0), ("net", 0, 2.0), ("a", -3600, 2.0))
    strange = Arrival("energy/v1/demo/readings", b"\0\xff", NOW)
    nul = Arrival("energy/v1/demo/gw/readings", b'{"t": 1795342500000, "values": {"a\\u0000": 1, "\\ud800": 1}}', NOW)
    foreign = arrival(("a", 0, 1.0), topic="energy/v1/other/gw/readings")
    for _ in range(2):
        await write(pipeline, writer, bad, strange, nul, foreign)
    rows = await plant.fetch("SELECT * FROM quarantine ORDER BY e, reason, detail")
    e = await plant.fetchval("SELECT e FROM enterprise")
    assert sorted((row["e"], row["reason"], row["count"]) for row in rows) == sorted(
        [
            (0, "unknown_enterprise", 2),
            (0, "unknown_topic", 2),
            (e, "future", 2),
            (e, "unknown_point", 2),
            (e, "unknown_point", 2),
            (e, "virtual_point", 2),
        ]
    )
    kept = {row["reason"]: row for row in rows}
    assert kept["virtual_point"]["payload"] == bad.payload
    assert kept["virtual_point"]["detail"].startswith("readings[2]: net ")
    assert kept["unknown_topic"]["payload"] == b"\0\xff"
    assert await stored(plant) == [("a", 0, 1.0)]
    await writer.close()


async def test_a_row_that_breaks_the_batch_is_found_by_halving(
    plant: asyncpg.Pool, pipeline: Pipeline, pg_dsn: str
) -> None:
    owner = await asyncpg.connect(pg_dsn)
    await owner.execute("ALTER TABLE reading ADD CHECK (value <> 666)")
    await owner.close()
    writer = Writer(plant)
    rows = [arrival(("a", ago, 666.0 if ago in (10, 11, 40) else 1.0), ("b", ago, 2.0)) for ago in range(50)]
    written = await write(pipeline, writer, *rows)
    assert written.readings == 97
    assert len(await stored(plant)) == 97
    assert await spans(plant) != []
    quarantine = await plant.fetch("SELECT reason, detail, payload FROM quarantine")
    assert {row["reason"] for row in quarantine} == {"rejected"}
    assert {row["payload"] for row in quarantine} == {rows[ago].payload for ago in (10, 11, 40)}
    assert "check constraint" in quarantine[0]["detail"]
    await write(pipeline, writer, arrival(("a", 99, 1.0)))
    assert len(await stored(plant)) == 98
    await writer.close()


async def test_two_writers_of_the_same_readings_do_not_deadlock(plant: asyncpg.Pool, pipeline: Pipeline) -> None:
    log_before = await plant.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    random_ = random.Random(5)

    async def work(shift: int) -> None:
        writer = Writer(plant)
        for lap in range(12):
            rows = [(p, ago, float(lap)) for p in "abc" for ago in range(200)]
            random_.shuffle(rows)
            await write(pipeline, writer, arrival(*rows, received_at=NOW - lap * SECOND + shift))
        await writer.close()

    await asyncio.gather(work(0), work(1))
    assert await plant.fetchval("SELECT count(*) FROM reading") == 600
    assert await plant.fetchval("SELECT array_agg(DISTINCT value) FROM reading") == [11.0]
    await plant.fetchval("SELECT pg_stat_force_next_flush()::text")
    assert (
        await plant.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == log_before
    )


async def test_a_database_that_goes_away_is_reported_as_such(
    plant: asyncpg.Pool, pipeline: Pipeline, pg_dsn: str
) -> None:
    writer = Writer(plant)
    await write(pipeline, writer, arrival(("a", 0, 1.0)))
    owner = await asyncpg.connect(pg_dsn)
    prepared = await pipeline.prepare(iter([arrival(("a", 60, 1.0))]))
    await owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with pytest.raises(UnavailableError):
        await writer.write(prepared)
    assert (await writer.write(prepared)).readings == 1
    await owner.close()
    await writer.close()


async def test_a_point_that_was_registered_meanwhile_is_found(plant: asyncpg.Pool, pipeline: Pipeline) -> None:
    writer = Writer(plant)
    await write(pipeline, writer, arrival(("new", 0, 1.0)))
    e = await plant.fetchval("SELECT e FROM enterprise")
    await plant.execute("INSERT INTO point (e, code, registered_at) VALUES ($1, 'new', now())", e)
    await write(pipeline, writer, arrival(("new", 0, 1.0)))
    assert await stored(plant) == []  # it looks at most every few seconds
    pipeline._registry._asked_at -= 10
    await write(pipeline, writer, arrival(("new", 0, 1.0)))
    assert await stored(plant) == [("new", 0, 1.0)]
    await writer.close()
