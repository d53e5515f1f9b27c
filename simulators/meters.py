"""Meters: from a true quantity to what is read, with the meter's own error, steps, modulus and clock.

A meter's error is systematic: it belongs to the instrument (its accuracy class) and does not average out. Parents
and children therefore disagree by their meters' classes, as they do in a plant.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enms.metering import PointConfig, ReadingType
from enms.plant import Plant
from simulators.clock import MINUTE_MS, MINUTES
from simulators.noise import Array, Dice

Whole = NDArray[np.int64]
# A sound meter uses up this much of its class.
_CLASS_USED = 0.6
_EDGES: Array = np.arange(MINUTES + 1, dtype=np.float64) * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Meter:
    """The meter on one point.

    Attributes:
        index: of its point in the plant file.
        gain: register units (or gauge value) per true unit: (1 + error) / multiplier.
        modulus: of a register; inf where it never rolls over.
        decimals: of the display; None where its step is no power of ten.
        phase_ms: how long after the full period it is polled.
        jitter_ms: how much that varies.
        gateway: who sends it.
    """

    code: str
    index: int
    reading: ReadingType
    gain: float
    multiplier: float
    modulus: float
    step: float
    decimals: int | None
    period_ms: int
    phase_ms: int
    jitter_ms: int
    gateway: str

    def shown(self, raw: Array) -> Array:
        """What the display shows: a register is cut off at its step, everything else rounded to it."""
        if self.reading is ReadingType.REGISTER:
            raw = np.mod(raw, self.modulus)
            if self.decimals is not None:
                return np.asarray(np.floor(raw * 10.0**self.decimals + 1e-6) / 10.0**self.decimals, dtype=np.float64)
            return np.floor(raw / self.step + 1e-9) * self.step
        if self.decimals is not None:
            return np.round(raw, self.decimals)
        return np.round(raw / self.step) * self.step

    def times(self, dice: Dice) -> Whole:
        """Milliseconds from local midnight at which it is read this day.

        An interval reading is stamped with its end, so its day's last is at midnight.
        """
        count = MINUTES * MINUTE_MS // self.period_ms
        whole = np.arange(count, dtype=np.int64) * self.period_ms
        if self.reading is ReadingType.INTERVAL:
            return whole + self.period_ms
        if self.jitter_ms:
            shift = dice.rng(f"{self.code}/clock").uniform(-self.jitter_ms, self.jitter_ms, count)
            return np.maximum(0, whole + self.phase_ms + shift.astype(np.int64))
        return whole + self.phase_ms


def meters(plant: Plant, dice: Dice, gateways: Mapping[str, Gateway]) -> dict[str, Meter]:
    """The meters of a plant by point, virtual points left out.

    Args:
        plant: as in its file.
        dice: of any day; only what belongs to the instruments is thrown.
        gateways: by point code.
    """
    configs = plant.configs()
    found: dict[str, Meter] = {}
    for index, point in enumerate(plant.points):
        config = configs[point.code]
        if config.reading is ReadingType.VIRTUAL:
            continue
        install = point.installation()
        error = (2 * dice.ever(f"{point.code}/error") - 1) * _CLASS_USED * (install.accuracy_class or 0.0) / 100
        scale = install.multiplier if config.reading is ReadingType.REGISTER else 1.0
        step = install.resolution or _default_step(config)
        gateway = gateways[point.code]
        polled = gateway.jitter_ms and config.reading is not ReadingType.INTERVAL
        found[point.code] = Meter(
            code=point.code,
            index=index,
            reading=config.reading,
            gain=(1 + error) / scale,
            multiplier=scale,
            modulus=install.register_max or math.inf,
            step=step,
            decimals=_decimals(step),
            period_ms=round(config.period_s * 1000),
            phase_ms=round(dice.ever(f"{point.code}/phase") * gateway.spread_ms) if polled else 0,
            jitter_ms=gateway.jitter_ms if polled else 0,
            gateway=gateway.name,
        )
    return found


@dataclass(frozen=True, slots=True)
class Gateway:
    """A box that polls meters and sends their readings.

    Attributes:
        name: the topic's.
        spread_ms: it needs this long to poll all its meters; 0: they stamp on the full minute themselves.
        jitter_ms: by which a poll is early or late.
        delay_ms: between the end of a poll and the message.
    """

    name: str
    spread_ms: int = 0
    jitter_ms: int = 0
    delay_ms: int = 1200


def integral(rate_per_hour: Array) -> Array:
    """Amount since local midnight at the 1 441 minute edges."""
    total = np.empty(MINUTES + 1)
    total[0] = 0.0
    np.cumsum(rate_per_hour, out=total[1:])
    total /= 60.0
    return total


def at(total: Array, times_ms: Whole | float) -> Array:
    """The integral at milliseconds from local midnight, within minutes linearly."""
    return np.asarray(np.interp(times_ms, _EDGES, total), dtype=np.float64)


def _default_step(config: PointConfig) -> float:
    return 0.001 if config.reading is ReadingType.GAUGE else 0.01


def _decimals(step: float) -> int | None:
    power = -math.log10(step)
    return round(power) if abs(power - round(power)) < 1e-9 and power > -0.5 else None
