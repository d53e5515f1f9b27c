"""`/cases` and `/cases/{number}`: which plant has to mend what by when, on what evidence, and what was done so far?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter, Request, Response

from api.console.case_slips import case_slip
from api.console.forms import Form, entered, sent
from api.console.i18n import Catalogue, catalogue
from api.console.render import page, zone_of
from api.console.words import N_, word
from api.deps import Api, Context
from api.language import Language
from db import case_steps, cases, plants
from db.cases import CaseAlertRow, CaseEventRow, CaseFilter, CaseRow
from enms.alerts import Step
from enms.cases import OPEN, CaseState, CaseStep, steps
from enms.errors import InputError, Mistake

router = APIRouter(include_in_schema=False)
_PAGE = 500
# What its state and its evidence do not say by themselves.
_TOLD = {Step.REOPENED, Step.SHIFTED, Step.SPLIT}
# What a page has a form for; alerts are added from the inbox.
_FORMS = {step.value: step for step in CaseStep if step not in {CaseStep.OPENED, CaseStep.ADDED}}
_SAY = {CaseStep.WITHDRAWN, CaseStep.COMMENTED}
_FIELDS = {"step": 20, "seen": 12, "due": 20, "text": 4000, "by": 100}
_LABELS = {"due": N_("Due"), "text": N_("Comment"), "by": N_("Your name")}
_WHY = _LABELS | {"text": N_("Withdraw because")}


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One event of a case, as a page tells it."""

    row: CaseEventRow
    what: str
    note: str


def case_line(row: CaseEventRow, text: Catalogue) -> CaseLine:
    """An event as a page tells it."""
    detail = json.loads(row.detail)
    notes = []
    if "due" in detail:
        notes.append(text("until %(day)s", day=detail["due"]))
    if "alerts" in detail:
        notes.append(text("alerts %(ids)s", ids=", ".join(str(one) for one in detail["alerts"])))
    return CaseLine(row, word(text, "case_step", row.kind), " · ".join(notes))


def became(row: CaseAlertRow, text: Catalogue) -> list[str]:
    """What happened to an alert after it was added, each once."""
    return [word(text, "step", kind) for kind in dict.fromkeys(row.later) if kind in _TOLD]


@router.get("/cases")
async def show_cases(
    request: Request,
    api: Api,
    language: Language,
    enterprise: str = "",
    state: Literal["", "all", "opened", "notified", "ordered", "verified", "closed", "withdrawn"] = "",
    due: Literal["", "overdue"] = "",
) -> Response:
    """Overdue ones first, then by date. Without a state: those that are not over."""
    text = catalogue(language)
    known = await plants.owners(api.pool)
    es = tuple(row.e for row in known if enterprise in {"", row.code})
    states = None if state == "all" else (state,) if state else tuple(one.value for one in OPEN)
    asked = CaseFilter(es=es, states=states, overdue=True if due else None)
    rows = await cases.list_cases(api.pool, asked, now=api.clock(), limit=_PAGE + 1, urgent=True)
    shown = rows[:_PAGE]
    values = {
        "rows": shown,
        "more": len(rows) > _PAGE,
        "names": {row.code: row.name(language) for row in known},
        "zones": {row.code: zone_of(row.timezone) for row in known},
        "states": [one.value for one in CaseState],
        "counts": {one.value: sum(row.state == one for row in shown) for one in CaseState},
        "overdue": sum(row.overdue for row in shown),
        "chosen": {"enterprise": enterprise, "state": state, "due": due},
        "csv_states": states or (),
    }
    return await page(request, api, "cases.html", values, crumbs=[("/", text("District"))])


@router.get("/cases/{number}")
async def show_case(request: Request, api: Api, language: Language, number: str) -> Response:
    return await _page(request, api, language, number, Form())


async def _page(request: Request, api: Context, language: str, number: str, form: Form) -> Response:
    text = catalogue(language)
    row = await cases.get_case(api.pool, number, now=api.clock())
    owner = await plants.owner(api.pool, row.enterprise)
    zone = zone_of(owner.timezone)
    on = await cases.alerts_of(api.pool, row)
    name = owner.name(language)
    values = {
        "row": row,
        "name": name,
        "of_plant": owner.scope == "plant",
        "zone": zone,
        "today": api.clock().astimezone(zone).date(),
        "alerts": [(one, became(one, text)) for one in on],
        "log": [case_line(event, text) for event in await cases.events(api.pool, row)],
        "way": _way(row),
        "possible": {step.value for step in steps(CaseState(row.state))},
        "form": form,
        "blank": Form(),
        "slips": list(form.said(text, _WHY if form["step"] == CaseStep.WITHDRAWN else _LABELS, case_slip)),
    }
    of_plant = [(f"/e/{row.enterprise}", name)] if owner.scope == "plant" else []
    crumbs = [("/", text("District")), *of_plant, ("/cases", text("Cases"))]
    return await page(request, api, "case.html", values, live=row.enterprise, crumbs=crumbs, status=form.status)


def _way(row: CaseRow) -> list[tuple[str, str]]:
    """The stations of a case, each done, here, or to come."""
    stations = [*OPEN, CaseState.CLOSED]
    if row.state == CaseState.WITHDRAWN:
        return [(CaseState.OPENED.value, "done"), (CaseState.WITHDRAWN.value, "here")]
    at = stations.index(CaseState(row.state))
    return [(one.value, "done" if n < at else "here" if n == at else "") for n, one in enumerate(stations)]


@router.post("/cases/{number}")
async def take_step(request: Request, api: Api, language: Language, number: str) -> Response:
    """One of the forms of a case's page; `seen` is how many events its log had there."""
    form = await sent(request, _FIELDS)
    step = _FORMS.get(form["step"])
    if step is None:
        raise InputError("", [Mistake("body.step", f"{form['step']!r} is none of {', '.join(_FORMS)}")])

    async def write() -> CaseRow:
        due = form.day("due") if step is CaseStep.ORDERED else None
        form.needed("by", *(("text",) if step in _SAY else ()))
        form.check()
        async with api.pool.acquire() as connection:
            return await case_steps.take_step(
                connection,
                number,
                step,
                actor=form["by"].strip(),
                now=api.clock(),
                comment=form["text"],
                due_on=due,
                # A comment has a place in every log.
                seen=int(form["seen"]) if form["seen"].isdecimal() and step is not CaseStep.COMMENTED else None,
            )

    return await entered(
        form,
        write,
        lambda row: f"/cases/{row.number}",
        lambda wrong: _page(request, api, language, number, wrong),
    )
