"""Thresholds that the bundled books do not have: rates, days, EnPIs; what a rule book may not say of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from db.alerts import evidence
from db.rules import subjects
from rules.book import parse_book
from rules.replay import replay
from tests.rules.world import World

DAY1 = datetime(2026, 11, 1, 16, tzinfo=UTC)
RULE = """rules:
  - id: mine
    kind: threshold
    title: {{zh: 自定, en: Mine}}
    purpose: operational
    watches: {watches}
    condition: {condition}
    unit: {unit}
    severity: notice
    cadence: interval
    source: own
    notify: [energy_manager]
    runbook: {{zh: 看, en: Look}}
"""


def book(watches, condition, unit):
    found = parse_book(RULE.format(watches=watches, condition=condition, unit=unit), "mine.yaml")
    assert not found.mistakes, found.mistakes
    return found


async def only(world, subject=None):
    (alert,) = await world.alerts("mine", subject)
    (version,) = await evidence(world.connection, alert)
    return alert, version


@pytest.mark.parametrize(
    ("unit", "condition", "value"),
    [
        ("Nm3/h", "{over: 5000}", 6000.0),
        ("kNm3/h", "{over: 5}", 6.0),
        ("Nm3", "{over: 1200}", 1500.0),
        ("Nm3", "{over: 100000, resolution: day}", 144000.0),
        ("Nm3/h", "{over: 5000, resolution: day}", 6000.0),
        ("Nm3/h", "{under: 7000, resolution: hour}", 6000.0),
    ],
)
async def test_an_amount_counts_as_amount_or_as_rate(db_pool, unit, condition, value):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "holder", [book("{points: [gas.bfg.flare]}", condition, unit)])
        await world.publish("gas.bfg.flare", [1500.0] * 96, DAY1)
        await world.evaluate()
        alert, version = await only(world)
        assert (alert.value, alert.unit) == (pytest.approx(value), unit)
        again = replay(version.body, version.sha256)
        assert (again.intact, again.met, again.value) == (True, True, pytest.approx(value))


async def test_a_day_that_is_not_complete_enough_is_not_judged(db_pool):
    async with db_pool.acquire() as connection:
        books = [book("{points: ['*.flare']}", "{over: 100000, resolution: day}", "Nm3")]
        world = await World.build(connection, "holder", books)
        await world.publish("gas.bfg.flare", [None] * 10 + [1500.0] * 86, DAY1 - timedelta(days=1))
        await world.publish("gas.bfg.flare", [1500.0] * 90 + [None] * 6, DAY1)
        await world.evaluate()
        alert, _ = await only(world)
        assert alert.started_at == DAY1
        assert (await world.body(alert))["result"]["completeness"] == "0.9375"
        # at the mean of what was metered
        assert alert.value == pytest.approx(144_000)


async def test_a_unit_that_measures_something_else_is_unknown(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "holder", [book("{points: ['*']}", "{over: 1}", "kWh")])
        await world.publish("gas.bfg.flare", [1500.0] * 4, DAY1)
        await world.evaluate()
        assert await world.alerts() == []
        (row,) = await subjects(world.connection, world.enterprise.e)
        assert row.reason == "other_unit"


async def test_an_enpi_over_a_figure_of_ones_own(db_pool):
    async with db_pool.acquire() as connection:
        books = [book("{enpis: [bf1.*]}", "{over: 400, resolution: day}", "kgce/t")]
        world = await World.build(connection, "furnace", books)
        for point, amount in {"coke": 512.0, "bfg": 875.0, "bfg.ncv": 3349.44, "output": 1.0}.items():
            await world.publish(f"bf1.{point}", [amount] * 96, DAY1)
        await world.evaluate()
        alert, version = await only(world, "bf1.energy")
        assert (alert.value, alert.limit_value) == (pytest.approx(412, rel=1e-3), 400)
        again = replay(version.body, version.sha256)
        assert (again.intact, again.met, again.value) == (True, True, pytest.approx(alert.value))


@pytest.mark.parametrize(
    ("watches", "condition", "unit", "reason"),
    [
        ("{points: [a]}", "{over: 1, under: 0}", "kW", "either over or under is wanted"),
        ("{points: [a]}", "{}", "kW", "either over or under is wanted"),
        ("{}", "{over: 1}", "kW", "either points or enpis are wanted"),
        ("{points: [a], enpis: [b]}", "{over: 1}", "kW", "either points or enpis are wanted"),
        ("{enpis: [b]}", "{over: 1}", "kgce/t", "an EnPI is judged over"),
        ("{points: [a]}", "{over: 1, resolution: rolling24h}", "kW", "rolling24h is for EnPIs"),
        ("{points: [a]}", "{over: 1}", "furlong", "unknown unit 'furlong'"),
    ],
)
def test_what_makes_no_sense_is_refused(watches, condition, unit, reason):
    mistakes = parse_book(RULE.format(watches=watches, condition=condition, unit=unit), "x.yaml").mistakes
    assert any(reason in m.reason for m in mistakes), mistakes
