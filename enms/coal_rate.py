"""Supply coal rate of generating units together (供电煤耗), and a unit's own curve. Pure.

A unit's rate b = B (1 - alpha) / (Wgen - Waux,power) is an EnPI (`enms.performance`), whoever asks for it. A fleet's is
that of all its units together, so a unit counts by what it supplied.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, hypot

from enms.performance import EnpiValue


@dataclass(frozen=True, slots=True)
class FleetRate:
    """gce/kWh of units together, its range, and the kWh they supplied.

    The range is a root sum of squares over the units: instruments that two of them share are counted as two.
    """

    value: float
    low: float
    high: float
    net_kwh: float


def fleet_rate(units: Sequence[EnpiValue]) -> FleetRate | None:
    """Units over the same span, each by what it supplied; None: one is not known, or they supplied nothing.

    Without a unit that is not known the others' rate would pass for the fleet's.
    """
    energies = [one.whole_energy_kgce for one in units if one.whole_energy_kgce is not None]
    outputs = [one.whole_output for one in units if one.whole_output is not None]
    net = fsum(outputs)
    if len(energies) < len(units) or len(outputs) < len(units) or net <= 0:
        return None
    value = fsum(energies) * 1000 / net
    half = hypot(
        *(one.energy_half_kgce * 1000 / net for one in units), *(value * one.output_half / net for one in units)
    )
    return FleetRate(value, value - half, value + half, net)


def curve_at(curve: Sequence[tuple[float, float]], load: float) -> float | None:
    """gce/kWh of a unit's own curve at a load factor, straight between its points; None: outside of it."""
    for (low, at_low), (high, at_high) in itertools.pairwise(curve):
        if low <= load <= high:
            return at_low + (at_high - at_low) * (load - low) / (high - low)
    return None
