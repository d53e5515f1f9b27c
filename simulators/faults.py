"""Seeded faults and their truth: what is wrong, where, from when to when, and whether the instruments can show it.

Faults of the plant act on quantities (`condition`), faults of meters and transport on readings
(`simulators.disturbance`). A fault that no instrument can show is listed as such before the run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum

import msgspec
import numpy as np

from simulators.clock import DAY_MS, MINUTE_MS, MINUTES, day_start, iso_local
from simulators.condition import Condition, Mask
from simulators.noise import Array, Dice


class Kind(StrEnum):
    """What can go wrong."""

    GAP = "gap"
    DUPLICATE = "duplicate"
    DISORDER = "disorder"
    CLOCK_SKEW = "clock_skew"
    ROLLOVER = "rollover"
    EXCHANGE = "exchange"
    STUCK = "stuck"
    SPIKE = "spike"
    DRIFT = "drift"
    MOTOR_DEGRADATION = "motor_degradation"
    MOTOR_IDLE = "motor_idle"
    MOTOR_UNDERLOAD = "motor_underload"


OF_THE_PLANT = frozenset({Kind.DRIFT, Kind.MOTOR_DEGRADATION, Kind.MOTOR_IDLE, Kind.MOTOR_UNDERLOAD})
# A worsening comes on over this time.
RAMP_MS = 3 * 3_600_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        begin, end: milliseconds UTC, the end left out.
        size: how bad, in `unit`.
        points: whose readings suffer, or that could show it.
        daily: minutes of the local day between which it acts; None all day.
        visible: whether the instruments can show it.
        why: what shows it, or why nothing does.
    """

    kind: Kind
    enterprise: str
    begin: int
    end: int
    size: float
    unit: str
    points: tuple[str, ...] = ()
    process: str | None = None
    motor: str | None = None
    daily: tuple[int, int] | None = None
    visible: bool = True
    why: str = ""

    def minutes(self, dice: Dice) -> Mask:
        """Minutes of a day in which it acts."""
        since = day_start(dice.day) + np.arange(MINUTES, dtype=np.int64) * MINUTE_MS
        acts = (since >= self.begin) & (since < self.end)
        if self.daily is not None:
            of_day = np.arange(MINUTES)
            acts &= (of_day >= self.daily[0]) & (of_day < self.daily[1])
        return np.asarray(acts, dtype=np.bool_)

    def on(self, dice: Dice) -> bool:
        """Whether it touches that day."""
        start = day_start(dice.day)
        return self.begin < start + DAY_MS and self.end > start


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A meter exchange as somebody has to declare it (`enms meter exchange`)."""

    at: str
    final: float
    initial: float
    multiplier: float


def truth(fault: Fault, exchanged: Exchanged | None = None) -> bytes:
    """One JSON line."""
    record: dict[str, object] = {
        "kind": fault.kind,
        "enterprise": fault.enterprise,
        "points": fault.points,
        "process": fault.process,
        "motor": fault.motor,
        "from": iso_local(fault.begin),
        "to": iso_local(fault.end),
        "daily": None if fault.daily is None else [f"{m // 60:02}:{m % 60:02}" for m in fault.daily],
        "size": fault.size,
        "unit": fault.unit,
        "visible": fault.visible,
        "why": fault.why,
    }
    if exchanged is not None:
        record["exchange"] = asdict(exchanged)
    return msgspec.json.encode(record)


def condition(faults: Iterable[Fault], dice: Dice) -> Condition:
    """The faults of the plant itself on one day."""
    found = Condition()
    for fault in faults:
        if fault.kind not in OF_THE_PLANT or fault.enterprise != dice.plant or not fault.on(dice):
            continue
        acts = fault.minutes(dice)
        if fault.kind is Kind.DRIFT and fault.process is not None:
            _add(found.drift, fault.process, np.where(acts, fault.size * _ramp(fault, dice), 0.0))
        elif fault.kind is Kind.MOTOR_DEGRADATION and fault.motor is not None:
            _add(found.wear, fault.motor, np.where(acts, fault.size * _ramp(fault, dice), 0.0))
        elif fault.kind is Kind.MOTOR_UNDERLOAD and fault.motor is not None:
            _add(found.relief, fault.motor, np.where(acts, fault.size, 0.0))
        elif fault.kind is Kind.MOTOR_IDLE and fault.motor is not None:
            found.idling[fault.motor] = found.idling_of(fault.motor) | acts
    return found


def _ramp(fault: Fault, dice: Dice) -> Array:
    since = day_start(dice.day) + np.arange(MINUTES, dtype=np.float64) * MINUTE_MS - fault.begin
    return np.clip(since / RAMP_MS, 0.0, 1.0)


def _add(to: dict[str, Array], key: str, values: Array) -> None:
    to[key] = to[key] + values if key in to else values
