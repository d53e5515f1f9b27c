"""What the demo's plants are to do at this start: which history is missing, and from where they go on live.

Simulation is exact only when it is run from the same instant with the same registers. History and live data come
from different processes, so both are given the same course: each runs the simulation from `Span.start` and passes
on its own part. The course is kept in the data folder; the next start takes up what was not finished.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import msgspec

from db.last_readings import LastGood, last_good
from simulators.scenario import LastReading, Scenario, plant_files

FAULTS = "demo"
_LONGEST = timedelta(days=7)
# So many points agree on when the plants were last heard; a meter whose clock runs ahead does not decide it.
_QUORUM = 10


class Standing(msgspec.Struct, frozen=True):
    """What a register showed when it was last read."""

    enterprise: str
    point: str
    at: datetime
    value: float


class Span(msgspec.Struct):
    """A stretch of simulated time: messages sent in [start, end).

    Attributes:
        registers: as they stood before `start`; none: they start anew.
        reached: everything sent before is committed.
    """

    start: datetime
    end: datetime
    registers: tuple[Standing, ...]
    reached: datetime

    @property
    def done(self) -> bool:
        return self.reached >= self.end


class Course(msgspec.Struct):
    """What is simulated.

    Attributes:
        seed: of everything random.
        anchor: the instant the demo's faults lead up to: its first start.
        history: stretches to be filled, earlier ones first.
        live: from `live.start` the simulation runs, from `live.end` (the start of the demo) it is published.
        speed: how fast what lies before now is played; 0: history is filled at once, by a process of its own.
        since: where the history of the first start began.
    """

    seed: int
    anchor: datetime
    history: list[Span]
    live: Span
    speed: float = 0.0
    since: datetime | None = None

    def scenario(self) -> Scenario:
        """The three plants."""
        return Scenario.load(plant_files(), seed=self.seed, faults=FAULTS, anchor=self.anchor)


def registers(span: Span) -> dict[tuple[str, str], LastReading]:
    """As the simulators want them."""
    return {(s.enterprise, s.point): LastReading(s.at, s.value) for s in span.registers}


def path(folder: Path) -> Path:
    """Where the course is kept under the data folder."""
    return folder / "simulation.json"


def write(file: Path, course: Course) -> None:
    """Keep it; complete or not at all."""
    scratch = file.with_suffix(f".{id(course)}.part")
    scratch.write_bytes(msgspec.json.encode(course))
    scratch.replace(file)


def read(file: Path) -> Course | None:
    """The kept one; None where there is none that can be understood."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Course)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


async def planned(
    connection: asyncpg.Connection,
    before: Course | None,
    *,
    now: datetime,
    enterprises: Sequence[str],
    days: float,
    seed: int,
    speed: float = 0.0,
    fill: bool = True,
) -> Course:
    """The course of a start.

    Args:
        connection: looked up: what is stored already.
        before: the course of the last start on this data folder.
        now: of this start.
        enterprises: codes of the plants.
        days: history on the first start; a gap of a later start is filled up to seven days back.
        seed: of everything random.
        speed: play what lies before now so many times as fast, over MQTT; 0: fill it at once.
        fill: False: leave it missing.
    """
    newest = await last_good(connection, enterprises)
    if not newest or before is None or before.seed != seed:
        before = None
    anchor = before.anchor if before is not None else now
    unfinished = [span for span in before.history if not span.done] if before is not None else []
    if newest:
        start = max(_last_heard(newest, now), now - _LONGEST)
    else:
        start = (now - timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
    if not fill:
        start, unfinished = now, []
    standing = tuple(Standing(one.enterprise, one.point, one.ts, one.value) for one in newest)
    live = Span(start, now, standing, start)
    filled = [*unfinished, Span(start, now, standing, start)] if fill and not speed else []
    since = before.since if before is not None else start
    return Course(seed, anchor, filled, live, speed, since)


def _last_heard(newest: Sequence[LastGood], now: datetime) -> datetime:
    """Just after the instant up to which the plants were heard."""
    instants = sorted((one.ts for one in newest if one.ts <= now), reverse=True)
    if not instants:
        return now
    return instants[min(_QUORUM, len(instants)) - 1] + timedelta(milliseconds=1)


def spans_left(course: Course) -> Iterator[Span]:
    """What is still to be filled."""
    return (span for span in course.history if not span.done)
