"""Why did this shift use more: shifts of a process side by side, and which carrier made the difference.

Each shift is held against what is usual: the shifts of the week before, energy over output. A difference in unit
consumption is taken apart exactly: an input's contribution is its own unit consumption now less the usual one, and
the contributions add up to the whole difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

# Fewer shifts than this are no custom.
FEWEST = 3


@dataclass(frozen=True, slots=True)
class ShiftInput:
    """One energy input of a shift: signed kgce as in the boundary; None: unknown."""

    point: str
    carrier: str | None
    kgce: float | None


@dataclass(frozen=True, slots=True)
class ShiftValue:
    """An EnPI over one shift. Energy and output have their gaps filled, as the value has.

    Attributes:
        per_kgce: value units per (kgce per output unit).
    """

    shift: str
    start: datetime
    end: datetime
    value: float | None
    low: float | None
    high: float | None
    completeness: float
    state: str
    reason: str | None
    energy_tce: float | None
    output: float | None
    per_kgce: float
    inputs: Sequence[ShiftInput]


@dataclass(frozen=True, slots=True)
class Contribution:
    """One energy input of a shift against what is usual, in the EnPI's unit; None: unknown.

    Attributes:
        tce: with its sign in the boundary: what is recovered is negative.
        delta: per_output less usual.
    """

    point: str
    carrier: str | None
    tce: float | None
    per_output: float | None
    usual: float | None
    delta: float | None


@dataclass(frozen=True, slots=True)
class ShiftRun:
    """One shift.

    Attributes:
        shift: code, as in the plant file.
        usual: unit consumption of the week before; None: fewer than `FEWEST` whole shifts.
        delta: value less usual.
        contributions: what made the difference, the greatest first.
    """

    shift: str
    start: datetime
    end: datetime
    value: float | None
    low: float | None
    high: float | None
    completeness: float
    state: str
    reason: str | None
    energy_tce: float | None
    output: float | None
    usual: float | None
    usual_shifts: int
    delta: float | None
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True)
class ShiftComparison:
    """The shifts of an EnPI's process, oldest first."""

    enpi: str
    name_zh: str
    name_en: str
    process: str | None
    unit: str
    output_unit: str
    runs: tuple[ShiftRun, ...]


def compared(shown: Sequence[ShiftValue], earlier: Sequence[ShiftValue]) -> tuple[ShiftRun, ...]:
    """The shifts shown, each against the known ones among `earlier`, weighed by output."""
    custom = [one for one in earlier if one.value is not None and one.output]
    known = len(custom) >= FEWEST
    output = sum(one.output or 0.0 for one in custom)
    usual = _usual_inputs(custom, output) if known else {}
    energy = sum((one.energy_tce or 0.0) * 1000 * one.per_kgce for one in custom)
    mean = energy / output if known else None
    return tuple(_run(one, mean, usual, len(custom)) for one in shown)


def _usual_inputs(custom: Sequence[ShiftValue], output: float) -> dict[str, float]:
    """Unit consumption of every input that all of these shifts have."""
    found: dict[str, float] = {}
    counts: dict[str, int] = {}
    for one in custom:
        for part in one.inputs:
            if part.kgce is not None:
                found[part.point] = found.get(part.point, 0.0) + part.kgce * one.per_kgce / output
                counts[part.point] = counts.get(part.point, 0) + 1
    return {point: value for point, value in found.items() if counts[point] == len(custom)}


def _run(one: ShiftValue, mean: float | None, usual: dict[str, float], customs: int) -> ShiftRun:
    parts = [_contribution(one, part, usual.get(part.point)) for part in one.inputs]
    parts.sort(key=lambda part: -abs(part.delta) if part.delta is not None else 0.0)
    return ShiftRun(
        shift=one.shift,
        start=one.start,
        end=one.end,
        value=one.value,
        low=one.low,
        high=one.high,
        completeness=one.completeness,
        state=one.state,
        reason=one.reason,
        energy_tce=one.energy_tce,
        output=one.output,
        usual=mean,
        usual_shifts=customs,
        delta=None if one.value is None or mean is None else one.value - mean,
        contributions=tuple(parts),
    )


def _contribution(one: ShiftValue, part: ShiftInput, usual: float | None) -> Contribution:
    per = part.kgce * one.per_kgce / one.output if part.kgce is not None and one.output else None
    return Contribution(
        point=part.point,
        carrier=part.carrier,
        tce=None if part.kgce is None else part.kgce / 1000,
        per_output=per,
        usual=usual,
        delta=None if per is None or usual is None else per - usual,
    )
