"""A motor held against the efficiency grades, from its nameplate alone: the register check.

A motor below grade 3 (the limit) may no longer be sold; nobody has to scrap one for it. So the finding is an
opportunity. Grades hold at rated load, and say nothing of the state the motor is in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from enms.motor import Motor
from enms.motor_grades import Grade, MotorGrades, motor_grades, standard_of
from enms.motor_series import Series, series_of

_IEC = "IEC 60034-30-1"


class GradeState(StrEnum):
    """Where a nameplate stands."""

    MEETS = "meets"
    BELOW = "below"
    CANNOT_TELL = "cannot_tell"


class GradeWhy(StrEnum):
    """Why it cannot be told."""

    NOT_COVERED = "no_grade_table_covers_it"
    NO_POLES = "poles_missing"
    OUTSIDE = "outside_the_grade_table"
    NO_EFFICIENCY = "nameplate_efficiency_missing"


@dataclass(frozen=True, slots=True)
class GradeVerdict:
    """A nameplate against the grades of its standard.

    Attributes:
        efficiency_pct: of the nameplate; where that is not known, what the model's series was built for.
        series: where it is from the series.
        table: grades at its rated power and poles, with where they are from; None where there are none.
        reached: the best grade reached; None below the last.
        missing: nameplate figures that would tell.
    """

    state: GradeState
    efficiency_pct: float | None
    series: Series | None
    table: MotorGrades | None
    reached: Grade | None
    why: GradeWhy | None = None
    missing: tuple[str, ...] = ()

    @property
    def limit(self) -> Grade | None:
        """The last grade: the limit."""
        return self.table.grades[-1] if self.table is not None else None


def grade_of(motor: Motor, on: date) -> GradeVerdict:
    """Which grade a motor reaches by the edition that holds on a day."""
    standard = standard_of(motor)
    if standard is None:
        return _cannot(GradeWhy.NOT_COVERED, () if motor.voltage_v or motor.type != "cage" else ("voltage_v",))
    if motor.poles is None:
        return _cannot(GradeWhy.NO_POLES, ("poles",))
    table = motor_grades(standard, motor.rated_kw, motor.poles, on=on)
    if table is None:
        return _cannot(GradeWhy.OUTSIDE)
    efficiency, series = motor.efficiency_pct, None
    if efficiency is None:
        series = series_of(motor.model)
        efficiency = _built_for(series, motor.rated_kw, motor.poles, on)
    if efficiency is None:
        return _cannot(GradeWhy.NO_EFFICIENCY, ("efficiency_pct",), table)
    reached = table.reached(efficiency)
    state = GradeState.BELOW if reached is None else GradeState.MEETS
    return GradeVerdict(state, efficiency, series, table, reached)


def _built_for(series: Series | None, rated_kw: float, poles: int, on: date) -> float | None:
    """The least efficiency of a series' class; IE5 is not in the table, and is better than IE4 anyway."""
    table = motor_grades(_IEC, rated_kw, poles, on=on)
    if series is None or table is None:
        return None
    wanted = "IE4" if series.ie == "IE5" else series.ie
    return next((grade.efficiency_pct for grade in table.grades if grade.name == wanted), None)


def _cannot(why: GradeWhy, missing: tuple[str, ...] = (), table: MotorGrades | None = None) -> GradeVerdict:
    return GradeVerdict(GradeState.CANNOT_TELL, None, None, table, None, why, missing)
