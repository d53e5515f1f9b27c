"""A 300 MW subcritical unit: coal by its heat-rate curve, house load, heat extracted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulators.board import Board
from simulators.clock import MINUTES
from simulators.noise import Array
from simulators.physics import KGCE_PER_GJ, MJ_PER_KGCE
from simulators.weather import heating_season, outdoor

RATED_MW = 300.0
# Standard coal per kWh supplied, condensing, water cooled: 321 at full load, 345 at half, 375 at 30 %.
_COAL_RATE = np.polyfit([1.0, 0.5, 0.3], [321.0, 345.0, 375.0], 2)
AIR_COOLED_MORE = 16.0
SUMMER_MORE = 9.0
# Boiler and pipes between coal and the steam that leaves for heating.
HEAT_EFFICIENCY = 0.90
HEAT_KGCE_PER_GJ = KGCE_PER_GJ / HEAT_EFFICIENCY
# Power made from extracted steam is charged with less coal (energy method): up to this share at full extraction.
CHP_BENEFIT = 0.24
FULL_EXTRACTION_GJ_H = 900.0
_KNOTS_H = np.array([0, 3, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24], dtype=np.float64)
# Wind and sun of the region make noon as low as night; the evening is the peak.
_KNOTS_LOAD = np.array([0.60, 0.50, 0.57, 0.75, 0.63, 0.50, 0.52, 0.66, 0.90, 0.94, 0.78, 0.60])


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit's own figures.

    Attributes:
        house_pct: house load at full load.
        heats: whether it supplies heat (CHP).
    """

    code: str
    air_cooled: bool
    house_pct: float
    heats: bool
    lead_min: int


U1 = Unit("u1", air_cooled=False, house_pct=5.4, heats=True, lead_min=0)
U2 = Unit("u2", air_cooled=True, house_pct=8.2, heats=False, lead_min=25)


@dataclass(frozen=True, slots=True)
class UnitDay:
    """Per hour: kWh generated and taken by the house, coal in kgce and t, heat in GJ; load as a share of rated."""

    load: Array
    gross_kw: Array
    house_kw: Array
    coal_kgce: Array
    coal_t: Array


def coal_rate(load: Array, unit: Unit, heat_gj: Array, summer: bool) -> Array:
    """Gce per kWh supplied at a load, a temperature season and an extraction."""
    condensing = np.polyval(_COAL_RATE, np.clip(load, 0.3, 1.0))
    condensing = condensing + AIR_COOLED_MORE * unit.air_cooled + SUMMER_MORE * summer
    share = np.clip(heat_gj / FULL_EXTRACTION_GJ_H, 0.0, 1.0)
    return condensing * (1 - CHP_BENEFIT * share**0.7)


def house_share(load: Array, unit: Unit) -> Array:
    """House load as a share of gross generation; two to three points more at 40 % load."""
    return (unit.house_pct + 2.5 * (np.clip(1 - load, 0, 1) / 0.6) ** 1.3) / 100


def district_heat(board: Board) -> Array:
    """GJ/h of hot water to the town: only in the heating season, more when it is cold."""
    if not heating_season(board.dice):
        return np.zeros(MINUTES)
    slow = np.convolve(np.pad(outdoor(board.dice), 120, mode="edge"), np.ones(241) / 241, mode="valid")
    return np.clip(30.0 * (18.5 - slow), 260.0, 900.0)


