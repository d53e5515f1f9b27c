"""Planned outages over HTTP."""

from __future__ import annotations

import httpx

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
