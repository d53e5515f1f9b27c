"""One plant in simulation: its model, its meters, its faults; a local day at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from enms.metering import ReadingType
from enms.motor import Motor
from enms.plant import Plant
from simulators import gateways, generic, power, rare_earth, steel
from simulators.board import Board
from simulators.clock import DAY_MS, day_start, iso_local
from simulators.disturbance import Held, disturb
from simulators.faults import Exchanged, Fault, Kind, condition
from simulators.meters import Meter, at, integral, meters
from simulators.noise import Array, Dice
from simulators.table import NO_START, Table

Model = Callable[[Board, Sequence[Motor]], None]
MODELS: Mapping[str, Model] = {
    "demo-steel": steel.run,
    "demo-rare-earth": rare_earth.run,
    "demo-power": power.run,
}


@dataclass(slots=True)
class Registers:
    """Where a plant's registers stand at the beginning of a day, in register units, rollovers not yet taken off."""

    at_start: dict[str, float]
    held: Held
    exchanged: dict[Fault, Exchanged]


class SimulatedPlant:
    """One plant; everything it does follows from (seed, plant, day)."""

    def __init__(self, plant: Plant, seed: int, faults: Sequence[Fault] = ()) -> None:
        self.plant = plant
        self.code = plant.enterprise.code
        self.seed = seed
        self.faults = tuple(f for f in faults if f.enterprise == self.code)
        ever = Dice(seed, self.code, date(2000, 1, 1))
        boxes = gateways.assign(plant)
        self.gateways = sorted({g.name: g for g in boxes.values()}.values(), key=lambda g: g.name)
        self.meters = meters(plant, ever, boxes)
        self.index = {code: meter.index for code, meter in self.meters.items()}
        self.registers = {c: m for c, m in self.meters.items() if m.reading is ReadingType.REGISTER}
        self._gateway_number = {g.name: i for i, g in enumerate(self.gateways)}
        self._ever = ever
        self.board = lru_cache(maxsize=4)(self._board)

    def dice(self, day: date) -> Dice:
        return Dice(self.seed, self.code, day)

    def _board(self, day: date) -> Board:
        dice = self.dice(day)
        board = Board(dice, condition(self.faults, dice))
        model = MODELS.get(self.code)
        if model is None:
            generic.run(board, self.plant)
        else:
            model(board, self.plant.motors)
        return board

    def used(self, code: str, day: date, begin_ms: int, end_ms: int) -> float:
        """What a register counts between two instants of one day, in register units."""
        total = integral(self.board(day).flows[code])
        origin = day_start(day)
        span = at(total, np.array([begin_ms - origin, end_ms - origin], dtype=np.int64))
        return float(span[1] - span[0]) * self.meters[code].gain

    def first_value(self, code: str) -> float:
        """Where a register stands that nobody has read before: as if it had counted for years."""
        meter = self.meters[code]
        span = meter.modulus if np.isfinite(meter.modulus) else 1e6
        return float(meter.shown(np.array([0.05 + 0.6 * self._ever.ever(f"{code}/stands")]) * span)[0])

    def table(self, day: date, state: Registers) -> Table:
        """A day's readings; `state` moves on to the next day's beginning."""
        board, dice, origin = self.board(day), self.dice(day), day_start(day)
        parts = [self._clocked(m, board, dice, origin, state) for c, m in self.meters.items() if c in board.flows]
        parts += [self._eventful(self.meters[c], board) for c in board.events if c in self.meters]
        return disturb(Table.joined(parts), self.faults, dice, self.index, state.held)

    def _clocked(self, meter: Meter, board: Board, dice: Dice, origin: int, state: Registers) -> Table:
        times = meter.times(dice)
        flow = board.flows[meter.code]
        if meter.reading is ReadingType.GAUGE:
            raw = flow[np.minimum(times // 60_000, len(flow) - 1)] * meter.gain
        elif meter.reading is ReadingType.REGISTER:
            raw = self._counted(meter, integral(flow), times, origin, state)
        else:
            ends = at(integral(flow), np.concatenate([[0], times]).astype(np.int64))
            raw = np.diff(ends) * meter.gain
        box = self.gateways[self._gateway_number[meter.gateway]]
        # A gateway that polls sends the whole poll when its last meter has answered.
        # A poll that is early by its jitter still belongs to the period that is about to begin.
        early = times + meter.jitter_ms
        period = early - early % meter.period_ms if meter.jitter_ms else times
        sent = period + origin + box.spread_ms + box.delay_ms
        return self._rows(meter, times + origin, np.full(len(times), NO_START), meter.shown(raw), sent)

    def _counted(self, meter: Meter, total: Array, times: np.ndarray, origin: int, state: Registers) -> Array:
        begins = state.at_start[meter.code]
        raw = begins + at(total, times) * meter.gain
        ends = begins + float(total[-1]) * meter.gain
        for fault in self.faults:
            if fault.kind is not Kind.EXCHANGE or meter.code not in fault.points:
                continue
            if origin <= fault.begin < origin + DAY_MS:
                final = begins + float(at(total, float(fault.begin - origin))) * meter.gain
                initial = fault.size
                shown = float(meter.shown(np.array([final]))[0])
                state.exchanged[fault] = Exchanged(iso_local(fault.begin), shown, initial, meter.multiplier)
                raw = np.where(times + origin >= fault.begin, raw - final + initial, raw)
                ends += initial - final
        state.at_start[meter.code] = ends
        return raw

    def _eventful(self, meter: Meter, board: Board) -> Table:
        events = board.events[meter.code]
        gain = meter.gain
        return self._rows(meter, events.end, events.start, meter.shown(events.value * gain), events.end + events.lag_ms)

    def _rows(self, meter: Meter, t: np.ndarray, start: np.ndarray, value: Array, sent: np.ndarray) -> Table:
        count = len(t)
        return Table(
            point=np.full(count, meter.index, dtype=np.int64),
            t=t.astype(np.int64),
            start=start.astype(np.int64),
            value=value,
            sent=sent.astype(np.int64),
            gateway=np.full(count, self._gateway_number[meter.gateway], dtype=np.int64),
            rows=start != NO_START,
        )
