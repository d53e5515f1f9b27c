"""`/cases/new?alert=`: a case on alerts that were ticked, or these into one that is open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi import Form as Field

from api.console.case_slips import case_slip
from api.console.forms import Form, entered, sent
from api.console.i18n import Catalogue, catalogue
from api.console.render import page, zone_of
from api.console.words import N_
from api.deps import Api, Context
from api.language import Language
from api.params import RowNumber
from db import alerts, case_steps, cases, plants
from db.alerts import AlertRow
from db.cases import CaseFilter, CaseRow
from enms.cases import MOST_AT_ONCE, CaseState, CaseStep, steps
from enms.errors import NotFoundError

router = APIRouter(include_in_schema=False)
_TITLE, _CASES = 200, 100
# `form`: open or add; `look`: what is ticked is only to be looked at again.
_FIELDS = {"form": 4, "look": 1, "title": _TITLE, "number": 20, "text": 4000, "by": 100}
_LABELS = {"title": N_("Title"), "number": N_("Case"), "text": N_("Comment"), "by": N_("Your name")}
Chosen = Annotated[list[RowNumber] | None, Query(alias="alert")]
Ticked = Annotated[list[RowNumber] | None, Field(alias="alert")]
# More ticks than a case takes at once are told, not refused as a body.
_MANY = 10 * MOST_AT_ONCE


@router.get("/cases/new")
async def show_opening(request: Request, api: Api, language: Language, chosen: Chosen = None) -> Response:
    """Says what stands against it, before anybody has filled the form in."""
    ids = sorted(set(chosen or ()))
    known = {row.id for row in await cases.standings(api.pool, ids)}
    if missing := [one for one in ids if one not in known]:
        raise NotFoundError(f"no alert {missing[0]}")
    return await _page(request, api, language, ids, Form())


@router.post("/cases/new", form_limits={"max_fields": _MANY})
async def open_case(
    request: Request, api: Api, language: Language, chosen: Chosen = None, ticked: Ticked = None
) -> Response:
    """Both forms of the page, and what is ticked on it where not all of its alerts can be in a case."""
    form = await sent(request, _FIELDS)
    ids = sorted({*(chosen or ()), *(ticked or ())})
    if form["look"]:
        return await _page(request, api, language, ids, form)
    return await entered(
        form,
        lambda: _add(api, form, ids) if form["form"] == "add" else _open(api, form, ids),
        lambda row: f"/cases/{row.number}",
        lambda wrong: _page(request, api, language, ids, wrong),
    )


async def _open(api: Context, form: Form, ids: Sequence[int]) -> CaseRow:
    form.needed("title", "by")
    form.check()
    async with api.pool.acquire() as connection:
        return await case_steps.open_case(
            connection,
            ids,
            title=form["title"],
            actor=form["by"].strip(),
            now=api.clock(),
            zone=api.settings.zone,
            comment=form["text"],
        )


async def _add(api: Context, form: Form, ids: Sequence[int]) -> CaseRow:
    form.needed("number", "by")
    form.check()
    async with api.pool.acquire() as connection:
        return await case_steps.add_alerts(
            connection, form["number"], ids, actor=form["by"].strip(), now=api.clock(), comment=form["text"]
        )


async def _page(request: Request, api: Context, language: str, ids: Sequence[int], form: Form) -> Response:
    """The forms, or what stands against a case on all of these."""
    text = catalogue(language)
    rows = await alerts.alerts_by_id(api.pool, ids)
    standing = {row.id: row for row in await cases.standings(api.pool, ids)}
    owners = [await plants.owner(api.pool, code) for code in sorted({row.enterprise for row in rows})]
    takes = tuple(state.value for state in CaseState if CaseStep.ADDED in steps(state))
    asked = CaseFilter(es=tuple(row.e for row in owners), states=takes)
    too_many = len(rows) > MOST_AT_ONCE
    values = {
        "rows": rows,
        "most": MOST_AT_ONCE,
        "too_many": too_many,
        "standing": standing,
        "names": {row.code: row.name(language) for row in owners},
        "zone": zone_of(owners[0].timezone) if owners else api.settings.zone,
        "title": _title(rows, text, language),
        "free": len(owners) == 1 and not too_many and all(row.free for row in standing.values()),
        "cases": await cases.list_cases(api.pool, asked, now=api.clock(), limit=_CASES) if len(owners) == 1 else [],
        "here": "/cases/new?" + urlencode([("alert", row.id) for row in rows]),
        "form": form,
        "blank": Form(),
        "slips": list(form.said(text, _LABELS, case_slip)),
    }
    crumbs = [("/", text("District")), ("/cases", text("Cases"))]
    return await page(
        request, api, "case_new.html", values, crumbs=crumbs, status=max(form.status, 422) if too_many else form.status
    )


def _title(rows: Sequence[AlertRow], text: Catalogue, language: str) -> str:
    """What to call it, if nobody finds anything better."""
    if not rows:
        return ""
    first = f"{rows[0].title(language)} ({rows[0].subject})"
    return (first if len(rows) == 1 else text("%(what)s and %(n)s more", what=first, n=len(rows) - 1))[:_TITLE]
