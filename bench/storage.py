"""What readings cost on disk, what compression makes of them, and whether queries notice that data has grown.

    python -m bench.storage DSN [--days 36] [--grow 10] [--copies 1] [--chunk-days 7]

The readings are those of the three simulated plants, day after day, `copies` times over as plants of their own, with
the arrival times of messages over a local network. They are written in order of arrival into a database made for this
(the login of DSN may create one) and dropped afterwards. Steps: `days` days, the queries; `grow` times as many days,
the queries again; where the engine compresses, everything older than 35 days is compressed before each.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiosql
import asyncpg
import numpy as np

from db.engine import Engine, read_engine
from db.migrate import migrate
from db.pool import SESSION
from db.readings import NO_START, Readings, copy_readings, merge_readings
from db.statements import statements
from db.storage import compress_readings
from enms.plant_file import read_plant_file
from simulators.clock import day_start
from simulators.disturbance import Held
from simulators.plant import Registers, SimulatedPlant
from simulators.scenario import plant_files
from simulators.table import NO_START as SENT_NO_START
from simulators.table import Table

_SQL: Any = aiosql.from_path(Path(__file__).with_name("storage.sql"), "asyncpg", encoding="utf-8")
_FIRST_DAY = date(2025, 1, 6)
_BATCH = 20_000
_DAY = timedelta(days=1)
_COMPRESS_AFTER = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Stored:
    """One simulated plant in the database: its enterprise number, and its points' by place in the plant file."""

    plant: SimulatedPlant
    state: Registers
    e: int
    ps: np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes a row, with and without its indexes."""

    rows: int
    heap: float
    indexes: float

    @property
    def total(self) -> float:
        return self.heap + self.indexes

    def __str__(self) -> str:
        return f"{self.rows:,} rows, {self.total:.1f} bytes each ({self.heap:.1f} heap, {self.indexes:.1f} index)"


async def run(dsn: str, days: int, grow: int, copies: int, chunk_days: int | None) -> None:
    """Measure on a database of its own at `dsn`'s server."""
    name = f"enms_bench_storage_{os.getpid()}"
    admin = await asyncpg.connect(dsn)
    await admin.execute(await _SQL.create_statement(admin, name=name))
    try:
        own = urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))
        await migrate(own)
        connection = await asyncpg.connect(own, server_settings={"timezone": "UTC", **SESSION})
        try:
            await _measure(connection, days, grow, copies, chunk_days)
        finally:
            await connection.close()
    finally:
        await admin.execute(await _SQL.drop_statement(admin, name=name))
        await admin.close()


async def _measure(connection: asyncpg.Connection, days: int, grow: int, copies: int, chunk_days: int | None) -> None:
    engine = await read_engine(connection)
    if chunk_days is not None and engine.hypertables:
        await _SQL.set_chunk_interval(connection, days=chunk_days)
    plants = [stored for copy in range(copies) for stored in await _plants(connection, copy)]
    print(f"{engine}; {sum(len(s.plant.meters) for s in plants)} metering points")
    small = await _step(connection, engine, plants, 0, days)
    large = await _step(connection, engine, plants, days, days * grow)
    print(f"queries after growing {grow} times (p50, ratio; p95, ratio):")
    for query, before in small.items():
        after = large[query]
        ratios = [after[i] / before[i] for i in (0, 1)]
        print(f"  {query:<34}{after[0]:8.2f} ms {ratios[0]:5.2f} {after[1]:8.2f} ms {ratios[1]:5.2f}")
    await _late(connection, plants[0], _instant(3), "compressed" if engine.columnstore else "old")


async def _plants(connection: asyncpg.Connection, copy: int) -> list[Stored]:
    made = []
    for file in plant_files():
        plant = SimulatedPlant(read_plant_file(file), seed=copy + 1)
        e = await _SQL.add_enterprise(connection, code=f"{plant.code}-{copy}")
        ps = [row["p"] async for row in _SQL.add_points(connection, e=e, count=len(plant.plant.points))]
        registers = {code: plant.first_value(code) for code in plant.registers}
        made.append(Stored(plant, Registers(registers, Held(), {}), e, np.array(sorted(ps))))
    return made


