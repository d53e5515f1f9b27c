"""A district of plants with a year behind it, for what has to stay fast however much data there is.

    python -m bench.district DSN [--points 2000] [--days 365] [--jobs 2]

Fills the database of DSN (migrated first) with the demo's plants, several times over under codes of their own, until
every minute brings `points` readings; padded with sub-meters to exactly that many. Readings, quarter hours and day
totals come from set-based statements (district.sql), not from ingest and derivation: the rows are those that derivation
makes. Newest days first, so that one database shows how questions fare before and after it has grown; run again, it
goes on where it stopped. Where the engine compresses, what is older than 35 days is compressed as it comes.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import aiosql
import asyncpg

from db.engine import read_engine
from db.kept import keep_heat_days, keep_level_days
from db.migrate import migrate
from db.plant_load import load_plant
from db.storage import compress_readings
from enms.metering import Aggregate, PointConfig, ReadingType
from enms.names import Name
from enms.plant import Plant
from enms.plant_file import read_plant_file
from enms.points import Point
from enms.units import unit
from simulators.scenario import plant_files

_SQL: Any = aiosql.from_path(Path(__file__).with_name("district.sql"), "asyncpg", encoding="utf-8")
POINTS, DAYS = 2000, 365
_PERIOD_S = 60.0
_DAY = 96  # quarter hours
_BEFORE = 400 * _DAY  # registers begin to count so long before the first fill
_BLOCK = 100  # points of one statement
_COMPRESS_AFTER = timedelta(days=35)
_ALERTS_A_DAY = 3
_KEPT_DAYS = 5_000  # of one statement, as the ledger's keeper keeps them
_KINDS = {ReadingType.REGISTER: 0, ReadingType.GAUGE: 1, ReadingType.INTERVAL: 2}
_WEEK = 7 * _DAY  # a chunk of readings; both begin at a Thursday
Say = Callable[[str], None]


def _quiet(_: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Filled:
    """What a district holds: whole quarter hours from `first`, readings up to `until`."""

    first: datetime
    until: datetime

    @property
    def days(self) -> float:
        return (self.until - self.first) / timedelta(days=1)


def plants(points: int) -> list[Plant]:
    """The demo's plants, so often that `points` of their points are read; all of them every minute."""
    files = [read_plant_file(path) for path in plant_files()]
    made: list[Plant] = []
    left = points
    for copy in range(points):
        for file in files:
            plant = _copy(file, copy + 1)
            read = sum(p.virtual is None for p in plant.points)
            if read > left:
                return [_padded(made[0], left), *made[1:]] if made else [_padded(_head(plant), left)]
            made.append(plant)
            left -= read
    return made


def _copy(file: Plant, number: int) -> Plant:
    code = f"{file.enterprise.code.removeprefix('demo-')}-{number}"
    name = Name(zh=f"{file.enterprise.name.zh}{number}", en=f"{file.enterprise.name.en} {number}")
    changed = {"period_s": _PERIOD_S, "max_gap_s": None, "frozen_after_s": None}
    return file.model_copy(
        update={
            "enterprise": file.enterprise.model_copy(update={"code": code, "name": name}),
            "points": tuple(p if p.virtual is not None else p.model_copy(update=changed) for p in file.points),
        }
    )


def _head(plant: Plant) -> Plant:
    """An enterprise alone, for a district smaller than one plant."""
    return Plant(enterprise=plant.enterprise, processes=plant.processes)


def _padded(plant: Plant, count: int) -> Plant:
    more = tuple(
        Point(
            code=f"sub{n}.active_energy", process=plant.processes[0].code, carrier="electricity", unit="kWh",
            multiplier=80.0, register_max=1e6, resolution=0.01, rated_per_hour=500.0, period_s=_PERIOD_S,
            parent=next((p.code for p in plant.points if p.carrier == "electricity" and p.virtual is None), None),
        )
        for n in range(count)
    )  # fmt: skip
    return plant.model_copy(update={"points": (*plant.points, *more)})


