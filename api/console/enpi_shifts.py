"""Which shift was better: an EnPI's shifts of a span added up by their code, with what the difference is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from db.views import ShiftRow
from enms.performance import MIN_COMPLETENESS, EnpiValue


@dataclass(frozen=True, slots=True)
class ShiftSum:
    """All the shifts of one code.

    Attributes:
        shifts, known: how many are over, and how many of them are known and complete enough to be judged.
        value: energy of the known ones over their output; None: none is known.
        half: half width of its range. Meters err alike in every shift, so it does not shrink with their number.
        behind: how much worse than the best; None for the best itself.
        sure: whether that is more than both ranges together.
    """

    code: str
    shifts: int
    known: int
    value: float | None
    half: float
    output: float
    best: bool
    behind: float | None
    sure: bool


def compare(values: Sequence[EnpiValue], shifts: Sequence[ShiftRow], zone: ZoneInfo) -> list[ShiftSum]:
    """Shifts in the order of the day; a lower value is better."""
    by_code: dict[str, list[EnpiValue]] = {row.code: [] for row in shifts}
    codes = {row.starts % timedelta(days=1): row.code for row in shifts}
    for value in values:
        code = codes.get(_since_midnight(value.start, zone))
        if code is not None and not value.provisional:
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
    if code not in known or best is None:
        return ShiftSum(code, len(values), told, None, 0.0, 0.0, best=False, behind=None, sure=False)
    (value, half, output), (least, its_half, _) = known[code], known[best]
    behind = None if code == best else value - least
    sure = behind is not None and behind > half + its_half
    return ShiftSum(code, len(values), told, value, half, output, best=code == best, behind=behind, sure=sure)
