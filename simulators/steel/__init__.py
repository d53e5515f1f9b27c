"""An integrated steel works: one local day of every quantity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from enms.motor import Motor
from simulators import feeders, motors
from simulators.board import Board
from simulators.steel import agglomeration, blast_furnace, coking, converter, networks, purchases, rolling

# Part of each process's electricity that drives high-voltage motors.
HIGH_VOLTAGE = {
    "coking": 0.48,
    "sinter": 0.68,
    "pellet": 0.55,
    "bf1": 0.50,
    "bf2": 0.50,
    "bof": 0.55,
    "roll": 0.74,
    "oxy": 0.95,
    "util": 0.55,
}


def run(board: Board, plates: Sequence[Motor]) -> None:
    """Fill a board with the works' day; `plates` are the motors of its plant file."""
    bf1 = blast_furnace.run(board, blast_furnace.BF1)
    bf2 = blast_furnace.run(board, blast_furnace.BF2)
    gas = bf1.gas + bf2.gas
    # The mixed main's heating value; with both furnaces off there is no gas to have one.
    bfg_ncv = np.where(gas > 0, (bf1.gas * bf1.gas_ncv + bf2.gas * bf2.gas_ncv) / np.maximum(gas, 1.0), 3.3)
    board.put("gas.bfg.ncv", bfg_ncv)
    cog_ncv = board.put(
        "gas.cog.ncv", board.around("gas.cog.ncv", 17.3, 0.12, 16.8, 17.8) + board.dice.grain("gas.cog.ncv", 0.02)
    )
    iron_share = float((bf1.iron + bf2.iron).mean()) / (blast_furnace.BF1.iron_t_per_h + blast_furnace.BF2.iron_t_per_h)
    steel = converter.run(board, iron_share, cog_ncv)
    works = networks.Works(
        coking=coking.run(board, bfg_ncv, cog_ncv),
        burden=agglomeration.run(board, cog_ncv),
        furnaces=(bf1, bf2),
        steel=steel,
        rolling=rolling.run(board, bfg_ncv, cog_ncv, steel.gas_ncv),
    )
    gas_gj = networks.gas(board, works, bfg_ncv, cog_ncv)
    steam_gj = networks.steam(board, works)
    oxygen_kw = networks.oxygen(board, works)
    beyond = motors.run(board, plates, own_meter=("bf1.blower", "bf2.blower"))
    networks.power(board, works, gas_gj, steam_gj, oxygen_kw, beyond)
    feeders.run(board, HIGH_VOLTAGE)
    purchases.run(board)
