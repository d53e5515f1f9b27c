"""Which shift, which crew was better: an EnPI's shifts of a span added up by their code, or by who worked them.

With what the difference is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from db.views import ShiftRow
from enms.crews import CrewBook
from enms.enpi_judging import MIN_COMPLETENESS
from enms.performance import EnpiValue


@dataclass(frozen=True, slots=True)
class ShiftSum:
    """All the shifts of one code, or of one crew.

    Attributes:
        code: of the shift, or of the crew.
        shifts, known: how many are over, and how many of them are known and complete enough to be judged.
        completeness: mean of all that are over.
        value: energy of the known ones over their output; None: none is known.
        half: half width of its range. Meters err alike in every shift, so it does not shrink with their number.
        behind: how much worse than the best; None for the best itself.
        sure: whether that is more than both ranges together.
    """

    code: str
    shifts: int
    known: int
    completeness: float
    value: float | None
    half: float
    output: float
    best: bool
    behind: float | None
    sure: bool


def compare(values: Sequence[EnpiValue], shifts: Sequence[ShiftRow], zone: ZoneInfo) -> list[ShiftSum]:
    """Shifts in the order of the day; a lower value is better."""
    codes = {row.starts % timedelta(days=1): row.code for row in shifts}
    return _together(values, [row.code for row in shifts], lambda v: codes.get(_since_midnight(v.start, zone)))


def compare_crews(
    values: Sequence[EnpiValue], shifts: Sequence[ShiftRow], book: CrewBook, zone: ZoneInfo
) -> list[ShiftSum]:
    """Crews in the order of their codes; shifts of which nobody says who worked them are left out."""
    codes = {row.starts % timedelta(days=1): row.code for row in shifts}

    def crew(value: EnpiValue) -> str | None:
        shift = codes.get(_since_midnight(value.start, zone))
        return None if shift is None else book.duty(value.start.astimezone(zone).date(), shift).crew

    there = sorted({found for value in values if (found := crew(value)) is not None})
    return _together(values, there, crew)


def _together(
    values: Sequence[EnpiValue], codes: Sequence[str], group: Callable[[EnpiValue], str | None]
) -> list[ShiftSum]:
    by_code: dict[str, list[EnpiValue]] = {code: [] for code in codes}
    for value in values:
        code = group(value)
        if code in by_code and not value.provisional:
            by_code[code].append(value)
    sums = {code: _ratio(found) for code, found in by_code.items()}
    known = {code: found for code, found in sums.items() if found is not None}
    best = min(known, key=lambda code: known[code][0], default=None)
    return [_sum(code, by_code[code], known, best) for code in by_code]


def _since_midnight(instant: datetime, zone: ZoneInfo) -> timedelta:
    wall = instant.astimezone(zone)
    return timedelta(hours=wall.hour, minutes=wall.minute)


def _counts(value: EnpiValue) -> bool:
    return value.value is not None and value.completeness >= MIN_COMPLETENESS


def _ratio(values: Sequence[EnpiValue]) -> tuple[float, float, float] | None:
    """Value, half width and output of the known ones, weighed by output."""
    parts = [
        (v.value, ((v.high or v.value) - (v.low or v.value)) / 2, v.whole_output)
        for v in values
        if _counts(v) and v.value is not None and v.whole_output
    ]
    output = sum(part[2] for part in parts)
    if output <= 0:
        return None
    return sum(p[0] * p[2] for p in parts) / output, sum(p[1] * p[2] for p in parts) / output, output


def _sum(
    code: str, values: Sequence[EnpiValue], known: Mapping[str, tuple[float, float, float]], best: str | None
) -> ShiftSum:
    told = sum(_counts(v) for v in values)
    complete = sum(v.completeness for v in values) / len(values) if values else 0.0
    if code not in known or best is None:
        return ShiftSum(code, len(values), told, complete, None, 0.0, 0.0, best=False, behind=None, sure=False)
    (value, half, output), (least, its_half, _) = known[code], known[best]
    behind = None if code == best else value - least
    sure = behind is not None and behind > half + its_half
    return ShiftSum(code, len(values), told, complete, value, half, output, best=code == best, behind=behind, sure=sure)
