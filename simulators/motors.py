"""Motors: from load to what their instruments show (loss model of GB/T 12497).

    P1 = beta PN + dP0 + beta^2 (dPN - dP0),   dPN = (1/eta - 1) PN

A motor follows its process's activity, unless the process states the power itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

from enms.motor import Motor
from simulators.board import Board
from simulators.clock import MINUTES
from simulators.condition import Mask
from simulators.noise import Array

# Typical load factors (SIMULATORS.md); a sound motor in service is never so light that a rule should speak.
LOAD_RANGE = {
    "pump": (0.70, 0.88),
    "fan": (0.55, 0.82),
    "blower": (0.60, 0.82),
    "conveyor": (0.47, 0.60),
    "compressor": (0.72, 0.88),
    "mixer": (0.52, 0.70),
    "mill": (0.70, 0.85),
}
OTHER_RANGE = (0.50, 0.75)
LEAST_SOUND_LOAD = 0.46
# Share of the rated losses that remains without load, where the nameplate does not say.
NO_LOAD_SHARE = 0.35
NO_LOAD_VAR_SHARE = 0.55
DRIVEN_EFFICIENCY = 0.78


@dataclass(frozen=True, slots=True)
class Nameplate:
    """What the loss model needs: kW, share, kW, poles, V, cos phi."""

    rated_kw: float
    rated_loss_kw: float
    no_load_loss_kw: float
    poles: int
    volts: float
    power_factor: float
    slip: float

    @classmethod
    def of(cls, motor: Motor) -> Nameplate:
        """From a plant file's motor; what it leaves out is taken as usual for the size."""
        loss = (100 / (motor.efficiency_pct or 93.0) - 1) * motor.rated_kw
        synchronous = motor.type in {"synchronous", "permanent_magnet"}
        return cls(
            rated_kw=motor.rated_kw,
            rated_loss_kw=loss,
            no_load_loss_kw=motor.no_load_loss_kw or NO_LOAD_SHARE * loss,
            poles=motor.poles or 4,
            volts=motor.voltage_v or 380.0,
            power_factor=motor.power_factor or 0.86,
            slip=0.0 if synchronous else 0.030 * motor.rated_kw**-0.22,
        )

    def input_kw(self, load: Array) -> Array:
        """Electricity taken at a load factor."""
        return load * self.rated_kw + self.no_load_loss_kw + load**2 * (self.rated_loss_kw - self.no_load_loss_kw)

    def load(self, input_kw: Array) -> Array:
        """The load factor that takes this much electricity; 0 below the no-load loss."""
        a = self.rated_loss_kw - self.no_load_loss_kw
        spare = np.maximum(0.0, input_kw - self.no_load_loss_kw)
        load: Array = (-self.rated_kw + np.sqrt(self.rated_kw**2 + 4 * a * spare)) / (2 * a)
        return load

    def phase(self, load: Array, input_kw: Array) -> Array:
        """Cos phi at a load."""
        rated_kvar = (self.rated_kw + self.rated_loss_kw) * np.tan(np.arccos(self.power_factor))
        kvar = rated_kvar * (NO_LOAD_VAR_SHARE + load**2 * (1 - NO_LOAD_VAR_SHARE))
        phase: Array = input_kw / np.hypot(input_kw, kvar)
        return phase


def run(board: Board, motors: Iterable[Motor], own_meter: Collection[str] = ()) -> dict[str, Array]:
    """Put every motor's instruments.

    Returns:
        By process, the kW that its motors take beyond their sound state; by motor for those with a main meter of
        their own.
    """
    beyond: dict[str, Array] = {}
    for motor in motors:
        extra = _run_one(board, motor)
        metered = motor.code if motor.code in own_meter else motor.process or ""
        beyond[metered] = beyond.get(metered, np.zeros(MINUTES)) + extra
    return beyond


def _run_one(board: Board, motor: Motor) -> Array:
    plate = Nameplate.of(motor)
    wanted = board.demand.get(motor.code)
    if wanted is None:
        load, on = _usual_load(board, motor)
    else:
        load, on = plate.load(wanted), wanted > plate.no_load_loss_kw * 0.5
    sound_kw = np.where(on, plate.input_kw(load), 0.0)

    condition = board.condition
    load = load * (1 - condition.relief_of(motor.code))
    idles = condition.idling_of(motor.code)
    load, on = np.where(idles, 0.02, load), on | idles
    power = plate.input_kw(load)
    wear = condition.wear_of(motor.code) / 100
    if np.any(wear > 0):
        efficiency = np.maximum(0.05, load * plate.rated_kw / power)
        power = np.where(idles, power, load * plate.rated_kw / np.maximum(0.05, efficiency - wear))
    power = np.where(on, power, 0.0)
    _show(board, motor, plate, load, power, on)
    return power - sound_kw


def _usual_load(board: Board, motor: Motor) -> tuple[Array, Mask]:
    """Load factor and whether it runs, following the process's activity."""
    low, high = LOAD_RANGE.get(motor.drives or "", OTHER_RANGE)
    base = low + (high - low) * board.dice.ever(f"{motor.code}/load")
    activity = board.activity.get(motor.process or "", np.ones(MINUTES))
    on = activity > 0.05
    if motor.duty == "standby":
        # A standby set takes over for a week now and then.
        week = board.dice.day.toordinal() // 7
        on = on & (board.dice.rng(f"{motor.code}/standby", f"week{week}").random() < 0.15)
    follows = 0.45 + 0.55 * np.minimum(activity, 1.15)
    load = (
        base
        * follows
        * (1 + board.dice.wave(f"{motor.code}.load", 0.02) + board.dice.grain(f"{motor.code}.load", 0.012))
    )
    return np.clip(load, LEAST_SOUND_LOAD, 1.02), on


def _show(
    board: Board,
    motor: Motor,
    plate: Nameplate,
    load: Array,
    power: Array,
    on: Mask,
) -> None:
    points = motor.points
    phase = np.where(on, plate.phase(load, np.maximum(power, 1e-6)), 0.0)
    volts = plate.volts * (1.005 + board.dice.wave(f"{motor.code}.volts", 0.006))
    if points.power:
        board.put(points.power, power)
    if points.power_factor:
        board.put(points.power_factor, phase)
    if points.voltage:
        board.put(points.voltage, volts)
    if points.current:
        board.put(points.current, np.where(on, power * 1000 / (np.sqrt(3) * volts * np.maximum(phase, 0.05)), 0.0))
    if points.speed:
        board.put(points.speed, np.where(on, 6000 / plate.poles * (1 - plate.slip * load), 0.0))
    if points.driven_output:
        board.put(points.driven_output, np.where(on, load * plate.rated_kw * DRIVEN_EFFICIENCY, 0.0))
