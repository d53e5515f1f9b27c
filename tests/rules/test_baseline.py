"""Energy baselines: the fit, its order, what is unknown, what is frozen, evidence that gives the same verdict."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from statsmodels.regression.linear_model import OLS

from db.alerts import evidence
from db.baselines import StoredBaseline, baselines
from db.rules import subjects
from enms.baseline import Observed, against, baseline_of, text_of
from enms.errors import ConflictError
from enms.plant_file import parse_plant
from enms.regression import NoFit, Question, fit, quantile
from rules.backtest import backtest
from rules.baseline_evidence import baseline_facts, read_baseline
from rules.baseline_fit import refit
from rules.baseline_rules import Period
from rules.book import parse_book
from rules.evidence import canonical
from rules.replay import replay
from tests.rules.world import PLANTS, World

MONDAY = datetime(2026, 11, 1, 16, tzinfo=UTC)
SHIFT = timedelta(hours=8)
OUTPUT = [10, 11, 9, 10, 12, 9.5, 10.5, 11.5, 9, 10, 11, 12]
ENERGY = [151, 159, 141, 149, 171, 144, 156, 164, 139, 151, 160, 170]
PLANT = (PLANTS / "baseline.yaml").read_text(encoding="utf-8")
BOOK = """
rules:
  - id: kiln_baseline
    kind: enpi_baseline
    title: {zh: 基准, en: Baseline}
    purpose: operational
    watches: {enpis: [kiln.process_energy]}
    condition:
      over: prediction_interval
      resolution: shift
      variables: [output]
      baseline: {from: 2026-11-02, to: 2026-11-05}
      min_observations: 10
      significance: 0.01
    unit: "%"
    severity: notice
    cadence: interval
    deadband: 0
    source: test
    notify: [energy_manager]
    runbook: {zh: 看, en: look}
