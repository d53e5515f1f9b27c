"""What happens in a plant's day: crews, stoppages, heats and taps.

Batches never cross midnight, so that each day stands alone; stoppages are drawn for the month or the quarter and
lie within one day.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.clock import MINUTES
from simulators.noise import Array, Dice

_T: Array = np.arange(MINUTES, dtype=np.float64)
_EDGES: Array = np.arange(MINUTES + 1, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Batches:
    """Heats or taps of one day, in minutes from local midnight."""

    start: Array
    end: Array

    def __len__(self) -> int:
        return len(self.start)


def crew_effect(dice: Dice, sigma: float = 0.006) -> Array:
    """Four crews in three shifts (四班三倒): each works a little better or worse than the others.

    A share around 0; crews rotate by one every two days.
    """
    skill = dice.rng("crews", "ever").standard_normal(4) * sigma
    turn = dice.day.toordinal() // 2
    effect = np.repeat([skill[(turn + shift) % 4] for shift in range(3)], MINUTES // 3)
    return np.asarray(effect, dtype=np.float64)


def furnace_wind(dice: Dice, furnace: str, quarter_month: int) -> Array:
    """Blast of a furnace as a share of full: slow wind (慢风) once a month, off wind (休风) once a quarter.

    `quarter_month` (0 to 2) keeps the long stops of two furnaces apart.
    """
    wind = np.ones(MINUTES)
    year, month = dice.day.year, dice.day.month
    length = calendar.monthrange(year, month)[1]
    rng = dice.rng(f"{furnace}/wind", f"{year}-{month:02}")
    slow_day, off_day = (int(d) for d in rng.choice(length, 2, replace=False) + 1)
    start, hours, depth = rng.uniform(300, 600), rng.uniform(4, 9), rng.uniform(0.72, 0.85)
    off_hours = rng.uniform(8, 14.5)
    if dice.day.day == slow_day:
        wind[(start <= _T) & (start + hours * 60 > _T)] = depth
    if dice.day.day == off_day and (month - 1) % 3 == quarter_month:
        back = 360 + round(off_hours * 4) * 15
        wind = np.where(_T < 360, wind, np.where(back > _T, 0.0, np.clip((_T - back) / 180, 0.1, 1.0)))
    return wind


def planned_repair(dice: Dice, line: str, every_days: int, hours: float) -> NDArray[np.bool_]:
    """Minutes in which a line stands for its planned repair (定修), from 08:00 every so many days."""
    phase = int(dice.ever(f"{line}/repair") * every_days)
    stands = dice.day.toordinal() % every_days == phase
    return (_T >= 480) & (480 + hours * 60 > _T) & stands


def batches(dice: Dice, name: str, count: int, shortest: float, longest: float) -> Batches:
    """`count` batches over the day, each within the given minutes; what is left over is waiting between them."""
    rng = dice.rng(f"{name}/batches")
    length = rng.uniform(shortest, longest, count)
    spare = MINUTES - length.sum()
    while spare < 0:
        length = shortest + (length - shortest) * 0.9
        spare = MINUTES - length.sum()
    waits = rng.dirichlet(np.ones(count + 1)) * spare
    end = np.cumsum(waits[:-1] + length)
    return Batches(start=end - length, end=end)


def tiles(dice: Dice, name: str, count: int, spread: float) -> Batches:
    """`count` batches that fill the day without waiting, in whole minutes; lengths differ by `spread` either way."""
    length = 1 + dice.rng(f"{name}/tiles").uniform(-spread, spread, count)
    end = np.round(np.cumsum(length) * MINUTES / length.sum())
    return Batches(start=np.concatenate([[0.0], end[:-1]]), end=end)


def pulses(start: Array, end: Array, amount: Array) -> Array:
    """Rate per hour in each minute when every `amount` flows evenly from its start to its end."""
    share = np.clip((_EDGES[:, None] - start[None, :]) / (end - start)[None, :], 0.0, 1.0)
    total: Array = share @ amount
    return np.diff(total) * 60.0


def smoothed(rate: Array, minutes: int) -> Array:
    """What a store of that size lets out: the moving mean, keeping the day's total."""
    kernel = np.ones(minutes) / minutes
    half = minutes // 2
    wrapped = np.concatenate([rate[-half:], rate, rate[: minutes - half - 1]])
    return np.convolve(wrapped, kernel, mode="valid")
