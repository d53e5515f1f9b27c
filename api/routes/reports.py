"""GET /reports/{kind}: daily and monthly reports, as data, CSV, workbook or PDF."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import TypeAdapter

from api import csv_out
from api.deps import Api
from api.language import Language
from api.paging import Page
from api.params import Bom, EnterpriseCode
from api.problems import RESPONSES
from api.reports.asking import asked_day, make
from api.reports.render import pdf
from api.reports.rows import ReportRow, report_rows
from api.reports.tables import document
from api.reports.xlsx import workbook
from db import plants
from enms.carriers import TceBasis
from enms.report import Report
from enms.report_spans import ReportKind

router = APIRouter(tags=["reports"], responses=RESPONSES)
REPORT = TypeAdapter(Report)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ReportFormat = Literal["json", "csv", "xlsx", "pdf"]


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
    kind: Annotated[ReportKind, Path(description="daily or monthly")],
    enterprise: EnterpriseCode,
    date: Annotated[
        str | None,
        Query(
            description="The enterprise's day, YYYY-MM-DD; of a month any day in it, or YYYY-MM for the one that begins"
            " then. Left out: the last day that is over, or its month",
            examples=["2026-11-25"],
            max_length=20,
        ),
    ] = None,
    wanted: Annotated[
        ReportFormat, Query(alias="format", description="json; csv: flat rows; xlsx, pdf: in the language asked for")
    ] = "json",
    basis: Annotated[TceBasis, Query(description="当量 calorific or 等价 equivalent (GB/T 2589)")] = TceBasis.CALORIFIC,
    bom: Bom = False,
) -> Response:
    """The day, the month and the year to date, each against the span before (环比) and a year ago (同比).

    Unknown is null with a reason, never 0; where a span is not at least 90 % complete there is no comparison. The total
    is what was purchased, less what was laid in stock and sold. A day that is not over is compared to the same time.
    """
    owner = await plants.enterprise(api.pool, enterprise)
    report = await make(api, owner, kind, await asked_day(api, owner, kind, date), basis)
    return await report_response(request, report, wanted, language, bom=bom)


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
