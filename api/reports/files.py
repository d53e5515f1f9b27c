"""A report as a file: JSON, CSV, workbook, PDF, or HTML to print."""

from __future__ import annotations

import asyncio
import csv
import io

from api.csv_out import cell
from api.reports.render import pdf, print_html
from api.reports.rows import ReportRow, report_rows
from api.reports.tables import document
from api.reports.xlsx import workbook
from db.report_store import REPORT
from enms.errors import InputError, Mistake
from enms.report import Report

FORMATS = ("json", "csv", "xlsx", "pdf", "html")


async def content_of(report: Report, form: str, language: str) -> bytes:
    """The file's content.

    Args:
        report: what to write.
        form: one of `FORMATS`.
        language: zh or en.

    Raises:
        InputError: no such format.
        UnavailableError: this machine cannot lay out PDF.
    """
    if form == "json":
        return REPORT.dump_json(report, indent=2)
    if form == "csv":
        return _csv(report)
    content = document(report, language)
    if form == "xlsx":
        return await asyncio.to_thread(workbook, content)
    if form == "pdf":
        return await pdf(content)
    if form == "html":
        return print_html(content).encode()
    raise InputError("", [Mistake("format", f"{form!r} is none of {', '.join(FORMATS)}")])


def _csv(report: Report) -> bytes:
    """Flat rows, with UTF-8's mark in front: a spreadsheet opens it by a click."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    columns = list(ReportRow.model_fields)
    writer.writerow(columns)
    writer.writerows([cell(getattr(row, column)) for column in columns] for row in report_rows(report))
    return buffer.getvalue().encode("utf-8-sig")
