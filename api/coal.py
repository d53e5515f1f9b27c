"""Fleets' supply coal rates over twelve months, for pages: read now and then, beside the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.deps import Context
from db.coal_rates import TWELVE_MONTHS, Rolled, Year, fleet_year, years_together
from db.plants import EnterpriseRow
from enms.bounds import targets

# A year moves little within an hour, and costs a read of all its days.
_FOR_S = 3600.0


@dataclass(frozen=True, slots=True)
class FleetLine:
    """A unit, or (without one) a fleet; of the enterprise `code`, or (without one) of the district; gce/kWh.

    Attributes:
        days: on which it was in service; known: of these, known.
        missing: what was missing mostly on the others; of a fleet, why there is no rate.
        why: why there is no rate.
    """

    code: str | None
    unit: str | None
    rate: float | None
    low: float | None
    high: float | None
    alpha: float | None
    days: int
    known: int
    missing: str
    why: str


def plan_rate() -> float:
    """The plan's supply coal rate for a fleet over twelve months: to read against, never a verdict on a day."""
    return next(row.value for row in targets().rows if row.key == "plan_supply_coal")


async def fleet_coal(context: Context, owner: EnterpriseRow) -> Year | None:
    """An enterprise's fleet; None: it has no generating units."""

    async def ask() -> Year | None:
        async with context.pool.acquire() as connection:
            return await fleet_year(connection, owner, context.clock())

    return await context.kept.get("fleet coal", owner.e, ask, for_s=_FOR_S)


async def coal_lines(context: Context, owners: Sequence[EnterpriseRow], *, district: bool = False) -> list[FleetLine]:
    """Fleets with their units; the district's own line first, where there is more than one fleet."""
    years = [(owner.code, await fleet_coal(context, owner)) for owner in owners]
    there = [(code, year) for code, year in years if year is not None]
    lines = []
    for code, year in there:
        lines.append(_fleet(code, year))
        lines += [_line(code, unit, rolled) for unit, rolled in year.units]
    if district and len(there) > 1:
        lines.insert(0, _fleet(None, years_together(there)))
    return lines


def _fleet(code: str | None, year: Year) -> FleetLine:
    fleet, why = year.fleet, year.why_unknown()
    rate, low, high = (None, None, None) if fleet is None else (fleet.value, fleet.low, fleet.high)
    return FleetLine(code, None, rate, low, high, None, TWELVE_MONTHS.days, year.least_known, why, why)


def _line(code: str, unit: str, rolled: Rolled) -> FleetLine:
    value, days = rolled.value, (rolled.days, rolled.known)
    why = "" if value.value is not None else rolled.mostly or str(value.reason)
    return FleetLine(code, unit, value.value, value.low, value.high, rolled.alpha, *days, rolled.mostly, why)
