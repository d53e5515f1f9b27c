"""Supply coal rates: heat taken out, a fleet by what its units supplied, what is missing is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import hypot
from types import SimpleNamespace

import pytest

from db.alerts import evidence
from db.coal_rates import UnitDay, rolled
from db.rules import subjects
from enms.coal_rate import curve_at, fleet_rate
from enms.enpi_inputs import Input, Meter, Part
from enms.enpi_ratio import Ratio
from enms.enpi_reasons import Why
from enms.errors import PlantFileError
from enms.performance import enpi_value, together
from enms.plant_file import parse_plant
from rules.backtest import backtest
from rules.book import BUNDLED, parse_book, read_book
from rules.replay import replay
from tests.rules.world import PLANTS, World

MONDAY = datetime(2026, 11, 1, 16, tzinfo=UTC)
DAY = timedelta(days=1)
PLANT = (PLANTS / "coal.yaml").read_text(encoding="utf-8")
BOOK = (BUNDLED / "coal.yaml").read_text(encoding="utf-8")
EVERYTHING = {
    "coal.ncv": 29.3076, "u1.coal": 13.8, "u1.gen": 37.5, "u1.aux": 4.0, "u1.pumps": 1.0, "u1.heat": 50.0,
    "u1.total_heat": 400.0, "u2.coal": 12.0, "u2.gen": 37.5, "u2.aux": 3.0,
}  # fmt: skip


def given(part, amount, sign=1, *, unit="kWh", covered=1.0, accuracy=0.0, step=None):
    """An input of a day; `amount` in standard coal for energy."""
    energy = part is Part.ENERGY
    return Input(
        point=f"{part}{sign}",
        part=part,
        sign=sign,
        amount=amount,
        unit="t" if energy else unit,
        kgce=amount if energy else None,
        window_s=86_400.0,
        covered_s=86_400.0 * covered,
        estimated_s=0.0,
        apportioned_s=0.0,
        meter=Meter(accuracy, None, step),
    )


def a_unit(coal, gross, house, heat=0.0, total=0.0, **other):
    inputs = [given(Part.ENERGY, coal, **other), given(Part.OUTPUT, gross), given(Part.OUTPUT, house, -1)]
    if total:
        inputs += [given(Part.HEAT, heat, unit="GJ", **other), given(Part.TOTAL_HEAT, total, unit="GJ")]
    return enpi_value(MONDAY, MONDAY + DAY, inputs, Ratio.of("kWh"))


def test_heat_is_taken_out_by_its_share():
    unit = a_unit(1380.0, 3750.0, 300.0, 50.0, 400.0)
    assert unit.alpha == 0.125
    assert unit.whole_output == 3450.0
    assert unit.value == pytest.approx(1380 * 0.875 / 3450 * 1000)
    assert unit.energy_kgce == pytest.approx(1380 * 0.875)
    assert (a_unit(1.0, 100.0, 100.0).value, a_unit(1.0, 100.0, 100.0).reason.why) == (None, Why.IDLE)
    assert str(a_unit(1380.0, 3750.0, 300.0, 500.0, 400.0).reason) == "alpha_beyond_one: total_heat1"
    assert a_unit(1380.0, 3750.0, 300.0).alpha is None


def test_the_range_has_the_scales_the_steps_and_the_share_of_heat():
    scales = a_unit(1000.0, 3000.0, 0.0, accuracy=0.5)
    assert scales.high - scales.value == pytest.approx(scales.value * 0.005)
    both = a_unit(1000.0, 3000.0, 0.0, 100.0, 400.0, accuracy=0.5)
    # b = B (1 - a) / N: half a per cent of B, and half a per cent of a = 1/4 moves 1 - a by 1/6 per cent
    assert both.high - both.value == pytest.approx(both.value * hypot(0.005, 0.005 / 3))
    steps = enpi_value(
        MONDAY,
        MONDAY + DAY,
        [given(Part.ENERGY, 1000.0), given(Part.OUTPUT, 3000.0, step=30.0)],
        Ratio.of("kWh"),
    )
    assert steps.high - steps.value == pytest.approx(steps.value * 0.01)


def test_a_fleet_counts_each_unit_by_what_it_supplied():
    fleet = fleet_rate([a_unit(3000.0, 10_000.0, 0.0, accuracy=1.0), a_unit(400.0, 1_000.0, 0.0)])
    assert fleet.value == pytest.approx(3400 / 11_000 * 1000)
    assert fleet.high - fleet.value == pytest.approx(30 / 11_000 * 1000)
    assert fleet_rate([a_unit(1.0, 100.0, 100.0)]) is None
    # one that stands still is known: it supplied nothing; one that is not known is not
    assert fleet_rate([a_unit(3000.0, 10_000.0, 0.0), a_unit(40.0, 0.0, 0.0)]).value == pytest.approx(304.0)
    assert fleet_rate([a_unit(3000.0, 10_000.0, 0.0), together([], MONDAY, MONDAY + DAY, Ratio.of("kWh"))]) is None
    winter, summer = a_unit(1000.0, 2000.0, 0.0, 100.0, 200.0), a_unit(1000.0, 3000.0, 0.0, 0.0, 200.0)
    # the share of heat over the whole span, not the mean of two shares
    year = together([winter, summer], MONDAY, MONDAY + 2 * DAY, Ratio.of("kWh"))
    assert (year.alpha, year.value) == (0.25, pytest.approx(2000 * 0.75 / 5000 * 1000))


def test_days_together_have_the_error_of_their_meters_not_less():
    days = [a_unit(1000.0, 3000.0, 0.0, accuracy=0.5) for _ in range(100)]
    whole = together(days, MONDAY, MONDAY + 100 * DAY, Ratio.of("kWh"))
    assert whole.value == pytest.approx(days[0].value)
    assert whole.high - whole.value == pytest.approx(days[0].high - days[0].value)


def test_a_curve_is_straight_between_its_points_and_says_nothing_beyond():
    curve = ((0.3, 375.0), (0.5, 345.0), (1.0, 321.0))
    assert curve_at(curve, 0.4) == pytest.approx(360.0)
    assert curve_at(curve, 1.0) == 321.0
    assert curve_at(curve, 0.29) is None
    assert curve_at(curve, 1.01) is None


@pytest.fixture
async def station(db_pool):
    async with db_pool.acquire() as connection:
        yield lambda book=BOOK: World.build(connection, "coal", [parse_book(book, "coal.yaml")])


async def run(world, days=1, **other):
    """Days of round figures; `u1_coal=13` is a quarter hour's, None is missing."""
    figures = EVERYTHING | {key.replace("__", ".").replace("_coal", ".coal"): v for key, v in other.items()}
    for code, value in figures.items():
        await world.publish(code, [value] * (96 * days), world.ends.get(code, MONDAY))


