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

  over the whole span: shares of heat are made of sums, not averaged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from math import fsum, hypot, sqrt

from enms.carriers import TceBasis, carriers
from enms.catalogue import Levels, LimitRow
from enms.corrections import CorrectedLimit
from enms.units import Dimension, convert, unit

MIN_COMPLETENESS = 0.9


class State(StrEnum):
    """What is known of an EnPI over a span."""

    KNOWN = "known"
    IDLE = "idle"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """An EnPI against its limit; by the point value, as an inspector compares it."""

    WITHIN = "within"
    OVER = "over"
    UNKNOWN = "unknown"


class Certainty(StrEnum):
    """Confirmed: the whole range is on the value's side of the limit."""

    CONFIRMED = "confirmed"
    POSSIBLE = "possible"


class Why(StrEnum):
    """Why there is no value, or no verdict."""

    OUTPUT_MISSING = "output_missing"
    ENERGY_MISSING = "energy_missing"
    NCV_MISSING = "heating_value_missing"
    NO_FACTOR = "no_conversion_factor"
    HEAT_MISSING = "heat_missing"
    ALPHA_MISSING = "alpha_missing"
    ALPHA_BEYOND = "alpha_beyond_one"
    IDLE = "idle"
    INCOMPLETE = "incomplete"
    NO_LIMIT = "no_limit_declared"
    NO_EDITION = "no_edition_in_force"
    STRADDLES = "straddles_editions"
    NO_LEVEL = "no_level_for_this_line"
    CORRECTION_MISSING = "correction_input_missing"
    CORRECTION_BEYOND = "correction_input_beyond_table"
    OTHER_UNIT = "limit_in_another_unit"
    OTHER_BASIS = "limit_on_another_basis"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, and the names of what is missing (codes of points, inputs of corrections)."""

    why: Why
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.why}: {', '.join(self.names)}" if self.names else str(self.why)


class Part(StrEnum):
    """What an input is to an EnPI; heat supplied and all heat of the boiler say whose share of the energy counts."""

    ENERGY = "energy"
    OUTPUT = "output"
    HEAT = "heat"
    TOTAL_HEAT = "total_heat"


@dataclass(frozen=True, slots=True)
class Meter:
    """What makes an input's amount uncertain.

    Attributes:
        accuracy_class: per cent of reading, the worst of the meters of the span.
        ncv_accuracy_class: the same of the heating value, where one is measured.
        step: smallest step of the register, as an amount; None for other readings.
        calibrated: the oldest calibration of the meters of the span.
    """

    accuracy_class: float | None = None
    ncv_accuracy_class: float | None = None
    step: float | None = None
    calibrated: date | None = None


@dataclass(frozen=True, slots=True)
class ConversionUsed:
    """How an amount became standard coal.

    Attributes:
        by: `heating_value` (measured), `site_factor` or `table`.
        kgce_per_amount: mean over the span.
        ncv: code of the point that measures the heating value.
        edition, source, confidence, review: of a factor.
    """

    by: str
    kgce_per_amount: float | None
    ncv: str | None = None
    edition: str | None = None
    source: str | None = None
    confidence: str | None = None
    review: str | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """One metered point's part in an EnPI over a span.

    Attributes:
        sign: +1 or -1 in the boundary.
        amount: metered, in `unit`, over the covered seconds; None: nothing.
        kgce: of energy: standard coal of the amount that could be converted.
        window_s: seconds it should have covered; covered_s: seconds whose amount (and kgce) is known.
        estimated_s: of these, spread across a gap of which only the total is known.
        conversion: how amount became kgce, for evidence.
        problem: why there is no kgce.
    """

    point: str
    part: Part
    sign: int
    amount: float | None
    unit: str
    kgce: float | None
    window_s: float
    covered_s: float
    estimated_s: float
    apportioned_s: float
    conversion: ConversionUsed | None = None
    problem: Why | None = None
    meter: Meter = Meter()

    @property
    def completeness(self) -> float:
        return self.covered_s / self.window_s if self.window_s > 0 else 0.0

    @property
    def known(self) -> bool:
        """Whether there is anything to go by."""
        quantity = self.kgce if self.part is Part.ENERGY else self.amount
        return quantity is not None and self.covered_s > 0

    def filled(self, quantity: float) -> float:
        """The quantity over the whole window, at the mean of what was covered."""
        return quantity * self.window_s / self.covered_s

    def uncertainty(self, quantity: float) -> float:
        """Half width of the range of the filled quantity (kgce, or output)."""
        per_amount = abs(quantity / self.amount) if self.amount else 0.0
        classes = (self.meter.accuracy_class or 0.0, self.meter.ncv_accuracy_class or 0.0)
        filled = self.filled(quantity)
        parts = (
            *(abs(filled) * c / 100 for c in classes),
            (self.meter.step or 0.0) * per_amount,
            abs(filled - quantity),
        )
        return sqrt(sum(p * p for p in parts))


@dataclass(frozen=True, slots=True)
class LimitVerdict:
    """An EnPI against the level that binds its line.

    Attributes:
        limit: corrected, in the EnPI's unit; None: no verdict.
        level: which one binds; levels: all three, corrected.
        row: the catalogue's row with edition, clause, source and review mark.
        reason: of UNKNOWN.
    """

    verdict: Verdict
    certainty: Certainty | None
    limit: float | None
    level: int | None
    levels: Levels | None
    row: LimitRow | None
    corrected: CorrectedLimit | None
    reason: Reason | None

    @property
    def edition(self) -> str | None:
        """Edition of the standard."""
        return self.row.edition.edition if self.row is not None else None


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


OF_POWER = {"kWh/t": ("t", 1.0), "kWh/kg": ("kg", 1.0), "%": ("kWh", 100.0)}
"""Units of EnPIs of electricity alone, by its calorific value: output unit, value units per (kWh per output unit)."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Units of an EnPI: kgce/t for a product by mass, gce/kWh for electricity; kWh/t and % where all of it is power.

    Attributes:
        symbol: of the value.
        output: unit of the output.
        per_kgce: value units per (kgce per output unit).
    """

    symbol: str
    output: str
    per_kgce: float

    @classmethod
    def of(cls, output_unit: str, wanted: str | None = None) -> Ratio:
        """The ratio for an output metered in some unit; `wanted`: a unit of `OF_POWER`, or what it would be anyway."""
        if wanted is not None and wanted in OF_POWER:
            output, scale = OF_POWER[wanted]
            power = carriers()["electricity"].default
            assert power is not None, "the table has electricity by its calorific value"
            return cls(wanted, output, scale / power.per("kWh"))
        dimension = unit(output_unit).dimension
        if dimension is Dimension.MASS:
            return cls("kgce/t", "t", 1.0)
        if dimension is Dimension.ENERGY:
            return cls("gce/kWh", "kWh", 1e3)
        return cls(f"kgce/{output_unit}", output_unit, 1.0)


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
    whole_output = _total(output, ratio.output, filled=True)
    burnt = _total(energy, None, filled=True)
    of_heat = _unknown_heat(heat, total_heat)
    reason = _unknown(energy, output) or of_heat
    share = Share.of(heat, total_heat) if of_heat is None else None
    whole_energy = None if burnt is None or share is None else burnt * (1 - share.value)
    value = low = high = None
    energy_half = output_half = 0.0
    state = State.UNKNOWN
    if reason is None and share is not None and whole_output is not None and whole_energy is not None:
        energy_half = hypot(_uncertainty(energy, None) * (1 - share.value), (burnt or 0.0) * share.half)
        output_half = _uncertainty(output, ratio.output)
        if whole_output <= 0:
            state, reason = State.IDLE, Reason(Why.IDLE)
        else:
            state = State.KNOWN
            value = whole_energy / whole_output * ratio.per_kgce
            half = hypot(energy_half / whole_output * ratio.per_kgce, value * output_half / whole_output)
            low, high = value - half, value + half
    metered = _total(energy, None, filled=False)
    return EnpiValue(
        start=start,
        end=end,
        value=value,
        low=low,
        high=high,
        unit=ratio.symbol,
        completeness=min((i.completeness for i in inputs), default=0.0),
        estimated_share=max(_estimated(energy), _estimated(output)),
        state=state,
        reason=reason,
        energy_kgce=None if metered is None or share is None else metered * (1 - share.value),
        output=_total(output, ratio.output, filled=False),
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


@dataclass(frozen=True, slots=True)
class Share:
    """Share of heat supplied in all heat that left the boiler, with the half width of its range."""

    value: float = 0.0
    half: float = 0.0

    @classmethod
    def of(cls, heat: Sequence[Input], total_heat: Sequence[Input]) -> Share:
        """Of known inputs; none where no heat is supplied."""
        supplied, whole = _total(heat, "GJ", filled=True), _total(total_heat, "GJ", filled=True)
        if not supplied or supplied < 0 or not whole:
            return cls()
        value = supplied / whole
        halves = _uncertainty(heat, "GJ") / supplied, _uncertainty(total_heat, "GJ") / whole
        return cls(value, value * hypot(*halves))


def together(values: Sequence[EnpiValue], start: datetime, end: datetime, ratio: Ratio) -> EnpiValue:
    """Parts of a span as one: every input's amounts added up over the parts it is in, in order of time."""
    found: dict[tuple[Part, int, str, str], list[Input]] = {}
    for value in values:
        for one in value.inputs:
            found.setdefault((one.part, one.sign, one.point, one.unit), []).append(one)
    return enpi_value(start, end, [_added(parts) for parts in found.values()], ratio)


