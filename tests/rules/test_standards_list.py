"""The whole catalogue: every row says where it is from; equipment grades by their formulas and tables."""

from __future__ import annotations

from datetime import date

import pytest

from enms import bounds, equipment_grades, factor_files
from enms.carbon import bought_power, carbon_factor
from enms.carriers import carriers
from enms.catalogue_file import parse_limits
from enms.errors import InputError, NotFoundError
from enms.motor_grades import FOLDER
from enms.standards_list import standard_rows


def test_every_row_has_its_origin_and_only_examples_are_unsure():
    rows = standard_rows()
    kinds = {row.kind for row in rows}
    assert len(kinds) == 11
    for row in rows:
        assert all((row.standard, row.edition, row.item, row.name.zh, row.unit, row.clause, row.source)), row
        assert "unreviewed" in row.review
        assert row.confidence in {"A", "A-", "B"} or row.kind == "target"


def test_the_worked_pump():
    assert equipment_grades.pump_grades("single_suction_5_300", 100, 50, 2900) == pytest.approx(
        (79.79, 77.79, 72.79), abs=0.01
    )
    assert equipment_grades.pump_grades("single_suction_5_300", 400, 50, 2900) is None
    with pytest.raises(NotFoundError):
        equipment_grades.pump_grades("double_suction_50_600", 100, 50, 2900)


def test_a_transformer_is_of_the_grade_that_both_losses_meet():
    assert equipment_grades.transformer_grade(100, "silicon_steel", "Dyn11", 0.12, 1.14) == 1
    assert equipment_grades.transformer_grade(100, "silicon_steel", "Dyn11", 0.12, 1.5) == 3
    assert equipment_grades.transformer_grade(100, "silicon_steel", "Dyn11", 0.2, 1.0) is None
    assert max(row.kva for row in equipment_grades.transformers().rows) < 630


def test_bounds_and_targets():
    assert bounds.bound("unbalance_normal")[0].high == 2
    assert bounds.bound("power_factor_160kva_hv")[0].low == 0.9
    plan = next(row for row in bounds.targets().rows if row.key == "plan_supply_coal")
    assert (plan.value, plan.example) == (305, True)


@pytest.mark.parametrize(
    ("parse", "file"),
    [
        (equipment_grades.parse_transformers, "transformer_losses_gb20052-2024.yaml"),
        (equipment_grades.parse_boilers, "boiler_grades_gb24500-2020.yaml"),
        (equipment_grades.parse_fans, "fan_grades_gb19761-2020.yaml"),
        (equipment_grades.parse_pumps, "pump_grades_gb19762-2025.yaml"),
        (bounds.parse_bounds, "bounds_gbt15543-2008.yaml"),
        (bounds.parse_elimination, "elimination.yaml"),
        (factor_files.parse_fuels, "carbon_fuels.yaml"),
        (factor_files.parse_power, "carbon_power.yaml"),
        (factor_files.parse_process, "carbon_process.yaml"),
    ],
)
def test_confidence_c_and_a_lost_edition_are_refused_together(parse, file):
    text = (FOLDER / file).read_text(encoding="utf-8")
    broken = "\n".join(line for line in text.splitlines() if not line.startswith("edition:"))
    with pytest.raises(InputError) as caught:
        parse(broken.replace("\nconfidence: ", "\nconfidence: C #"), file)
    places = {mistake.place for mistake in caught.value.mistakes}
    assert {"edition", "confidence"} <= places


COEFFICIENTS = (FOLDER / "carriers.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        # a figure of confidence C is never carried as one
        ('"Coal gangue"}, unit: kg, kgce: null', '"Coal gangue"}, unit: kg, kgce: 0.1786', "gangue"),
        ("kgce: 0.7143, kj: 20934", "kgce: 0.7143, kj: 29034", "raw_coal"),
        ("clause: T/CISA 416-2024, confidence: A-,", "clause: T/CISA 416-2024, confidence: C,", "nitrogen"),
    ],
)
def test_a_coefficient_that_cannot_be_right_is_refused(before, after, place):
    assert before in COEFFICIENTS
    with pytest.raises(InputError) as caught:
        factor_files.parse_coefficients(COEFFICIENTS.replace(before, after), "carriers.yaml")
    assert {place in mistake.place for mistake in caught.value.mistakes} == {True}


def test_a_coefficient_without_review_or_dates_is_refused():
    lines = [line for line in COEFFICIENTS.splitlines() if not line.startswith(("review:", "effective_from:"))]
    with pytest.raises(InputError) as caught:
        factor_files.parse_coefficients("\n".join(lines), "carriers.yaml")
    places = {mistake.place for mistake in caught.value.mistakes}
    assert {"review", "effective_from", "carriers[raw_coal].review"} <= places


def test_what_is_not_certain_is_shown_and_never_counted_with():
    assert carriers()["gangue"].default is None
    assert carriers()["oxygen"].default is None
    assert carriers()["oxygen"].alternatives[0].kgce == 0.4
    shown = [row for row in standard_rows() if row.item == "oxygen"]
    assert ["not counted with" in row.binds.en for row in shown] == [True]


def test_grid_factors_of_all_regions_are_there_and_one_counts():
    regions = {row.region for row in bought_power().rows if row.carrier == "electricity"}
    assert len(regions) == 31
    assert carbon_factor("electricity", date(2026, 11, 26)).tco2_per_unit == 0.6479
    text = (FOLDER / "carbon_power.yaml").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="default region"):
        factor_files.parse_power(text.replace("default_region: 内蒙古", "default_region: 西藏"), "carbon_power.yaml")


def test_level_2_below_level_1_is_in_the_source_and_stays():
    text = (FOLDER / "gb21258-2024.yaml").read_text(encoding="utf-8")
    rows = {row.item: row.levels for row in parse_limits(text, "gb21258-2024.yaml").limits}
    assert {item for item, (one, two, _) in rows.items() if one is not None and two is not None and two < one} == {
        "sc_600",
        "sc_300",
        "subcritical_600",
        "subcritical_300",
    }
