"""Hot strip mill: reheating by mixed gas, roll changes every three hours, planned repair every twelve days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulators.board import Board
from simulators.condition import Mask
from simulators.noise import Array
from simulators.schedule import crew_effect, planned_repair

STRIP_T_PER_H = 520.0
BFG_SHARE, COG_SHARE, LDG_SHARE = 0.45, 0.30, 0.25
STEAM_GJ_PER_T = 0.04


@dataclass(frozen=True, slots=True)
class Rolling:
    """Per hour: gas of each kind in Nm3, steam recovered GJ, electricity kW."""

    bfg: Array
    cog: Array
    ldg: Array
    steam_gj: Array
    kw: Array


def run(board: Board, bfg_ncv: Array, cog_ncv: Array, ldg_ncv: Array) -> Rolling:
    """One day: 45 to 58 kgce/t when sound and rolling."""
    dice = board.dice
    repair = planned_repair(dice, "roll", every_days=12, hours=8)
    changing = _roll_changes(board)
    rate = STRIP_T_PER_H * (1 + dice.wave("roll.rate", 0.02) + crew_effect(dice))
    strip = np.where(repair | changing, 0.0, rate)
    heat_per_t = board.around("roll.heat", 1.16, 0.02, 1.08, 1.26) * (1 + board.condition.drift_of("roll"))
    # Furnaces hold their heat while nothing is rolled.
    hold = np.where(repair, 0.06, np.where(changing, 0.45, 1.0))
    heat = rate * heat_per_t * hold
    kwh_per_t = board.around("roll.kwh", 86, 1.5, 80, 93)
    kw = strip * kwh_per_t * (1 + dice.grain("roll.kw", 0.05)) + np.where(
        repair, 2500.0, np.where(changing, 9000.0, 0.0)
    )
    bfg = board.put("roll.bfg.volume", heat * BFG_SHARE * 1000 / bfg_ncv)
    cog = board.put("roll.cog.volume", heat * COG_SHARE * 1000 / cog_ncv)
    ldg = board.put("roll.ldg.volume", heat * LDG_SHARE * 1000 / ldg_ncv)
    steam = board.put("roll.steam.heat", heat / 1.16 * STEAM_GJ_PER_T)
    board.put("roll.output", strip)
    board.put("roll.water.volume", strip * 0.45 + 15.0)
    board.gauge("roll.furnace.temperature", 1235, 9, grain=3)
    board.put("roll.exit.temperature", np.where(strip > 0, 875 + dice.grain("roll.exit", 7), 210.0))
    busy = strip / STRIP_T_PER_H
    board.activity["roll"] = busy
    pulse = 1 + dice.grain("roll.r1", 0.08)
    board.demand["roll.r1"] = np.where(repair, 0.0, np.where(strip > 0, 5900.0 * pulse, 420.0))
    board.demand["roll.descaling"] = np.where(
        repair, 0.0, np.where(strip > 0, 2050.0, 620.0) * (1 + dice.grain("roll.desc", 0.02))
    )
    return Rolling(bfg, cog, ldg, steam, kw)


def _roll_changes(board: Board) -> Mask:
    """Minutes in which work rolls are changed: about 14 of every 180, not at midnight."""
    minutes = np.arange(1440)
    rng = board.dice.rng("roll/changes")
    changing = np.zeros(1440, dtype=np.bool_)
    for block in range(8):
        start = block * 180 + rng.uniform(60, 150)
        changing |= (minutes >= start) & (minutes < start + rng.uniform(11, 16))
    return changing
