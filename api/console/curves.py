"""The day's electricity curve against what is usual at the same clock time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from api.console.days import QUARTER, day_start
from api.deps import Context
from api.flows import boundary
from db import curves
from db.curves import PowerRow
from db.plants import EnterpriseRow
from enms.units import convert

_DAY_QUARTERS = 96
# The band is what lies between the 10th and the 90th percentile of the days before.
_BEFORE_DAYS = 14
_FEWEST_DAYS = 3


@dataclass(frozen=True, slots=True)
class DayCurve:
    """Mean power of each quarter hour of the day in kW; None is unknown.

    Attributes:
        start: of the day.
        power, partial: today; partial where a meter of the boundary is missing.
        estimated: today, where the weakest basis is an estimate.
        yesterday: at the same clock time.
        low, high: the usual band.
        days: how many days the band stands on.
    """

    start: datetime
    power: tuple[float | None, ...]
    partial: tuple[bool, ...]
    estimated: tuple[bool, ...]
    yesterday: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    days: int


async def day_curve(context: Context, enterprise: EnterpriseRow) -> DayCurve:
    """Today's curve, yesterday's, and the band of the days before; kept until the ledger publishes."""
    return await context.kept.get("day curve", enterprise.e, lambda: _day_curve(context, enterprise))


async def _day_curve(context: Context, enterprise: EnterpriseRow) -> DayCurve:
    points = await context.registry.points(enterprise.e)
    signs = boundary(points)
    units = {point.p: point.amount_unit for point in points}
    weights = {p: sign * convert(1.0, units[p], "kWh") for p, sign in signs.items()}
    zone = ZoneInfo(enterprise.timezone)
    start = day_start(enterprise, context.clock())
    first = (start.astimezone(zone) - timedelta(days=_BEFORE_DAYS)).astimezone(start.tzinfo)
    rows = await curves.power_curve(context.pool, enterprise.e, weights, first, start + timedelta(days=1, hours=1))
    days = _by_day(rows, start, zone)
    whole = {n: {q: r.power for q, r in found.items() if r.known == len(weights)} for n, found in days.items()}
    low, high, count = _band([found for n, found in whole.items() if n < 0])
    now = days.get(0, {})
    quarters = range(_DAY_QUARTERS)
    return DayCurve(
        start=start,
        power=tuple(now[q].power if q in now else None for q in quarters),
        partial=tuple(q in now and now[q].known < len(weights) for q in quarters),
        estimated=tuple(q in now and now[q].basis == 2 for q in quarters),
        yesterday=tuple(whole.get(-1, {}).get(q) for q in quarters),
        low=low,
        high=high,
        days=count,
    )


def _by_day(rows: Sequence[PowerRow], start: datetime, zone: ZoneInfo) -> dict[int, dict[int, PowerRow]]:
    """Rows by days from today (0, -1, …) and quarter hour of the wall clock's day."""
    found: dict[int, dict[int, PowerRow]] = {}
    opens = start.astimezone(zone).replace(tzinfo=None)
    for row in rows:
        days, rest = divmod(row.start.astimezone(zone).replace(tzinfo=None) - opens, timedelta(days=1))
        found.setdefault(days, {})[rest // QUARTER] = row
    return found


def _band(days: Sequence[Mapping[int, float]]) -> tuple[tuple[float | None, ...], tuple[float | None, ...], int]:
    useful = [day for day in days if day]
    nothing: tuple[float | None, ...] = (None,) * _DAY_QUARTERS
    if len(useful) < _FEWEST_DAYS:
        return nothing, nothing, len(useful)
    low: list[float | None] = []
    high: list[float | None] = []
    for quarter in range(_DAY_QUARTERS):
        known = [day[quarter] for day in useful if quarter in day]
        if len(known) < _FEWEST_DAYS:
            low.append(None)
            high.append(None)
            continue
        a, b = np.percentile(known, (10, 90))
        low.append(float(a))
        high.append(float(b))
    return tuple(low), tuple(high), len(useful)
