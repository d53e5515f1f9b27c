"""`/cases/new?alert=`: a case on alerts that were ticked, or these into one that is open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Field

from api.console.i18n import Catalogue, catalogue
from api.console.render import page, zone_of
from api.deps import Api
from api.language import Language
from db import alerts, case_steps, cases, plants
from db.alerts import AlertRow
from db.cases import CaseFilter
from enms.cases import CaseState, CaseStep, steps

router = APIRouter(include_in_schema=False)
_TITLE, _MOST, _CASES = 200, 200, 100
AlertId = Annotated[int, Field(ge=1, lt=2**63)]
Ticked = Annotated[list[AlertId] | None, Form(max_length=_MOST)]
Who = Annotated[str, Form(max_length=100)]
Said = Annotated[str, Form(max_length=4000)]


@router.get("/cases/new")
async def show_opening(
    request: Request,
    api: Api,
    language: Language,
    alert: Annotated[list[AlertId] | None, Query(max_length=_MOST)] = None,
) -> Response:
    """Says what stands against it, before anybody has filled the form in."""
    text = catalogue(language)
    ids = sorted(set(alert or ()))
    rows = [await alerts.get_alert(api.pool, one) for one in ids]
    standing = {row.id: row for row in await cases.standings(api.pool, ids)}
    owners = [await plants.owner(api.pool, code) for code in sorted({row.enterprise for row in rows})]
    names = {row.code: row.name(language) for row in owners}
    takes = tuple(state.value for state in CaseState if CaseStep.ADDED in steps(state))
    asked = CaseFilter(es=tuple(row.e for row in owners), states=takes)
    values = {
        "rows": rows,
        "standing": standing,
        "names": names,
        "zone": zone_of(owners[0].timezone) if owners else api.settings.zone,
        "title": _title(rows, text, language),
        "free": len(owners) == 1 and all(row.free for row in standing.values()),
        "cases": await cases.list_cases(api.pool, asked, now=api.clock(), limit=_CASES) if len(owners) == 1 else [],
    }
    crumbs = [("/", text("District")), ("/cases", text("Cases"))]
    return await page(request, api, "case_new.html", values, crumbs=crumbs)


def _title(rows: Sequence[AlertRow], text: Catalogue, language: str) -> str:
    """What to call it, if nobody finds anything better."""
    if not rows:
        return ""
    first = f"{rows[0].title(language)} ({rows[0].subject})"
    return (first if len(rows) == 1 else text("%(what)s and %(n)s more", what=first, n=len(rows) - 1))[:_TITLE]


@router.post("/cases")
async def open_case(
    api: Api,
    title: Annotated[str, Form(max_length=_TITLE)],
    alert: Ticked = None,
    by: Who = "",
    text: Said = "",
) -> Response:
    async with api.pool.acquire() as connection:
        row = await case_steps.open_case(
            connection,
            alert or (),
            title=title,
            actor=by.strip() or "console",
            now=api.clock(),
            zone=api.settings.zone,
            comment=text,
        )
    return RedirectResponse(f"/cases/{row.number}", status_code=303)


@router.post("/cases/add")
async def add_alerts(
    api: Api,
    number: Annotated[str, Form(max_length=20)],
    alert: Ticked = None,
    by: Who = "",
    text: Said = "",
) -> Response:
    async with api.pool.acquire() as connection:
        row = await case_steps.add_alerts(
            connection, number, alert or (), actor=by.strip() or "console", now=api.clock(), comment=text
        )
    return RedirectResponse(f"/cases/{row.number}", status_code=303)