async def stands(world, rule):
    rows = await subjects(world.connection, world.enterprise.e, rule)
    return {row.subject: (row.truth, row.reason) for row in rows}


async def test_a_fleet_over_the_plan_fires_with_every_unit_in_its_evidence(station):
    world = await station(
        BOOK.replace("plan_supply_coal, min_completeness: 0.9", "plan_supply_coal, min_completeness: 0.005")
    )
    await run(world)
    await world.evaluate()
    await run(world)
    await world.evaluate()
    (alert,) = await world.alerts("coal_fleet_year")
    rate = (13.8 * 0.875 + 12.0) / (34.5 + 34.5) * 1e3
    assert alert.value == pytest.approx(rate)
    assert (alert.subject, alert.limit_value, alert.unit) == ("fleet", 305, "gce/kWh")
    body = await world.body(alert)
    assert [(one["code"], one["known"], one["days"]) for one in body["units"]] == [
        ("u1", "2", "365"),
        ("u2", "2", "365"),
    ]
    inputs = {(one["generating_unit"], one["point"]) for one in body["inputs"]}
    assert inputs >= {("u1", "u1.total_heat"), ("u2", "u2.coal")}
    assert (body["limit"]["target"], body["limit"]["confidence"]) == ("plan_supply_coal", "C")
    assert body["limit"]["review"].startswith("unreviewed")
    (version,) = await evidence(world.connection, alert)
    again = replay(version.body, version.sha256)
    assert (again.intact, again.met) == (True, True)
    assert (again.value, again.limit) == (pytest.approx(alert.value, rel=1e-9), 305)


