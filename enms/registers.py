"""What a register's readings say: its course from reading to reading, across rollovers and changes of meter.

An exchange or a reset breaks the course. Within a course a single reading from which the register falls back is a
spike and left out; what then remains contradictory between two neighbours is unknown, never an amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from enms.findings import Finding, FindingKind
from enms.metering import Basis, ReadingType
from enms.pieces import Piece
from enms.readings import Quality, Reading
from enms.timeline import Scale, Timeline, instant, seconds


@dataclass(frozen=True, slots=True)
class Sample:
    """What a register showed at x seconds since 1970."""

    x: float
    value: float
    suspect: bool = False


def register_pieces(readings: Sequence[Reading], line: Timeline) -> tuple[list[Piece], list[Finding]]:
    """Pieces of a register between neighbouring readings.

    Args:
        readings: good ones in order of time.
        line: the point's scales.
    """
    pieces: list[Piece] = []
    findings: list[Finding] = []
    for course in _courses(readings, line):
        spikes = _spikes(course, line)
        findings += (_spike(sample) for sample, spike in zip(course, spikes, strict=True) if spike)
        kept = [sample for sample, spike in zip(course, spikes, strict=True) if not spike]
        for a, b in pairwise(kept):
            scale = _scale_between(a, b, line)
            if scale is None:
                continue
            rise = scale.step(a.value, b.value, b.x - a.x)
            if rise is None:
                fell = b.value < a.value
                kind = FindingKind.REGISTER_DROPPED if fell else FindingKind.REGISTER_JUMPED
                findings.append(_finding(kind, a, b))
            else:
                pieces.append(_piece(a, b, rise, scale))
            if b.x - a.x > scale.gap_s:
                findings.append(_finding(FindingKind.GAP, a, b))
    return pieces, findings


def _courses(readings: Sequence[Reading], line: Timeline) -> list[list[Sample]]:
    """Samples between the breaks: readings from the break on belong to the new meter.

    The declared first value stands for a reading of the same instant; the declared last one ends the old course.
    """
    samples = [Sample(seconds(r.ts), r.value, r.quality is Quality.SUSPECT) for r in readings]
    courses: list[list[Sample]] = []
    course: list[Sample] = []
    rest = 0
    for brk in line.breaks:
        while rest < len(samples) and samples[rest].x < brk.x:
            course.append(samples[rest])
            rest += 1
        if rest < len(samples) and samples[rest].x == brk.x:
            rest += 1
        if brk.final is not None:
            course.append(Sample(brk.x, brk.final))
        courses.append(course)
        course = [Sample(brk.x, brk.initial)]
    return [*courses, course + samples[rest:]]


def _spikes(course: Sequence[Sample], line: Timeline) -> list[bool]:
    """Which samples are spikes: judged from both neighbours, so the ends of a course never are."""
    last = len(course) - 1
    candidate = [
        0 < i < last and _sticks_out(course[i - 1], course[i], course[i + 1], line) for i in range(len(course))
    ]
    # Of two candidates side by side nobody can say which one is wrong.
    return [
        candidate[i] and not candidate[i - 1] and not candidate[i + 1] if 0 < i < last else False
        for i in range(len(course))
    ]


def _sticks_out(before: Sample, sample: Sample, after: Sample, line: Timeline) -> bool:
    if _between(before.value, sample.value, after.value):
        return False
    return _passes(before, after, line) and not (_passes(before, sample, line) and _passes(sample, after, line))


def _between(a: float, b: float, c: float) -> bool:
    """Whether b is on the way from a up to c, where a fall from a to c means over the top of the register."""
    return a <= b <= c if a <= c else b >= a or b <= c


def _passes(a: Sample, b: Sample, line: Timeline) -> bool:
    scale = _scale_between(a, b, line)
    return scale is not None and scale.step(a.value, b.value, b.x - a.x) is not None


def _scale_between(a: Sample, b: Sample, line: Timeline) -> Scale | None:
    """The scale of the rise from a to b: of the meter just before b, if the point was a register all the time."""
    scale, begun = line.before(b.x), line.after(a.x)
    if scale is None or begun is None:
        return None
    register = ReadingType.REGISTER
    return scale if scale.reading is register and begun.reading is register else None


def _piece(a: Sample, b: Sample, rise: float, scale: Scale) -> Piece:
    seconds_between = b.x - a.x
    return Piece(
        a.x,
        b.x,
        amount=rise * scale.factor,
        over=seconds_between,
        basis=Basis.ESTIMATED if seconds_between > scale.gap_s else Basis.MEASURED,
        suspect=a.suspect or b.suspect,
    )


def _spike(sample: Sample) -> Finding:
    at = instant(sample.x)
    return Finding(FindingKind.SPIKE, at, at, {"value": sample.value})


def _finding(kind: FindingKind, a: Sample, b: Sample) -> Finding:
    return Finding(kind, instant(a.x), instant(b.x), {"before": a.value, "after": b.value})