def run(board: Board, unit: Unit, heat_gj: Array, ncv: Array) -> UnitDay:
    """One day: 318 to 325 gce/kWh at full load (water cooled), 340 to 350 at half, 365 to 385 at 30 %."""
    code, dice = unit.code, board.dice
    hours = np.arange(MINUTES) / 60
    shape = np.interp((hours - unit.lead_min / 60) % 24, _KNOTS_H, _KNOTS_LOAD)
    load = shape + dice.wave(f"{code}.dispatch", 0.05, period_min=360) + dice.wave(f"{code}.agc", 0.02, period_min=15)
    lowest = 0.45 if unit.heats and heating_season(dice) else 0.31
    load = np.clip(load, lowest, 0.995)
    gross = load * RATED_MW * 1000 * (1 + dice.grain(f"{code}.gross", 0.0015))
    house = gross * house_share(load, unit) * (1 + dice.wave(f"{code}.house", 0.008))
    summer = dice.day.month in {6, 7, 8}
    worse = board.condition.drift_of(code)
    rate = coal_rate(load, unit, heat_gj, summer) * (1 + dice.wave(f"{code}.rate", 0.003, period_min=360)) * (1 + worse)
    coal_kgce = rate / 1000 * (gross - house) + heat_gj * HEAT_KGCE_PER_GJ
    coal_t = coal_kgce * MJ_PER_KGCE / ncv / 1000
    board.activity[code] = load
    board.put(f"{code}.gen.active_energy", gross)
    board.put(f"{code}.gen.active_power", gross / 1000)
    board.put(
        f"{code}.gen.reactive_energy",
        gross * np.tan(np.arccos(np.clip(0.93 + dice.wave(f"{code}.pf", 0.01), 0.88, 0.98))),
    )
    board.put(f"{code}.gen.voltage", 20.0 + dice.wave(f"{code}.volts", 0.08) + dice.grain(f"{code}.volts", 0.02))
    board.put(f"{code}.excitation.active_power", 0.9 + 0.6 * load)
    board.put(f"{code}.coal.mass", coal_t)
    board.put(f"{code}.total.heat", coal_kgce / HEAT_KGCE_PER_GJ)
    board.put(f"{code}.oil.mass", np.where(load < 0.34, 0.35, 0.0))
    _mills(board, unit, coal_t)
    _boiler(board, unit, load)
    return UnitDay(load, gross, house, coal_kgce, coal_t)


def _mills(board: Board, unit: Unit, coal_t: Array) -> None:
    """Five mills; as many run as the coal needs at about 40 t/h each, the fifth only near full load."""
    running = np.clip(np.ceil(smooth(coal_t, 30) / 40.0), 2, 5)
    for number in range(1, 6):
        feed = np.where(number <= running, coal_t / running, 0.0)
        board.put(f"{unit.code}.mill{number}.feed", feed)


def smooth(values: Array, minutes: int) -> Array:
    """Moving mean, edges held."""
    padded = np.pad(values, (minutes // 2, minutes - 1 - minutes // 2), mode="edge")
    return np.convolve(padded, np.ones(minutes) / minutes, mode="valid")


def _boiler(board: Board, unit: Unit, load: Array) -> None:
    """Steam, water and flue gas: what the efficiency hangs on."""
    code, dice = unit.code, board.dice
    board.put(f"{code}.steam.flow", load * 930.0 * (1 + dice.grain(f"{code}.steam.flow", 0.004)))
    board.put(
        f"{code}.steam.pressure",
        10.2 + 6.5 * np.clip((load - 0.35) / 0.5, 0, 1) + dice.grain(f"{code}.steam.pressure", 0.03),
    )
    board.gauge(f"{code}.steam.temperature", 538.0, 1.6, grain=0.5)
    board.gauge(f"{code}.reheat.temperature", 537.0, 2.2, grain=0.6)
    board.put(f"{code}.feedwater.flow", load * 945.0 * (1 + dice.grain(f"{code}.feedwater", 0.004)))
    board.put(f"{code}.feedwater.temperature", 205 + 70 * load + dice.grain(f"{code}.feedwater.temperature", 0.5))
    warm = outdoor(dice)
    back = (
        4.6 + 0.10 * np.maximum(warm, -5) + 2.0 * load
        if not unit.air_cooled
        else 10.5 + 0.35 * np.maximum(warm, -5) + 6 * load
    )
    board.put(f"{code}.condenser.pressure", back + dice.grain(f"{code}.condenser", 0.08))
    board.put(
        f"{code}.flue.temperature", 112 + 22 * load + dice.wave(f"{code}.flue", 2.0) + dice.grain(f"{code}.flue", 0.4)
    )
    board.put(
        f"{code}.flue.oxygen",
        6.4 - 3.1 * load + dice.wave(f"{code}.flue.oxygen", 0.15) + dice.grain(f"{code}.o2", 0.03),
    )
    board.put(f"{code}.ash.carbon", dice.stepped(f"{code}.ash.carbon", 1.9, 0.35, 480))
    board.put(f"{code}.makeup.volume", 9.0 + 8.0 * load)
