"""Reports over HTTP: data, CSV, a workbook whose numbers are numbers, a PDF with Chinese, and clear refusals."""

from __future__ import annotations

import csv
import html
import io
import re

import asyncpg
import httpx
import openpyxl
import pypdf
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from api.reports.document import Cell, Column, Document, Row, Table
from api.reports.xlsx import workbook
from db.report_store import REPORT, record_report
from tests.api.seed import Seeded
from tests.api.test_pdf import needs_pango

DAILY = "/api/v1/reports/daily?enterprise=seed-steel"


async def test_a_daily_report_of_the_last_whole_day(client: httpx.AsyncClient) -> None:
    response = await client.get(DAILY)
    assert response.status_code == 200
    report = response.json()
    # the seed's now is 18:07 on the 22nd in Shanghai
    assert report["day"] == "2026-11-21"
    assert report["whole"] is True
    assert [scope["cut"] for scope in report["scopes"]] == ["day", "month", "year"]
    day = report["scopes"][0]
    power = next(line for line in day["carriers"] if line["carrier"] == "electricity")
    assert power["now"]["amount"] > 0
    assert power["to_year_ago"] == {"share": None, "partial": False, "why": "unknown_then"}
    assert {line["process"] for line in day["processes"]} >= {"bf1", "roll"}
    assert {a["rule"] for a in report["alerts"]} >= {"blast_furnace_energy_day"}
    assert any(point["point"] == "bf1.elec.active_energy" for point in report["missing"])


async def test_what_cannot_be_asked_says_where_and_why(client: httpx.AsyncClient) -> None:
    for query, place in (
        (f"{DAILY}&date=2026-02-30", "query.date"),
        (f"{DAILY}&date=yesterday", "query.date"),
        (f"{DAILY}&date=2026-11", "query.date"),
        (f"{DAILY}&format=docx", "query.format"),
        ("/api/v1/reports/weekly?enterprise=seed-steel", "path.kind"),
    ):
        response = await client.get(query)
        assert response.status_code == 422, query
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["errors"][0]["place"] == place
    assert (await client.get("/api/v1/reports/daily?enterprise=nobody")).status_code == 404


async def test_csv_has_a_row_for_each_span_and_subject(client: httpx.AsyncClient) -> None:
    response = await client.get(f"{DAILY}&format=csv")
    assert response.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert {row["span"] for row in rows} == {"day", "month", "year"}
    assert {row["what"] for row in rows} == {"total", "carrier", "process", "enpi"}
    assert all(row["value"] != "0" for row in rows if row["reason"])


async def test_a_workbook_reads_back_with_numbers_units_and_reasons(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/v1/reports/monthly?enterprise=seed-steel&date=2026-11&format=xlsx")
    assert response.status_code == 200
    assert 'filename="seed-steel-monthly-2026-11.xlsx"' in response.headers["content-disposition"]
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    assert {"Total consumption", "By carrier", "By process", "Alerts"} <= set(book.sheetnames)
    carriers = book["By carrier"]
    heads = [cell.value for cell in carriers[2]]
    assert "Standard coal (tce)" in heads
    power = next(row for row in carriers.iter_rows(min_row=3) if row[0].value == "Electricity")
    assert isinstance(power[2].value, float)
    assert "#,##0" in power[2].number_format
    dashes = [cell for row in carriers.iter_rows(min_row=3) for cell in row if cell.value == "—"]
    assert dashes
    assert all(cell.comment is not None for cell in dashes), "a dash says why"


def test_text_that_a_spreadsheet_would_run_stays_text() -> None:
    wild = ["=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "\tx", "\rx", "http://x.test"]
    rows = tuple(Row((Cell(text),)) for text in wild)
    table = Table("t", "a[b]:*?/\\c" + "长" * 40, "", (Column("=head", numeric=False),), rows, "")
    twice = (table, table)
    book = openpyxl.load_workbook(io.BytesIO(workbook(Document("=t", "s", "n", (("=l", "=v"),), twice, ("=n",), "zh"))))
    assert len(book.sheetnames) == 3
    for sheet in book:
        assert isinstance(sheet, Worksheet)
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", cell.value
                assert cell.hyperlink is None
                assert not str(cell.value or "").startswith(("=", "+", "-", "@", "\t", "\r"))


async def test_a_pdf_carries_chinese(client: httpx.AsyncClient) -> None:
    needs_pango()
    response = await client.get(f"{DAILY}&format=pdf", headers={"Accept-Language": "zh"})
    assert response.headers["content-type"] == "application/pdf"
    said = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(response.content)).pages)
    for word in ("能源日报 2026-11-21", "示范钢铁", "同比", "1号高炉工序能耗", "综合能耗"):
        assert word in said


