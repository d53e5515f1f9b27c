"""Alerts over HTTP: lists, one by one, evidence, and what people do."""

from __future__ import annotations

import hashlib

import asyncpg
import httpx

from tests.api.seed import DEAD
from tests.api.test_read_routes import V1, get


async def numbered(client: httpx.AsyncClient, rule: str) -> int:
    body = await get(client, "/alerts", rule=rule, state="firing")
    return body["items"][0]["id"]


async def test_lists_can_be_narrowed_and_paged(client: httpx.AsyncClient) -> None:
    everything = await get(client, "/alerts")
    assert len(everything["items"]) == 4
    firing = await get(client, "/alerts", state="firing")
    assert [item["severity"] for item in firing["items"]] == ["critical", "notice", "warning"]
    assert set(firing["items"][0]) >= {
        "id", "rule", "subject", "severity", "state", "started_at", "fired_at", "resolved_at", "acknowledged", "value",
        "limit", "unit",
    }  # fmt: skip
    both = await get(client, "/alerts", state="firing", severity=["critical", "warning"])
    assert len(both["items"]) == 2
    recent = await get(client, "/alerts", since="2026-11-22T09:00:00Z")
    assert len(recent["items"]) == 3, "what is still open, or was closed since"
    assert (await get(client, "/alerts", enterprise="seed-power"))["items"] == []
    assert (await get(client, "/alerts", subject=DEAD))["items"][0]["rule"] == "meter_silent"
    parts, cursor = [], ""
    while cursor is not None:
        page = await get(client, "/alerts", limit=1, cursor=cursor)
        parts += page["items"]
        cursor = page["next_cursor"]
    assert parts == everything["items"]
    response = await client.get(f"{V1}/alerts", params={"format": "csv"})
    assert len(response.text.splitlines()) == 5


async def test_one_alert_with_evidence_that_hashes(client: httpx.AsyncClient) -> None:
    number = await numbered(client, "blast_furnace_energy_day")
    detail = await get(client, f"/alerts/{number}")
    assert [t["kind"] for t in detail["transitions"]] == ["pending", "firing"]
    assert detail["evidence_versions"] == 1
    (evidence,) = (await get(client, f"/alerts/{number}/evidence"))["items"]
    assert hashlib.sha256(evidence["text"].encode()).hexdigest() == evidence["sha256"]
    assert evidence["body"]["limit"]["edition"] == "GB 21256-2025"
    assert (await client.get(f"{V1}/alerts/999999")).status_code == 404
    assert (await client.get(f"{V1}/alerts/x")).status_code == 422


async def test_people_acknowledge_assign_shelve_and_comment(client: httpx.AsyncClient) -> None:
    number = await numbered(client, "max_demand")
    assert (await client.post(f"{V1}/alerts/{number}/acknowledge")).status_code == 200, "no body is needed"
    again = await client.post(f"{V1}/alerts/{number}/acknowledge", json={"by": "Li Wei"})
    assert again.json()["acknowledged_by"] == "unsigned", "a second time changes nothing"
    assigned = await client.post(f"{V1}/alerts/{number}/assign", json={"to": "Zhang Min", "by": "Li Wei"})
    assert assigned.json()["assigned_to"] == "Zhang Min"
    shelved = await client.post(
        f"{V1}/alerts/{number}/shelve", json={"until": "2026-11-23T08:00:00+08:00", "why": "planned", "by": "Li Wei"}
    )
    assert shelved.json()["shelved_until"] == "2026-11-23T00:00:00Z"
    back = await client.post(f"{V1}/alerts/{number}/shelve", json={"until": None})
    assert back.json()["shelved_until"] is None
    said = await client.post(f"{V1}/alerts/{number}/comment", json={"text": "下一班检查", "by": "Li Wei"})
    story = said.json()["transitions"]
    assert [t["kind"] for t in story[2:]] == ["acknowledged", "assigned", "shelved", "unshelved", "commented"]
    assert story[-1]["detail"]["text"] == "下一班检查"
    assert story[-1]["actor"] == "Li Wei"
    assert said.json()["state"] == "firing", "only data closes an alert"


async def test_what_people_may_not_do(client: httpx.AsyncClient) -> None:
    number = await numbered(client, "max_demand")
    past = await client.post(f"{V1}/alerts/{number}/shelve", json={"until": "2020-01-01T00:00:00Z", "why": "x"})
    assert past.status_code == 409
    assert past.json()["type"] == "urn:enms:problem:conflict"
    assert (await client.post(f"{V1}/alerts/{number}/comment", json={"text": ""})).status_code == 422
    assert (await client.post(f"{V1}/alerts/999999/acknowledge")).status_code == 404


async def test_an_acknowledgement_is_announced(client: httpx.AsyncClient, pg_dsn: str) -> None:
    number = await numbered(client, "max_demand")
    heard: list[str] = []
    connection = await asyncpg.connect(pg_dsn)
    try:
        await connection.add_listener("enms_alert", lambda *args: heard.append(args[-1]))
        await client.post(f"{V1}/alerts/{number}/acknowledge", json={"by": "Li Wei"})
        await connection.execute("SELECT 1")
        assert heard
        assert heard[0].endswith(f":{number}")
    finally:
        await connection.close()


async def test_rules_are_listed_with_the_mistakes_of_their_books(client: httpx.AsyncClient) -> None:
    body = await get(client, "/rules", enterprise="seed-steel")
    assert {item["rule"] for item in body["items"]} == {"blast_furnace_energy_day", "meter_silent", "max_demand"}
    (broken,) = body["files"]
    assert broken["file"] == "broken.yaml"
    assert broken["mistakes"] == [{"line": 7, "place": "rules[0].severity", "reason": "'loud' is not known"}]
    response = await client.get(f"{V1}/rules", params={"format": "csv"})
    assert len(response.text.splitlines()) == 4


async def test_a_rule_says_what_it_accepts_in_vain(client: httpx.AsyncClient, db_pool: asyncpg.Pool) -> None:
    await db_pool.execute(
        "UPDATE rule_version SET kind = 'balance', definition = jsonb_set(definition, '{condition}', $1::jsonb)"
        " WHERE rule = 'meter_silent' AND e = (SELECT e FROM enterprise WHERE code = 'seed-steel')",
        '{"accepted": {"mian": "2026-10-01"}}',
    )
    await db_pool.execute(
        "INSERT INTO rule_cursor (e, evaluated_at) SELECT e, now() FROM enterprise ON CONFLICT DO NOTHING"
    )
    body = await get(client, "/rules", enterprise="seed-steel")
    told = {item["rule"]: item["accepted_nowhere"] for item in body["items"]}
    assert told == {"blast_furnace_energy_day": [], "meter_silent": ["mian"], "max_demand": []}
    for language, words in (("en", "accepted, but it judges no such network: mian"), ("zh", "mian")):
        page = await client.get("/rules?enterprise=seed-steel", headers={"Accept-Language": language})
        assert words in page.text
