"""Standard coal from the ledger: measured heating values, site factors, and what nobody knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from db.consumption import consumption, total_kgce
from db.energy import Period, energy_totals
from db.plant_load import load_plant
from db.plants import enterprise
from enms.plant_file import parse_plant

T0 = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = Period(T0, T0 + timedelta(hours=1))
PLANT = parse_plant(
    """
enterprise: {code: demo, name: {zh: 示范, en: Demo}, industry: steel}
processes: [{code: bf1, name: {zh: 高炉, en: BF}, kind: blast_furnace}]
points:
  - {code: gate, carrier: electricity, role: purchased, unit: MWh}
  - {code: used, process: bf1, carrier: electricity, unit: kWh}
  - {code: coal, process: bf1, carrier: raw_coal, role: consumed, unit: t, ncv: coal.ncv}
  - {code: coal.ncv, role: property, reading: gauge, unit: MJ/kg, period_s: 86400}
  - {code: oxygen, process: bf1, carrier: oxygen, unit: Nm3}
  - {code: argon, process: bf1, carrier: argon, unit: Nm3}
  - {code: net, process: bf1, carrier: electricity, virtual: [{point: used}, {point: trt, sign: -1}]}
  - {code: trt, process: bf1, carrier: electricity, role: produced, unit: kWh}
factors: [{carrier: oxygen, unit: Nm3, kgce: 0.07, source: site balance}]
""",
    "test",
)


@pytest.fixture
async def points(db_pool: asyncpg.Pool) -> dict[str, int]:
    async with db_pool.acquire() as connection:
        await load_plant(connection, PLANT, now=T0)
        rows = await connection.fetch("SELECT e, p, code FROM point")
        await connection.executemany(
            "INSERT INTO point_state (e, p, first_ts, newest_ts, closed_until) VALUES ($1, $2, $3, $4, $4)",
            [(r["e"], r["p"], T0, HOUR.end) for r in rows],
        )
        return {r["code"]: r["p"] for r in rows}


async def put(pool: asyncpg.Pool, p: int, amounts: list[float | None], known_at: datetime = T0, rev: int = 1) -> None:
    e = await pool.fetchval("SELECT e FROM enterprise")
    rows = [
        (e, p, T0 + n * timedelta(minutes=15), a, 900.0, 0.0, 0.0, 0, False, rev, known_at)
        for n, a in enumerate(amounts)
        if a is not None
    ]
    await pool.executemany("INSERT INTO interval VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)", rows)


async def totals(pool: asyncpg.Pool, *points: int):
    async with pool.acquire() as connection:
        e = await connection.fetchval("SELECT e FROM enterprise")
        return await energy_totals(connection, e, points, [HOUR])


async def test_a_measured_heating_value_counts_quarter_by_quarter(
    db_pool: asyncpg.Pool, points: dict[str, int]
) -> None:
    await put(db_pool, points["coal"], [10.0, 10.0, 10.0, 10.0])
    await put(db_pool, points["coal.ncv"], [20.0, 20.0, 10.0, 10.0])
    (total,) = await totals(db_pool, points["coal"])
    assert total.amount == 40.0
    assert total.kgce == pytest.approx(10_000 * (20 + 20 + 10 + 10) * 1000 / 29307.6)
    assert total.completeness == 1.0


async def test_a_missing_heating_value_is_named_and_never_defaulted(
    db_pool: asyncpg.Pool, points: dict[str, int]
) -> None:
    await put(db_pool, points["coal"], [10.0, 10.0, 10.0, 10.0])
    await put(db_pool, points["coal.ncv"], [20.0, 20.0, None, None])
    (total,) = await totals(db_pool, points["coal"])
    assert total.unconverted_s == 1800.0
    assert "coal.ncv missing" in str(total.reason)
    await db_pool.execute("DELETE FROM interval WHERE p = $1", points["coal.ncv"])
    (total,) = await totals(db_pool, points["coal"])
    assert (total.amount, total.kgce) == (40.0, None)


async def test_a_site_factor_comes_before_the_table_and_no_factor_is_unknown(
    db_pool: asyncpg.Pool, points: dict[str, int]
) -> None:
    await put(db_pool, points["oxygen"], [100.0] * 4)
    await put(db_pool, points["argon"], [100.0] * 4)
    oxygen, argon = await totals(db_pool, points["oxygen"], points["argon"])
    assert oxygen.kgce == pytest.approx(28.0)
    assert argon.kgce is None
    assert "no calorific factor for argon" in str(argon.reason)


ANTHRACITE = """
enterprise: {code: demo, name: {zh: 示范, en: Demo}, industry: steel, day_starts: "08:00"}
points: [{code: gate, carrier: anthracite, role: purchased, unit: t}]
"""
EIGHT = datetime(2026, 11, 2, tzinfo=UTC)
"""The enterprise's second of November begins."""
NIGHT = Period(EIGHT - timedelta(hours=1), EIGHT + timedelta(hours=1))


