"""Wear shows in what the instruments say, by the product's own method, where the truth says that it does."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from enms.motor import Motor
from enms.motor_efficiency import Method, Operating, compare, learn, method_of
from enms.motor_slip import load_by_slip
from enms.plant import Plant
from simulators.chooser import Chooser
from simulators.clock import to_ms
from simulators.faults import Fault, Kind
from simulators.scenario import Scenario
from tests.simulators.read_back import rows

START = datetime(2026, 11, 15, 16, tzinfo=UTC)
WEAR_FROM = START + timedelta(hours=84)


def _operated(motor: Motor, scenario: Scenario, hours: float) -> list[Operating]:
    """Means of what its instruments said, by the quarter hour."""
    by = motor.points.driven_output or motor.points.speed
    said: dict[tuple[str, int], list[float]] = defaultdict(list)
    for row in rows(scenario.readings(START, START + timedelta(hours=hours))):
        if row.point in {motor.points.power, by}:
            said[row.point, int((row.t - START) / timedelta(minutes=15))].append(row.value)
    found = []
    for n in range(int(hours * 4)):
        power, shown = (said.get((code or "", n)) for code in (motor.points.power, by))
        if power and shown:
            mean = sum(shown) / len(shown)
            output = mean if motor.points.driven_output else (load_by_slip(motor, mean) or 0) * motor.rated_kw
            found.append(Operating(START + n * timedelta(minutes=15), sum(power) / len(power), output))
    return found


@pytest.mark.parametrize(
    ("code", "size", "shown"), [("u1.circ_pump", 1.5, True), ("u2.id_fan", 4.5, True), ("u2.id_fan", 1.5, False)]
)
def test_wear_is_found_beyond_the_uncertainty_and_not_within(
    plants: dict[str, Plant], code: str, size: float, shown: bool
) -> None:
    plant = plants["demo-power"]
    motor = next(m for m in plant.motors if m.code == code)
    fault = Fault(
        Kind.MOTOR_DEGRADATION, "demo-power", to_ms(WEAR_FROM), to_ms(START + timedelta(days=9)), size, "",
        motor=code, process=motor.process,
    )  # fmt: skip
    ran = _operated(motor, Scenario.load([plant], 1, [fault]), 112)
    method = method_of(motor)
    assert isinstance(method, Method)
    classes = {name: 0.01 if name == "speed" else 0.5 for name in ("power", "speed", "driven_output")}
    reference = learn(motor, method, ran[:288])
    assert reference is not None
    sound = compare(motor, reference, ran[288:336], classes)
    worn = compare(motor, reference, ran[352:], classes)
    assert sound is not None
    assert worn is not None
    assert abs(sound.loss) < 0.5 * sound.uncertainty
    assert worn.loss == pytest.approx(size / 95, rel=0.25)
    assert (worn.loss > worn.uncertainty) is shown


def test_some_wear_can_be_told_and_the_rest_says_why_not(plants: dict[str, Plant]) -> None:
    found = [
        fault
        for plant in plants.values()
        for seed in range(1, 6)
        for fault in Chooser(plant, seed, to_ms(START), 30).choose([Kind.MOTOR_DEGRADATION])
    ]
    told = {fault.visible: fault.why for fault in found}
    assert set(told) == {True, False}
    assert all(fault.why for fault in found)
    assert all("metered" in fault.why for fault in found if fault.visible)
    assert any("input power alone" in fault.why for fault in found if not fault.visible)
