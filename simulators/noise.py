"""Seeded variation: every quantity of every day has its own dice.

A die is keyed by (seed, plant, scope, quantity), so any day can be thrown without its predecessors, and adding a
quantity changes no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from simulators.clock import MINUTES

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Dice:
    """Everything random about one plant on one local day."""

    seed: int
    plant: str
    day: date

    def rng(self, quantity: str, scope: str | None = None) -> np.random.Generator:
        """Generator of one quantity; `scope` replaces the day (a month, a quarter, 'ever')."""
        key = f"{self.seed}/{self.plant}/{scope or self.day.isoformat()}/{quantity}"
        entropy = int.from_bytes(blake2b(key.encode(), digest_size=16).digest(), "big")
        return np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy)))

    def wave(self, quantity: str, sigma: float, period_min: int = 120) -> Array:
        """Slow variation around 0 in 1 440 minutes, continuous over midnight.

        Knots every `period_min` (a divisor of 1 440), standard deviation `sigma` at the knots, joined by cosines.
        """
        count = MINUTES // period_min
        knots = np.empty(count + 1)
        knots[:count] = self.rng(quantity).standard_normal(count)
        knots[count] = Dice(self.seed, self.plant, self.day + timedelta(days=1)).rng(quantity).standard_normal(count)[0]
        blend = (1 - np.cos(np.pi * np.arange(period_min) / period_min)) / 2
        rising = knots[1:, None] * blend[None, :]
        falling = knots[:-1, None] * (1 - blend)[None, :]
        return np.clip(rising + falling, -2.5, 2.5).reshape(MINUTES) * sigma

    def grain(self, quantity: str, sigma: float) -> Array:
        """Minute-to-minute variation around 0."""
        return np.clip(self.rng(f"{quantity}~grain").standard_normal(MINUTES), -3, 3) * sigma

    def daily(self, quantity: str, mean: float, sigma: float, sampled_min: int = 0) -> Array:
        """A value that steps once a day at `sampled_min`; before that minute yesterday's still holds."""
        today = self.daily_value(quantity, mean, sigma)
        if sampled_min == 0:
            return np.full(MINUTES, today)
        yesterday = Dice(self.seed, self.plant, self.day - timedelta(days=1)).daily_value(quantity, mean, sigma)
        return np.where(np.arange(MINUTES) < sampled_min, yesterday, today)

    def stepped(self, quantity: str, mean: float, sigma: float, every_min: int) -> Array:
        """A value that holds for `every_min` (a shift's recipe, an analysis)."""
        count = MINUTES // every_min
        values = mean + sigma * np.clip(self.rng(quantity).standard_normal(count), -2, 2)
        return np.repeat(values, every_min)

    def ever(self, quantity: str) -> float:
        """A number in [0, 1) that belongs to the thing itself, whatever the day (a meter's error, a motor's load)."""
        return float(self.rng(quantity, "ever").random())

    def daily_value(self, quantity: str, mean: float, sigma: float) -> float:
        """The day's own value."""
        return mean + sigma * float(np.clip(self.rng(quantity).standard_normal(), -2.2, 2.2))
