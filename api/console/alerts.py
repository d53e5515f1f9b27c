"""`/alerts` and `/alerts/{id}`: what must I deal with first? What happened, on what evidence, who has it?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.console.evidence import Evidence, evidence_view
from api.console.i18n import Catalogue, catalogue
from api.console.plant import SEVERITIES
from api.console.render import page, zone_of
from api.console.words import WHYS, word
from api.deps import Api
from api.language import Language
from db import alerts, plants
from db.alerts import AlertRow, Filter, TransitionRow
from enms.alerts import Severity, Step

router = APIRouter(include_in_schema=False)
_PAGE = 100
_RANK = {severity.value: n for n, severity in enumerate(SEVERITIES)}
_BY_PEOPLE = {Step.COMMENTED, Step.ACKNOWLEDGED, Step.ASSIGNED, Step.SHELVED, Step.UNSHELVED}


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One thing that happened, as a page tells it. `look` is a severity, person, or nothing."""

    row: TransitionRow
    what: str
    note: str
    look: str


@router.get("/alerts")
async def show_alerts(
    request: Request,
    api: Api,
    language: Language,
    enterprise: str = "",
    state: Literal["", "firing", "resolved"] = "firing",
    severity: Literal["", "critical", "warning", "notice"] = "",
    subject: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    text = catalogue(language)
    known = await plants.enterprises(api.pool)
    es = [row.e for row in known if enterprise in {"", row.code}]
    asked = Filter(state=state or None, severities=(severity,) if severity else None, subject=subject or None)
    rows = await alerts.list_alerts(api.pool, es, asked, limit=_PAGE + 1)
    shown = rows[:_PAGE]
    if state == "firing":
        # What must be dealt with first: the most severe, nobody has seen, longest open.
        shown.sort(key=lambda row: (_RANK.get(row.severity, 9), row.acknowledged, row.started_at))
    names = {row.code: row.name_zh if language == "zh" else row.name_en for row in known}
    values = {
        "rows": shown,
        "more": len(rows) > _PAGE,
        "names": names,
        "severities": [severity.value for severity in Severity][::-1],
        "chosen": {"enterprise": enterprise, "state": state, "severity": severity, "subject": subject},
    }
    return await page(request, api, "alerts.html", values, live="", crumbs=[("/", text("District"))])


@router.get("/alerts/{alert}")
async def show_alert(request: Request, api: Api, language: Language, alert: int) -> Response:
    text = catalogue(language)
    row = await alerts.get_alert(api.pool, alert)
    owner = await plants.enterprise(api.pool, row.enterprise)
    story = [_line(t, row, text) for t in await alerts.transitions(api.pool, row)]
    versions: list[Evidence] = [evidence_view(v, language) for v in await alerts.evidence(api.pool, row)]
    name = owner.name_zh if language == "zh" else owner.name_en
    values = {
        "row": row,
        "name": name,
        "story": story,
        "evidence": versions[-1] if versions else None,
        "older": versions[:-1][::-1],
        "zone": zone_of(owner.timezone),
    }
    crumbs = [("/", text("District")), (f"/e/{row.enterprise}", name), ("/alerts", text("Alerts"))]
    return await page(request, api, "alert.html", values, live=row.enterprise, crumbs=crumbs)


def _line(row: TransitionRow, alert: AlertRow, text: Catalogue) -> StoryLine:
    detail = json.loads(row.detail)
    said = (_said(key, value, text) for key, value in detail.items() if value not in {None, ""})
    note = str(detail["text"]) if "text" in detail else ", ".join(word for word in said if word)
    look = "person" if row.kind in _BY_PEOPLE else alert.severity if row.kind == Step.FIRING else ""
    return StoryLine(row, word(text, "step", row.kind), note, look)


def _said(key: str, value: object, text: Catalogue) -> str:
    """One detail of a transition in words; instants and hashes are told elsewhere."""
    match key:
        case "why":
            return word(text, "why", str(value)) if str(value) in WHYS else str(value)
        case "to" if isinstance(value, str):
            return text("to %(who)s", who=value)
        case "by":
            kind, _, number = str(value).partition("/")
            return text("by planned outage %(n)s", n=number) if kind == "outage" else text("by alert %(n)s", n=number)
        case "since" | "until":
            return ""
    return f"{key} {value}"


def _back(alert: int) -> RedirectResponse:
    return RedirectResponse(f"/alerts/{alert}", status_code=303)


Who = Annotated[str, Form(max_length=100)]


@router.post("/alerts/{alert}/acknowledge")
async def acknowledge(api: Api, alert: int, by: Who = "") -> Response:
    async with api.pool.acquire() as connection:
        await alerts.acknowledge(connection, alert, actor=by.strip() or "console", now=api.clock())
    return _back(alert)


@router.post("/alerts/{alert}/assign")
async def assign(api: Api, alert: int, to: Who = "", by: Who = "") -> Response:
    async with api.pool.acquire() as connection:
        assignee, actor = to.strip() or None, by.strip() or "console"
        await alerts.assign(connection, alert, assignee=assignee, actor=actor, now=api.clock())
    return _back(alert)


@router.post("/alerts/{alert}/comment")
async def comment(api: Api, alert: int, text: Annotated[str, Form(max_length=4000)], by: Who = "") -> Response:
    async with api.pool.acquire() as connection:
        await alerts.comment(connection, alert, text=text, actor=by.strip() or "console", now=api.clock())
    return _back(alert)


@router.post("/alerts/{alert}/shelve")
async def shelve(
    api: Api,
    alert: int,
    why: Annotated[str, Form(max_length=1000)],
    hours: Annotated[int, Form(ge=0, le=720)] = 8,
    by: Who = "",
) -> Response:
    now = api.clock()
    until = now + timedelta(hours=hours) if hours else None
    async with api.pool.acquire() as connection:
        await alerts.shelve(connection, alert, until=until, why=why, actor=by.strip() or "console", now=now)
    return _back(alert)
