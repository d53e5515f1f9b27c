"""Plants in and out of the database."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg

from db.plant_load import load_plant
from db.plants import read_plant
from enms.plant import Plant
from enms.plant_file import parse_plant

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TEXT = """
enterprise: {code: demo, name: {zh: 示范, en: Demo}, industry: steel, day_starts: "08:00"}
processes:
  - {code: bf1, name: {zh: 1号高炉, en: Blast furnace 1}, kind: blast_furnace, commissioned: 2006-05-01}
points:
  - {code: a, process: bf1, carrier: electricity, unit: kWh, multiplier: 40, register_max: 1.0e+6}
  - {code: b, process: bf1, carrier: electricity, reading: gauge, unit: kW, min: 0}
  - {code: out, process: bf1, role: output, reading: interval, unit: t, period_s: 3600}
  - {code: net, process: bf1, carrier: electricity, virtual: [{point: a, sign: 1}, {point: b, sign: -1}]}
enpis:
  - {code: bf1.e, process: bf1, energy: [{point: net}], output: [out], limit: {standard: GB 21256, item: blast_furnace}}
motors:
  - {code: fan, process: bf1, rated_kw: 160, points: {power: b}}
factors:
  - {carrier: oxygen, unit: Nm3, kgce: 0.07, source: site measurement 2026}
carbon_factors:
  - {carrier: anthracite, unit: t, carbon: 0.757, oxidation: 0.94, source: laboratory}
  - {carrier: coke_oven_gas, carbon_per_gj: 0.0125, oxidation: 0.99, effective_from: 2026-07-01,
     effective_to: 2026-12-31, source: chromatograph}
"""


def plant(old: str = "", new: str = "") -> Plant:
    return parse_plant(TEXT.replace(old, new) if old else TEXT, "test")


async def dirty(pool: asyncpg.Pool) -> list[tuple[str, datetime]]:
    rows = await pool.fetch("SELECT code, from_ts FROM dirty JOIN point USING (e, p) ORDER BY dirty.id")
    return [(row["code"], row["from_ts"]) for row in rows]


async def test_what_goes_in_comes_out(db_pool: asyncpg.Pool) -> None:
    async with db_pool.acquire() as connection:
        summary = await load_plant(connection, plant(), now=NOW)
        assert len(summary.created) == 9
        stored = await read_plant(connection, "demo")
    assert stored.configs() == plant().configs()
    assert stored.enpis == plant().enpis
    assert stored.motors == plant().motors
    assert stored.factors == plant().factors
    assert stored.carbon_factors == plant().carbon_factors
    assert stored.enterprise == plant().enterprise
    assert stored.processes == plant().processes


async def test_loading_twice_changes_nothing(db_pool: asyncpg.Pool) -> None:
    async with db_pool.acquire() as connection:
        await load_plant(connection, plant(), now=NOW)
        again = await load_plant(connection, plant(), now=NOW)
        assert (again.created, again.changed, again.retired, again.unchanged) == ([], [], [], 9)
        exported = await read_plant(connection, "demo")
        from_export = await load_plant(connection, exported, now=NOW)
    assert (from_export.created, from_export.changed, from_export.retired) == ([], [], [])
    assert await dirty(db_pool) == []


async def test_a_corrected_multiplier_rederives_from_the_beginning(db_pool: asyncpg.Pool) -> None:
    async with db_pool.acquire() as connection:
        await load_plant(connection, plant(), now=NOW)
        summary = await load_plant(connection, plant("multiplier: 40,", "multiplier: 60,"), now=NOW.replace(hour=1))
    assert summary.changed == ["a"]
    assert [code for code, _ in await dirty(db_pool)] == ["a"]
    meter = await db_pool.fetchrow("SELECT multiplier, kind FROM installation_span ORDER BY p LIMIT 1")
    assert tuple(meter) == (60.0, "install")


async def test_a_dated_change_begins_there(db_pool: asyncpg.Pool) -> None:
    since = datetime(2026, 11, 1, tzinfo=UTC)
    async with db_pool.acquire() as connection:
        await load_plant(connection, plant(), now=NOW)
        changed = plant("multiplier: 40,", "multiplier: 60,")
        await load_plant(connection, changed, now=NOW.replace(hour=1), effective_from=since)
        again = await load_plant(connection, changed, now=NOW.replace(hour=2))
    assert again.changed == []
    assert await dirty(db_pool) == [("a", since)]
    meters = await db_pool.fetch(
        "SELECT multiplier, kind FROM installation_span JOIN point USING (e, p) WHERE code = 'a' ORDER BY installed_at"
    )
    assert [(m["multiplier"], m["kind"]) for m in meters] == [(40.0, "install"), (60.0, "change")]


async def test_what_the_file_no_longer_names_is_retired_and_can_come_back(db_pool: asyncpg.Pool) -> None:
    line = "  - {code: fan, process: bf1, rated_kw: 160, points: {power: b}}\n"
    async with db_pool.acquire() as connection:
        await load_plant(connection, plant(), now=NOW)
        gone = await load_plant(connection, plant("motors:\n" + line), now=NOW.replace(hour=1))
        assert gone.retired == ["fan"]
        assert (await read_plant(connection, "demo")).motors == ()
        back = await load_plant(connection, plant(), now=NOW.replace(hour=2))
        assert back.changed == ["fan"]
        assert len((await read_plant(connection, "demo")).motors) == 1


async def test_factors_are_corrected_retired_and_come_back(db_pool: asyncpg.Pool) -> None:
    gone = "  - {carrier: anthracite, unit: t, carbon: 0.757, oxidation: 0.94, source: laboratory}\n"
    async with db_pool.acquire() as connection:
        await load_plant(connection, plant(), now=NOW)
        summary = await load_plant(connection, plant("carbon: 0.757", "carbon: 0.761"), now=NOW.replace(hour=1))
        assert summary.changed == ["carbon of anthracite"]
        summary = await load_plant(connection, plant(gone, ""), now=NOW.replace(hour=2))
        assert summary.retired == ["carbon of anthracite"]
        assert [f.carrier for f in (await read_plant(connection, "demo")).carbon_factors] == ["coke_oven_gas"]
        summary = await load_plant(connection, plant("kgce: 0.07", "kgce: 0.08"), now=NOW.replace(hour=3))
        assert summary.changed == ["factor of oxygen", "carbon of anthracite"]
        assert (await read_plant(connection, "demo")).carbon_factors[0].carbon == 0.757
