"""From Bayan Obo concentrate to oxides: acid roasting, water leaching, solvent extraction, calcining."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulators.board import Board
from simulators.clock import MINUTES
from simulators.condition import Mask
from simulators.noise import Array
from simulators.schedule import crew_effect, planned_repair

# Rare-earth oxide (REO) through the works, t/h; energy per tonne of it is 1.4 to 2.1 tce.
REO_T_PER_H = 2.1
ROAST_GAS_NM3_PER_T = 576.0
CALCINE_GAS_NM3_PER_T = 160.0
LEACH_STEAM_SHARE = 0.18
STEAM_LOSS = 0.09


@dataclass(frozen=True, slots=True)
class Hydrometallurgy:
    """Per hour: REO t, natural gas Nm3, electricity kW by process."""

    reo: Array
    gas: Array
    kw: dict[str, Array]


def run(board: Board, steam_gj: Array) -> Hydrometallurgy:
    """One day.

    Args:
        steam_gj: steam through the gate, GJ/h.
    """
    dice, crew = board.dice, crew_effect(board.dice)
    repair = planned_repair(dice, "roast", every_days=45, hours=10)
    reo = REO_T_PER_H * (1 + dice.wave("reo.rate", 0.015) + crew)
    roasted = np.where(repair, 0.0, reo)
    roast_gas = reo * board.around("roast.gas", ROAST_GAS_NM3_PER_T, 9, 540, 612)
    roast_gas = roast_gas * (1 + board.condition.drift_of("roast")) * np.where(repair, 0.18, 1.0)
    calcine_gas = reo * board.around("calcine.gas", CALCINE_GAS_NM3_PER_T, 3, 148, 172)
    board.put("roast.gas.volume", roast_gas)
    board.put("calcine.gas.volume", calcine_gas)
    board.put("roast.feed.mass", roasted / 0.52)
    board.put("roast.output", roasted)
    board.put("sep.output", reo * 0.985)
    board.put("calcine.output", reo * 0.96)

    board.put("leach.steam.heat", steam_gj * (1 - STEAM_LOSS) * LEACH_STEAM_SHARE)
    board.put("sep.steam.heat", steam_gj * (1 - STEAM_LOSS) * (1 - LEACH_STEAM_SHARE))
    board.put("leach.water.volume", reo * 38.0)
    board.put("sep.water.volume", reo * 22.0)
    _operation(board, repair)
    kw = {
        "roast": roasted * 260.0 * (1 + dice.wave("roast.kwh", 0.015)) + repair * 90.0,
        "leach": reo * 165.0 * (1 + dice.wave("leach.kwh", 0.015)),
        "sep": reo * 1350.0 * (1 + dice.wave("sep.kwh", 0.01)),
        "calcine": reo * 95.0 * (1 + dice.wave("calcine.kwh", 0.015)),
    }
    board.activity["roast"] = roasted / REO_T_PER_H
    for process in ("leach", "sep", "calcine"):
        board.activity[process] = reo / REO_T_PER_H
    return Hydrometallurgy(reo, roast_gas + calcine_gas, kw)


def _operation(board: Board, repair: Mask) -> None:
    for kiln, mean in (("roast.kiln1", 352.0), ("roast.kiln2", 348.0)):
        board.put(
            f"{kiln}.tail_temperature",
            np.where(repair, 140.0, mean) + board.dice.wave(kiln, 5.0) + board.dice.grain(kiln, 1.5),
        )
        board.put(
            f"{kiln}.head_temperature",
            np.where(repair, 260.0, mean + 430)
            + board.dice.wave(f"{kiln}.head", 9.0)
            + board.dice.grain(f"{kiln}.head", 2.0),
        )
    board.gauge("leach.temperature", 64, 1.5, grain=0.3)
    board.gauge("sep.temperature", 38.5, 0.8, grain=0.2)
    board.gauge("sep.feed.concentration", 262, 5, grain=1)
    board.gauge("calcine.temperature", 946, 7, grain=2)
    board.put("roast.off_gas.flow", np.where(repair, 6_000.0, 41_000.0) * (1 + board.dice.grain("roast.off_gas", 0.01)))
    board.put("sep.acid.mass", np.full(MINUTES, 7.4) * (1 + board.dice.wave("sep.acid", 0.04)))
