"""An energy performance indicator (ISO 50006): boundary energy over qualified output, and how sure it is.

    value = sum of sign x kgce / output

Arithmetic only; `db.performance` brings the amounts. Conventions:

- Missing is never 0. An input without any amount leaves the value unknown. One with gaps is taken to have gone on at
  its own mean through them (energy and output have different gaps, and a bare ratio would be wrong by their
  difference); the range grows by all that was filled in, and completeness says how much was metered.
- Completeness is that of the worst input.
- The range [low, high] is a root sum of squares of accuracy classes, register steps and what was filled in.
- Output of zero is *idle*, not a value: energy stays in the totals of longer periods.
- Where heat is supplied beside power (a generating unit's EnPI) the energy is that of the power alone,

    value = sum of sign x kgce x (1 - alpha) / output,    alpha = heat supplied / all heat that left the boiler

  over the whole span: shares of heat are made of sums, not averaged. Where heat is named for a part of the span only
  the value is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import hypot

from enms.enpi_inputs import Input, Part
from enms.enpi_ratio import Ratio
from enms.enpi_reasons import Reason, Why
from enms.enpi_totals import added_up, estimated_share_of, total_of, uncertainty_of
from enms.enpi_verdict import LimitVerdict
from enms.heat_share import Share, unknown_heat


class State(StrEnum):
    """What is known of an EnPI over a span."""

    KNOWN = "known"
    IDLE = "idle"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class EnpiValue:
    """An EnPI over [start, end).

    Attributes:
        value: in `unit`; None when idle or unknown, and `reason` says why.
        low, high: its range.
        completeness: of the worst input, 0 to 1.
        estimated_share: of the boundary's energy (weighed by size) or of output, whichever is greater.
        energy_kgce, output: metered, over what was covered; None where an input has nothing. Energy is without
            the share of heat supplied.
        whole_energy_kgce, whole_output: the same with gaps filled in: what the value is the quotient of.
        energy_half_kgce, output_half: half widths of their ranges.
        provisional: the span is not over; the value is of what is closed.
        alpha: share of heat supplied; None where it is not known, or the EnPI is not about heat and power.
    """

    start: datetime
    end: datetime
    value: float | None
    low: float | None
    high: float | None
    unit: str
    completeness: float
    estimated_share: float
    state: State
    reason: Reason | None
    energy_kgce: float | None
    output: float | None
    whole_energy_kgce: float | None
    whole_output: float | None
    output_unit: str
    limit: LimitVerdict | None
    provisional: bool
    inputs: tuple[Input, ...]
    energy_half_kgce: float = 0.0
    output_half: float = 0.0
    alpha: float | None = None

    @property
    def unclassed(self) -> tuple[str, ...]:
        """Points it stands on whose meters are of no known class, by code: its range may be wider."""
        return tuple(sorted({code for one in self.inputs for code in one.unclassed}))


def enpi_value(
    start: datetime, end: datetime, inputs: Sequence[Input], ratio: Ratio, *, provisional: bool = False
) -> EnpiValue:
    """The EnPI over a span, without a limit.

    Args:
        start, end: the span.
        inputs: energy and output; outputs in units that convert to `ratio.output`.
        ratio: units.
        provisional: the span is not over.
    """
    energy, output, heat, total_heat = ([i for i in inputs if i.part is part] for part in Part)
    whole_output = total_of(output, ratio.output, filled=True)
    burnt = total_of(energy, None, filled=True)
    of_heat = unknown_heat(energy, heat, total_heat)
    reason = _unknown(energy, output) or of_heat
    share = Share.of(heat, total_heat) if of_heat is None else None
    whole_energy = None if burnt is None or share is None else burnt * (1 - share.value)
    value = low = high = None
    energy_half = output_half = 0.0
    state = State.UNKNOWN
    if reason is None and share is not None and whole_output is not None and whole_energy is not None:
        energy_half = hypot(uncertainty_of(energy, None) * (1 - share.value), (burnt or 0.0) * share.half)
        output_half = uncertainty_of(output, ratio.output)
        if whole_output <= 0:
            state, reason = State.IDLE, Reason(Why.IDLE)
        else:
            state = State.KNOWN
            value = whole_energy / whole_output * ratio.per_kgce
            half = hypot(energy_half / whole_output * ratio.per_kgce, value * output_half / whole_output)
            low, high = value - half, value + half
    metered = total_of(energy, None, filled=False)
    return EnpiValue(
        start=start,
        end=end,
        value=value,
        low=low,
        high=high,
        unit=ratio.symbol,
        completeness=min((i.completeness for i in inputs), default=0.0),
        estimated_share=max(estimated_share_of(energy), estimated_share_of(output)),
        state=state,
        reason=reason,
        energy_kgce=None if metered is None or share is None else metered * (1 - share.value),
        output=total_of(output, ratio.output, filled=False),
        whole_energy_kgce=whole_energy,
        whole_output=whole_output,
        output_unit=ratio.output,
        limit=None,
        provisional=provisional,
        inputs=tuple(inputs),
        energy_half_kgce=energy_half,
        output_half=output_half,
        alpha=share.value if share is not None and (heat or total_heat) else None,
    )


def together(values: Sequence[EnpiValue], start: datetime, end: datetime, ratio: Ratio) -> EnpiValue:
    """Parts of a span as one: every input's amounts added up over the parts it is in, in order of time."""
    found: dict[tuple[Part, int, str, str], list[Input]] = {}
    for value in values:
        for one in value.inputs:
            found.setdefault((one.part, one.sign, one.point, one.unit), []).append(one)
    return enpi_value(start, end, [added_up(parts) for parts in found.values()], ratio)


def _unknown(energy: Sequence[Input], output: Sequence[Input]) -> Reason | None:
    missing = tuple(i.point for i in output if not i.known)
    if missing or not output:
        return Reason(Why.OUTPUT_MISSING, missing)
    for why in (Why.NO_FACTOR, Why.NCV_MISSING):
        if names := tuple(i.point for i in energy if not i.known and i.problem is why):
            return Reason(why, names)
    missing = tuple(i.point for i in energy if not i.known)
    return Reason(Why.ENERGY_MISSING, missing) if missing or not energy else None
