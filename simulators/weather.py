"""Baotou's outdoor temperature: what heating and air cooling follow."""

from __future__ import annotations

import numpy as np

from simulators.clock import MINUTES
from simulators.noise import Array, Dice

# Long-term means of Baotou: about 7.5 degC over the year, January -11, July 23.
_MEAN, _SEASON, _DAY = 6.5, 17.5, 5.5


def outdoor(dice: Dice) -> Array:
    """DegC in each minute; coldest in mid January and at six in the morning."""
    ordinal = dice.day.timetuple().tm_yday + np.arange(MINUTES) / MINUTES
    season = -np.cos(2 * np.pi * (ordinal - 16) / 365.25)
    daily = -np.cos(2 * np.pi * (np.arange(MINUTES) / 60 - 6) / 24)
    # The same weather for every plant of a seed.
    sky = Dice(dice.seed, "weather", dice.day)
    return _MEAN + _SEASON * season + _DAY * daily + sky.wave("front", 3.0, period_min=720)


def heating_season(dice: Dice) -> bool:
    """15 October to 15 April, both included."""
    return (dice.day.month, dice.day.day) >= (10, 15) or (dice.day.month, dice.day.day) <= (4, 15)
