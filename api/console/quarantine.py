"""`/quarantine`: what was refused, and why."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.console.i18n import catalogue
from api.console.render import page
from api.deps import Api
from api.language import Language
from api.routes.quarantine import quarantine_item
from db import plants, series
from db.views import UNKNOWN_ENTERPRISE

router = APIRouter(include_in_schema=False)
_PAGE = 100


@router.get("/quarantine")
async def show_quarantine(
    request: Request,
    api: Api,
    language: Language,
    enterprise: str = "",
    reason: str = "",
    text: Annotated[str, Query(alias="q", max_length=200)] = "",
) -> Response:
    words = catalogue(language)
    known = await plants.enterprises(api.pool)
    codes = {row.e: row.code for row in known}
    es = [row.e for row in known if enterprise in {"", row.code}]
    if enterprise in {"", "?"}:
        es.append(UNKNOWN_ENTERPRISE)
    rows = await series.quarantine(api.pool, es, reason=reason or None, text=text or None, limit=_PAGE + 1)
    values = {
        "items": [quarantine_item(row, codes) for row in rows[:_PAGE]],
        "more": len(rows) > _PAGE,
        "reasons": await series.quarantine_reasons(api.pool, es, api.clock() - timedelta(days=30)),
        "enterprises": [(row.code, row.name(language)) for row in known],
        "names": {row.code: row.name(language) for row in known},
        "chosen": {"enterprise": enterprise, "reason": reason, "q": text},
    }
    return await page(request, api, "quarantine.html", values, crumbs=[("/", words("District"))])
