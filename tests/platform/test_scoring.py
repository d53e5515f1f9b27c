"""Alerts held against the truth: found, missed, raised for nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cli.scoring import SHOWN_BY, Raised, concerns, looks_for, match, watched
from enms.plant_file import read_plant_file
from rules.book import BUNDLED, read_books, sound_rules
from simulators.clock import day_start, to_utc
from simulators.faults import Fault, Kind
from simulators.scenario import plant_files

STEEL = read_plant_file(plant_files()[0])
DAY = timedelta(days=1)
HOUR = 3_600_000
T = day_start(to_utc(1_790_000_000_000).date())


def fault(kind: Kind, begin: int = T, hours: float = 4, **more: object) -> Fault:
    point = more.pop("point", "bf1.elec.active_energy")
    return Fault(kind, "demo-steel", begin, begin + round(hours * HOUR), 1.0, "", (str(point),), **more)


def alert(looks: str, subject: str, after_h: float = 1, hours: float | None = 2, plant: str = "demo-steel") -> Raised:
    started = to_utc(T) + timedelta(hours=after_h)
    resolved = None if hours is None else started + timedelta(hours=hours)
    return Raised(plant, looks, looks, subject, started, resolved, started + timedelta(minutes=30))


def test_a_fault_is_found_by_a_rule_that_shows_it_on_its_subject_in_its_time() -> None:
    gap = fault(Kind.GAP)
    found = match([gap], [alert("data_quality/silent", "bf1.elec.active_energy")], [STEEL], [Kind.GAP])
    assert (found.score.recall, found.score.precision) == (1, 1)
    assert found.score.delay_p50_s == 5400
    assert (found.missed, found.false) == ((), ())


@pytest.mark.parametrize(
    "wrong",
    [
        alert("motor_idle", "bf1.elec.active_energy"),
        alert("data_quality/silent", "bf2.elec.active_energy"),
        alert("data_quality/silent", "bf1.elec.active_energy", after_h=6),
        alert("data_quality/silent", "bf1.elec.active_energy", after_h=-8, hours=2),
        alert("data_quality/silent", "bf1.elec.active_energy", after_h=-8, hours=None),  # it was there before
        alert("data_quality/silent", "bf1.elec.active_energy", plant="demo-power"),
    ],
)
def test_another_kind_subject_time_or_plant_is_for_nothing(wrong: Raised) -> None:
    found = match([fault(Kind.GAP)], [wrong], [STEEL], [Kind.GAP])
    assert (found.score.recall, found.score.precision) == (0, 0)
    assert found.false == (wrong,)
    assert sum(one.false for one in found.score.by_kind.values()) == 1


def test_a_silent_fault_is_not_to_be_found_but_may_explain() -> None:
    silent = fault(Kind.DISORDER, visible=False)
    found = match([silent], [alert("data_quality/silent", "bf1.elec.active_energy")], [STEEL], list(Kind))
    assert (found.score.recall, found.score.precision, found.score.by_kind) == (None, 1, {})


def test_nothing_to_find_and_nothing_raised_is_no_figure() -> None:
    score = match([], [], [STEEL], []).score
    assert (score.recall, score.precision, score.delay_p50_s) == (None, None, None)


def test_a_daily_fault_begins_when_it_first_acts() -> None:
    motor = "coking.dust_fan"
    idle = fault(Kind.MOTOR_IDLE, begin=T + 20 * HOUR, hours=48, point=f"{motor}.power", motor=motor, daily=(540, 900))
    raised = alert("motor_idle", motor, after_h=34)
    assert match([idle], [raised], [STEEL], [Kind.MOTOR_IDLE]).score.delay_p50_s == 3600 + 1800


def test_a_meters_fault_is_seen_where_its_readings_go() -> None:
    seen = concerns(fault(Kind.STUCK, point="bf1.coke.mass"), STEEL)
    assert {"bf1.coke.mass", "bf1.process_energy", "site.energy"} <= seen
    assert "bf2.process_energy" not in seen


def test_every_rule_that_is_loaded_has_a_name_in_the_table_or_shows_no_fault() -> None:
    rules = sound_rules(read_books([BUNDLED]))
    assert {Kind.GAP, Kind.MOTOR_IDLE, Kind.MOTOR_UNDERLOAD} <= watched(rules) <= set(SHOWN_BY)
    assert "data_quality/silent" in {looks_for(rule) for rule in rules}