def _added(parts: Sequence[Input]) -> Input:
    """One input over several spans; the worst of its meters."""
    last, used = parts[-1], parts[-1].conversion
    amount = _sum(one.amount for one in parts)
    kgce = _sum(one.kgce for one in parts)
    if used is not None and kgce is not None and amount:
        used = replace(used, kgce_per_amount=kgce / amount)
    meters = [one.meter for one in parts]
    return replace(
        last,
        amount=amount,
        kgce=kgce,
        window_s=fsum(one.window_s for one in parts),
        covered_s=fsum(one.covered_s for one in parts),
        estimated_s=fsum(one.estimated_s for one in parts),
        apportioned_s=fsum(one.apportioned_s for one in parts),
        conversion=used,
        problem=next((one.problem for one in parts if one.problem is not None), None),
        meter=Meter(
            accuracy_class=max((m.accuracy_class for m in meters if m.accuracy_class is not None), default=None),
            ncv_accuracy_class=max(
                (m.ncv_accuracy_class for m in meters if m.ncv_accuracy_class is not None), default=None
            ),
            step=max((m.step for m in meters if m.step is not None), default=None),
            calibrated=min((m.calibrated for m in meters if m.calibrated is not None), default=None),
        ),
    )


def _sum(quantities: Iterable[float | None]) -> float | None:
    """Of what is known; None: nothing is."""
    known = [one for one in quantities if one is not None]
    return fsum(known) if known else None


