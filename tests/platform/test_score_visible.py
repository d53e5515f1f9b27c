"""Which drifts show is said before a run: by their size against the scatter of the sound plant."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cli.score_visible import sighted
from enms.plant_file import read_plant_file
from rules.book import BUNDLED, read_books, sound_rules
from simulators.clock import to_ms
from simulators.faults import Fault, Kind
from simulators.scenario import plant_files

PLANT = read_plant_file(plant_files()[1])
RULES = sound_rules(read_books([BUNDLED]))
BEGIN = datetime(2026, 9, 1, tzinfo=ZoneInfo("Asia/Shanghai"))


def seen(fault: Fault) -> Fault:
    (found,) = sighted([fault], [PLANT], 1, RULES, BEGIN)
    return found


def drift(size: float, first_day: float, days: float, process: str = "roast") -> Fault:
    begin, end = (to_ms(BEGIN + timedelta(days=day)) for day in (first_day, first_day + days))
    return Fault(Kind.DRIFT, "demo-rare-earth", begin, end, size, "share", (), process)


def test_a_drift_beyond_the_scatter_shows() -> None:
    found = seen(drift(0.1, 16, 2))
    assert found.visible
    assert "roast.gas_rate: adds 9" in found.why


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (drift(0.01, 16, 2), "adds 1.0%, from"),
        # fourteen days are what the baseline is fitted to
        (drift(0.1, 11, 2.5), "0 whole shifts"),
        # it comes on over three hours, and one whole shift is left, where two are wanted
        (drift(0.1, 16, 0.8), "1 whole shifts"),
        (drift(0.1, 16, 2, process="leach"), "reo.energy"),
        (drift(0.1, 16, 2, process="util"), "no baseline holds its energy"),
    ],
)
def test_what_is_within_the_scatter_or_before_the_baseline_is_silent(fault: Fault, why: str) -> None:
    found = seen(fault)
    assert not found.visible
    assert why in found.why


def test_other_faults_are_left_as_they_are() -> None:
    stuck = Fault(Kind.STUCK, "demo-rare-earth", 0, 1, 0.0, "", ("site.gas.volume",))
    assert seen(stuck) == stuck
