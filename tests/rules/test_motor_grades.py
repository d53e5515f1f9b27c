"""Grades of motors by standard, rated power and poles."""

from __future__ import annotations

from datetime import date

import pytest

from enms.errors import InputError, NotFoundError
from enms.motor import Motor
from enms.motor_grades import FOLDER, motor_grade_files, motor_grades, parse_motor_grades, standard_of

TODAY = date(2026, 11, 26)
TEXT = (FOLDER / "motor_grades_gb18613-2020.yaml").read_text(encoding="utf-8")


def values(standard, kw, poles):
    found = motor_grades(standard, kw, poles, on=TODAY)
    return tuple(grade.efficiency_pct for grade in found.grades)


def motor(**nameplate):
    return Motor.model_validate({"code": "m", "rated_kw": 160, "poles": 4} | nameplate)


@pytest.mark.parametrize(
    ("standard", "kw", "poles", "expected"),
    [
        ("GB 18613", 0.12, 8, (67.4, 62.3, 50.7)),
        ("GB 18613", 160, 4, (97.2, 96.6, 95.8)),
        ("GB 18613-2020", 1000, 6, (97.0, 96.6, 95.8)),
        ("GB 30254", 200, 12, (92.9, 91.8, 90.7)),
        ("GB 30254", 2500, 2, (96.8, 96.4, 95.9)),
        ("IEC 60034-30-1", 0.12, 2, (66.5, 60.8, 53.6, 45.0)),
    ],
)
def test_values_of_the_tables(standard, kw, poles, expected):
    assert values(standard, kw, poles) == expected


def test_a_power_between_two_of_the_table_is_interpolated_and_says_so():
    found = motor_grades("GB 18613", 100, 4, on=TODAY)
    low, high = values("GB 18613", 90, 4), values("GB 18613", 110, 4)
    assert found.between == (90, 110)
    assert found.rule.zh
    assert found.rule_confidence == "B"
    for grade, lo, hi in zip(found.grades, low, high, strict=True):
        assert grade.efficiency_pct == pytest.approx((lo + hi) / 2)
    assert motor_grades("GB 18613", 110, 4, on=TODAY).between is None


def test_outside_the_table_there_is_no_grade():
    assert motor_grades("GB 18613", 0.1, 4, on=TODAY) is None
    assert motor_grades("GB 18613", 1200, 4, on=TODAY) is None
    assert motor_grades("GB 18613", 160, 10, on=TODAY) is None
    assert motor_grades("GB 30254", 450, 4, on=date(2025, 8, 31)) is None
    with pytest.raises(NotFoundError, match="GB 1"):
        motor_grades("GB 1", 160, 4, on=TODAY)


@pytest.mark.parametrize(("efficiency", "grade"), [(97.2, "1"), (97.19, "1"), (97.1, "2"), (95.8, "3"), (95.7, None)])
def test_the_grade_reached(efficiency, grade):
    reached = motor_grades("GB 18613", 160, 4, on=TODAY).reached(efficiency)
    assert (reached.name if reached else None) == grade


def test_grades_of_gb_18613_are_the_classes_of_iec():
    for row in motor_grade_files()[0].rows:
        for poles, (_, second, third) in row.poles.items():
            assert values("IEC 60034-30-1", row.kw, poles)[:2] == (second, third)


def test_every_table_falls_from_grade_to_grade_and_rises_with_power():
    assert [f.standard for f in motor_grade_files()] == ["GB 18613", "GB 30254", "IEC 60034-30-1"]
    for file in motor_grade_files():
        assert "unreviewed" in file.rows[0].review
        for row in file.rows:
            assert all(list(v) == sorted(v, reverse=True) for v in row.poles.values())
        for lower, higher in zip(file.rows, file.rows[1:], strict=False):
            for poles in set(lower.poles) & set(higher.poles):
                assert all(a <= b for a, b in zip(lower.poles[poles], higher.poles[poles], strict=True))


def test_which_standard_a_motor_belongs_to():
    assert standard_of(motor(voltage_v=380)) == "GB 18613"
    assert standard_of(motor(rated_kw=630, voltage_v=6000)) == "GB 30254"
    assert standard_of(motor(rated_kw=630, voltage_v=10000)) is None
    assert standard_of(motor(rated_kw=75)) == "GB 18613"
    assert standard_of(motor(rated_kw=630)) is None
    assert standard_of(motor(type="permanent_magnet", voltage_v=380)) is None


def test_mistakes_come_all_at_once_with_lines():
    lines = TEXT.replace("confidence: A\n", "confidence: C\n", 1).splitlines()
    first = next(n for n, line in enumerate(lines) if "kw: 0.12" in line)
    lines[first] = "  - {kw: -1, poles: {2: [71.4, 66.5, 100.8]}}"
    with pytest.raises(InputError) as caught:
        parse_motor_grades("\n".join(lines), "x.yaml")
    found = caught.value.mistakes
    assert {m.line for m in found} >= {first + 1, next(n for n, t in enumerate(lines) if t == "confidence: C") + 1}
    assert any("kw" in m.place for m in found)


@pytest.mark.parametrize("gone", ["edition", "effective_from", "effective_to", "source", "review", "confidence"])
def test_a_table_without_its_provenance_is_refused(gone):
    broken = "\n".join(line for line in TEXT.splitlines() if not line.startswith(f"{gone}:"))
    with pytest.raises(InputError, match=gone):
        parse_motor_grades(broken, "x.yaml")


def test_rows_out_of_order_or_short_of_a_grade_are_refused():
    with pytest.raises(InputError, match="rise"):
        parse_motor_grades(TEXT.replace("kw: 0.18,", "kw: 0.12,"), "x.yaml")
    with pytest.raises(InputError, match="3 grades"):
        parse_motor_grades(TEXT.replace("[71.4, 66.5, 60.8]", "[71.4, 66.5]"), "x.yaml")
