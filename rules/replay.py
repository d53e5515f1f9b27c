"""Judging an alert's evidence again from the evidence alone: the same verdict at any later time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from enms.carriers import TceBasis
from enms.catalogue import BindingLimit, Correction, Edition, LimitRow
from enms.corrections import corrected
from enms.enpi_judging import judge
from enms.enpi_ratio import Ratio
from enms.enpi_verdict import Verdict
from enms.motor import Motor
from enms.motors import Load, load_from_power
from enms.names import Name
from enms.performance import enpi_value
from rules import (
    balance,
    budget,
    enpi_baseline,
    enpi_threshold,
    max_demand_now,
    motor_efficiency_evidence,
    motor_register,
    power_factor,
    quality_replay,
    supply_coal,
    voltage,
)
from rules.enpi_inputs import enpi_input
from rules.evidence import digest
from rules.kind import Kind
from rules.metered import number

Again = Callable[[Mapping[str, Any]], tuple[bool | None, float | None, float | None]]
AGAIN: dict[str, Again] = {
    Kind.MOTOR_EFFICIENCY: motor_efficiency_evidence.replayed,
    Kind.MOTOR_REGISTER: motor_register.replayed,
    Kind.DATA_QUALITY: quality_replay.replayed,
    Kind.THRESHOLD: enpi_threshold.replayed,
    Kind.POWER_FACTOR: power_factor.replayed,
    Kind.MAX_DEMAND: max_demand_now.replayed,
    Kind.VOLTAGE_UNBALANCE: voltage.replayed,
    Kind.VOLTAGE_DEVIATION: voltage.replayed,
    Kind.BALANCE: balance.replayed,
    Kind.BUDGET: budget.replayed,
    Kind.ENPI_BASELINE: enpi_baseline.replayed,
    Kind.SUPPLY_COAL_RATE: supply_coal.replayed,
}
"""Kinds whose own module judges their evidence again."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the evidence says when it is judged again.

    Attributes:
        intact: the text still has the hash it was frozen with.
        met: the condition; None: this kind has nothing to compute.
        value, limit: compared, in the rule's unit.
    """

    intact: bool
    met: bool | None
    value: float | None
    limit: float | None


def replay(text: str, sha256: str) -> Replayed:
    """Judge evidence again.

    Args:
        text: canonical JSON as frozen.
        sha256: the hash it was frozen with.
    """
    body: dict[str, Any] = json.loads(text)
    intact = digest(text) == sha256
    kind = body["rule"]["kind"]
    if kind == "enpi_limit":
        return Replayed(intact, *_enpi(body))
    if kind in {"motor_underload", "motor_idle"}:
        return Replayed(intact, *_motor(body))
    if kind == "motor_overload":
        return Replayed(intact, *_overload(body))
    again = AGAIN.get(kind)
    return Replayed(intact, *again(body)) if again is not None else Replayed(intact, None, None, None)


def _name(of: dict[str, str]) -> Name:
    return Name(zh=of["zh"], en=of["en"])


def _enpi(body: dict[str, Any]) -> tuple[bool, float | None, float | None]:
    inputs = [enpi_input(one) for one in body["inputs"]]
    window, result = body["window"], body["result"]
    ratio = Ratio.of(result["output_unit"], result["unit"])
    start, end = datetime.fromisoformat(window["start"]), datetime.fromisoformat(window["end"])
    value = enpi_value(start, end, inputs, ratio)
    claimed = {c["input"]: number(c["given"]) for c in body["corrections"]}
    limit = corrected(_binding(body), claimed, ())
    verdict = judge(value, TceBasis(body["boundary"]["basis"]), limit, min_completeness=0.0)
    return verdict.verdict is Verdict.OVER, value.value, verdict.limit


def _binding(body: dict[str, Any]) -> BindingLimit:
    limit = body["limit"]
    level = int(limit["level"])
    first, second, third = (number(value) for value in limit["levels"])
    edition = Edition(
        standard=limit["standard"],
        edition=limit["edition"],
        title=_name(limit["title"]),
        effective_from=date.fromisoformat(limit["effective_from"]),
        effective_to=None if limit["effective_to"] is None else date.fromisoformat(limit["effective_to"]),
        existing_level=level,
        new_level=level,
    )
    row = LimitRow(
        edition=edition,
        item=limit["item"],
        also=(),
        name=_name(limit["name"]),
        levels=(first, second, third),
        unit=limit["unit"],
        printed_unit=limit["unit"],
        basis=TceBasis(limit["basis"]),
        boundary=_name(limit["boundary"]),
        denominator=_name(limit["denominator"]),
        period=limit["period"],
        clause=limit["clause"],
        source=limit["source"],
        confidence=limit["confidence"],
        review=limit["review"],
        corrections=tuple(_correction(c) for c in body["corrections"]),
    )
    return BindingLimit(row, level, row.levels[level - 1], limit["because"], None)


def _correction(of: dict[str, Any]) -> Correction:
    return Correction(
        input=of["input"],
        rule=of["rule"],
        value=float(of["per"]),
        below=number(of["below"]),
        above=number(of.get("above")),
        at_most_points=number(of["at_most_points"]),
        table=tuple((float(x), float(y)) for x, y in of.get("table", ())),
        levels=tuple(int(level) for level in of.get("levels", (1, 2, 3))),
        unit=of["unit"],
        required=of["required"],
        name=_name(of["name"]),
    )


def _motor(body: dict[str, Any]) -> tuple[bool | None, float | None, float | None]:
    limit, metered = body["limit"], body["inputs"][0]
    below, not_below = float(limit["load_factor_below"]), float(limit["and_not_below"])
    mean, low, high = (number(metered[key]) for key in ("mean_kw", "low_kw", "high_kw"))
    if body["method"]["by"] != "power" or mean is None:
        factor = greatest = number(body["result"]["value"])
    else:
        motor = Motor.model_validate(body["nameplate"])
        factor, greatest = (_factor(motor, kw) for kw in (mean, high if high is not None else mean))
    if factor is None or greatest is None:
        return None, factor, below
    energised = low is None or low >= float(limit["energised_kw"])
    met = not_below <= factor < below and energised and greatest < below + float(body["rule"]["deadband"])
    return met, factor, below


def _overload(body: dict[str, Any]) -> tuple[bool | None, float | None, float | None]:
    above, metered = float(body["limit"]["load_factor_above"]), body["inputs"][0]
    mean, low = (number(metered[key]) for key in ("mean_kw", "low_kw"))
    if body["method"]["by"] != "power" or mean is None:
        factor = least = number(body["result"]["value"])
    else:
        motor = Motor.model_validate(body["nameplate"])
        factor, least = (_factor(motor, kw) for kw in (mean, low if low is not None else mean))
    if factor is None or least is None:
        return None, factor, above
    return factor > above and least > above - float(body["rule"]["deadband"]), factor, above


def _factor(motor: Motor, kilowatts: float) -> float | None:
    load = load_from_power(motor, kilowatts)
    return load.factor if isinstance(load, Load) else None
