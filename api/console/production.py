"""`/e/{enterprise}/production`: what was produced, entered by hand; who entered it, when and why."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.console.i18n import catalogue
from api.console.render import page, zone_of
from api.deps import Api
from api.language import Language
from api.production import WHOLE_DAY, Asked, enter, output_points, span_of
from api.routes.production import entry_item
from db import hand, plants, views
from db.enpi_model import cuts_of
from enms.errors import InputError, Mistake

router = APIRouter(include_in_schema=False)
_SHOWN = 100


@router.get("/e/{code}/production")
async def show_production(
    request: Request,
    api: Api,
    language: Language,
    code: str,
    point: Annotated[str, Query(max_length=200)] = "",
    done: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    text = catalogue(language)
    owner = await plants.enterprise(api.pool, code)
    cuts = await cuts_of(api.pool, owner)
    rows = await hand.entries(api.pool, owner.e, limit=_SHOWN + 1)
    name = owner.name_zh if language == "zh" else owner.name_en
    values = {
        "owner": owner,
        "name": name,
        "points": [(p.code, p.name(language) or p.code, p.unit) for p in await output_points(api, owner)],
        "shifts": await views.shifts(api.pool, owner.e),
        "whole_day": WHOLE_DAY,
        "yesterday": (cuts.day_of(api.clock()) - timedelta(days=1)).isoformat(),
        "entries": [entry_item(row) for row in rows[:_SHOWN]],
        "more": len(rows) > _SHOWN,
        "batches": await hand.batches(api.pool, owner.e, limit=_SHOWN),
        "chosen": point,
        "done": done,
        "zone": zone_of(owner.timezone),
    }
    crumbs = [("/", text("District")), (f"/e/{code}", name)]
    return await page(request, api, "production.html", values, crumbs=crumbs)


@router.post("/e/{code}/production")
async def enter_production(
    api: Api,
    code: str,
    point: Annotated[str, Form(max_length=200)],
    day: Annotated[str, Form(max_length=20)],
    shift: Annotated[str, Form(max_length=100)],
    value: Annotated[float, Form()],
    by: Annotated[str, Form(max_length=100)],
    reason: Annotated[str, Form(max_length=1000)],
) -> Response:
    owner = await plants.enterprise(api.pool, code)
    try:
        chosen = date.fromisoformat(day)
    except ValueError:
        raise InputError("", [Mistake("body.day", f"{day!r} is not a day")]) from None
    start, end = await span_of(api, owner, chosen, shift)
    number = await enter(api, owner, Asked(point, start, end, value, by, reason))
    return RedirectResponse(f"/e/{code}/production?done={number}", status_code=303)
