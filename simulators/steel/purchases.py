"""What comes through the works' gate: coal, coke, natural gas, diesel, water."""

from __future__ import annotations

import numpy as np

from simulators import yard
from simulators.board import Board
from simulators.clock import MINUTES
from simulators.noise import Array


def run(board: Board) -> None:
    """Everything else on the board is known by now."""
    flows = board.flows
    injected = flows["bf1.pci.mass"] + flows["bf2.pci.mass"]
    # Lump coke and breeze beyond what the own ovens make; breeze is screened from the same coke.
    coke = flows["bf1.coke.mass"] + flows["bf2.coke.mass"] + flows["sinter.fuel.mass"] - flows["coking.output"]
    yard.run(board, "site.washed_coal.purchased", "site.washed_coal.stock", flows["coking.coal.mass"], 48_000, 2_500)
    yard.run(board, "site.anthracite.purchased", "site.anthracite.stock", injected, 17_000, 900)
    yard.run(board, "site.coke.purchased", "site.coke.stock", coke, 26_000, 60)
    board.put("site.natural_gas.volume", board.around("site.ng", 620, 40, 480, 760))
    board.put("site.natural_gas.ncv", board.dice.daily("site.natural_gas.ncv", 35.6, 0.15, sampled_min=480))
    board.put("site.diesel.mass", np.full(MINUTES, 0.32) * (1 + board.dice.wave("site.diesel", 0.2)))
    users = ("coking", "sinter", "pellet", "bf1", "bf2", "bof", "cast", "roll")
    used: Array = sum((flows[f"{u}.water.volume"] for u in users), np.zeros(MINUTES))
    board.put("site.water.volume", used / 0.96 + 180.0)
