"""Sintering and pelletising."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulators.board import Board
from simulators.noise import Array
from simulators.schedule import crew_effect, planned_repair

SINTER_T_PER_H = 612.0
PELLET_T_PER_H = 165.0
SINTER_STEAM_GJ_PER_T = 0.10


@dataclass(frozen=True, slots=True)
class Agglomeration:
    """Per hour: solid fuel in t, coke-oven gas in Nm3, steam recovered in GJ, electricity in kW."""

    fuel: Array
    fuel_ncv: Array
    sinter_cog: Array
    pellet_cog: Array
    steam_gj: Array
    sinter_kw: Array
    pellet_kw: Array


def run(board: Board, cog_ncv: Array) -> Agglomeration:
    """One day: sinter 45 to 52 kgce/t, pellets 20 to 30 kgce/t when sound."""
    dice, crew = board.dice, crew_effect(board.dice)
    stands = planned_repair(dice, "sinter", every_days=31, hours=8)
    sinter = np.where(stands, 0.0, SINTER_T_PER_H * (1 + dice.wave("sinter.rate", 0.012) + crew))
    worse = board.condition.drift_of("sinter")
    fuel_per_t = board.around("sinter.fuel", 51, 0.5, 49, 53.5) * (1 + worse)
    fuel_ncv = board.put("sinter.fuel.ncv", dice.daily("sinter.fuel.ncv", 25.2, 0.15, sampled_min=480))
    fuel = board.put("sinter.fuel.mass", sinter * fuel_per_t / 1000)
    ignition = board.around("sinter.ignition", 0.065, 0.003, 0.056, 0.075)
    sinter_cog = board.put("sinter.cog.volume", sinter * ignition * 1000 / cog_ncv)
    steam = board.put("sinter.steam.heat", sinter * SINTER_STEAM_GJ_PER_T)
    sinter_kw = sinter * board.around("sinter.kwh", 43, 0.9, 40, 46) + stands * 2500.0
    board.put("sinter.output", sinter)
    board.put("sinter.ore.re_share", dice.stepped("sinter.ore.re_share", 26, 1.5, 480))
    board.put("sinter.water.volume", sinter * 0.12)
    board.gauge("sinter.hood.temperature", 1105, 12, grain=4)
    board.gauge("sinter.exhaust.temperature", 128, 4, grain=1)
    board.gauge("sinter.suction", 15.2, 0.25, grain=0.05)
    board.activity["sinter"] = sinter / SINTER_T_PER_H
    for fan, power in (("sinter.fan1", 5650.0), ("sinter.fan2", 5480.0)):
        board.demand[fan] = np.where(
            stands, 0.0, power * (1 + dice.wave(fan, 0.012)) * (0.25 + 0.75 * board.activity["sinter"])
        )

    pellet = PELLET_T_PER_H * (1 + dice.wave("pellet.rate", 0.012) + crew)
    heat = board.around("pellet.heat", 0.615, 0.012, 0.56, 0.68) * (1 + board.condition.drift_of("pellet"))
    pellet_cog = board.put("pellet.cog.volume", pellet * heat * 1000 / cog_ncv)
    pellet_kw = pellet * board.around("pellet.kwh", 30, 0.7, 27, 33.5)
    board.put("pellet.output", pellet)
    board.put("pellet.ore.re_share", dice.stepped("pellet.ore.re_share", 21, 1.5, 480))
    board.gauge("pellet.grate.temperature", 1040, 14, grain=4)
    board.gauge("pellet.kiln.temperature", 1245, 10, grain=3)
    board.put("pellet.water.volume", pellet * 0.08)
    board.activity["pellet"] = pellet / PELLET_T_PER_H
    board.demand["pellet.fan1"] = 1270.0 * (1 + dice.wave("pellet.fan1", 0.015)) * board.activity["pellet"]
    return Agglomeration(fuel, fuel_ncv, sinter_cog, pellet_cog, steam, sinter_kw, pellet_kw)