@pytest.mark.parametrize(("language", "word"), [("zh", "能源月报"), ("en", "Monthly energy report")])
async def test_the_page_in_both_languages(client: httpx.AsyncClient, language: str, word: str) -> None:
    page = await client.get(f"/e/seed-steel/reports?kind=monthly&date=2026-11-10&lang={language}")
    assert page.status_code == 200
    assert word in page.text
    assert "format=xlsx" in page.text
    assert (await client.get("/e/seed-steel/reports?date=nonsense")).status_code == 422
    assert '/e/seed-steel/reports"' in (await client.get("/e/seed-steel")).text


async def test_recorded_versions_are_listed_and_shown_as_they_were_made(
    client: httpx.AsyncClient, db_pool: asyncpg.Pool, seeded: Seeded
) -> None:
    report = REPORT.validate_json((await client.get(DAILY)).content)
    e = seeded.e["seed-steel"]
    assert await record_report(db_pool, e, report) == 1
    assert await record_report(db_pool, e, report) is None
    versions = (await client.get("/api/v1/reports/daily/versions?enterprise=seed-steel")).json()["items"]
    assert [item["version"] for item in versions] == [1]
    stored = await client.get(f"{DAILY}&version=1")
    assert REPORT.validate_json(stored.content) == report
    assert (await client.get(f"{DAILY}&version=2")).status_code == 404
    page = await client.get("/e/seed-steel/reports")
    assert "as the ledger stands now" in page.text
    assert "version=1&amp;format=pdf" in page.text, "the files are of the version shown"
    live = await client.get("/e/seed-steel/reports?version=0")
    assert "version=1&amp;format=pdf" not in live.text


async def test_shifts_are_compared_on_a_page_and_by_api(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/v1/shifts?enterprise=seed-steel&from=2026-11-20&to=2026-11-22")
    assert response.status_code == 200
    (item,) = response.json()["items"]
    assert item["enpi"] == "bf1.process_energy"
    assert [run["shift"] for run in item["runs"]] == ["night", "day", "eve"] * 2
    assert {one["shift"] for one in item["by_shift"]} == {"night", "day", "eve"}
    assert {run["idle_h"] for run in item["runs"]} <= {0, None}
    page = await client.get("/e/seed-steel/shifts?days=7&enpi=bf1.process_energy")
    assert "Which shift is better?" in page.text
    assert "BF1 process energy" in page.text
    nothing = await client.get("/e/seed-power/shifts")
    assert "can be judged by the shift" in nothing.text


async def test_one_shift_over_all_enpis_says_what_used_more(client: httpx.AsyncClient) -> None:
    english = {"Accept-Language": "en"}
    last = (await client.get("/e/seed-steel/shifts", headers=english)).text
    assert "More than usual at this output" in last
    assert "BF1 process energy" in last
    assert "What used more than usual?" in last
    before = re.search(r'<a href="([^"]+)">← the shift before', last)
    assert before is not None
    earlier = (await client.get(html.unescape(before[1]), headers=english)).text
    assert "the shift after" in earlier
    detail = re.search(r'<a href="([^"]+)">BF1 process energy', last)
    assert detail is not None
    assert "Which shift is better?" in (await client.get(html.unescape(detail[1]), headers=english)).text
