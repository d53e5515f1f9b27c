"""A database as the demo would fill it: the three plants' own models, written straight into the ledger's tables.

Not the path of real data (tests/test_flow.py walks that): here the point is a year's worth of shape in seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import numpy as np
from numpy.typing import NDArray

from db.case_steps import open_case, take_step
from db.plant_load import load_plant
from enms.cases import CaseStep
from enms.metering import Aggregate, PointConfig, ReadingType
from enms.plant import Plant
from enms.plant_file import read_plant_file
from enms.points import Point
from enms.site_factors import SiteFactor
from simulators.board import Board
from simulators.plant import SimulatedPlant
from simulators.scenario import plant_files

CHINA = ZoneInfo("Asia/Shanghai")
QUARTER = timedelta(minutes=15)
DAYS = 4
# Nothing was heard of this one for two hours: what stands on it has to be unknown.
SILENT = ("demo-steel", "bf1.top.pressure")
# The others may be silent for so long: a run of these tests takes minutes, in which no reading comes.
_PATIENCE_S = 3600.0
Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seeded:
    now: datetime
    enterprises: tuple[str, ...]


def plants() -> list[Plant]:
    """The demo's plants, with a factor for whatever would leave their total unknown."""
    own = (
        SiteFactor(carrier="anthracite", unit="t", kgce=940.0, source="test"),
        SiteFactor(carrier="fresh_water", unit="m3", kgce=0.2571, source="test"),
    )
    read = [read_plant_file(path) for path in plant_files()]
    return [p.model_copy(update={"factors": (*p.factors, *own), "points": _patient(p)}) for p in read]


def _patient(plant: Plant) -> tuple[Point, ...]:
    return tuple(
        point
        if (plant.enterprise.code, point.code) == SILENT
        else point.model_copy(update={"max_gap_s": max(point.max_gap_s or 0.0, _PATIENCE_S)})
        for point in plant.points
    )


async def seed(dsn: str, now: datetime, days: int = DAYS) -> Seeded:
    connection = await asyncpg.connect(dsn)
    try:
        for plant in plants():
            await load_plant(connection, plant, now=now)
            await _fill(connection, plant, now, days)
        await _judge(connection, now)
        await _inspect(connection, now)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
    return Seeded(now, tuple(p.enterprise.code for p in plants()))


async def _fill(connection: asyncpg.Connection, plant: Plant, now: datetime, days: int) -> None:
    simulated = SimulatedPlant(plant, seed=1)
    e = await connection.fetchval("SELECT e FROM enterprise WHERE code = $1", plant.enterprise.code)
    numbers = {r["code"]: r["p"] for r in await connection.fetch("SELECT code, p FROM point WHERE e = $1", e)}
    configs = {c: config for c, config in plant.configs().items() if config.reading is not ReadingType.VIRTUAL}
    today = now.astimezone(CHINA).date()
    closed = _floor(now)
    intervals: list[tuple[object, ...]] = []
    for back in range(days, -1, -1):
        day = today - timedelta(days=back)
        board = simulated.board(day)
        begin = datetime.combine(day, datetime.min.time(), CHINA).astimezone(UTC)
        for code, config in configs.items():
            for start, amount in _quarters(board, code, config, begin):
                if start + QUARTER <= closed and np.isfinite(amount):
                    intervals.append(
                        (e, numbers[code], start, float(amount), 900.0, 0.0, 0.0, 0, False, 1, start + QUARTER)
                    )
    await connection.copy_records_to_table("interval", records=intervals)
    await connection.execute(
        """
        INSERT INTO day_total (e, p, local_date, amount, covered_s, estimated_s, apportioned_s)
        SELECT i.e, i.p, (i.start AT TIME ZONE 'Asia/Shanghai')::date,
               CASE c.aggregate WHEN 'sum' THEN sum(i.amount) ELSE avg(i.amount) END, sum(i.covered_s), 0, 0
        FROM interval AS i JOIN point_config AS c USING (e, p) WHERE i.e = $1
        GROUP BY i.e, i.p, (i.start AT TIME ZONE 'Asia/Shanghai')::date, c.aggregate
        """,
        e,
    )
    first = datetime.combine(today - timedelta(days=days), datetime.min.time(), CHINA).astimezone(UTC)
    silent_since = now - timedelta(hours=2)
    states = [
        (e, p, first, silent_since if (plant.enterprise.code, c) == SILENT else now - timedelta(seconds=20), closed)
        for c, p in numbers.items()
        if c in configs
    ]
    columns = ["e", "p", "first_ts", "newest_ts", "closed_until"]
    await connection.copy_records_to_table("point_state", records=states, columns=columns)
    await _readings(connection, simulated, e, numbers, configs, now)


