"""GET /points (the registry) and /points/latest (newest values)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api import csv_out
from api.deps import Api
from api.language import Language
from api.latest import LatestItem, latest_item, newest_of
from api.paging import Page, check_limit, cut, encode, number_in
from api.params import Bom, Cursor, EnterpriseCode, FormatChoice, Limit
from api.problems import RESPONSES
from db import plants, views
from db.views import PointRow

router = APIRouter(tags=["points"], responses=RESPONSES)


class TermItem(BaseModel):
    """One signed point of a virtual point."""

    point: str
    sign: int


class PointItem(BaseModel):
    """A metering point, its meter, and how far its ledger is."""

    code: str = Field(examples=["bf1.elec.active_energy"])
    name: str | None
    process: str | None = Field(examples=["bf1"])
    carrier: str | None = Field(examples=["electricity"])
    role: str = Field(examples=["consumed"])
    reading: str = Field(description="register, interval, gauge or virtual", examples=["register"])
    unit: str = Field(description="Of a reading", examples=["kWh"])
    amount_unit: str = Field(description="Of an interval's amount", examples=["kWh"])
    multiplier: float | None = Field(description="CT × PT: amount per register unit", examples=[1])
    register_max: float | None = Field(description="Rollover modulus", examples=[1000000])
    resolution: float | None
    rated_per_hour: float | None
    accuracy_class: float | None
    calibrated: date | None
    period_s: float = Field(description="Nominal time between readings", examples=[60])
    reporting: str = Field(examples=["periodic"])
    max_gap_s: float
    max_silence_s: float | None
    parent: str | None
    ncv: str | None
    virtual: list[TermItem]
    newest_t: datetime | None = Field(description="Newest reading the ledger has taken in")
    closed_until: datetime | None = Field(description="Every interval up to here is closed")


def _selected(
    rows: list[PointRow], process: str | None, carrier: str | None, role: str | None, text: str | None
) -> list[PointRow]:
    wanted = (text or "").lower()
    return [
        row
        for row in rows
        if (process is None or row.process == process)
        and (carrier is None or row.carrier == carrier)
        and (role is None or row.role == role)
        and wanted in f"{row.code} {row.name_zh or ''} {row.name_en or ''}".lower()
    ]


Process = Annotated[str | None, Query(description="Only points of this process", max_length=200)]
Carrier = Annotated[str | None, Query(description="Only points of this energy carrier", max_length=200)]
Role = Annotated[str | None, Query(description="Only points of this role", max_length=50)]
Text = Annotated[str | None, Query(alias="q", description="Only points whose code or name has this", max_length=200)]


@router.get("/points", response_model=Page[PointItem], summary="Registry of metering points")
async def list_points(
    request: Request,
    api: Api,
    language: Language,
    enterprise: EnterpriseCode,
    process: Process = None,
    carrier: Carrier = None,
    role: Role = None,
    text: Text = None,
    limit: Limit = None,
    cursor: Cursor = None,
    wanted: FormatChoice = "json",
    bom: Bom = False,
) -> Response | Page[PointItem]:
    limit = check_limit(limit, api.settings.api_max_rows)
    owner = await plants.enterprise(api.pool, enterprise)
    rows = _selected(await views.points(api.pool, owner.e, api.clock()), process, carrier, role, text)
    start = number_in("points", cursor) or 0
    shown, following = cut(rows[start : start + limit + 1], limit, lambda _: encode("points", start + limit))
    items = [
        PointItem(
            code=row.code,
            name=row.name(language),
            process=row.process,
            carrier=row.carrier,
            role=row.role,
            reading=row.reading,
            unit=row.unit,
            amount_unit=row.amount_unit,
            multiplier=row.multiplier,
            register_max=row.register_max,
            resolution=row.resolution,
            rated_per_hour=row.rated_per_hour,
            accuracy_class=row.accuracy_class,
            calibrated=row.calibrated,
            period_s=row.period_s,
            reporting=row.reporting,
            max_gap_s=row.max_gap_s,
            max_silence_s=row.max_silence_s,
            parent=row.parent,
            ncv=row.ncv,
            virtual=[TermItem(point=term.point, sign=term.sign) for term in row.virtual],
            newest_t=row.newest_ts,
            closed_until=row.closed_until,
        )
        for row in shown
    ]
    page = Page(items=items, next_cursor=following)
    return csv_out.answer(request, page, PointItem, wanted, name=f"points-{enterprise}", bom=bom)


@router.get(
    "/points/latest", response_model=Page[LatestItem], summary="Newest value of each point, its age and findings"
)
async def latest_values(
    request: Request,
    api: Api,
    language: Language,
    enterprise: EnterpriseCode,
    point: Annotated[list[str] | None, Query(description="Only these points", max_length=1000)] = None,
    process: Process = None,
    carrier: Carrier = None,
    role: Role = None,
    limit: Limit = None,
    cursor: Cursor = None,
    wanted: FormatChoice = "json",
    bom: Bom = False,
) -> Response | Page[LatestItem]:
    limit = check_limit(limit, api.settings.api_max_rows)
    owner = await plants.enterprise(api.pool, enterprise)
    now = api.clock()
    rows = _selected(await api.registry.points(owner.e), process, carrier, role, None)
    if point is not None:
        rows = [row for row in rows if row.code in set(point)]
    start = number_in("latest", cursor) or 0
    shown, following = cut(rows[start : start + limit + 1], limit, lambda _: encode("latest", start + limit))
    pairs = await newest_of(api.pool, shown)
    items = [latest_item(row, newest, now, language) for row, newest in pairs]
    page = Page(items=items, next_cursor=following)
    return csv_out.answer(request, page, LatestItem, wanted, name=f"latest-{enterprise}", bom=bom)
