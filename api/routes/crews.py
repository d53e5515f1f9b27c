"""GET /crews, /crews/shifts; POST /crews/roster, /crews/overrides: who works which shift."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status
from pydantic import BaseModel, Field

from api import csv_out
from api.body import Body
from api.deps import Api
from api.language import Language
from api.paging import Page
from api.params import Bom, EnterpriseCode, FormatChoice, From, To
from api.problems import RESPONSES
from api.rostering import Worked, worked
from api.spans import span
from db import plants
from db.crews import crew_book, record_override, record_roster
from enms.crews import Override
from enms.roster import Roster

router = APIRouter(prefix="/crews", tags=["production"], responses=RESPONSES)
_LONGEST = timedelta(days=400)


class CrewItem(BaseModel):
    """A crew."""

    code: str = Field(examples=["a"])
    name: str = Field(examples=["甲班"])


class CrewAnswer(BaseModel):
    """Crews, and the roster that starts last."""

    items: list[CrewItem]
    roster: Roster | None
    next_cursor: None = None


class RosterIn(Body):
    """Days that come round again from a day on; the roster before holds up to it."""

    enterprise: str = Field(min_length=1, max_length=200, examples=["demo-steel"])
    roster: Roster
    by: str = Field(min_length=1, max_length=100, description="Who enters it", examples=["王工"])


class RosterOut(BaseModel):
    """`changed`: false where the same was there already."""

    changed: bool


class OverrideIn(Body):
    """One shift that another crew works, or worked."""

    enterprise: str = Field(min_length=1, max_length=200, examples=["demo-steel"])
    day: date = Field(description="Wall day on which the shift begins", examples=["2026-11-25"])
    shift: str = Field(min_length=1, max_length=100, examples=["night"])
    crew: str | None = Field(max_length=100, description="null: as the roster has it after all", examples=["b"])
    by: str = Field(min_length=1, max_length=100, examples=["王工"])
    reason: str = Field(min_length=1, max_length=1000, examples=["替班"])


class OverrideOut(BaseModel):
    """The number of the entry."""

    id: int


class WorkedItem(BaseModel):
    """A shift with the crew that works it; null: nobody says."""

    day: date
    shift: str
    start: datetime
    end: datetime
    crew: str | None
    usual: str | None = Field(description="By the roster alone")
    reason: str | None = Field(description="Why another crew")
    by: str | None


def worked_item(one: Worked) -> WorkedItem:
    """A shift as the API shows it."""
    override = one.duty.override
    return WorkedItem(
        day=one.day,
        shift=one.shift,
        start=one.start,
        end=one.end,
        crew=one.duty.crew,
        usual=one.duty.usual,
        reason=override.reason if override is not None else None,
        by=override.actor if override is not None else None,
    )


@router.get("", summary="Crews, and the roster that starts last")
async def list_crews(api: Api, language: Language, enterprise: EnterpriseCode) -> CrewAnswer:
    """EnPI values by crew: `by_crew` of GET /shifts."""
    owner = await plants.enterprise(api.pool, enterprise)
    book = await crew_book(api.pool, owner.e, date.min, date.min)
    return CrewAnswer(
        items=[CrewItem(code=code, name=name) for code, name in sorted(book.names(language).items())], roster=book.last
    )


@router.get("/shifts", response_model=Page[WorkedItem], summary="Which crew works which shift")
async def list_worked(
    request: Request,
    api: Api,
    enterprise: EnterpriseCode,
    start: From = None,
    end: To = None,
    crew: Annotated[str | None, Query(max_length=100, description="Only this crew")] = None,
    wanted: FormatChoice = "json",
    bom: Bom = False,
) -> Response | Page[WorkedItem]:
    """Shifts that begin in the span, a week if left out."""
    owner = await plants.enterprise(api.pool, enterprise)
    when = span(start, end, now=api.clock(), default=timedelta(days=7), longest=_LONGEST, enterprise=owner)
    found = await worked(api, owner, when.start, when.end)
    items = [worked_item(one) for one in found if crew in {None, one.duty.crew}]
    page = Page(items=items, next_cursor=None)
    return csv_out.answer(request, page, WorkedItem, wanted, name=f"crews-{enterprise}", bom=bom)


@router.post("/roster", summary="Enter a roster")
async def enter_roster(api: Api, body: RosterIn) -> RosterOut:
    """The plant file's `roster`, by hand. Of those that start on one day the last entered holds."""
    owner = await plants.enterprise(api.pool, body.enterprise)
    async with api.pool.acquire() as connection:
        changed = await record_roster(connection, owner, body.roster, actor=body.by, now=api.clock())
    return RosterOut(changed=changed)


@router.post("/overrides", status_code=status.HTTP_201_CREATED, summary="Say that another crew works one shift")
async def enter_override(api: Api, body: OverrideIn) -> OverrideOut:
    """Of one shift the last entry holds."""
    owner = await plants.enterprise(api.pool, body.enterprise)
    entry = Override(body.day, body.shift, body.crew, body.reason, body.by)
    async with api.pool.acquire() as connection:
        return OverrideOut(id=await record_override(connection, owner, entry, now=api.clock()))
