"""What readings say about stretches of time: each kind of reading turned into pieces of known amount.

A gauge holds its value until the next reading, at most max_gap. An interval reading covers its start to its end,
evenly. Registers are in `enms.registers`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from enms.findings import Finding, FindingKind
from enms.metering import INTERVAL_S, Basis, ReadingType
from enms.readings import Quality, Reading
from enms.timeline import Timeline, instant, seconds


@dataclass(frozen=True, slots=True)
class Piece:
    """Something known over [a, b), seconds since 1970: s seconds of it count amount x (s / over)."""

    a: float
    b: float
    amount: float
    over: float
    basis: Basis
    suspect: bool


def quarters_of(a: float, b: float) -> tuple[int, int]:
    """The first and the last quarter hour that [a, b) has a part in."""
    return math.floor(a / INTERVAL_S), math.ceil(b / INTERVAL_S) - 1


def gauge_pieces(readings: Sequence[Reading], line: Timeline) -> tuple[list[Piece], list[Finding]]:
    """Pieces of a gauge: each reading holds until the next, at most max_gap.

    Args:
        readings: good ones in order of time.
        line: the point's scales.
    """
    pieces: list[Piece] = []
    findings: list[Finding] = []
    for i, reading in enumerate(readings):
        a = seconds(reading.ts)
        scale = line.after(a)
        if scale is None or scale.reading is not ReadingType.GAUGE:
            continue
        b = a + scale.gap_s
        if i + 1 < len(readings):
            following = seconds(readings[i + 1].ts)
            if following - a > scale.gap_s:
                findings.append(Finding(FindingKind.GAP, reading.ts, readings[i + 1].ts))
            else:
                b = following
        suspect = reading.quality is Quality.SUSPECT
        pieces.append(Piece(a, b, reading.value * scale.factor, scale.over_s, Basis.MEASURED, suspect))
    return pieces, findings


@dataclass(frozen=True, slots=True)
class _Cover:
    """An interval reading over [a, b), its ends snapped, with what decides an overlap."""

    a: float
    b: float
    reading: Reading
    amount: float
    gap_s: float

    @property
    def strength(self) -> tuple[int, float, float, float]:
        return (*self.reading.rank, self.b)


def interval_pieces(readings: Sequence[Reading], line: Timeline) -> tuple[list[Piece], list[Finding]]:
    """Pieces of interval readings; one that overlaps a stronger one does not count.

    Args:
        readings: good ones in order of their ends.
        line: the point's scales.
    """
    covers = sorted((c for r in readings if (c := _cover(r, line)) is not None), key=lambda c: (c.a, c.b))
    beaten = _beaten(covers)
    findings = [
        Finding(FindingKind.OVERLAP, instant(c.a), instant(c.b), {"value": c.reading.value})
        for c, lost in zip(covers, beaten, strict=True)
        if lost
    ]
    for before, after in pairwise(sorted(covers, key=lambda c: c.b)):
        if after.a - before.b > after.gap_s:
            findings.append(Finding(FindingKind.GAP, instant(before.b), instant(after.a)))
    return [_spread(c) for c, lost in zip(covers, beaten, strict=True) if not lost], findings


def snapped(x: float, tolerance: float) -> float:
    """x, or the quarter hour within `tolerance` of it."""
    edge = math.floor(x / INTERVAL_S + 0.5) * float(INTERVAL_S)
    return edge if abs(x - edge) <= tolerance else x


def _cover(reading: Reading, line: Timeline) -> _Cover | None:
    end = seconds(reading.ts)
    scale = line.before(end)
    if scale is None or scale.reading is not ReadingType.INTERVAL:
        return None
    start = end - scale.period_s if reading.start is None else seconds(reading.start)
    a, b = snapped(start, scale.snap_s), snapped(end, scale.snap_s)
    if b <= a:
        a, b = start, end
    if b <= a:
        return None
    return _Cover(a, b, reading, reading.value * scale.factor, scale.gap_s)


def _beaten(covers: Sequence[_Cover]) -> list[bool]:
    """Which covers, in order of their starts, overlap a stronger one."""
    beaten = [False] * len(covers)
    for i, left in enumerate(covers):
        for j in range(i + 1, len(covers)):
            right = covers[j]
            if right.a >= left.b:
                break
            beaten[i if left.strength < right.strength else j] = True
    return beaten


def _spread(cover: _Cover) -> Piece:
    first, last = quarters_of(cover.a, cover.b)
    return Piece(
        cover.a,
        cover.b,
        cover.amount,
        over=cover.b - cover.a,
        basis=Basis.MEASURED if first == last else Basis.APPORTIONED,
        suspect=cover.reading.quality is Quality.SUSPECT,
    )