async def carbon_of(pool: asyncpg.Pool, factors: str, *periods: Period) -> list[float | None]:
    """Carbon of anthracite, 10 t every quarter hour of `NIGHT`."""
    async with pool.acquire() as connection:
        await load_plant(connection, parse_plant(ANTHRACITE + factors, "test"), now=T0)
        await connection.execute(
            "INSERT INTO point_state (e, p, first_ts, newest_ts, closed_until) SELECT e, p, $1, $2, $2 FROM point",
            NIGHT.start,
            NIGHT.end,
        )
        await connection.execute(
            "INSERT INTO interval SELECT e, p, t, 10, 900, 0, 0, 0, false, 1, $3 FROM point, "
            "generate_series($1::timestamptz, $2::timestamptz - interval '15 minutes', interval '15 minutes') AS t",
            NIGHT.start,
            NIGHT.end,
            T0,
        )
        who = await enterprise(connection, "demo")
        return [line.tco2 for line in await consumption(connection, who, "carrier", periods)]


async def test_carbon_that_nobody_analysed_is_unknown(db_pool: asyncpg.Pool) -> None:
    assert await carbon_of(db_pool, "", NIGHT) == [None]


async def test_a_sites_own_carbon_needs_no_heating_value(db_pool: asyncpg.Pool) -> None:
    own = "carbon_factors: [{carrier: anthracite, unit: t, carbon: 0.75, oxidation: 0.96, source: laboratory}]\n"
    assert await carbon_of(db_pool, own, NIGHT) == [pytest.approx(80 * 0.75 * 0.96 * 44 / 12)]


async def test_carbon_per_gj_needs_the_energy(db_pool: asyncpg.Pool) -> None:
    own = "carbon_factors: [{carrier: anthracite, carbon_per_gj: 0.0275, oxidation: 0.96, source: laboratory}]\n"
    site = "factors: [{carrier: anthracite, unit: t, kgce: 940, source: laboratory}]\n"
    assert await carbon_of(db_pool, own, NIGHT) == [None]
    async with db_pool.acquire() as connection:
        await load_plant(connection, parse_plant(ANTHRACITE + own + site, "test"), now=T0)
        (line,) = await consumption(connection, await enterprise(connection, "demo"), "carrier", [NIGHT])
    gigajoules = 80 * 940 * 29.3076 / 1000
    assert line.tco2 == pytest.approx(gigajoules * 0.0275 * 0.96 * 44 / 12)


async def test_each_of_the_enterprises_days_has_its_own_factor_and_a_day_without_one_is_unknown(
    db_pool: asyncpg.Pool,
) -> None:
    own = """carbon_factors:
  - {carrier: anthracite, unit: t, tco2: 2.0, effective_to: 2026-11-01, source: first half}
  - {carrier: anthracite, unit: t, tco2: 3.0, effective_from: 2026-11-02, effective_to: 2026-11-02, source: second half}
"""
    before, after = Period(NIGHT.start, EIGHT), Period(EIGHT, NIGHT.end)
    months = Period(EIGHT - timedelta(days=30), EIGHT + timedelta(days=1))
    found = await carbon_of(db_pool, own, before, after, NIGHT, months, Period(months.start, EIGHT + timedelta(days=2)))
    assert found == [pytest.approx(t) for t in (80.0, 120.0, 200.0, 200.0, 200.0)]
    await db_pool.execute("UPDATE site_carbon SET retired = true WHERE source = 'first half'")
    async with db_pool.acquire() as connection:
        who = await enterprise(connection, "demo")
        lines = await consumption(connection, who, "carrier", [before, after, NIGHT])
    assert [line.tco2 for line in lines] == [None, pytest.approx(120.0), None]
    assert [[f.source for f in line.carbon] for line in lines] == [[], ["site: second half"], ["site: second half"]]


async def test_missing_is_not_zero(db_pool: asyncpg.Pool, points: dict[str, int]) -> None:
    await put(db_pool, points["used"], [5.0, None, None, 5.0])
    used, trt, net = await totals(db_pool, points["used"], points["trt"], points["net"])
    assert (used.amount, used.completeness) == (10.0, 0.5)
    assert trt.amount is None
    assert net.amount is None
    await put(db_pool, points["trt"], [1.0, 1.0, 1.0, 1.0])
    (net,) = await totals(db_pool, points["net"])
    assert (net.amount, net.completeness) == (6.0, 0.5)


