"""A small district with plausible data, so that pages and routes have something to show.

Two plants: `seed-steel` (registers, gauges, an interval reading, an exchange, an estimated gap, a missing stretch, a
dead meter) and `seed-power`. Everything is written straight into the tables: this tests readers, not the ledger.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from db.plant_load import load_plant
from enms.enpi import Enpi, LimitReference
from enms.enterprise import Enterprise, Process
from enms.metering import Role
from enms.motor import Motor, MotorPoints
from enms.names import Name
from enms.plant import Plant
from enms.points import Point, Term

QUARTER = timedelta(minutes=15)
# The meter that died two hours ago, and the one that never spoke.
DEAD, SILENT = "bf2.elec.active_energy", "roll.compressed_air.volume"
GAPPY = "bf1.elec.active_energy"


@dataclass(frozen=True, slots=True)
class Shape:
    """How a point's amount goes: mean an hour, and how much of it swings."""

    mean: float
    swing: float = 0.15

    def at(self, when: datetime) -> float:
        hours = when.timestamp() / 3600
        day = 1 + self.swing * math.sin((hours - 6) * math.pi / 12) + 0.03 * math.sin(hours * 7.3)
        return self.mean * day


def _name(zh: str, en: str) -> Name:
    return Name(zh=zh, en=en)


def _register(
    code: str, process: str | None, carrier: str, unit: str, role: Role = Role.CONSUMED, **extra: object
) -> Point:
    return Point(
        code=code,
        process=process,
        carrier=carrier,
        role=role,
        unit=unit,
        register_max=1e9,
        resolution=0.01,
        period_s=60,
        accuracy_class=0.5,
        **extra,
    )


