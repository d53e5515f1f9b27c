"""`/data-quality`: whose data is missing, late or wrong, since when, and what does it spoil?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from api import csv_out
from api.console.i18n import catalogue
from api.console.quality_view import PointQuality, groups, point_qualities, refused
from api.console.render import page
from api.deps import Api, Context
from api.language import Language
from api.paging import Page
from api.params import From, To
from api.spans import Span, span
from db import plants, views
from db.plants import EnterpriseRow
from db.views import UNKNOWN_ENTERPRISE

router = APIRouter(include_in_schema=False)
_USUAL, _LONGEST = timedelta(days=7), timedelta(days=92)
_SHOWN = 200
_DAYS = (1, 7, 31)
Days = Annotated[int | None, Query(ge=1, le=92, description="How many days up to now, instead of from and to")]
Show = Literal["troubled", "silent", "all"]


class QualityItem(BaseModel):
    """One row of the CSV."""

    enterprise: str
    process: str | None
    point: str
    name: str | None
    completeness: float | None
    estimated_share: float | None
    silent: bool
    newest: datetime | None
    findings: list[str]
    enpis: list[str]
    motors: list[str]
    rules: list[str]
    open_alerts: list[str]


def _span(api: Context, owners: list[EnterpriseRow], days: int | None, start: str | None, end: str | None) -> Span:
    now = api.clock()
    if days is not None:
        return Span(now - timedelta(days=days), now)
    owner = owners[0] if owners else None
    return span(start, end, now=now, default=_USUAL, longest=_LONGEST, enterprise=owner)


async def _rows(
    api: Context, owners: list[EnterpriseRow], when: Span, language: str, process: str
) -> list[PointQuality]:
    rows: list[PointQuality] = []
    for owner in owners:
        rows += await point_qualities(api, owner, when, language)
    rows.sort(key=lambda row: row.rank)
    return [row for row in rows if process in {"", row.process}]


def _wanted(rows: list[PointQuality], show: Show) -> list[PointQuality]:
    if show == "all":
        return rows
    return [row for row in rows if (row.silent if show == "silent" else row.troubled)]


@router.get("/data-quality")
async def show_quality(
    request: Request,
    api: Api,
    language: Language,
    enterprise: str = "",
    process: Annotated[str, Query(max_length=200)] = "",
    show: Show = "troubled",
    days: Days = None,
    start: From = None,
    end: To = None,
    wanted: Annotated[Literal["", "csv"], Query(alias="format")] = "",
) -> Response:
    text = catalogue(language)
    known = await plants.enterprises(api.pool)
    owners = [await plants.enterprise(api.pool, enterprise)] if enterprise else known
    when = _span(api, owners, days, start, end)
    rows = await _rows(api, owners, when, language, process)
    shown = _wanted(rows, show)
    if wanted == "csv":
        items: Page[QualityItem] = Page(items=[_item(row) for row in shown])
        answer = csv_out.answer(request, items, QualityItem, "csv", name="data-quality", bom=True)
        assert isinstance(answer, Response)
        return answer
    names = {row.code: row.name(language) for row in known}
    sources: list[tuple[int, str | None]] = [(row.e, row.code) for row in owners]
    if not enterprise:
        sources.append((UNKNOWN_ENTERPRISE, None))
    processes = {
        (owner.code, row.code): row.name(language)
        for owner in owners
        for row in await views.processes(api.pool, owner.e)
    }
    values = {
        "rows": shown[:_SHOWN],
        "hidden": max(0, len(shown) - _SHOWN),
        "all": len(rows),
        "groups": groups(rows),
        "refused": await refused(api, sources, when.start),
        "names": names,
        "processes": processes,
        "when": when,
        "days": days if days is not None or start or end else _USUAL.days,
        "choices": _DAYS,
        "chosen": {"enterprise": enterprise, "process": process, "show": show},
    }
    return await page(request, api, "quality.html", values, live=enterprise, crumbs=[("/", text("District"))])


def _item(row: PointQuality) -> QualityItem:
    return QualityItem(
        enterprise=row.enterprise,
        process=row.process,
        point=row.point,
        name=row.name,
        completeness=row.completeness,
        estimated_share=row.estimated_share,
        silent=row.silent,
        newest=row.newest,
        findings=[f"{kind} {n}" for kind, n in row.findings],
        enpis=[code for _, code in row.spoils.enpis],
        motors=list(row.spoils.motors),
        rules=list(row.spoils.rules),
        open_alerts=[str(number) for number in row.spoils.alerts],
    )
