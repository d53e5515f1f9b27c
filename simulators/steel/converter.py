"""Converters and casting: heats of 36 to 42 minutes, gas recovered for 8 to 12 minutes of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulators.board import Board, Events
from simulators.clock import MINUTE_MS, day_start
from simulators.noise import Array
from simulators.physics import GJ_PER_T_SAT_STEAM
from simulators.schedule import batches, crew_effect, pulses, smoothed

VESSELS = ("bof1", "bof2")
HEATS_A_DAY = 36
T_PER_HEAT = 180.0
# Pig iron in the charge of a tonne of liquid steel; the rest is scrap.
IRON_PER_STEEL = 495.0 / 540.0


@dataclass(frozen=True, slots=True)
class Steelmaking:
    """Per hour: liquid steel t, converter gas Nm3 (both vessels), oxygen Nm3, steam GJ and users."""

    steel: Array
    gas: Array
    gas_ncv: Array
    oxygen: Array
    nitrogen: Array
    steam_gj: Array
    ladle_cog: Array
    refining_steam_gj: Array
    kw: Array
    cast_kw: Array


def run(board: Board, iron_share: float, cog_ncv: Array) -> Steelmaking:
    """One day: -15 to -28 kgce/t when sound.

    Args:
        iron_share: hot metal of the day as a share of normal; fewer heats when a furnace stands.
        cog_ncv: of the gas that heats ladles, MJ/Nm3.
    """
    count = max(6, round(HEATS_A_DAY * min(1.0, iron_share)))
    steel, gas, oxygen, steam = (np.zeros(1440) for _ in range(4))
    for vessel in VESSELS:
        made = _vessel(board, vessel, count)
        steel, gas, oxygen, steam = steel + made[0], gas + made[1], oxygen + made[2], steam + made[3]
    even = smoothed(steel, 121)
    nominal = len(VESSELS) * HEATS_A_DAY * T_PER_HEAT / 24
    board.put("bof.output", steel)
    board.put("bof.scrap.ratio", board.dice.stepped("bof.scrap.ratio", 14, 1.0, 480))
    accumulator = smoothed(steam, 31)
    board.put("bof.steam.mass", accumulator)
    steam_gj = board.put("bof.steam.heat", accumulator * GJ_PER_T_SAT_STEAM)
    ladle_cog = board.put("bof.cog.volume", even * board.around("bof.ladle", 0.15, 0.006, 0.13, 0.17) * 1000 / cog_ncv)
    nitrogen = board.put("bof.nitrogen.volume", even * 22.0)
    board.put("bof.water.volume", even * 0.35)
    ncv = board.put(
        "bof.ldg.ncv", board.around("bof.ldg.ncv", 7.55, 0.08, 7.2, 7.9) + board.dice.grain("bof.ldg.ncv", 0.02)
    )
    kw = even * board.around("bof.kwh", 32, 0.8, 27, 37)
    board.gauge("bof.hood.temperature", 890, 25, grain=15)
    board.activity["bof"] = even / nominal
    board.demand["bof.idfan"] = 350.0 + 780.0 * np.minimum(1.0, oxygen / (2 * T_PER_HEAT * 53 * 60 / 15))

    slab = board.put("cast.output", even * 0.985)
    refining = board.put("cast.steam.heat", slab * 0.1)
    cast_kw = slab * board.around("cast.kwh", 56, 1.2, 50, 62)
    board.put("cast.water.volume", slab * 0.4)
    board.activity["cast"] = even / nominal
    return Steelmaking(steel, gas, ncv, oxygen, nitrogen, steam_gj, ladle_cog, refining, kw, cast_kw)


def _vessel(board: Board, vessel: str, count: int) -> tuple[Array, Array, Array, Array]:
    dice = board.dice
    plan = batches(dice, vessel, count, 36.2, 41.6)
    rng = dice.rng(f"{vessel}/heat")
    crew = crew_effect(dice)[np.minimum(plan.end, 1439).astype(np.int64)]
    worse = board.condition.drift_of("bof")[np.minimum(plan.end, 1439).astype(np.int64)]
    mass = T_PER_HEAT * (1 + 0.012 * np.clip(rng.standard_normal(count), -2, 2))
    blow = plan.start + rng.uniform(8, 10, count)
    blown = blow + rng.uniform(14, 16, count)
    saved = blow + rng.uniform(2.5, 3.2, count)
    saved_for = rng.uniform(8.6, 11.4, count)
    gas_per_t = np.clip(112 * (1 + crew) + 3 * rng.standard_normal(count), 102, 124)
    # The worse a vessel's recovery, the less gas: 1 % of drift is 1 % of the gas credit.
    gas = pulses(saved, saved + saved_for, mass * gas_per_t * (1 - worse))
    oxygen = pulses(blow, blown, mass * np.clip(53 + 0.8 * rng.standard_normal(count), 51, 55))
    steam = pulses(blow + 1, blown + 4, mass * np.clip(80 + 3 * rng.standard_normal(count), 68, 92) / 1000)
    steel = pulses(plan.end - 5, plan.end, mass)
    board.put(f"{vessel}.ldg.volume", gas)
    board.put(f"{vessel}.oxygen.volume", oxygen)
    origin = day_start(dice.day)
    start_ms = (origin + plan.start * MINUTE_MS).astype(np.int64)
    end_ms = (origin + plan.end * MINUTE_MS).astype(np.int64)
    lag = np.full(count, 3 * MINUTE_MS, dtype=np.int64)
    board.events[f"{vessel}.heat.mass"] = Events(start_ms, end_ms, mass, lag)
    temperature = 1652 + 8 * np.clip(rng.standard_normal(count), -2, 2)
    none = np.full(count, -1, dtype=np.int64)
    board.events[f"{vessel}.heat.temperature"] = Events(none, end_ms - 6 * MINUTE_MS, temperature, lag)
    return steel, gas, oxygen, steam
