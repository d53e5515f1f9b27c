"""How declared circumstances (ore, grade, scrap, product) correct a limit, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from enms.catalogue import BindingLimit, Correction, Levels


@dataclass(frozen=True, slots=True)
class CorrectionLine:
    """One step of the arithmetic.

    Attributes:
        given: the input's value over the period, in the correction's unit; None: not claimed, counts as nothing.
        points: how many points count (after a base and a cap).
        addition: what it added to the limit; 0 for a factor.
        factor: what it multiplied the limit by.
    """

    correction: Correction
    given: float | None
    points: float
    addition: float
    factor: float


@dataclass(frozen=True, slots=True)
class CorrectedLimit:
    """A limit after its corrections.

    Attributes:
        levels: corrected, in the row's unit.
        value: of the binding level; None where the standard has none, or an input is missing.
        missing: inputs without which there is no verdict.
    """

    binding: BindingLimit
    levels: Levels
    value: float | None
    lines: tuple[CorrectionLine, ...]
    missing: tuple[str, ...]


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
    levels = tuple(_apply(level, lines) for level in binding.row.levels)
    assert len(levels) == 3
    value = None if missing else levels[binding.level - 1]
    return CorrectedLimit(binding, levels, value, tuple(lines), tuple(missing))


def _line(correction: Correction, given: float | None) -> CorrectionLine:
    if given is None:
        return CorrectionLine(correction, None, 0.0, 0.0, 1.0)
    points = given
    if correction.rule == "per_point_below":
        assert correction.below is not None
        points = max(0.0, correction.below - given)
        if correction.at_most_points is not None:
            points = min(points, correction.at_most_points)
    if correction.rule == "factor":
        return CorrectionLine(correction, given, points, 0.0, 1.0 + (correction.value - 1.0) * given)
    return CorrectionLine(correction, given, points, correction.value * points, 1.0)


def _apply(level: float | None, lines: Sequence[CorrectionLine]) -> float | None:
    if level is None:
        return None
    for line in lines:
        level *= line.factor
    return level + sum(line.addition for line in lines)
