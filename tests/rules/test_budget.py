"""Budgets: what was used so far against the plan's share, at three levels, with completeness."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.alerts import evidence
from db.budgets import budget_courses, budget_days, year_of
from db.energy import Period
from db.rules import subjects
from db.supplies import budget_versions
from db.totals import cuts_of
from enms.alerts import Truth
from enms.budgeting import project, student_90
from enms.carbon import carbon_factor
from enms.errors import PlantFileError
from enms.plant_file import parse_plant
from rules.book import BUNDLED, read_book
from rules.replay import replay
from tests.rules.world import PLANTS, World

NEW_YEAR = datetime(2025, 12, 31, 16, tzinfo=UTC)
DAY = timedelta(days=1)
AHEAD = {"budget_ahead", "budget_well_ahead", "budget_far_ahead"}
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
    (ahead,) = [a for a in await world.alerts() if a.subject == "tce-2026" and a.rule in AHEAD]
    assert (ahead.rule, ahead.severity, ahead.fired_at) == ("budget_ahead", "notice", NEW_YEAR + 30 * DAY)
    assert (ahead.value, ahead.limit_value, ahead.unit) == (pytest.approx(3.0), 2, "%")
    await burn(world, 160.0, 10)
    await world.evaluate()
    found = {a.rule: a for a in await world.alerts() if a.subject == "tce-2026" and a.rule in AHEAD}
    assert set(found) == AHEAD
    for alert in found.values():
        version = (await evidence(world.connection, alert))[-1]
        again = replay(version.body, version.sha256)
        assert (again.intact, again.met, again.value) == (True, True, pytest.approx(alert.value))
    body = await world.body(ahead)
    assert body["budget"]["amount"] == "36.5"
    assert body["result"]["completeness"] == "1"
    assert [line["what"] for line in body["arithmetic"]] == ["used", "share", "plan_so_far", "value", "completeness"]
    # 1.8 %: the first is within its deadband, the others are over
    await burn(world, 40.0, 10)
    await world.evaluate()
    states = {a.rule: a.state for a in await world.alerts() if a.subject == "tce-2026" and a.rule in AHEAD}
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


async def test_a_heating_value_told_late_is_judged_again(db_pool):
    async with db_pool.acquire() as connection:
        plant = parse_plant(PLANT.replace("role: consumed", "role: purchased"), "burnt")
        world = await World.build(connection, plant, [read_book(BUNDLED / "budget.yaml")])
        await coal(world, 0.03, 35, NEW_YEAR)  # 20.5 of the 100 kgce a day
        await burn(world, 80.0, 35)
        await world.evaluate()
        assert [a for a in await world.alerts("budget_ahead") if a.subject == "tce-2026"] == []
        await world.publish("coal.ncv", [30.0] * (96 * 35), NEW_YEAR)  # 30.7 of them
        await world.evaluate()
        (ahead,) = [a for a in await world.alerts("budget_ahead") if a.subject == "tce-2026"]
        assert (ahead.fired_at, ahead.value) == (NEW_YEAR + 30 * DAY, pytest.approx(10.7, abs=0.1))


async def test_coal_in_tonnes_from_the_day_the_plan_is_for(planned):
    february = NEW_YEAR + 31 * DAY
    # before the plan begins: does not count
    await coal(planned, 50.0, 31, NEW_YEAR)
    await coal(planned, 10.6, 31, february)
    await burn(planned, 100.0, 62)
    await planned.evaluate()
    found = {a.rule: a for a in await planned.alerts() if a.subject == "coal-2026" and a.rule in AHEAD}
    assert set(found) == {"budget_ahead", "budget_well_ahead"}
    assert found["budget_well_ahead"].value == pytest.approx(6.0)
    assert found["budget_well_ahead"].fired_at == february + 30 * DAY


async def test_a_year_end_is_projected_with_a_band_and_a_date_and_three_levels_say_how_sure_it_is(planned):
    world = planned
    await coal(world, 0.0, 70, NEW_YEAR)
    # weeks of 91 to 105 kg a day: the plan's 100 kg are within the band
    for week in range(9):
        await burn(world, 91.0 + 7 * (week % 3), 7)
    await world.evaluate()
    found = {a.rule: a for a in await world.alerts() if a.subject == "tce-2026" and a.rule not in AHEAD}
    assert set(found) == {"budget_may_be_exceeded"}
    assert found["budget_may_be_exceeded"].certainty == "possible"
    # 130 kg a day: whatever the scatter, the plan will not do
    await burn(world, 130.0, 56)
    await coal(world, 0.0, 60, NEW_YEAR + 70 * DAY)
    await world.evaluate()
    found = {a.rule: a for a in await world.alerts() if a.subject == "tce-2026" and a.rule not in AHEAD}
    assert set(found) == {"budget_may_be_exceeded", "budget_likely_exceeded", "budget_will_be_exceeded"}
    assert found["budget_will_be_exceeded"].certainty == "confirmed"
    for alert in found.values():
        version = (await evidence(world.connection, alert))[-1]
        again = replay(version.body, version.sha256)
        assert (again.intact, again.met) == (True, True)
        assert again.value == pytest.approx(alert.value)
    body = json.loads((await evidence(world.connection, found["budget_likely_exceeded"]))[0].body)
    assert body["projection"]["method"] == "constant_mean_of_blocks"
    # it fires on the first day on which the expected sum passes the plan before the year is over
    assert "2026-12-24" <= body["projection"]["crossing"] <= "2026-12-31"


async def test_non_fossil_power_and_feedstock_are_deducted_as_the_measure_says(db_pool):
    green = """
