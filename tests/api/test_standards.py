"""The catalogue by HTTP and as a page."""

from __future__ import annotations

import httpx


async def test_standards_by_pages_and_by_standard(client: httpx.AsyncClient) -> None:
    first = (await client.get("/api/v1/standards", params={"limit": 5})).json()
    second = (await client.get("/api/v1/standards", params={"limit": 5, "cursor": first["next_cursor"]})).json()
    assert len({(i["edition"], i["item"]) for i in first["items"] + second["items"]}) == 10
    coal = (await client.get("/api/v1/standards", params={"standard": "GB 21258"})).json()["items"]
    unit = next(i for i in coal if i["item"] == "subcritical_300")
    assert unit["values"] == {"1": "309", "2": "285", "3": "321"}
    assert unit["corrections"] == ["factor_product *", "table2_addition *"]
    assert "unreviewed" in unit["review"]
    text = (await client.get("/api/v1/standards", params={"standard": "GB 29435-2025", "format": "csv"})).text
    assert "2027-01-01" in text


async def test_the_page_marks_what_nobody_reviewed(client: httpx.AsyncClient) -> None:
    chinese = await client.get("/standards", params={"standard": "GB 21256", "lang": "zh"})
    assert chinese.status_code == 200
    assert "未核对" in chinese.text
    assert "GB 21256-2025" in chinese.text
    assert "GB 21342" in chinese.text  # in the filter
    english = await client.get("/standards", params={"standard": "GB 99999", "lang": "en"})
    assert "no such standard" in english.text
