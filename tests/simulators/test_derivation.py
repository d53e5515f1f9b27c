"""What the ledger's reference makes of simulated readings: nothing to notice when sound, the fault when not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from enms.findings import Finding
from enms.intervals import Interval, derive
from enms.metering import Basis
from enms.plant import Plant
from enms.readings import Origin, Quality, Reading
from enms.timeline import ConfigVersion, Timeline
from simulators.clock import to_ms
from simulators.faults import Fault, Kind
from simulators.scenario import Scenario
from tests.simulators.read_back import Row, by_point, rows

START = datetime(2026, 11, 16, 22, tzinfo=UTC)
HOURS = 8
POINT = "u2.aux.active_energy"


def _derived(plant: Plant, code: str, read: list[Row]) -> tuple[list[Interval], list[Finding]]:
    point = next(p for p in plant.points if p.code == code)
    line = Timeline([ConfigVersion(None, plant.configs()[code])], [point.installation()])
    readings = {r.t: Reading(1, 1, r.t, r.value, Quality.GOOD, Origin.METER, r.sent_at, r.start) for r in read}
    return derive(list(readings.values()), line, START + timedelta(hours=1), START + timedelta(hours=HOURS - 1))


def test_sound_readings_give_nothing_to_notice(plants: dict[str, Plant]) -> None:
    """Midnight, a skewed poll, pulses and slow registers included."""
    read = by_point(rows(Scenario.load(list(plants.values()), 1).readings(START, START + timedelta(hours=HOURS))))
    span_s = (HOURS - 2) * 3600
    for code, plant in plants.items():
        for point in plant.points:
            if point.virtual is not None:
                continue
            intervals, findings = _derived(plant, point.code, read[code, point.code])
            assert findings == [], point.code
            if (point.period_s or 60) <= 900 and point.reading != "interval":
                assert sum(i.covered_s for i in intervals) == pytest.approx(span_s), point.code
                assert all(i.basis is Basis.MEASURED for i in intervals), point.code


@pytest.mark.parametrize(
    ("kind", "size", "found"),
    [
        (Kind.SPIKE, 1.2, {"spike"}),
        (Kind.EXCHANGE, 3.0, {"register_dropped"}),
        (Kind.ROLLOVER, 0.0, set()),
        (Kind.GAP, 0.0, set()),
        (Kind.DISORDER, 600.0, set()),
        (Kind.DUPLICATE, 0.5, set()),
    ],
)
def test_a_fault_is_found_as_what_it_is(plants: dict[str, Plant], kind: Kind, size: float, found: set[str]) -> None:
    begin, end = START + timedelta(hours=3), START + timedelta(hours=4.3)
    fault = Fault(kind, "demo-power", to_ms(begin), to_ms(end), size, "", (POINT,))
    scenario = Scenario.load([plants["demo-power"]], 1, [fault])
    read = by_point(rows(scenario.readings(START, START + timedelta(hours=HOURS))))
    intervals, findings = _derived(plants["demo-power"], POINT, read["demo-power", POINT])
    assert {str(f.kind) for f in findings} - {"gap"} == found
    estimated = sum(i.estimated_s for i in intervals)
    assert estimated == pytest.approx((end - begin).total_seconds() + 60 if kind is Kind.GAP else 0.0, abs=61)
