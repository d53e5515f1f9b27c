"""Inputs of corrections over HTTP and on their page: without them there is no verdict, and it says which."""

from __future__ import annotations

import httpx
import pytest

EN = {"Accept-Language": "en"}
PLANT, ENPI = "seed-steel", "bf1.process_energy"
BODY = {
    "enterprise": PLANT, "enpi": ENPI, "input": "rare_earth_ore_pct", "value": 12, "from": "2026-07-01",
    "evidence": "配料单", "by": "王工",
}  # fmt: skip
URL = "/api/v1/corrections"


async def _inputs(client: httpx.AsyncClient) -> dict[str, dict]:
    items = (await client.get(f"{URL}/inputs?enterprise={PLANT}", headers=EN)).json()["items"]
    return {item["input"]: item for item in items}


async def _reason(client: httpx.AsyncClient) -> str:
    values = (await client.get("/api/v1/enpis/1/values?resolution=day&from=2026-11-21&to=2026-11-22")).json()
    return values["items"][0]["reason"] or ""


async def test_a_verdict_waits_for_its_inputs_and_is_given_when_they_are_entered(client: httpx.AsyncClient) -> None:
    before = await _inputs(client)
    assert before["rare_earth_ore_pct"]["missing"]
    assert before["ore_grade_pct"]["missing"]
    assert not before["vti_magnetite_pct"]["missing"]
    assert "correction_input_missing" in await _reason(client)
    assert (await client.post(URL, json=BODY)).status_code == 201
    reason = await _reason(client)
    assert "ore_grade_pct" in reason
    assert "rare_earth_ore_pct" not in reason
    await client.post(URL, json=BODY | {"input": "ore_grade_pct", "value": 57.5})
    assert "correction_input_missing" not in await _reason(client)
    after = await _inputs(client)
    assert (after["ore_grade_pct"]["value"], after["ore_grade_pct"]["since"]) == (57.5, "2026-07-01")
    assert after["ore_grade_pct"]["evidence"] == "配料单 · 王工"


async def test_an_entry_is_withdrawn_once_and_kept(client: httpx.AsyncClient) -> None:
    number = (await client.post(URL, json=BODY)).json()["id"]
    body = {"enterprise": PLANT, "by": "李工"}
    assert (await client.post(f"{URL}/{number}/withdraw", json=body)).status_code == 200
    assert (await client.post(f"{URL}/{number}/withdraw", json=body)).status_code == 404
    (item,) = (await client.get(f"{URL}?enterprise={PLANT}")).json()["items"]
    assert (item["by"], item["withdrawn_by"], item["value"]) == ("王工", "李工", 12)
    assert (await _inputs(client))["rare_earth_ore_pct"]["missing"]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"enpi": "nobody"}, "body.enpi"),
        ({"input": "colour"}, "body.input"),
        ({"value": 120}, "body.value"),
        ({"to": "2026-06-01"}, "body.to"),
        ({"from": "1990-01-01"}, "body.from"),
        ({"by": " "}, "body.by"),
        ({"evidence": " "}, "body.evidence"),
    ],
)
async def test_a_mistake_is_named(client: httpx.AsyncClient, change: dict, place: str) -> None:
    answer = await client.post(URL, json=BODY | change)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert place in {error["place"] for error in answer.json()["errors"]}


async def test_the_enpi_page_leads_to_the_form_and_the_form_takes_it(client: httpx.AsyncClient) -> None:
    page = (await client.get("/e/seed-steel/enpi/1", headers=EN)).text
    link = f"/e/{PLANT}/corrections?enpi={ENPI}&amp;input=rare_earth_ore_pct#enter"
    assert link in page
    assert "a correction&#39;s input is missing: " in page
    form = (await client.get(link.replace("&amp;", "&").split("#")[0], headers=EN)).text
    assert f'value="{ENPI} rare_earth_ore_pct" selected' in form
    entry = {
        "what": f"{ENPI} rare_earth_ore_pct",
        "value": "12",
        "since": "2026-07-01",
        "evidence": "<b>",
        "by": "王工",
    }
    answer = await client.post(f"/e/{PLANT}/corrections", data=entry)
    assert answer.status_code == 303
    again = await client.post(f"/e/{PLANT}/corrections", data=entry)
    assert again.headers["location"] == answer.headers["location"]
    wrong = await client.post(f"/e/{PLANT}/corrections", data=entry | {"value": "x", "until": "2026-06-01"}, headers=EN)
    assert wrong.status_code == 422
    assert "Value: “x” is no number" in wrong.text
    assert 'value="2026-06-01"' in wrong.text
    assert f'value="{ENPI} rare_earth_ore_pct" selected' in wrong.text
    shown = (await client.get(answer.headers["location"], headers=EN)).text
    assert "&lt;b&gt;" in shown
    number = answer.headers["location"].rpartition("=")[2]
    back = await client.post(f"/e/{PLANT}/corrections/{number}/withdraw", data={"by": "李工"})
    assert "taken back by 李工" in (await client.get(back.headers["location"], headers=EN)).text
    assert (await client.post(f"/e/{PLANT}/corrections", data=entry | {"since": "soon"})).status_code == 422
