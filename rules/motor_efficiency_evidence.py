"""What a verdict on a motor's efficiency stood on: the day's quarter hours, reference, comparison, the uncertainty part
by part; and the same verdict from that alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import hypot
from typing import Any

from enms.motor import Motor
from enms.motor_assumptions import assumption, provenance
from enms.motor_efficiency import Comparison, Operating, Reference
from enms.motor_verdict import Absolute
from enms.motors import Load, load_from_power

_ASSUMED = ("instrument_stability", "efficiency_repeatability")
_ASSUMED_BY_SLIP = ("grid_frequency_day_mean_hz", "voltage_day_mean", "rotor_resistance")


def evidence_of(
    motor: Motor,
    day: Sequence[Operating],
    reference: Reference | None,
    comparison: Comparison | None,
    measured: Absolute | None,
) -> dict[str, object]:
    """Evidence of plain values; either a comparison with a reference, or one with the nameplate."""
    edition, source, review = provenance()
    by_slip = measured is not None or (reference is not None and reference.method.value == "slip")
    keys = (*_ASSUMED, *(_ASSUMED_BY_SLIP if by_slip else ()), *(("rated_slip_tolerance",) if measured else ()))
    shared: dict[str, object] = {
        "nameplate": motor.model_dump(mode="json", exclude={"name"}),
        "quarter_hours": [{"start": one.start, "input_kw": one.input_kw, "output_kw": one.output_kw} for one in day],
        "method": {
            "edition": edition,
            "source": source,
            "review": review,
            "by": "slip" if by_slip else "driven_output",
        },
        "says": {
            "zh": "电动机本体" if by_slip else "电动机与被驱动设备整套",
            "en": "the motor" if by_slip else "the motor and what it drives, together",
        },
        "assumptions": [
            {
                "key": a.key,
                "value": a.value,
                "low": a.low,
                "high": a.high,
                "text": {"zh": a.text.zh, "en": a.text.en},
                "confidence": a.confidence,
            }
            for a in map(assumption, keys)
        ],
    }
    if reference is not None and comparison is not None:
        return shared | _against_reference(motor, reference, comparison)
    assert measured is not None
    return shared | _against_nameplate(measured)


def replayed(body: Mapping[str, Any]) -> tuple[bool, float, float]:
    """Met, value and limit, per cent: from the quarter hours, the curve and the parts of the uncertainty as frozen.

    Evidence of before quarter hours were frozen has only its result to compare.
    """
    result, day = body["result"], body.get("quarter_hours")
    value, limit = float(result["value"]), float(result["limit"])
    if "reference" in body:
        if day is not None:
            value, limit = _loss(body["reference"], day), hypot(*map(float, body["uncertainty_pct"].values()))
        return value > limit, value, limit
    if day is not None:
        value = 100 * sum(float(one["output_kw"]) for one in day) / sum(float(one["input_kw"]) for one in day)
        said = {one["what"]: float(one["result"]) for one in body["arithmetic"]}
        limit = said["allowed"] * said["efficiency"] / said["at_most"]
    return value < limit, value, limit


def _loss(reference: Mapping[str, Any], day: Sequence[Mapping[str, Any]]) -> float:
    rated, loss, no_load = (float(reference["curve"][key]) for key in ("rated_kw", "rated_loss_kw", "no_load_loss_kw"))
    scale, level, low, high = (float(reference[key]) for key in ("scale", "level", "load_low", "load_high"))
    took = expected = 0.0
    for one in day:
        factor = float(one["output_kw"]) / scale / rated
        if low <= factor <= high:
            took += float(one["input_kw"])
            expected += level * (factor * rated + no_load + factor**2 * (loss - no_load))
    return 100 * (1 - expected / took)


def _against_reference(motor: Motor, reference: Reference, comparison: Comparison) -> dict[str, object]:
    plate = load_from_power(motor, motor.rated_kw)
    assert isinstance(plate, Load)
    parts = {name: 100 * part for name, part in sorted(comparison.parts.items())}
    squares = " + ".join(f"{name}^2" for name in parts)
    return {
        "reference": {
            "start": reference.start,
            "last": reference.end,
            "quarter_hours": reference.count,
            "scale": reference.scale,
            "level": reference.level,
            "curve": {
                "rated_kw": motor.rated_kw,
                "rated_loss_kw": plate.rated_loss_kw,
                "no_load_loss_kw": plate.no_load_loss_kw,
            },
            "load_low": reference.low,
            "load_high": reference.high,
            "scatter": reference.scatter,
            "blocks": reference.blocks,
        },
        "compared_quarter_hours": comparison.compared,
        "uncertainty_pct": parts,
        "arithmetic": [
            {
                "what": "expected_input",
                "formula": "sum level x (beta PN + dP0 + beta^2 (dPN - dP0)) / 4, beta = output / scale / PN",
                "result": comparison.expected_kwh,
                "unit": "kWh",
            },
            {"what": "input", "formula": "sum P1 / 4", "result": comparison.input_kwh, "unit": "kWh"},
            {"what": "loss", "formula": "1 - expected / input", "result": 100 * comparison.loss, "unit": "%"},
            {
                "what": "uncertainty",
                "formula": f"sqrt({squares})",
                "result": 100 * comparison.uncertainty,
                "unit": "%",
            },
        ],
        "result": {"value": 100 * comparison.loss, "limit": 100 * comparison.uncertainty, "unit": "%"},
    }


def _against_nameplate(measured: Absolute) -> dict[str, object]:
    return {
        "arithmetic": [
            {"what": "efficiency", "formula": "sum P2 / sum P1", "result": 100 * measured.value, "unit": "%"},
            {
                "what": "at_most",
                "formula": "efficiency x (1 + uncertainty)",
                "result": 100 * measured.high,
                "unit": "%",
            },
            {"what": "nameplate", "formula": "curve at this load", "result": 100 * measured.nameplate, "unit": "%"},
            {
                "what": "allowed",
                "formula": "nameplate - tolerance x (1 - nameplate)",
                "result": 100 * measured.least,
                "unit": "%",
            },
        ],
        "result": {
            "value": 100 * measured.value,
            "low": 100 * measured.low,
            "high": 100 * measured.high,
            "limit": 100 * measured.least * measured.value / measured.high,
            "unit": "%",
        },
    }
