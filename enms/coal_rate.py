"""Supply coal rate of generating units (供电煤耗): standard coal a kWh supplied, heat taken out. Pure.

    b = B (1 - alpha) / (Wgen - Waux,power)

alpha is heat supplied over all heat that left the boiler; of the house load, what serves heating only is left out. A
fleet's rate is that of all its units together, so a unit counts by what it supplied.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum


@dataclass(frozen=True, slots=True)
class Burnt:
    """A unit over a span, all of it known.

    Attributes:
        coal_kgce: of all fuels.
        gross_kwh, auxiliary_kwh: generated; house load, of which heating_kwh serves heating only.
        heat_gj, total_heat_gj: heat supplied; all heat that left the boiler (0 and 0: it supplies none).
    """

    coal_kgce: float
    gross_kwh: float
    auxiliary_kwh: float
    heating_kwh: float = 0.0
    heat_gj: float = 0.0
    total_heat_gj: float = 0.0

    @property
    def alpha(self) -> float:
        """Share of heat supplied."""
        return self.heat_gj / self.total_heat_gj if self.heat_gj > 0 else 0.0

    @property
    def power_kgce(self) -> float:
        """Standard coal of electricity alone."""
        return self.coal_kgce * (1 - self.alpha)

    @property
    def net_kwh(self) -> float:
        """Electricity supplied."""
        return self.gross_kwh - (self.auxiliary_kwh - self.heating_kwh)

    @property
    def rate(self) -> float | None:
        """gce/kWh; None: nothing was supplied."""
        return self.power_kgce * 1000 / self.net_kwh if self.net_kwh > 0 else None


def together(parts: Sequence[Burnt]) -> Burnt:
    """Days of one unit as one span: shares of heat are made of sums, not averaged."""
    return Burnt(
        coal_kgce=fsum(one.coal_kgce for one in parts),
        gross_kwh=fsum(one.gross_kwh for one in parts),
        auxiliary_kwh=fsum(one.auxiliary_kwh for one in parts),
        heating_kwh=fsum(one.heating_kwh for one in parts),
        heat_gj=fsum(one.heat_gj for one in parts),
        total_heat_gj=fsum(one.total_heat_gj for one in parts),
    )


def fleet_rate(units: Sequence[Burnt]) -> float | None:
    """gce/kWh of units together; None: they supplied nothing."""
    net = fsum(one.net_kwh for one in units)
    return fsum(one.power_kgce for one in units) * 1000 / net if net > 0 else None


def curve_at(curve: Sequence[tuple[float, float]], load: float) -> float | None:
    """gce/kWh of a unit's own curve at a load factor, straight between its points; None: outside of it."""
    for (low, at_low), (high, at_high) in itertools.pairwise(curve):
        if low <= load <= high:
            return at_low + (at_high - at_low) * (load - low) / (high - low)
    return None
