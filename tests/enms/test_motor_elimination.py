"""Nameplates against the elimination lists."""

from __future__ import annotations

from datetime import date

import pytest

from enms.bounds import elimination, parse_elimination
from enms.errors import InputError
from enms.motor import Motor
from enms.motor_elimination import ListState, listed, readings
from enms.motor_grades import FOLDER

TODAY = date(2026, 11, 26)
POSSIBLE, NONE, CANNOT = ListState.POSSIBLE, ListState.NONE_FOUND, ListState.CANNOT_TELL


def motor(model, **changes):
    return Motor.model_validate({"code": "fan", "rated_kw": 55, "model": model} | changes)


@pytest.mark.parametrize(
    ("model", "changes", "state", "missing"),
    [
        ("JO2-51-4", {}, POSSIBLE, ()),
        ("J02-51-4", {}, POSSIBLE, ()),  # a zero where an O stands on the nameplate
        ("ＪＯ2-51-4", {}, POSSIBLE, ()),
        ("YB2-160M-4", {"year": 2003}, POSSIBLE, ()),
        ("YB2-160M-4", {"year": 2004}, NONE, ()),
        ("YB2-160M-4", {}, CANNOT, ("year",)),
        ("YB-160M-4", {}, POSSIBLE, ()),
        ("YB 160M-4", {}, POSSIBLE, ()),
        ("YB-400-4", {}, NONE, ()),
        ("YB", {}, CANNOT, ("model", "voltage_v")),
        ("YB-71-4", {"voltage_v": 380}, POSSIBLE, ()),  # the catalogue of 2024 alone begins at frame 63
        ("YB-71-4", {"voltage_v": 1140}, NONE, ()),
        ("YB-71-4", {}, CANNOT, ("voltage_v",)),
        ("YB3-160M-4", {"voltage_v": 380}, NONE, ()),
        ("JK112-2", {"voltage_v": 380, "poles": 2}, POSSIBLE, ()),
        ("JK112-2", {"voltage_v": 6000, "poles": 2}, NONE, ()),
        ("JK134-2", {"voltage_v": 6000, "poles": 2}, POSSIBLE, ()),
        ("JS136-4", {"voltage_v": 380}, POSSIBLE, ()),
        ("JS138-4", {"voltage_v": 380}, NONE, ()),
        ("YE3-250M-4", {}, NONE, ()),
        ("Y-250M-4", {"year": 1999}, NONE, ()),  # believed to be in the second batch, which nobody has read
        ("250M-4", {}, NONE, ()),
        (None, {}, CANNOT, ("model",)),
    ],
)
def test_what_the_lists_say(model, changes, state, missing):
    verdict = listed(motor(model, **changes), TODAY)
    assert (verdict.state, verdict.missing) == (state, missing)
    assert bool(verdict.matches) == (state is POSSIBLE)


def test_a_match_says_of_which_lists():
    verdict = listed(motor("YB-160M-4", voltage_v=380), TODAY)
    assert [row.list for row, _ in verdict.matches] == ["第三批", "产业结构调整指导目录（2024年本）"]
    assert all("unreviewed" in cited.review for _, cited in verdict.matches)


def test_a_list_says_nothing_before_it_was_published():
    assert listed(motor("JO2-51-4"), date(2009, 12, 3)).state is NONE
    assert listed(motor("JO2-51-4"), date(2009, 12, 4)).state is POSSIBLE


def test_digits_without_a_separator_are_read_both_ways():
    assert list(readings("YB280M-4")) == [("YB", 280), ("YB2", 80)]
    assert list(readings("YB2160M-4")) == [("YB", 2160), ("YB2", 160)]


def test_every_row_of_motors_can_be_read_and_no_other_row_pretends_to():
    for row in elimination().rows:
        assert bool(row.motors) == (row.equipment == "motor"), row.patterns
    text = (FOLDER / "elimination.yaml").read_text(encoding="utf-8")
    broken = text.replace("frames: [80, 355]", "frames: [355, 80]").replace(
        "motors: [{series: [YB2]", "motors: [{serie: [YB2]"
    )
    with pytest.raises(InputError) as caught:
        parse_elimination(broken, "elimination.yaml")
    assert len({mistake.line for mistake in caught.value.mistakes}) == 2
