"""A process's electricity below its main meter: the high-voltage feeder, the motor control centres, the loss."""

from __future__ import annotations

from collections.abc import Mapping

from simulators.board import Board
from simulators.noise import Array

# Cables and the process's transformers, as a share of its main meter.
FEEDER_LOSS = 0.012


def run(board: Board, high_voltage_share: Mapping[str, float]) -> None:
    """Split each named process's main meter so that parent = children + loss in every minute.

    Args:
        board: holds `X.elec.active_energy`; gets `X.hv.active_energy` and `X.lv.active_energy`.
        high_voltage_share: process -> part of its delivered electricity that goes to motors above 200 kW.
    """
    for process, share in high_voltage_share.items():
        split(board, process, board.flows[f"{process}.elec.active_energy"] * (1 - FEEDER_LOSS), share)


def split(board: Board, process: str, delivered_kw: Array, share: float) -> None:
    """Put the two feeders of a process that deliver so much together."""
    part = share * (1 + board.dice.wave(f"{process}.hv", 0.01))
    board.put(f"{process}.hv.active_energy", delivered_kw * part)
    board.put(f"{process}.lv.active_energy", delivered_kw * (1 - part))
