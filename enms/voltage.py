"""Voltage at a point of common coupling from ten-minute values: unbalance and deviation (GB/T 15543, 12325). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

# From here on GB/T 12325 limits positive and negative deviation together.
TOGETHER_KV = 35.0


def unbalance_pct(ab: float, bc: float, ca: float) -> float | None:
    """Negative over positive sequence from the three voltages between lines (GB/T 15543, annex A), in per cent.

    None: they are no triangle, so one of the instruments is wrong.
    """
    squares = ab**2 + bc**2 + ca**2
    if squares <= 0:
        return None
    shape = (ab**4 + bc**4 + ca**4) / squares**2
    root = 3 - 6 * shape
    if root < 0:
        return None
    return 100 * sqrt(max(0.0, (1 - sqrt(root)) / (1 + sqrt(root))))


def deviations_pct(values: Sequence[float], nominal: float) -> list[float]:
    """(U - Un) / Un in per cent."""
    return [(value / nominal - 1) * 100 for value in values]


def kept_by(values: Sequence[float], probability: float) -> float:
    """The 95 % value (95 % 概率大值): the greatest after the greatest 5 % are left out.

    Args:
        values: at least one.
        probability: 0.95.
    """
    ordered = sorted(values, reverse=True)
    return ordered[min(len(ordered) - 1, int(len(ordered) * (1 - probability) + 1e-9))]


def deviation_kept_pct(deviations: Sequence[float], probability: float, *, together: bool) -> float:
    """The deviation that so many of the values keep: the greater one either way, or both ways together.

    Args:
        deviations: per cent of the nominal voltage, at least one.
        probability: 0.95.
        together: positive and negative deviations add up, unless all go one way.
    """
    if not together:
        return kept_by([abs(d) for d in deviations], probability)
    high, low = kept_by(deviations, probability), -kept_by([-d for d in deviations], probability)
    return abs(high) + abs(low) if high > 0 > low else max(abs(high), abs(low))