async def _readings(
    connection: asyncpg.Connection,
    simulated: SimulatedPlant,
    e: int,
    numbers: dict[str, int],
    configs: dict[str, PointConfig],
    now: datetime,
) -> None:
    """The last three hours at one minute."""
    records: list[tuple[object, ...]] = []
    meters = {point.code: point.multiplier for point in simulated.plant.points}
    for code, config in configs.items():
        silent = (simulated.code, code) == SILENT
        total = 1000.0
        for minute in range(180, -1, -1):
            at = now.replace(second=0, microsecond=0) - timedelta(minutes=minute)
            local = at.astimezone(CHINA)
            flows = simulated.board(local.date()).flows
            if code not in flows or (silent and minute < 120):
                continue
            flow = float(flows[code][local.hour * 60 + local.minute])
            total += flow / 60 / meters[code]
            value = total if config.reading is ReadingType.REGISTER else flow
            if config.reading is ReadingType.INTERVAL:
                value = flow / 60
            start = at - timedelta(minutes=1) if config.reading is ReadingType.INTERVAL else None
            records.append((e, numbers[code], at, start, value, 0, 0, at + timedelta(seconds=2)))
    await connection.copy_records_to_table("reading", records=records)


def _quarters(board: Board, code: str, config: PointConfig, begin: datetime) -> Iterator[tuple[datetime, float]]:
    """(start, amount) of a local day."""
    if code in board.flows:
        means = np.asarray(board.flows[code]).reshape(96, 15).mean(axis=1)
        factor = 1.0 if config.aggregate is Aggregate.MEAN else 0.25
        if config.reading is ReadingType.GAUGE and config.aggregate is Aggregate.SUM:
            factor *= config.to_amount
        yield from ((begin + n * QUARTER, float(value) * factor) for n, value in enumerate(means))
    elif code in board.events:
        yield from _from_events(board, code, config, begin)


def _from_events(board: Board, code: str, config: PointConfig, begin: datetime) -> Iterator[tuple[datetime, float]]:
    events = board.events[code]
    if config.aggregate is Aggregate.MEAN or config.reading is ReadingType.GAUGE:
        if len(events.value):
            yield from ((begin + n * QUARTER, float(events.value[0])) for n in range(96))
        return
    edges = np.arange(97) * 900_000.0 + begin.timestamp() * 1000
    amounts = np.zeros(96)
    for start, end, value in zip(events.start, events.end, events.value, strict=True):
        overlap = np.clip(np.minimum(edges[1:], end) - np.maximum(edges[:-1], start), 0, None)
        amounts += value * overlap / max(end - start, 1)
    yield from ((begin + n * QUARTER, float(a)) for n, a in enumerate(amounts))


