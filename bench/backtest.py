"""A year of quarter hours held against 200 rules."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import asyncpg

from bench.figures import Bench, Figure, Options, figure
from db.embedded import EmbeddedServer
from db.migrate import migrate
from db.plant_load import load_plant
from db.plants import enterprise
from db.pool import create_pool
from enms.metering import INTERVAL_S
from enms.plant_file import parse_plant
from rules.backtest import backtests
from rules.book import BUNDLED, read_books, rule_of, sound_rules
from rules.definition import Rule

_RULES = 200
_DAYS = 365
_PROMISED_S = 60.0
_START = datetime(2026, 7, 1, 16, tzinfo=UTC)
# A furnace with round figures and a motor whose power is counted; every other rule is about either.
_PLANT = """
enterprise: {code: works, name: {zh: 钢厂, en: Works}, industry: steel}
factors: [{carrier: coke, unit: kg, kgce: 1.0, source: round figures}]
processes: [{code: bf1, name: {zh: 1号高炉, en: Furnace 1}, kind: blast_furnace, commissioned: 2006-05-01}]
points:
  - {code: bf1.coke, process: bf1, carrier: coke, unit: kg, resolution: 1}
  - {code: bf1.output, process: bf1, role: output, reading: interval, unit: t, period_s: 3600}
  - {code: bf1.re_share, process: bf1, role: property, reading: gauge, unit: "%", period_s: 28800, max_gap_s: 90000}
  - {code: fan.energy, process: bf1, carrier: electricity, unit: kWh, resolution: 0.01}
enpis:
  - {code: bf1.energy, process: bf1, limit: {standard: GB 21256, item: blast_furnace}, energy: [{point: bf1.coke}],
     output: [bf1.output], corrections: {rare_earth_ore_pct: bf1.re_share}}
motors:
  - {code: bf1.fan, process: bf1, model: YE3-315L1-4, year: 2022, type: cage, rated_kw: 160, poles: 4,
     efficiency_pct: 95.8, voltage_v: 380, current_a: 282, power_factor: 0.89, duty: continuous, drives: fan,
     points: {power: fan.energy}}
"""
# By point: quarter hour's amount, sometimes a fifth more: light and heavy days, none of them like the other.
_AMOUNTS = {"bf1.coke": 400.0, "bf1.output": 1.0, "bf1.re_share": 20.0, "fan.energy": 15.0}
_EVEN = {"bf1.output", "bf1.re_share"}
_YEAR = """
INSERT INTO interval (e, p, start, amount, covered_s, estimated_s, apportioned_s, basis, suspect, rev,
                      known_at)
SELECT e, p, $3::timestamptz + n * interval '15 minutes',
       $4::float8 * (1 + 0.2 * (hashint4(n / 96 + p) & 1) * $7::bool::int)
         * (1 - 0.6 * (hashint4(n / 48 + p) & 1) * $6::bool::int),
       900, 0, 0, 0, false, 1, now()
FROM point, generate_series(0, $5::int - 1) AS n WHERE e = $1 AND code = $2
"""
_STATE = """
INSERT INTO point_state (e, p, first_ts, newest_ts, closed_until)
SELECT e, p, $2::timestamptz, $3::timestamptz, $3::timestamptz FROM point WHERE e = $1
"""


async def _measure(options: Options) -> list[Figure]:
    count, days = options.scaled(_RULES, least=8), options.scaled(_DAYS, least=3)
    end = _START + timedelta(days=days)
    async with EmbeddedServer(options.folder / "postgres") as server:
        dsn = server.dsn(user="enms_migrator")
        await migrate(dsn)
        pool = await create_pool(dsn, name="enms-bench", size=2)
        try:
            async with pool.acquire() as connection:
                await _fill(connection, days, end)
                owner = await enterprise(connection, "works")
                rules = _rules(count)
                options.say(f"{days} days are in the ledger; {len(rules)} rules")
                begun = time.perf_counter()
                found = await backtests(connection, owner, rules, _START, end)
                seconds = time.perf_counter() - begun
                steps, alerts = sum(one.steps for one in found), sum(one.alerts for one in found)
        finally:
            await pool.close()
    options.say(f"{steps:,} judgements, {alerts:,} alerts in {seconds:.1f} s")
    kinds = len({rule.kind for rule in rules})
    conditions = (
        f"{days} days, {len(rules)} rules of {kinds} kinds with figures of their own, each about one subject: an EnPI "
        f"by the day, a motor by the quarter hour; {steps} judgements, {alerts} alerts; one connection; limit: promised"
    )
    return [figure("backtest_year_200_rules", seconds, "s", _PROMISED_S, conditions)]


def _rules(count: int) -> list[Rule]:
    """Nine in ten about the EnPI's days, one in ten about the motor's quarter hours."""
    known = {rule.id: rule.model_dump(mode="json", by_alias=True) for rule in sound_rules(read_books([BUNDLED]))}
    made = []
    for n in range(count):
        entry = dict(known["motor_underload" if n % 10 == 0 else "blast_furnace_energy_day"])
        entry |= {"id": f"{entry['id']}_{n}", "deadband": n / 1000 if n % 10 == 0 else n / 10}
        made.append(rule_of(entry))
    return made


async def _fill(connection: asyncpg.Connection, days: int, end: datetime) -> None:
    """A year as the ledger would have published it."""
    await load_plant(connection, parse_plant(_PLANT, "bench"), now=_START)
    e = (await enterprise(connection, "works")).e
    for code, amount in _AMOUNTS.items():
        quarters, swings = days * 86_400 // INTERVAL_S, code == "fan.energy"
        await connection.execute(_YEAR, e, code, _START, amount, quarters, swings, code not in _EVEN)
    await connection.execute(_STATE, e, _START, end)
    await connection.execute("ANALYZE")


BENCH = Bench(("backtest_year_200_rules",), 90, _measure)