enterprise: {code: green, name: {zh: 绿电, en: Green}, industry: other}
factors:
  - {carrier: coke, unit: kg, kgce: 1.0, source: round figures for tests}
points:
  - {code: grid, carrier: electricity, role: purchased, reading: register, unit: kWh}
  - {code: wind, carrier: electricity, role: consumed, reading: register, unit: kWh, parent: grid}
  - {code: coke, carrier: coke, role: purchased, reading: register, unit: kg}
  - {code: carburant, carrier: coke, role: consumed, reading: register, unit: kg, parent: coke}
budgets:
  - {code: tce, measure: tce, year: 2026, amount: 1000, non_fossil: [wind], feedstock: [carburant]}
  - {code: tco2, measure: tco2, year: 2026, amount: 1000, non_fossil: [wind], feedstock: [carburant]}
"""
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(green, "green.yaml"), [read_book(BUNDLED / "budget.yaml")])
        for point, amount in (("grid", 96_000.0), ("wind", 24_000.0), ("coke", 9_600.0), ("carburant", 960.0)):
            await world.publish(point, [amount / 96] * 96, NEW_YEAR)
        cuts = await cuts_of(connection, world.enterprise.e)
        for version in (await budget_versions(connection, world.enterprise.e)).values():
            budget = version[-1].budget
            start, _ = year_of(budget, cuts)
            (day,) = await budget_days(connection, world.enterprise, budget, [Period(start, start + DAY)])
            if budget.code == "tce":
                # MWh of wind at the calorific value, and the coke that is no fuel, are off
                assert day.used == pytest.approx((96_000 - 24_000) * 0.1229 / 1000 + 9.6 - 0.96)
            else:
                coke = carbon_factor("coke", start.date()).tco2(9_600, "kg", 9_600)
                assert day.used == pytest.approx((96 - 24) * 0.6479 + coke)


LATE_YEAR = """
enterprise: {code: planned, name: {zh: 计划, en: Planned}, industry: other}
factors:
  - {carrier: coke, unit: kg, kgce: 1.0, source: round figures for tests}
points:
  - {code: coke, carrier: coke, role: purchased, reading: register, unit: kg}
budgets:
  - {code: tce-2026, measure: tce, year: 2026, since: 2026-10-15, amount: 7.8}
