"""What motors took and gave, quarter hour by quarter hour: what a verdict on efficiency is made of.

A motor's reference is the first hours it ran, after it was described as it is now and its instruments began: a motor
that is repaired, replaced or measured otherwise is described anew and gets a new reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from db.motors import QUARTER, Instrument, MotorVersion, QuarterHour, quarter_hours
from enms.motor import Motor
from enms.motor_efficiency import Method, Operating, Reference, Unable, learn, method_of
from enms.motor_slip import load_by_slip
from enms.motors import energised_kw

# A quarter hour with less of it covered is left out.
COMPLETE = 0.9
# The first hours that a motor ran are looked for within so many times as many, and a week.
_WITHIN, _WEEK = 3, timedelta(days=7)
# What only names a motor or says where it stands changes nothing of it.
_NAMES = {"name", "process"}


@dataclass(frozen=True, slots=True)
class Described:
    """A motor as it is described over [start, end): neighbouring versions that say the same of it are one."""

    motor: Motor
    start: datetime
    end: datetime


def described(versions: Sequence[MotorVersion]) -> list[Described]:
    """Versions in order of time, those that differ in names only joined."""
    found: list[Described] = []
    for version in versions:
        if version.retired:
            continue
        last = found[-1] if found else None
        if last is not None and last.end == version.valid_from and _plate(last.motor) == _plate(version.motor):
            found[-1] = Described(version.motor, last.start, version.valid_to)
        else:
            found.append(Described(version.motor, version.valid_from, version.valid_to))
    return found


def _plate(motor: Motor) -> str:
    return motor.model_dump_json(exclude=_NAMES)


def output_points(motor: Motor) -> list[str]:
    """Codes of the points that input and output are known by; none where the efficiency cannot be told."""
    method = method_of(motor)
    if isinstance(method, Unable):
        return []
    points = motor.points
    by = (points.driven_output,) if method is Method.DRIVEN_OUTPUT else (points.speed, points.voltage)
    return [code for code in (points.power, *by) if code is not None]


def classes_of(
    motor: Motor, points: Mapping[str, Instrument], start: datetime, end: datetime
) -> dict[str, float | None]:
    """Accuracy classes of a motor's instruments during a span, by what they measure."""
    named = motor.points.model_dump().items()
    there = {code: point.during(start, end) for code, point in points.items()}
    return {name: there[code].accuracy_class for name, code in named if code is not None and code in there}


def reference_span(
    motor: Described, points: Mapping[str, Instrument], hours: float
) -> tuple[datetime, datetime] | None:
    """Where the first hours that a motor ran are looked for; None: its instruments never said anything."""
    begun = [points[code].first_ts for code in output_points(motor.motor) if code in points]
    known = [instant for instant in begun if instant is not None]
    if not known or len(known) < len(begun):
        return None
    first = max(known)
    start = max(motor.start, first - timedelta(seconds=first.timestamp() % 900) + QUARTER)
    return start, min(motor.end, start + timedelta(hours=_WITHIN * hours) + _WEEK)


async def operation(
    connection: asyncpg.Connection,
    e: int,
    spans: Sequence[tuple[Motor, datetime, datetime]],
    points: Mapping[str, Instrument],
) -> list[list[Operating]]:
    """Quarter hours in which motors ran, of each span, in order of time; those that are not complete are left out.

    Args:
        connection: idle or in a transaction.
        e: enterprise number.
        spans: motor, start, end.
        points: instruments by code.
    """
    reach: dict[int, tuple[datetime, datetime]] = {}
    for motor, start, end in spans:
        for code in output_points(motor):
            if code in points:
                low, high = reach.get(points[code].p, (start, end))
                reach[points[code].p] = (min(low, start), max(high, end))
    rows = await quarter_hours(connection, e, [(p, low, high) for p, (low, high) in reach.items()])
    return [_ran(motor, start, end, points, rows) for motor, start, end in spans]


def _ran(
    motor: Motor,
    start: datetime,
    end: datetime,
    points: Mapping[str, Instrument],
    rows: Mapping[int, Mapping[datetime, QuarterHour]],
) -> list[Operating]:
    method, named = method_of(motor), motor.points
    power = points.get(named.power or "")
    if isinstance(method, Unable) or power is None:
        return []
    by = points.get((named.driven_output if method is Method.DRIVEN_OUTPUT else named.speed) or "")
    volts = points.get(named.voltage or "")
    if by is None:
        return []
    least = energised_kw(motor)
    found = []
    for at, quarter in sorted(rows.get(power.p, {}).items()):
        if not start <= at < end:
            continue
        input_kw = _mean(quarter, power)
        shown = _mean(rows.get(by.p, {}).get(at), by)
        voltage = _mean(rows.get(volts.p, {}).get(at), volts) if volts is not None else None
        if input_kw is None or shown is None or input_kw < least:
            continue
        output = shown
        if method is Method.SLIP:
            factor = load_by_slip(motor, shown, voltage)
            output = (factor or 0.0) * motor.rated_kw
        if output > 0:
            found.append(Operating(at, input_kw, output))
    return found


def _mean(quarter: QuarterHour | None, of: Instrument) -> float | None:
    return quarter.mean(of) if quarter is not None and quarter.completeness >= COMPLETE else None


def reference_of(motor: Motor, ran: Sequence[Operating], hours: float) -> Reference | None:
    """A reference from the first hours that a motor ran; None: there are not so many yet."""
    method, wanted = method_of(motor), round(hours * 4)
    if isinstance(method, Unable) or len(ran) < wanted:
        return None
    return learn(motor, method, ran[:wanted])
