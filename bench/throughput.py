"""Readings a second from the broker into committed rows, against copying the same rows straight into the table."""

from __future__ import annotations

import time
from collections.abc import Iterator

import asyncpg
import msgspec
import numpy as np
import numpy.typing as npt

from bench.figures import Bench, Figure, Options, figure
from bench.publisher import Publisher, packet
from bench.stand import ENTERPRISE, Role, Stand, stand, until
from db.readings import NO_START, Readings, copy_readings

READINGS = 2_000_000
POINTS = 1_000
PER_MESSAGE = 100
_ROWS_A_COPY = 20_000
_GATEWAYS = 10


async def _measure(options: Options) -> list[Figure]:
    count = options.scaled(READINGS, least=_ROWS_A_COPY)
    async with stand(options.folder, points=POINTS) as built:
        before = await _straight(built, count)
        options.say(f"straight COPY: {before:,.0f} rows/s")
        rate, cpu_s = await end_to_end(built, count, PER_MESSAGE)
        options.say(f"end to end: {rate:,.0f} readings/s, {cpu_s / count * 1e6:.2f} us of ingest a reading")
        await built.pool.execute("TRUNCATE reading, dirty")
        after = await _straight(built, count)
        options.say(f"straight COPY: {after:,.0f} rows/s")
    conditions = (
        f"{count} readings of {POINTS} points, {PER_MESSAGE} a message, QoS 1, {built.broker.kind}, publisher, broker, "
        "ingest and database on this machine; limit: the same rows by COPY into the same table, before and after; "
        "at least 0.50 is promised"
    )
    return [figure("readings_per_s_end_to_end", rate, "readings/s", (before + after) / 2, conditions)]


async def _straight(built: Stand, count: int) -> float:
    """Rows a second by COPY, in batches as large as ingest's, each a transaction."""
    e = await built.pool.fetchval("SELECT e FROM enterprise WHERE code = $1", ENTERPRISE)
    ps = np.array([r["p"] for r in await built.pool.fetch("SELECT p FROM point WHERE e = $1 ORDER BY p", e)], np.int32)
    steps = _ROWS_A_COPY // POINTS
    begun = time.perf_counter()
    async with built.pool.acquire() as connection:
        for at in range(0, count, _ROWS_A_COPY):
            await _copy(connection, e, ps, at // POINTS, steps)
    rate = count / (time.perf_counter() - begun)
    await built.pool.execute("TRUNCATE reading")
    return rate


async def _copy(connection: asyncpg.Connection, e: int, ps: npt.NDArray[np.int32], step: int, steps: int) -> None:
    size = len(ps) * steps
    ts = (np.tile(np.arange(step, step + steps, dtype=np.int64), len(ps)) + _begin()) * 1_000_000
    readings = Readings(
        e=np.full(size, e, np.int32),
        p=np.repeat(ps, steps),
        ts=ts,
        start=np.full(size, NO_START, np.int64),
        value=ts / 1e6,
        quality=np.zeros(size, np.int16),
        origin=np.zeros(size, np.int16),
        received_at=ts,
    )
    async with connection.transaction():
        await copy_readings(connection, readings)


def _begin() -> int:
    """A day ago, whole seconds."""
    return int(time.time()) - 86_400


def packets(codes: tuple[str, ...], count: int, per_message: int) -> Iterator[bytes]:
    """PUBLISH packets of `count` readings in all: every point once a second of simulated time."""
    encode = msgspec.json.encode
    groups = len(codes) // per_message
    begin = _begin() * 1000
    for number in range(count // per_message):
        step, group = divmod(number, groups)
        some = codes[group * per_message : (group + 1) * per_message]
        body = {"t": begin + step * 1000, "values": dict.fromkeys(some, step * 1.5)}
        yield packet(f"energy/v1/{ENTERPRISE}/gw{group % _GATEWAYS}/readings", encode(body), number)


async def end_to_end(built: Stand, count: int, per_message: int) -> tuple[float, float]:
    """Readings committed a second, and the processor time ingest took, seconds."""
    ready = list(packets(built.points, count, per_message))
    ingest = await built.start("ingest")
    cpu = ingest.cpu_s()
    begun = time.perf_counter()
    async with Publisher(built.broker.host, built.broker.port, "bench-publisher") as publisher:
        await publisher.send(ready)
        await committed(ingest, count)
    seconds = time.perf_counter() - begun
    cpu = ingest.cpu_s() - cpu
    stored = await built.readings()
    assert stored == count, f"{stored} of {count} readings are stored"
    await ingest.stop()
    return count / seconds, cpu


async def committed(ingest: Role, count: int, within_s: float = 600) -> None:
    """Wait until ingest has committed so many readings."""

    async def all_there() -> bool:
        return await ingest.metric("enms_ingest_readings_committed_total") >= count

    await until(all_there, within_s=within_s)


BENCH = Bench(("readings_per_s_end_to_end",), 60, _measure)
