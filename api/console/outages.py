"""`/outages`: what will stand still, so that nobody is woken for it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from api.console.i18n import catalogue
from api.console.render import page, zone_of
from api.deps import Api
from api.language import Language
from api.params import RowNumber
from db import handling, plants
from enms.errors import InputError, Mistake

router = APIRouter(include_in_schema=False)
_PAGE = 100
Short = Annotated[str, Form(max_length=200)]


@router.get("/outages")
async def show_outages(request: Request, api: Api, language: Language, enterprise: str = "") -> Response:
    text = catalogue(language)
    known = await plants.enterprises(api.pool)
    es = [row.e for row in known if enterprise in {"", row.code}]
    rows = await handling.outages(api.pool, es, limit=_PAGE)
    values = {
        "rows": rows,
        "names": {row.code: row.name(language) for row in known},
        "zones": {row.code: zone_of(row.timezone) for row in known},
        "chosen": enterprise,
    }
    crumbs = [("/", text("District")), ("/alerts", text("Alerts"))]
    return await page(request, api, "outages.html", values, crumbs=crumbs)


@router.post("/outages")
async def plan_outage(
    api: Api,
    enterprise: Short,
    starts: Short,
    ends: Short,
    why: Annotated[str, Form(max_length=1000)],
    subject: Short = "",
    by: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Times are the enterprise's own wall clock, as the form's fields give them."""
    zone = zone_of((await plants.enterprise(api.pool, enterprise)).timezone)

    def instant(value: str, field: str) -> datetime:
        try:
            return datetime.fromisoformat(value).replace(tzinfo=zone)
        except ValueError:
            raise InputError("", [Mistake(field, "not a date and time")]) from None

    async with api.pool.acquire() as connection:
        await handling.plan_outage(
            connection,
            enterprise,
            subject=subject.strip() or None,
            start=instant(starts, "starts"),
            end=instant(ends, "ends"),
            why=why,
            actor=by.strip() or "console",
            now=api.clock(),
        )
    return RedirectResponse("/outages", status_code=303)


@router.post("/outages/{outage}/cancel")
async def cancel_outage(api: Api, outage: RowNumber, by: Annotated[str, Form(max_length=100)] = "") -> Response:
    async with api.pool.acquire() as connection:
        await handling.cancel_outage(connection, outage, actor=by.strip() or "console", now=api.clock())
    return RedirectResponse("/outages", status_code=303)
