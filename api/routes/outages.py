"""GET and POST /outages, POST /outages/{id}/cancel: what will stand still, said beforehand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from api import csv_out
from api.deps import Api
from api.paging import Page, check_limit, cut, encode, number_in
from api.params import AnyEnterprise, Bom, Cursor, FormatChoice, Limit, RowNumber
from api.problems import RESPONSES
from api.routes.alerts import By
from api.spans import instant
from db import handling, plants
from db.handling import OutageRow

router = APIRouter(tags=["alerts"], responses=RESPONSES)
OutageId = Annotated[RowNumber, Path(description="Outage id", examples=[3])]


class OutageItem(BaseModel):
    """A planned outage: operational alerts of its subject go on, but nobody is sent a message about them."""

    id: int = Field(examples=[3])
    enterprise: str = Field(examples=["demo-steel"])
    subject: str | None = Field(description="A point, motor, EnPI or process with all below it; null: all of the plant")
    starts: datetime
    ends: datetime
    why: str = Field(examples=["定修"])
    planned_by: str
    recorded_at: datetime
    state: str = Field(description="planned, running, over or cancelled")
    cancelled_at: datetime | None
    cancelled_by: str | None


class OutageIn(By):
    """What will stand still, from when to when, and why."""

    enterprise: str = Field(max_length=200, examples=["demo-steel"])
    subject: str | None = Field(default=None, max_length=200, description="null: the whole enterprise")
    starts: AwareDatetime = Field(examples=["2026-11-23T08:00:00+08:00"])
    ends: AwareDatetime = Field(examples=["2026-11-23T20:00:00+08:00"])
    why: str = Field(min_length=1, max_length=1000, examples=["定修"])


def outage_item(row: OutageRow, now: datetime) -> OutageItem:
    """An outage as the API shows it."""
    same = ("id", "enterprise", "subject", "why", "planned_by", "recorded_at", "cancelled_at", "cancelled_by")
    values = {name: getattr(row, name) for name in same}
    return OutageItem.model_validate(values | {"starts": row.from_ts, "ends": row.to_ts, "state": row.state(now)})


@router.get("/outages", response_model=Page[OutageItem], summary="Planned outages, last planned first")
async def list_outages(
    request: Request,
    api: Api,
    enterprise: AnyEnterprise = None,
    since: Annotated[
        str | None, Query(description="Only those that end after this instant (RFC 3339 with offset)", max_length=64)
    ] = None,
    limit: Limit = None,
    cursor: Cursor = None,
    wanted: FormatChoice = "json",
    bom: Bom = False,
) -> Response | Page[OutageItem]:
    limit = check_limit(limit, api.settings.api_max_rows)
    owner = await plants.enterprise(api.pool, enterprise) if enterprise is not None else None
    es = [row.e for row in await plants.enterprises(api.pool)] if owner is None else [owner.e]
    rows = await handling.outages(
        api.pool,
        es,
        since=instant(since, "query.since", owner) if since else None,
        before=number_in("outages", cursor),
        limit=limit + 1,
    )
    shown, following = cut(rows, limit, lambda row: encode("outages", row.id))
    page = Page(items=[outage_item(row, api.clock()) for row in shown], next_cursor=following)
    return csv_out.answer(request, page, OutageItem, wanted, name="outages", bom=bom)


@router.post("/outages", response_model=OutageItem, status_code=201, summary="Plan an outage")
async def plan_outage(api: Api, body: OutageIn) -> OutageItem:
    """Alerts that are open, or begin, while it lasts are suppressed; what is still open afterwards is told then."""
    async with api.pool.acquire() as connection:
        row = await handling.plan_outage(
            connection,
            body.enterprise,
            subject=body.subject,
            start=body.starts,
            end=body.ends,
            why=body.why,
            actor=body.by,
            now=api.clock(),
        )
    return outage_item(row, api.clock())


@router.post("/outages/{outage}/cancel", response_model=OutageItem, summary="Take a planned outage back")
async def cancel_outage(api: Api, outage: OutageId, body: By | None = None) -> OutageItem:
    """A second time changes nothing."""
    async with api.pool.acquire() as connection:
        row = await handling.cancel_outage(connection, outage, actor=(body or By()).by, now=api.clock())
    return outage_item(row, api.clock())
