"""GET /shifts: shifts side by side, and which carrier made the difference."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.deps import Api
from api.params import EnterpriseCode, From, To
from api.problems import RESPONSES
from api.spans import span
from db import plants
from db.shift_comparison import compare_shifts
from enms.shift_comparison import ShiftComparison

router = APIRouter(tags=["performance"], responses=RESPONSES)


class ShiftAnswer(BaseModel):
    """One item an EnPI that can be judged by the shift."""

    items: list[ShiftComparison]
    next_cursor: None = None


@router.get("/shifts", summary="Shifts against each other and against the week before, taken apart by energy input")
async def list_shifts(
    api: Api,
    enterprise: EnterpriseCode,
    enpi: Annotated[str | None, Query(description="Code of one EnPI; all of them if left out", max_length=200)] = None,
    start: From = None,
    end: To = None,
) -> ShiftAnswer:
    """Shifts that began in the span and are over. The parts of a difference add up to it; unknown is null.

    `by_shift` and `by_crew` add up the shifts of which energy and output are known, 90 % complete at least; `idle` of
    them made nothing, and their energy is in the sum. `unclassed` names meters whose accuracy class is not known: there
    is no range then.
    """
    owner = await plants.enterprise(api.pool, enterprise)
    now = api.clock()
    when = span(start, end, now=now, default=timedelta(days=7), longest=timedelta(days=93), enterprise=owner)
    async with api.pool.acquire() as connection:
        found = await compare_shifts(connection, owner, when.start, when.end, now=now, enpi=enpi, idle=True)
    return ShiftAnswer(items=list(found))
