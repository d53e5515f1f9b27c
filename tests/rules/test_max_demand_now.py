"""The sliding demand, minute by minute: provisional from readings, settled when the quarter hour closes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.alerts import evidence
from enms.metering import Basis
from enms.pieces import Piece
from enms.sliding import WINDOW, heading, sums
from rules.book import BUNDLED, parse_book, read_book
from rules.replay import replay
from tests.rules.world import World

START = datetime(2026, 11, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULE = "max_demand_heading"


@pytest.fixture
async def buyer(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "supply", [read_book(BUNDLED / "supply.yaml")])
        await meter(world, 30, [])
        await world.publish("grid.kwh", [900.0, 900.0], START)
        await world.evaluate()
        yield world


async def meter(world, quiet, kilowatts):
    """The register, read every minute: `quiet` minutes of 3 600 kW, then these."""
    shown = list(accumulate([3600 / 60] * quiet + [kw / 60 for kw in kilowatts], initial=1000.0))
    await world.read("grid.kwh", shown, START)
    await world.connection.execute(
        "UPDATE point_state SET newest_ts = $3 WHERE e = $1 AND p = $2",
        world.enterprise.e,
        world.numbers["grid.kwh"],
        START + (len(shown) - 1) * MINUTE,
    )


async def bodies(world, alert):
    return [json.loads(v.body) for v in await evidence(world.connection, alert)]


async def test_a_demand_on_its_way_over_the_contract_is_told_before_it_is_there_and_taken_back_if_load_is_shed(buyer):
    await meter(buyer, 30, [4800, 4800])
    await buyer.evaluate()
    (alert,) = await buyer.alerts(RULE, "grid")
    # 13 minutes of 3 600 kW and 2 of 4 800 kW; in 5 minutes the last 3 minutes' mean will have replaced the first 5
    assert alert.value == pytest.approx(3760 + (4400 - 3600) * 5 / 15)
    assert (alert.fired_at, alert.limit_value, alert.certainty) == (START + 32 * MINUTE, 4000, "possible")
    (body,) = await bodies(buyer, alert)
    assert body["result"]["provisional"] is True
    await meter(buyer, 30, [4800, 4800, *[3000] * 13])
    await buyer.publish("grid.kwh", [810.0], START + 30 * MINUTE)
    await buyer.evaluate()
    (alert,) = await buyer.alerts(RULE, "grid")
    assert (alert.state, alert.retracted) == ("resolved", True)


async def test_what_came_true_settles_where_it_came_true(buyer):
    await meter(buyer, 30, [4800] * 5)
    await buyer.evaluate()
    await meter(buyer, 30, [4800] * 15)
    await buyer.publish("grid.kwh", [1200.0], START + 30 * MINUTE)
    await buyer.evaluate()
    (alert,) = await buyer.alerts(RULE, "grid")
    # the demand itself passes 4 000 kW with its sixth minute
    assert (alert.fired_at, alert.state, alert.certainty) == (START + 36 * MINUTE, "firing", "confirmed")
    assert alert.value == pytest.approx((9 * 3600 + 6 * 4800) / 15)
    first, *_, last = await evidence(buyer.connection, alert)
    assert [json.loads(v.body)["result"]["provisional"] for v in (first, last)] == [True, False]
    for version in (first, last):
        again = replay(version.body, version.sha256)
        assert (again.intact, again.met, again.limit) == (True, True, 4000)
    assert replay(last.body, last.sha256).value == pytest.approx(alert.value)
    assert len(await buyer.alerts("max_demand_contract", "grid")) == 1


async def test_a_meter_that_falls_silent_leaves_the_verdict_open(buyer):
    await meter(buyer, 30, [4800] * 8)
    await buyer.evaluate()
    await buyer.publish("grid.kwh", [None, None], START + 30 * MINUTE)
    await buyer.evaluate()
    (alert,) = await buyer.alerts(RULE, "grid")
    assert alert.state == "firing"
    assert alert.withheld_since is not None


def test_other_kinds_wait_until_quarter_hours_close():
    text = (BUNDLED / "motors.yaml").read_text(encoding="utf-8").replace("cadence: interval", "cadence: 1m")
    assert any("max_demand" in mistake.reason for mistake in parse_book(text, "motors.yaml").mistakes)


@given(st.lists(st.floats(0, 1e4), min_size=WINDOW + 1, max_size=60))
def test_minutes_add_up_however_readings_lie(powers):
    pieces = [
        Piece(60.0 * i + 20, 60.0 * (i + 1) + 20, kw / 60, 60.0, Basis.MEASURED, False) for i, kw in enumerate(powers)
    ]
    found = sums(pieces, 0.0, len(powers) + 1)
    amount, covered, _ = found.between(0, len(powers) + 1)
    assert amount == pytest.approx(sum(powers) / 60, abs=1e-6)
    assert covered == pytest.approx(60 * len(powers))


def test_a_steady_demand_is_heading_nowhere():
    assert heading(100.0, 100.0, 100.0, 5) == 100.0
    assert heading(100.0, 70.0, 130.0, 5) == 120.0
