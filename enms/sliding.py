"""The demand over the last quarter hour, minute by minute, and where it is heading: from readings, before they close.

A register's rise between two readings is spread evenly, as everywhere (`enms.pieces`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from enms.metering import Basis
from enms.pieces import Piece

MINUTE_S = 60
WINDOW = 15
"""Minutes that a demand is the mean of."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Running sums over minutes: item i is what lies before minute i.

    Attributes:
        amount: in the point's amount unit; covered_s, estimated_s: seconds of it that are known, and filled.
    """

    amount: tuple[float, ...]
    covered_s: tuple[float, ...]
    estimated_s: tuple[float, ...]

    def between(self, first: int, last: int) -> tuple[float, float, float]:
        """Of the minutes [first, last)."""
        return (
            self.amount[last] - self.amount[first],
            self.covered_s[last] - self.covered_s[first],
            self.estimated_s[last] - self.estimated_s[first],
        )


def sums(pieces: Iterable[Piece], start: float, minutes: int) -> Sums:
    """Pieces shared out over minutes.

    Args:
        pieces: of one point.
        start: seconds since 1970, on a minute.
        minutes: how many.
    """
    amount, covered, estimated = ([0.0] * minutes for _ in range(3))
    for piece in pieces:
        first = max(0, math.floor((piece.a - start) / MINUTE_S))
        last = min(minutes, math.ceil((piece.b - start) / MINUTE_S))
        for i in range(first, last):
            edge = start + i * MINUTE_S
            overlap = min(piece.b, edge + MINUTE_S) - max(piece.a, edge)
            if overlap > 0:
                amount[i] += piece.amount * (overlap / piece.over)
                covered[i] += overlap
                estimated[i] += overlap if piece.basis is Basis.ESTIMATED else 0.0
    return Sums(*(_running(values) for values in (amount, covered, estimated)))


def _running(values: Sequence[float]) -> tuple[float, ...]:
    return (0.0, *accumulate(values))


def heading(demand: float, leaving: float, trend: float, ahead: int) -> float:
    """The demand in `ahead` minutes, if power stays what it was over the last minutes.

    Args:
        demand: mean power of the last quarter hour.
        leaving: mean power of its first `ahead` minutes, which will be out of it by then.
        trend: mean power of its last minutes.
        ahead: minutes, fewer than a quarter hour's.
    """
    return demand + (trend - leaving) * ahead / WINDOW
