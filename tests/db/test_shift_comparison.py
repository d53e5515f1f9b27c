"""Shifts of a day's length, and what of an energy input is a generating unit's power."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from db.plant_load import load_plant
from db.plants import enterprise
from db.shift_comparison import compare_shifts
from enms.plant_file import parse_plant
from tests.db.test_reports import DAY, NOW, Works

# 8:00 in Shanghai.
EIGHT = datetime(DAY.year, DAY.month, DAY.day - 1, 0, tzinfo=UTC)
STATION = parse_plant(
    """
enterprise: {code: station, name: {zh: 电厂, en: Station}, industry: power, day_starts: "08:00",
             shifts: [{code: whole, from: "08:00", to: "08:00"}]}
factors:
  - {carrier: raw_coal, unit: t, kgce: 1000, source: round figures for tests}
processes:
  - {code: u1, name: {zh: 1号机组, en: Unit 1}, kind: generating_unit}
points:
  - {code: u1.coal, process: u1, carrier: raw_coal, reading: register, unit: t}
  - {code: u1.gen, process: u1, carrier: electricity, role: produced, reading: register, unit: MWh}
  - {code: u1.aux, process: u1, carrier: electricity, reading: register, unit: MWh}
  - {code: u1.heat, process: u1, carrier: heat, role: sold, reading: register, unit: GJ}
  - {code: u1.total_heat, process: u1, role: property, reading: register, unit: GJ}
generating_units:
  - {code: u1, process: u1, fuels: [u1.coal], generation: u1.gen, auxiliary: [u1.aux], heat: [u1.heat],
     total_heat: u1.total_heat, rated_mw: 300, curve: [[0.5, 345], [1.0, 321]]}
enpis:
  - {code: u1.supply_coal, process: u1, generating_unit: u1}
""",
    "test",
)
A_QUARTER = {"u1.coal": 12.0, "u1.gen": 39.0, "u1.aux": 3.0, "u1.heat": 50.0, "u1.total_heat": 200.0}


async def test_of_a_unit_with_shifts_of_a_day_the_inputs_are_those_of_power_alone(db_pool: asyncpg.Pool) -> None:
    """Its shifts are as long as the finest its rate is judged by; a quarter of the heat goes to a town."""
    async with db_pool.acquire() as connection:
        await load_plant(connection, STATION, now=datetime(2024, 1, 1, tzinfo=UTC))
        numbers = {row["code"]: row["p"] for row in await connection.fetch("SELECT p, code FROM point")}
        station = Works(connection, await enterprise(connection, "station"), numbers)
        for point, a_quarter in A_QUARTER.items():
            await station.put(point, a_quarter, EIGHT, EIGHT + timedelta(days=1))
        (found,) = await compare_shifts(connection, station.row, EIGHT, NOW, now=NOW)
    run = found.runs[0]
    assert (run.shift, run.value) == ("whole", pytest.approx(250.0))
    assert run.energy_tce == pytest.approx(96 * 12 * 0.75)
    assert [(part.point, part.tce, part.per_output) for part in run.contributions] == [
        ("u1.coal", pytest.approx(run.energy_tce), pytest.approx(run.value))
    ]
