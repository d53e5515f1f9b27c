"""GET /alerts, /alerts/{id}, /alerts/{id}/evidence, and what people do to an alert."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from api import csv_out
from api.body import Body
from api.deps import Api, Context
from api.language import Language
from api.paging import Page, check_limit, cut, decode, decode_number, decode_time, encode
from api.params import AnyEnterprise, Bom, Cursor, FormatChoice, Limit, RowNumber
from api.problems import RESPONSES
from api.spans import instant
from db import alerts, plants
from db.alerts import AlertRow, EvidenceRow, Filter, TransitionRow
from enms.alerts import Severity

router = APIRouter(tags=["alerts"], responses=RESPONSES)
AlertId = Annotated[RowNumber, Path(description="Alert id", examples=[17])]


class AlertItem(BaseModel):
    """One episode of one rule on one subject. State and flags are independent of each other."""

    id: int = Field(examples=[17])
    enterprise: str = Field(examples=["demo-steel"])
    rule: str = Field(examples=["blast_furnace_energy_day"])
    title: str = Field(description="The rule's title by Accept-Language")
    subject: str = Field(description="What was judged: an EnPI, a motor, a point", examples=["bf1.process_energy"])
    kind: str = Field(examples=["enpi_limit"])
    purpose: str = Field(description="operational (look now) or statutory (the statistical period)")
    severity: str = Field(examples=["warning"])
    state: str = Field(description="firing or resolved", examples=["firing"])
    closed: str | None = Field(description="Why it is resolved: cleared, merged, retracted, ended, period_over")
    started_at: datetime = Field(description="Event instant, from the data")
    fired_at: datetime
    resolved_at: datetime | None
    detected_at: datetime = Field(description="The clock when it was found")
    withheld_since: datetime | None = Field(
        description="Since when the verdict is unknown while it stays open; of period_over: was, when the period ended"
    )
    acknowledged: bool
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    assigned_to: str | None
    shelved_until: datetime | None
    shelved_why: str | None
    suppressed_by: str | None = Field(description="outage/{id} or alert/{id} that holds its messages back")
    escalated_at: datetime | None = Field(description="When it was last escalated, by the clock")
    value: float | None = Field(description="What was judged when it fired", examples=[412.3])
    limit: float | None = Field(description="What it was judged against", examples=[400])
    unit: str = Field(examples=["kgce/t"])
    certainty: str | None = Field(description="confirmed: even the low end of the uncertainty is over; else possible")
    late: bool
    retracted: bool


class TransitionItem(BaseModel):
    """One thing that happened to an alert."""

    n: int
    kind: str = Field(examples=["firing"])
    at: datetime = Field(description="Event instant; for people the clock")
    recorded_at: datetime
    actor: str | None = Field(description="A person; null: the rules")
    detail: dict[str, Any]


class EvidenceItem(BaseModel):
    """One version of what an alert stood on; revised data adds a version, the last one stands."""

    version: int
    sha256: str = Field(description="Of `text` in UTF-8: the same data gives the same hash")
    recorded_at: datetime
    body: dict[str, Any]
    text: str = Field(description="The canonical JSON that was hashed")


class AlertDetail(AlertItem):
    """An alert with everything that happened to it."""

    source: str = Field(description="Clause or source of the rule")
    transitions: list[TransitionItem]
    evidence_versions: int


def alert_item(row: AlertRow, language: str) -> AlertItem:
    """An alert as the API shows it."""
    return AlertItem.model_validate(_fields(row, language))


def _fields(row: AlertRow, language: str) -> dict[str, object]:
    names = set(AlertItem.model_fields) - {"title", "limit"}
    return {name: getattr(row, name) for name in names} | {"title": row.title(language), "limit": row.limit_value}


def _transition(row: TransitionRow) -> TransitionItem:
    return TransitionItem(
        n=row.n, kind=row.kind, at=row.at, recorded_at=row.recorded_at, actor=row.actor, detail=json.loads(row.detail)
    )


def _evidence(row: EvidenceRow) -> EvidenceItem:
    return EvidenceItem(
        version=row.version, sha256=row.sha256, recorded_at=row.recorded_at, body=json.loads(row.body), text=row.body
    )


@router.get("/alerts", response_model=Page[AlertItem], summary="Alerts, last fired first")
async def list_alerts(
    request: Request,
    api: Api,
    language: Language,
    enterprise: AnyEnterprise = None,
    state: Annotated[Literal["firing", "resolved"] | None, Query(description="Only in this state")] = None,
    severity: Annotated[list[Severity] | None, Query(description="Only of this severity; repeat it for more")] = None,
    purpose: Annotated[Literal["operational", "statutory"] | None, Query(description="Only for this purpose")] = None,
    rule: Annotated[str | None, Query(description="Only of this rule", max_length=200)] = None,
    subject: Annotated[str | None, Query(description="Only about this subject", max_length=200)] = None,
    text: Annotated[
        str | None, Query(alias="q", description="Only with this in rule, title, subject or assignee", max_length=200)
    ] = None,
    since: Annotated[
        str | None,
        Query(description="Still firing, or resolved at this instant or later (RFC 3339 with offset)", max_length=64),
    ] = None,
    limit: Limit = None,
    cursor: Cursor = None,
    wanted: FormatChoice = "json",
    bom: Bom = False,
) -> Response | Page[AlertItem]:
    limit = check_limit(limit, api.settings.api_max_rows)
    es = [row.e for row in await plants.owners(api.pool)]
    owner = None
    if enterprise is not None:
        owner = await plants.owner(api.pool, enterprise)
        es = [owner.e]
    before = None
    if cursor:
        fired, number = decode("alerts", cursor, 2)
        before = (decode_time(fired), decode_number(number))
    asked = Filter(
        state=state,
        severities=None if severity is None else tuple(s.value for s in severity),
        purpose=purpose,
        rule=rule,
        subject=subject,
        text=text,
        since=instant(since, "query.since", owner) if since else None,
        before=before,
    )
    rows = await alerts.list_alerts(api.pool, es, asked, limit=limit + 1)
    shown, following = cut(rows, limit, lambda row: encode("alerts", row.fired_at, row.id))
    page = Page(items=[alert_item(row, language) for row in shown], next_cursor=following)
    return csv_out.answer(request, page, AlertItem, wanted, name="alerts", bom=bom)


async def _detail(context: Context, row: AlertRow, language: str) -> AlertDetail:
    return AlertDetail.model_validate(
        _fields(row, language)
        | {
            "source": row.source,
            "transitions": [_transition(t) for t in await alerts.transitions(context.pool, row)],
            "evidence_versions": len(await alerts.evidence(context.pool, row)),
        }
    )


@router.get("/alerts/{alert}", response_model=AlertDetail, summary="One alert with all its transitions")
async def show_alert(api: Api, language: Language, alert: AlertId) -> AlertDetail:
    return await _detail(api, await alerts.get_alert(api.pool, alert), language)


@router.get(
    "/alerts/{alert}/evidence", response_model=Page[EvidenceItem], summary="Every version of what an alert stood on"
)
async def show_evidence(
    request: Request, api: Api, alert: AlertId, wanted: FormatChoice = "json", bom: Bom = False
) -> Response | Page[EvidenceItem]:
    row = await alerts.get_alert(api.pool, alert)
    items = [_evidence(version) for version in await alerts.evidence(api.pool, row)]
    return csv_out.answer(request, Page(items=items), EvidenceItem, wanted, name=f"evidence-{alert}", bom=bom)


class By(Body):
    """Who does it. Taken at their word until sign-in exists."""

    by: str = Field(default="unsigned", min_length=1, max_length=100, examples=["Li Wei"])


class ManyIn(By):
    """Several alerts at once."""

    ids: list[RowNumber] = Field(min_length=1, max_length=1000, examples=[[17, 18]])


class AssignIn(By):
    """Who is to deal with it; null takes it back."""

    to: str | None = Field(max_length=100, examples=["Zhang Min"])


class ShelveIn(By):
    """Put aside until an instant, for a reason; null takes it back at once."""

    until: AwareDatetime | None = Field(examples=["2026-11-23T08:00:00+08:00"])
    why: str = Field(default="", max_length=1000, examples=["planned stoppage"])


class CommentIn(By):
    """Something to write beside it."""

    text: str = Field(min_length=1, max_length=4000)


@router.post("/alerts/acknowledge", response_model=Page[AlertItem], summary="Say that somebody has seen several")
async def acknowledge_many(api: Api, language: Language, body: ManyIn) -> Page[AlertItem]:
    """All of them, or none when one is unknown; those already acknowledged stay as they are."""
    async with api.pool.acquire() as connection, connection.transaction():
        rows = [await alerts.acknowledge(connection, id_, actor=body.by, now=api.clock()) for id_ in sorted(body.ids)]
    return Page(items=[alert_item(row, language) for row in rows])


@router.post("/alerts/{alert}/acknowledge", response_model=AlertDetail, summary="Say that somebody has seen it")
async def acknowledge(api: Api, language: Language, alert: AlertId, body: By | None = None) -> AlertDetail:
    """A second time changes nothing. It does not close the alert: only data does."""
    async with api.pool.acquire() as connection:
        actor = (body or By()).by
        row = await alerts.acknowledge(connection, alert, actor=actor, now=api.clock())
    return await _detail(api, row, language)


@router.post("/alerts/{alert}/assign", response_model=AlertDetail, summary="Give it to somebody")
async def assign(api: Api, language: Language, alert: AlertId, body: AssignIn) -> AlertDetail:
    async with api.pool.acquire() as connection:
        row = await alerts.assign(connection, alert, assignee=body.to, actor=body.by, now=api.clock())
    return await _detail(api, row, language)


@router.post("/alerts/{alert}/shelve", response_model=AlertDetail, summary="Put it aside until an instant")
async def shelve(api: Api, language: Language, alert: AlertId, body: ShelveIn) -> AlertDetail:
    async with api.pool.acquire() as connection:
        row = await alerts.shelve(connection, alert, until=body.until, why=body.why, actor=body.by, now=api.clock())
    return await _detail(api, row, language)


@router.post("/alerts/{alert}/comment", response_model=AlertDetail, summary="Write something beside it")
async def comment(api: Api, language: Language, alert: AlertId, body: CommentIn) -> AlertDetail:
    async with api.pool.acquire() as connection:
        row = await alerts.comment(connection, alert, text=body.text, actor=body.by, now=api.clock())
    return await _detail(api, row, language)
