"""Nameplates against the grades."""

from __future__ import annotations

from datetime import date

import pytest

from enms.motor import Motor
from enms.motor_register import GradeState, GradeWhy, grade_of
from enms.motor_series import series_of

TODAY = date(2026, 11, 26)


def motor(**changes):
    plate = {"code": "fan", "rated_kw": 55, "poles": 4, "voltage_v": 380, "efficiency_pct": 94.6}
    return Motor.model_validate(plate | changes)


@pytest.mark.parametrize(
    ("efficiency", "state", "grade"),
    [
        (94.6, GradeState.MEETS, "3"),
        (94.5, GradeState.BELOW, None),
        (95.7, GradeState.MEETS, "2"),
        (98, GradeState.MEETS, "1"),
    ],
)
def test_the_best_grade_reached(efficiency, state, grade):
    verdict = grade_of(motor(efficiency_pct=efficiency), TODAY)
    assert (verdict.state, verdict.reached and verdict.reached.name) == (state, grade)
    assert verdict.limit.efficiency_pct == 94.6
    assert verdict.table.citation.edition == "GB 18613-2020"


@pytest.mark.parametrize(
    ("changes", "why", "missing"),
    [
        ({"type": "synchronous"}, GradeWhy.NOT_COVERED, ()),
        ({"voltage_v": 10_000, "rated_kw": 1250}, GradeWhy.NOT_COVERED, ()),
        ({"voltage_v": None, "rated_kw": 1250}, GradeWhy.NOT_COVERED, ("voltage_v",)),
        ({"poles": None}, GradeWhy.NO_POLES, ("poles",)),
        ({"poles": 12}, GradeWhy.OUTSIDE, ()),
        ({"efficiency_pct": None}, GradeWhy.NO_EFFICIENCY, ("efficiency_pct",)),
    ],
)
def test_what_cannot_be_told_says_why(changes, why, missing):
    verdict = grade_of(motor(**changes), TODAY)
    assert (verdict.state, verdict.why, verdict.missing) == (GradeState.CANNOT_TELL, why, missing)


def test_before_the_edition_there_is_no_grade():
    assert grade_of(motor(), date(2021, 5, 31)).why is GradeWhy.OUTSIDE


def test_a_series_stands_in_for_a_missing_efficiency_and_a_nameplate_goes_before_it():
    verdict = grade_of(motor(model="Y2-250M-4", efficiency_pct=None), TODAY)
    assert (verdict.state, verdict.series.ie) == (GradeState.BELOW, "IE1")
    assert grade_of(motor(model="Y2-250M-4"), TODAY).series is None


@pytest.mark.parametrize(
    ("model", "prefix"),
    [
        ("YE3-315L1-4", "YE3"),
        ("yx3-225M-4", "YX3"),
        ("Y-160M-4", "Y"),
        ("YKK560-4", None),
        ("YB2-100", None),
        (None, None),
    ],
)
def test_series_by_model(model, prefix):
    found = series_of(model)
    assert (found.prefix if found else None) == prefix
