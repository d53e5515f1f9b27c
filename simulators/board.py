"""A plant's day as its process models fill it in: one array of 1 440 minutes for every quantity.

A quantity carries the code of the metering point that shows it. An amount (kWh, t, Nm3, GJ) is given as its rate
per hour; a state (degC, %, V) as itself. True values: meters err later.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulators.clock import MINUTES
from simulators.condition import Condition
from simulators.noise import Array, Dice

Instants = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Events:
    """Readings that come when something happens (a tap, a heat, an analysis), not by the clock.

    Attributes:
        start: milliseconds UTC where the amount begins; -1 where the reading has no start.
        end: the reading's own instant.
        value: amount or state.
        lag_ms: how long after `end` the reading is sent.
    """

    start: Instants
    end: Instants
    value: Array
    lag_ms: Instants


@dataclass(slots=True)
class Board:
    """One plant, one local day.

    Attributes:
        flows: point -> 1 440 minutes.
        events: point -> readings of its own timing.
        activity: process -> how busy it is, 1 at its nominal rate; what its motors' load follows.
        demand: motor -> shaft power in kW where the process itself says so.
    """

    dice: Dice
    condition: Condition
    flows: dict[str, Array] = field(default_factory=dict)
    events: dict[str, Events] = field(default_factory=dict)
    activity: dict[str, Array] = field(default_factory=dict)
    demand: dict[str, Array] = field(default_factory=dict)

    def put(self, code: str, values: Array) -> Array:
        """Show a quantity at a metering point, and hand it back."""
        self.flows[code] = values
        return values

    def around(self, quantity: str, mean: float, sigma: float, low: float, high: float, period_min: int = 120) -> Array:
        """A quantity that wanders around its mean, by hours and from day to day, within what such plants show."""
        hours = self.dice.wave(quantity, sigma, period_min)
        days = self.dice.wave(f"{quantity}/days", 0.75 * sigma, MINUTES)
        return np.clip(mean + hours + days, low, high)

    def gauge(self, code: str, mean: float, sigma: float, grain: float = 0.0, period_min: int = 120) -> Array:
        """Put a state that wanders."""
        values = mean + self.dice.wave(code, sigma, period_min)
        if grain:
            values = values + self.dice.grain(code, grain)
        return self.put(code, values)
