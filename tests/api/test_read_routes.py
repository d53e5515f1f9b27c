"""Registry, newest values, series, quarantine, over the real database."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from tests.api.seed import DEAD, GAPPY, SILENT, Seeded

V1 = "/api/v1"


async def get(client: httpx.AsyncClient, path: str, **parameters: object) -> dict:
    response = await client.get(V1 + path, params=parameters)
    assert response.status_code == 200, response.text
    return response.json()


async def test_enterprises_are_named_in_the_readers_language(client: httpx.AsyncClient, seeded: Seeded) -> None:
    body = await get(client, "/enterprises")
    assert [item["code"] for item in body["items"]] == ["seed-power", "seed-steel"]
    assert body["items"][1]["name"] == "Seed Steel"
    assert body["next_cursor"] is None
    response = await client.get(f"{V1}/enterprises/seed-steel", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    detail = response.json()
    assert detail["name"] == "示范钢铁"
    assert [process["code"] for process in detail["processes"]] == ["sinter", "bf1", "bf2", "bof", "roll"]
    assert {"code": "night", "from": "00:00", "to": "08:00"} in detail["shifts"]
    assert len(detail["points"]) == 16


async def test_the_registry_can_be_narrowed_and_paged(client: httpx.AsyncClient) -> None:
    everything = await get(client, "/points", enterprise="seed-steel")
    assert len(everything["items"]) == 16
    assert everything["items"][2] | {} == everything["items"][2]
    codes, cursor = [], ""
    for _ in range(10):
        page = await get(client, "/points", enterprise="seed-steel", limit=5, cursor=cursor)
        codes += [item["code"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert codes == [item["code"] for item in everything["items"]]
    electric = await get(client, "/points", enterprise="seed-steel", carrier="electricity", process="bf1")
    assert {item["code"] for item in electric["items"]} == {GAPPY, "bf1.hv.active_energy", "bf1.elec.net"}
    virtual = next(item for item in everything["items"] if item["code"] == "bf1.elec.net")
    assert virtual["virtual"] == [{"point": GAPPY, "sign": 1}]


async def test_newest_values_carry_age_rate_and_findings(client: httpx.AsyncClient, seeded: Seeded) -> None:
    body = await get(client, "/points/latest", enterprise="seed-steel")
    items = {item["point"]: item for item in body["items"]}
    assert "bf1.elec.net" not in items, "a virtual point has no readings"
    fresh = items[GAPPY]
    assert fresh["t"] == "2026-11-22T10:07:00Z"
    assert fresh["age_s"] == 30
    assert not fresh["stale"]
    assert fresh["unit"] == "kWh"
    assert fresh["rate"] == pytest.approx(21000, rel=0.1)
    assert fresh["rate_unit"] == "kW"
    dead = items[DEAD]
    assert dead["stale"]
    assert dead["findings"] == ["frozen"]
    silent = items[SILENT]
    assert silent["value"] is None, "unknown is null, never 0"
    assert silent["t"] is None
    gauge = items["roll.power"]
    assert gauge["rate"] == gauge["value"]


async def test_readings_raw_and_stepped(client: httpx.AsyncClient, seeded: Seeded) -> None:
    asked = {"enterprise": "seed-steel", "point": "roll.power", "from": "2026-11-22T17:00:00+08:00"}
    raw = await get(client, "/readings", **asked)
    assert len(raw["items"]) == 68
    assert raw["items"][0] | {"value": 0, "received_at": ""} == {
        "point": "roll.power", "t": "2026-11-22T09:00:00Z", "value": 0, "unit": "kW", "start": None, "quality": "good",
        "origin": "meter", "received_at": "", "min": None, "max": None, "count": None,
    }  # fmt: skip
    hours = await get(client, "/readings", **asked, resolution="1h")
    assert [(item["t"], item["count"]) for item in hours["items"]] == [
        ("2026-11-22T09:00:00Z", 60), ("2026-11-22T10:00:00Z", 8),
    ]  # fmt: skip
    assert hours["items"][0]["value"] == pytest.approx(sum(i["value"] for i in raw["items"][:60]) / 60)
    days = await get(client, "/readings", **asked, resolution="1d")
    assert [item["t"] for item in days["items"]] == ["2026-11-21T16:00:00Z"], "a day is the enterprise's own"


@pytest.mark.parametrize("resolution", ["raw", "1m", "15m", "1h", "1d"])
async def test_series_pages_join_without_gap_or_double(client: httpx.AsyncClient, resolution: str) -> None:
    asked = {
        "enterprise": "seed-steel", "point": [GAPPY, "roll.power"], "resolution": resolution,
        "from": "2026-11-22", "to": "2026-11-22T10:00:00Z",
    }  # fmt: skip
    whole = await get(client, "/readings", **asked)
    parts, cursor = [], ""
    while cursor is not None:
        page = await get(client, "/readings", **asked, limit=7 if resolution != "raw" else 100, cursor=cursor)
        parts += page["items"]
        cursor = page["next_cursor"]
    assert parts == whole["items"]


async def test_an_unescaped_plus_is_understood(client: httpx.AsyncClient) -> None:
    path = f"{V1}/readings?enterprise=seed-steel&point=roll.power&from=2026-11-22T17:00:00+08:00"
    response = await client.get(path)
    assert len(response.json()["items"]) == 68


async def test_quarantine_shows_reason_and_payload_as_text(client: httpx.AsyncClient, seeded: Seeded) -> None:
    body = await get(client, "/quarantine")
    assert [item["reason"] for item in body["items"]] == ["future", "broken_json", "unknown_point"]
    unknown = body["items"][1]
    assert unknown["enterprise"] is None
    assert unknown["payload"].endswith("\\xff\\xfe")
    assert unknown["count"] == 3
    own = await get(client, "/quarantine", enterprise="seed-steel", reason="unknown_point")
    assert [item["reason"] for item in own["items"]] == ["unknown_point"]
    first = await get(client, "/quarantine", limit=2)
    second = await get(client, "/quarantine", limit=2, cursor=first["next_cursor"])
    assert [*first["items"], *second["items"]] == body["items"]


async def test_every_table_is_csv_too_and_runs_nothing_in_a_spreadsheet(client: httpx.AsyncClient) -> None:
    tables = {
        "/enterprises": {},
        "/points": {"enterprise": "seed-steel"},
        "/points/latest": {"enterprise": "seed-steel"},
        "/readings": {"enterprise": "seed-steel", "point": "roll.power"},
        "/quarantine": {},
    }
    for path, asked in tables.items():
        body = await get(client, path, **asked)
        response = await client.get(V1 + path, params={**asked, "format": "csv"})
        assert response.headers["content-type"].startswith("text/csv"), path
        rows = list(csv.DictReader(io.StringIO(response.text)))
        assert len(rows) == len(body["items"]), path
        assert list(rows[0]) == list(body["items"][0]), path
        for row in rows:
            assert not any(cell.startswith(("=", "@", "\t", "\r", "+")) for cell in row.values()), row
    response = await client.get(f"{V1}/quarantine", params={"format": "csv"})
    assert "'=cmd" in response.text


async def test_csv_gives_the_next_pages_cursor(client: httpx.AsyncClient) -> None:
    response = await client.get(f"{V1}/enterprises", params={"format": "csv", "limit": 1})
    cursor = response.headers["x-next-cursor"]
    assert f"cursor={cursor}" in response.headers["link"]
    following = await client.get(f"{V1}/enterprises", params={"format": "csv", "cursor": cursor, "bom": "true"})
    assert following.text.startswith("\ufeffcode,name")
    assert "seed-steel" in following.text
    assert "x-next-cursor" not in following.headers


async def test_health_names_engine_and_lag(client: httpx.AsyncClient, seeded: Seeded) -> None:
    body = await get(client, "/health")
    assert body["engine"].startswith("PostgreSQL")
    assert body["parts"]["database"]["status"] == "ok"
    assert body["parts"]["ingest"]["lag_s"] == pytest.approx(30 - 0.3, abs=1)
    assert body["parts"]["ledger"]["status"] == "ok"
    assert (await client.get("/health")).status_code == 200


async def test_metrics_count_by_route(client: httpx.AsyncClient) -> None:
    await client.get(f"{V1}/enterprises/seed-steel")
    text = (await client.get(f"{V1}/metrics")).text
    assert 'route="/enterprises/{code}"' in text
    assert 'route="/enterprises/seed-steel"' not in text


async def test_metrics_tell_how_old_the_newest_reading_is(
    client: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the database is away the age goes on growing, and the figure says so itself."""
    monkeypatch.setattr("api.freshness._LEAST_S", 0.0)
    text = (await client.get("/metrics")).text
    before = _ages(text)
    assert before["seed-steel"] == pytest.approx(30, abs=60)
    allowed = re.search(r'(?m)^enms_newest_reading_allowed_age_seconds\{enterprise="seed-steel"\} (\S+)$', text)
    assert allowed is not None
    assert float(allowed[1]) >= 120.0
    freshness = app.state.freshness
    now = freshness._clock()
    freshness._clock = lambda: now + timedelta(hours=1)
    pool, freshness._pool = freshness._pool, _Away()
    text = (await client.get("/metrics")).text
    freshness._pool = pool
    assert "enms_api_database_up 0.0" in text
    assert _ages(text)["seed-steel"] == pytest.approx(before["seed-steel"] + 3600)
    assert "enms_api_database_up 1.0" in (await client.get("/metrics")).text


