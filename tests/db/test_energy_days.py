"""Long spans from day totals say what the quarter hours say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from db.energy import EnergyTotal, Period, energy_totals
from db.plant_load import load_plant
from enms.cuts import Cuts
from enms.plant_file import parse_plant

# Eight in the morning in Shanghai, when this plant's days begin.
START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 24
CUTS = Cuts(ZoneInfo("Asia/Shanghai"), timedelta(hours=8))
HEAD = "enterprise: {code: works, name: {zh: 钢厂, en: Works}, industry: steel, day_starts: '08:00'}\n"
POINTS = """points:
  - {code: elec, carrier: electricity, unit: kWh}
  - {code: bfg, carrier: blast_furnace_gas, unit: Nm3, ncv: bfg.ncv}
  - {code: bfg.ncv, role: property, reading: gauge, unit: kJ/Nm3, period_s: 3600}
  - {code: coke, carrier: coke, unit: kg}
  - {code: argon, carrier: argon, unit: Nm3}
"""
# The site's factor changes at midnight, in the middle of a day of this plant.
FACTORS = """factors:
  - {carrier: coke, unit: kg, kgce: 0.95, source: test, effective_to: 2026-03-10}
  - {carrier: coke, unit: kg, kgce: 0.97, source: test, effective_from: 2026-03-11}
"""


@pytest.fixture
async def filled(db_pool: asyncpg.Pool):
    async with db_pool.acquire() as connection:
        await load_plant(connection, parse_plant(HEAD + FACTORS + POINTS, "test"), now=START - timedelta(days=100))
        e = await connection.fetchval("SELECT e FROM enterprise")
        await connection.execute(
            "INSERT INTO interval SELECT $1, p, g, 10 + 3 * sin(extract(epoch FROM g) / 9000 + p), 900,"
            " CASE WHEN extract(hour FROM g) = 3 THEN 900 ELSE 0 END, 0, 0, false, 1, g"
            " FROM point, generate_series($2::timestamptz, $3::timestamptz - interval '1 second', '15 minutes') AS g"
            # a gap of the heating value, and one of the electricity
            " WHERE NOT (code = 'bfg.ncv' AND g BETWEEN $2 + interval '5 days' AND $2 + interval '5 days 7 hours')"
            "   AND NOT (code = 'elec' AND g BETWEEN $2 + interval '9 days' AND $2 + interval '9 days 3 hours')",
            e, START, START + timedelta(days=DAYS),
        )  # fmt: skip
        await connection.execute(
            "INSERT INTO day_total SELECT e, p, ((start AT TIME ZONE 'Asia/Shanghai') - interval '8 hours')::date,"
            " sum(amount), sum(covered_s), sum(estimated_s), sum(apportioned_s) FROM interval GROUP BY 1, 2, 3"
        )
        await connection.execute(
            "INSERT INTO point_state (e, p, first_ts, newest_ts, closed_until) SELECT e, p, $1, $2, $2 FROM point",
            START, START + timedelta(days=DAYS),
        )  # fmt: skip
        yield connection, e


async def test_whatever_the_span(filled: tuple[asyncpg.Connection, int]) -> None:
    connection, e = filled
    points = [row["p"] for row in await connection.fetch("SELECT p FROM point WHERE code <> 'bfg.ncv' ORDER BY p")]
    quarter = timedelta(minutes=15)
    periods = [
        Period(START, START + timedelta(days=DAYS)),
        Period(START + 3 * quarter, START + timedelta(days=20, hours=5)),
        Period(START - timedelta(days=40), START + timedelta(days=8)),
        Period(START + timedelta(days=2), START + timedelta(days=3)),
        Period(START + timedelta(days=11), START + timedelta(days=14, hours=1)),
    ]
    slow = await energy_totals(connection, e, points, periods)
    fast = await energy_totals(connection, e, points, periods, cuts=CUTS)
    for a, b in zip(slow, fast, strict=True):
        for field in EnergyTotal.__slots__:
            want, got = getattr(a, field), getattr(b, field)
            same = got == pytest.approx(want, rel=1e-12) if isinstance(want, float) else got == want
            assert same, (a.code, a.period, field, want, got)
    assert any(total.unconverted_s > 0 for total in fast)
    assert any(total.kgce is None and total.amount is not None for total in fast), "argon has no factor"


async def test_days_are_really_used(filled: tuple[asyncpg.Connection, int]) -> None:
    connection, e = filled
    p = await connection.fetchval("SELECT p FROM point WHERE code = 'elec'")
    await connection.execute("DELETE FROM interval WHERE p = $1 AND start < $2", p, START + timedelta(days=10))
    (total,) = await energy_totals(connection, e, [p], [Period(START, START + timedelta(days=DAYS))], cuts=CUTS)
    assert total.covered_s > 23 * 86_400
