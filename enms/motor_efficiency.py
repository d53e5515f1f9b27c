"""Whether a motor has lost efficiency: its input against its output, today and when it was known to be sound.

Output is known by the driven machine (flow x head: then the verdict is on the set, motor and machine) or by slip. The
nameplate gives the shape of input over load, the motor's own reference period gives its level; so fixed errors of
instruments and nameplate cancel. What remains is the uncertainty, part by part, and a loss must be greater.

    P1 expected = level x (beta PN + dP0 + beta^2 (dPN - dP0)),   loss = 1 - sum P1 expected / sum P1
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import hypot, sqrt
from statistics import stdev

from enms.motor import Motor
from enms.motor_assumptions import assumption
from enms.motor_slip import rated_slip_rpm, synchronous_rpm
from enms.motors import Load, Why, load_from_power

# Quarter hours of one block: its scatter counts, for neighbours within it are alike.
BLOCK = 24
_FEWEST_BLOCKS = 4
# Fewer quarter hours at the reference's loads say nothing of a day.
FEWEST = 32
# A load this far outside those of the reference is not compared.
_MARGIN = 0.05
_SHARE_OUTSIDE = 0.02


class Method(StrEnum):
    """How the output is known."""

    DRIVEN_OUTPUT = "driven_output"
    SLIP = "slip"


@dataclass(frozen=True, slots=True)
class Unable:
    """Why a motor's efficiency cannot be told, and what would tell: instruments or nameplate figures."""

    why: Why
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operating:
    """A quarter hour in which a motor ran: mean input, and mean output as its method knows it (both kW)."""

    start: datetime
    input_kw: float
    output_kw: float


@dataclass(frozen=True, slots=True)
class Reference:
    """What a motor took while it was known to be sound.

    Attributes:
        scale: metered output over shaft output (the driven machine's efficiency, fixed errors); 1 by slip.
        level: input over the nameplate curve.
        low, high: load factors it ran at.
        mean: mean load factor.
        scatter: standard deviation of blocks of six hours, as a share of the input.
        blocks: how many there were.
    """

    method: Method
    start: datetime
    end: datetime
    count: int
    scale: float
    level: float
    low: float
    high: float
    mean: float
    scatter: float
    blocks: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A span against the reference.

    Attributes:
        loss: share of the efficiency that is gone; negative where it is better.
        parts: of the uncertainty, shares of the efficiency.
        compared: quarter hours within the reference's loads.
        running: quarter hours in which it ran.
        input_kwh, expected_kwh: over those compared.
    """

    loss: float
    parts: Mapping[str, float]
    compared: int
    running: int
    input_kwh: float
    expected_kwh: float

    @property
    def uncertainty(self) -> float:
        """Root sum of squares of the parts."""
        return hypot(*self.parts.values())


def method_of(motor: Motor) -> Method | Unable:
    """How a motor's output is known; what is missing where it is not."""
    points = motor.points
    if points.power is None:
        return Unable(Why.NO_POWER, ("power", *(() if points.driven_output or points.speed else ("driven_output",))))
    if points.driven_output is None and points.speed is None:
        return Unable(Why.ONLY_INPUT, ("driven_output",) if motor.vsd else ("speed", "driven_output"))
    if isinstance(why := load_from_power(motor, motor.rated_kw), Why):
        return Unable(why, ("efficiency_pct",) if why is Why.NO_EFFICIENCY else ("no_load_loss_kw",))
    if points.driven_output is not None:
        return Method.DRIVEN_OUTPUT
    return _by_slip(motor)


def _by_slip(motor: Motor) -> Method | Unable:
    if motor.vsd:
        # slip is against the drive's frequency, which nobody meters here
        return Unable(Why.VSD_SLIP, ("driven_output", "drive_frequency"))
    if motor.type not in {"cage", "wound"}:
        return Unable(Why.NOT_INDUCTION, ("driven_output",))
    if rated_slip_rpm(motor) is None:
        return Unable(Why.NO_RATED_SPEED, ("rated_rpm", "poles"))
    return Method.SLIP


def unclassed(motor: Motor, method: Method, classes: Mapping[str, float | None]) -> tuple[str, ...]:
    """Instruments, by what they measure, whose accuracy class is not known: what they may be off by cannot be told."""
    by = ("driven_output",) if method is Method.DRIVEN_OUTPUT else ("speed", "voltage")
    there = [name for name in ("power", *by) if getattr(motor.points, name) is not None]
    return tuple(name for name in there if classes.get(name) is None)


