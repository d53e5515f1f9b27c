"""Worlds into a real database, and the ledger out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import asyncpg

from db.instants import BEGINNING
from enms.metering import Installation
from enms.readings import Reading
from enms.timeline import ConfigVersion
from tests.ledger.worlds import T0, World

ENTERPRISE = 1
_SKIPPED = ("code", "virtual")


async def create_enterprise(
    connection: asyncpg.Connection, *, timezone: str = "Asia/Shanghai", day_starts: str = "00:00", month: int = 1
) -> int:
    return await connection.fetchval(
        """INSERT INTO enterprise (
               code, name_zh, name_en, industry, timezone, day_starts, month_starts_day, registered_at)
           VALUES ('e' || (SELECT count(*) FROM enterprise), 'x', 'x', 'other', $1, $2::text::time, $3, $4)
           RETURNING e""",
        timezone,
        day_starts,
        month,
        T0,
    )


async def create_point(connection: asyncpg.Connection, world: World, e: int = ENTERPRISE) -> int:
    """The point of a world, without its readings."""
    p = await connection.fetchval(
        "INSERT INTO point (e, code, registered_at) VALUES ($1, 'p' || (SELECT count(*) FROM point), $2) RETURNING p",
        e,
        T0,
    )
    for version in world.versions:
        await put_config(connection, e, p, version)
    for meter in world.meters:
        await put_meter(connection, e, p, meter)
    return p


async def put_config(
    connection: asyncpg.Connection, e: int, p: int, version: ConfigVersion, *, recorded_at: datetime = T0
) -> None:
    values = {k: v for k, v in asdict(version.config).items() if k not in _SKIPPED}
    values |= {"e": e, "p": p, "valid_from": version.valid_from or BEGINNING, "recorded_at": recorded_at}
    values |= {"retired": version.retired, "position": 0}
    await _put(connection, "point_config", values)


async def put_meter(
    connection: asyncpg.Connection, e: int, p: int, meter: Installation, *, recorded_at: datetime = T0
) -> None:
    values = asdict(meter) | {"e": e, "p": p, "recorded_at": recorded_at}
    values["installed_at"] = meter.installed_at or BEGINNING
    values["kind"] = meter.kind.value
    await _put(connection, "installation", values)


async def _put(connection: asyncpg.Connection, table: str, values: dict[str, object]) -> None:
    """A row whose columns are named by a dataclass: COPY, as there the driver quotes the names."""
    await connection.copy_records_to_table(table, columns=list(values), records=[tuple(values.values())])


async def write(
    connection: asyncpg.Connection, e: int, p: int, readings: Sequence[Reading], *, dirty: bool = True
) -> None:
    """One batch of readings as ingest would commit it: first come, first kept; the correction rule is ingest's."""
    if not readings:
        return
    async with connection.transaction():
        await connection.executemany(
            """INSERT INTO reading (e, p, ts, start, value, quality, origin, received_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
               ON CONFLICT (e, p, ts) DO UPDATE SET start = excluded.start, value = excluded.value,
                   quality = excluded.quality, origin = excluded.origin, received_at = excluded.received_at
               WHERE (excluded.origin, reading.received_at, excluded.value)
                   > (reading.origin, excluded.received_at, reading.value)""",
            [(e, p, r.ts, r.start, r.value, int(r.quality), int(r.origin), r.received_at) for r in readings],
        )
        if dirty:
            begins = min(min(r.ts, r.start or r.ts) for r in readings)
            await connection.execute(
                "INSERT INTO dirty (e, p, from_ts, to_ts) VALUES ($1, $2, $3, $4)",
                e,
                p,
                begins,
                max(r.ts for r in readings),
            )


async def clear(connection: asyncpg.Connection) -> None:
    """Forget everything of the ledger and its readings; hypothesis runs many examples in one database."""
    await connection.execute(
        """
        DELETE FROM reading;
        DELETE FROM dirty;
        DELETE FROM point_state;
        DELETE FROM interval;
        DELETE FROM interval_revision;
        DELETE FROM day_total;
        DELETE FROM finding;
        DELETE FROM ledger_change;
        DELETE FROM installation;
        DELETE FROM point_config;
        DELETE FROM point;
        """
    )
