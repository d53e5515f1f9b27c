"""Planned outages over HTTP."""

from __future__ import annotations

import html

import httpx
import pytest

from tests.api.test_read_routes import V1, get

PLAN = {
    "enterprise": "seed-steel",
    "subject": "bf1",
    "starts": "2026-11-22T18:00:00+08:00",
    "ends": "2026-11-23T08:00:00+08:00",
    "why": "定修",
    "by": "Li Wei",
}


async def test_an_outage_is_planned_listed_and_taken_back(client: httpx.AsyncClient) -> None:
    response = await client.post(f"{V1}/outages", json=PLAN)
    assert response.status_code == 201
    planned = response.json()
    assert (planned["starts"], planned["state"], planned["planned_by"]) == ("2026-11-22T10:00:00Z", "running", "Li Wei")
    later = {"subject": None, "starts": "2026-12-01T00:00:00Z", "ends": "2026-12-02T00:00:00Z"}
    whole = await client.post(f"{V1}/outages", json=PLAN | later)
    assert whole.json()["state"] == "planned"
    listed = await get(client, "/outages", enterprise="seed-steel")
    assert [item["id"] for item in listed["items"]] == [whole.json()["id"], planned["id"]]
    page = await get(client, "/outages", limit=1)
    following = await get(client, "/outages", limit=1, cursor=page["next_cursor"])
    assert following["items"][0]["id"] == planned["id"]
    assert (await get(client, "/outages", since="2026-11-30T00:00:00Z"))["items"] == [whole.json()]
    assert (await get(client, "/outages", enterprise="seed-power"))["items"] == []
    back = await client.post(f"{V1}/outages/{planned['id']}/cancel", json={"by": "Wang"})
    assert (back.json()["state"], back.json()["cancelled_by"]) == ("cancelled", "Wang")
    again = await client.post(f"{V1}/outages/{planned['id']}/cancel")
    assert again.json()["cancelled_by"] == "Wang"
    lines = (await client.get(f"{V1}/outages", params={"format": "csv"})).text.splitlines()
    assert len(lines) == 3


async def test_what_cannot_be_planned_says_why(client: httpx.AsyncClient) -> None:
    unknown = await client.post(f"{V1}/outages", json=PLAN | {"subject": "bf9"})
    assert unknown.status_code == 404
    assert "bf9" in unknown.json()["detail"]
    assert (await client.post(f"{V1}/outages", json=PLAN | {"ends": PLAN["starts"]})).status_code == 409
    naive = await client.post(f"{V1}/outages", json=PLAN | {"ends": "2026-11-23T08:00:00"})
    assert naive.status_code == 422
    assert (await client.post(f"{V1}/outages/99/cancel")).status_code == 404


FORM = {
    "enterprise": "seed-steel",
    "subject": "bf1",
    "starts": "2026-11-22T18:00:00",
    "ends": "2026-11-23T08:00:00",
    "why": "定修 <b>",
    "by": "Li Wei",
}


async def test_the_page_plans_an_outage_by_the_plants_clock(client: httpx.AsyncClient) -> None:
    assert (await client.post("/outages", data=FORM)).headers["location"] == "/outages"
    (item,) = (await get(client, "/outages", enterprise="seed-steel"))["items"]
    assert (item["starts"], item["ends"]) == ("2026-11-22T10:00:00Z", "2026-11-23T00:00:00Z")


@pytest.mark.parametrize(
    ("change", "status", "said", "zh"),
    [
        ({"ends": FORM["starts"]}, 409, "An outage ends after it begins.", "停运的结束须晚于开始"),
        ({"starts": "2026-11-01T18:00", "ends": "2026-11-02T18:00"}, 409, "would be over already", "停运时段已过"),
        ({"subject": "bf9"}, 404, "no point, motor, EnPI or process “bf9”", "没有名为“bf9”"),
        ({"ends": "later"}, 422, "until: “later” is not a time", "“later”"),
        ({"why": " "}, 422, "Because: is needed", "原因"),
    ],
)
async def test_an_outage_with_a_mistake_stays_in_its_form(
    client: httpx.AsyncClient, change: dict[str, str], status: int, said: str, zh: str
) -> None:
    given = FORM | change
    answer = await client.post("/outages", data=given, headers={"Accept-Language": "en"})
    assert answer.status_code == status
    assert said in answer.text
    assert "Nothing was entered; what you wrote is still there." in answer.text
    for name in ("subject", "starts", "ends", "why", "by"):
        assert f'value="{html.escape(given[name])}"' in answer.text
    assert '<option value="seed-steel" selected>' in answer.text
    assert "No outage is planned." in answer.text
    assert zh in (await client.post("/outages", data=given, headers={"Accept-Language": "zh"})).text
