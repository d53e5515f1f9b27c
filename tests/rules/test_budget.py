"""Budgets: what was used so far against the plan's share, at three levels, with completeness."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from db.alerts import evidence
from db.rules import subjects
from enms.errors import PlantFileError
from enms.plant_file import parse_plant
from rules.book import BUNDLED, read_book
from rules.replay import replay
from tests.rules.world import PLANTS, World

NEW_YEAR = datetime(2025, 12, 31, 16, tzinfo=UTC)
DAY = timedelta(days=1)
PLANT = (PLANTS / "budget.yaml").read_text(encoding="utf-8")


@pytest.fixture
async def planned(db_pool):
    async with db_pool.acquire() as connection:
        yield await World.build(connection, "budget", [read_book(BUNDLED / "budget.yaml")])


async def burn(world, kilograms, days, start=None):
    """Days of coke; 100 kg a day are the plan."""
    await world.publish("coke", [kilograms / 96] * (96 * days), start or world.ends.get("coke", NEW_YEAR))


async def coal(world, tonnes, days, start):
    await world.publish("coal", [tonnes / 96] * (96 * days), start)
    await world.publish("coal.ncv", [20.0] * (96 * days), start)


async def test_three_levels_and_what_the_evidence_says(planned):
    world = planned
    await coal(world, 0.0, 50, NEW_YEAR)
    await burn(world, 103.0, 29)
    await world.evaluate()
    assert [a for a in await world.alerts() if a.subject == "tce-2026"] == []
    await burn(world, 103.0, 1)
    await world.evaluate()
    (ahead,) = [a for a in await world.alerts() if a.subject == "tce-2026"]
    assert (ahead.rule, ahead.severity, ahead.fired_at) == ("budget_ahead", "notice", NEW_YEAR + 30 * DAY)
    assert (ahead.value, ahead.limit_value, ahead.unit) == (pytest.approx(3.0), 2, "%")
    await burn(world, 160.0, 10)
    await world.evaluate()
    found = {a.rule: a for a in await world.alerts() if a.subject == "tce-2026"}
    assert set(found) == {"budget_ahead", "budget_well_ahead", "budget_far_ahead"}
    for alert in found.values():
        (version,) = await evidence(world.connection, alert)
        again = replay(version.body, version.sha256)
        assert (again.intact, again.met, again.value) == (True, True, pytest.approx(alert.value))
    body = await world.body(ahead)
    assert body["budget"]["amount"] == "36.5"
    assert body["result"]["completeness"] == "1"
    assert [line["what"] for line in body["arithmetic"]] == ["used", "share", "plan_so_far", "value", "completeness"]
    # 1.8 %: the first is within its deadband, the others are over
    await burn(world, 40.0, 10)
    await world.evaluate()
    states = {a.rule: a.state for a in await world.alerts() if a.subject == "tce-2026"}
    assert states == {"budget_ahead": "firing", "budget_well_ahead": "resolved", "budget_far_ahead": "resolved"}


async def test_a_year_that_is_not_known_is_not_judged(planned):
    await coal(planned, 0.0, 40, NEW_YEAR)
    await burn(planned, 300.0, 20)
    await planned.publish("coke", [None] * 96 * 10)
    await burn(planned, 300.0, 10)
    await planned.evaluate()
    assert [a for a in await planned.alerts() if a.subject == "tce-2026"] == []
    rows = {r.subject: r for r in await subjects(planned.connection, planned.enterprise.e, "budget_ahead")}
    assert "no_value" in rows["tce-2026"].reason or "no data" in rows["tce-2026"].reason
    await burn(planned, 300.0, 10, NEW_YEAR + 20 * DAY)
    await planned.evaluate()
    found = {a.rule: a for a in await planned.alerts() if a.subject == "tce-2026"}
    assert found["budget_far_ahead"].value == pytest.approx(200)


async def test_coal_in_tonnes_from_the_day_the_plan_is_for(planned):
    february = NEW_YEAR + 31 * DAY
    # before the plan begins: does not count
    await coal(planned, 50.0, 31, NEW_YEAR)
    await coal(planned, 10.6, 31, february)
    await burn(planned, 100.0, 62)
    await planned.evaluate()
    found = {a.rule: a for a in await planned.alerts() if a.subject == "coal-2026"}
    assert set(found) == {"budget_ahead", "budget_well_ahead"}
    assert found["budget_well_ahead"].value == pytest.approx(6.0)
    assert found["budget_well_ahead"].fired_at == february + 30 * DAY


def test_a_budget_without_an_amount_is_refused_with_its_line():
    with pytest.raises(PlantFileError) as refused:
        parse_plant(PLANT.replace(", amount: 36.5", "").replace("tce-2026", "coal-2026"), "x.yaml")
    assert {(m.line, m.reason) for m in refused.value.mistakes} == {
        (10, "is missing"),
        (11, "'coal-2026' is there twice"),
    }
