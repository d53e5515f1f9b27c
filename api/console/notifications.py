"""`/notifications`: who was told of what, when, and did it arrive?"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from api.console.i18n import catalogue
from api.console.render import page
from api.deps import Api
from api.language import Language
from api.params import RowNumber
from db import outbox, plants

router = APIRouter(include_in_schema=False)
_PAGE = 100


@router.get("/notifications")
async def show_notifications(
    request: Request,
    api: Api,
    language: Language,
    enterprise: str = "",
    channel: Annotated[str, Query(max_length=100)] = "",
    state: Literal["", "sent", "waiting", "failing", "gave_up"] = "",
    before: RowNumber | None = None,
) -> Response:
    text = catalogue(language)
    known = await plants.owners(api.pool)
    es = [row.e for row in known if enterprise in {"", row.code}]
    rows = await outbox.notifications(
        api.pool, es, channel=channel or None, state=state or None, before=before, limit=_PAGE + 1
    )
    values = {
        "rows": rows[:_PAGE],
        "following": rows[_PAGE - 1].id if len(rows) > _PAGE else None,
        "file": await outbox.channel_file(api.pool),
        "names": {row.code: row.name(language) for row in known},
        "states": ("sent", "waiting", "failing", "gave_up"),
        "chosen": {"enterprise": enterprise, "channel": channel, "state": state},
    }
    crumbs = [("/", text("District")), ("/alerts", text("Alerts"))]
    return await page(request, api, "notifications.html", values, crumbs=crumbs)
