"""Budgets by API and on a page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest

from tests.rules.world import World

NEW_YEAR = datetime(2025, 12, 31, 16, tzinfo=UTC)
DAY = timedelta(days=1)


async def test_a_budget_with_its_band_and_day_of_crossing(client: httpx.AsyncClient, db_pool: asyncpg.Pool) -> None:
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "budget")
        for n in range(20):
            await world.publish("coke", [(180.0 + 4 * (n % 3)) / 96] * 96, NEW_YEAR + n * DAY)
        await world.publish("coal", [0.0] * 96 * 20, NEW_YEAR)
        await world.publish("coal.ncv", [20.0] * 96 * 20, NEW_YEAR)
    found = (await client.get("/api/v1/budgets?enterprise=planned", headers={"Accept-Language": "en"})).json()["items"]
    assert [item["code"] for item in found] == ["tce-2026", "coal-2026"]
    energy, coal = found
    assert energy["until"] == (NEW_YEAR + 20 * DAY).isoformat().replace("+00:00", "Z")
    assert energy["used"] == pytest.approx(3.676)
    assert energy["plan_so_far"] == pytest.approx(2.0)
    projection = energy["projection"]
    assert projection["low"] < projection["expected"] < projection["high"]
    assert projection["expected"] == pytest.approx(365 * 0.1838, rel=1e-3)
    # 36.5 t at 0.1838 t a day are used up in 199 days
    assert projection["crossing"] == "2026-07-18"
    assert projection["earliest"] <= projection["crossing"] <= projection["latest"]
    # its time has not come yet: not known, never zero
    assert (coal["used"], coal["projection"]) == (None, None)
    assert coal["reason"]
    page = (await client.get("/e/planned/budgets?lang=en")).text
    assert "2026-07-18" in page
    assert "80 % band" in page
    drawn = (await client.get("/e/planned/budgets/tce-2026.json?lang=en")).json()
    assert drawn["used"][-1][1] == pytest.approx(3.676)
    assert drawn["ahead"][0][2] == pytest.approx(3.676)
    assert drawn["plan"][-1][1] == 36.5
    assert (await client.get("/e/planned/budgets/none.json")).status_code == 404
    assert (await client.get("/e/seed-steel/budgets?lang=en")).status_code == 200
