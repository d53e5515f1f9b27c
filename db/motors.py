"""Motors as configured, their means over closed quarter hours, and what they are doing now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import asyncpg

from db.installed import Installed, exchanged, worst
from db.recorded import Recorded, points_recorded
from db.statements import statements
from db.versions import Version, validity
from enms.metering import INTERVAL_S
from enms.motor import Motor
from enms.motors import LoadVerdict, judge_load
from enms.units import convert, unit

QUARTER = timedelta(seconds=INTERVAL_S)


@dataclass(frozen=True, slots=True)
class MotorVersion(Version):
    """A motor's nameplate and instruments over [valid_from, valid_to)."""

    motor: Motor


@dataclass(frozen=True, slots=True)
class Instrument:
    """A point that watches a motor. `closed_until` None: it never said anything.

    Attributes:
        to_amount: amount an hour (kW) per unit read, of a gauge of power.
        recorded: when each of its versions, and then of the meters on it, was recorded, and from when it holds.
        meters: where it has had more than one.
    """

    p: int
    code: str
    reading: str
    amount_unit: str
    aggregate: str
    to_amount: float
    max_gap_s: float
    first_ts: datetime | None
    closed_until: datetime | None
    accuracy_class: float | None
    calibrated: date | None
    recorded: Recorded
    meters: tuple[Installed, ...] = ()

    def during(self, start: datetime, end: datetime) -> Instrument:
        """The same with the class and calibration of the meter that was there then, of several of the worst."""
        if not self.meters:
            return self
        there = worst(self.meters, start, end)
        return replace(self, accuracy_class=there.accuracy_class, calibrated=there.calibrated)


@dataclass(frozen=True, slots=True)
class QuarterHour:
    """A closed quarter hour of a point. `amount` in its amount_unit over the covered seconds; a mean for a state."""

    p: int
    start: datetime
    amount: float | None
    covered_s: float
    estimated_s: float

    @property
    def completeness(self) -> float:
        return self.covered_s / INTERVAL_S

    def mean(self, of: Instrument) -> float | None:
        """Mean over the covered time: kW of a power or energy point, else in the point's own unit."""
        if self.amount is None or self.covered_s <= 0:
            return None
        if of.aggregate == "mean":
            return self.amount
        if unit(of.amount_unit).dimension != "energy":
            return None
        return convert(self.amount, of.amount_unit, "kWh") * 3600 / self.covered_s


@dataclass(frozen=True, slots=True)
class Sampled:
    """Least and greatest power read over a quarter hour, kW, the reading it came in with included."""

    low: float
    high: float


async def motor_versions(connection: asyncpg.Connection, e: int) -> dict[str, list[MotorVersion]]:
    """Every motor's versions, by code, in order of time."""
    found: dict[str, list[MotorVersion]] = {}
    async for row in statements("motors").motor_versions(connection, e=e):
        version = MotorVersion(
            motor=Motor.model_validate_json(row["definition"]),
            **validity(row),
        )
        found.setdefault(row["code"], []).append(version)
    return found


async def instruments(connection: asyncpg.Connection, e: int, codes: Sequence[str]) -> dict[str, Instrument]:
    """Points by code, as configured last."""
    rows = statements("motors").instruments(connection, e=e, codes=sorted(set(codes)))
    found = [dict(row) async for row in rows]
    numbers = [row["p"] for row in found]
    recorded = await points_recorded(connection, e, numbers) if found else {}
    meters = await exchanged(connection, e, numbers) if found else {}
    return {
        row["code"]: Instrument(**row, recorded=recorded[row["p"]], meters=meters.get(row["p"], ())) for row in found
    }


async def quarter_hours(
    connection: asyncpg.Connection, e: int, spans: Sequence[tuple[int, datetime, datetime]]
) -> dict[int, dict[datetime, QuarterHour]]:
    """Closed quarter hours by point and start.

    Args:
        connection: idle or in a transaction.
        e: enterprise number.
        spans: point, start, end; a point once only.
    """
    rows = statements("motors").quarter_hours(
        connection,
        e=e,
        points=[p for p, _, _ in spans],
        starts=[start for _, start, _ in spans],
        ends=[end for _, _, end in spans],
    )
    found: dict[int, dict[datetime, QuarterHour]] = {}
    async for row in rows:
        found.setdefault(row["p"], {})[row["start"]] = QuarterHour(**row)
    return found


async def sampled_power(
    connection: asyncpg.Connection, e: int, spans: Sequence[tuple[Instrument, datetime, datetime]]
) -> dict[tuple[int, datetime], Sampled]:
    """What gauges of power read within quarter hours, by point and start; nothing of readings that are gone.

    Args:
        connection: idle or in a transaction.
        e: enterprise number.
        spans: gauge, start, end, on quarter hours; a gauge once only.
    """
    to_kw = {gauge.p: gauge.to_amount for gauge, _, _ in spans}
    rows = statements("motors").sampled(
        connection,
        e=e,
        points=[gauge.p for gauge, _, _ in spans],
        gaps=[gauge.max_gap_s for gauge, _, _ in spans],
        starts=[start for _, start, _ in spans],
        ends=[end for _, _, end in spans],
    )
    return {
        (row["p"], row["start"]): Sampled(row["low"] * to_kw[row["p"]], row["high"] * to_kw[row["p"]])
        async for row in rows
    }


async def first_readings(connection: asyncpg.Connection, e: int, points: Sequence[int]) -> dict[int, datetime]:
    """Since when raw readings of points are still there."""
    rows = statements("motors").first_readings(connection, e=e, points=list(points))
    return {row["p"]: row["ts"] async for row in rows}


def watched_points(motor: Motor) -> list[str]:
    """Codes of the points a load verdict is made of."""
    return [code for code in (motor.points.power, motor.points.current, motor.points.voltage) if code is not None]


def load_of(
    motor: Motor, start: datetime, points: dict[str, Instrument], rows: dict[int, dict[datetime, QuarterHour]]
) -> tuple[LoadVerdict, float | None, float]:
    """Load verdict, mean input power in kW and completeness of one quarter hour."""
    if motor.points.power is not None:
        power, input_kw, completeness = _mean(motor.points.power, start, points, rows)
        return judge_load(motor, input_kw=input_kw, classes={"power": _class(power, start)}), input_kw, completeness
    current, current_a, completeness = _mean(motor.points.current, start, points, rows)
    voltage, voltage_v, _ = _mean(motor.points.voltage, start, points, rows)
    classes = {"current": _class(current, start), "voltage": _class(voltage, start)}
    verdict = judge_load(motor, input_kw=None, current_a=current_a, voltage_v=voltage_v, classes=classes)
    return verdict, None, completeness


def _class(of: Instrument | None, start: datetime) -> float | None:
    """Of the meter that was there in a quarter hour."""
    return of.during(start, start + QUARTER).accuracy_class if of is not None else None


def _mean(
    code: str | None, start: datetime, points: dict[str, Instrument], rows: dict[int, dict[datetime, QuarterHour]]
) -> tuple[Instrument | None, float | None, float]:
    """A point, its mean over a quarter hour, and that quarter hour's completeness."""
    instrument = points.get(code or "")
    found = rows.get(instrument.p, {}).get(start) if instrument is not None else None
    if instrument is None or found is None:
        return instrument, None, 0.0
    return instrument, found.mean(instrument), found.completeness


def floor_quarter(instant: datetime) -> datetime:
    """The quarter-hour edge at or before an instant."""
    return instant - timedelta(seconds=instant.timestamp() % INTERVAL_S)