STEEL = Plant(
    enterprise=Enterprise(code="seed-steel", name=_name("示范钢铁", "Seed Steel"), industry="steel"),
    processes=(
        Process(code="sinter", name=_name("烧结", "Sintering"), kind="sinter"),
        Process(code="bf1", name=_name("1号高炉", "Blast furnace 1"), kind="blast_furnace"),
        Process(code="bf2", name=_name("2号高炉", "Blast furnace 2"), kind="blast_furnace"),
        Process(code="bof", name=_name("转炉炼钢", "Converter"), kind="converter"),
        Process(code="roll", name=_name("热轧", "Hot rolling"), kind="hot_rolling"),
    ),
    points=(
        _register("site.grid.energy", None, "electricity", "kWh", Role.PURCHASED, rated_per_hour=200000),
        _register("sinter.elec.active_energy", "sinter", "electricity", "kWh"),
        _register(GAPPY, "bf1", "electricity", "kWh", name=_name("1号高炉总电表", "BF1 main meter")),
        _register("bf1.hv.active_energy", "bf1", "electricity", "kWh", parent=GAPPY),
        _register("bf1.bfg.volume", "bf1", "blast_furnace_gas", "Nm3", Role.RECOVERED),
        _register("bf1.coke.mass", "bf1", "coke", "t"),
        _register(DEAD, "bf2", "electricity", "kWh"),
        _register("bof.elec.active_energy", "bof", "electricity", "kWh"),
        _register("bof.oxygen.volume", "bof", "oxygen", "Nm3"),
        _register("roll.elec.active_energy", "roll", "electricity", "kWh"),
        _register("roll.natural_gas.volume", "roll", "natural_gas", "Nm3"),
        _register(SILENT, "roll", "compressed_air", "m3"),
        Point(
            code="bf1.blast.temperature", process="bf1", role=Role.PROPERTY, reading="gauge", unit="degC", period_s=60
        ),
        Point(code="roll.power", process="roll", carrier="electricity", role=Role.PROPERTY, reading="gauge", unit="kW"),
        Point(code="bf1.output", process="bf1", role=Role.OUTPUT, reading="interval", unit="t", period_s=3600),
        Point(code="bf1.elec.net", process="bf1", carrier="electricity", virtual=({"point": GAPPY, "sign": 1},)),
    ),
    enpis=(
        Enpi(
            code="bf1.process_energy",
            name=_name("1号高炉工序能耗", "BF1 process energy"),
            process="bf1",
            limit=LimitReference(standard="GB 21256", item="blast_furnace"),
            periods=("day", "month", "year"),
            energy=(Term(point="bf1.coke.mass"), Term(point=GAPPY), Term(point="bf1.bfg.volume", sign=-1)),
            output=("bf1.output",),
        ),
    ),
    motors=(
        Motor(
            code="roll.main",
            name=_name("粗轧主电机", "Roughing mill main motor"),
            process="roll",
            model="YXKK",
            rated_kw=40000,
            poles=4,
            efficiency_pct=97.0,
            points=MotorPoints(power="roll.power"),
        ),
    ),
)
POWER = Plant(
    enterprise=Enterprise(code="seed-power", name=_name("示范电厂", "Seed Power"), industry="power"),
    processes=(Process(code="u1", name=_name("1号机组", "Unit 1"), kind="coal_unit"),),
    points=(
        _register("u1.gross.energy", "u1", "electricity", "kWh", Role.PRODUCED),
        _register("u1.aux.energy", "u1", "electricity", "kWh"),
        _register("site.sold.energy", None, "electricity", "kWh", Role.SOLD),
        _register("u1.coal.mass", "u1", "raw_coal", "t"),
    ),
)
SHAPES = {
    "site.grid.energy": Shape(96000, 0.1), "sinter.elec.active_energy": Shape(18000),
    GAPPY: Shape(21000, 0.05), "bf1.hv.active_energy": Shape(15000, 0.05), "bf1.bfg.volume": Shape(310000, 0.05),
    "bf1.coke.mass": Shape(82, 0.05), DEAD: Shape(19500, 0.05), "bof.elec.active_energy": Shape(9500, 0.3),
    "bof.oxygen.volume": Shape(15500, 0.3), "roll.elec.active_energy": Shape(27000, 0.4),
    "roll.natural_gas.volume": Shape(4200, 0.4), "bf1.blast.temperature": Shape(1180, 0.02),
    "roll.power": Shape(27000, 0.4), "bf1.output": Shape(220, 0.05),
    "u1.gross.energy": Shape(290000, 0.2), "u1.aux.energy": Shape(17500, 0.1), "site.sold.energy": Shape(272000, 0.2),
    "u1.coal.mass": Shape(135, 0.2),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seeded:
    """What the tests refer to."""

    now: datetime
    e: dict[str, int]
    p: dict[str, int]


async def seed(connection: asyncpg.Connection, now: datetime, *, hours: int = 6, days: int = 3) -> Seeded:
    """Fill a migrated, empty database: minute readings for some hours, intervals for some days."""
    for plant in (STEEL, POWER):
        await load_plant(connection, plant, now=now - timedelta(days=days))
    rows = await connection.fetch("SELECT e, p, code FROM point")
    p = {row["code"]: row["p"] for row in rows}
    e_of = {row["code"]: row["e"] for row in rows}
    await _readings(connection, p, e_of, now, hours)
    await _intervals(connection, p, e_of, now, days)
    await _troubles(connection, p, e_of, now)
    await _alerts(connection, e_of[GAPPY], now)
    codes = await connection.fetch("SELECT e, code FROM enterprise")
    return Seeded(now, {row["code"]: row["e"] for row in codes}, p)


async def _readings(
    connection: asyncpg.Connection, p: dict[str, int], e_of: dict[str, int], now: datetime, hours: int
) -> None:
    records = []
    minute = timedelta(minutes=1)
    begin = now.replace(second=0, microsecond=0) - timedelta(hours=hours)
    for code, shape in SHAPES.items():
        total, at = 1.2e6, begin
        gauge = code in {"bf1.blast.temperature", "roll.power"}
        while at <= now:
            total += shape.at(at) / 60
            silent = (code == DEAD and at > now - timedelta(hours=2)) or (
                code == GAPPY and begin + timedelta(minutes=70) < at < begin + timedelta(minutes=125)
            )
            if code == "bf1.output":
                if at.minute == 0:
                    records.append((e_of[code], p[code], at, at - timedelta(hours=1), shape.at(at), 0, 0, at))
            elif not silent:
                value = shape.at(at) if gauge else round(total, 2)
                records.append((e_of[code], p[code], at, None, value, 0, 0, at + timedelta(milliseconds=300)))
            at += minute
    await connection.copy_records_to_table(
        "reading", records=records, columns=["e", "p", "ts", "start", "value", "quality", "origin", "received_at"]
    )


async def _intervals(
    connection: asyncpg.Connection, p: dict[str, int], e_of: dict[str, int], now: datetime, days: int
) -> None:
    last = datetime.fromtimestamp(now.timestamp() // 900 * 900, UTC)
    begin = last - timedelta(days=days)
    rows, states = [], []
    for code, shape in SHAPES.items():
        until = last if code != DEAD else datetime.fromtimestamp((now.timestamp() - 7200) // 900 * 900, UTC)
        mean = code == "bf1.blast.temperature"
        at, n = begin, 0
        while at < until:
            n += 1
            if code == GAPPY and 30 <= n % 96 < 34:
                at += QUARTER
                continue  # missing
            basis = 2 if code == GAPPY and 34 <= n % 96 < 40 else 1 if code == "bf1.output" else 0
            rows.append((
                e_of[code], p[code], at, shape.at(at) / (1 if mean else 4), 900.0, 900.0 if basis == 2 else 0.0,
                900.0 if basis == 1 else 0.0, basis, False, 1, at + QUARTER,
            ))  # fmt: skip
            at += QUARTER
        states.append((e_of[code], p[code], begin, now, until))
    await connection.copy_records_to_table(
        "interval",
        records=rows,
        columns=["e", "p", "start", "amount", "covered_s", "estimated_s", "apportioned_s", "basis", "suspect", "rev",
                 "known_at"],
    )  # fmt: skip
    await connection.copy_records_to_table(
        "point_state", records=states, columns=["e", "p", "first_ts", "newest_ts", "closed_until"]
    )


async def _troubles(connection: asyncpg.Connection, p: dict[str, int], e_of: dict[str, int], now: datetime) -> None:
    findings = [
        (GAPPY, "gap", now - timedelta(hours=5), now - timedelta(hours=4), {"missing_s": 3300}),
        (DEAD, "frozen", now - timedelta(hours=2), None, {}),
        (GAPPY, "spike", now - timedelta(hours=3), now - timedelta(hours=3), {"value": 9.9e8}),
    ]
    for code, kind, begin, end, detail in findings:
        await connection.execute(
            "INSERT INTO finding (e, p, kind, from_ts, to_ts, detail, found_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            e_of[code], p[code], kind, begin, end, json.dumps(detail), now,
        )  # fmt: skip
    await connection.execute(
        "INSERT INTO reading_revision (e, p, ts, received_at, value, quality, origin) VALUES ($1, $2, $3, $3, 1, 0, 0)",
        e_of[GAPPY], p[GAPPY], now.replace(second=0, microsecond=0) - timedelta(hours=1),
    )  # fmt: skip
    last = datetime.fromtimestamp(now.timestamp() // 900 * 900, UTC)
    await connection.execute(
        "INSERT INTO interval_revision (e, p, start, rev, amount, covered_s, estimated_s, apportioned_s, basis,"
        " suspect, known_at) VALUES ($1, $2, $3, 1, NULL, 0, 0, 0, 3, false, $3)",
        e_of[GAPPY], p[GAPPY], last - timedelta(hours=2),
    )  # fmt: skip
    await connection.execute(
        "UPDATE interval SET rev = 2 WHERE e = $1 AND p = $2 AND start = $3",
        e_of[GAPPY], p[GAPPY], last - timedelta(hours=2),
    )  # fmt: skip
    for e, reason, detail, payload in (
        (
            e_of[GAPPY],
            "unknown_point",
            "readings[0].point: 'bf9.power' is not registered",
            b'{"readings":[{"point":"bf9.power"}]}',
        ),
        (e_of[GAPPY], "future", f"readings[0].t: {GAPPY} is 3 h ahead", b'{"t":1,"values":{}}'),
        (0, "broken_json", "not JSON: =cmd|' /C calc'!A0", b"=cmd|' /C calc'!A0 \xff\xfe"),
    ):
        await connection.execute(
            "INSERT INTO quarantine VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            e, hashlib.sha256(payload).digest(), reason, detail, "energy/v1/seed-steel/gw1/readings", payload,
            len(payload), now - timedelta(hours=3), now - timedelta(minutes=len(payload)), 3,
        )  # fmt: skip


EVIDENCE = {
    "schema": 1,
    "enterprise": "seed-steel",
    "rule": {
        "id": "blast_furnace_energy_day",
        "title": {"zh": "高炉工序能耗日值超限", "en": "Over its limit in a day"},
    },
    "subject": "bf1.process_energy",
    "window": {"start": "2026-11-20T16:00:00Z", "end": "2026-11-21T16:00:00Z"},
    "inputs": [
        {"point": "bf1.coke.mass", "amount": "1968", "unit": "t", "basis": "measured", "completeness": "1"},
        {"point": "bf1.bfg.volume", "amount": "-7440000", "unit": "Nm3", "basis": "measured", "completeness": "1"},
    ],
    "arithmetic": [
        {
            "what": "energy",
            "formula": "1968 t x 971.4 kgce/t - 7440000 Nm3 x 0.1086 kgce/Nm3",
            "result": "1103.7",
            "unit": "tce",
        },
        {"what": "output", "formula": "24 x 110.3 t", "result": "2647", "unit": "t"},
        {"what": "value", "formula": "1103.7 tce / 2647 t", "result": "417", "unit": "kgce/t"},
    ],
    "limit": {"standard": "GB 21256", "edition": "GB 21256-2025", "level": "3", "value": "400"},
}


async def _alerts(connection: asyncpg.Connection, e: int, now: datetime) -> None:
    rules = [
        ("blast_furnace_energy_day", "enpi_limit", "warning", "高炉工序能耗日值超限",
         "Blast furnace energy over its limit in a day", "kgce/t", "GB 21256-2025, 4.1"),
        ("meter_silent", "data_quality", "notice", "计量点无数据", "Meter silent", "1", "own rule"),
        ("max_demand", "max_demand", "critical", "最大需量将超合同", "Demand about to exceed the contract", "kW",
         "contract"),
    ]  # fmt: skip
    for rule, kind, severity, zh, en, unit, source in rules:
        await connection.execute(
            "INSERT INTO rule_version (e, rule, version, sha256, recorded_at, file, kind, purpose, severity, cadence,"
            " unit, title_zh, title_en, source, definition) VALUES"
            " ($1, $2, 1, 'x', $3, 'seed.yaml', $4, 'operational', $5, 'interval', $6, $7, $8, $9, '{}')",
            e, rule, now, kind, severity, unit, zh, en, source,
        )  # fmt: skip
    await connection.execute("INSERT INTO rule_cursor (e, evaluated_at) SELECT e, $1 FROM enterprise WHERE e > 0", now)
    await connection.execute(
        "INSERT INTO rule_file VALUES (0, 'broken.yaml', 'x', $1, '{}', $2)",
        now, json.dumps([{"place": "rules[0].severity", "reason": "'loud' is not known", "line": 7}]),
    )  # fmt: skip
    alerts = [
        ("blast_furnace_energy_day", "bf1.process_energy", "enpi_limit", "warning", "firing", None, 40, None, 417.0,
         400.0, "kgce/t"),
        ("meter_silent", DEAD, "data_quality", "notice", "firing", None, 2, None, None, None, "1"),
        ("max_demand", "site", "max_demand", "critical", "firing", None, 1, None, 101300.0, 98000.0, "kW"),
        ("meter_silent", GAPPY, "data_quality", "notice", "resolved", "cleared", 5, 4, None, None, "1"),
    ]  # fmt: skip
    for rule, subject, kind, severity, state, closed, since, until, value, limit, unit in alerts:
        began = now - timedelta(hours=since)
        over = None if until is None else now - timedelta(hours=until)
        number = await connection.fetchval(
            "INSERT INTO alert (e, rule, rule_version, subject, kind, purpose, severity, state, closed, started_at,"
            " fired_at, resolved_at, detected_at, value, limit_value, unit, certainty)"
            " VALUES ($1, $2, 1, $3, $4, 'operational', $5, $6, $7, $8, $8, $9, $8, $10, $11, $12, 'confirmed')"
            " RETURNING id",
            e, rule, subject, kind, severity, state, closed, began, over, value, limit, unit,
        )  # fmt: skip
        for n, (step, at) in enumerate([("pending", began), ("firing", began), ("resolved", over)], 1):
            if at is not None:
                await connection.execute(
                    "INSERT INTO transition (e, alert, n, kind, at, recorded_at) VALUES ($1, $2, $3, $4, $5, $5)",
                    e, number, n, step, at,
                )  # fmt: skip
        if rule == "blast_furnace_energy_day":
            body = json.dumps(EVIDENCE, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            await connection.execute(
                "INSERT INTO evidence VALUES ($1, $2, 1, $3, $4, $5)",
                e, number, hashlib.sha256(body.encode()).hexdigest(), body, began,
            )  # fmt: skip


async def district_alert(connection: asyncpg.Connection) -> tuple[int, int]:
    """The district with an open alert of its own.

    Returns:
        The district's number, and the alert's.
    """
    e = await connection.fetchval(
        "INSERT INTO enterprise (code, name_zh, name_en, industry, timezone, day_starts, month_starts_day,"
        " registered_at, scope) SELECT 'district', '全区', 'District', 'other', timezone, day_starts,"
        " month_starts_day, registered_at, 'district' FROM enterprise WHERE scope = 'plant' ORDER BY code"
        " LIMIT 1 RETURNING e"
    )
    await connection.execute(
        "INSERT INTO rule_version SELECT $1, rule, version, sha256, recorded_at, retired_at, file, kind,"
        " purpose, severity, cadence, unit, title_zh, title_en, source, definition FROM rule_version AS v"
        " WHERE (v.e, v.rule, v.version) IN (SELECT e, rule, rule_version FROM alert ORDER BY id LIMIT 1)",
        e,
    )
    number = await connection.fetchval(
        "INSERT INTO alert (e, rule, rule_version, subject, kind, purpose, severity, state, started_at,"
        " fired_at, detected_at, unit) SELECT $1, rule, rule_version, 'district', kind, purpose, severity,"
        " 'firing', started_at, fired_at, detected_at, unit FROM alert ORDER BY id LIMIT 1 RETURNING id",
        e,
    )
    return e, number
