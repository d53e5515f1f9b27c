"""Shifts added up: those of one code, or of one crew, together; which of them is best, and whether that is sure.

Energy over output, so a shift weighs by its output. What an idle shift burnt is in the sums, as it is in those of its
day and month: whoever stood still would look the better for it otherwise. An input's contribution is its own unit
consumption less that of all shifts, and the contributions add up to the whole difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import hypot

from enms.enpi_judging import MIN_COMPLETENESS
from enms.shift_values import Contribution, ShiftValue, by_pull, less


@dataclass(frozen=True, slots=True)
class ShiftSummary:
    """All shifts of one code, or of one crew, over a span together, against all shifts of the span.

    Attributes:
        shift: the code of the shift, or of the crew.
        known, shifts: of how many energy and output are known, completely enough to be judged (`MIN_COMPLETENESS`), and
            how many there were. Only those are added up, wherever it is shown.
        idle: how many of the known ones made nothing.
        value: energy over output of the known ones; None: none is known, or all of them stood idle. delta: less that of
            all shifts of the span.
        contributions: per input; `usual` is that of all shifts, and the deltas add up to `delta`.
        hours: that the known ones lasted.
        low, high: the range of `value`. Meters err alike in every shift, so it does not shrink with their number.
        completeness: mean of all of them, the unknown ones too.
        unclassed: points of the known ones whose meters are of no known class: there is no range then.
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
    idle: int = 0
    unclassed: tuple[str, ...] = ()


def crew_summaries(values: Sequence[ShiftValue]) -> tuple[tuple[ShiftSummary, ...], ShiftSummary | None]:
    """By the crew's code, in order of the codes, and all of them together; None: nobody says who worked any shift.

    Shifts of which nobody says who worked them are left out of both.
    """
    worked = [one for one in values if one.crew is not None]
    if not worked:
        return (), None
    found = summaries(worked, group=lambda one: one.crew or "")
    return tuple(sorted(found, key=lambda one: one.shift)), _together("", worked)


def summaries(
    values: Sequence[ShiftValue],
    codes: Iterable[str] = (),
    *,
    group: Callable[[ShiftValue], str] = lambda one: one.shift,
) -> tuple[ShiftSummary, ...]:
    """By the shift's code: those of `codes` in their order, whether they have shifts or not, then as they appear.

    Args:
        values: of one EnPI.
        codes: that there are in any case.
        group: what puts shifts together.
    """
    everything = _together("", values)
    usual = {part.point: part.per_output for part in everything.contributions}
    found = []
    for code in dict.fromkeys([*codes, *(group(one) for one in values)]):
        one = _together(code, [value for value in values if group(value) == code])
        parts = [
            replace(part, usual=usual.get(part.point), delta=less(part.per_output, usual.get(part.point)))
            for part in one.contributions
        ]
        found.append(replace(one, delta=less(one.value, everything.value), contributions=by_pull(parts)))
    return tuple(found)


def _together(code: str, values: Sequence[ShiftValue]) -> ShiftSummary:
    """Known shifts added up, without a comparison."""
    known = [one for one in values if one.known and one.completeness >= MIN_COMPLETENESS]
    output = sum(one.output or 0.0 for one in known)
    energy = sum(one.energy_tce or 0.0 for one in known)
    tce: dict[str, float] = {}
    carrier: dict[str, str | None] = {}
    for part in (part for one in known for part in one.inputs):
        tce[part.point] = tce.get(part.point, 0.0) + (part.kgce or 0.0) / 1000
        carrier[part.point] = part.carrier
    # value units for a tce of all of them
    per_tce = known[0].per_kgce * 1000 / output if output > 0 else None
    value = None if per_tce is None else energy * per_tce
    half = None if value is None else _all([_spread(one, value) for one in known])
    low, high = (None, None) if value is None or half is None else (value - half / output, value + half / output)
    return ShiftSummary(
        shift=code,
        shifts=len(values),
        known=len(known),
        energy_tce=energy if known else None,
        output=output if known else None,
        value=value,
        delta=None,
        contributions=tuple(
            Contribution(point, carrier[point], amount, None if per_tce is None else amount * per_tce, None, None)
            for point, amount in tce.items()
        ),
        hours=sum((one.end - one.start).total_seconds() for one in known) / 3600,
        low=low,
        high=high,
        completeness=sum(one.completeness for one in values) / len(values) if values else None,
        idle=sum(one.idle for one in known),
        unclassed=tuple(sorted({code for one in known for code in one.unclassed})),
    )


def _spread(one: ShiftValue, value: float) -> float | None:
    """What a shift adds to the half width of the range of a sum's value, times the sum's output; None: not known."""
    if one.unclassed:
        return None
    if one.idle:
        return hypot(one.energy_half_tce * 1000 * one.per_kgce, value * one.output_half)
    return None if one.low is None or one.high is None else (one.high - one.low) / 2 * (one.output or 0.0)


def _all(parts: Sequence[float | None]) -> float | None:
    """Their sum; None where any is not known."""
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


@dataclass(frozen=True, slots=True)
class Ranked:
    """Shifts added up, beside the best of their kind; a lower value is better.

    Attributes:
        half: half width of the range; None: not known.
        behind: how much worse than the best; None for the best itself, and where the value is not known.
        sure: whether that is more than both ranges together.
        unclassed: points of it or of the best whose meters are of no known class: how sure it is nobody can tell.
    """

    of: ShiftSummary
    half: float | None
    best: bool
    behind: float | None
    sure: bool
    unclassed: tuple[str, ...] = ()


def ranked(sums: Sequence[ShiftSummary]) -> tuple[Ranked, ...]:
    """Each beside the best of them, in the order given."""
    known = [(one.value, one) for one in sums if one.value is not None]
    least, best = min(known, key=lambda pair: pair[0], default=(None, None))
    found = []
    for one in sums:
        behind = None if one is best else less(one.value, least)
        half, its_half = _half(one), _half(best)
        sure = behind is not None and half is not None and its_half is not None and behind > half + its_half
        unclassed = tuple(sorted({*one.unclassed, *(best.unclassed if best is not None else ())}))
        found.append(Ranked(one, half, best=one is best, behind=behind, sure=sure, unclassed=unclassed))
    return tuple(found)


def _half(one: ShiftSummary | None) -> float | None:
    return None if one is None or one.low is None or one.high is None else (one.high - one.low) / 2
