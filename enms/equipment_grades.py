"""Grades of transformers, boilers, fans and pumps: one shape of file each, one reader each."""

from __future__ import annotations

from functools import cache
from math import log, sqrt
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from enms.errors import NotFoundError
from enms.names import Name
from enms.standard_file import Cited, Head, Number, Strict, Text, parse_standard

_FOLDER = Path(__file__).parent / "standards"
Three = tuple[Number | None, Number | None, Number | None]
Rows = Field(min_length=1)


class TransformerRow(Cited):
    """Losses by grade; a transformer is of a grade that both its losses meet."""

    kva: Annotated[Number, Field(gt=0)]
    core: Literal["silicon_steel", "amorphous"]
    connection: Text
    no_load_kw: Three
    load_kw: Three


class TransformerFile(Head):
    kind: Literal["transformer_losses"]
    rows: Annotated[tuple[TransformerRow, ...], Rows]


class BoilerRow(Cited):
    """Thermal efficiency by grade."""

    burning: Text
    fuel: Text
    size: Text
    grades: Three


class BoilerFile(Head):
    kind: Literal["boiler_grades"]
    rows: Annotated[tuple[BoilerRow, ...], Rows]


class FanRow(Cited):
    """Efficiency by grade; `by` is psi (pressure coefficient) or hub_ratio, over one bound and up to the other."""

    by: Literal["psi", "hub_ratio"]
    over: Number
    up_to: Number
    specific_speed: Text | None
    machine_no: Text
    grades: Three
    note: str | None = None


class FanFile(Head):
    kind: Literal["fan_grades"]
    rows: Annotated[tuple[FanRow, ...], Rows]


class Coefficients(Strict):
    """Of the pump formula (see the data file)."""

    a: Number
    b: Number
    c: Number
    d: Number
    e: Number


class PumpRow(Cited):
    """The constant C of each grade; every one is there, a group that lacks one does not ship."""

    group: Text
    name: Name
    family: Text
    flow_over: Number | None
    flow_up_to: Number | None
    constants: tuple[Number, Number, Number]


class PumpFile(Head):
    kind: Literal["pump_grades"]
    coefficients: dict[str, Coefficients]
    rows: Annotated[tuple[PumpRow, ...], Rows]

    @model_validator(mode="after")
    def _families(self) -> Self:
        if unknown := {row.family for row in self.rows} - set(self.coefficients):
            raise ValueError(f"no coefficients of {', '.join(sorted(unknown))}")
        return self


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def parse_transformers(text: str, source: str) -> TransformerFile:
    """A table of losses; InputError with all mistakes and lines."""
    return parse_standard(TransformerFile, text, source, "rows", ("kva",))


def parse_boilers(text: str, source: str) -> BoilerFile:
    """A table of boilers; InputError with all mistakes and lines."""
    return parse_standard(BoilerFile, text, source, "rows", ("fuel",))


def parse_fans(text: str, source: str) -> FanFile:
    """A table of fans; InputError with all mistakes and lines."""
    return parse_standard(FanFile, text, source, "rows", ("machine_no",))


def parse_pumps(text: str, source: str) -> PumpFile:
    """Constants of pumps; InputError with all mistakes and lines."""
    return parse_standard(PumpFile, text, source, "rows", ("group",))


@cache
def transformers() -> TransformerFile:
    return parse_transformers(_text(name := "transformer_losses_gb20052-2024.yaml"), name)


@cache
def boilers() -> BoilerFile:
    return parse_boilers(_text(name := "boiler_grades_gb24500-2020.yaml"), name)


@cache
def fans() -> FanFile:
    return parse_fans(_text(name := "fan_grades_gb19761-2020.yaml"), name)


@cache
def pumps() -> PumpFile:
    return parse_pumps(_text(name := "pump_grades_gb19762-2025.yaml"), name)


def pump_grades(group: str, flow_m3h: float, head_m: float, rpm: float) -> tuple[float, float, float] | None:
    """Least efficiencies (%) of grades 1 to 3 at the rated point; None where the flow is outside the group's range.

    Args:
        group: the row's key, `single_suction_5_300`.
        flow_m3h: rated flow, m3/h.
        head_m: rated head of one stage, m.
        rpm: rated speed, 1/min.

    Raises:
        NotFoundError: the catalogue has no such group.
    """
    file = pumps()
    row = next((r for r in file.rows if r.group == group), None)
    if row is None:
        raise NotFoundError(f"the catalogue has no pump group {group!r}")
    if (row.flow_over is not None and flow_m3h < row.flow_over) or (
        row.flow_up_to is not None and flow_m3h > row.flow_up_to
    ):
        return None
    suction = flow_m3h / 2 if group.startswith("double_suction") else flow_m3h
    speed = log(3.65 * rpm * sqrt(suction / 3600) / head_m**0.75)
    flow, k = log(flow_m3h), file.coefficients[row.family]
    base = k.a * speed**2 + k.b * flow**2 + k.c * speed * flow + k.d * speed + k.e * flow
    first, second, third = (base - constant for constant in row.constants)
    return first, second, third


def transformer_grade(kva: float, core: str, connection: str, no_load_kw: float, load_kw: float) -> int | None:
    """The best grade that both losses meet (1 to 3); None: none of them.

    Args:
        kva: rated capacity, one of the table's.
        core: `silicon_steel` or `amorphous`.
        connection: `Dyn11` or another of the table's.
        no_load_kw, load_kw: rated losses.

    Raises:
        NotFoundError: the table has no such transformer.
    """
    for row in transformers().rows:
        if row.kva == kva and row.core == core and connection in row.connection.split("/"):
            for grade, (no_load, load) in enumerate(zip(row.no_load_kw, row.load_kw, strict=True), 1):
                if no_load is not None and load is not None and no_load_kw <= no_load and load_kw <= load:
                    return grade
            return None
    raise NotFoundError(f"the table has no {core} transformer of {kva} kVA, {connection}")
