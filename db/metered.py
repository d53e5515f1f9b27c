"""Metered points with the meters on them, and their sums over windows: what rules about points are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import asyncpg

from db.installed import Installed, exchanged, worst
from db.recorded import Recorded, told_of_points
from db.statements import statements

Window = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class MeteredPoint:
    """A point with a meter on it, as configured last; `during` says which meter it was at a time.

    Attributes:
        to_amount: amount per unit read; of a rate, per unit and hour.
        ncv: code of the point that measures its heating value.
        step: smallest step of its register, as an amount; None for other readings.
        own_recorded: when each of its versions was recorded, and from when it holds.
        recorded: the same, and then of the meters on it.
        meters: where it has had more than one; steps in the unit read.
    """

    p: int
    code: str
    process: str | None
    carrier: str | None
    role: str
    parent: str | None
    reading: str
    unit: str
    amount_unit: str
    aggregate: str
    to_amount: float
    period_s: float
    reporting: str
    in_service_from: datetime | None
    max_gap_s: float
    min_value: float | None
    max_value: float | None
    frozen_after_s: float | None
    ncv: str | None
    multiplier: float
    step: float | None
    accuracy_class: float | None
    calibrated: date | None
    own_recorded: Recorded
    recorded: Recorded
    meters: tuple[Installed, ...] = ()

    def during(self, start: datetime, end: datetime) -> MeteredPoint:
        """The same with the class, step and calibration of the meter that was there then, of several of the worst."""
        if not self.meters:
            return self
        there = worst(self.meters, start, end)
        register = self.reading == "register"  # the meter of today may have no resolution that is known
        step = there.step * abs(self.to_amount) if register and there.step is not None else None
        return replace(self, accuracy_class=there.accuracy_class, step=step, calibrated=there.calibrated)


@dataclass(frozen=True, slots=True)
class WindowSum:
    """A point over a window.

    Attributes:
        amount: in its amount unit over the covered seconds; the mean over them for a state; None: nothing is known.
        covered_s: seconds that are known; estimated_s and apportioned_s are parts of it.
    """

    amount: float | None
    covered_s: float
    estimated_s: float
    apportioned_s: float


NOTHING = WindowSum(None, 0.0, 0.0, 0.0)


async def metered_points(connection: asyncpg.Connection, e: int) -> list[MeteredPoint]:
    """Every metered point of an enterprise that is not retired, by code."""
    told = await told_of_points(connection, e)
    meters = await exchanged(connection, e)
    rows = statements("metered").metered_points(connection, e=e)
    return [
        MeteredPoint(
            **row,
            own_recorded=told[row["p"]][0],
            recorded=(*told[row["p"]][0], *told[row["p"]][1]),
            meters=meters.get(row["p"], ()),
        )
        async for row in rows
    ]


async def window_sums(
    connection: asyncpg.Connection, e: int, points: Iterable[int], windows: Sequence[Window]
) -> dict[tuple[int, datetime], WindowSum]:
    """Sums of points over windows, by point and the window's start; a point and window without anything is left out.

    Args:
        connection: idle or in a transaction.
        e: enterprise.
        points: metered ones.
        windows: on quarter hours, in order of time, not overlapping.
    """
    asked = sorted(set(points))
    if not asked or not windows:
        return {}
    rows = statements("metered").window_sums(
        connection, e=e, points=asked, starts=[a for a, _ in windows], ends=[b for _, b in windows]
    )
    found = {}
    async for row in rows:
        amount = row["weighed"] / row["covered_s"] if row["mean"] and row["covered_s"] > 0 else row["amount"]
        known_now = WindowSum(amount, row["covered_s"], row["estimated_s"], row["apportioned_s"])
        found[row["p"], windows[row["n"] - 1][0]] = known_now
    return found


async def day_sums(
    connection: asyncpg.Connection, e: int, points: Sequence[int], first: date, last: date
) -> dict[tuple[int, date], WindowSum]:
    """Sums of points over an enterprise's own days [first, last), as the ledger keeps them, by point and date."""
    rows = statements("metered").day_sums(connection, e=e, points=list(points), first=first, last=last)
    return {
        (row["p"], row["local_date"]): WindowSum(
            row["amount"], row["covered_s"], row["estimated_s"], row["apportioned_s"]
        )
        async for row in rows
    }


async def quarter_amounts(
    connection: asyncpg.Connection, e: int, points: Iterable[int], start: datetime, end: datetime
) -> dict[tuple[int, datetime], WindowSum]:
    """Quarter hours of points that start within [start, end), by point and start; missing ones are left out."""
    rows = statements("metered").quarter_amounts(connection, e=e, points=sorted(set(points)), f=start, t=end)
    return {
        (row["p"], row["start"]): WindowSum(row["amount"], row["covered_s"], row["estimated_s"], row["apportioned_s"])
        async for row in rows
    }
