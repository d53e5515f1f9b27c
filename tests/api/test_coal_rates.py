"""Supply coal rates by HTTP: units, fleets, district, beside the plan."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.rules.test_supply_coal import EVERYTHING
from tests.rules.world import World

DAYS = 2


async def test_units_fleets_and_the_district_beside_the_plan(client, db_pool, seeded):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "coal")
        begin = seeded.now.replace(hour=16, minute=0, second=0, microsecond=0) - timedelta(days=DAYS + 1)
        for code, value in EVERYTHING.items():
            await world.publish(code, [value] * (96 * DAYS), begin)
    said = (await client.get("/api/v1/coal-rates")).json()
    one, two = said["items"]
    assert (one["unit"], one["known"], one["days"]) == ("u1", DAYS, 365)
    assert one["alpha"] == pytest.approx(0.125)
    assert (one["rate"], two["rate"]) == (pytest.approx(350.0), pytest.approx(12.0 / 34.5 * 1000))
    fleet, district = said["fleets"]
    assert (fleet["enterprise"], district["enterprise"]) == ("station", None)
    assert fleet["rate"] == district["rate"] == pytest.approx((13.8 * 0.875 + 12.0) / 69.0 * 1000)
    assert (said["target"]["value"], said["target"]["confidence"]) == (305, "C")
    assert (await client.get("/api/v1/coal-rates?enterprise=seed-steel")).json()["items"] == []
    assert (await client.get("/api/v1/coal-rates?enterprise=nobody")).status_code == 404
    wall = (await client.get("/wall/station?lang=en")).text
    assert "plan 305 · 2 d" in wall
    for page in ("/", "/e/station"):
        shown = (await client.get(f"{page}?lang=en")).text
        table = shown[shown.index('id="coal"') :].split("</section>")[0]
        assert "plan 305 gce/kWh" in table
        assert "2 / 365" in table
        assert "12.5" in table
        assert "fuel missing: u1.coal" in table
    assert 'id="coal"' not in (await client.get("/e/seed-steel")).text