async def _judge(connection: asyncpg.Connection, now: datetime) -> None:
    """Alerts of every kind that a wall or a desk may have to show."""
    rules = (
        (
            "blast_furnace_energy_day",
            "enpi_limit",
            "warning",
            "kgce/t",
            "高炉工序能耗日值超限",
            "Blast furnace over limit",
        ),
        ("motor_idle", "motor_idle", "warning", "1", "电动机通电空转", "Motor energised but idle"),
        ("meter_silent", "data_quality", "notice", "1", "计量点无数据", "Meter silent"),
    )
    for e in [r["e"] for r in await connection.fetch("SELECT e FROM enterprise")]:
        for rule, kind, severity, unit, zh, en in rules:
            await connection.execute(
                """
                INSERT INTO rule_version (e, rule, version, sha256, recorded_at, file, kind, purpose, severity, cadence,
                                          unit, title_zh, title_en, source, definition)
                VALUES ($1, $2, 1, 'x', $3, 'test', $4, 'operational', $5, 'interval', $6, $7, $8, 'test',
                        '{"runbook": {"zh": "查看", "en": "look"}}')
                """,
                *(e, rule, now, kind, severity, unit, zh, en),
            )
        await connection.execute("INSERT INTO rule_cursor VALUES ($1, $2, $3)", e, now - QUARTER, now)
    steel = await connection.fetchval("SELECT e FROM enterprise WHERE code = 'demo-steel'")
    hour = timedelta(hours=1)
    await connection.execute(
        """
        INSERT INTO alert (e, rule, rule_version, subject, kind, purpose, severity, state, closed, started_at, fired_at,
                           resolved_at, detected_at, unit)
        SELECT e, 'motor_idle', 1, 'a motor', 'motor_idle', 'operational', 'warning', 'resolved', 'cleared',
               $1, $1, $2, $1, '1'
        FROM enterprise WHERE e <> $3
        """,
        *(now - hour / 2, now - hour / 4, steel),
    )
    for subject, rule, kind, severity, unit, value, limit, since, resolved in (
        (
            "bf1.process_energy",
            "blast_furnace_energy_day",
            "enpi_limit",
            "warning",
            "kgce/t",
            431.2,
            415.0,
            9 * hour,
            None,
        ),
        (
            "bf2.process_energy",
            "blast_furnace_energy_day",
            "enpi_limit",
            "critical",
            "kgce/t",
            440.0,
            415.0,
            30 * hour,
            hour,
        ),
        ("sinter.fan2", "motor_idle", "motor_idle", "warning", "1", 0.08, 0.15, 2 * hour, None),
        ("bf1.top.pressure", "meter_silent", "data_quality", "notice", "1", None, None, 2 * hour, None),
    ):
        started = now - since
        alert = await connection.fetchval(
            """
            INSERT INTO alert (e, rule, rule_version, subject, kind, purpose, severity, state, closed, started_at,
                               fired_at, resolved_at, detected_at, value, limit_value, unit, certainty)
            VALUES ($1, $2, 1, $3, $4, 'operational', $5,
                    CASE WHEN $10::timestamptz IS NULL THEN 'firing' ELSE 'resolved' END,
                    CASE WHEN $10::timestamptz IS NULL THEN NULL ELSE 'cleared' END,
                    $6, $6, $10, $6, $7, $8, $9, 'confirmed')
            RETURNING id
            """,
            *(steel, rule, subject, kind, severity, started, value, limit, unit, now - resolved if resolved else None),
        )
        await connection.execute(
            "INSERT INTO transition (e, alert, n, kind, at, recorded_at) VALUES ($1, $2, 1, 'firing', $3, $3)",
            *(steel, alert, started),
        )
        await connection.execute(
            """
            INSERT INTO rule_subject (e, rule, subject, version, evaluated_until, configured_at, memory, phase,
                                      phase_since, truth, reason, value, limit_value)
            VALUES ($1, $2, $3, 1, $4, $4, '{}', 'firing', $5, 1, '', $6, $7)
            """,
            *(steel, rule, subject, now - QUARTER, started, value, limit),
        )
    await connection.execute(
        """
        UPDATE day_total SET covered_s = covered_s * 0.8, estimated_s = 900
        WHERE p IN (SELECT p FROM point WHERE code = 'roll.water.volume')
        """
    )
    await connection.execute(
        """
        INSERT INTO finding (e, p, kind, from_ts, to_ts, detail, found_at)
        SELECT e, p, 'spike', $1, $1, '{"value": 9}', $1 FROM point
        WHERE code IN ('coking.elec.active_energy', 'u1.coal.mass')
        """,
        now - hour,
    )
    await connection.execute(
        """
        INSERT INTO quarantine
        VALUES ($1, 'a', 'unknown_point', 'no point x', 'energy/v1/demo-steel/g1/readings', 'x', 1, $2, $2, 3)
        """,
        *(steel, now - hour),
    )
    await connection.execute(
        """
        INSERT INTO quarantine
        VALUES (0, 'b', 'unknown_enterprise', 'nobody', 'energy/v1/none/g/readings', 'x', 1, $1, $1, 1)
        """,
        now - hour,
    )


async def _inspect(connection: asyncpg.Connection, now: datetime) -> None:
    """A case that is overdue and whose evidence was revised since, one that was just opened, one that is over."""
    rows = await connection.fetch(
        "SELECT id, e FROM alert WHERE e = (SELECT e FROM enterprise WHERE code = 'demo-steel') ORDER BY id"
    )
    freeze = "INSERT INTO evidence (e, alert, version, sha256, body, recorded_at) VALUES ($1, $2, $3, $4, '{}', $5)"
    begun = now - timedelta(days=5)
    await connection.execute(freeze, rows[0]["e"], rows[0]["id"], 1, "a" * 64, begun)
    due = begun.astimezone(CHINA).date() + timedelta(days=2)
    late = await _case(connection, [rows[0]["id"], rows[1]["id"]], "高炉工序能耗超限额", begun)
    for step, on in ((CaseStep.NOTIFIED, None), (CaseStep.ORDERED, due)):
        await take_step(connection, late, step, actor="张敏", now=begun, due_on=on)
    await connection.execute(freeze, rows[0]["e"], rows[0]["id"], 2, "b" * 64, now)
    await _case(connection, [rows[2]["id"]], "烧结风机空转", now)
    over = await _case(connection, [rows[3]["id"]], "炉顶压力表无数据", begun)
    await take_step(connection, over, CaseStep.WITHDRAWN, actor="李伟", now=now, comment="仪表检修")


async def _case(connection: asyncpg.Connection, alerts: list[int], title: str, now: datetime) -> str:
    return (await open_case(connection, alerts, title=title, actor="李伟", now=now, zone=CHINA)).number


def _floor(at: datetime) -> datetime:
    return at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0)


def yesterday(now: datetime) -> date:
    return now.astimezone(CHINA).date() - timedelta(days=1)
