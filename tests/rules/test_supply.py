"""Settlement meters: plant file, voltage by ten minutes, evidence that says the same again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import cos, pi, sqrt

import pytest

from db.alerts import evidence
from db.plants import read_plant
from db.rules import subjects
from enms.errors import PlantFileError
from enms.plant_file import parse_plant
from enms.voltage import deviation_kept_pct, kept_by, unbalance_pct
from rules.replay import replay
from tests.rules.world import PLANTS, World

DAY1 = datetime(2026, 11, 1, 16, tzinfo=UTC)
FIVE = timedelta(minutes=5)
PLANT = (PLANTS / "supply.yaml").read_text(encoding="utf-8")


@pytest.fixture
async def buyer(db_pool):
    async with db_pool.acquire() as connection:
        yield await World.build(connection, "supply")


async def day_of(world, voltages, days=1):
    """Days of readings every five minutes, and of quarter hours to close them."""
    for point, value in voltages.items():
        await world.read(point, [value] * (288 * days), DAY1, FIVE)
        await world.publish(point, [value] * (96 * days), DAY1)
    await world.evaluate()


def lines(positive, negative):
    """Voltages between lines of a system with a negative sequence of so many per cent, in phase on AB."""
    share = negative / 100
    return [positive * sqrt(1 + share**2 + 2 * share * cos(4 * pi / 3 * k)) for k in range(3)]


@pytest.mark.parametrize("share", [0.0, 1.0, 2.5, 10.0])
def test_unbalance_of_a_known_negative_sequence(share):
    assert unbalance_pct(*lines(10.5, share)) == pytest.approx(share, abs=1e-6)


def test_three_voltages_that_are_no_triangle():
    assert unbalance_pct(10.0, 1.0, 1.0) is None
    assert unbalance_pct(0.0, 0.0, 0.0) is None


def test_the_95_percent_value_leaves_out_the_greatest_5_percent():
    assert kept_by([float(i) for i in range(1, 101)], 0.95) == 95
    assert kept_by([1.0, 9.0], 0.95) == 9
    assert deviation_kept_pct([-6.0, 5.0], 1.0, together=False) == 6
    assert deviation_kept_pct([-6.0, 5.0], 1.0, together=True) == 11
    assert deviation_kept_pct([3.0, 5.0], 1.0, together=True) == 5


async def test_unbalance_from_line_voltages(buyer):
    ab, bc, ca = lines(112.0, 2.6)
    await day_of(buyer, {"high.uab": ab, "high.ubc": bc, "high.uca": ca})
    (alert,) = await buyer.alerts("voltage_unbalance_day")
    assert (alert.subject, alert.started_at, alert.fired_at) == ("high", DAY1, DAY1 + timedelta(days=1))
    assert alert.value == pytest.approx(2.6, abs=1e-4)
    assert (alert.limit_value, alert.unit, alert.certainty) == (2, "%", "confirmed")
    assert len((await buyer.body(alert))["values"]) == 144
    (version,) = await evidence(buyer.connection, alert)
    again = replay(version.body, version.sha256)
    assert (again.intact, again.met, again.value) == (True, True, pytest.approx(alert.value))


async def test_deviation_either_way_up_to_20_kv(buyer):
    # eight values of 144 are far out: 5 % of them is seven
    await buyer.read("grid.kv", [9.2] * 16 + [10.4] * 272, DAY1, FIVE)
    await buyer.publish("grid.kv", [10.3] * 96, DAY1)
    await buyer.evaluate()
    (alert,) = await buyer.alerts("voltage_deviation_day")
    assert (alert.subject, alert.value, alert.limit_value) == ("grid", pytest.approx(8.0), 7)
    (version,) = await evidence(buyer.connection, alert)
    again = replay(version.body, version.sha256)
    assert (again.intact, again.met, again.value) == (True, True, pytest.approx(8.0))
    # seven are left out
    await buyer.read("grid.kv", [10.4] * 2, DAY1, FIVE)
    await buyer.publish("grid.kv", [10.31], DAY1)
    await buyer.evaluate()
    (alert,) = await buyer.alerts("voltage_deviation_day")
    assert alert.retracted


async def test_deviation_both_ways_together_from_35_kv(buyer):
    await buyer.read("high.uab", [104.0] * 144 + [116.0] * 144, DAY1, FIVE)
    await buyer.publish("high.uab", [110.0] * 96, DAY1)
    await buyer.evaluate()
    (alert,) = await buyer.alerts("voltage_deviation_day")
    assert (alert.value, alert.limit_value) == (pytest.approx(12 / 110 * 100), 10)


async def test_a_day_with_too_few_values_is_not_judged(buyer):
    await buyer.read("grid.kv", [12.0] * 200, DAY1, FIVE)
    await buyer.publish("grid.kv", [12.0] * 66 + [None] * 30, DAY1)
    await buyer.evaluate()
    assert await buyer.alerts("voltage_deviation_day") == []
    (row,) = await subjects(buyer.connection, buyer.enterprise.e, "voltage_deviation_day")
    assert row.reason == "incomplete"


async def test_the_bills_evidence_says_the_same_again(buyer):
    for point, amount in {"grid.kwh": 1100.0, "grid.kvarh": 800.0}.items():
        await buyer.publish(point, [amount] * 96 * 30, datetime(2026, 10, 31, 16, tzinfo=UTC))
    await buyer.evaluate()
    seen = {}
    for alert in await buyer.alerts():
        (version,) = await evidence(buyer.connection, alert)
        seen[alert.rule] = again = replay(version.body, version.sha256)
        assert (again.intact, again.met) == (True, True), alert.rule
        assert (again.value, again.limit) == (pytest.approx(alert.value), pytest.approx(alert.limit_value))
    assert {"power_factor_month", "power_factor_to_date", "max_demand_contract", "max_demand_penalised"} <= set(seen)


async def test_a_higher_contract_is_judged_from_when_it_holds(buyer):
    await buyer.publish("grid.kwh", [1100.0] * 8, DAY1)
    await buyer.evaluate()
    later = DAY1 + timedelta(hours=1)
    await buyer.change(PLANT.replace("contract_kw: 4000", "contract_kw: 5000"), effective_from=later)
    await buyer.evaluate()
    (alert,) = await buyer.alerts("max_demand_contract")
    assert (alert.started_at, alert.resolved_at) == (DAY1, later + timedelta(minutes=15))


async def test_a_plant_comes_out_as_it_went_in(buyer):
    plant = parse_plant(PLANT, "x")
    stored = await read_plant(buyer.connection, "buyer")
    assert (stored.supplies, stored.budgets) == (plant.supplies, plant.budgets)


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        (("reactive_energy: grid.kvarh", "reactive_energy: grid.kwh"), "reactive_energy", "no reactive energy"),
        (("voltage: grid.kv}", "voltage: grid.gone}"), "voltage", "unknown point 'grid.gone'"),
        (("[high.uab, high.ubc, high.uca]", "[high.uab, high.kwh, high.uca]"), "line_voltages", "no voltage"),
        ((", nominal_kv: 10,", ","), "supplies[grid]", "needs nominal_kv"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(change, place, reason):
    with pytest.raises(PlantFileError) as refused:
        parse_plant(PLANT.replace(*change), "x.yaml")
    (mistake,) = refused.value.mistakes
    assert place in mistake.place
    assert reason in mistake.reason
    assert mistake.line in {12, 13}