async def test_a_fleet_that_is_not_known_for_a_year_says_so(station):
    world = await station()
    await run(world, 3)
    await world.evaluate()
    ((truth, reason),) = (await stands(world, "coal_fleet_year")).values()
    assert truth == 2
    assert reason == "too_few_days: u1 3/365: fuel_missing: u1.coal"
    assert await world.alerts("coal_fleet_year") == []


async def test_what_follows_a_replaced_scale_waits_only_until_that_is_closed_up_to_then(station):
    world = await station()
    for code, value in EVERYTHING.items():
        await world.publish(code, [value] * (92 if code == "u1.coal" else 96), MONDAY)
    await world.change(PLANT.replace("u1.coal,", "u1.scale,").replace("[u1.coal]", "[u1.scale]"), MONDAY + DAY)
    after = {"u1.scale": 13.8} | {code: value for code, value in EVERYTHING.items() if code != "u1.coal"}
    for code, value in after.items():
        await world.publish(code, [value] * 92, MONDAY + DAY)
    await world.evaluate()
    # its last hour may still come
    assert await judged_until(world) == set()
    await world.publish("u1.coal", [13.8] * 4)
    for code, value in after.items():
        await world.publish(code, [value] * 4)
    await world.evaluate()
    assert await judged_until(world) == {MONDAY + 2 * DAY}


async def judged_until(world):
    rows = await subjects(world.connection, world.enterprise.e, "coal_fleet_year")
    rows += await subjects(world.connection, world.enterprise.e, "coal_unit_day")
    return {row.evaluated_until for row in rows if row.subject in {"fleet", "u1"}}


async def test_a_unit_that_is_metered_too_coarsely_for_days_makes_its_fleet_unknown_and_is_not_left_out(db_pool):
    """Coal that is booked by the week has no day: a rate of the other unit alone would pass for the fleet's."""
    before, after = PLANT.split("{code: u2.coal,", 1)
    plant = f"{before}{{code: u2.coal," + after.replace("register, unit: t", "interval, unit: t, period_s: 604800", 1)
    book = BOOK.replace("plan_supply_coal, min_completeness: 0.9", "plan_supply_coal, min_completeness: 0.005")
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(plant, "coarse"), [parse_book(book, "coal.yaml")])
        await run(world)
        await world.evaluate()
        await run(world)
        await world.evaluate()
        assert await world.alerts("coal_fleet_year") == []
        ((truth, reason),) = (await stands(world, "coal_fleet_year")).values()
        assert (truth, reason) == (2, "too_few_days: u2 0/365: fuel_missing: u2.coal")


def test_days_from_before_heat_was_named_do_not_lend_their_coal_to_its_share():
    unit = SimpleNamespace(code="u1", model=SimpleNamespace(ratio=Ratio.of("kWh")))
    electric, both = a_unit(1000.0, 4000.0, 0.0), a_unit(1000.0, 4000.0, 0.0, 100.0, 400.0)
    days = [UnitDay(replace(electric, start=MONDAY - DAY, end=MONDAY), ""), UnitDay(both, "")]
    one = rolled(unit, days, MONDAY + DAY, timedelta(days=2))
    assert (one.known, one.days, one.missing) == (1, 2, {"heat_named_differently: u1": 1})
    assert one.value.value == pytest.approx(1000 * 0.75 / 4000 * 1000)


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ({"coal__ncv": None}, "heating_value_missing: u1.coal"),
        ({"u1__aux": None}, "auxiliary_missing: u1.aux"),
        ({"u1__total_heat": None}, "alpha_missing: u1.total_heat"),
        ({"u1__heat": None}, "heat_missing: u1.heat"),
        ({"u1__gen": 0.0, "u1__aux": 0.0, "u1__pumps": 0.0}, "idle"),
        ({"u1__gen": 80.0}, "beyond_curve: 1.07"),
        ({"u1__heat": 500.0}, "alpha_beyond_one: u1.total_heat"),
    ],
)
async def test_what_is_missing_is_named_and_nothing_is_guessed(station, gone, said):
    world = await station()
    await run(world)
    await run(world, **gone)
    await world.publish("u1.coal", [13.8] * 96)
    await world.evaluate()
    found = await backtest(
        world.connection, world.enterprise, read_book(BUNDLED / "coal.yaml").rules[1], MONDAY + DAY, MONDAY + 2 * DAY
    )
    unit = next(one for one in found.subjects if one.subject == "u1")
    assert list(unit.reasons) == [said]


