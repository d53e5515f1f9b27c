"""What is wrong with a plant itself on a day: the faults that act on quantities, as minute arrays.

Faults of meters and of transport act on readings instead, see `simulators.faults`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulators.clock import MINUTES
from simulators.noise import Array

Mask = NDArray[np.bool_]
_NONE: Array = np.zeros(MINUTES)
_NEVER: Mask = np.zeros(MINUTES, dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Condition:
    """Faults of one plant on one day; what is not named is sound.

    Attributes:
        drift: process -> share by which its energy per tonne is worse (0.1 is 10 %).
        idling: motor -> minutes in which it runs without load.
        relief: motor -> share of its load taken away (0.6 leaves 40 %).
        wear: motor -> efficiency lost, percentage points.
    """

    drift: dict[str, Array] = field(default_factory=dict)
    idling: dict[str, Mask] = field(default_factory=dict)
    relief: dict[str, Array] = field(default_factory=dict)
    wear: dict[str, Array] = field(default_factory=dict)

    def drift_of(self, process: str) -> Array:
        return self.drift.get(process, _NONE)

    def idling_of(self, motor: str) -> Mask:
        return self.idling.get(motor, _NEVER)

    def relief_of(self, motor: str) -> Array:
        return self.relief.get(motor, _NONE)

    def wear_of(self, motor: str) -> Array:
        return self.wear.get(motor, _NONE)


SOUND = Condition()
