"""What motors do now: load in the last closed quarter hour, efficiency over the last day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from db.motor_operation import classes_of, described, operation, output_points, reference_of, reference_span
from db.motors import (
    QUARTER,
    Instrument,
    MotorVersion,
    floor_quarter,
    instruments,
    load_of,
    motor_versions,
    quarter_hours,
    watched_points,
)
from enms.motor import Motor
from enms.motor_efficiency import Operating, Reference
from enms.motor_verdict import EfficiencyVerdict, judge_efficiency
from enms.motors import LoadVerdict, judge_load

# As the bundled rule has it.
REFERENCE_H = 72.0
DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class MotorState:
    """What a motor did in the last closed quarter hour.

    Attributes:
        start: of that quarter hour; None: its power point never closed one.
        input_kw: mean input power; None: nothing in it.
        completeness: of that quarter hour.
    """

    motor: Motor
    start: datetime | None
    input_kw: float | None
    completeness: float
    load: LoadVerdict
    efficiency: EfficiencyVerdict


async def motor_states(connection: asyncpg.Connection, e: int, now: datetime) -> list[MotorState]:
    """What every motor did in the last quarter hour its meter closed, by code.

    Args:
        connection: idle or in a transaction.
        e: enterprise number.
        now: versions that hold at this instant.
    """
    versions = await motor_versions(connection, e)
    motors = [v.motor for vs in versions.values() for v in vs if v.holds(now)]
    points = await instruments(connection, e, [code for motor in motors for code in watched_points(motor)])
    last = {code: _last_closed(point) for code, point in points.items()}
    spans = [(points[code].p, start, start + QUARTER) for code, start in last.items() if start is not None]
    rows = await quarter_hours(connection, e, spans)
    states: list[tuple[Motor, datetime | None, float | None, float, LoadVerdict]] = []
    for motor in motors:
        start = next((last[code] for code in watched_points(motor) if code in last), None)
        if start is None:
            load, input_kw, completeness = judge_load(motor, input_kw=None), None, 0.0
        else:
            load, input_kw, completeness = load_of(motor, start, points, rows)
        states.append((motor, start, input_kw, completeness, load))
    efficiencies = await _efficiencies(connection, e, now, versions)
    return [
        MotorState(*state, judge_efficiency(state[0], state[4].load, *efficiencies.get(state[0].code, ())))
        for state in states
    ]


async def _efficiencies(
    connection: asyncpg.Connection, e: int, now: datetime, versions: Mapping[str, Sequence[MotorVersion]]
) -> dict[str, tuple[Reference | None, list[Operating], dict[str, float | None]]]:
    """Reference, last day and classes of instruments of motors whose output is known, by code."""
    held = [d for vs in versions.values() for d in described(vs) if d.start <= now < d.end]
    able = [d for d in held if output_points(d.motor)]
    points = await instruments(connection, e, [code for d in able for code in output_points(d.motor)])
    spans: list[tuple[Motor, datetime, datetime]] = []
    judged = []
    for one in able:
        closed = [points[code].closed_until for code in output_points(one.motor) if code in points]
        known = [until for until in closed if until is not None]
        begun = reference_span(one, points, REFERENCE_H)
        if begun is None or not known:
            continue
        until = floor_quarter(min(known))
        judged.append(one)
        spans += [(one.motor, *begun), (one.motor, max(one.start, until - DAY), until)]
    ran = await operation(connection, e, spans, points)
    found = {}
    for n, one in enumerate(judged):
        first, day = ran[2 * n], ran[2 * n + 1]
        reference = reference_of(one.motor, first, REFERENCE_H)
        if reference is not None and day and reference.end >= day[0].start:
            reference = None
        found[one.motor.code] = reference, day, classes_of(one.motor, points, *spans[2 * n + 1][1:])
    return found


def _last_closed(point: Instrument) -> datetime | None:
    return None if point.closed_until is None else floor_quarter(point.closed_until) - QUARTER
