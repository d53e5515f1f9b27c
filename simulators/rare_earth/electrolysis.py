"""Molten-salt electrolysis of praseodymium-neodymium: 25 kA cells at 8.5 to 10.5 V, tapped every one to two hours.

Current efficiency 72 to 82 %, 1.78 g/Ah in theory: 6.2 to 8.2 kWh/kg direct current. It shows over a day only; a
single tap says more about the ladle than about the cell.
"""

from __future__ import annotations

import numpy as np

from simulators.board import Board, Events
from simulators.clock import MINUTE_MS, day_start
from simulators.noise import Array
from simulators.schedule import tiles

CELLS = tuple(f"elys.c{n}" for n in range(1, 9))
GRAM_PER_AH = 1.78
RECTIFIER_EFFICIENCY = 0.955
_EDGES = np.arange(1441.0)
_T = np.arange(1440.0)


def run(board: Board) -> Array:
    """One day of the cell house; kW at its main meter (8.3 to 10.2 kWh/kg)."""
    direct = np.zeros(1440)
    metal = np.zeros(1440)
    for cell in CELLS:
        kw, kg = _cell(board, cell)
        direct, metal = direct + kw, metal + kg
    first = sum((board.flows[f"{c}.dc.energy"] for c in CELLS[:4]), np.zeros(1440)) / RECTIFIER_EFFICIENCY
    second = direct / RECTIFIER_EFFICIENCY - first
    board.put("elys.rectifier1.energy", first)
    board.put("elys.rectifier2.energy", second)
    auxiliary = board.put("elys.auxiliary.energy", metal * board.around("elys.auxiliary", 1.85, 0.05, 1.7, 2.05))
    board.put("elys.output", metal)
    board.gauge("elys.cooling.temperature", 31, 1.2, grain=0.3)
    board.put("elys.water.volume", metal * 0.02)
    board.activity["elys"] = direct / (len(CELLS) * 25.0 * 9.35)
    return (first + second + auxiliary) / (1 - 0.012)


def _cell(board: Board, cell: str) -> tuple[Array, Array]:
    dice = board.dice
    rng = dice.rng(f"{cell}/taps")
    count = int(rng.integers(14, 20))
    plan = tiles(dice, cell, count, 0.10)
    starts, ends = plan.start, plan.end
    since = _T - starts[np.searchsorted(ends, _T, side="right").clip(0, count - 1)]
    # The bath falls and the anodes burn off between taps: the voltage climbs, and steps back at the tap.
    worse = board.condition.drift_of("elys")
    amps = (
        25.0
        * (0.985 + 0.03 * dice.ever(f"{cell}/kA"))
        * (1 + dice.wave(f"{cell}.current", 0.006) + dice.grain(f"{cell}.current", 0.004))
    )
    amps = np.where((since < 3) & (since < _T), amps * 0.82, amps)
    volts = (
        9.05
        + 0.4 * dice.ever(f"{cell}/V")
        + 0.20 * since / 90
        + dice.wave(f"{cell}.voltage", 0.08)
        + dice.grain(f"{cell}.voltage", 0.03)
    )
    volts = np.clip(volts, 8.6, 10.3) * (1 + worse)
    efficiency = dice.daily(f"{cell}.efficiency", 0.772, 0.012)
    kg = amps * GRAM_PER_AH * efficiency
    board.put(f"{cell}.current", amps)
    board.put(f"{cell}.voltage", volts)
    kw = board.put(f"{cell}.dc.energy", amps * volts)
    board.gauge(f"{cell}.temperature", 1052, 6, grain=2)
    made = np.concatenate([[0.0], np.cumsum(kg) / 60])
    weighed = np.interp(ends, _EDGES, made) - np.interp(starts, _EDGES, made)
    # Metal left in the cell: what one tap lacks, the next one has.
    left = np.concatenate([[0.0], np.clip(rng.standard_normal(count - 1), -2, 2) * 2.0, [0.0]])
    origin = day_start(dice.day)
    lag = np.full(count, 6 * MINUTE_MS, dtype=np.int64)
    board.events[f"{cell}.tap.mass"] = Events(
        (origin + starts * MINUTE_MS).astype(np.int64),
        (origin + ends * MINUTE_MS).astype(np.int64),
        np.maximum(1.0, weighed - np.diff(left)),
        lag,
    )
    return kw, kg