def _quantity(one: Input, output_unit: str | None) -> float | None:
    """Standard coal, or the amount in a unit."""
    if output_unit is None:
        return one.kgce
    return None if one.amount is None else convert(one.amount, one.unit, output_unit)


def _total(inputs: Sequence[Input], output_unit: str | None, *, filled: bool) -> float | None:
    """Signed sum, metered or with gaps filled in; None where an input has nothing."""
    total = 0.0
    for one in inputs:
        quantity = _quantity(one, output_unit)
        if quantity is None or not one.known:
            return None
        total += one.sign * (one.filled(quantity) if filled else quantity)
    return total if inputs else None


def _uncertainty(inputs: Sequence[Input], output_unit: str | None) -> float:
    quantities = [(one, _quantity(one, output_unit)) for one in inputs]
    return sqrt(sum(one.uncertainty(q) ** 2 for one, q in quantities if q is not None))


def _estimated(inputs: Sequence[Input]) -> float:
    """Share of the covered time that is estimated, inputs weighed by their size."""
    weights = [abs((i.kgce if i.part is Part.ENERGY else i.amount) or 0.0) if i.known else 0.0 for i in inputs]
    whole = sum(weights)
    if whole == 0:
        return 0.0
    return sum(w * i.estimated_s / i.covered_s for w, i in zip(weights, inputs, strict=True) if w > 0) / whole


