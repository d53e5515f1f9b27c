"""What a figure is, and the list of those there are.

Every figure is held against a limit measured in the same run on the same machine, or against the bound it was
promised to stay under: a bare number says nothing on another machine.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure, as `enms bench --json` prints it.

    Attributes:
        limit: what it is held against: measured in the same run, or promised.
        ratio: value ÷ limit; None where the limit is 0.
        conditions: what was measured, how, against what.
    """

    figure: str
    value: float
    unit: str
    limit: float
    ratio: float | None
    conditions: str


def figure(name: str, value: float, unit: str, limit: float, conditions: str) -> Figure:
    """A figure with its ratio, rounded to what is meant."""
    ratio = round(value / limit, 3) if limit else None
    return Figure(name, round(value, 3), unit, round(limit, 3), ratio, conditions)


@dataclass(frozen=True, slots=True)
class Options:
    """How much is measured.

    Attributes:
        folder: for databases, broker files and spools; emptied by whoever made it.
        scale: of the amount of work; 1 is what the promises are about.
        say: told what is going on.
        dsn: a database for what is measured on one that is there (panels); None: on a bundled one, with less data.
    """

    folder: Path
    scale: float
    say: Callable[[str], None]
    dsn: str | None = None

    def scaled(self, count: int, least: int = 1) -> int:
        return max(least, round(count * self.scale))


Measure = Callable[[Options], Awaitable[list[Figure]]]


@dataclass(frozen=True, slots=True)
class Bench:
    """Something that measures.

    Attributes:
        names: of the figures it gives.
        takes: about how long at scale 1, seconds.
    """

    names: tuple[str, ...]
    takes: int
    measure: Measure


def benches() -> tuple[Bench, ...]:
    """Everything that can be measured, in the order of the issue's table."""
    from bench import (  # noqa: PLC0415 - each pulls in what it measures
        alerting,
        backtest,
        crash,
        demo,
        lag,
        latency,
        memory,
        messages,
        outage,
        pages,
        panels,
        rules_crash,
        throughput,
        wall,
        wall_memory,
    )

    rooms = (
        throughput,
        messages,
        lag,
        latency,
        alerting,
        wall,
        wall_memory,
        panels,
        memory,
        crash,
        rules_crash,
        outage,
        backtest,
        demo,
        pages,
    )
    return tuple(room.BENCH for room in rooms)
