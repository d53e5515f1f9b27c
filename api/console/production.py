"""`/e/{enterprise}/production`: what was produced, entered by hand; who entered it, when and why."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.console.forms import Form, entered, form_page, sent
from api.console.words import N_
from api.deps import Api, Context
from api.language import Language
from api.params import RowNumber
from api.production import WHOLE_DAY, Asked, enter, output_points, span_of
from api.routes.production import entry_item
from db import hand, plants, views
from db.enpi_model import cuts_of
from db.plants import EnterpriseRow

router = APIRouter(include_in_schema=False)
_SHOWN = 100
_FIELDS = {"point": 200, "day": 20, "shift": 100, "value": 40, "by": 100, "reason": 1000}
_LABELS = {
    "point": N_("Output"),
    "day": N_("Date"),
    "start": N_("Date"),
    "t": N_("Date"),
    "shift": N_("Shift"),
    "value": N_("Amount"),
    "by": N_("Your name"),
    "reason": N_("Why by hand"),
}


@router.get("/e/{code}/production")
async def show_production(
    request: Request,
    api: Api,
    language: Language,
    code: str,
    point: Annotated[str, Query(max_length=200)] = "",
    done: RowNumber | None = None,
) -> Response:
    owner = await plants.enterprise(api.pool, code)
    return await _page(request, api, language, owner, Form({"point": point}), done)


async def _page(
    request: Request, api: Context, language: Language, owner: EnterpriseRow, form: Form, done: int | None = None
) -> Response:
    cuts = await cuts_of(api.pool, owner)
    rows = await hand.entries(api.pool, owner.e, limit=_SHOWN + 1)
    values = {
        "points": [(p.code, p.name(language) or p.code, p.unit) for p in await output_points(api, owner)],
        "shifts": await views.shifts(api.pool, owner.e),
        "whole_day": WHOLE_DAY,
        "yesterday": (cuts.day_of(api.clock()) - timedelta(days=1)).isoformat(),
        "entries": [entry_item(row) for row in rows[:_SHOWN]],
        "more": len(rows) > _SHOWN,
    }
    return await form_page(request, api, language, "production.html", owner, form, _LABELS, values, done)


@router.post("/e/{code}/production")
async def enter_production(request: Request, api: Api, language: Language, code: str) -> Response:
    owner = await plants.enterprise(api.pool, code)
    form = await sent(request, _FIELDS)

    async def write() -> int:
        day, value = form.day("day"), form.number("value")
        form.needed("by", "reason")
        form.check()
        start, end = await span_of(api, owner, day, form["shift"])
        return await enter(api, owner, Asked(form["point"], start, end, value, form["by"], form["reason"]))

    return await entered(
        form,
        write,
        lambda number: f"/e/{code}/production?done={number}",
        lambda wrong: _page(request, api, language, owner, wrong),
    )
