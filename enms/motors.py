"""A motor's load and what can honestly be said of its efficiency (GB/T 12497-2006).

Input power and nameplate give the load factor. They do not give the efficiency: they return the nameplate curve,
whatever state the motor is in. That needs slip or the driven output; where those are not metered the verdict is
"cannot tell", and says which instrument would tell.

    P1 = beta PN + dP0 + beta^2 (dPN - dP0),   dPN = (1/etaN - 1) PN
    beta = (-PN/2 + sqrt(PN^2/4 + (dPN - dP0)(P1 - dP0))) / (dPN - dP0)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import hypot, sqrt

from enms.motor import Motor
from enms.motor_assumptions import Assumption, assumption, load_limit

# IEC 60034-1 table 21: efficiency may fall short of the nameplate by this share of its losses.
_TOLERANCE_SMALL, _TOLERANCE_LARGE, _SMALL_KW = 0.15, 0.10, 150.0
# The formulas describe induction motors; others have no such no-load and load losses.
_INDUCTION = {"cage", "wound"}


class LoadState(StrEnum):
    """What a motor is doing."""

    OFF = "off"
    IDLE = "idle"
    UNDERLOADED = "underloaded"
    NORMAL = "normal"
    OVERLOADED = "overloaded"
    CANNOT_TELL = "cannot_tell"


class EfficiencyState(StrEnum):
    """What is known of a motor's efficiency."""

    AS_EXPECTED = "as_expected"
    BELOW = "below_expectation"
    CANNOT_TELL = "cannot_tell"


class Why(StrEnum):
    """Why a verdict cannot be given."""

    NO_POWER = "power_not_metered"
    NO_READING = "no_reading"
    NO_EFFICIENCY = "nameplate_efficiency_missing"
    NAMEPLATE = "nameplate_contradicts_itself"
    NOT_INDUCTION = "method_is_for_induction_motors"
    VSD = "variable_speed_drive"
    CURRENT_LOW = "current_method_only_above_half_load"
    ONLY_INPUT = "input_power_alone_returns_the_nameplate_curve"
    VSD_SLIP = "slip_needs_the_drives_frequency"
    NO_RATED_SPEED = "rated_speed_missing"
    NO_REFERENCE = "reference_not_complete_yet"
    TOO_LITTLE = "too_little_at_the_references_loads"
    NO_CLASS = "accuracy_class_missing"


@dataclass(frozen=True, slots=True)
class Load:
    """A load factor with its range.

    Attributes:
        factor: output over rated power, 1 is rated load.
        low, high: by root sum of squares; None: not known, as by current, or where a meter's class is not known.
        method: `power` or `current`.
        rated_loss_kw, no_load_loss_kw: what the formula used; None for the current method.
        assumptions: what was assumed on the way.
        unclassed: points whose meters are of no known class: there is no range then.
    """

    factor: float
    low: float | None
    high: float | None
    method: str
    rated_loss_kw: float | None
    no_load_loss_kw: float | None
    assumptions: tuple[Assumption, ...]
    unclassed: tuple[str, ...] = ()

    def nameplate_efficiency(self, rated_kw: float) -> float | None:
        """Efficiency (0 to 1) that the nameplate curve has at this load; not a measurement of this motor."""
        if self.rated_loss_kw is None or self.no_load_loss_kw is None or self.factor <= 0:
            return None
        output = self.factor * rated_kw
        return output / (output + self.no_load_loss_kw + self.factor**2 * (self.rated_loss_kw - self.no_load_loss_kw))


@dataclass(frozen=True, slots=True)
class LoadVerdict:
    """What the load says.

    Attributes:
        state: see LoadState.
        load: None where it cannot be told, or the motor is off.
        why: of CANNOT_TELL.
        missing: instruments (keys of a motor's `points`) or nameplate figures that would tell.
    """

    state: LoadState
    load: Load | None
    why: Why | None = None
    missing: tuple[str, ...] = ()


def nameplate_tolerance(rated_kw: float) -> float:
    """By how much of its losses a motor's efficiency may fall short of its nameplate."""
    return _TOLERANCE_SMALL if rated_kw <= _SMALL_KW else _TOLERANCE_LARGE


def unclassed_power(motor: Motor, accuracy_class: float | None) -> tuple[str, ...]:
    """The point of a motor's power meter, where the class of that is not known."""
    code = motor.points.power
    return (code,) if accuracy_class is None and code is not None else ()


