"""Readings by hand over HTTP: they come first, the last one of an instant holds, and who entered them stays known."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from api.app import create_app
from api.deps import Deps
from cli.backfill import BackfillDoor
from enms.settings import Settings
from tests.api.seed import Seeded

URL = "/api/v1/readings"
EN = {"Accept-Language": "en"}
BY = {"enterprise": "seed-steel", "origin": "hand", "by": "王工", "reason": "抄表"}
WHEN = {"from": "2026-11-20T00:00:00+08:00", "to": "2026-11-21T00:00:00+08:00"}


@pytest.fixture
async def door(db_pool: asyncpg.Pool, seeded: Seeded) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application that really takes readings in."""
    app = create_app(Deps(db_pool, Settings(), clock=lambda: seeded.now, backfill=BackfillDoor(db_pool)))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def _rows(value: float, point: str = "roll.power") -> dict[str, list[dict[str, object]]]:
    return {"readings": [{"point": point, "t": "2026-11-20T12:00:07+08:00", "value": value}]}


async def _held(door: httpx.AsyncClient) -> list[tuple[float, str]]:
    query = {"enterprise": "seed-steel", "point": "roll.power", **WHEN}
    items = (await door.get(URL, params=query)).json()["items"]
    return [(item["value"], item["origin"]) for item in items if item["t"] == "2026-11-20T04:00:07Z"]


async def test_by_hand_comes_before_a_backfill_and_the_last_entry_holds(door: httpx.AsyncClient) -> None:
    first = await door.post(URL, params=BY, json=_rows(2.5))
    assert first.json() == {"accepted": 1, "refused": []}, first.text
    assert await _held(door) == [(2.5, "hand")]
    await door.post(URL, params={"enterprise": "seed-steel"}, json=_rows(9.0))
    assert await _held(door) == [(2.5, "hand")]
    await door.post(URL, params=BY | {"by": "李工"}, json=_rows(2.7))
    assert await _held(door) == [(2.7, "hand")]
    items = (await door.get(f"{URL}/by-hand", params={"enterprise": "seed-steel"})).json()["items"]
    assert [(i["by"], i["readings"], i["corrected"], i["points"]) for i in items] == [
        ("李工", 1, 1, ["roll.power"]), ("王工", 1, 0, ["roll.power"]),
    ]  # fmt: skip


async def test_a_correction_is_derived_again_and_what_it_replaced_is_kept(
    door: httpx.AsyncClient, db_pool: asyncpg.Pool
) -> None:
    await door.post(URL, params=BY, json=_rows(2.5))
    await db_pool.execute("DELETE FROM dirty")
    await door.post(URL, params=BY, json=_rows(2.7))
    assert await db_pool.fetchval("SELECT count(*) FROM dirty JOIN point USING (e, p) WHERE code = 'roll.power'") >= 1
    assert 2.5 in [row["value"] for row in await db_pool.fetch("SELECT value FROM reading_revision WHERE origin = 2")]


async def test_nobody_enters_by_hand_without_a_name_and_a_reason(door: httpx.AsyncClient) -> None:
    answer = await door.post(URL, params={"enterprise": "seed-steel", "origin": "hand", "by": " "}, json=_rows(1.0))
    assert answer.status_code == 422
    assert {error["place"] for error in answer.json()["errors"]} == {"query.by", "query.reason"}
    assert await _held(door) == []
    refused = await door.post(URL, params=BY, json=_rows(1.0, "nobody"))
    assert refused.json()["accepted"] == 0
    assert (await door.get(f"{URL}/by-hand", params={"enterprise": "seed-steel"})).json()["items"] == []


async def test_pages_mark_what_was_entered_by_hand(door: httpx.AsyncClient) -> None:
    await door.post(URL, params=BY, json=_rows(2.5))
    page = (await door.get("/points/seed-steel/roll.power?span=7d", headers=EN)).text
    assert "By hand, for" in page
    assert "11-20 12:00:07" in page
    shown = (await door.get("/e/seed-steel/production", headers=EN)).text
    assert "Readings by hand" in shown
    assert "抄表" in shown
