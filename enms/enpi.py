"""An EnPI as a plant file describes it: its boundary, its limit and what corrects that."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from enms.names import Name
from enms.plant_types import Code, Number, Sign, Strict
from enms.points import Term
from enms.tce_basis import TceBasis


class LimitReference(Strict):
    """The national limit an EnPI is held against; the edition is the one valid at the time."""

    standard: str
    item: str


class Declared(Strict):
    """A correction's input that nobody meters (oven age, a factor product): a value over days, and its evidence.

    Attributes:
        value: in the correction's unit.
        since, until: local days, the last included; None is open.
        evidence: where the value is from (a test report, a certificate); goes into the evidence of verdicts.
    """

    input: Annotated[str, Field(min_length=1)]
    value: Number
    since: date = Field(alias="from")
    until: date | None = Field(default=None, alias="to")
    evidence: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise ValueError("to is before from")
        return self


PartName = Literal["energy", "output", "heat", "total_heat"]


_OF_UNIT: dict[str, tuple[PartName, Sign]] = {
    "fuels": ("energy", 1),
    "generation": ("output", 1),
    "auxiliary": ("output", -1),
    "heating_auxiliary": ("output", 1),
    "heat": ("heat", 1),
    "total_heat": ("total_heat", 1),
}
"""What a generating unit's points are to its supply coal rate b = B (1 - alpha) / (Wgen - Waux,power)."""


class Enpi(Strict):
    """An energy performance indicator (ISO 50006): boundary energy over qualified output.

    Attributes:
        unit: None: kgce/t, or gce/kWh where the output is power. The others are for boundaries of electricity alone,
            such as a house load in %.
        generating_unit: the supply coal rate of that unit, in the place of a boundary of its own: fuels less the share
            of heat supplied, over what was generated less house load (`enms.performance`).
        made_of: that unit's points by what they are to it; filled in by the plant, never written in a plant file.
    """

    code: Code
    name: Name | None = None
    process: Code | None = None
    basis: TceBasis = TceBasis.CALORIFIC
    periods: tuple[Literal["hour", "shift", "day", "month", "year"], ...] = ("day", "month", "year")
    unit: Literal["kWh/t", "kWh/kg", "%"] | None = None
    limit: LimitReference | None = None
    energy: tuple[Term, ...] = ()
    output: tuple[Code, ...] = ()
    corrections: dict[str, Code] = Field(default_factory=dict)
    declared: tuple[Declared, ...] = ()
    generating_unit: Code | None = None
    made_of: dict[str, tuple[Code, ...]] = Field(default_factory=dict)

    @property
    def parts(self) -> tuple[tuple[PartName, Sign, Code], ...]:
        """What it is made of: part, sign and code of every point of its boundary, in order."""
        own: list[tuple[PartName, Sign, Code]] = [("energy", term.sign, term.point) for term in self.energy]
        own += [("output", 1, name) for name in self.output]
        return (*own, *((*part, name) for key, part in _OF_UNIT.items() for name in self.made_of.get(key, ())))

    @property
    def codes(self) -> frozenset[Code]:
        """The points of its boundary."""
        return frozenset(name for _, _, name in self.parts)

    @model_validator(mode="after")
    def _one_boundary(self) -> Self:
        own = [key for key in ("energy", "output") if getattr(self, key)]
        if self.generating_unit is not None:
            if own:
                raise ValueError(f"{own[0]} is the generating unit's; name the unit or a boundary, not both")
            if self.unit is not None or self.basis is not TceBasis.CALORIFIC:
                raise ValueError("a generating unit's supply coal rate is in gce/kWh on the calorific basis")
        elif len(own) < len(("energy", "output")):
            raise ValueError(f"{'output' if 'energy' in own else 'energy'} is missing")
        return self

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        held: dict[str, date | None] = {}
        for entry in sorted(self.declared, key=lambda d: d.since):
            if entry.input in self.corrections:
                raise ValueError(f"{entry.input} is metered and declared")
            if entry.input in held and (held[entry.input] or date.max) >= entry.since:
                raise ValueError(f"{entry.input} is declared twice for {entry.since}")
            held[entry.input] = entry.until
        return self
