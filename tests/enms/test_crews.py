"""Rosters come round, later ones take over, and one shift may be different."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from pydantic import ValidationError

from enms.crews import CrewBook, Duty, Override
from enms.errors import PlantFileError
from enms.plant_file import parse_plant
from enms.roster import Roster

FIRST = date(2026, 1, 1)
ROSTER = Roster.model_validate(
    {
        "starts": FIRST,
        "crews": [{"code": "a", "name": {"zh": "甲班", "en": "Crew A"}}, {"code": "b"}],
        "days": [{"night": "a", "day": "b"}, {"night": "b", "day": "a"}, {"day": "a"}],
    }
)


def test_days_come_round_again_and_before_the_first_nobody_says() -> None:
    book = CrewBook([ROSTER], [])
    assert [book.duty(FIRST + timedelta(days=n), "night").crew for n in (0, 1, 2, 3, 301)] == ["a", "b", None, "a", "b"]
    assert book.duty(FIRST - timedelta(days=1), "night") == Duty(None, None)
    assert CrewBook([], []).duty(FIRST, "night").crew is None


def test_a_later_roster_takes_over_on_its_day_and_leaves_the_past() -> None:
    later = Roster.model_validate({"starts": date(2026, 6, 1), "crews": [{"code": "c"}], "days": [{"night": "c"}]})
    book = CrewBook([later, ROSTER], [])
    assert book.duty(date(2026, 5, 31), "night").crew != "c"
    assert book.duty(date(2026, 6, 1), "night").crew == "c"
    assert book.duty(date(2026, 6, 1), "day").crew is None
    assert book.names("zh") == {"c": "c", "a": "甲班", "b": "b"}


def test_one_shift_is_different_until_it_is_taken_back() -> None:
    override = Override(FIRST, "night", "b", "替班", "王工")
    assert CrewBook([ROSTER], [override]).duty(FIRST, "night") == Duty("b", "a", override)
    back = Override(FIRST, "night", None, "没有替", "王工")
    assert CrewBook([ROSTER], [back]).duty(FIRST, "night") == Duty("a", "a")


def test_a_roster_with_crews_nobody_knows_is_a_mistake() -> None:
    with pytest.raises(ValidationError, match="unknown crew 'x'"):
        Roster.model_validate({"starts": FIRST, "crews": [{"code": "a"}], "days": [{"night": "x"}]})
    with pytest.raises(ValidationError, match="'a' is there twice"):
        Roster.model_validate({"starts": FIRST, "crews": [{"code": "a"}, {"code": "a"}], "days": [{"night": "a"}]})


def test_the_plant_file_knows_its_shifts() -> None:
    head = "enterprise: {code: w, name: {zh: 厂, en: Works}, industry: steel}\n"
    roster = "roster: {starts: 2026-01-01, crews: [{code: a}], days: [{night: a}, {late: a}]}\n"
    with pytest.raises(PlantFileError, match="unknown shift 'late'"):
        parse_plant(head + roster, "w.yaml")
    plant = parse_plant(head + roster.replace("late", "eve"), "w.yaml")
    assert plant.roster is not None
    assert plant.roster.days == ({"night": "a"}, {"eve": "a"})
