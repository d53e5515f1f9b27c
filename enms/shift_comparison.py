"""Why did this shift use more: shifts of a process side by side, and which carrier made the difference.

Each shift is held against what is usual: the shifts of the week before, energy over output; in a plant too young for
that, all shifts shown. A difference in unit consumption is taken apart exactly: an input's contribution is its own unit
consumption now less the usual one, and the contributions add up to the whole difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from enms.shift_sums import ShiftSummary
from enms.shift_values import Contribution, ShiftInput, ShiftValue, by_pull, less

# Fewer shifts than this are no custom.
FEWEST = 3


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
        unclassed: points whose meters are of no known class: there is no range then.
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
    unclassed: tuple[str, ...] = ()


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

    Where fewer than `FEWEST` of these are known, against all known ones that are shown. What is usual is that of shifts
    that made something: beside one that stood idle every other would look good.
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
    delta = less(one.value, mean)
    per_tce = one.per_kgce * 1000
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
        contributions=by_pull([_contribution(one, part, usual.get(part.point)) for part in one.inputs]),
        crew=one.crew,
        usual_output=made,
        worse_tce=None if delta is None or one.output is None else delta * one.output / per_tce,
        more_output_tce=None
        if mean is None or made is None or one.output is None
        else mean * (one.output - made) / per_tce,
        unclassed=one.unclassed,
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
        delta=less(per, usual),
    )


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
