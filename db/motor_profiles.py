"""How long motors took how much power over a span, from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from db.motors import Instrument, MotorVersion
from db.statements import statements
from enms.motor_saving import Bin, LoadProfile
from enms.units import convert, unit

# Bins of this share of the rated power.
_WIDTH = 0.025


async def load_profiles(
    connection: asyncpg.Connection,
    e: int,
    motors: Sequence[MotorVersion],
    points: dict[str, Instrument],
    start: datetime,
    end: datetime,
) -> dict[str, LoadProfile]:
    """Profiles by motor, over what of the span the motor was as it is; those without a power meter are left out.

    Args:
        connection: idle or in a transaction.
        e: enterprise number.
        motors: the versions that hold now.
        points: instruments by code.
        start, end: of the span.
    """
    wanted = []
    for version in motors:
        point = points.get(version.motor.points.power or "")
        if point is not None and unit(point.amount_unit).dimension == "energy":
            wanted.append((version.motor, point, max(start, version.valid_from)))
    rows = statements("motors").load_profiles(
        connection,
        e=e,
        ns=list(range(len(wanted))),
        points=[point.p for _, point, _ in wanted],
        to_kwh=[convert(1.0, point.amount_unit, "kWh") for _, point, _ in wanted],
        widths=[_WIDTH * motor.rated_kw for motor, _, _ in wanted],
        starts=[since for _, _, since in wanted],
        ends=[end] * len(wanted),
    )
    bins: dict[int, list[Bin]] = {}
    async for row in rows:
        bins.setdefault(row["n"], []).append(Bin(row["kw"], row["hours"]))
    return {motor.code: LoadProfile(since, end, tuple(bins.get(n, ()))) for n, (motor, _, since) in enumerate(wanted)}
