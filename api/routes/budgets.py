"""GET /budgets: what was used of a year's plan, where it is heading, and when it will be used up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.deps import Api, Context
from api.language import Language
from api.params import EnterpriseCode
from api.problems import RESPONSES
from db import plants
from db.budgets import Course, budget_courses
from db.plants import EnterpriseRow
from enms.budgeting import BAND, METHOD, ahead_pct

router = APIRouter(tags=["performance"], responses=RESPONSES)
# Days only change a budget when they close.
_KEPT_S = 120.0


class Projected(BaseModel):
    """The year end if days go on as they did; no season and no trend are in it."""

    method: str = Field(description="Mean of the last 91 days in blocks of a week (of a day, in the first eight weeks)")
    band: float = Field(description="Share of year ends that low to high is to hold", examples=[0.8])
    blocks: int
    block_days: int
    per_day: float = Field(description="t a day")
    low: float
    expected: float
    high: float
    crossing: date | None = Field(description="Expected day on which the budget is used up; null: not within its span")
    earliest: date | None = Field(description="The same by the upper edge of the band")
    latest: date | None = Field(description="The same by the lower edge")


class BudgetItem(BaseModel):
    """A budget, t."""

    code: str = Field(examples=["tco2-2026"])
    name: str
    measure: str = Field(description="tco2, tce or coal")
    basis: str
    year: int
    start: datetime
    end: datetime
    amount: float
    until: datetime = Field(description="Days are counted up to here")
    used: float | None = Field(description="After deductions; null: part of it is not known (`reason`)")
    plan_so_far: float = Field(description="The plan's share for the time gone by")
    ahead_pct: float | None
    completeness: float = Field(description="Of the time gone by, the worst of what counts")
    reason: str | None
    by_carrier: dict[str, float] = Field(description="Before deductions")
    deducted: dict[str, float] = Field(description="By meter: non-fossil power, feedstock")
    own_carbon: dict[str, str] = Field(description="Carriers counted by the site's own carbon factor, and its source")
    projection: Projected | None = Field(description="Null: fewer than seven days, or the sum so far is not known")


class BudgetAnswer(BaseModel):
    """Carbon first."""

    items: list[BudgetItem]
    next_cursor: None = None


async def courses(context: Context, owner: EnterpriseRow) -> Sequence[Course]:
    """The budgets of an enterprise with their days."""

    async def read() -> Sequence[Course]:
        async with context.pool.acquire() as connection:
            return await budget_courses(connection, owner, context.clock())

    return await context.kept.get("budgets", owner.e, read, for_s=_KEPT_S)


def budget_item(course: Course, language: str) -> BudgetItem:
    budget, so_far, found = course.budget, course.so_far, course.projection
    used = so_far.used if so_far is not None else None
    return BudgetItem(
        code=budget.code,
        name=budget.name.in_language(language) if budget.name is not None else budget.code,
        measure=budget.measure,
        basis=budget.basis.value,
        year=budget.year,
        start=course.start,
        end=course.end,
        amount=budget.amount,
        until=course.until,
        used=used,
        plan_so_far=budget.amount * course.share,
        ahead_pct=ahead_pct(used, budget.amount, course.share),
        completeness=so_far.completeness if so_far is not None else 0.0,
        reason=(so_far.reason or None) if so_far is not None else "no whole day yet",
        by_carrier=dict(so_far.by_carrier) if so_far is not None else {},
        deducted=dict(so_far.deducted) if so_far is not None else {},
        own_carbon=dict(course.own_carbon),
        projection=None
        if found is None
        else Projected(
            method=METHOD,
            band=BAND,
            blocks=found.blocks,
            block_days=found.block_days,
            per_day=found.per_day,
            low=found.end.low,
            expected=found.end.expected,
            high=found.end.high,
            crossing=course.day_after(found.crossing),
            earliest=course.day_after(found.earliest),
            latest=course.day_after(found.latest),
        ),
    )


@router.get("/budgets", summary="Budgets: used so far, projected year end with its band, day of crossing")
async def list_budgets(api: Api, language: Language, enterprise: EnterpriseCode) -> BudgetAnswer:
    owner = await plants.enterprise(api.pool, enterprise)
    return BudgetAnswer(items=[budget_item(course, language) for course in await courses(api, owner)])
