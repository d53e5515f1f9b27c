"""The whole catalogue: every row says where it is from; equipment grades by their formulas and tables."""

from __future__ import annotations

import pytest

from enms import bounds, equipment_grades
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
    ],
)
def test_confidence_c_and_a_lost_edition_are_refused_together(parse, file):
    text = (FOLDER / file).read_text(encoding="utf-8")
    broken = "\n".join(line for line in text.splitlines() if not line.startswith("edition:"))
    with pytest.raises(InputError) as caught:
        parse(broken.replace("\nconfidence: ", "\nconfidence: C #"), file)
    places = {mistake.place for mistake in caught.value.mistakes}
    assert {"edition", "confidence"} <= places