def curve_kw(motor: Motor, factor: float) -> float:
    """Input power that the nameplate curve has at a load factor (GB/T 12497)."""
    plate = load_from_power(motor, motor.rated_kw)
    assert isinstance(plate, Load)
    assert plate.rated_loss_kw is not None
    assert plate.no_load_loss_kw is not None
    return factor * motor.rated_kw + plate.no_load_loss_kw + factor**2 * (plate.rated_loss_kw - plate.no_load_loss_kw)


def learn(motor: Motor, method: Method, ran: Sequence[Operating]) -> Reference | None:
    """A reference from quarter hours in order of time; None: too few for a scatter."""
    if len(ran) < _FEWEST_BLOCKS * BLOCK:
        return None
    scale = 1.0
    if method is Method.DRIVEN_OUTPUT:
        mean_load = load_from_power(motor, sum(o.input_kw for o in ran) / len(ran))
        output = sum(o.output_kw for o in ran) / len(ran)
        if isinstance(mean_load, Why) or mean_load.factor <= 0 or output <= 0:
            return None
        scale = output / (mean_load.factor * motor.rated_kw)
    factors = [o.output_kw / scale / motor.rated_kw for o in ran]
    curve = [curve_kw(motor, factor) for factor in factors]
    level = sum(o.input_kw for o in ran) / sum(curve)
    blocks = [
        sum(o.input_kw for o in ran[i : i + BLOCK]) / sum(curve[i : i + BLOCK]) / level
        for i in range(0, len(ran) - BLOCK + 1, BLOCK)
    ]
    ordered, outside = sorted(factors), int(len(factors) * _SHARE_OUTSIDE)
    return Reference(
        method=method,
        start=ran[0].start,
        end=ran[-1].start,
        count=len(ran),
        scale=scale,
        level=level,
        low=ordered[outside] - _MARGIN,
        high=ordered[-1 - outside] + _MARGIN,
        mean=sum(factors) / len(factors),
        scatter=stdev(blocks),
        blocks=len(blocks),
    )


def compare(
    motor: Motor, reference: Reference, ran: Sequence[Operating], classes: Mapping[str, float | None]
) -> Comparison | None:
    """A span against its motor's reference; None where nothing of it can be compared.

    Args:
        motor: as in the reference.
        reference: learned before.
        ran: quarter hours of the span.
        classes: accuracy class (per cent) of its instruments by name (`power`, `speed`, `driven_output`, `voltage`);
            where one is not known (`unclassed`) the uncertainty says too little.
    """
    took, expected, compared = 0.0, 0.0, 0
    for one in ran:
        factor = one.output_kw / reference.scale / motor.rated_kw
        if reference.low <= factor <= reference.high:
            took += one.input_kw
            expected += reference.level * curve_kw(motor, factor)
            compared += 1
    if compared == 0 or took <= 0:
        return None
    parts = uncertainty(motor, reference, compared, classes)
    return Comparison(1 - expected / took, parts, compared, len(ran), took / 4, expected / 4)


def uncertainty(
    motor: Motor, reference: Reference, compared: int, classes: Mapping[str, float | None]
) -> dict[str, float]:
    """What a loss must exceed, part by part, as shares of the efficiency (about 95 %)."""
    blocks = max(1.0, compared / BLOCK)
    return {
        "scatter": 2 * reference.scatter * sqrt(1 / blocks + 1 / reference.blocks),
        **stability(motor, reference.method, reference.mean, classes),
    }


def stability(motor: Motor, method: Method, factor: float, classes: Mapping[str, float | None]) -> dict[str, float]:
    """The part of the uncertainty that is known before anything is measured, at a load factor."""
    share = assumption("instrument_stability").value
    parts = {
        "repeatability": assumption("efficiency_repeatability").value,
        "power_meter": share * (classes.get("power") or 0.0) / 100,
    }
    if method is Method.DRIVEN_OUTPUT:
        return parts | {"output_meter": share * (classes.get("driven_output") or 0.0) / 100}
    field, rated = synchronous_rpm(motor), rated_slip_rpm(motor)
    assert field is not None
    assert rated is not None
    # all of the slip is a few turns: what shifts the speed by so many turns shifts the load by that share of them
    slip = max(1e-6, factor * rated)
    return parts | {
        "speed_meter": share * (classes.get("speed") or 0.0) / 100 * field / slip,
        "grid_frequency": assumption("grid_frequency_day_mean_hz").value / 50 * field / slip,
        "voltage": 2 * share * (classes.get("voltage") or 0.0) / 100
        if motor.points.voltage is not None
        else 2 * assumption("voltage_day_mean").value,
        "rotor_temperature": assumption("rotor_resistance").value,
    }
