"""GET /coal-rates: supply coal rates of generating units, fleets and the district over twelve months."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.deps import Api
from api.params import AnyEnterprise
from api.problems import RESPONSES
from db import plants
from db.coal_rates import Rolled, Year, fleet_year
from enms.bounds import targets
from enms.coal_rate import Burnt, fleet_rate

router = APIRouter(tags=["performance"], responses=RESPONSES)
_TARGET = "plan_supply_coal"


class CoalUnit(BaseModel):
    """A generating unit over the twelve months up to the last day that is over."""

    enterprise: str
    unit: str
    rate: float | None = Field(description="gce/kWh supplied, of the days that are known; null: nothing was supplied")
    alpha: float = Field(description="Share of heat supplied in all heat of the boiler")
    power_kgce: float = Field(description="Standard coal of electricity: all fuels x (1 - alpha)")
    net_kwh: float = Field(description="Generated less house load, that of heating only left out")
    days: int
    known: int = Field(description="Of these, days on which nothing was missing")
    missing: dict[str, int] = Field(description="What was missing on the others, by days")


class CoalFleet(BaseModel):
    """Units together, each by what it supplied; enterprise null: the district."""

    enterprise: str | None
    rate: float | None
    net_kwh: float
    known: int = Field(description="Days known of the unit of which least is")


class CoalTarget(BaseModel):
    """What a fleet is read against: a plan's figure, no limit."""

    value: float
    unit: str
    source: str
    confidence: str
    review: str


class CoalAnswer(BaseModel):
    """Units, fleets, the district, and the plan."""

    until: datetime
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
    together = [one for year in years.values() for one in year.burnt]
    if enterprise is None and years:
        known = min(year.least_known for year in years.values())
        fleets.append(CoalFleet(enterprise=None, rate=fleet_rate(together), net_kwh=_net(together), known=known))
    row = next(one for one in targets().rows if one.key == _TARGET)
    return CoalAnswer(
        until=now,
        items=[_unit(code, unit, rolled) for code, year in years.items() for unit, rolled in year.units],
        fleets=fleets,
        target=CoalTarget(
            value=row.value, unit=row.unit, source=row.source, confidence=row.confidence, review=row.review
        ),
    )


def _fleet(code: str, year: Year) -> CoalFleet:
    return CoalFleet(enterprise=code, rate=year.rate, net_kwh=_net(year.burnt), known=year.least_known)


def _net(burnt: list[Burnt]) -> float:
    return sum(one.net_kwh for one in burnt)


def _unit(code: str, unit: str, rolled: Rolled) -> CoalUnit:
    burnt = rolled.burnt
    return CoalUnit(
        enterprise=code,
        unit=unit,
        rate=burnt.rate,
        alpha=burnt.alpha,
        power_kgce=burnt.power_kgce,
        net_kwh=burnt.net_kwh,
        days=rolled.days,
        known=rolled.known,
        missing=dict(rolled.missing),
    )
