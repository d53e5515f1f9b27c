"""Fuel through the gate and its yard: purchases are what was used plus what the yard gained."""

from __future__ import annotations

import numpy as np

from simulators.board import Board
from simulators.clock import MINUTES
from simulators.noise import Array


def run(board: Board, purchased: str, stock: str, used: Array, mean: float, swing: float) -> None:
    """Put both points.

    The yard's level is a slow sine, so that a day needs no yesterday.

    Args:
        board: the plant's day.
        purchased: point of the amount bought, t.
        stock: point of the yard's level, t.
        used: t/h.
        mean: of the level, t.
        swing: amplitude of the level, t.
    """
    days = board.dice.day.toordinal() + np.arange(MINUTES + 1) / MINUTES
    level = mean + swing * np.sin(2 * np.pi * (days / 17.0 + board.dice.ever(f"{stock}/phase")))
    board.put(stock, level[1:])
    # Own coke beyond what a stopped furnace needs heaps up; nobody weighs it.
    board.put(purchased, np.maximum(0.0, used + np.diff(level) * 60))
