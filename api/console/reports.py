"""`/e/{enterprise}/reports`: 能源日报 and 月报 on the screen, and as files."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from api.console.i18n import catalogue
from api.console.render import page, zone_of
from api.deps import Api
from api.language import Language
from api.reports.asking import asked_day, make, versions_of
from api.reports.tables import document
from api.reports.wording import scope_title
from db import plants
from db.report_store import newest_reports
from enms.carriers import TceBasis
from enms.report_spans import ReportKind

router = APIRouter(include_in_schema=False)
_DAY = timedelta(days=1)
_SHOWN = 200


@router.get("/reports")
async def show_recorded(
    request: Request,
    api: Api,
    language: Language,
    enterprise: str = "",
    kind: Literal["", "daily", "monthly"] = "",
) -> Response:
    """Every report that was recorded, by its last version."""
    text = catalogue(language)
    known = await plants.enterprises(api.pool)
    owners = {row.e: row for row in known if enterprise in {"", row.code}}
    rows = await newest_reports(api.pool, list(owners), ReportKind(kind) if kind else None, _SHOWN)
    values = {
        "rows": [(owners[row.e], zone_of(owners[row.e].timezone), row) for row in rows],
        "plants": known,
        "names": {row.code: row.name(language) for row in known},
        "chosen": {"enterprise": enterprise, "kind": kind},
        "more": len(rows) == _SHOWN,
        "after_h": api.settings.reports_after_h,
    }
    return await page(request, api, "reports_recorded.html", values, crumbs=[("/", text("District"))])


@router.get("/e/{code}/reports")
async def show_reports(
    request: Request,
    api: Api,
    language: Language,
    code: str,
    kind: ReportKind = ReportKind.DAILY,
    wanted: Annotated[str, Query(alias="date", max_length=20)] = "",
    basis: TceBasis = TceBasis.CALORIFIC,
    version: Annotated[int | None, Query(ge=0, lt=2**31)] = None,
) -> Response:
    """The last recorded version where there is one; version 0 is the report as the ledger stands."""
    text = catalogue(language)
    owner = await plants.enterprise(api.pool, code)
    day = await asked_day(api, owner, kind, wanted or None)
    versions = await versions_of(api, owner, kind, day, basis)
    shown = version if version is not None else versions[0].version if versions else 0
    report = await make(api, owner, kind, day, basis, shown or None)
    name = owner.name(language)
    files = {"enterprise": code, "date": day.isoformat(), "basis": basis.value, "lang": language}
    if shown:
        files["version"] = str(shown)
    values = {
        "owner": owner,
        "name": name,
        "report": report,
        "document": document(report, language),
        "titles": [scope_title(scope.cut, kind, text) for scope in report.scopes],
        "kind": kind.value,
        "basis": basis.value,
        "version": shown,
        "versions": versions,
        "day": report.day if kind is ReportKind.MONTHLY else day,
        "earlier": _next(kind, report.day, -1),
        "later": _next(kind, report.day, 1),
        "files": f"/api/v1/reports/{kind.value}?{urlencode(files)}",
        "zone": zone_of(owner.timezone),
    }
    crumbs = [("/", text("District")), (f"/e/{code}", name)]
    return await page(request, api, "reports.html", values, crumbs=crumbs)


def _next(kind: ReportKind, day: date, step: int) -> str:
    """The day before or after; of a month the first day of the one before or after."""
    if kind is ReportKind.DAILY:
        return (day + step * _DAY).isoformat()
    month = day.year * 12 + day.month - 1 + step
    return day.replace(year=month // 12, month=month % 12 + 1).isoformat()