class _Away:
    def acquire(self) -> None:
        raise ConnectionRefusedError


def _ages(text: str) -> dict[str, float]:
    found = re.findall(r'(?m)^enms_newest_reading_age_seconds\{enterprise="([^"]+)"\} (\S+)$', text)
    return {enterprise: float(age) for enterprise, age in found}


async def test_spans_default_to_what_is_useful(client: httpx.AsyncClient, seeded: Seeded) -> None:
    body = await get(client, "/readings", enterprise="seed-steel", point="roll.power")
    assert body["items"][0]["t"] >= (seeded.now - timedelta(days=1)).isoformat()[:19]


async def test_a_retired_points_history_stays_readable(client: httpx.AsyncClient, pg_dsn: str, seeded: Seeded) -> None:
    import asyncpg

    from db.plant_load import load_plant
    from tests.api.seed import STEEL

    fewer = STEEL.model_copy(update={"points": tuple(p for p in STEEL.points if p.code != "bof.oxygen.volume")})
    connection = await asyncpg.connect(pg_dsn)
    try:
        await load_plant(connection, fewer, now=seeded.now - timedelta(hours=1))
    finally:
        await connection.close()
    registry = await get(client, "/points", enterprise="seed-steel")
    assert "bof.oxygen.volume" not in {item["code"] for item in registry["items"]}
    asked = {"enterprise": "seed-steel", "point": "bof.oxygen.volume", "from": "2026-11-21", "to": "2026-11-22"}
    assert len((await get(client, "/intervals", **asked))["items"]) == 96
    assert (await client.get("/points/seed-steel/bof.oxygen.volume")).status_code == 200
