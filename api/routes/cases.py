"""GET and POST /cases, /cases/{number}, and what inspectors do to a case (节能监察案件)."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from api import csv_out
from api.deps import Api, Context
from api.language import Language
from api.paging import Page, check_limit, cut, encode, number_in
from api.params import AnyEnterprise, Bom, Cursor, FormatChoice, Limit, RowNumber
from api.problems import RESPONSES
from api.routes.alerts import By
from db import case_steps, cases, plants
from db.cases import CaseAlertRow, CaseEventRow, CaseFilter, CaseRow
from enms.cases import MOST_AT_ONCE, CaseState, CaseStep, steps

router = APIRouter(tags=["cases"], responses=RESPONSES)
NUMBER = r"^\d{4}-\d{4,12}$"
CaseNumber = Annotated[str, Path(pattern=NUMBER, description="Year and number of the case", examples=["2026-0001"])]
AlertIds = Annotated[list[RowNumber], Field(min_length=1, max_length=MOST_AT_ONCE, examples=[[17, 18]])]


class CaseItem(BaseModel):
    """An inspection case on one enterprise."""

    number: str = Field(description="Year and number, of the whole district", examples=["2026-0001"])
    enterprise: str = Field(examples=["demo-steel"])
    title: str = Field(examples=["1号高炉工序能耗超限额"])
    state: CaseState = Field(description="opened, notified, ordered, verified, closed, or withdrawn")
    opened_by: str = Field(examples=["Li Wei"])
    opened_at: datetime
    due: date | None = Field(description="The enterprise's date until which rectification was last ordered, included")
    days_left: int | None = Field(description="Days to it while the order stands, negative when overdue; else null")
    overdue: bool
    alerts: int = Field(description="How many alerts it is about")
    moved: int = Field(description="How many of them have other evidence now, or were retracted or merged since")
    events: int = Field(description="How many events its log has; give it back as `seen`")


class CaseAlertItem(BaseModel):
    """An alert as it was when it was added, and what became of it. The first never changes."""

    alert: int = Field(examples=[17])
    added_at: datetime
    added_by: str
    evidence_version: int | None = Field(description="The evidence that stood then; null: none was frozen")
    sha256: str | None = Field(description="Of that evidence")
    value: float | None = Field(description="As it was judged then", examples=[412.3])
    limit: float | None = Field(examples=[400])
    certainty: str | None
    unit: str = Field(examples=["kgce/t"])
    rule: str
    title: str = Field(description="The rule's title by Accept-Language")
    subject: str
    purpose: str
    severity: str
    evidence_version_now: int | None
    sha256_now: str | None
    value_now: float | None
    limit_now: float | None
    state: str = Field(description="firing or resolved, now")
    closed: str | None = Field(description="Why it is resolved: cleared, merged, retracted, ended, period_over")
    merged_into: int | None
    moved: bool = Field(description="It has other evidence now, or was retracted or merged since")
    later: list[str] = Field(description="Kinds of its transitions since, in order", examples=[["revised", "resolved"]])


class CaseEventItem(BaseModel):
    """One thing that was done to a case."""

    n: int
    kind: CaseStep
    at: datetime
    by: str
    text: str = Field(description="What they wrote; of a withdrawal why")
    detail: dict[str, Any] = Field(description="`due` of an order, `alerts` of opening and adding")


class CaseDetail(CaseItem):
    """A case with what it stands on and all that was done."""

    possible: list[CaseStep] = Field(description="What may be done next")
    on: list[CaseAlertItem]
    log: list[CaseEventItem]


def case_item(row: CaseRow) -> CaseItem:
    """A case as the API shows it."""
    return CaseItem.model_validate(_fields(row))


def _fields(row: CaseRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in set(CaseItem.model_fields) - {"due"}} | {"due": row.due_on}


def _alert(row: CaseAlertRow, language: str) -> CaseAlertItem:
    renamed = {
        "evidence_version": row.version,
        "evidence_version_now": row.version_now,
        "limit": row.limit_value,
        "title": row.title(language),
    }
    same = {name: getattr(row, name) for name in set(CaseAlertItem.model_fields) - set(renamed)}
    return CaseAlertItem.model_validate(same | renamed)


def _event(row: CaseEventRow) -> CaseEventItem:
    return CaseEventItem(
        n=row.n,
        kind=CaseStep(row.kind),
        at=row.recorded_at,
        by=row.actor,
        text=row.comment,
        detail=json.loads(row.detail),
    )


async def _detail(context: Context, row: CaseRow, language: str) -> CaseDetail:
    return CaseDetail.model_validate(
        _fields(row)
        | {
            "possible": steps(CaseState(row.state)),
            "on": [_alert(alert, language) for alert in await cases.alerts_of(context.pool, row)],
            "log": [_event(event) for event in await cases.events(context.pool, row)],
        }
    )


@router.get("/cases", response_model=Page[CaseItem], summary="Inspection cases, last opened first")
async def list_cases(
    request: Request,
    api: Api,
    enterprise: AnyEnterprise = None,
    state: Annotated[list[CaseState] | None, Query(description="Only in this state; repeat it for more")] = None,
    overdue: Annotated[
        bool | None, Query(description="Only those whose date of rectification has passed, or only the others")
    ] = None,
    alert: Annotated[RowNumber | None, Query(description="Only about this alert")] = None,
    limit: Limit = None,
    cursor: Cursor = None,
    wanted: FormatChoice = "json",
    bom: Bom = False,
) -> Response | Page[CaseItem]:
    limit = check_limit(limit, api.settings.api_max_rows)
    asked = CaseFilter(
        es=None if enterprise is None else ((await plants.owner(api.pool, enterprise)).e,),
        states=None if state is None else tuple(one.value for one in state),
        alert=alert,
        overdue=overdue,
        before=number_in("cases", cursor),
    )
    rows = await cases.list_cases(api.pool, asked, now=api.clock(), limit=limit + 1)
    shown, following = cut(rows, limit, lambda row: encode("cases", row.id))
    page = Page(items=[case_item(row) for row in shown], next_cursor=following)
    return csv_out.answer(request, page, CaseItem, wanted, name="cases", bom=bom)


@router.get("/cases/{number}", response_model=CaseDetail, summary="One case: what it stands on, and all that was done")
async def show_case(api: Api, language: Language, number: CaseNumber) -> CaseDetail:
    return await _detail(api, await cases.get_case(api.pool, number, now=api.clock()), language)


class OpenIn(By):
    """A case on alerts of one enterprise."""

    alerts: AlertIds
    title: str = Field(min_length=1, max_length=200, examples=["1号高炉工序能耗超限额"])
    text: str = Field(default="", max_length=4000, description="What else there is to say")


class StepIn(By):
    """What somebody does to a case."""

    text: str = Field(default="", max_length=4000, examples=["现场监察，两名监察人员到场"])
    seen: int | None = Field(
        default=None, ge=1, lt=2**31, description="`events` of the case as it was looked at; 409 if it went on since"
    )


class AddIn(StepIn):
    """More alerts of the same enterprise."""

    alerts: AlertIds


class OrderIn(StepIn):
    """Until when rectification is ordered (限期整改)."""

    due: date = Field(description="The enterprise's date, included", examples=["2026-12-31"])


class SayIn(StepIn):
    """A step that has to say something."""

    text: str = Field(min_length=1, max_length=4000)


@router.post("/cases", response_model=CaseDetail, status_code=201, summary="Open a case on alerts")
async def open_case(api: Api, language: Language, body: OpenIn) -> CaseDetail:
    """It stands on the evidence that stands now. The same again is the case there is."""
    async with api.pool.acquire() as connection:
        row = await case_steps.open_case(
            connection,
            body.alerts,
            title=body.title,
            actor=body.by,
            now=api.clock(),
            zone=api.settings.zone,
            comment=body.text,
        )
    return await _detail(api, row, language)


@router.post("/cases/{number}/alerts", response_model=CaseDetail, summary="Add alerts to a case")
async def add_alerts(api: Api, language: Language, number: CaseNumber, body: AddIn) -> CaseDetail:
    """On the evidence that stands now; those that are in it already stay as they were."""
    async with api.pool.acquire() as connection:
        row = await case_steps.add_alerts(
            connection, number, body.alerts, actor=body.by, now=api.clock(), comment=body.text, seen=body.seen
        )
    return await _detail(api, row, language)


async def _step(
    context: Context, language: str, number: str, step: CaseStep, body: StepIn, due: date | None = None
) -> CaseDetail:
    async with context.pool.acquire() as connection:
        row = await case_steps.take_step(
            connection,
            number,
            step,
            actor=body.by,
            now=context.clock(),
            comment=body.text,
            due_on=due,
            seen=body.seen,
        )
    return await _detail(context, row, language)


@router.post(
    "/cases/{number}/notify",
    response_model=CaseDetail,
    summary="Say that the finding was notified, on site or in writing",
)
async def notify(api: Api, language: Language, number: CaseNumber, body: StepIn | None = None) -> CaseDetail:
    """告知、现场监察. The same again changes nothing; what may not follow is a conflict."""
    return await _step(api, language, number, CaseStep.NOTIFIED, body or StepIn())


@router.post("/cases/{number}/order", response_model=CaseDetail, summary="Order rectification until a date")
async def order(api: Api, language: Language, number: CaseNumber, body: OrderIn) -> CaseDetail:
    """限期整改. Again with another date while the order stands: an extension."""
    return await _step(api, language, number, CaseStep.ORDERED, body, body.due)


@router.post("/cases/{number}/verify", response_model=CaseDetail, summary="Say that rectification was verified")
async def verify(api: Api, language: Language, number: CaseNumber, body: StepIn | None = None) -> CaseDetail:
    """整改核验."""
    return await _step(api, language, number, CaseStep.VERIFIED, body or StepIn())


@router.post("/cases/{number}/close", response_model=CaseDetail, summary="Close a case that was verified")
async def close(api: Api, language: Language, number: CaseNumber, body: StepIn | None = None) -> CaseDetail:
    """结案."""
    return await _step(api, language, number, CaseStep.CLOSED, body or StepIn())


@router.post("/cases/{number}/withdraw", response_model=CaseDetail, summary="Withdraw a case, for a reason")
async def withdraw(api: Api, language: Language, number: CaseNumber, body: SayIn) -> CaseDetail:
    """撤案. Its record stays."""
    return await _step(api, language, number, CaseStep.WITHDRAWN, body)


@router.post("/cases/{number}/comment", response_model=CaseDetail, summary="Write something into a case's log")
async def comment(api: Api, language: Language, number: CaseNumber, body: SayIn) -> CaseDetail:
    return await _step(api, language, number, CaseStep.COMMENTED, body)