"""


def question(least=5, names=(("output", "t"),)):
    return Question(MONDAY, MONDAY + 12 * SHIFT, "shift", "", names, least)


def rows(*columns, energy=ENERGY):
    steps = [(MONDAY + n * SHIFT, MONDAY + (n + 1) * SHIFT) for n in range(len(energy))]
    return [
        Observed(*step, e, tuple(map(float, x)))
        for step, e, x in zip(steps, energy, zip(*columns, strict=True), strict=True)
    ]


def test_the_interval_is_that_of_statsmodels():
    warm = [3.0, 5.5, 2.0, 8.0, 7.0, 6.5, 3.5, 4.0, 9.0, 1.0, 2.5, 5.0]
    made = fit(question(names=(("output", "t"), ("outdoor", "degC"))), rows(OUTPUT, warm), 0.0, {})
    design = [[1.0, a, b] for a, b in zip(OUTPUT, warm, strict=True)]
    told = OLS(ENERGY, design).fit().get_prediction([[1.0, 11.4, 8.0]]).summary_frame(alpha=0.01)
    t = quantile(0.01, made.freedom)
    expected, half = made.expected([11.4, 8.0]), made.half([11.4, 8.0], t)
    assert expected == pytest.approx(told["mean"].iloc[0], rel=1e-6)
    assert half == pytest.approx((told["obs_ci_upper"] - told["mean"]).iloc[0], rel=1e-5)
    found = against(made, expected + half * 1.001, [11.4, 8.0], t, 0.0)
    assert found.over_pct > found.limit_pct


def test_residuals_that_follow_one_another_widen_the_interval():
    """ASHRAE Guideline 14: n' = n (1 - r) / (1 + r)."""
    output = [100.0 + n % 7 for n in range(40)]
    wave = [3.0 if n // 5 % 2 else -3.0 for n in range(40)]
    made = fit(question(), rows(output, energy=[2 * x + w for x, w in zip(output, wave, strict=True)]), 0.0, {})
    r = 1 - made.quality.durbin_watson / 2
    assert r > 0.5
    assert made.widened == pytest.approx(((1 + r) / (1 - r)) ** 0.5)
    narrow = replace(made, widened=1.0)
    assert made.half([103.0], 2.0) == pytest.approx(made.widened * narrow.half([103.0], 2.0))
    assert baseline_of(text_of(made)) == made
    kept_before = json.dumps({key: held for key, held in json.loads(text_of(made)).items() if key != "widened"})
    assert baseline_of(kept_before) == narrow, "judged as it was"
    kept = StoredBaseline("rule", "kiln", 1, "", made.end, made.end, made, "", "", "")
    told = json.loads(json.dumps(canonical(baseline_facts(made, kept))))
    assert read_baseline(told).half([103.0], 2.0) == pytest.approx(made.half([103.0], 2.0))
    steady = fit(question(), rows(OUTPUT), 0.0, {})
    assert steady.widened == 1.0
    assert "widened" not in baseline_facts(steady, kept), "evidence of before says the same"


def test_any_order_gives_the_same_text_and_it_reads_back():
    observed = rows(OUTPUT)
    first = fit(question(), observed, 2.0, {"idle": 1})
    for seed in range(5):
        shuffled = random.Random(seed).sample(observed, len(observed))
        # the last digits of a sum depend on its order; they are not part of what was observed
        noisy = [replace(one, energy=one.energy * (1 + 1e-15 * seed)) for one in shuffled]
        assert text_of(fit(question(), noisy, 2.0, {"idle": 1})) == text_of(first)
    assert baseline_of(text_of(first)) == first
    other = [*observed[:-1], replace(observed[-1], energy=171.0)]
    assert fit(question(), other, 2.0, {}).data != first.data


def test_what_cannot_be_fitted_says_why():
    assert str(fit(question(least=13), rows(OUTPUT), 0.0, {})) == "too_few_observations: 12 < 13"
    assert fit(question(), rows([10.0] * 12), 0.0, {}) == NoFit("variable_does_not_vary", ("output",))
    twice = question(names=(("output", "t"), ("again", "t")))
    assert fit(twice, rows(OUTPUT, [2 * x for x in OUTPUT]), 0.0, {}).why == "variables_depend_on_one_another"


@pytest.fixture
async def kiln(db_pool):
    async with db_pool.acquire() as connection:
        yield lambda book=BOOK: World.build(connection, "baseline", [parse_book(book, "test.yaml")])


async def work(world, output=OUTPUT, energy=ENERGY, start=None):
    """Shifts of production (t) and energy (kWh), a quarter hour's amount each."""
    begin = start or world.ends.get("kiln.output", MONDAY)
    await world.publish("kiln.output", [x for x in output for _ in range(32)], begin)
    await world.publish("kiln.elec", [e for e in energy for _ in range(32)], begin)


async def stands(world):
    (row,) = await subjects(world.connection, world.enterprise.e)
    return row.truth, row.reason


async def test_evidence_goes_line_by_line_and_replays_to_the_same_verdict(kiln):
    world = await kiln()
    await work(world)
    await world.evaluate()
    assert await stands(world) == (2, "baseline_period")
    await work(world, [10], [165])
    await world.evaluate()
    (alert,) = await world.alerts()
    (version,) = await evidence(world.connection, alert)
    again = replay(version.body, version.sha256)
    assert (again.intact, again.met) == (True, True)
    assert (again.value, again.limit) == (
        pytest.approx(alert.value, rel=1e-12),
        pytest.approx(alert.limit_value, rel=1e-12),
    )
    body = await world.body(alert)
    assert [line["what"] for line in body["arithmetic"]][-9:] == [
        "mean_energy", "slope_of", "expected", "half_width", "excess", "allowed", "over_pct", "limit", "distance",
    ]  # fmt: skip
    baseline = body["baseline"]
    (slope,) = [v["slope"] for v in baseline["variables"]]
    assert float(slope) == pytest.approx(10 * 0.1229, rel=0.03)
    assert (baseline["n"], baseline["variables"][0]["least"], baseline["variables"][0]["greatest"]) == (
        "12",
        "288",
        "384",
    )
    assert float(baseline["quality"]["cv_rmse"]) < 0.02


async def test_a_baseline_is_frozen_whatever_comes_late(kiln):
    world = await kiln()
    await work(world)
    await work(world, [10], [165])
    await world.evaluate()
    (kept,) = await baselines(world.connection, world.enterprise.e)
    (alert,) = await world.alerts()
    before = await world.body(alert)
    await world.publish("kiln.elec", [300] * 32, MONDAY)
    await world.evaluate()
    assert await baselines(world.connection, world.enterprise.e) == [kept]
    assert await world.body(alert) == before


async def test_the_same_data_in_any_order_gives_the_same_evidence(kiln):
    world = await kiln()
    # the second day comes last, after the shift that is judged; until then there are too few
    await work(world, OUTPUT[:3], ENERGY[:3])
    await work(world, OUTPUT[6:], ENERGY[6:], MONDAY + 6 * SHIFT)
    await work(world, [10], [165])
    await world.evaluate()
    assert await stands(world) == (2, "too_few_observations: 9 < 10")
    await work(world, OUTPUT[3:6], ENERGY[3:6], MONDAY + 3 * SHIFT)
    await world.evaluate()
    other = await World.build(
        world.connection,
        parse_plant(PLANT.replace("code: works", "code: twin"), "twin"),
        [parse_book(BOOK, "test.yaml")],
    )
    await work(other)
    await work(other, [10], [165])
    await other.evaluate()
    (late,), (early,) = await world.alerts(), await other.alerts()
    assert await world.body(late) == await other.body(early) | {"enterprise": "works"}


async def test_idle_and_incomplete_shifts_are_left_out_and_counted(kiln):
    world = await kiln(BOOK.replace("2026-11-05", "2026-11-06"))
    await work(world)
    await work(world, [0.5], [60])
    await world.publish("kiln.output", [10] * 32)
    await world.publish("kiln.elec", [150] * 20 + [None] * 12)
    await work(world, [10], [150])
    await work(world, [10], [150])
    await world.evaluate()
    (kept,) = await baselines(world.connection, world.enterprise.e)
    assert (kept.baseline.n, kept.baseline.left_out) == (13, {"idle": 1, "incomplete": 1})
    await work(world, [1], [65])
    await world.evaluate()
    assert await stands(world) == (2, "idle")


async def test_out_of_range_poor_and_other_boundaries_are_unknown_and_say_so(kiln):
    world = await kiln()
    await work(world)
    await work(world, [20], [250])
    await world.evaluate()
    assert await stands(world) == (2, "beyond_baseline: output 640 (288–384 t)")
    fan = "  - {code: kiln.fan, process: kiln, carrier: electricity, reading: register, unit: kWh}"
    changed = PLANT.replace("energy: [{point: kiln.elec}]", "energy: [{point: kiln.elec}, {point: kiln.fan}]")
    changed = changed.replace("  - {code: kiln.outdoor", f"{fan}\n  - {{code: kiln.outdoor")
    await world.change(changed, effective_from=world.ends["kiln.output"])
    found = await world.connection.fetch("SELECT code, p FROM point")
    world.numbers = {row["code"]: row["p"] for row in found}
    await world.publish("kiln.fan", [5] * 32, world.ends["kiln.output"])
    await work(world, [10], [150])
    await world.evaluate()
    assert await stands(world) == (2, "boundary_changed")


async def test_a_fit_worse_than_the_rule_asks_judges_nothing(kiln):
    world = await kiln(BOOK.replace("significance: 0.01", "max_cv_rmse: 0.001"))
    await work(world)
    await work(world, [10], [165])
    await world.evaluate()
    truth, reason = await stands(world)
    assert truth == 2
    assert reason.startswith("baseline_poor: CV(RMSE)")
    assert await world.alerts() == []


async def test_points_beside_output_explain_too_and_a_missing_one_is_named(kiln):
    with_weather = BOOK.replace("variables: [output]", 'variables: [output, {point: "{process}.outdoor"}]')
    world = await kiln(with_weather)
    cold = [3, 5, 2, 8, 7, 6, 3, 4, 9, 1, 2, 5]
    energy = [50 + 10 * x + 4 * c for x, c in zip(OUTPUT, cold, strict=True)]
    await world.publish("kiln.outdoor", [c for c in cold for _ in range(32)], MONDAY)
    await work(world, OUTPUT, [e + d for e, d in zip(energy, [0.2, -0.2] * 6, strict=True)])
    await world.publish("kiln.outdoor", [8] * 32)
    await work(world, [10], [182])
    await world.evaluate()
    assert (await stands(world))[0] == 0
    (kept,) = await baselines(world.connection, world.enterprise.e)
    assert [v.code for v in kept.baseline.variables] == ["output", "kiln.outdoor"]
    assert kept.baseline.variables[1].slope == pytest.approx(4 * 32 * 0.1229, rel=0.02)
    nowhere = await kiln(BOOK.replace("variables: [output]", "variables: [output, {point: kiln.humidity}]"))
    await world.publish("kiln.outdoor", [8] * 32)
    await work(world, [10], [182])
    await nowhere.evaluate()
    assert await stands(nowhere) == (2, "variable_missing: kiln.humidity")


async def test_a_refit_that_somebody_asked_for_judges_from_where_it_holds(kiln):
    world = await kiln()
    await work(world)
    await work(world, [10], [165])
    await world.evaluate()
    (kept,) = await baselines(world.connection, world.enterprise.e)
    await work(world, OUTPUT, [1.1 * e for e in ENERGY])
    await world.evaluate()
    assert len(await world.alerts()) == 1
    rule = parse_book(BOOK, "test.yaml").rules[0]
    again = await refit(
        world.connection,
        world.enterprise,
        rule,
        "kiln.process_energy",
        Period(since=date(2026, 11, 6), until=date(2026, 11, 9)),
        now=world.tick(),
        valid_from=kept.valid_from,
        actor="wang",
        reason="second burner",
    )
    assert (again.version, again.spec, again.actor, again.reason) == (2, kept.spec, "wang", "second burner")
    await world.evaluate()
    assert all(alert.retracted for alert in await world.alerts())
    with pytest.raises(ConflictError, match="not over"):
        await refit(
            world.connection,
            world.enterprise,
            rule,
            "kiln.process_energy",
            Period(since=date(2026, 11, 7), until=date(2027, 11, 9)),
            now=world.tick(),
            valid_from=None,
            actor="wang",
            reason="too soon",
        )


async def test_a_backtest_fits_for_itself_and_keeps_nothing(kiln):
    world = await kiln("rules:\n" + BOOK.split("rules:\n")[1].replace("kiln_baseline", "other"))
    await work(world)
    await work(world, [10, 10], [150, 165])
    rule = parse_book(BOOK, "test.yaml").rules[0]
    end = world.ends["kiln.output"]
    found = await backtest(world.connection, world.enterprise, rule, MONDAY, end)
    (history,) = found.subjects
    assert (found.alerts, history.unknown) == (1, timedelta(days=4))
    assert history.reasons == {"baseline_period": timedelta(days=4)}
    assert await baselines(world.connection, world.enterprise.e) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (BOOK.replace("{from: 2026-11-02, to: 2026-11-05}", "{first_days: 4, from: 2026-11-02}"), "either first_days"),
        (BOOK.replace("2026-11-05", "2026-11-01"), "to is before from"),
        (BOOK.replace("variables: [output]", "variables: [output, output]"), "one is there twice"),
        (BOOK.replace('unit: "%"', "unit: kgce/t"), "'%'"),
        (BOOK.replace("min_observations: 10", "min_observations: 3"), "6"),
    ],
)
def test_mistakes_of_a_rule_book(wrong, said):
    (mistake,) = parse_book(wrong, "test.yaml").mistakes
    assert said in mistake.reason
