"""What replacing a motor would save at the load it really has, with the range that this is known within.

Output is taken from the load formula of GB/T 12497; the new motor gives the same output with its own losses:

    saving = sum (P1 - P2 - dP0' - beta'^2 (dPN' - dP0')) x hours, for a year of such hours
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from math import hypot

from enms.motor import Motor
from enms.motor_assumptions import Assumption, assumption, load_limit
from enms.motor_grades import Grade, MotorGrades, motor_grade_files, motor_grades, standard_of
from enms.motors import Load, energised_kw, load_from_power, nameplate_tolerance, unclassed_power

YEAR_H = 8760.0
# A profile of fewer hours says little of a year.
FEWEST_H = 24.0
_CENTRIFUGAL = {"fan", "pump", "blower"}


class NoSaving(StrEnum):
    """Why no saving is estimated."""

    NOT_COVERED = "no_grade_table_covers_it"
    BEST = "already_of_the_best_grade"
    VSD = "variable_speed_drive"
    NO_LOAD = "load_cannot_be_told"
    TOO_SHORT = "observed_for_too_short"
    STANDS = "did_not_run"
    NO_SMALLER = "no_smaller_motor_fits"
    NOT_TOO_LARGE = "not_too_large"


@dataclass(frozen=True, slots=True)
class Bin:
    """Hours at a mean input power."""

    kw: float
    hours: float


@dataclass(frozen=True, slots=True)
class LoadProfile:
    """How long a motor took how much; hours that nobody metered are in no bin."""

    start: datetime
    end: datetime
    bins: tuple[Bin, ...]

    @property
    def known_h(self) -> float:
        return sum(b.hours for b in self.bins)

    def running(self, motor: Motor) -> tuple[Bin, ...]:
        """Bins in which the motor was switched on."""
        least = energised_kw(motor)
        return tuple(b for b in self.bins if b.kw >= least)


@dataclass(frozen=True, slots=True)
class Candidate:
    """The motor that would be bought: its rated power, and the grade it would have."""

    rated_kw: float
    grade: Grade
    table: MotorGrades


@dataclass(frozen=True, slots=True)
class Saving:
    """Electricity saved in a year of such hours.

    Attributes:
        kwh_a: a year.
        low_kwh_a, high_kwh_a: by root sum of squares; None: not known.
        running_h_a: hours a year at the observed share.
        now_kwh_a, then_kwh_a: taken now and by the new motor.
        parts: of the range, kWh a year each way (negative: downwards); None: not known.
        assumptions: what was assumed.
        unclassed: points whose meters are of no known class: there is no range then.
    """

    candidate: Candidate
    kwh_a: float
    low_kwh_a: float | None
    high_kwh_a: float | None
    running_h_a: float
    now_kwh_a: float
    then_kwh_a: float
    parts: dict[str, tuple[float, float] | None] = field(default_factory=dict)
    assumptions: tuple[Assumption, ...] = ()
    unclassed: tuple[str, ...] = ()


def replacement(
    motor: Motor, profile: LoadProfile | None, on: date, accuracy_class: float | None = None
) -> Saving | NoSaving:
    """What a motor of the next better grade worth buying would save: grade 2, or 1 where it has 2 already."""
    if (why := _unable(motor, profile)) is not None:
        return why
    table = _table(motor, motor.rated_kw, on)
    if table is None:
        return NoSaving.NOT_COVERED
    grade = _better(table, motor.efficiency_pct or 0.0)
    if grade is None:
        return NoSaving.BEST
    assert profile is not None
    return _saving(motor, profile, Candidate(motor.rated_kw, grade, table), accuracy_class)


def resizing(
    motor: Motor, profile: LoadProfile | None, on: date, accuracy_class: float | None = None
) -> Saving | NoSaving:
    """What a smaller motor would save, where this one is chronically under-loaded."""
    if (why := _unable(motor, profile)) is not None:
        return why
    assert profile is not None
    loads = _loads(motor, profile)
    hours = sum(h for _, h in loads)
    under = sum(h for factor, h in loads if factor < load_limit("underload"))
    if under < assumption("chronic_share").value * hours:
        return NoSaving.NOT_TOO_LARGE
    needed = _quantile(loads, 0.95) * motor.rated_kw / assumption("full_enough").value
    for power in _powers(motor):
        if needed <= power < motor.rated_kw and (table := _table(motor, power, on)) is not None:
            grade = next((g for g in table.grades if g.name == "2"), table.grades[0])
            return _saving(motor, profile, Candidate(power, grade, table), accuracy_class)
    return NoSaving.NO_SMALLER


def _unable(motor: Motor, profile: LoadProfile | None) -> NoSaving | None:
    if motor.vsd:
        return NoSaving.VSD
    if motor.type not in {"cage", "wound"} or not isinstance(load_from_power(motor, motor.rated_kw), Load):
        return NoSaving.NO_LOAD
    if profile is None or profile.known_h < FEWEST_H:
        return NoSaving.TOO_SHORT if motor.points.power is not None else NoSaving.NO_LOAD
    return None if profile.running(motor) else NoSaving.STANDS


def _table(motor: Motor, rated_kw: float, on: date) -> MotorGrades | None:
    standard = standard_of(motor)
    if standard is None or motor.poles is None:
        return None
    return motor_grades(standard, rated_kw, motor.poles, on=on)


def _powers(motor: Motor) -> Sequence[float]:
    standard = standard_of(motor)
    files = [f for f in motor_grade_files() if f.standard == standard]
    return sorted({row.kw for file in files for row in file.rows if motor.poles in row.poles})


def _better(table: MotorGrades, efficiency_pct: float) -> Grade | None:
    """Grade 2, or 1 where the motor has 2 already; None where it has 1."""
    two = next((g for g in table.grades if g.name == "2"), table.grades[0])
    wanted = [g for g in (two, table.grades[0]) if round(efficiency_pct, 1) < round(g.efficiency_pct, 1)]
    return wanted[0] if wanted else None


def _loads(motor: Motor, profile: LoadProfile) -> list[tuple[float, float]]:
    """Load factor and hours of every bin in which the motor ran."""
    found = [(load_from_power(motor, b.kw), b.hours) for b in profile.running(motor)]
    return [(load.factor, hours) for load, hours in found if isinstance(load, Load)]


def _quantile(loads: Sequence[tuple[float, float]], share: float) -> float:
    total, passed = sum(hours for _, hours in loads), 0.0
    for factor, hours in sorted(loads):
        passed += hours
        if passed >= share * total:
            return factor
    return loads[-1][0] if loads else 0.0


def new_input_kw(candidate: Candidate, output_kw: float, share: float, efficiency_pct: float) -> float:
    """What the new motor takes for an output."""
    loss = (100.0 / efficiency_pct - 1.0) * candidate.rated_kw
    beta = output_kw / candidate.rated_kw
    return output_kw + share * loss + beta**2 * (1 - share) * loss


def _other_shares(motor: Motor, shares: Sequence[float]) -> list[Motor]:
    """The motor with other no-load losses than assumed; none where its nameplate has them."""
    if motor.no_load_loss_kw is not None or motor.efficiency_pct is None:
        return []
    loss = (100.0 / motor.efficiency_pct - 1.0) * motor.rated_kw
    return [motor.model_copy(update={"no_load_loss_kw": share * loss}) for share in shares]


def _saving(motor: Motor, profile: LoadProfile, candidate: Candidate, accuracy_class: float | None) -> Saving:
    share = assumption("no_load_loss_share")
    slip = assumption("less_slip").high if motor.drives in _CENTRIFUGAL else 0.0
    assert motor.efficiency_pct is not None
    tolerance = nameplate_tolerance(motor.rated_kw) * (100 - motor.efficiency_pct)
    worn = motor.model_copy(update={"efficiency_pct": motor.efficiency_pct - tolerance, "no_load_loss_kw": None})
    grade = candidate.grade.efficiency_pct
    worse = grade - nameplate_tolerance(candidate.rated_kw) * (100 - grade)
    to_year = YEAR_H / profile.known_h
    running = profile.running(motor)

    def saved(old: Motor, new_share: float, new_pct: float, scale: float = 1.0, more: float = 0.0) -> float:
        total = 0.0
        for one in running:
            load = load_from_power(old, one.kw * scale)
            assert isinstance(load, Load)
            output = load.factor * old.rated_kw
            total += (one.kw * scale - new_input_kw(candidate, output * (1 + more), new_share, new_pct)) * one.hours
        return total * to_year

    middle = saved(motor, share.value, grade)
    shares = [saved(motor, s, grade) - middle for s in (share.low, share.high)]
    olds = [saved(old, share.value, grade) - middle for old in _other_shares(motor, (share.low, share.high))]
    parts: dict[str, tuple[float, float] | None] = {
        "old_motor_tolerance": (0.0, max(0.0, saved(worn, share.value, grade) - middle)),
        "new_motor_tolerance": (min(0.0, saved(motor, share.value, worse) - middle), 0.0),
        "no_load_share": (min(0.0, *shares), max(0.0, *shares)),
        "old_no_load_share": (min([0.0, *olds]), max([0.0, *olds])),
        "power_meter": None,
        "less_slip": (min(0.0, saved(motor, share.value, grade, more=slip) - middle), 0.0),
    }
    low = high = None
    if accuracy_class is not None:
        by_meter = [
            saved(motor, share.value, grade, scale=1 + sign * accuracy_class / 100) - middle for sign in (-1, 1)
        ]
        parts["power_meter"] = (min(0.0, *by_meter), max(0.0, *by_meter))
        every = [part for part in parts.values() if part is not None]
        low = middle - hypot(*(down for down, _ in every))
        high = middle + hypot(*(up for _, up in every))
    now = sum(b.kw * b.hours for b in running) * to_year
    assumed = [share, *([assumption("less_slip")] if slip else [])]
    if candidate.rated_kw != motor.rated_kw:
        assumed += [assumption("chronic_share"), assumption("full_enough")]
    return Saving(
        candidate=candidate,
        kwh_a=middle,
        low_kwh_a=low,
        high_kwh_a=high,
        running_h_a=sum(b.hours for b in running) * to_year,
        now_kwh_a=now,
        then_kwh_a=now - middle,
        parts=parts,
        assumptions=tuple(assumed),
        unclassed=unclassed_power(motor, accuracy_class),
    )
