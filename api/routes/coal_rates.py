"""GET /coal-rates: supply coal rates of generating units, fleets and the district over twelve months."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.deps import Api
from api.params import AnyEnterprise
from api.problems import RESPONSES
from db import plants
from db.coal_rates import Rolled, Year, fleet_year, years_together
from enms.bounds import targets

router = APIRouter(tags=["performance"], responses=RESPONSES)
_TARGET = "plan_supply_coal"


class CoalUnit(BaseModel):
    """A generating unit over the twelve months up to the last day that is over."""

    enterprise: str
    unit: str
    rate: float | None = Field(
        description="gce/kWh supplied, of the days that are known; null: nothing was supplied, or no day is known"
    )
    low: float | None = Field(description="Range by accuracy classes, register steps and what was filled in")
    high: float | None
    alpha: float | None = Field(description="Share of heat supplied in all heat of the boiler; null: not known")
    power_kgce: float | None = Field(
        description="Standard coal of electricity: all fuels x (1 - alpha); null: not known"
    )
    net_kwh: float | None = Field(
        description="Generated less house load, that of heating only left out; null: not known"
    )
    completeness: float = Field(description="Of the worst point, on the days that are known")
    days: int = Field(description="Days of the twelve months on which it was in service")
    known: int = Field(description="Of these, days on which nothing was missing")
    missing: dict[str, int] = Field(description="What was missing on the others, by days")


class CoalFleet(BaseModel):
    """Units together, each by what it supplied; enterprise null: the district."""

    enterprise: str | None
    rate: float | None = Field(
        description="gce/kWh; null: of a unit in service no day is known, or nothing was supplied"
    )
    low: float | None
    high: float | None
    net_kwh: float | None = Field(description="Null where there is no rate")
    reason: str | None = Field(description="Why there is no rate, by the unit of which least is known")
    until: datetime = Field(description="Begin of the first day that does not count any more")
    known: int = Field(description="Of 365 days, those known of the unit of which least is; out of service is known")


class CoalTarget(BaseModel):
    """What a fleet is read against: a plan's figure, no limit."""

    value: float
    unit: str
    source: str
    confidence: str
    review: str


class CoalAnswer(BaseModel):
    """Units, fleets, the district, and the plan."""

    until: datetime | None = Field(
        description="Begin of the first day that does not count any more, of the plant that is furthest; null: no units"
    )
    items: list[CoalUnit]
    fleets: list[CoalFleet]
    target: CoalTarget
    next_cursor: None = None


@router.get("/coal-rates", summary="Supply coal rates over twelve months: units, fleets, district, against the plan")
async def list_coal_rates(api: Api, enterprise: AnyEnterprise = None) -> CoalAnswer:
    """B = B(1 - alpha) / (generated - house load). Unknown days are counted, never guessed."""
    owners = [row for row in await plants.enterprises(api.pool) if enterprise in {None, row.code}]
    if enterprise is not None and not owners:
        await plants.enterprise(api.pool, enterprise)
    now = api.clock()
    years: dict[str, Year] = {}
    async with api.pool.acquire() as connection:
        for owner in owners:
            year = await fleet_year(connection, owner, now)
            if year is not None:
                years[owner.code] = year
    fleets = [_fleet(code, year) for code, year in years.items()]
    if enterprise is None and years:
        fleets.append(_fleet(None, years_together(years.items())))
    row = next(one for one in targets().rows if one.key == _TARGET)
    return CoalAnswer(
        until=max((year.until for year in years.values()), default=None),
        items=[_unit(code, unit, rolled) for code, year in years.items() for unit, rolled in year.units],
        fleets=fleets,
        target=CoalTarget(
            value=row.value, unit=row.unit, source=row.source, confidence=row.confidence, review=row.review
        ),
    )


def _fleet(code: str | None, year: Year) -> CoalFleet:
    fleet = year.fleet
    return CoalFleet(
        enterprise=code,
        rate=None if fleet is None else fleet.value,
        low=None if fleet is None else fleet.low,
        high=None if fleet is None else fleet.high,
        net_kwh=None if fleet is None else fleet.net_kwh,
        reason=year.why_unknown() or None,
        until=year.until,
        known=year.least_known,
    )


def _unit(code: str, unit: str, rolled: Rolled) -> CoalUnit:
    value = rolled.value
    return CoalUnit(
        enterprise=code,
        unit=unit,
        rate=value.value,
        low=value.low,
        high=value.high,
        alpha=rolled.alpha,
        power_kgce=value.whole_energy_kgce,
        net_kwh=value.whole_output,
        completeness=value.completeness,
        days=rolled.days,
        known=rolled.known,
        missing=dict(rolled.missing),
    )