async def prepare(connection: asyncpg.Connection, points: int, now: datetime) -> None:
    """Load the plants and say how each point runs; nothing is filled yet."""
    await _SQL.create_courses(connection)
    for plant in plants(points):
        await load_plant(connection, plant, now=now - timedelta(days=900))
        numbers = {
            row["code"]: (row["e"], row["p"]) async for row in _SQL.numbers(connection, code=plant.enterprise.code)
        }
        by_code = {p.code: p for p in plant.points}
        rows = [
            (*numbers[code], *_course(by_code[code], config))
            for code, config in plant.configs().items()
            if config.reading is not ReadingType.VIRTUAL
        ]
        names = ("e", "p", "kind", "per", "level", "swing", "phase", "wobble", "stray", "hold", "worth")
        await _SQL.add_courses(connection, **dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    await _SQL.forget_dirty(connection)
    await _SQL.add_rules(connection, now=now)
    await _SQL.add_subjects(connection, now=now)
    await _SQL.begin(connection, origin=_quarter(now) - _BEFORE)


def _course(point: Point, config: PointConfig) -> tuple[Any, ...]:
    """kind, per, level, swing, phase, wobble, stray, hold, worth: see district.sql."""
    dice = zlib.crc32(point.code.encode()) / 2**32
    step = point.resolution or 0.01
    phase = 2 * math.pi * dice
    if config.reading is ReadingType.REGISTER:
        rise = (point.rated_per_hour or 100.0) * 0.4 / 4 / abs(point.multiplier) / step
        if point.register_max is not None:  # a rollover a year is the reference's to derive, not this one's
            rise = min(rise, 0.9 * point.register_max / step / (2 * _BEFORE))
        return 0, 1 / step, rise, 0.3, phase, 0.1, 0, 1, step * point.multiplier
    analysed = unit(config.unit).dimension.startswith("heating_value") or config.unit == "%"
    low, high = point.min, point.max
    middle = (low + high) / 2 if low is not None and high is not None else 0.0
    level = abs(middle) or point.rated_per_hour or 100.0
    if config.reading is ReadingType.INTERVAL:
        level = (point.rated_per_hour or 100.0) / 60 / abs(point.multiplier)
    steps = max(level / step, 10.0)
    worth = step * config.to_amount / 4 if config.aggregate is Aggregate.SUM else step
    if config.reading is ReadingType.INTERVAL:
        worth = 15 * step * point.multiplier
    if analysed:
        return 1, 1 / step, steps, 0.0, phase, 0.02, 0, 32, worth
    return _KINDS[config.reading], 1 / step, steps, 0.1, phase, 0.02, max(round(0.01 * steps / 7), 0), 1, worth


async def is_filled(connection: asyncpg.Connection) -> bool:
    """Whether a database holds a district (however far filled)."""
    found: bool = await _SQL.is_district(connection)
    return found


async def size(connection: asyncpg.Connection) -> int:
    """Points that are read."""
    return len([row async for row in _SQL.points(connection)])


async def fill(dsn: str, days: float, now: datetime, *, jobs: int = 2, say: Say = _quiet) -> Filled:
    """Fill up to now, then back until `days` are there, newest first.

    Args:
        dsn: a migrated database, prepared.
        days: before now; what is there already stays.
        jobs: sessions that fill at once.
        say: told of every week.
    """
    async with asyncpg.create_pool(dsn, min_size=jobs, max_size=jobs, server_settings={"timezone": "UTC"}) as pool:
        row = await _SQL.filled(pool)
        newest, until, end = _quarter(now), row["until"], now.replace(second=0, microsecond=0)
        first = newest if until is None else row["first"]
        # what has come since the last time: the quarter hour that was open then, and the one that is open now
        known = newest if until is None else _quarter(until)
        await _piece(pool, row["origin"], known, newest + 1, closed=newest, after=until, last=end)
        await _SQL.note_filled(pool, first=first, until=end)
        wanted = newest - round(days * _DAY)
        while first > wanted:
            since = max(wanted, (first - 1) // _WEEK * _WEEK)
            begun = time.perf_counter()
            await _piece(pool, row["origin"], since, first, closed=first)
            await _SQL.add_findings(pool, since=_instant(since), until=_instant(first))
            await _SQL.add_alerts(pool, since=_instant(since), until=_instant(first), now=now, a_day=_ALERTS_A_DAY)
            first = since
            await _SQL.note_filled(pool, first=first, until=end)
            async with pool.acquire() as connection:
                await compress_readings(connection, now - _COMPRESS_AFTER)
            say(f"{(newest - first) / _DAY:.1f} days are filled, the last week in {time.perf_counter() - begun:.0f} s")
        await _SQL.set_cursors(pool, now=now)
        async with pool.acquire() as connection:
            for keep in (keep_heat_days, keep_level_days):
                while await keep(connection, date.min, _KEPT_DAYS):
                    pass
        return Filled(_instant(first), end)


async def _piece(
    pool: asyncpg.Pool,
    origin: int,
    since: int,
    until: int,
    *,
    closed: int,
    after: datetime | None = None,
    last: datetime | None = None,
) -> None:
    """Quarter hours [since, until), their ledger up to `closed`; of the readings those after `after`, up to `last`."""
    rows = [row async for row in _SQL.points(pool)]
    blocks = [rows[i : i + _BLOCK] for i in range(0, len(rows), _BLOCK)]
    bounds = {"after": after or datetime.min.replace(tzinfo=UTC), "last": last or datetime.max.replace(tzinfo=UTC)}

    async def block(some: Sequence[asyncpg.Record]) -> None:
        which = {
            "e": sorted({row["e"] for row in some}),
            "p": [row["p"] for row in some],
            "origin": origin,
            "since": since,
        }
        async with pool.acquire() as connection, connection.transaction():
            await _SQL.fill_readings(connection, **which, until=until, **bounds)
            await _SQL.fill_intervals(connection, **which, until=closed)

    async with asyncio.TaskGroup() as tasks:
        for some in blocks:
            tasks.create_task(block(some))
    if closed > since:
        for e in sorted({row["e"] for row in rows}):
            await _SQL.fill_days(pool, e=e, since=since, until=closed)


async def settle(connection: asyncpg.Connection) -> None:
    """Nothing left for the background to do while something is timed."""
    await _SQL.settle(connection)


def _quarter(at: datetime) -> int:
    """The quarter hour since 1970 that an instant lies in."""
    return int(at.timestamp()) // 900


def _instant(quarter: int) -> datetime:
    return datetime.fromtimestamp(quarter * 900, UTC)


async def run(dsn: str, points: int, days: float, jobs: int) -> None:
    """Migrate, prepare where that was not done, fill."""
    await migrate(dsn)
    connection = await asyncpg.connect(dsn, server_settings={"timezone": "UTC"})
    try:
        if not await is_filled(connection):
            async with connection.transaction():
                await prepare(connection, points, datetime.now(UTC))
        filled = await fill(dsn, days, datetime.now(UTC), jobs=jobs, say=print)
        await settle(connection)
        print(f"{await read_engine(connection)}: {filled.days:.1f} days up to {filled.until:%Y-%m-%d %H:%M} UTC")
    finally:
        await connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("dsn")
    parser.add_argument("--points", type=int, default=POINTS)
    parser.add_argument("--days", type=float, default=DAYS)
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args()
    asyncio.run(run(chosen.dsn, chosen.points, chosen.days, chosen.jobs))


if __name__ == "__main__":
    main()
