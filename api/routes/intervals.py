"""GET /intervals: the ledger."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from api import csv_out
from api.deps import Api
from api.intervals import IntervalItem, intervals
from api.paging import DEFAULT_SERIES_LIMIT, Page, check_limit
from api.params import AsOf, Bom, Cursor, EnterpriseCode, FormatChoice, From, Limit, PointCodes, To
from api.problems import RESPONSES
from api.spans import instant, span
from db import plants

router = APIRouter(tags=["ledger"], responses=RESPONSES)
_LONGEST = timedelta(days=3700)


@router.get("/intervals", response_model=Page[IntervalItem], summary="The ledger: closed quarter hours and their basis")
async def list_intervals(
    request: Request,
    api: Api,
    enterprise: EnterpriseCode,
    point: PointCodes,
    start: From = None,
    end: To = None,
    as_of: AsOf = None,
    limit: Limit = None,
    cursor: Cursor = None,
    wanted: FormatChoice = "json",
    bom: Bom = False,
) -> Response | Page[IntervalItem]:
    """By point and time; 50 000 items unless `limit` says otherwise: thirteen months of a point in one answer.

    A quarter hour between the point's first reading (or declared service) and its newest closed one that nothing is
    known of is there with `amount` null and `basis` missing. What is not closed yet is not in the ledger.
    """
    limit = check_limit(limit, api.settings.api_max_rows, DEFAULT_SERIES_LIMIT)
    owner = await plants.enterprise(api.pool, enterprise)
    when = span(start, end, now=api.clock(), default=timedelta(days=1), longest=_LONGEST, enterprise=owner)
    chosen = [await api.registry.named(owner.e, code) for code in dict.fromkeys(point)]
    at = instant(as_of, "query.as_of", owner) if as_of else None
    found = await intervals(api, chosen, when, as_of=at, cursor=cursor, limit=limit)
    page = Page(items=found.items, next_cursor=found.next_cursor)
    return csv_out.answer(request, page, IntervalItem, wanted, name=f"intervals-{enterprise}", bom=bom)
