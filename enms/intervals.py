"""The reference derivation: readings into quarter hours, slow and obviously right.

The database derives the same rows set-based (db/derivation.sql) wherever readings are ordinary, and hands every spot
that is not (a gap, a fall, an impossible rise, a spike, an overlap, a change of meter) to this one.

A quarter hour's amount is the sum of what its pieces give it: first the pieces that lie inside it, then those that
cross an edge, each in order of time. The order is part of the definition: floats added in another order differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from enms.findings import Finding, one_an_instant
from enms.metering import INTERVAL_S, Basis, ReadingType
from enms.pieces import Piece, gauge_pieces, interval_pieces, quarters_of
from enms.readings import Quality, Reading
from enms.registers import register_pieces
from enms.timeline import Timeline, instant, seconds

# Beyond this no meter counts and below it nothing is counted; such values would only leave the range of sums.
LARGEST_VALUE = 1e100
SMALLEST_VALUE = 1e-100
# Readings on each side of a span that can decide what is in it: a spike next to the span is judged from its
# neighbours and theirs, and without it the one before becomes the neighbour.
NEIGHBOURS = 4


@dataclass(frozen=True, slots=True)
class Interval:
    """One quarter hour from `start` on, as far as it is known.

    Attributes:
        amount: in the point's amount unit, over the covered seconds; the mean over them for a state.
        basis: the weakest that contributed.
        suspect: a reading of suspect quality contributed.
    """

    start: datetime
    amount: float
    covered_s: float
    estimated_s: float
    apportioned_s: float
    basis: Basis
    suspect: bool


_Pieces = Callable[[Sequence[Reading], Timeline], tuple[list[Piece], list[Finding]]]
_PIECES: dict[ReadingType, _Pieces] = {
    ReadingType.REGISTER: register_pieces,
    ReadingType.GAUGE: gauge_pieces,
    ReadingType.INTERVAL: interval_pieces,
}


def derive(
    readings: Iterable[Reading], line: Timeline, start: datetime, end: datetime
) -> tuple[list[Interval], list[Finding]]:
    """The known quarter hours of [start, end) in order of time, and what was noticed there.

    Args:
        readings: of one point, in any order, one an instant; all of them, or the span's and `NEIGHBOURS` good
            ones on each side (interval readings: also all that overlap those that overlap the span).
        line: the point's scales.
        start, end: on quarter hours.
    """
    usable = sorted((_counted(r) for r in readings if counts(r)), key=lambda r: r.ts)
    x0, x1 = seconds(start), seconds(end)
    intervals: list[Interval] = []
    findings: list[Finding] = []
    for reading_type, pieces_of in _PIECES.items():
        if reading_type in line.readings:
            pieces, noticed = pieces_of(usable, line)
            intervals += _quarters(pieces, reading_type, line, x0, x1)
            findings += (f for f in noticed if f.touches(x0, x1))
    return sorted(intervals, key=lambda i: i.start), one_an_instant(findings)


def pieces_of(readings: Iterable[Reading], line: Timeline) -> list[Piece]:
    """What readings of one point say of time finer than a quarter hour."""
    usable = sorted((_counted(r) for r in readings if counts(r)), key=lambda r: r.ts)
    return [piece for kind, made in _PIECES.items() if kind in line.readings for piece in made(usable, line)[0]]


def counts(reading: Reading) -> bool:
    """Whether a reading enters a derivation at all."""
    return reading.quality is not Quality.BAD and abs(reading.value) <= LARGEST_VALUE


def _counted(reading: Reading) -> Reading:
    return replace(reading, value=0.0) if abs(reading.value) < SMALLEST_VALUE else reading


def _quarters(
    pieces: Iterable[Piece], reading_type: ReadingType, line: Timeline, x0: float, x1: float
) -> Iterator[Interval]:
    """Pieces shared out over the quarter hours of [x0, x1) in which the point was read in that way."""
    low, high = math.floor(x0 / INTERVAL_S), math.ceil(x1 / INTERVAL_S) - 1
    inside: dict[int, list[tuple[Piece, float]]] = {}
    crossing: dict[int, list[tuple[Piece, float]]] = {}
    for piece in pieces:
        first, last = quarters_of(piece.a, piece.b)
        shares = inside if first == last else crossing
        for q in range(max(first, low), min(last, high) + 1):
            edge = q * float(INTERVAL_S)
            overlap = min(piece.b, edge + INTERVAL_S) - max(piece.a, edge)
            shares.setdefault(q, []).append((piece, overlap))
    for q in inside.keys() | crossing.keys():
        scale = line.after(q * float(INTERVAL_S))
        if scale is not None and scale.reading is reading_type:
            yield _interval(q, [*inside.get(q, ()), *crossing.get(q, ())], mean=scale.mean)


def _interval(q: int, shares: Sequence[tuple[Piece, float]], *, mean: bool) -> Interval:
    amount = covered = estimated = apportioned = 0.0
    for piece, overlap in shares:
        amount += piece.amount * (overlap / piece.over)
        covered += overlap
        estimated += overlap if piece.basis is Basis.ESTIMATED else 0.0
        apportioned += overlap if piece.basis is Basis.APPORTIONED else 0.0
    return Interval(
        start=instant(q * float(INTERVAL_S)),
        amount=amount / covered if mean else amount,
        covered_s=_whole_micros(covered),
        estimated_s=_whole_micros(estimated),
        apportioned_s=_whole_micros(apportioned),
        basis=max(piece.basis for piece, _ in shares),
        suspect=any(piece.suspect for piece, _ in shares),
    )


def _whole_micros(s: float) -> float:
    """Seconds since 1970 have a grain of a quarter microsecond, which their differences would show."""
    return round(s * 1e6) / 1e6
