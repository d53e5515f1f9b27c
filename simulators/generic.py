"""Behaviour of a plant nobody modelled: a plain day curve for every point, balances closed upwards.

Good enough to try out a plant file before its meters are connected.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from enms.metering import PointConfig, ReadingType
from enms.plant import Plant
from simulators import motors
from simulators.board import Board
from simulators.clock import MINUTES
from simulators.noise import Array

_USUAL_SHARE = 0.55
_UNRATED_PER_HOUR = 100.0
_LOSS = 0.02


def run(board: Board, plant: Plant) -> None:
    """Fill a board with a day of every metered point."""
    configs = plant.configs()
    children: dict[str, list[str]] = {}
    for config in configs.values():
        if config.parent is not None and config.reading is not ReadingType.GAUGE:
            children.setdefault(config.parent, []).append(config.code)
    motors.run(board, plant.motors)
    for code in configs:
        _fill(board, configs, children, code)


def _fill(board: Board, configs: Mapping[str, PointConfig], children: Mapping[str, list[str]], code: str) -> None:
    config = configs[code]
    if code in board.flows or config.reading is ReadingType.VIRTUAL:
        return
    if config.reading is ReadingType.GAUGE:
        board.put(code, _state(board, config))
        return
    parts = [c for c in children.get(code, ()) if configs[c].unit == config.unit]
    for part in parts:
        _fill(board, configs, children, part)
    metered = [board.flows[c] for c in parts if c in board.flows]
    if metered:
        board.put(code, sum(metered, np.zeros(MINUTES)) / (1 - _LOSS))
    else:
        board.put(code, (config.rated_per_hour or _UNRATED_PER_HOUR) * _USUAL_SHARE * _day_curve(board, code))


def _day_curve(board: Board, code: str) -> Array:
    hours = np.arange(MINUTES) / 60
    daily = 1 + 0.15 * np.sin(2 * np.pi * (hours - 8) / 24)
    drifted = 1 + board.condition.drift_of(code.split(".", maxsplit=1)[0])
    return np.clip(daily * drifted * (1 + board.dice.wave(code, 0.06) + board.dice.grain(code, 0.01)), 0.0, 1.7)


def _state(board: Board, config: PointConfig) -> Array:
    if config.aggregate == "sum":
        rated = config.max_value or _UNRATED_PER_HOUR
        return rated * _USUAL_SHARE * _day_curve(board, config.code)
    low = config.min_value if config.min_value is not None else 0.0
    high = config.max_value if config.max_value is not None else low + 100.0
    middle, swing = (low + high) / 2, (high - low) / 12
    return np.clip(middle + board.dice.wave(config.code, swing) + board.dice.grain(config.code, swing / 8), low, high)
