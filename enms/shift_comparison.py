"""Why did this shift use more: shifts of a process side by side, and which carrier made the difference.

Each shift is held against what is usual: the shifts of the week before, energy over output; in a plant too young for
that, all shifts shown. A difference in unit
consumption is taken apart exactly: an input's contribution is its own unit consumption now less the usual one, and
the contributions add up to the whole difference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
    crew: str | None = None
    idle_h: float | None = None


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
        crew: code of the crew that worked it; None: nobody says.
        usual: unit consumption of the week before (or of all shown); None: fewer than `FEWEST` known shifts.
        delta: value less usual.
        contributions: what made the difference, the greatest first.
        usual_output: mean output of the shifts that `usual` is of.
        worse_tce: energy beyond what is usual for this output (delta x output); negative: less.
        more_output_tce: energy because more (or less) was made than is usual. Both together are the difference to a
            usual shift's energy.
        idle_h: hours without output; None: output is not metered that fine, or not known throughout.
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
    crew: str | None = None
    usual_output: float | None = None
    worse_tce: float | None = None
    more_output_tce: float | None = None
    idle_h: float | None = None


@dataclass(frozen=True, slots=True)
class ShiftSummary:
    """All shifts of one code, or of one crew, over a span together, against all shifts of the span.

    Attributes:
        shift: the code of the shift, or of the crew.
        known, shifts: how many of them have a value, and how many there were.
        value: energy over output of the known ones; delta: less that of all shifts of the span.
        contributions: per input; `usual` is that of all shifts, and the deltas add up to `delta`.
        hours: that the known ones lasted.
        low, high: the range of `value`. Meters err alike in every shift, so it does not shrink with their number.
        completeness: mean of all of them, the unknown ones too.
    """

    shift: str
    shifts: int
    known: int
    energy_tce: float | None
    output: float | None
    value: float | None
    delta: float | None
    contributions: tuple[Contribution, ...]
    hours: float = 0.0
    low: float | None = None
    high: float | None = None
    completeness: float | None = None


@dataclass(frozen=True, slots=True)
class ShiftComparison:
    """The shifts of an EnPI's process, oldest first; `by_shift` puts those of one code together.

    Attributes:
        all_crews: all shifts that `by_crew` is of, together: what each is held against.
        per_kgce: value units per (kgce per output unit).
    """

    enpi: str
    name_zh: str
    name_en: str
    process: str | None
    unit: str
    output_unit: str
    runs: tuple[ShiftRun, ...]
    by_shift: tuple[ShiftSummary, ...] = ()
    by_crew: tuple[ShiftSummary, ...] = ()
    per_kgce: float = 1.0
    all_crews: ShiftSummary | None = None


def compared(shown: Sequence[ShiftValue], earlier: Sequence[ShiftValue]) -> tuple[ShiftRun, ...]:
    """The shifts shown, each against the known ones among `earlier`, weighed by output.

    Where fewer than `FEWEST` of these are known, against all known ones that are shown.
    """
    custom = [one for one in earlier if one.value is not None and one.output]
    if len(custom) < FEWEST:
        custom = [one for one in shown if one.value is not None and one.output]
    known = len(custom) >= FEWEST
    output = sum(one.output or 0.0 for one in custom)
    usual = _usual_inputs(custom, output) if known else {}
    energy = sum((one.energy_tce or 0.0) * 1000 * one.per_kgce for one in custom)
    mean = energy / output if known else None
    made = output / len(custom) if known else None
    return tuple(_run(one, mean, usual, len(custom), made) for one in shown)


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


def _run(one: ShiftValue, mean: float | None, usual: dict[str, float], customs: int, made: float | None) -> ShiftRun:
    delta = None if one.value is None or mean is None else one.value - mean
    per_tce = one.per_kgce * 1000
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
        delta=delta,
        contributions=tuple(parts),
        crew=one.crew,
        usual_output=made,
        worse_tce=None if delta is None or one.output is None else delta * one.output / per_tce,
        more_output_tce=None
        if mean is None or made is None or one.output is None
        else mean * (one.output - made) / per_tce,
        idle_h=one.idle_h,
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


def crew_summaries(runs: Sequence[ShiftRun], per_kgce: float) -> tuple[tuple[ShiftSummary, ...], ShiftSummary | None]:
    """By the crew's code, in order of the codes, and all of them together; None: nobody says who worked any shift.

    Shifts of which nobody says who worked them are left out of both.
    """
    worked = [run for run in runs if run.crew is not None]
    if not worked:
        return (), None
    found = summaries(worked, per_kgce, lambda run: run.crew or "")
    return tuple(sorted(found, key=lambda one: one.shift)), _together("", worked, per_kgce)


def summaries(
    runs: Sequence[ShiftRun], per_kgce: float, group: Callable[[ShiftRun], str] = lambda run: run.shift
) -> tuple[ShiftSummary, ...]:
    """By the shift's code, in order of first appearance; nothing where no shift is known.

    Args:
        runs: of one EnPI.
        per_kgce: value units per (kgce per output unit).
        group: what puts shifts together.
    """
    codes = dict.fromkeys(group(run) for run in runs)
    everything = _together("", runs, per_kgce)
    usual = {part.point: part.per_output for part in everything.contributions}
    found = []
    for code in codes:
        one = _together(code, [run for run in runs if group(run) == code], per_kgce)
        parts = [
            Contribution(
                p.point, p.carrier, p.tce, p.per_output, usual.get(p.point), _less(p.per_output, usual.get(p.point))
            )
            for p in one.contributions
        ]
        parts.sort(key=lambda part: -abs(part.delta) if part.delta is not None else 0.0)
        found.append(replace(one, delta=_less(one.value, everything.value), contributions=tuple(parts)))
    return tuple(found)


def _together(code: str, runs: Sequence[ShiftRun], per_kgce: float) -> ShiftSummary:
    """Known shifts added up, without a comparison."""
    known = [run for run in runs if run.value is not None and run.output]
    output = sum(run.output or 0.0 for run in known)
    energy = sum(run.energy_tce or 0.0 for run in known)
    tce: dict[str, float] = {}
    carrier: dict[str, str | None] = {}
    for run in known:
        for part in run.contributions:
            tce[part.point] = tce.get(part.point, 0.0) + (part.tce or 0.0)
            carrier[part.point] = part.carrier
    low, high = (_weighed([(edge(run), run.output or 0.0) for run in known], output) for edge in (_low, _high))
    return ShiftSummary(
        shift=code,
        shifts=len(runs),
        known=len(known),
        energy_tce=energy if known else None,
        output=output if known else None,
        value=energy * 1000 * per_kgce / output if known else None,
        delta=None,
        contributions=tuple(
            Contribution(point, carrier[point], amount, amount * 1000 * per_kgce / output, None, None)
            for point, amount in tce.items()
        ),
        hours=sum((run.end - run.start).total_seconds() for run in known) / 3600,
        low=low,
        high=high,
        completeness=sum(run.completeness for run in runs) / len(runs) if runs else None,
    )


def _low(run: ShiftRun) -> float | None:
    return run.low


def _high(run: ShiftRun) -> float | None:
    return run.high


def _weighed(edges: Sequence[tuple[float | None, float]], output: float) -> float | None:
    """The mean, by output; None where any is not known."""
    known = [(edge, weight) for edge, weight in edges if edge is not None]
    return sum(edge * weight for edge, weight in known) / output if known and len(known) == len(edges) else None


def _less(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


@dataclass(frozen=True, slots=True)
class Cause:
    """One energy input of one shift: how much more of it was used than is usual for the output.

    Attributes:
        recovered: it is taken off the energy: more_tce is how much less was recovered.
    """

    enpi: str
    point: str
    carrier: str | None
    more_tce: float
    recovered: bool


def causes(found: Sequence[tuple[ShiftComparison, ShiftRun]]) -> tuple[Cause, ...]:
    """Inputs over all EnPIs, what added most first; a point that several EnPIs count stands once.

    Args:
        found: a run of each EnPI.
    """
    seen: dict[str, Cause] = {}
    for one, run in found:
        for part in run.contributions if run.output else ():
            if part.delta is None or part.point in seen:
                continue
            more = part.delta * (run.output or 0.0) / (one.per_kgce * 1000)
            seen[part.point] = Cause(one.enpi, part.point, part.carrier, more, recovered=(part.tce or 0.0) < 0)
    return tuple(sorted(seen.values(), key=lambda cause: -cause.more_tce))
