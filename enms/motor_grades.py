"""Efficiency grades of motors at rated load, by rated power and poles: GB 18613, GB 30254, IEC 60034-30-1.

A rated power between two of the table's takes a value between theirs, by the rule the data file states; one outside
the table, or a number of poles it does not have, has no grade.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from math import log10
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from enms.errors import NotFoundError
from enms.motor import Motor
from enms.names import Name
from enms.standard_file import Citation, Cited, Confidence, Head, Number, Strict, Text, parse_standard

FOLDER = Path(__file__).parent / "standards"
_LOW_VOLTAGE_V, _TABLE_1_V = 1000.0, 6600.0
# Smaller motors are not made for high voltage.
_HIGH_VOLTAGE_FROM_KW = 200.0
Percent = Annotated[Number, Field(gt=0, lt=100)]


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade and the least efficiency (%) a motor of it has at rated load."""

    name: str
    efficiency_pct: float
    confidence: str


@dataclass(frozen=True, slots=True)
class MotorGrades:
    """The grades of one rated power and number of poles.

    Attributes:
        grades: the best first; the last is the limit (GB: grade 3).
        between: the two rated powers of the table it was interpolated from; None: it is in the table.
        rule: how, in words, where interpolated.
        rule_confidence: of that rule.
    """

    citation: Citation
    rated_kw: float
    poles: int
    grades: tuple[Grade, ...]
    between: tuple[float, float] | None
    rule: Name | None
    rule_confidence: str | None

    def reached(self, efficiency_pct: float) -> Grade | None:
        """The best grade that an efficiency reaches; None where it is below the last.

        Nameplates and tables give tenths: both are compared as printed, without a tolerance.
        """
        return next((g for g in self.grades if round(efficiency_pct, 1) >= round(g.efficiency_pct, 1)), None)


class _Interpolation(Strict):
    rule: Literal["linear", "log"]
    text: Name
    confidence: Confidence


class _Column(Strict):
    name: Text
    confidence: Confidence


class _Row(Cited):
    kw: Annotated[Number, Field(gt=0)]
    poles: Annotated[dict[int, tuple[Percent, ...]], Field(min_length=1)]


class MotorGradesFile(Head):
    """An edition's table; each row has its values by poles, in the order of `grades`."""

    kind: Literal["motor_grades"]
    applies: Name
    grades: Annotated[tuple[_Column, ...], Field(min_length=1)]
    interpolation: _Interpolation
    rows: Annotated[tuple[_Row, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        powers = [row.kw for row in self.rows]
        if powers != sorted(set(powers)):
            raise ValueError("rated powers rise from row to row, each there once")
        for row in self.rows:
            if short := [p for p, values in row.poles.items() if len(values) != len(self.grades)]:
                raise ValueError(f"{row.kw} kW, {short[0]} poles: one value for each of {len(self.grades)} grades")
        return self


def parse_motor_grades(text: str, source: str) -> MotorGradesFile:
    """A table of grades.

    Raises:
        InputError: all mistakes in it, with lines.
    """
    return parse_standard(MotorGradesFile, text, source, "rows", ("kw",))


@cache
def motor_grade_files() -> tuple[MotorGradesFile, ...]:
    """The bundled tables, by edition."""
    paths = sorted(FOLDER.glob("motor_grades_*.yaml"))
    return tuple(parse_motor_grades(path.read_text(encoding="utf-8"), path.name) for path in paths)


def motor_grades(standard: str, rated_kw: float, poles: int, *, on: date) -> MotorGrades | None:
    """Grades of a rated power and number of poles; None outside the table, or where no edition holds on that day.

    Args:
        standard: "GB 18613", "GB 30254" or "IEC 60034-30-1", with or without the year of an edition.
        rated_kw: rated output power.
        poles: number of poles.
        on: the day whose edition is wanted; an installed motor is held against today's.

    Raises:
        NotFoundError: the catalogue has no such table.
    """
    files = [f for f in motor_grade_files() if standard in {f.standard, f.edition}]
    if not files:
        raise NotFoundError(f"the catalogue has no motor grades of {standard!r}")
    for file in files:
        if file.effective_from <= on and (file.effective_to is None or on <= file.effective_to):
            return _grades(file, rated_kw, poles)
    return None


def standard_of(motor: Motor) -> str | None:
    """The standard whose table a motor belongs to; None where neither covers it or its voltage is not known.

    GB 18613 is for cage motors up to 1 000 V, GB 30254 table 1 for cage motors of 3 kV to 6 kV. One whose voltage is
    not given counts as low voltage below 200 kW.
    """
    if motor.type != "cage":
        return None
    if motor.voltage_v is None:
        return "GB 18613" if motor.rated_kw < _HIGH_VOLTAGE_FROM_KW else None
    if motor.voltage_v <= _LOW_VOLTAGE_V:
        return "GB 18613"
    return "GB 30254" if motor.voltage_v <= _TABLE_1_V else None


def _grades(file: MotorGradesFile, rated_kw: float, poles: int) -> MotorGrades | None:
    with_poles = [row for row in file.rows if poles in row.poles]
    below = max((row for row in with_poles if row.kw <= rated_kw), key=lambda row: row.kw, default=None)
    above = min((row for row in with_poles if row.kw >= rated_kw), key=lambda row: row.kw, default=None)
    if below is None or above is None:
        return None
    exact = below is above
    share = 0.0 if exact else _share(file.interpolation.rule, below.kw, above.kw, rated_kw)
    values = [lo + (hi - lo) * share for lo, hi in zip(below.poles[poles], above.poles[poles], strict=True)]
    return MotorGrades(
        citation=file.cite(below),
        rated_kw=rated_kw,
        poles=poles,
        grades=tuple(
            Grade(column.name, value, column.confidence) for column, value in zip(file.grades, values, strict=True)
        ),
        between=None if exact else (below.kw, above.kw),
        rule=None if exact else file.interpolation.text,
        rule_confidence=None if exact else file.interpolation.confidence,
    )


def _share(rule: str, low: float, high: float, at: float) -> float:
    if rule == "log":
        return log10(at / low) / log10(high / low)
    return (at - low) / (high - low)