"""


async def test_a_budget_that_was_exceeded_stays_so_when_its_year_is_over(db_pool):
    begin, end = datetime(2026, 10, 14, 16, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC)
    months = [datetime(2026, 11, 30, 16, tzinfo=UTC), end]
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(LATE_YEAR, "late.yaml"), [read_book(BUNDLED / "budget.yaml")])
        await burn(world, 103.0, 40, begin)
        await world.evaluate()
        await burn(world, 103.0, 30)
        await world.evaluate()
        assert {a.state for a in await world.alerts()} == {"firing"}
        await burn(world, 103.0, 12)
        await world.evaluate()
        found = {a.rule: a for a in await world.alerts()}
        assert set(found) == {
            "budget_ahead", "budget_may_be_exceeded", "budget_likely_exceeded", "budget_will_be_exceeded"
        }  # fmt: skip
        for alert in found.values():
            assert (alert.state, alert.closed, alert.resolved_at) == ("resolved", "period_over", end)
            assert alert.value == pytest.approx(3.0)
            versions = await evidence(connection, alert)
            windows = [datetime.fromisoformat(json.loads(v.body)["window"]["end"]) for v in versions]
            assert windows == [alert.fired_at, *months]
            for version in versions:
                again = replay(version.body, version.sha256)
                assert (again.intact, again.met) == (True, True)
        # told anew, in another order, it is the same; and a year that came to less cleared when it did
        story = await world.story()
        await burn(world, 50.0, 30, begin + 45 * DAY)
        await world.evaluate()
        (ahead,) = await world.alerts("budget_ahead")
        assert (ahead.closed, ahead.resolved_at) == ("cleared", begin + 47 * DAY)
        # no month's close was over
        assert (await world.body(ahead))["window"]["end"] == f"{ahead.fired_at:%Y-%m-%dT%H:%M:%SZ}"
        await burn(world, 103.0, 30, begin + 45 * DAY)
        await world.evaluate()
        assert await world.story() == story
        assert {a.closed for a in await world.alerts() if not a.retracted} == {"period_over"}


@pytest.mark.parametrize("roll", ["in_time", "corrected", "plain", "early"])
async def test_next_years_plan_under_the_same_code_annuls_nothing_of_the_year_before(db_pool, roll):
    begin, end = datetime(2026, 10, 14, 16, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC)
    text = LATE_YEAR.replace("tce-2026", "tce")
    following = text.replace("year: 2026, since: 2026-10-15, amount: 7.8", "year: 2027, amount: 36.5")
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(text, "late.yaml"), [read_book(BUNDLED / "budget.yaml")])
        await burn(world, 103.0, 70, begin)
        await world.evaluate()
        if roll == "early":
            await world.change(following)
        await burn(world, 103.0, 8)
        await world.evaluate()
        story = await world.story()
        assert {a.closed for a in await world.alerts()} == {"period_over"}
        if roll == "plain":
            await world.change(following)
        elif roll != "early":
            await world.change(following, effective_from=end)
        await burn(world, 103.0, 40)
        await world.evaluate()
        found = await world.alerts()
        assert {a.closed for a in found if a.resolved_at == end} == {"period_over"}
        # and this year's own plan is judged, by itself
        (ahead,) = [a for a in found if a.rule == "budget_ahead" and a.fired_at > end]
        assert (ahead.state, ahead.started_at, ahead.value) == ("firing", end + 29 * DAY, pytest.approx(3.0))
        assert (await world.body(ahead))["budget"]["year"] == "2027"
        assert [told for told in await world.story() if told[4] == end] == story
        if roll == "corrected":
            # from the beginning, for last year too
            changed = following.replace("kgce: 1.0", "kgce: 1.01").replace(
                "unit: kg}", "unit: kg, accuracy_class: 0.5}"
            )
            await world.change(changed)
        else:
            await burn(world, 206.0, 1, end - DAY)
        await world.evaluate()
        found = [a for a in await world.alerts() if a.resolved_at == end]
        assert {a.closed for a in found} == {"period_over"}
        assert len(found) == len(story)
        came_to = 78 * 103.0 * 1.01 if roll == "corrected" else 79 * 103.0
        (ahead,) = [a for a in found if a.rule == "budget_ahead"]
        assert ahead.value == pytest.approx((came_to / 7800 - 1) * 100)
        body = await world.body(ahead)
        assert (body["budget"]["year"], float(body["result"]["used"])) == ("2026", pytest.approx(came_to / 1000))


async def test_a_years_plan_that_was_a_mistake_is_gone_with_its_correction(db_pool):
    """Told by that the plan that follows is for an earlier year."""
    begin, end = datetime(2026, 10, 14, 16, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC)
    following = LATE_YEAR.replace("year: 2026, since: 2026-10-15", "year: 2027")
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(LATE_YEAR, "late.yaml"), [read_book(BUNDLED / "budget.yaml")])
        await burn(world, 103.0, 78, begin)
        await world.change(following)
        await burn(world, 103.0, 40)
        await world.evaluate()
        assert [a for a in await world.alerts() if a.fired_at > end]
        enterprise, now = world.enterprise, end + 40 * DAY
        assert [(c.budget.year, c.start) for c in await budget_courses(connection, enterprise, now)] == [(2027, end)]
        # before the next year has begun this year's plan is still the one
        courses = await budget_courses(connection, enterprise, end - DAY)
        assert [(c.budget.year, c.until) for c in courses] == [(2026, end - DAY)]
        await world.change(LATE_YEAR)
        await world.evaluate()
        assert [a for a in await world.alerts() if a.fired_at > end and not a.retracted] == []
        assert {a.closed for a in await world.alerts() if a.resolved_at == end} == {"period_over"}


INJECTING = """
enterprise: {code: works, name: {zh: 钢厂, en: Works}, industry: steel}
points:
  - {code: grid, carrier: electricity, role: purchased, reading: register, unit: kWh}
  - {code: coal, carrier: anthracite, role: purchased, reading: register, unit: t}