def load_from_power(motor: Motor, input_kw: float, accuracy_class: float | None = None) -> Load | Why:
    """Load factor from input power, or why the nameplate does not give it.

    Args:
        motor: nameplate.
        input_kw: mean electrical input power.
        accuracy_class: of the power meter, per cent of reading; None: not known, there is no range then.
    """
    if motor.efficiency_pct is None:
        return Why.NO_EFFICIENCY
    share = assumption("no_load_loss_share")
    rated_loss = (100.0 / motor.efficiency_pct - 1.0) * motor.rated_kw
    given = motor.no_load_loss_kw
    if given is not None and given >= rated_loss:
        return Why.NAMEPLATE

    def beta(power: float, loss: float, loss_share: float) -> float:
        no_load = given if given is not None else loss_share * loss
        load_loss, half = loss - no_load, motor.rated_kw / 2
        return (-half + sqrt(max(0.0, half**2 + load_loss * (power - no_load)))) / load_loss

    middle = beta(input_kw, rated_loss, share.value)
    low = high = None
    if accuracy_class is not None:
        by_meter = middle - beta(input_kw * (1 - accuracy_class / 100), rated_loss, share.value)
        worst = motor.efficiency_pct / 100 - nameplate_tolerance(motor.rated_kw) * (1 - motor.efficiency_pct / 100)
        by_nameplate = middle - beta(input_kw, (1 / worst - 1) * motor.rated_kw, share.value)
        by_share_low = middle - beta(input_kw, rated_loss, share.high)
        by_share_high = beta(input_kw, rated_loss, share.low) - middle
        low = max(0.0, middle - hypot(by_meter, by_nameplate, by_share_low))
        high = max(0.0, middle + hypot(by_meter, by_share_high))
    return Load(
        factor=max(0.0, middle),
        low=low,
        high=high,
        method="power",
        rated_loss_kw=rated_loss,
        no_load_loss_kw=given if given is not None else share.value * rated_loss,
        assumptions=() if given is not None else (share,),
        unclassed=unclassed_power(motor, accuracy_class),
    )


def judge_load(
    motor: Motor,
    *,
    input_kw: float | None,
    current_a: float | None = None,
    voltage_v: float | None = None,
    classes: Mapping[str, float | None] | None = None,
) -> LoadVerdict:
    """What a motor is doing, from means over one interval.

    Args:
        motor: nameplate and instruments.
        input_kw: mean input power; None where it is not known.
        current_a, voltage_v: means, used only where no power is metered.
        classes: accuracy class (per cent) of its instruments by name (`power`, `current`, `voltage`), where known.
    """
    classes = classes or {}
    unable = LoadState.CANNOT_TELL
    if input_kw is not None and input_kw < energised_kw(motor):
        return LoadVerdict(LoadState.OFF, None)
    if motor.type not in _INDUCTION:
        return LoadVerdict(unable, None, Why.NOT_INDUCTION, ("driven_output",))
    if motor.vsd:
        # speed varies, so the nameplate's losses do not hold, and the drive's own loss is inside P1
        return LoadVerdict(unable, None, Why.VSD, ("driven_output",))
    if input_kw is None:
        return _by_current(motor, current_a, voltage_v, classes)
    load = load_from_power(motor, input_kw, classes.get("power"))
    if isinstance(load, Why):
        missing = ("efficiency_pct",) if load is Why.NO_EFFICIENCY else ("no_load_loss_kw",)
        return LoadVerdict(unable, None, load, missing)
    return LoadVerdict(state_of(load.factor), load)


def energised_kw(motor: Motor) -> float:
    """Least input power of a motor that is switched on: it has its no-load loss, whatever it drives.

    A mean below that is of a motor that was off for a part of the time.
    """
    share = assumption("energised_share").value * motor.rated_kw
    if motor.efficiency_pct is None:
        return share
    rated_loss = (100.0 / motor.efficiency_pct - 1.0) * motor.rated_kw
    if motor.no_load_loss_kw is not None:
        return max(share, assumption("no_load_floor").value * motor.no_load_loss_kw)
    return max(share, assumption("no_load_loss_share").low * rated_loss)


def state_of(factor: float) -> LoadState:
    """Verdict on a load factor of an energised motor."""
    if factor < load_limit("idle"):
        return LoadState.IDLE
    if factor < load_limit("underload"):
        return LoadState.UNDERLOADED
    return LoadState.OVERLOADED if factor > load_limit("overload") else LoadState.NORMAL


def _by_current(
    motor: Motor, current_a: float | None, voltage_v: float | None, classes: Mapping[str, float | None]
) -> LoadVerdict:
    """LF = I/Ir V/Vr: it holds above about half load, where the magnetising current no longer matters.

    How far it is off there nobody can say, so it has no range.
    """
    unable = LoadState.CANNOT_TELL
    if motor.points.power is not None:
        return LoadVerdict(unable, None, Why.NO_READING, ("power",))
    if current_a is None or motor.current_a is None:
        return LoadVerdict(unable, None, Why.NO_POWER, ("power",))
    voltage = voltage_v / motor.voltage_v if voltage_v is not None and motor.voltage_v is not None else 1.0
    factor = current_a / motor.current_a * voltage
    bound = assumption("current_valid_above")
    if factor < bound.value:
        return LoadVerdict(unable, None, Why.CURRENT_LOW, ("power",))
    by = {"current": motor.points.current, "voltage": motor.points.voltage if voltage_v is not None else None}
    unclassed = tuple(code for name, code in by.items() if code is not None and classes.get(name) is None)
    load = Load(factor, None, None, "current", None, None, (bound,), unclassed)
    return LoadVerdict(state_of(factor), load)
