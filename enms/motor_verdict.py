"""What is known of a motor's efficiency: its verdict over a span, absolute (by slip) and against its own reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot

from enms.motor import Motor
from enms.motor_assumptions import assumption
from enms.motor_efficiency import (
    FEWEST,
    Comparison,
    Method,
    Operating,
    Reference,
    Unable,
    compare,
    curve_kw,
    method_of,
    stability,
    unclassed,
)
from enms.motors import EfficiencyState, Load, Why, nameplate_tolerance


@dataclass(frozen=True, slots=True)
class Absolute:
    """Efficiency by slip against the nameplate: shares, with the range of the method.

    Attributes:
        value: output over input.
        low, high: by the tolerance of rated slip and the classes of the instruments.
        nameplate: the curve's value at that load.
        least: what the nameplate's tolerance (IEC 60034-1) allows.
    """

    value: float
    low: float
    high: float
    nameplate: float
    least: float


def absolute(motor: Motor, ran: Sequence[Operating], classes: Mapping[str, float | None]) -> Absolute | None:
    """Efficiency by slip over some quarter hours; None where nothing ran."""
    output, took = sum(o.output_kw for o in ran), sum(o.input_kw for o in ran)
    if not ran or took <= 0 or output <= 0:
        return None
    factor = output / len(ran) / motor.rated_kw
    instruments = stability(motor, Method.SLIP, factor, classes)
    whole = assumption("instrument_stability").value
    for name in ("power_meter", "speed_meter"):
        instruments[name] /= whole  # against a nameplate a class counts whole
    spread = hypot(assumption("rated_slip_tolerance").value, *instruments.values())
    value = output / took
    nameplate = factor * motor.rated_kw / curve_kw(motor, factor)
    least = nameplate - nameplate_tolerance(motor.rated_kw) * (1 - nameplate)
    return Absolute(value, value * (1 - spread), value * (1 + spread), nameplate, least)


@dataclass(frozen=True, slots=True)
class EfficiencyVerdict:
    """What is known of the efficiency over the last day.

    Attributes:
        why: of CANNOT_TELL.
        missing: instruments, their classes or nameplate figures that would tell.
        nameplate: the nameplate curve's value at the present load, not a measurement.
        comparison: with the reference, where there is one.
        absolute: by slip, where that is metered.
    """

    state: EfficiencyState
    why: Why | None
    missing: tuple[str, ...]
    nameplate: float | None
    comparison: Comparison | None = None
    reference: Reference | None = None
    absolute: Absolute | None = None


def judge_efficiency(
    motor: Motor,
    load: Load | None,
    reference: Reference | None = None,
    ran: Sequence[Operating] = (),
    classes: Mapping[str, float | None] | None = None,
) -> EfficiencyVerdict:
    """What can be said of the efficiency over a span; without slip or driven output, nothing."""
    curve = load.nameplate_efficiency(motor.rated_kw) if load is not None else None
    method, unable, classes = method_of(motor), EfficiencyState.CANNOT_TELL, classes or {}
    if isinstance(method, Unable):
        return EfficiencyVerdict(unable, method.why, method.missing, curve)
    if missing := unclassed(motor, method, classes):
        return EfficiencyVerdict(unable, Why.NO_CLASS, tuple(f"class_of_{name}" for name in missing), curve)
    measured = absolute(motor, ran, classes) if method is Method.SLIP else None
    if measured is not None and measured.high < measured.least:
        return EfficiencyVerdict(EfficiencyState.BELOW, None, (), curve, None, reference, measured)
    if reference is None:
        return EfficiencyVerdict(unable, Why.NO_REFERENCE, (), curve, None, None, measured)
    found = compare(motor, reference, ran, classes)
    if found is None or found.compared < FEWEST:
        return EfficiencyVerdict(unable, Why.TOO_LITTLE, (), curve, None, reference, measured)
    state = EfficiencyState.BELOW if found.loss > found.uncertainty else EfficiencyState.AS_EXPECTED
    return EfficiencyVerdict(state, None, (), curve, found, reference, measured)