budgets:
  - {code: tco2, measure: tco2, year: 2026, amount: 3650}
"""
ANALYSED = """carbon_factors:
  - {carrier: anthracite, unit: t, carbon: 0.75, oxidation: 0.96, effective_to: 2026-01-20, source: laboratory}
  - {carrier: anthracite, unit: t, carbon: 0.77, oxidation: 0.96, effective_from: 2026-01-21, source: laboratory again}
"""


async def test_a_carbon_budget_counts_by_what_the_site_analysed_and_freezes_where_that_is_from(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(
            connection, parse_plant(INJECTING, "works.yaml"), [read_book(BUNDLED / "budget.yaml")]
        )
        await world.publish("grid", [1000 / 96] * 96 * 31, NEW_YEAR)
        await world.publish("coal", [4.5 / 96] * 96 * 31, NEW_YEAR)
        await world.evaluate()
        assert await world.alerts() == []
        (row,) = await subjects(connection, world.enterprise.e, "budget_ahead")
        assert (row.truth, row.reason) == (Truth.UNKNOWN, "anthracite: no_carbon_factor")
        # the laboratory's figure makes a year of it, from its beginning
        await world.change(INJECTING + ANALYSED)
        await world.evaluate()
        (ahead,) = [a for a in await world.alerts() if a.rule == "budget_well_ahead"]
        first, version = await evidence(connection, ahead)
        again = replay(version.body, version.sha256)
        assert (again.intact, again.met, again.value) == (True, True, pytest.approx(ahead.value))
        body = json.loads(first.body)
        # judged on the first day on which it may be, the thirtieth
        tonnes = 30 * 0.6479 + 4.5 * (20 * 0.75 + 10 * 0.77) * 0.96 * 44 / 12
        assert float(body["result"]["used"]) == pytest.approx(tonnes, rel=1e-6)
        frozen = [(one["carrier"], one["since"], one["formula"], one["source"]) for one in body["carbon"]]
        first, *_, last = [one for one in frozen if one[0] == "anthracite"]
        assert first == ("anthracite", "2026-01-01", "0.75 tC/t x 0.96 x 44/12", "site: laboratory")
        assert last == ("anthracite", "2026-01-21", "0.77 tC/t x 0.96 x 44/12", "site: laboratory again")
        assert "electricity" in {one[0] for one in frozen}


def test_deductions_must_be_meters_of_what_is_deducted():
    text = PLANT.replace("amount: 36.5", "amount: 36.5, non_fossil: [coke, sun], feedstock: [coal.ncv]")
    with pytest.raises(PlantFileError) as refused:
        parse_plant(text, "x.yaml")
    assert {m.reason for m in refused.value.mistakes} == {
        "coke is no electricity",
        "unknown point 'sun'",
        "coal.ncv has no carrier",
    }


@given(st.lists(st.floats(0, 1e3), min_size=7, max_size=120), st.integers(0, 300), st.floats(1, 1e5))
def test_a_projection_is_a_band_around_what_days_use_and_crosses_once(daily, left, amount):
    used = sum(daily)
    found = project(used, daily, left, amount)
    assert found is not None
    assert found.course[0].expected == used
    for point in found.course:
        assert used - 1e-6 <= point.low <= point.expected + 1e-6
        assert point.expected <= point.high
    assert found.end.expected == pytest.approx(used + found.per_day * left)
    edges = [d for d in (found.earliest, found.crossing, found.latest) if d is not None]
    assert edges == sorted(edges)


def test_too_few_days_are_no_projection():
    assert project(6.0, [1.0] * 6, 100, 50.0) is None
    assert student_90(6) == pytest.approx(1.440, abs=0.001)


def test_a_budget_without_an_amount_is_refused_with_its_line():
    with pytest.raises(PlantFileError) as refused:
        parse_plant(PLANT.replace(", amount: 36.5", "").replace("tce-2026", "coal-2026"), "x.yaml")
    assert {(m.line, m.reason) for m in refused.value.mistakes} == {
        (10, "is missing"),
        (11, "'coal-2026' is there twice"),
    }
