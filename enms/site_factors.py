"""A site's own factors of its carriers: standard coal and carbon."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from enms.plant_types import Number, Positive, Strict, UnitSymbol
from enms.tce_basis import TceBasis
from enms.units import Dimension, unit

# Blast-furnace gas, the leanest there is, has 0.0708.
_MOST_TC_PER_GJ = 0.1


class SiteFactor(Strict):
    """A site's own standard-coal factor: it comes before the table's, and says where it is from."""

    carrier: str
    basis: TceBasis = TceBasis.CALORIFIC
    unit: UnitSymbol
    kgce: Number
    effective_from: date | None = None
    effective_to: date | None = None
    source: str


class SiteCarbon(Strict):
    """A site's own carbon of a carrier: it comes before the guide's default (GB/T 32151), and says where it is from.

    One of the three is given. Carbon that was analysed needs the share of it that burns; tco2 is after that.

    Attributes:
        carbon: t of carbon in one `unit`, as analysed (元素碳含量).
        carbon_per_gj: t of carbon per GJ of energy content (单位热值含碳量); the amount needs a heating value or a
            standard-coal factor.
        tco2: t of carbon dioxide per `unit`: of bought power and heat, or as agreed.
        oxidation: share of the carbon that becomes carbon dioxide (碳氧化率).
        effective_from, effective_to: days of the enterprise, the last included; None is open.
    """

    carrier: str
    unit: UnitSymbol | None = None
    carbon: Positive | None = None
    carbon_per_gj: Positive | None = None
    tco2: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    oxidation: Annotated[float, Field(gt=0, le=1)] | None = None
    effective_from: date | None = None
    effective_to: date | None = None
    source: Annotated[str, Field(min_length=1)]

    def holds_on(self, day: date) -> bool:
        """Whether it is for that day."""
        after = self.effective_from is None or day >= self.effective_from
        return after and (self.effective_to is None or day <= self.effective_to)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        given = [key for key in ("carbon", "carbon_per_gj", "tco2") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError("one of carbon, carbon_per_gj and tco2 says how much carbon there is")
        if (self.unit is None) != (self.carbon_per_gj is not None):
            raise ValueError(
                "carbon_per_gj is per GJ: leave unit out" if self.unit else f"{given[0]} is per unit: of what?"
            )
        if (self.oxidation is None) != (self.tco2 is not None):
            raise ValueError(
                "tco2 is after oxidation: leave oxidation out"
                if self.oxidation
                else "oxidation is missing: the share that burns"
            )
        if self.carbon_per_gj is not None and self.carbon_per_gj > _MOST_TC_PER_GJ:
            raise ValueError(f"{self.carbon_per_gj:g} tC/GJ is too much for any fuel: 27.5 tC/TJ is 0.0275")
        if self.carbon is not None and self.unit is not None:
            of = unit(self.unit)
            if of.dimension is Dimension.MASS and self.carbon * 1000 > of.factor:
                raise ValueError(f"{self.carbon:g} t of carbon is more than the {self.unit} it is in")
        if (
            self.effective_from is not None
            and self.effective_to is not None
            and self.effective_to < self.effective_from
        ):
            raise ValueError("effective_to is before effective_from")
        return self
