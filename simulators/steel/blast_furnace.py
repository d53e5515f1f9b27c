"""A blast furnace: coke, injected coal, stoves, blower, oxygen; top gas and its turbine; taps.

In minus out is about 574 - 180 = 393 kgce/t (boundary of GB 21256: coke + injected coal + stove gas + blower +
oxygen + steam + power - gross recovered gas - top-gas turbine).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulators.board import Board, Events
from simulators.clock import MINUTE_MS, MINUTES, day_start
from simulators.noise import Array
from simulators.physics import KGCE_PER_KG_COKE
from simulators.schedule import crew_effect, furnace_wind, tiles

# What 1 % worse costs: 1 % of the process's sound 393 kgce/t, all of it in coke.
SOUND_KGCE_PER_T = 393.0


@dataclass(frozen=True, slots=True)
class Size:
    """One furnace's own figures.

    Attributes:
        iron_t_per_h: at full blast.
        re_share_pct: Bayan Obo ore in the burden.
        grade_pct: iron in the burden.
        off_month: of each quarter, in which it goes off wind.
    """

    code: str
    iron_t_per_h: float
    coke_kg_per_t: float
    re_share_pct: float
    grade_pct: float
    off_month: int


BF1 = Size("bf1", 270.0, 367.0, 24.0, 60.6, 0)
BF2 = Size("bf2", 225.0, 370.0, 27.0, 60.2, 1)


@dataclass(frozen=True, slots=True)
class BlastFurnace:
    """Per hour: iron t, purchased fuels t, gas Nm3, oxygen Nm3, steam GJ, kW without blower, blower kW, turbine kW."""

    iron: Array
    coke: Array
    coal: Array
    gas: Array
    gas_ncv: Array
    stove_gas: Array
    oxygen: Array
    steam_gj: Array
    kw: Array
    blower_kw: Array
    turbine_kw: Array


def run(board: Board, size: Size) -> BlastFurnace:
    """One day of one furnace: 375 to 415 kgce/t when sound."""
    code, dice = size.code, board.dice
    drift = board.condition.drift_of(code)
    # Who lets a furnace drift has kept it on full blast: a stoppage would hide what the fault is there to show.
    wind = np.ones(MINUTES) if np.any(drift > 0) else furnace_wind(dice, code, size.off_month)
    iron = size.iron_t_per_h * wind * (1 + dice.wave(f"{code}.rate", 0.010) + crew_effect(dice))
    drift_coke = drift * SOUND_KGCE_PER_T / KGCE_PER_KG_COKE
    slow = 12.0 * np.clip(1 - wind, 0, 0.4)
    coke_per_t = board.around(f"{code}.coke_rate", size.coke_kg_per_t, 3.5, 355, 390) + slow + drift_coke
    coal_per_t = board.around(f"{code}.coal_rate", 147, 3, 136, 159)
    coke = board.put(f"{code}.coke.mass", iron * coke_per_t / 1000)
    coal = board.put(f"{code}.pci.mass", iron * coal_per_t / 1000)
    board.put(f"{code}.pci.ncv", dice.daily(f"{code}.pci.ncv", 27.6, 0.18, sampled_min=480))
    gas = board.put(f"{code}.bfg.volume", iron * board.around(f"{code}.gas", 1540, 14, 1450, 1620))
    gas_ncv = board.put(f"{code}.bfg.ncv", _gas_ncv(board, code))
    stove_gas = board.put(f"{code}.stove_bfg.volume", iron * board.around(f"{code}.stove", 520, 7, 490, 550))
    oxygen = board.put(f"{code}.oxygen.volume", iron * board.around(f"{code}.o2", 45, 2.5, 34, 56))
    steam = board.put(f"{code}.steam.heat", iron * 0.05)
    standby = size.iron_t_per_h * 5.0 * (1 - wind)
    kw = iron * board.around(f"{code}.kwh", 21, 0.5, 18, 24) + standby
    # A blower is never throttled below its stable range: what the furnace cannot take is blown off.
    blown = np.where(wind > 0, np.maximum(iron, 0.6 * size.iron_t_per_h), 0.0)
    blower = blown * board.around(f"{code}.blow", 85, 1.2, 79, 91)
    turbine = board.put(f"{code}.trt.energy", iron * board.around(f"{code}.trt", 43, 1.5, 37, 48) * (wind > 0.6))
    board.demand[f"{code}.blower"] = blower
    board.activity[code] = wind
    board.put(f"{code}.output", iron)
    board.put(f"{code}.ore.re_share", dice.stepped(f"{code}.ore.re_share", size.re_share_pct, 1.2, 480))
    board.put(f"{code}.ore.grade", dice.stepped(f"{code}.ore.grade", size.grade_pct, 0.25, 480))
    _operation(board, size, wind, iron)
    board.events[f"{code}.tap.mass"], board.events[f"{code}.tap.temperature"] = _taps(board, code, iron)
    return BlastFurnace(iron, coke, coal, gas, gas_ncv, stove_gas, oxygen, steam, kw, blower, turbine)


def _gas_ncv(board: Board, code: str) -> Array:
    """MJ/Nm3, as an analyser sees it: it never shows the same twice."""
    wandering = board.around(f"{code}.ncv", 3.30, 0.025, 3.17, 3.43)
    return wandering + board.dice.grain(f"{code}.ncv", 0.006)


def _operation(board: Board, size: Size, wind: Array, iron: Array) -> None:
    """What the control room watches."""
    code = size.code
    board.put(
        f"{code}.blast.flow",
        size.iron_t_per_h
        * wind
        * (1010 + board.dice.wave(f"{code}.blast.flow", 8) + board.dice.grain(f"{code}.blast.flow", 4)),
    )
    board.gauge(f"{code}.blast.temperature", 1195, 8, grain=2)
    board.put(f"{code}.top.pressure", 25 + 190 * wind + board.dice.grain(f"{code}.top.pressure", 1.2))
    board.gauge(f"{code}.top.temperature", 165, 9, grain=4)
    board.put(f"{code}.water.volume", iron * 0.55 + 20.0)
    board.put(f"{code}.nitrogen.volume", iron * 38.0 + 800.0)


def _taps(board: Board, code: str, iron: Array) -> tuple[Events, Events]:
    """9 to 14 taps a day, tiling it; iron weighed at the end of each, temperature ten minutes before."""
    rng = board.dice.rng(f"{code}/taps")
    count = int(rng.integers(10, 14))
    plan = tiles(board.dice, code, count, 0.12)
    starts, ends = plan.start, plan.end
    made = np.concatenate([[0.0], np.cumsum(iron) / 60])
    mass = np.interp(ends, np.arange(1441.0), made) - np.interp(starts, np.arange(1441.0), made)
    flows = mass > 1.0
    origin = day_start(board.dice.day)
    start_ms = (origin + starts * MINUTE_MS).astype(np.int64)
    end_ms = (origin + ends * MINUTE_MS).astype(np.int64)
    lag = np.full(count, 4 * MINUTE_MS, dtype=np.int64)
    temperature = 1498 + 9 * np.clip(rng.standard_normal(count), -2, 2)
    none = np.full(int(flows.sum()), -1, dtype=np.int64)
    weights = Events(start_ms, end_ms, mass, lag)
    temps = Events(none, end_ms[flows] - 10 * MINUTE_MS, temperature[flows], lag[flows])
    return weights, temps
