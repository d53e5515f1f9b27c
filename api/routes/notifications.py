"""GET /notifications: what people were told of alerts, and what became of it; /notifications/channels: through what."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api import csv_out
from api.deps import Api
from api.paging import Page, check_limit, cut, encode, number_in
from api.params import AnyEnterprise, Bom, Cursor, FormatChoice, Limit, RowNumber
from api.problems import RESPONSES
from db import outbox, plants
from db.outbox import NotificationRow

router = APIRouter(tags=["alerts"], responses=RESPONSES)
State = Literal["sent", "waiting", "failing", "gave_up"]


class NotificationItem(BaseModel):
    """One message to one channel."""

    id: int
    enterprise: str = Field(examples=["demo-steel"])
    alert: int = Field(examples=[17])
    severity: str = Field(examples=["warning"])
    channel: str = Field(examples=["duty-wecom"])
    event: str = Field(description="raised, resolved, period_over, withdrawn, escalated or late")
    told: str = Field(description="Whom: the roles, and where to, without secrets")
    title: str
    key: str = Field(description="The same at every attempt", examples=["demo-steel/17/2/duty-wecom"])
    state: str = Field(description="sent, waiting, failing (it is tried again) or gave_up")
    created_at: datetime
    slot: datetime | None = Field(description="When it goes together with others: quiet hours, digest")
    next_attempt_at: datetime | None = Field(description="null when it is not tried any more")
    attempts: int
    last_error: str | None
    sent_at: datetime | None
    gave_up_at: datetime | None


class ChannelItem(BaseModel):
    """A channel of the channels file as last read; its address has no secrets."""

    name: str
    address: str
    roles: list[str]
    enterprises: list[str] = Field(description="Empty: all")
    min_severity: str
    language: str
    quiet: str
    digest: str


def notification_item(row: NotificationRow) -> NotificationItem:
    """A message as the API shows it."""
    values = asdict(row) | {"state": row.state}
    if row.state in {"sent", "gave_up"}:
        values["next_attempt_at"] = None
    return NotificationItem.model_validate(values)


@router.get("/notifications", response_model=Page[NotificationItem], summary="What people were told, newest first")
async def list_notifications(
    request: Request,
    api: Api,
    enterprise: AnyEnterprise = None,
    channel: Annotated[str | None, Query(description="Only through this channel", max_length=100)] = None,
    state: Annotated[State | None, Query(description="Only in this state")] = None,
    alert: Annotated[RowNumber | None, Query(description="Only about this alert")] = None,
    limit: Limit = None,
    cursor: Cursor = None,
    wanted: FormatChoice = "json",
    bom: Bom = False,
) -> Response | Page[NotificationItem]:
    limit = check_limit(limit, api.settings.api_max_rows)
    owner = await plants.owner(api.pool, enterprise) if enterprise is not None else None
    es = [row.e for row in await plants.owners(api.pool)] if owner is None else [owner.e]
    rows = await outbox.notifications(
        api.pool,
        es,
        channel=channel,
        state=state,
        alert=alert,
        before=number_in("notifications", cursor),
        limit=limit + 1,
    )
    shown, following = cut(rows, limit, lambda row: encode("notifications", row.id))
    page = Page(items=[notification_item(row) for row in shown], next_cursor=following)
    return csv_out.answer(request, page, NotificationItem, wanted, name="notifications", bom=bom)


@router.get("/notifications/channels", response_model=Page[ChannelItem], summary="Through what people are told")
async def list_channels(
    request: Request, api: Api, wanted: FormatChoice = "json", bom: Bom = False
) -> Response | Page[ChannelItem]:
    """The channels file as the rules role last read it; empty when there is none or it is refused."""
    file = await outbox.channel_file(api.pool)
    items = [ChannelItem.model_validate(asdict(channel)) for channel in (file.channels if file else ())]
    return csv_out.answer(request, Page(items=items), ChannelItem, wanted, name="channels", bom=bom)
