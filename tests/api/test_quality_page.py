"""Whose data is missing, late or wrong, and what that spoils."""

from __future__ import annotations

import csv
import io
import re

import httpx

from tests.api.seed import DEAD, GAPPY, SILENT

EN = {"Accept-Language": "en"}


async def _table(client: httpx.AsyncClient, query: str = "") -> dict[str, dict[str, str]]:
    response = await client.get(f"/data-quality?format=csv{query}")
    assert response.headers["content-type"].startswith("text/csv")
    rows = csv.DictReader(io.StringIO(response.text.lstrip("\ufeff")))
    return {row["point"]: row for row in rows}


async def test_the_table_says_what_is_missing_and_what_it_spoils(client: httpx.AsyncClient) -> None:
    rows = await _table(client, "&days=1")
    gappy = rows[GAPPY]
    assert 0.9 < float(gappy["completeness"]) < 0.99, "four of 96 quarter hours a day are missing"
    assert float(gappy["estimated_share"]) > 0
    assert gappy["findings"] == "gap 1; spike 1"
    assert gappy["enpis"] == "bf1.process_energy"
    assert rows[DEAD]["silent"] == "true"
    assert rows[DEAD]["open_alerts"], "the alert about the silent meter is there"
    assert rows[SILENT]["completeness"] == "", "never heard of: unknown, not 0"
    assert rows[SILENT]["newest"] == ""


async def test_points_that_are_well_are_shown_on_demand_only(client: httpx.AsyncClient) -> None:
    well = "sinter.elec.active_energy"
    assert well not in await _table(client, "&days=1")
    assert float((await _table(client, "&days=1&show=all"))[well]["completeness"]) == 1.0
    silent = await _table(client, "&show=silent")
    assert {DEAD, SILENT} <= set(silent)
    assert GAPPY not in silent


async def test_narrowing_by_plant_and_process(client: httpx.AsyncClient) -> None:
    rows = await _table(client, "&show=all&enterprise=seed-steel&process=bf1")
    assert {row["process"] for row in rows.values()} == {"bf1"}
    assert (await client.get("/data-quality?enterprise=nobody")).status_code == 404


async def test_the_page_links_what_it_spoils_and_what_was_refused(client: httpx.AsyncClient) -> None:
    text = (await client.get("/data-quality?days=7", headers=EN)).text
    assert re.search(r'href="/e/seed-steel/enpi/\d+"', text)
    assert 'href="/quarantine?enterprise=seed-steel&amp;reason=future"' in text
    assert 'href="/quarantine?enterprise=?&amp;reason=broken_json"' in text
    assert text.index("reason=future") < text.index("reason=unknown_point"), "clocks and counts first"
    assert "since" in text


async def test_the_span_lives_in_the_address(client: httpx.AsyncClient) -> None:
    text = (await client.get("/data-quality?from=2026-11-20&to=2026-11-21", headers=EN)).text
    assert "11-20 00:00" in text
    assert (await client.get("/data-quality?from=2020-01-01&to=2026-11-21")).status_code in {400, 413, 422}
