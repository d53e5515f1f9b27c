"""Reading coefficients and carbon factors: a row without its edition, dates, source or review is refused."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from enms.names import Name
from enms.standard_file import Cited, Head, Number, Strict, Text, parse_standard
from enms.tce_basis import TceBasis
from enms.units import KJ_PER_KGCE, UNITS

Rows = Field(min_length=1)
Share = Annotated[Number, Field(gt=0, le=1)]
Positive = Annotated[Number, Field(gt=0)]
# A printed kgce has four decimals, and its kJ are whole.
_ROUNDING = 6e-4
# t of carbon dioxide that a t of carbon becomes.
CO2_PER_C = 44 / 12
_PER = {"kg", "m3", "Nm3", "MJ", "kWh", "t"}


class Alternative(Cited):
    """A figure that a source also gives: shown, never counted with. A pair is a range."""

    kgce: Number | tuple[Number, Number]
    note: str | None


class Coefficient(Strict):
    """The standard coal in a unit of a carrier; null: no default is safe.

    A row of confidence C says that there is a carrier, never a figure.
    """

    code: Text
    name: Name
    unit: Text
    basis: TceBasis
    kgce: Number | None
    kj: Number | None
    clause: Text
    source: Text
    confidence: Literal["A", "A-", "B", "C"]
    review: Text
    note: str | None
    # No carbon in it: what it took to make it is counted where that was used.
    carbon_free: bool = False
    alternatives: tuple[Alternative, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.confidence == "C" and self.kgce is not None:
            raise ValueError("a figure of confidence C never ships: kgce must be null")
        if unknown := {self.unit, *(a.unit for a in self.alternatives)} - _PER:
            raise ValueError(f"unit {min(unknown)!r} is none of {', '.join(sorted(_PER))}")
        if self.kgce is not None and self.kj is not None and abs(self.kj / KJ_PER_KGCE - self.kgce) > _ROUNDING:
            raise ValueError(f"{self.kj:g} kJ are {self.kj / KJ_PER_KGCE:.4f} kgce, not {self.kgce:g}")
        return self


class CoefficientsFile(Head):
    kind: Literal["coefficients"]
    carriers: Annotated[tuple[Coefficient, ...], Rows]

    @model_validator(mode="after")
    def _once(self) -> Self:
        codes = [row.code for row in self.carriers]
        if double := {code for code in codes if codes.count(code) > 1}:
            raise ValueError(f"carrier there twice: {', '.join(sorted(double))}")
        return self


class Fuel(Cited):
    """A fuel's carbon: tC per GJ, the share that burns, and the heating value of the guide (null: measure it)."""

    carrier: Text
    carbon_tc_per_gj: Positive
    oxidation: Share
    ncv_gj_per_unit: Positive | None
    note: str | None

    @property
    def tco2_per_gj(self) -> float:
        return self.carbon_tc_per_gj * self.oxidation * CO2_PER_C


class FuelsFile(Head):
    kind: Literal["carbon_fuels"]
    rows: Annotated[tuple[Fuel, ...], Rows]


class Bought(Cited):
    """Carbon dioxide of a unit of bought electricity or heat, by region and year of its data."""

    carrier: Literal["electricity", "heat", "steam"]
    region: Text | None
    scope: Text
    data_year: int | None
    tco2_per_unit: Annotated[Number, Field(ge=0)]
    edition: Text
    effective_from: date
    effective_to: date | None
    note: str | None

    @model_validator(mode="after")
    def _known_unit(self) -> Self:
        if self.unit not in UNITS:
            raise ValueError(f"unknown unit {self.unit!r}")
        return self


class PowerFile(Head):
    kind: Literal["carbon_power"]
    default_region: Text
    rows: Annotated[tuple[Bought, ...], Rows]

    @model_validator(mode="after")
    def _has_its_region(self) -> Self:
        if not self.counted_with("electricity"):
            raise ValueError(f"no average of {self.default_region}, which is the default region")
        return self

    def counted_with(self, carrier: str) -> list[Bought]:
        """The rows that the product counts with: those of the default region, or of no region."""
        return [
            row
            for row in self.rows
            if row.carrier == carrier
            and (row.region is None or (row.region == self.default_region and row.scope == "average"))
        ]


class ProcessEmission(Cited):
    """Carbon dioxide of a unit of raw material, or (deducted) of carbon that leaves in a product."""

    item: Text
    name: Name
    tco2_per_unit: Positive
    deducted: bool


class ProcessFile(Head):
    kind: Literal["carbon_process"]
    rows: Annotated[tuple[ProcessEmission, ...], Rows]


def parse_coefficients(text: str, source: str) -> CoefficientsFile:
    """The coefficients; InputError with all mistakes and lines."""
    return parse_standard(CoefficientsFile, text, source, "carriers", ("code",))


def parse_fuels(text: str, source: str) -> FuelsFile:
    """The fuels' carbon; InputError with all mistakes and lines."""
    return parse_standard(FuelsFile, text, source, "rows", ("carrier",))


def parse_power(text: str, source: str) -> PowerFile:
    """Bought electricity and heat; InputError with all mistakes and lines."""
    return parse_standard(PowerFile, text, source, "rows", ("carrier", "region"))


def parse_process(text: str, source: str) -> ProcessFile:
    """Process emissions; InputError with all mistakes and lines."""
    return parse_standard(ProcessFile, text, source, "rows", ("item",))
