"""How declared circumstances (ore, grade, scrap, product, coal, oven age) correct a limit, line by line.

What each rule does to the levels it is for:

    per_point        value x input
    per_point_below  value x (below - input), where the input is below, at most `at_most_points` points
    per_point_above  value x (input - above), where the input is above, at most `at_most_points` points
    when             value x input, 0 to 1: the share of output or of time
    add              the input itself
    table            interpolated between the table's pairs; outside the table there is no limit
    steps            the addition of the last step that the input is over
    factor           the level x (1 + (value - 1) x input), 0 to 1
    product          the level x input

Factors multiply first, additions follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from enms.catalogue import BindingLimit, Correction, Levels


@dataclass(frozen=True, slots=True)
class CorrectionLine:
    """One step of the arithmetic.

    Attributes:
        given: the input's value over the period, in the correction's unit; None: not claimed, counts as nothing.
        points: how many points count (after a base and a cap).
        addition: what it added to the limit; 0 for a factor.
        factor: what it multiplied the limit by.
        beyond: the input is outside the table.
    """

    correction: Correction
    given: float | None
    points: float
    addition: float
    factor: float
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class CorrectedLimit:
    """A limit after its corrections.

    Attributes:
        levels: corrected, in the row's unit.
        value: of the binding level; None where the standard has none, or an input is missing.
        missing: inputs without which there is no verdict.
        beyond: inputs outside the standard's table.
    """

    binding: BindingLimit
    levels: Levels
    value: float | None
    lines: tuple[CorrectionLine, ...]
    missing: tuple[str, ...]
    beyond: tuple[str, ...] = ()


def corrected(binding: BindingLimit, given: Mapping[str, float | None], declared: Iterable[str]) -> CorrectedLimit:
    """The limit after its corrections, line by line.

    Args:
        binding: the limit.
        given: values of the inputs over the period, in the corrections' units; None or absent where unknown.
        declared: inputs that the EnPI names. One that is declared or required, and has no value, is missing; one
            that is neither is not claimed and corrects nothing.
    """
    lines: list[CorrectionLine] = []
    missing: list[str] = []
    named = set(declared)
    for correction in binding.row.corrections:
        value = given.get(correction.input)
        if value is None and (correction.required or correction.input in named):
            missing.append(correction.input)
        lines.append(_line(correction, value))
    first, second, third = (
        _apply(level, [line for line in lines if number in line.correction.levels])
        for number, level in enumerate(binding.row.levels, 1)
    )
    levels = (first, second, third)
    beyond = tuple(line.correction.input for line in lines if line.beyond)
    value = None if missing or beyond else levels[binding.level - 1]
    return CorrectedLimit(binding, levels, value, tuple(lines), tuple(dict.fromkeys(missing)), beyond)


def _line(correction: Correction, given: float | None) -> CorrectionLine:
    if given is None:
        return CorrectionLine(correction, None, 0.0, 0.0, 1.0)
    points = _points(correction, given)
    factor, addition, beyond = 1.0, 0.0, False
    match correction.rule:
        case "factor":
            factor = 1.0 + (correction.value - 1.0) * given
        case "product":
            factor = given
        case "add":
            addition = given
        case "steps":
            addition = next((more for at, more in reversed(correction.table) if given > at), 0.0)
        case "table":
            found = _interpolated(correction.table, given)
            addition, beyond = found or 0.0, found is None
        case _:
            addition = correction.value * points
    return CorrectionLine(correction, given, points, addition, factor, beyond)


def _points(correction: Correction, given: float) -> float:
    points = given
    if correction.rule == "per_point_below":
        assert correction.below is not None
        points = max(0.0, correction.below - given)
    elif correction.rule == "per_point_above":
        assert correction.above is not None
        points = max(0.0, given - correction.above)
    return points if correction.at_most_points is None else min(points, correction.at_most_points)


def _interpolated(table: Sequence[tuple[float, float]], at: float) -> float | None:
    """Linear between the table's pairs; None outside."""
    if at == table[0][0]:
        return table[0][1]
    for (low, first), (high, second) in pairwise(table):
        if low < at <= high:
            return first + (second - first) * (at - low) / (high - low)
    return None


def _apply(level: float | None, lines: Sequence[CorrectionLine]) -> float | None:
    if level is None:
        return None
    for line in lines:
        level *= line.factor
    return level + sum(line.addition for line in lines)