async def _step(
    connection: asyncpg.Connection, engine: Engine, plants: Sequence[Stored], since: int, until: int
) -> dict[str, tuple[float, float]]:
    """Grow from `since` to `until` days, and time the queries."""
    rows, spent = 0, 0.0
    for day in range(since, until):
        for batch in _arrivals(plants, _FIRST_DAY + day * _DAY, day):
            begun = time.perf_counter()
            await copy_readings(connection, batch)
            spent += time.perf_counter() - begun
            rows += len(batch)
    print(f"day {until}: {rows / (until - since):,.0f} rows a day, COPY {rows / spent:,.0f} rows/s")
    for stored in plants:
        metered = [int(stored.ps[m.index]) for m in stored.plant.meters.values()]
        await _SQL.fill_ledger(connection, e=stored.e, ps=metered, starts=_instant(since), ends=_instant(until))
    before = await _size(connection, engine)
    print(f"  readings {before}")
    if engine.columnstore:
        begun = time.perf_counter()
        done = await compress_readings(connection, _instant(until) - _COMPRESS_AFTER)
        spent = time.perf_counter() - begun
        old, new = sum(c.before for c in done), sum(c.after for c in done)
        if done:
            print(
                f"  compressed {len(done)} chunks in {spent:.1f} s: {old / 1e6:.1f} MB to {new / 1e6:.1f} MB, "
                f"ratio {old / new:.1f}"
            )
            print(f"  readings {await _size(connection, engine)}")
    await _SQL.settle_readings(connection)
    await _SQL.settle_ledger(connection)
    return await _timed(connection, plants[0], until)


def _arrivals(plants: Sequence[Stored], day: date, number: int) -> Iterator[Readings]:
    """A day's readings of all plants as ingest would write them: by arrival, in batches, each in key order."""
    dice = np.random.default_rng(number)
    parts = [_received(stored, stored.plant.table(day, stored.state), dice) for stored in plants]
    columns = [np.concatenate([getattr(part, name) for part in parts]) for name in Readings.__slots__]
    readings = Readings(*columns)
    readings = readings.take(np.argsort(readings.received_at, kind="stable"))
    for begin in range(0, len(readings), _BATCH):
        batch = readings.take(slice(begin, begin + _BATCH))
        yield batch.take(np.lexsort((batch.ts, batch.p, batch.e)))


def _received(stored: Stored, table: Table, dice: np.random.Generator) -> Readings:
    # A message of one gateway arrives at one instant, some tens of milliseconds after it was sent.
    message = table.sent * 1_000 + table.gateway
    _, number = np.unique(message, return_inverse=True)
    travel = dice.lognormal(np.log(30_000), 0.5, number.max() + 1).astype(np.int64)
    count = len(table)
    return Readings(
        e=np.full(count, stored.e, np.int32),
        p=stored.ps[table.point].astype(np.int32),
        ts=table.t * 1_000,
        start=np.where(table.start == SENT_NO_START, NO_START, table.start * 1_000),
        value=table.value,
        quality=np.zeros(count, np.int16),
        origin=np.zeros(count, np.int16),
        received_at=table.sent * 1_000 + travel[number],
    )


async def _size(connection: asyncpg.Connection, engine: Engine) -> Size:
    rows = await connection.fetchval("SELECT count(*) FROM reading")
    sizes = await (_SQL.hypertable_sizes if engine.hypertables else _SQL.relation_sizes)(connection, name="reading")
    return Size(rows, sizes["heap"] / rows, sizes["indexes"] / rows)


