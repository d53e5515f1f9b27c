"""A unit that makes electricity of coal."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from enms.enpi import Enpi
from enms.names import Name
from enms.plant_types import Code, Positive, Strict


class GeneratingUnit(Strict):
    """A unit that makes electricity of coal: what its supply coal rate is made of (供电煤耗).

    Attributes:
        fuels: coal, oil and gas fired, with their heating values.
        generation: gross, at the generator.
        auxiliary: house load, in all.
        heating_auxiliary: of it, what serves heating only.
        heat: heat supplied; total_heat: all heat that left the boiler. Where heat is supplied both are wanted.
        rated_mw, curve: (load factor, gce/kWh) of the unit's own tests, condensing, in order of load.
    """

    code: Code
    name: Name | None = None
    process: Code | None = None
    fuels: Annotated[tuple[Code, ...], Field(min_length=1)]
    generation: Code
    auxiliary: Annotated[tuple[Code, ...], Field(min_length=1)]
    heating_auxiliary: tuple[Code, ...] = ()
    heat: tuple[Code, ...] = ()
    total_heat: Code | None = None
    rated_mw: Positive | None = None
    curve: tuple[tuple[Positive, Positive], ...] = ()

    @property
    def points(self) -> dict[str, tuple[str, ...]]:
        """Codes of its points by what they are to it."""
        total = (self.total_heat,) if self.total_heat is not None else ()
        return {
            "fuels": self.fuels,
            "generation": (self.generation,),
            "auxiliary": self.auxiliary,
            "heating_auxiliary": self.heating_auxiliary,
            "heat": self.heat,
            "total_heat": total,
        }

    def enpi(self, named: Enpi | None = None) -> Enpi:
        """Its supply coal rate as an EnPI: one that names it, or one of its own."""
        held = named or Enpi(code=self.code, name=self.name, process=self.process, generating_unit=self.code)
        return held.model_copy(update={"made_of": {key: codes for key, codes in self.points.items() if codes}})

    @model_validator(mode="after")
    def _rising(self) -> Self:
        loads = [load for load, _ in self.curve]
        if loads != sorted(set(loads)) or len(loads) == 1:
            raise ValueError("curve: at least two loads, each greater than the one before")
        if self.curve and self.rated_mw is None:
            raise ValueError("a curve needs rated_mw beside it")
        return self
