"""An EnPI's page: limit, band, unknown explained; and which shift was better."""

from __future__ import annotations

import httpx

from tests.api.seed import GAPPY

EN = {"Accept-Language": "en"}


async def test_the_page_says_what_it_is_made_of_and_why_it_is_unknown(client: httpx.AsyncClient) -> None:
    text = (await client.get("/e/seed-steel/enpi/1", headers=EN)).text
    assert "BF1 process energy" in text
    assert f'href="/points/seed-steel/{GAPPY}"' in text
    assert "GB 21256" in text
    assert "unreviewed" in text or "no limit binds it" in text
    assert 'data-chart="enpi"' in text
    assert "format=csv" in text
    assert '<a href="/e/seed-steel/enpi/1">' in (await client.get("/e/seed-steel", headers=EN)).text


async def test_chart_data_has_bands_and_gaps(client: httpx.AsyncClient) -> None:
    data = (await client.get("/e/seed-steel/enpi/1/values.json?resolution=day", headers=EN)).json()
    assert data["unit"] == "kgce/t"
    known = [row for row in data["rows"] if row[2] is not None]
    assert known
    assert all(row[3] <= row[2] <= row[4] for row in known)
    assert all(row[7] for row in data["rows"] if row[2] is None), "unknown has its reason"


async def test_spans_live_in_the_address(client: httpx.AsyncClient) -> None:
    text = (await client.get("/e/seed-steel/enpi/1?from=2026-11-21&to=2026-11-22", headers=EN)).text
    assert "2026-11-21" in text
    assert (await client.get("/e/seed-steel/enpi/1?from=2020-01-01&to=2026-01-01")).status_code in {400, 413, 422}
    assert (await client.get("/e/seed-steel/enpi/99")).status_code == 404
    assert (await client.get("/e/seed-power/enpi/1")).status_code == 404