async def _timed(connection: asyncpg.Connection, stored: Stored, until: int) -> dict[str, tuple[float, float]]:
    """p50 and p95 of each query in ms, over the same random points each time."""
    views, end = statements("views"), _instant(until)
    metered = [int(stored.ps[m.index]) for m in stored.plant.meters.values()]
    e, zero = stored.e, timedelta(0)

    async def raw(p: int, since: datetime) -> None:
        await _all(
            views.readings_raw(connection, e=e, ps=[p], t0=since, t1=since + _DAY, after_p=0, after_ts=since, n=100_000)
        )

    async def binned(p: int) -> None:
        await _all(
            views.readings_binned(
                connection, e=e, ps=[p], t0=end - 7 * _DAY, t1=end, width=timedelta(minutes=15), after_p=0,
                after_ts=end - 7 * _DAY, n=100_000,
            )
        )  # fmt: skip

    queries: dict[str, Callable[[int], Awaitable[object]]] = {
        "latest of all points": lambda _: _all(
            views.latest(connection, e=e, ps=metered, rate_window=timedelta(minutes=5))
        ),
        "latest of one point": lambda p: _all(views.latest(connection, e=e, ps=[p], rate_window=timedelta(minutes=5))),
        "yesterday's readings of a point": lambda p: raw(p, end - _DAY),
        "readings of a point, oldest day": lambda p: raw(p, _instant(0) + zero),
        "a week of a point, by 15 min": binned,
        "a day's ledger of 50 points": lambda _: _all(
            views.power_curve(
                connection, e=e, ps=metered[:50], weights=[1.0] * len(metered[:50]), t0=end - _DAY, t1=end
            )
        ),
        "a month's ledger of a point": lambda p: _SQL.month_of_point(
            connection, e=e, p=p, starts=end - 30 * _DAY, ends=end
        ),
    }
    dice = random.Random(1)
    timings = {}
    for name, query in queries.items():
        spent = []
        for turn in range(110):
            begun = time.perf_counter()
            await query(dice.choice(metered))
            if turn >= 10:  # the first ones plan and warm the cache
                spent.append((time.perf_counter() - begun) * 1000)
        timings[name] = (statistics.median(spent), statistics.quantiles(spent, n=20)[-1])
    return timings


async def _late(connection: asyncpg.Connection, stored: Stored, day: datetime, what: str) -> None:
    """Late readings for every point, an hour of one day: between the seconds of those that are there."""
    metered = [int(stored.ps[m.index]) for m in stored.plant.meters.values()]
    instants = [int((day + timedelta(minutes=m, milliseconds=1)).timestamp() * 1e6) for m in range(60)]
    count = len(metered) * len(instants)
    ps, ts = np.repeat(metered, len(instants)), np.tile(instants, len(metered))
    late = Readings(
        e=np.full(count, stored.e, np.int32), p=ps.astype(np.int32), ts=ts, start=np.full(count, NO_START),
        value=np.ones(count), quality=np.zeros(count, np.int16), origin=np.ones(count, np.int16),
        received_at=np.full(count, int(_instant(0).timestamp() * 1e6)),
    )  # fmt: skip
    begun = time.perf_counter()
    async with connection.transaction():
        await merge_readings(connection, late.take(np.lexsort((late.ts, late.p))))
    print(f"late readings into an {what} chunk: {count / (time.perf_counter() - begun):,.0f} rows/s")


async def _all(rows: Any) -> list[asyncpg.Record]:
    return [row async for row in rows]


def _instant(day: int) -> datetime:
    return datetime.fromtimestamp(day_start(_FIRST_DAY + day * _DAY) / 1000, UTC)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("dsn")
    parser.add_argument("--days", type=int, default=36)
    parser.add_argument("--grow", type=int, default=10)
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--chunk-days", type=int)
    chosen = parser.parse_args()
    asyncio.run(run(chosen.dsn, chosen.days, chosen.grow, chosen.copies, chosen.chunk_days))


if __name__ == "__main__":
    main()