async def test_as_of_gives_what_was_known(db_pool: asyncpg.Pool, points: dict[str, int]) -> None:
    later = T0 + timedelta(days=1)
    await put(db_pool, points["used"], [5.0] * 4, known_at=later, rev=2)
    await db_pool.execute(
        "INSERT INTO interval_revision "
        "SELECT e, p, start, 1, 3, 900, 0, 0, 0, false, $1 FROM interval WHERE start = $1",
        T0,
    )
    async with db_pool.acquire() as connection:
        e = await connection.fetchval("SELECT e FROM enterprise")
        (then,) = await energy_totals(connection, e, [points["used"]], [HOUR], as_of=T0 + timedelta(hours=2))
        (now,) = await energy_totals(connection, e, [points["used"]], [HOUR], as_of=later)
    assert (then.amount, now.amount) == (3.0, 20.0)


async def test_consumption_by_carrier_and_process(db_pool: asyncpg.Pool, points: dict[str, int]) -> None:
    await put(db_pool, points["gate"], [1.0] * 4)
    await put(db_pool, points["used"], [600.0] * 4)
    await put(db_pool, points["trt"], [100.0] * 4)
    async with db_pool.acquire() as connection:
        who = await enterprise(connection, "demo")
        carriers = {line.carrier: line for line in await consumption(connection, who, "carrier", [HOUR])}
        processes = {line.carrier: line for line in await consumption(connection, who, "process", [HOUR])}
        by_point = {line.point: line for line in await consumption(connection, who, "point", [HOUR])}
    electricity = carriers["electricity"]
    assert (electricity.amount, electricity.unit) == (4.0, "MWh")
    assert electricity.kgce == pytest.approx(4000 * 0.1229)
    assert electricity.tco2 == pytest.approx(4 * 0.6479)
    assert electricity.in_total
    assert processes["electricity"].amount == 2000.0
    assert by_point["used"].amount == 2400.0
    # coal has no data: the total is unknown, not smaller
    assert total_kgce(carriers.values()) is None


async def test_an_open_heating_value_is_provisional_for_pages_and_unknown_for_verdicts(
    db_pool: asyncpg.Pool, points: dict[str, int]
) -> None:
    await put(db_pool, points["coal"], [10.0] * 4)
    await put(db_pool, points["coal.ncv"], [20.0, 20.0])
    await db_pool.execute(
        "UPDATE point_state SET closed_until = $2 WHERE p = $1", points["coal.ncv"], T0 + timedelta(minutes=30)
    )
    async with db_pool.acquire() as connection:
        e = await connection.fetchval("SELECT e FROM enterprise")
        (verdict,) = await energy_totals(connection, e, [points["coal"]], [HOUR])
        (page,) = await energy_totals(connection, e, [points["coal"]], [HOUR], provisional=True)
    assert (verdict.unconverted_s, verdict.provisional_s) == (1800.0, 0.0)
    assert (page.unconverted_s, page.provisional_s) == (0.0, 1800.0)
    assert page.kgce == pytest.approx(40_000 * 20_000 / 29307.6)


@pytest.mark.parametrize(("unknown", "at_least"), [(0, False), (1, True), (2, None)])
async def test_a_sum_that_lacks_heating_values_says_so_and_beyond_a_tenth_is_unknown(
    db_pool: asyncpg.Pool, points: dict[str, int], unknown: int, at_least: bool | None
) -> None:
    quarters = 12
    end = T0 + quarters * timedelta(minutes=15)
    await db_pool.execute("UPDATE point_state SET newest_ts = $1, closed_until = $1", end)
    await put(db_pool, points["coal"], [10.0] * quarters)
    await put(db_pool, points["coal.ncv"], [20.0] * (quarters - unknown) + [None] * unknown)
    async with db_pool.acquire() as connection:
        owner = await enterprise(connection, PLANT.enterprise.code)
        (line,) = await consumption(
            connection, owner, "point", [Period(T0, end)], only=frozenset({"coal"}), as_of=end + timedelta(days=1)
        )
    assert line.amount == 120.0
    if at_least is None:
        assert (line.kgce, line.tco2) == (None, None)
        assert "coal.ncv missing" in str(line.reason)
    else:
        assert line.kgce == pytest.approx((quarters - unknown) * 10_000 * 20_000 / 29307.6)
        assert line.at_least is at_least
