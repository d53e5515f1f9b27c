"""A seeded choice of faults for one plant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from math import hypot

import numpy as np

from enms.metering import PointConfig, ReadingType
from enms.motor import Motor
from enms.motor_efficiency import Method, Unable, method_of, stability
from enms.plant import Plant
from enms.timeline import HEADROOM
from simulators import gateways
from simulators.clock import MINUTE_MS, day_of
from simulators.faults import OF_THE_PLANT, Fault, Kind
from simulators.noise import Dice
from simulators.plant import SimulatedPlant

# Beyond this a time stamp ahead of the receiver is quarantined (LEDGER: future).
_FUTURE_S = 300.0
# Processes whose energy per tonne a drift can worsen.
_DRIFTING = {
    "demo-steel": ("coking", "sinter", "pellet", "bf1", "bf2", "bof", "roll"),
    "demo-rare-earth": ("roast", "elys"),
    "demo-power": ("u1", "u2"),
}

_HOUR_MS = 60 * MINUTE_MS
# Two whole quarter hours, wherever the gap begins, and until the clock has closed them.
_SILENT_MS = 50 * MINUTE_MS
# Share of worn motors chosen from those whose output is metered; the others are silent faults.
_METERED_SHARE = 0.7
# A motor's reference is 72 hours of running; it stands now and then.
_REFERENCE_H = 84.0
_USUAL_LOAD, _SCATTER = 0.6, 0.003
# Faults of the same readings are farther apart than late ones come, or the clock is off.
_APART_MS = 6 * _HOUR_MS
# A clock that jumps back makes registers fall, and that stands for a week: an exchange then is nothing new.
_BROKEN_MS = 8 * 24 * _HOUR_MS
_DRAWS = 20


@dataclass(frozen=True, slots=True)
class _Window:
    begin: int
    end: int


class Chooser:
    """Faults of one plant, no two of them on the same thing."""

    def __init__(self, plant: Plant, seed: int, until: int, days: float, sound_days: float = 0.0) -> None:
        self._plant = plant
        self._code = plant.enterprise.code
        self._until = until
        self._days = days
        # Hours of faults in which a motor's reference is not complete yet.
        self._without_reference_h = max(0.0, _REFERENCE_H - sound_days * 24)
        self._dice = Dice(seed, self._code, date(2000, 1, 1))
        self._configs = plant.configs()
        self._taken: set[str] = set()
        self._sound = SimulatedPlant(plant, seed)

    def choose(self, kinds: Sequence[Kind], times: int | None = None) -> Iterator[Fault]:
        """So many of each kind; one for every three days, at least one, where nobody says how many."""
        makers: dict[Kind, Callable[[np.random.Generator], Fault | None]] = {
            Kind.GAP: self._gap,
            Kind.DUPLICATE: self._duplicate,
            Kind.DISORDER: self._disorder,
            Kind.CLOCK_SKEW: self._clock_skew,
            Kind.ROLLOVER: self._rollover,
            Kind.EXCHANGE: self._exchange,
            Kind.STUCK: self._stuck,
            Kind.SPIKE: self._spike,
            Kind.DRIFT: self._drift,
            Kind.MOTOR_DEGRADATION: self._degradation,
            Kind.MOTOR_IDLE: self._idle,
            Kind.MOTOR_UNDERLOAD: self._underload,
        }
        chosen: list[Fault] = []
        for kind in kinds:
            rng = self._dice.rng(f"plan/{kind}", "ever")
            for _ in range(times or max(1, round(self._days / 3))):
                fault = self._apart(chosen, partial(makers[kind], rng))
                if fault is not None:
                    chosen.append(fault)
                    yield fault

    @staticmethod
    def _apart(chosen: Sequence[Fault], make: Callable[[], Fault | None]) -> Fault | None:
        """A fault of readings that leaves those alone that suffer already: nobody could tell the two apart."""
        for _ in range(_DRAWS):
            fault = make()
            if fault is None or not any(_meet(fault, other) for other in chosen):
                return fault
        return None

    def _window(self, rng: np.random.Generator, shortest_h: float, longest_h: float, after_h: float = 0.0) -> _Window:
        """When: within the days, where they are long enough not in their first hours."""
        length = min(rng.uniform(shortest_h, longest_h), 0.8 * self._days * 24)
        latest = self._days * 24 - length
        if latest > after_h:
            latest -= after_h
        begin = self._until - round((latest * rng.random() + length) * 60) * MINUTE_MS
        return _Window(begin, begin + round(length * 60) * MINUTE_MS)

    def _point(self, rng: np.random.Generator, suits: Callable[[PointConfig], bool]) -> PointConfig | None:
        able = [c for c in self._configs.values() if c.code not in self._taken and suits(c)]
        if not able:
            return None
        chosen = able[int(rng.integers(len(able)))]
        self._taken.add(chosen.code)
        return chosen

    def _motor(self, rng: np.random.Generator, suits: Callable[[Motor], bool]) -> Motor | None:
        able = [m for m in self._plant.motors if m.code not in self._taken and m.points.power and suits(m)]
        if not able:
            return None
        chosen = able[int(rng.integers(len(able)))]
        self._taken.add(chosen.code)
        return chosen

    def _reading(
        self,
        kind: Kind,
        window: _Window,
        point: PointConfig | None,
        size: float,
        unit: str,
        *,
        visible: bool,
        why: str,
    ) -> Fault | None:
        if point is None:
            return None
        return Fault(
            kind,
            self._code,
            window.begin,
            window.end,
            size,
            unit,
            (point.code,),
            point.process,
            visible=visible,
            why=why,
        )

    def _gap(self, rng: np.random.Generator) -> Fault | None:
        point = self._point(rng, _frequent_register)
        window = self._window(rng, 0.3, 4)
        shown = point is not None and window.end - window.begin >= _SILENT_MS + point.max_gap_s * 1000
        why = "closed quarter hours hold nothing" if shown else "the register tells its total soon after"
        return self._reading(Kind.GAP, window, point, 0.0, "", visible=shown, why=why)

    def _duplicate(self, rng: np.random.Generator) -> Fault | None:
        point, window = self._point(rng, _frequent_register), self._window(rng, 2, 6)
        why = "the same reading twice is no news"
        return self._reading(Kind.DUPLICATE, window, point, 0.4, "share of readings", visible=False, why=why)

    def _disorder(self, rng: np.random.Generator) -> Fault | None:
        point, window = self._point(rng, _frequent_register), self._window(rng, 0.5, 3)
        size = float(round(rng.uniform(600, 14_400)))
        why = "everything arrives in the end, only late"
        return self._reading(Kind.DISORDER, window, point, size, "s after the end", visible=False, why=why)

    def _clock_skew(self, rng: np.random.Generator) -> Fault | None:
        boxes = gateways.assign(self._plant)
        names = sorted({b.name for b in boxes.values()} - {"mes", "lims"} - self._taken)
        if not names:
            return None
        name = names[int(rng.integers(len(names)))]
        self._taken.add(name)
        window = self._window(rng, 1, 4)
        size = float(round(rng.uniform(400, 1500) * (1 if rng.random() < 0.5 else -1)))
        ahead = size > _FUTURE_S
        why = "stamps ahead of the receiver are quarantined" if ahead else "all stamps are equally late on arrival"
        points = tuple(code for code, box in boxes.items() if box.name == name)
        return Fault(Kind.CLOCK_SKEW, self._code, window.begin, window.end, size, "s", points, visible=True, why=why)

    def _rollover(self, rng: np.random.Generator) -> Fault | None:
        modular = {p.code for p in self._plant.points if p.register_max is not None}
        point = self._point(rng, lambda c: _frequent_register(c) and c.code in modular and c.rated_per_hour is not None)
        window = self._window(rng, 0.02, 0.03)
        why = "the register falls from its modulus; no amount is lost"
        return self._reading(Kind.ROLLOVER, window, point, 0.0, "", visible=False, why=why)

    def _exchange(self, rng: np.random.Generator) -> Fault | None:
        point, window = self._point(rng, _frequent_register), self._window(rng, 0.02, 0.03)
        initial = float(rng.integers(0, 20))
        why = "register_dropped until the exchange is declared"
        return self._reading(Kind.EXCHANGE, window, point, initial, "initial value", visible=True, why=why)

    def _stuck(self, rng: np.random.Generator) -> Fault | None:
        point = self._point(rng, lambda c: c.frozen_after_s is not None and c.reading is not ReadingType.INTERVAL)
        window = self._window(rng, 3, 10)
        shown = point is not None and self._moves(point.code, window)
        why = "frozen for longer than frozen_after_s" if shown else "what it measures stands still anyway"
        return self._reading(Kind.STUCK, window, point, 0.0, "", visible=shown, why=why)

    def _spike(self, rng: np.random.Generator) -> Fault | None:
        point = self._point(rng, lambda c: _frequent_register(c) and c.rated_per_hour is not None)
        window = self._window(rng, 0.25, 0.26)
        size = round(float(rng.uniform(1.05, 1.3)), 3)
        if point is None:
            return None
        meter, rated = self._sound.meters[point.code], point.rated_per_hour or 0.0
        # it stands about where it began; from two readings before to the one after
        rise = (size - 1) * self._sound.first_value(point.code) * meter.multiplier
        possible = HEADROOM * rated * 2 * point.period_s / 3600
        shown = rise > possible
        why = "an impossible rise and back" if shown else f"a rise by {rise:.0f}, {possible:.0f} is possible"
        return self._reading(Kind.SPIKE, window, point, size, "times", visible=shown, why=why)

    def _drift(self, rng: np.random.Generator) -> Fault | None:
        able = [p for p in _DRIFTING.get(self._code, ()) if f"drift {p}" not in self._taken]
        if not able:
            return None
        process = able[int(rng.integers(len(able)))]
        self._taken.add(f"drift {process}")
        window = self._window(rng, 30, 60)
        size = round(float(rng.uniform(0.05, 0.15)), 3)
        points = tuple(c.code for c in self._configs.values() if c.process == process and c.role == "consumed")
        why = "energy per tonne against its baseline"
        return Fault(
            Kind.DRIFT, self._code, window.begin, window.end, size, "share", points[:1], process, visible=True, why=why
        )

    def _degradation(self, rng: np.random.Generator) -> Fault | None:
        metered = rng.random() < _METERED_SHARE
        motor = self._motor(rng, lambda m: m.duty == "continuous" and (not metered or isinstance(method_of(m), Method)))
        if motor is None:
            return None
        window = self._window(rng, 36, 72, after_h=self._without_reference_h if metered else 0.0)
        size = round(float(rng.uniform(1.5, 4.5)), 2)
        shown, why = self._tells(motor, size, window)
        return self._of_motor(Kind.MOTOR_DEGRADATION, window, motor, size, "percentage points", None, shown, why)

    def _tells(self, motor: Motor, size: float, window: _Window) -> tuple[bool, str]:
        """Whether a loss of so many percentage points can be told, and why."""
        method = method_of(motor)
        if isinstance(method, Unable):
            return False, method.why.value.replace("_", " ")
        if window.begin < self._until - (self._days * 24 - self._without_reference_h) * _HOUR_MS:
            return False, "begins before the motor's reference is complete"
        meters = {point.code: point.accuracy_class for point in self._plant.points}
        classes = {name: meters[code] for name, code in motor.points.model_dump().items() if code is not None}
        uncertainty = hypot(*stability(motor, method, _USUAL_LOAD, classes).values(), _SCATTER)
        loss = size / (motor.efficiency_pct or 100.0)
        shown = loss > 1.1 * uncertainty
        how = f"{method.value.replace('_', ' ')} is metered: a loss of {loss:.1%} against {uncertainty:.1%}"
        return shown, how if shown else f"within the uncertainty: {how}"

    def _idle(self, rng: np.random.Generator) -> Fault | None:
        motor = self._motor(rng, lambda m: m.duty == "continuous" and m.rated_kw < 1000)
        if motor is None:
            return None
        window, begin = self._window(rng, 48, 120), int(rng.integers(0, 18)) * 60
        daily = (begin, begin + int(rng.integers(2, 6)) * 60)
        why = "input power falls to the no-load losses"
        return self._loaded(Kind.MOTOR_IDLE, window, motor, 1.0, "no load", daily, why)

    def _underload(self, rng: np.random.Generator) -> Fault | None:
        motor = self._motor(rng, lambda m: m.duty == "continuous" and m.drives in {"pump", "fan"} and m.rated_kw < 1000)
        window = self._window(rng, 24, 96)
        if motor is None:
            return None
        return self._loaded(Kind.MOTOR_UNDERLOAD, window, motor, 0.68, "share of load", None, "load factor below 40 %")

    def _loaded(
        self,
        kind: Kind,
        window: _Window,
        motor: Motor,
        size: float,
        unit: str,
        daily: tuple[int, int] | None,
        why: str,
    ) -> Fault:
        """Shown by the load factor: not behind a drive, nor where the motor stands anyway."""
        shown = True
        if motor.vsd:
            shown, why = False, "input power behind a drive does not tell the load"
        elif kind is Kind.MOTOR_UNDERLOAD and not self._moves(motor.points.power or "", window):
            shown, why = False, "the motor stands all the time"
        return self._of_motor(kind, window, motor, size, unit, daily, shown, why)

    def _moves(self, point: str, window: _Window) -> bool:
        """Whether a sound plant's quantity is anything but zero within a window."""
        day, last = day_of(window.begin), day_of(window.end)
        while day <= last:
            if np.any(self._sound.board(day).flows[point] > 0):
                return True
            day += timedelta(days=1)
        return False

    def _of_motor(
        self,
        kind: Kind,
        window: _Window,
        motor: Motor,
        size: float,
        unit: str,
        daily: tuple[int, int] | None,
        shown: bool,
        why: str,
    ) -> Fault:
        points = (motor.points.power,) if motor.points.power else ()
        return Fault(
            kind, self._code, window.begin, window.end, size, unit, points, motor.process, motor.code, daily, shown, why
        )


def _meet(a: Fault, b: Fault) -> bool:
    """Whether readings of the same point suffer from both at about the same time."""
    if a.kind in OF_THE_PLANT or b.kind in OF_THE_PLANT or not set(a.points) & set(b.points):
        return False
    first, then = sorted((a, b), key=lambda f: f.begin)
    masked = first.kind is Kind.CLOCK_SKEW and then.kind is Kind.EXCHANGE
    return then.begin < first.end + (_BROKEN_MS if masked else _APART_MS)


def _frequent_register(config: PointConfig) -> bool:
    return config.reading is ReadingType.REGISTER and config.period_s <= 300
