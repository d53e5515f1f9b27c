"""GET and POST /production: amounts entered by hand, with who, when and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status
from pydantic import AwareDatetime, BaseModel, Field

from api import csv_out
from api.body import Body
from api.deps import Api
from api.paging import Page, check_limit, cut, encode, number_in
from api.params import Bom, Cursor, EnterpriseCode, FormatChoice, Limit
from api.problems import RESPONSES
from api.production import Asked, enter
from db import hand, plants
from db.hand import EntryRow
from enms.readings import Origin

router = APIRouter(prefix="/production", tags=["production"], responses=RESPONSES)


class EntryIn(Body):
    """An amount over a span, as it was counted or weighed."""

    enterprise: str = Field(min_length=1, max_length=200, examples=["demo-steel"])
    point: str = Field(
        min_length=1, max_length=200, description="An output counted over spans", examples=["bf1.output"]
    )
    start: AwareDatetime = Field(description="Begin, with offset", examples=["2026-11-25T00:00:00+08:00"])
    t: AwareDatetime = Field(description="End, with offset", examples=["2026-11-25T08:00:00+08:00"])
    value: float = Field(description="In the point's unit; 0 is a standstill", examples=[1724.5], allow_inf_nan=False)
    by: str = Field(min_length=1, max_length=100, description="Who enters it", examples=["王工"])
    reason: str = Field(min_length=1, max_length=1000, description="Why by hand", examples=["称重单 20261125-03"])


class EntryItem(BaseModel):
    """An entry. The last one of an instant holds; what it replaced is kept."""

    id: int
    point: str
    start: datetime
    t: datetime
    value: float
    unit: str
    before: float | None = Field(description="What held for that instant before")
    before_origin: str | None = Field(description="meter, backfill or hand")
    corrects: int | None = Field(description="The entry it replaces")
    corrected_by: int | None = Field(description="The entry that replaced it")
    reason: str
    by: str
    entered_at: datetime


class Entered(BaseModel):
    """The entry is stored; the ledger derives what it touches."""

    id: int


def entry_item(row: EntryRow) -> EntryItem:
    """An entry for the answer."""
    return EntryItem(
        id=row.id,
        point=row.point,
        start=row.start,
        t=row.ts,
        value=row.value,
        unit=row.unit,
        before=row.before_value,
        before_origin=Origin(row.before_origin).name.lower() if row.before_origin is not None else None,
        corrects=row.corrects,
        corrected_by=row.corrected_by,
        reason=row.reason,
        by=row.actor,
        entered_at=row.entered_at,
    )


@router.get("", response_model=Page[EntryItem], summary="Production entered by hand, the last entry first")
async def list_entries(
    request: Request,
    api: Api,
    enterprise: EnterpriseCode,
    point: Annotated[str | None, Query(description="Only this point", max_length=200)] = None,
    limit: Limit = None,
    cursor: Cursor = None,
    wanted: FormatChoice = "json",
    bom: Bom = False,
) -> Response | Page[EntryItem]:
    limit = check_limit(limit, api.settings.api_max_rows)
    owner = await plants.enterprise(api.pool, enterprise)
    p = (await api.registry.named(owner.e, point)).p if point is not None else None
    before = number_in("production", cursor)
    rows = await hand.entries(api.pool, owner.e, p=p, before=before, limit=limit + 1)
    shown, following = cut(rows, limit, lambda row: encode("production", row.id))
    page = Page(items=[entry_item(row) for row in shown], next_cursor=following)
    return csv_out.answer(request, page, EntryItem, wanted, name=f"production-{enterprise}", bom=bom)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Enter production by hand")
async def post_entry(api: Api, body: EntryIn) -> Entered:
    """Comes before what a meter or a backfill said for that instant; another entry for the same end corrects it."""
    owner = await plants.enterprise(api.pool, body.enterprise)
    asked = Asked(body.point, body.start.astimezone(UTC), body.t.astimezone(UTC), body.value, body.by, body.reason)
    return Entered(id=await enter(api, owner, asked))
