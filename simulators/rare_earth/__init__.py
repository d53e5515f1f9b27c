"""A rare-earth works on Bayan Obo concentrate: one local day of every quantity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from enms.motor import Motor
from simulators import feeders, motors
from simulators.board import Board
from simulators.clock import MINUTES
from simulators.neighbours import industrial_steam
from simulators.rare_earth import electrolysis, hydrometallurgy

HIGH_VOLTAGE = {"roast": 0.35}
SITE_LOSS = 0.014


def run(board: Board, plates: Sequence[Motor]) -> None:
    """Fill a board with the works' day; `plates` are the motors of its plant file."""
    dice = board.dice
    steam = board.put("site.steam.heat", industrial_steam(dice))
    hydro = hydrometallurgy.run(board, steam)
    cells_kw = electrolysis.run(board)
    kw = {**hydro.kw, "elys": cells_kw, "util": board.around("util.kw", 430, 12, 390, 470)}
    beyond = motors.run(board, plates)
    total = np.zeros(MINUTES)
    for process, power in kw.items():
        total = total + board.put(f"{process}.elec.active_energy", power + beyond.get(process, 0.0))
    feeders.run(board, HIGH_VOLTAGE)
    bought = board.put("site.grid.active_energy", total / (1 - SITE_LOSS))
    board.put("site.grid.active_power", bought)
    lag = np.tan(np.arccos(np.clip(0.935 + dice.wave("site.pf", 0.006), 0.91, 0.96)))
    board.put("site.grid.reactive_energy", bought * lag)
    board.gauge("site.grid.voltage", 35.4, 0.2, grain=0.05)
    board.put("site.gas.volume", hydro.gas / (1 - 0.008))
    board.put("site.gas.ncv", dice.daily("site.gas.ncv", 35.6, 0.15, sampled_min=480))
    board.gauge("site.gas.pressure", 0.31, 0.006, grain=0.002)
    board.gauge("site.steam.pressure", 0.82, 0.015, grain=0.004)
    board.gauge("site.steam.temperature", 262, 4, grain=1)
    board.put("site.steam.mass", steam / 2.85)
    users = ("leach", "sep", "elys")
    used = sum((board.flows[f"{u}.water.volume"] for u in users), np.zeros(MINUTES))
    board.put("site.water.volume", used / 0.95 + 6.0)
    board.put("util.air.volume", board.flows["util.elec.active_energy"] * 0.6 / 0.12)
    board.gauge("util.air.pressure", 0.67, 0.008, grain=0.003)
