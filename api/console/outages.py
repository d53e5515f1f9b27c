"""`/outages`: what will stand still, so that nobody is woken for it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi import Form as Sent
from fastapi.responses import RedirectResponse

from api.console.forms import Form, entered, sent
from api.console.i18n import catalogue
from api.console.render import page, zone_of
from api.console.words import N_
from api.deps import Api, Context
from api.language import Language
from api.params import RowNumber
from db import handling, plants
from db.handling import OutageRow

router = APIRouter(include_in_schema=False)
_PAGE = 100
_FIELDS = {"enterprise": 200, "subject": 200, "starts": 40, "ends": 40, "why": 1000, "by": 100}
_LABELS = {
    "enterprise": N_("Plant"),
    "subject": N_("Point, motor, EnPI or process"),
    "starts": N_("from"),
    "ends": N_("until"),
    "why": N_("Because"),
    "by": N_("Your name"),
}


@router.get("/outages")
async def show_outages(request: Request, api: Api, language: Language, enterprise: str = "") -> Response:
    return await _page(request, api, language, Form({"enterprise": enterprise}), enterprise)


async def _page(request: Request, api: Context, language: str, form: Form, enterprise: str = "") -> Response:
    text = catalogue(language)
    known = await plants.enterprises(api.pool)
    es = [row.e for row in known if enterprise in {"", row.code}]
    rows = await handling.outages(api.pool, es, limit=_PAGE)
    values = {
        "rows": rows,
        "names": {row.code: row.name(language) for row in known},
        "zones": {row.code: zone_of(row.timezone) for row in known},
        "form": form,
        "slips": list(form.said(text, _LABELS)),
    }
    crumbs = [("/", text("District")), ("/alerts", text("Alerts"))]
    return await page(request, api, "outages.html", values, crumbs=crumbs, status=form.status)


@router.post("/outages")
async def plan_outage(request: Request, api: Api, language: Language) -> Response:
    """Times are the enterprise's own wall clock, as the form's fields give them."""
    form = await sent(request, _FIELDS)

    async def write() -> OutageRow:
        form.needed("enterprise", "why")
        form.check()
        zone = zone_of((await plants.enterprise(api.pool, form["enterprise"])).timezone)
        start, end = form.moment("starts", zone), form.moment("ends", zone)
        form.check()
        async with api.pool.acquire() as connection:
            return await handling.plan_outage(
                connection,
                form["enterprise"],
                subject=form["subject"].strip() or None,
                start=start,
                end=end,
                why=form["why"],
                actor=form["by"].strip() or "console",
                now=api.clock(),
            )

    return await entered(form, write, lambda _: "/outages", lambda wrong: _page(request, api, language, wrong))


@router.post("/outages/{outage}/cancel")
async def cancel_outage(api: Api, outage: RowNumber, by: Annotated[str, Sent(max_length=100)] = "") -> Response:
    async with api.pool.acquire() as connection:
        await handling.cancel_outage(connection, outage, actor=by.strip() or "console", now=api.clock())
    return RedirectResponse("/outages", status_code=303)