def _unknown(energy: Sequence[Input], output: Sequence[Input]) -> Reason | None:
    missing = tuple(i.point for i in output if not i.known)
    if missing or not output:
        return Reason(Why.OUTPUT_MISSING, missing)
    for why in (Why.NO_FACTOR, Why.NCV_MISSING):
        if names := tuple(i.point for i in energy if not i.known and i.problem is why):
            return Reason(why, names)
    missing = tuple(i.point for i in energy if not i.known)
    return Reason(Why.ENERGY_MISSING, missing) if missing or not energy else None


def _unknown_heat(heat: Sequence[Input], total_heat: Sequence[Input]) -> Reason | None:
    """Why the share of heat is not known; without heat supplied there is none."""
    for why, inputs in ((Why.HEAT_MISSING, heat), (Why.ALPHA_MISSING, total_heat)):
        if missing := tuple(i.point for i in inputs if not i.known):
            return Reason(why, missing)
    if heat and not total_heat:
        return Reason(Why.ALPHA_MISSING, (Part.TOTAL_HEAT.value,))
    supplied, whole = _total(heat, "GJ", filled=True) or 0.0, _total(total_heat, "GJ", filled=True) or 0.0
    return Reason(Why.ALPHA_BEYOND, tuple(i.point for i in total_heat)) if supplied > max(whole, 0.0) else None


def no_verdict(reason: Reason, row: LimitRow | None = None, corrected: CorrectedLimit | None = None) -> LimitVerdict:
    """A verdict that cannot be given, and why."""
    level = corrected.binding.level if corrected is not None else None
    levels = corrected.levels if corrected is not None and not (corrected.missing or corrected.beyond) else None
    return LimitVerdict(Verdict.UNKNOWN, None, None, level, levels, row, corrected, reason)


def judge(
    value: EnpiValue, basis: TceBasis, corrected: CorrectedLimit, min_completeness: float = MIN_COMPLETENESS
) -> LimitVerdict:
    """An EnPI against its corrected limit.

    Args:
        value: known or not.
        basis: of the EnPI's standard coal.
        corrected: the limit of its line.
        min_completeness: below it no verdict is given.
    """
    row = corrected.binding.row
    reason: Reason | None = None
    if row.unit != value.unit:
        reason = Reason(Why.OTHER_UNIT, (row.unit, value.unit))
    elif row.basis is not basis:
        reason = Reason(Why.OTHER_BASIS, (row.basis.value, basis.value))
    elif corrected.missing:
        reason = Reason(Why.CORRECTION_MISSING, corrected.missing)
    elif corrected.beyond:
        reason = Reason(Why.CORRECTION_BEYOND, corrected.beyond)
    elif corrected.value is None:
        reason = Reason(Why.NO_LEVEL, (row.item, str(corrected.binding.level)))
    elif value.value is None:
        reason = value.reason
    elif value.completeness < min_completeness:
        worst = tuple(i.point for i in value.inputs if i.completeness < min_completeness)
        reason = Reason(Why.INCOMPLETE, worst)
    limit = corrected.value
    if reason is not None or limit is None or value.value is None or value.low is None or value.high is None:
        return no_verdict(reason or Reason(Why.NO_LEVEL), row, corrected)
    over = value.value > limit
    sure = value.low > limit if over else value.high <= limit
    return LimitVerdict(
        verdict=Verdict.OVER if over else Verdict.WITHIN,
        certainty=Certainty.CONFIRMED if sure else Certainty.POSSIBLE,
        limit=limit,
        level=corrected.binding.level,
        levels=corrected.levels,
        row=row,
        corrected=corrected,
        reason=None,
    )
