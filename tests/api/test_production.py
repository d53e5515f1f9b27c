"""Production by hand over HTTP and on its page."""

from __future__ import annotations

import httpx
import pytest

BODY = {
    "enterprise": "seed-steel", "point": "bf1.output", "start": "2026-11-21T00:00:00+08:00",
    "t": "2026-11-21T08:00:00+08:00", "value": 1724.5, "by": "王工", "reason": "称重单 3",
}  # fmt: skip
URL = "/api/v1/production"


async def test_an_entry_and_its_correction_are_listed(client: httpx.AsyncClient) -> None:
    first = await client.post(URL, json=BODY)
    assert first.status_code == 201
    assert (await client.post(URL, json=BODY)).json() == first.json()
    await client.post(URL, json=BODY | {"value": 1700, "by": "李工"})
    items = (await client.get(f"{URL}?enterprise=seed-steel")).json()["items"]
    assert [(item["value"], item["by"]) for item in items] == [(1700, "李工"), (1724.5, "王工")]
    assert items[0]["corrects"] == first.json()["id"]
    assert items[1]["corrected_by"] == items[0]["id"]
    one = (await client.get(f"{URL}?enterprise=seed-steel&limit=1")).json()
    rest = (await client.get(f"{URL}?enterprise=seed-steel&limit=1&cursor={one['next_cursor']}")).json()
    assert [item["value"] for item in rest["items"]] == [1724.5]
    table = await client.get(f"{URL}?enterprise=seed-steel&format=csv")
    assert "称重单 3" in table.text


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"point": "bf1.coke.mass"}, "body.point"),
        ({"value": -1}, "body.value"),
        ({"t": "2026-11-20T00:00:00+08:00"}, "body.t"),
        ({"t": "2026-11-23T00:00:00+08:00"}, "body.t"),
        ({"start": "2026-11-21T00:07:00+08:00"}, "body.start"),
        ({"start": "2026-10-01T00:00:00+08:00"}, "body.start"),
        ({"by": "  "}, "body.by"),
        ({"reason": " "}, "body.reason"),
        ({"start": "2026-11-21T00:00:00"}, "body.start"),
    ],
)
async def test_a_mistake_is_named(client: httpx.AsyncClient, change: dict, place: str) -> None:
    response = await client.post(URL, json=BODY | change)
    assert response.status_code == 422
    assert place in {error["place"] for error in response.json()["errors"]}
    assert (await client.get(f"{URL}?enterprise=seed-steel")).json()["items"] == []


async def test_the_page_takes_an_amount_for_a_day(client: httpx.AsyncClient) -> None:
    page = await client.get("/e/seed-steel/production")
    assert "bf1.output" in page.text
    form = {"point": "bf1.output", "day": "2026-11-21", "shift": "day", "value": "5200", "by": "=王", "reason": "<b>x"}
    answer = await client.post("/e/seed-steel/production", data=form)
    assert answer.status_code == 303
    shown = await client.get(answer.headers["location"])
    assert "5,200" in shown.text
    assert "&lt;b&gt;x" in shown.text
    assert (await client.post("/e/seed-steel/production", data=form)).headers == answer.headers
    slip = form | {"shift": "night watch", "reason": "纸条"}
    wrong = await client.post("/e/seed-steel/production", data=slip, headers={"Accept-Language": "zh-CN"})
    assert wrong.status_code == 422
    assert "班次: “night watch”不在" in wrong.text
    assert 'value="纸条"' in wrong.text
    many = await client.post("/e/seed-steel/production", data={"shift": "day"}, headers={"Accept-Language": "en"})
    assert all(f"{label}: is needed" in many.text for label in ("Date", "Amount", "Your name", "Why by hand"))
    off = await client.post("/e/seed-steel/production", data=form | {"value": "-3"}, headers={"Accept-Language": "en"})
    assert "Amount: -3.0 is no amount; 0 is a standstill" in off.text
    other = await client.post("/e/seed-steel/production", data=form, headers={"Origin": "http://elsewhere.test"})
    assert other.status_code == 403