@pytest.mark.parametrize(("scales", "sure"), [("0.5", "confirmed"), ("4", "possible")])
async def test_a_verdict_says_how_sure_it_is_by_scales_meters_and_heating_value(db_pool, scales, sure):
    """u2 at 376.8 over 358.8 of its curve: 5 %, which scales of 0.5 % show for certain and poor ones do not."""
    metered = PLANT.replace("unit: t, ncv: coal.ncv}", f"unit: t, ncv: coal.ncv, accuracy_class: {scales}}}")
    metered = metered.replace("unit: MWh}", "unit: MWh, accuracy_class: 0.5, resolution: 0.01}")
    metered = metered.replace("unit: MJ/kg,", f"unit: MJ/kg, accuracy_class: {scales},")
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(metered, "metered"), [parse_book(BOOK, "coal.yaml")])
        await run(world, u2_coal=13.0)
        await world.evaluate()
        (alert,) = await world.alerts("coal_unit_day", "u2")
        assert alert.certainty == sure
        body = await world.body(alert)
        of_meters = hypot(float(scales), float(scales), hypot(0.5 * 37.5, 0.5 * 3.0) / 34.5) / 100
        half = alert.value * of_meters
        assert float(body["result"]["low"]) == pytest.approx(alert.value - half, rel=1e-6)
        assert float(body["result"]["high"]) == pytest.approx(alert.value + half, rel=1e-6)
        assert body["result"]["completeness"] == "1"
        coal = next(one for one in body["inputs"] if one["point"] == "u2.coal")
        assert coal["meter"]["accuracy_class"] == coal["meter"]["heating_value_accuracy_class"] == scales


async def test_a_units_evidence_replays(station):
    world = await station()
    await run(world, u2_coal=13.0)
    await world.evaluate()
    (alert,) = await world.alerts("coal_unit_day", "u2")
    (version,) = await evidence(world.connection, alert)
    again = replay(version.body, version.sha256)
    assert (again.intact, again.met) == (True, True)
    assert (again.value, again.limit) == (pytest.approx(alert.value, rel=1e-9), pytest.approx(345 * 1.04))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("fuels: [u2.coal]", "fuels: [u2.oil]", "unknown point 'u2.oil'"),
        ("[u2.aux], rated_mw: 300", "[u2.aux]", "rated_mw"),
        ("generation: u2.gen", "generation: u2.coal", "is no energy"),
        ("[u2.aux], rated_mw: 300, curve: [[0.3, 375]", "[u2.aux], rated_mw: 300, curve: [[0.6, 375]", "greater"),
    ],
)  # fmt: skip
def test_mistakes_of_a_plant_file(old, new, said):
    with pytest.raises(PlantFileError, match=said):
        parse_plant(PLANT.replace(old, new), "coal.yaml")


@pytest.mark.parametrize(
    ("enpi", "said"),
    [
        ("generating_unit: u3", "unknown generating unit 'u3'"),
        ("generating_unit: u1, output: [u1.gen]", "output is the generating unit's"),
        ("generating_unit: u1, basis: equivalent", "on the calorific basis"),
        ("generating_unit: u1, made_of: {fuels: [u1.coal]}", "unknown key"),
        ("output: [u1.gen]", "energy is missing"),
    ],
)
def test_mistakes_of_an_enpi_of_a_unit(enpi, said):
    with pytest.raises(PlantFileError, match=said):
        parse_plant(f"{PLANT}enpis: [{{code: u1.supply_coal, {enpi}}}]\n", "coal.yaml")


def test_a_target_that_is_not_there_is_a_mistake():
    (mistake,) = parse_book(BOOK.replace("plan_supply_coal", "plan_pue"), "coal.yaml").mistakes
    assert "no such target" in mistake.reason
