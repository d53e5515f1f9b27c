"""A budget over its year: what was used of it, what it is heading for, and when it will be used up. Pure.

The projection is a constant mean, the simplest regression there is: every future day uses what days have used lately,
in blocks of a week (of a day, while there are fewer than eight weeks). Its band is the prediction interval of the sum
of the days that are left, from the scatter of the blocks and what is not known of their mean. No trend, no season: a
heating season ahead is not in it, and the page says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import sqrt
from statistics import fmean, variance

BAND = 0.8
"""Share of year ends that a band is to hold."""
METHOD = "constant_mean_of_blocks"
LATELY_DAYS = 91
_WEEK, _WEEKS_FROM, _FEWEST = 7, 56, 7


@dataclass(frozen=True, slots=True)
class Reached:
    """What will have been used so many days from now: expected, and the edges of the band."""

    days: int
    low: float
    expected: float
    high: float


@dataclass(frozen=True, slots=True)
class Projection:
    """Where a budget is heading.

    Attributes:
        course: from today to the end, a step of at most a week.
        blocks, block_days: what it was made of.
        per_day: mean use of a day; scatter: of a block, standard deviation.
        crossing, earliest, latest: days from now until the amount is used up, as expected and by the edges of the band;
            None: not before the end.
    """

    course: tuple[Reached, ...]
    blocks: int
    block_days: int
    per_day: float
    scatter: float
    crossing: int | None
    earliest: int | None
    latest: int | None

    @property
    def end(self) -> Reached:
        return self.course[-1]


def project(used: float, daily: Sequence[float], left: int, amount: float) -> Projection | None:
    """Where a budget is heading; None: too few days are known.

    Args:
        used: so far.
        daily: of every day so far, the last one last.
        left: days until the end.
        amount: the budget.
    """
    size = _WEEK if len(daily) >= _WEEKS_FROM else 1
    lately = list(daily[-LATELY_DAYS:])
    lately = lately[len(lately) % size :]
    blocks = [sum(lately[i : i + size]) for i in range(0, len(lately), size)]
    if len(blocks) < _FEWEST or left < 0:
        return None
    mean, spread, n = fmean(blocks), variance(blocks), len(blocks)
    t = student_90(n - 1)

    def reached(days: int) -> Reached:
        ahead = days / size
        half = t * sqrt(spread * (ahead + ahead * ahead / n))
        # what was used is not given back
        expected = used + mean * ahead
        return Reached(days, max(used, expected - half) if mean >= 0 else expected - half, expected, expected + half)

    days = range(left + 1)
    every = [reached(day) for day in days]
    return Projection(
        course=tuple(every[day] for day in dict.fromkeys((*range(0, left, _WEEK), left))),
        blocks=n,
        block_days=size,
        per_day=mean / size,
        scatter=sqrt(spread),
        crossing=next((r.days for r in every if r.expected > amount), None),
        earliest=next((r.days for r in every if r.high > amount), None),
        latest=next((r.days for r in every if r.low > amount), None),
    )


@cache
def student_90(freedom: int) -> float:
    """The 0.9 quantile of Student's t: of a band of 80 %."""
    from scipy.special import stdtrit  # noqa: PLC0415 - takes a while to load, and only projections need it

    return float(stdtrit(freedom, 0.9))


def ahead_pct(used: float | None, amount: float, share: float) -> float | None:
    """How far ahead of its share of the plan, per cent."""
    return None if used is None or share <= 0 else (used / (amount * share) - 1) * 100
