"""What the ledger keeps beside its intervals, and what tells that it no longer holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import asyncpg

from enms.timeline import ConfigVersion
from ledger.keeping import keep
from tests.ledger.conftest import Desk
from tests.ledger.store import create_point, put_config, write
from tests.ledger.worlds import at, gauge, reading, register

DAY = date(2026, 3, 2)  # from at(-480) to at(960): Asia/Shanghai


async def heat(desk: Desk) -> list[asyncpg.Record]:
    return await desk.connection.fetch("SELECT * FROM heat_day ORDER BY p, local_date")


async def burner(desk: Desk, until: int = 966) -> tuple[int, int]:
    """A gas meter from the day's beginning on, and its heating value from an hour later; their numbers."""
    world = register()
    p = await create_point(desk.connection, world)
    ncv = await create_point(desk.connection, gauge())
    code = await desk.connection.fetchval("SELECT code FROM point WHERE p = $1", ncv)
    version = replace(world.versions[0], config=replace(world.versions[0].config, ncv=code))
    await desk.connection.execute("DELETE FROM point_config WHERE p = $1", p)
    await put_config(desk.connection, 1, p, ConfigVersion(version.valid_from, version.config))
    await write(desk.connection, 1, p, [reading(m, 2.0 * m + 2000) for m in range(-480, until)])
    await write(desk.connection, 1, ncv, [reading(m, 35.0 if m < 0 else 36.0) for m in range(-420, until)])
    return p, ncv


async def test_a_closed_day_is_added_up_against_its_heating_value(desk: Desk) -> None:
    p, ncv = await burner(desk)
    await desk.derive(at(966))
    assert await keep(desk.connection, date.min) == 1
    (row,) = await heat(desk)
    assert (row["p"], row["ncv_p"], row["local_date"]) == (p, ncv, DAY)
    assert row["heat"] == (840 * 35.0 + 1920 * 36.0) / 4  # kW over a quarter hour
    assert row["unconverted_s"] == 3600.0
    assert await keep(desk.connection, date.min) == 0


async def test_an_open_day_is_not_added_up(desk: Desk) -> None:
    await burner(desk, until=900)
    await desk.derive(at(900))
    assert await keep(desk.connection, date.min) == 0


async def test_late_readings_give_it_up_until_it_is_added_up_again(desk: Desk) -> None:
    p, ncv = await burner(desk)
    await desk.derive(at(966))
    await keep(desk.connection, date.min)
    before = (await heat(desk))[0]
    await write(desk.connection, 1, ncv, [reading(m, 30.0) for m in range(-480, -420)])
    await desk.derive(at(970))
    put = "SELECT put_at FROM day_total WHERE p = $1 AND local_date = $2"
    assert await desk.connection.fetchval(put, p, DAY) == before["put_at"]
    assert await desk.connection.fetchval(put, ncv, DAY) > before["ncv_put_at"]
    assert await keep(desk.connection, date(2026, 3, 3)) == 0, "older than was asked for"
    assert await keep(desk.connection, DAY) == 1
    after = (await heat(desk))[0]
    assert after["heat"] == before["heat"] + 120 * 30.0 / 4
    assert after["unconverted_s"] == 0.0
