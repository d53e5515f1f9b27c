"""GET /enterprises and /enterprises/{code}."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from api import csv_out
from api.deps import Api
from api.language import Language
from api.paging import Page, check_limit, cut, decode, encode
from api.params import Bom, Cursor, FormatChoice, Limit
from api.problems import RESPONSES
from db import plants, views
from db.plants import EnterpriseRow

router = APIRouter(tags=["enterprises"], responses=RESPONSES)


class EnterpriseItem(BaseModel):
    """A key energy user."""

    code: str = Field(examples=["demo-steel"])
    name: str = Field(description="By Accept-Language: zh or en", examples=["示范钢铁"])
    industry: str = Field(examples=["steel"])
    timezone: str = Field(examples=["Asia/Shanghai"])
    day_starts: str = Field(description="Local wall time at which its day begins", examples=["00:00"])
    month_starts_day: int = Field(examples=[1])


class ShiftItem(BaseModel):
    """A shift in local wall time; it passes midnight when `to` is not after `from`."""

    code: str = Field(examples=["night"])
    starts: str = Field(serialization_alias="from", examples=["00:00"])
    ends: str = Field(serialization_alias="to", examples=["08:00"])


class ProcessItem(BaseModel):
    """A process (工序)."""

    code: str = Field(examples=["bf1"])
    name: str = Field(examples=["1号高炉"])
    kind: str = Field(examples=["blast_furnace"])
    parent: str | None
    commissioned: date | None
    points: int = Field(description="How many points it has")


class PointRef(BaseModel):
    """A point of the enterprise, in short."""

    code: str
    name: str | None
    process: str | None
    carrier: str | None
    role: str
    unit: str


class MotorRef(BaseModel):
    """A motor of the enterprise, in short."""

    id: int
    code: str


class EnterpriseDetail(EnterpriseItem):
    """A key energy user with what it consists of."""

    registered_at: datetime
    shifts: list[ShiftItem]
    processes: list[ProcessItem]
    points: list[PointRef]
    motors: list[MotorRef]
    enpis: list[MotorRef]


def _head(row: EnterpriseRow, language: str) -> dict[str, str | int]:
    return {
        "code": row.code,
        "name": row.name(language),
        "industry": row.industry,
        "timezone": row.timezone,
        "day_starts": row.day_starts.strftime("%H:%M"),
        "month_starts_day": row.month_starts_day,
    }


def clock_text(since_midnight: timedelta) -> str:
    """08:00, and 24:00 for a whole day."""
    minutes = int(since_midnight.total_seconds() // 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@router.get("/enterprises", response_model=Page[EnterpriseItem], summary="Enterprises by code")
async def list_enterprises(
    request: Request,
    api: Api,
    language: Language,
    limit: Limit = None,
    cursor: Cursor = None,
    wanted: FormatChoice = "json",
    bom: Bom = False,
) -> Response | Page[EnterpriseItem]:
    limit = check_limit(limit, api.settings.api_max_rows)
    after = str(decode("enterprises", cursor, 1)[0]) if cursor else ""
    rows = [row for row in await plants.enterprises(api.pool) if row.code > after]
    shown, following = cut(rows[: limit + 1], limit, lambda row: encode("enterprises", row.code))
    items = [EnterpriseItem.model_validate(_head(row, language)) for row in shown]
    page = Page(items=items, next_cursor=following)
    return csv_out.answer(request, page, EnterpriseItem, wanted, name="enterprises", bom=bom)


@router.get("/enterprises/{code}", response_model=EnterpriseDetail, summary="One enterprise and what it consists of")
async def show_enterprise(
    api: Api, language: Language, code: Annotated[str, Path(description="Enterprise code", max_length=200)]
) -> EnterpriseDetail:
    row = await plants.enterprise(api.pool, code)
    points = await views.points(api.pool, row.e, api.clock())
    counts: dict[str | None, int] = {}
    for point in points:
        counts[point.process] = counts.get(point.process, 0) + 1
    return EnterpriseDetail.model_validate(
        {
            **_head(row, language),
            "registered_at": row.registered_at,
            "shifts": [
                ShiftItem(code=s.code, starts=clock_text(s.starts), ends=clock_text(s.ends))
                for s in await views.shifts(api.pool, row.e)
            ],
            "processes": [
                ProcessItem(
                    code=process.code,
                    name=process.name(language),
                    kind=process.kind,
                    parent=process.parent,
                    commissioned=process.commissioned,
                    points=counts.get(process.code, 0),
                )
                for process in await views.processes(api.pool, row.e)
            ],
            "points": [
                PointRef(
                    code=point.code,
                    name=point.name(language),
                    process=point.process,
                    carrier=point.carrier,
                    role=point.role,
                    unit=point.unit,
                )
                for point in points
            ],
            "motors": [MotorRef(id=number, code=name) for number, name in await views.motors(api.pool, row.e)],
            "enpis": [MotorRef(id=number, code=name) for number, name in await views.enpis(api.pool, row.e)],
        }
    )
