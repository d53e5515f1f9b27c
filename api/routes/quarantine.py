"""GET /quarantine: what was refused, and why."""

from __future__ import annotations

import binascii
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api import csv_out
from api.deps import Api
from api.paging import Page, check_limit, cut, decode, decode_time, encode
from api.params import AnyEnterprise, Bom, Cursor, FormatChoice, Limit
from api.problems import RESPONSES
from db import plants, series
from db.series import END, QuarantineRow
from db.views import UNKNOWN_ENTERPRISE
from enms.errors import InputError, Mistake

router = APIRouter(tags=["quarantine"], responses=RESPONSES)
_SHOWN = 2000


class QuarantineItem(BaseModel):
    """One refused payload, or one refused row of it."""

    enterprise: str | None = Field(description="Null where the topic names nobody we know")
    reason: str = Field(examples=["unknown_point"])
    detail: str
    topic: str = Field(examples=["energy/v1/demo-steel/gw1/readings"])
    payload: str = Field(description=f"Its first {_SHOWN} characters; bytes that are not UTF-8 as \\x..")
    payload_bytes: int
    payload_sha256: str
    first_seen: datetime
    last_seen: datetime
    count: int = Field(description="How often it was delivered")


def readable(payload: bytes) -> str:
    """A payload as text, never more than a screenful."""
    return payload.decode("utf-8", errors="backslashreplace")[:_SHOWN]


def quarantine_item(row: QuarantineRow, codes: dict[int, str]) -> QuarantineItem:
    return QuarantineItem(
        enterprise=codes.get(row.e),
        reason=row.reason,
        detail=row.detail,
        topic=row.topic,
        payload=readable(row.payload),
        payload_bytes=row.payload_bytes,
        payload_sha256=row.payload_sha256.hex(),
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        count=row.count,
    )


@router.get("/quarantine", response_model=Page[QuarantineItem], summary="What was refused, last seen first")
async def list_quarantine(
    request: Request,
    api: Api,
    enterprise: AnyEnterprise = None,
    reason: Annotated[str | None, Query(description="Only this reason", max_length=100)] = None,
    text: Annotated[
        str | None, Query(alias="q", description="Only what has this in its detail or topic", max_length=200)
    ] = None,
    limit: Limit = None,
    cursor: Cursor = None,
    wanted: FormatChoice = "json",
    bom: Bom = False,
) -> Response | Page[QuarantineItem]:
    limit = check_limit(limit, api.settings.api_max_rows)
    codes = {row.e: row.code for row in await plants.enterprises(api.pool)}
    es = [UNKNOWN_ENTERPRISE, *codes]
    if enterprise is not None:
        es = [(await plants.enterprise(api.pool, enterprise)).e]
    before, key = _place(cursor)
    rows = await series.quarantine(
        api.pool, es, reason=reason, text=text, before=before, before_key=key, limit=limit + 1
    )
    shown, following = cut(rows, limit, lambda row: encode("quarantine", row.last_seen, row.payload_sha256.hex()))
    page = Page(items=[quarantine_item(row, codes) for row in shown], next_cursor=following)
    return csv_out.answer(request, page, QuarantineItem, wanted, name="quarantine", bom=bom)


def _place(cursor: str | None) -> tuple[datetime, bytes]:
    if not cursor:
        return END, b"\xff" * 32
    last_seen, key = decode("quarantine", cursor, 2)
    try:
        return decode_time(last_seen), binascii.unhexlify(str(key))
    except ValueError:
        raise InputError("", [Mistake("query.cursor", "not a cursor of this list")]) from None
