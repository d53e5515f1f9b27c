"""A short scenario through the real path: decoded, written, derived and judged by the scenario's own clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cli.score_jobs import Job, in_turn
from cli.score_run import AFTER, STEP, Course, run
from cli.scoring import match, told_apart
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
    told = list(told_apart(found, asked.scenario.faults, raised))
    assert [one["fault"] for one in told if "fault" in one] == ["found", "found"]
    assert {one["alert"] for one in told if "alert" in one} == {"explained"}


async def test_a_reading_that_cannot_be_is_found(pg_dsn: str) -> None:
    asked = course(replace(fault(Kind.SPIKE, 2.1, 2.35, "line.elec"), size=1.2), hours=4)
    raised = await run(pg_dsn, asked, read_books([BUNDLED]), lambda _: None)
    found = match(asked.scenario.faults, raised, [p.plant for p in asked.scenario.plants], [Kind.SPIKE])
    assert (found.missed, found.false) == ((), ())
    assert [a.rule for a in raised] == ["register_spike"]


async def test_looks_that_are_farther_apart_see_the_same_gap_later(pg_dsn: str) -> None:
    begins = fault(Kind.GAP, 2.1, 6.2, "line.elec")
    asked = course(begins)
    raised = await run(pg_dsn, replace(asked, look=4 * STEP), read_books([BUNDLED]), lambda _: None)
    (silent,) = (a for a in raised if a.looks_for == "data_quality/silent")
    assert silent.detected_at == START + 3 * 4 * STEP + AFTER


async def test_a_history_is_looked_at_once_a_day(pg_dsn: str) -> None:
    clock: list[datetime] = []
    asked = replace(course(hours=1), history=timedelta(days=1.5))
    assert await run(pg_dsn, asked, read_books([BUNDLED]), clock.append) == []
    half = timedelta(hours=12)
    assert clock[:3] == [START - half + AFTER, START + AFTER, START + STEP + AFTER]
    assert clock[-1] == asked.end


def test_plants_side_by_side_raise_what_they_raise_alone() -> None:
    def job(code: str) -> Job:
        plant = parse_plant(PLANT.replace("code: mill", f"code: {code}"), "mill.yaml")
        gap = replace(fault(Kind.GAP, 1.1, 2.2, "line.elec"), enterprise=code)
        return Job(plant, 1, (gap,), START, START + timedelta(hours=3), STEP)

    jobs, books = [job("mill"), job("other")], read_books([BUNDLED])
    heard: set[str] = set()
    together = in_turn(jobs, books, 2, lambda code, _: heard.add(code))
    assert together == in_turn(jobs, books, 1, lambda *_: None)
    assert {a.enterprise for a in together} == heard == {"mill", "other"}


async def test_sound_hours_raise_nothing(pg_dsn: str) -> None:
    raised = await run(pg_dsn, course(hours=3), read_books([BUNDLED]), lambda _: None)
    assert raised == []
