"""Plants, a seed and faults: every message they send between two instants.

    scenario = Scenario.load(plant_files(), seed=1, faults="demo", anchor=now)
    for message in scenario.readings(now - timedelta(days=7), now):
        ...                                    # topic, payload, sent_at

Messages come in the order in which they are sent, day by day, so that an endless span costs no memory.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from enms.plant import Plant
from enms.plant_file import read_plant_file
from simulators.clock import DAY_MS, day_of, day_start, to_ms
from simulators.disturbance import Held
from simulators.encoding import Encoder, Message
from simulators.faults import Exchanged, Fault, Kind, truth
from simulators.planner import plan
from simulators.plant import Registers, SimulatedPlant
from simulators.table import Table

_FOLDER = Path(__file__).parent / "plants"
# A register that nobody read for longer goes on from where it stood.
_LONGEST_GAP_DAYS = 62


@dataclass(frozen=True, slots=True)
class LastReading:
    """What a register showed when it was last read, as shown, before its multiplier."""

    at: datetime
    value: float


# What is sent later than this after it was read was held back somewhere.
_PROMPT_MS = 300_000

Known = Mapping[tuple[str, str], LastReading]


def plant_files() -> tuple[Path, ...]:
    """The three demo plants."""
    return tuple(_FOLDER / f"{name}.yaml" for name in ("steel", "rare_earth", "power"))


class Scenario:
    """What is simulated."""

    def __init__(self, plants: Sequence[Plant], seed: int, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        self.seed = seed
        self.plants = tuple(SimulatedPlant(p, seed, faults) for p in plants)
        self._encoders = {
            p.code: Encoder(p.code, [g.name for g in p.gateways], [q.code for q in p.plant.points]) for p in self.plants
        }
        self.exchanged: dict[Fault, Exchanged] = {}

    @classmethod
    def load(
        cls,
        plants: Sequence[Path | Plant],
        seed: int = 1,
        faults: str | Sequence[Fault] = "none",
        anchor: datetime | None = None,
        days: float = 7.0,
    ) -> Self:
        """Plants from their files.

        Args:
            plants: plant files, or plants already read.
            seed: of everything random.
            faults: 'none', 'demo', 'all', a comma list of kinds, or faults made elsewhere.
            anchor: the 'now' that planned faults lead up to; needed for any.
            days: how far before the anchor planned faults may lie.

        Raises:
            PlantFileError: a file that cannot be loaded.
            InputError: an unknown kind of fault.
        """
        read = [p if isinstance(p, Plant) else read_plant_file(p) for p in plants]
        if isinstance(faults, str):
            faults = plan(read, seed, faults, anchor, days)
        return cls(read, seed, faults)

    def truth(self) -> Iterator[bytes]:
        """Every fault as a JSON line; an exchange with its final value once the run has passed it."""
        for fault in self.faults:
            yield truth(fault, self.exchanged.get(fault))

    def readings(
        self,
        start: datetime,
        end: datetime | None,
        registers: Known | None = None,
        since: datetime | None = None,
    ) -> Iterator[Message]:
        """Messages sent in [start, end), in order; without an end for ever.

        Args:
            start: aware.
            end: aware, or None.
            registers: (enterprise, point) -> last reading, to continue from; a register without one starts anew.
                What a point read up to then is not sent again, except what was on its way late.
            since: hand out only what is sent from then on; the simulation still begins at `start`, but nothing
                is encoded for nothing.
        """
        span = _Span(to_ms(start), None if end is None else to_ms(end), to_ms(since or start))
        streams = [self._of_plant(p, span, registers or {}) for p in self.plants]
        yield from heapq.merge(*streams, key=lambda m: m.sent_at)

    def _of_plant(self, plant: SimulatedPlant, span: _Span, known: Known) -> Iterator[Message]:
        encoder = self._encoders[plant.code]
        # The day before, too: what was read then may be sent only now.
        day = day_of(span.start) - timedelta(days=1)
        state = Registers(_at_beginning(plant, span.start, known), Held(), self.exchanged)
        done = _read_until(plant, known)
        waiting: Table | None = None
        while span.end is None or day_start(day) < span.end:
            table = plant.table(day, state)
            if waiting is not None:
                table = Table.joined([waiting, table])
            midnight = day_start(day) + DAY_MS
            table = table.where(
                (table.sent >= span.start) & ((table.t > done[table.point]) | (table.sent - table.t > _PROMPT_MS))
            )
            due = table.where(table.sent < midnight)
            waiting = table.where(table.sent >= midnight)
            if span.end is not None:
                due = due.where(due.sent < span.end)
            if midnight > span.since:
                yield from encoder.messages(due.where(due.sent >= span.since).in_order())
            day += timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Span:
    """Milliseconds: simulated from `start` to `end`, handed out from `since`."""

    start: int
    end: int | None
    since: int


def _read_until(plant: SimulatedPlant, known: Known) -> NDArray[np.int64]:
    """By point number, the instant up to which everything prompt has been read; long ago where nothing has."""
    done = np.zeros(len(plant.plant.points), dtype=np.int64)
    for (enterprise, code), last in known.items():
        if enterprise == plant.code and code in plant.index:
            done[plant.index[code]] = to_ms(last.at)
    return done


def _at_beginning(plant: SimulatedPlant, start: int, known: Known) -> dict[str, float]:
    """Where each register stood at the beginning of the day before `start`."""
    first = day_start(day_of(start) - timedelta(days=1))
    goal = {f.points[0]: f.begin for f in plant.faults if f.kind is Kind.ROLLOVER and f.points and f.begin > start}
    last = {code: known[plant.code, code] for code in plant.registers if (plant.code, code) in known}
    stood = {code: reading.value for code, reading in last.items()}
    ahead = _counted(plant, {code: (to_ms(reading.at), start) for code, reading in last.items()})
    back = _counted(plant, dict.fromkeys(plant.registers, (first, start)))
    to_goal = _counted(plant, {code: (start, instant) for code, instant in goal.items() if code not in last})
    for code, meter in plant.registers.items():
        if code in to_goal:
            stood[code] = meter.modulus - to_goal[code]
        elif code not in last:
            stood[code] = plant.first_value(code)
    return {code: stood[code] + ahead.get(code, 0.0) - back[code] for code in plant.registers}


def _counted(plant: SimulatedPlant, spans: Mapping[str, tuple[int, int]]) -> dict[str, float]:
    """What registers count from one instant to a later one, in register units; days outside, for they cost most."""
    total = dict.fromkeys(spans, 0.0)
    if not spans:
        return total
    latest = max(end for _, end in spans.values())
    day: date = max(
        min(day_of(begin) for begin, _ in spans.values()), day_of(latest) - timedelta(days=_LONGEST_GAP_DAYS)
    )
    while (origin := day_start(day)) < latest:
        for code, (begin, end) in spans.items():
            low, high = max(begin, origin), min(end, origin + DAY_MS)
            if low < high:
                total[code] += plant.used(code, day, low, high)
        day += timedelta(days=1)
    return total
