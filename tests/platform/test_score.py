"""A short scenario through the real path: decoded, written, derived and judged by the scenario's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cli.score_run import AFTER, Course, run
from cli.scoring import match
from enms.plant_file import parse_plant
from rules.book import BUNDLED, read_books
from simulators.clock import to_ms
from simulators.faults import Fault, Kind
from simulators.scenario import Scenario

START = datetime(2026, 9, 1, 0, 0, tzinfo=UTC)
HOURS = 8.0
PLANT = """
enterprise: {code: mill, name: {zh: 厂, en: Mill}, industry: other}
processes: [{code: line, name: {zh: 线, en: Line}, kind: line}]
points:
  - {code: line.elec, process: line, carrier: electricity, unit: kWh, resolution: 0.01, rated_per_hour: 2000,
     period_s: 60}
  - {code: line.fan.power, process: line, carrier: electricity, role: property, reading: gauge, unit: kW, period_s: 60}
motors:
  - {code: line.fan, process: line, model: YE3-315L1-4, year: 2022, type: cage, rated_kw: 160, poles: 4,
     efficiency_pct: 95.8, voltage_v: 380, current_a: 282, power_factor: 0.89, duty: continuous, drives: fan,
     points: {power: line.fan.power}}
"""


def course(*faults: Fault, hours: float = HOURS) -> Course:
    scenario = Scenario([parse_plant(PLANT, "mill.yaml")], seed=1, faults=faults)
    return Course(scenario, START, START + timedelta(hours=hours))


def fault(kind: Kind, begin_h: float, end_h: float, point: str, motor: str | None = None) -> Fault:
    begin, end = (to_ms(START + timedelta(hours=h)) for h in (begin_h, end_h))
    return Fault(kind, "mill", begin, end, 1.0, "", (point,), "line", motor)


async def test_what_was_injected_is_found_and_nothing_else_is_raised(pg_dsn: str) -> None:
    gap = fault(Kind.GAP, 2.1, 4.2, "line.elec")
    silent = fault(Kind.GAP, 5.1, 6.9, "line.fan.power")
    asked = course(gap, silent)
    clock: list[datetime] = []
    raised = await run(pg_dsn, asked, read_books([BUNDLED]), clock.append)
    assert clock[0] == START + AFTER
    assert clock[-1] == asked.end
    found = match(asked.scenario.faults, raised, [p.plant for p in asked.scenario.plants], [Kind.GAP])
    assert (found.missed, found.false) == ((), ())
    # two whole quarter hours, closed by the clock, and a look every quarter hour
    assert found.score.delay_p50_s is not None
    assert 2700 <= found.score.delay_p50_s <= 4800
    assert {a.subject for a in raised if a.looks_for == "data_quality/silent"} == {"line.elec", "line.fan.power"}


async def test_sound_hours_raise_nothing(pg_dsn: str) -> None:
    raised = await run(pg_dsn, course(hours=3), read_books([BUNDLED]), lambda _: None)
    assert raised == []
