"""The unit an EnPI is in."""

from __future__ import annotations

from dataclasses import dataclass

from enms.carriers import carriers
from enms.units import Dimension, unit

OF_POWER = {"kWh/t": ("t", 1.0), "kWh/kg": ("kg", 1.0), "%": ("kWh", 100.0)}
"""Units of EnPIs of electricity alone, by its calorific value: output unit, value units per (kWh per output unit)."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Units of an EnPI: kgce/t for a product by mass, gce/kWh for electricity; kWh/t and % where all of it is power.

    Attributes:
        symbol: of the value.
        output: unit of the output.
        per_kgce: value units per (kgce per output unit).
    """

    symbol: str
    output: str
    per_kgce: float

    @classmethod
    def of(cls, output_unit: str, wanted: str | None = None) -> Ratio:
        """The ratio for an output metered in some unit; `wanted`: a unit of `OF_POWER`, or what it would be anyway."""
        if wanted is not None and wanted in OF_POWER:
            output, scale = OF_POWER[wanted]
            power = carriers()["electricity"].default
            assert power is not None, "the table has electricity by its calorific value"
            return cls(wanted, output, scale / power.per("kWh"))
        dimension = unit(output_unit).dimension
        if dimension is Dimension.MASS:
            return cls("kgce/t", "t", 1.0)
        if dimension is Dimension.ENERGY:
            return cls("gce/kWh", "kWh", 1e3)
        return cls(f"kgce/{output_unit}", output_unit, 1.0)
