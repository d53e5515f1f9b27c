"""GET /reports/{kind}: daily and monthly reports, as data, CSV, workbook or PDF."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from api import csv_out
from api.deps import Api
from api.language import Language
from api.paging import Page
from api.params import Bom, EnterpriseCode
from api.problems import RESPONSES
from api.reports.asking import asked_day, make, versions_of
from api.reports.render import pdf
from api.reports.rows import ReportRow, report_rows
from api.reports.tables import document
from api.reports.xlsx import workbook
from db import plants
from db.report_store import REPORT
from enms.carriers import TceBasis
from enms.report import Report
from enms.report_spans import ReportKind

router = APIRouter(tags=["reports"], responses=RESPONSES)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ReportFormat = Literal["json", "csv", "xlsx", "pdf"]
KindPath = Annotated[ReportKind, Path(description="daily or monthly")]
DayChoice = Annotated[
    str | None,
    Query(
        description="The enterprise's day, YYYY-MM-DD; of a month any day in it, or YYYY-MM for the one that begins"
        " then. Left out: the last day that is over, or its month",
        examples=["2026-11-25"],
        max_length=20,
    ),
]
BasisChoice = Annotated[TceBasis, Query(description="当量 calorific or 等价 equivalent (GB/T 2589)")]


@router.get(
    "/reports/{kind}",
    response_model=Report,
    summary="Daily or monthly report: by carrier and process, EnPIs against limits, 同比 and 环比",
    responses={200: {"content": {"text/csv": {}, XLSX: {}, "application/pdf": {}}}},
)
async def get_report(
    request: Request,
    api: Api,
    language: Language,
    kind: KindPath,
    enterprise: EnterpriseCode,
    date: DayChoice = None,
    wanted: Annotated[
        ReportFormat, Query(alias="format", description="json; csv: flat rows; xlsx, pdf: in the language asked for")
    ] = "json",
    basis: BasisChoice = TceBasis.CALORIFIC,
    version: Annotated[
        int | None,
        Query(ge=1, lt=2**31, description="A recorded version as it was made; left out: as the ledger stands"),
    ] = None,
    bom: Bom = False,
) -> Response:
    """The day, the month and the year to date, each against the span before (环比) and a year ago (同比).

    Unknown is null with a reason, never 0; where a span is not at least 90 % complete there is no comparison. The total
    is what was purchased, less what was laid in stock and sold. A day that is not over is compared to the same time.

    CSV: one row a span and subject. `what`: total, carrier, process, enpi; and of the month crew, with `hours`, shifts
    `known`, how many of these stood `idle` and all `shifts`, `tce`, `output` and the `difference` to the row crews: all
    of an EnPI's together. The same in JSON: `crews[].by_crew`, `crews[].all_crews`.
    """
    owner = await plants.enterprise(api.pool, enterprise)
    report = await make(api, owner, kind, await asked_day(api, owner, kind, date), basis, version)
    return await report_response(request, report, wanted, language, bom=bom)


class ReportVersionItem(BaseModel):
    """A version of a report that was recorded; none is ever changed."""

    version: int
    made_at: datetime
    sha256: str = Field(description="Of what it says, without the instants of making and closing")


@router.get(
    "/reports/{kind}/versions",
    response_model=Page[ReportVersionItem],
    summary="Recorded versions of a report, the last one first",
)
async def list_versions(
    api: Api,
    kind: KindPath,
    enterprise: EnterpriseCode,
    date: DayChoice = None,
    basis: BasisChoice = TceBasis.CALORIFIC,
) -> Page[ReportVersionItem]:
    """Reports are recorded when their day is over; late data adds a version."""
    owner = await plants.enterprise(api.pool, enterprise)
    found = await versions_of(api, owner, kind, await asked_day(api, owner, kind, date), basis)
    items = [ReportVersionItem(version=row.version, made_at=row.made_at, sha256=row.sha256) for row in found]
    return Page(items=items, next_cursor=None)


async def report_response(
    request: Request, report: Report, wanted: ReportFormat, language: str, *, bom: bool = False
) -> Response:
    """The report in the format asked for."""
    if wanted == "json":
        return Response(REPORT.dump_json(report), media_type="application/json")
    content = document(report, language)
    if wanted == "csv":
        page = Page(items=report_rows(report), next_cursor=None)
        answer = csv_out.answer(request, page, ReportRow, "csv", name=content.name, bom=bom)
        assert isinstance(answer, Response)
        return answer
    if wanted == "xlsx":
        return _file(await asyncio.to_thread(workbook, content), XLSX, f"{content.name}.xlsx")
    return _file(await pdf(content), "application/pdf", f"{content.name}.pdf")


def _file(data: bytes, media_type: str, name: str) -> Response:
    return Response(data, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
