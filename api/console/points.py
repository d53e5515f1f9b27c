"""`/e/{enterprise}/points`: every meter of a plant, what it says and how well its last day is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup

from api.console.drawing import runs, strip
from api.console.i18n import catalogue
from api.console.plant import freshness
from api.console.render import carrier_name, page, zone_of
from api.deps import Api
from api.language import Language
from api.latest import LatestItem, latest_item, newest_of
from db import curves, plants, views
from db.views import PointRow
from enms.metering import INTERVAL_S

router = APIRouter(include_in_schema=False)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PointView:
    """A point's line: what it says now, and its last 24 hours by basis."""

    row: PointRow
    latest: LatestItem
    process: str
    strip: Markup


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a filter."""

    value: str
    text: str


@router.get("/e/{code}/points")
async def show_points(
    request: Request,
    api: Api,
    language: Language,
    code: str,
    process: str = "",
    carrier: str = "",
    show: str = "",
    text: Annotated[str, Query(alias="q", max_length=200)] = "",
) -> Response:
    words = catalogue(language)
    owner = await plants.enterprise(api.pool, code)
    now = api.clock()
    every = await api.registry.points(owner.e)
    processes = {row.code: row.name(language) for row in await views.processes(api.pool, owner.e)}
    chosen = [
        row
        for row in every
        if process in {"", row.process}
        and carrier in {"", row.carrier}
        and text.lower() in f"{row.code} {row.name_zh or ''} {row.name_en or ''}".lower()
    ]
    pairs = await newest_of(api.pool, chosen)
    if show == "silent":
        silent = {name for name, _ in freshness(pairs, now).silent}
        pairs = [pair for pair in pairs if pair[0].code in silent]
    end = datetime.fromtimestamp(now.timestamp() // INTERVAL_S * INTERVAL_S, UTC)
    bases = await curves.coverage(api.pool, owner.e, [row.p for row, _ in pairs], end - _DAY, end)
    lines = [
        PointView(
            row=row,
            latest=latest_item(row, newest, now, language),
            process=processes.get(row.process or "", row.process or ""),
            strip=_strip(row, bases.get(row.p, {}), end, words("How the last 24 h are known")),
        )
        for row, newest in pairs
    ]
    values = {
        "owner": owner,
        "name": owner.name(language),
        "lines": lines,
        "total": len(every),
        "processes": [Choice(name, shown) for name, shown in processes.items()],
        "carriers": [
            Choice(name, carrier_name(name, language)) for name in dict.fromkeys(row.carrier for row in every) if name
        ],
        "chosen": {"process": process, "carrier": carrier, "show": show, "q": text},
        "zone": zone_of(owner.timezone),
    }
    crumbs = [("/", words("District")), (f"/e/{code}", str(values["name"]))]
    return await page(request, api, "points.html", values, live=code, crumbs=crumbs)


def _strip(row: PointRow, bases: dict[int, int], end: datetime, label: str) -> Markup:
    closed = int(row.closed_until.timestamp()) if row.closed_until else None
    begin = int((end - _DAY).timestamp())
    # A point that never spoke has no service to be missing from, unless one was declared.
    if row.first_ts is None and row.in_service_from is None:
        closed = None
    return strip(runs(bases, begin, int(end.timestamp()), closed), label)
