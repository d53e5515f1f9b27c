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


async def test_a_row_says_whom_it_binds_on_what_and_what_corrects_it(client: httpx.AsyncClient) -> None:
    text = (await client.get("/standards", params={"standard": "GB 21342", "lang": "en"})).text
    for said in (
        "GB 21342-2025 The norm of energy consumption", "2026-05-01", "level 3 binds existing lines",
        "qualified coke (dry)", "calorific", "year", "Age of the ovens, years", "required", "table 1", "unreviewed",
    ):  # fmt: skip
        assert said in text, said


async def test_limits_of_an_industry_and_what_is_not_in_force_yet(client: httpx.AsyncClient) -> None:
    items = (await client.get("/api/v1/standards", params={"industry": "rare_earth"})).json()["items"]
    assert {item["standard"] for item in items} == {"GB 29435"}
    assert (await client.get("/api/v1/standards", params={"industry": "bakery"})).status_code == 422
    text = (await client.get("/standards", params={"industry": "rare_earth", "lang": "en"})).text
    assert "GB 29435-2025" in text
    assert "not in force yet" in text
    assert "GB 21258-2024" not in text
    motors = (await client.get("/standards", params={"kind": "motor_grade", "lang": "en"})).text
    assert "GB 18613-2020" in motors
    assert "GB 21256-2025" not in motors
