"""Motors as load rules watch them, and what their loads were: quarter hour by quarter hour, once for all rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.motors import (
    Instrument,
    MotorVersion,
    Sampled,
    instruments,
    load_of,
    motor_versions,
    quarter_hours,
    sampled_power,
    watched_points,
)
from db.versions import named_until, version_at
from enms.motor import Motor
from enms.motors import Load, LoadVerdict, load_from_power
from rules.conditions import Span, Subject
from rules.facts import Facts
from rules.grid import QUARTER_HOURS, Step


@dataclass(frozen=True, slots=True)
class Watched:
    """A motor's versions and the points its load is known by."""

    versions: tuple[MotorVersion, ...]
    points: dict[str, Instrument]

    def at(self, instant: datetime) -> Motor | None:
        """The motor as it was then."""
        held = version_at(self.versions, instant)
        return held.motor if held is not None else None

    @property
    def gauges(self) -> list[Instrument]:
        """The power gauges it ever had; none where power was counted by a register, or not metered."""
        points = [self.points.get(v.motor.points.power or "") for v in self.versions]
        return [point for point in points if point is not None and point.reading == "gauge"]


@dataclass(frozen=True, slots=True)
class QuarterHourLoad:
    """A quarter hour's load verdict; no motor: there was none then.

    Attributes:
        sampled: what the power gauge read within; None: it is no gauge (a register's steps are too coarse to tell).
        unsampled: the readings are gone.
    """

    motor: Motor | None
    verdict: LoadVerdict | None
    input_kw: float | None
    completeness: float
    sampled: Sampled | None = None
    unsampled: bool = False

    @property
    def greatest(self) -> float | None:
        """Load factor at the greatest power read within; of the mean, where only that is known."""
        return self._at(self.sampled.high if self.sampled is not None else None)

    @property
    def least(self) -> float | None:
        """Load factor at the least power read within; of the mean, where only that is known."""
        return self._at(self.sampled.low if self.sampled is not None else None)

    def _at(self, input_kw: float | None) -> float | None:
        load = self.verdict.load if self.verdict is not None else None
        if load is None or self.motor is None or input_kw is None:
            return load.factor if load is not None else None
        found = load_from_power(self.motor, input_kw)
        return found.factor if isinstance(found, Load) else None


Told = list[tuple[Step, QuarterHourLoad]]


async def watched_motors(facts: Facts, e: int, duty: Sequence[str]) -> list[Subject[Watched]]:
    """Motors of some duties."""
    found = await facts.ask(motor_versions, e)
    wanted = {
        code: versions
        for code, versions in found.items()
        if not versions[-1].retired and versions[-1].motor.duty in duty
    }
    codes = {code: {c for v in versions for c in watched_points(v.motor)} for code, versions in wanted.items()}
    points = await facts.ask(instruments, e, tuple(sorted({c for group in codes.values() for c in group})))
    return [_subject(code, versions, codes[code], points) for code, versions in wanted.items()]


def _subject(
    code: str, versions: Sequence[MotorVersion], codes: set[str], points: dict[str, Instrument]
) -> Subject[Watched]:
    own = {name: points[name] for name in codes if name in points}
    numbers = frozenset(point.p for point in own.values())
    present = frozenset(own[name].p for name in watched_points(versions[-1].motor) if name in own)
    named = named_until(versions, lambda v: watched_points(v.motor))
    past = [(own[name].p, until) for name, until in named.items() if name in own]
    return Subject(
        code=code,
        watched=Watched(tuple(versions), own),
        grid=QUARTER_HOURS,
        inputs=numbers,
        waits_for=present,
        reach=timedelta(),
        gave_way=tuple(sorted((p, until) for p, until in past if p not in present)),
        configured=(
            *((v.recorded_at, v.valid_from) for v in versions),
            *(entry for point in own.values() for entry in point.recorded),
        ),
    )


async def quarter_hour_loads(facts: Facts, e: int, spans: Sequence[Span[Watched]]) -> dict[str, Told]:
    """Every step of each span with its load, by motor, in order of time."""
    asked = {(span.subject.code, span.start, span.end): span for span in spans}

    async def load(missing: list[tuple[str, datetime, datetime]]) -> dict[tuple[str, datetime, datetime], Told]:
        return await _loads(facts, e, {key: asked[key] for key in missing})

    told = await facts.each(f"loads of {e}", asked, load)
    return {code: told[code, start, end] for code, start, end in asked}


async def _loads(
    facts: Facts, e: int, spans: dict[tuple[str, datetime, datetime], Span[Watched]]
) -> dict[tuple[str, datetime, datetime], Told]:
    # two motors may share a point: read it once over both spans
    reach: dict[int, tuple[datetime, datetime]] = {}
    for span in spans.values():
        for point in span.subject.watched.points.values():
            start, end = reach.get(point.p, (span.start, span.end))
            reach[point.p] = (min(start, span.start), max(end, span.end))
    rows = await quarter_hours(facts.connection, e, [(p, start, end) for p, (start, end) in reach.items()])
    gauges = {g.p: g for span in spans.values() for g in span.subject.watched.gauges}
    samples = await sampled_power(facts.connection, e, [(g, *reach[p]) for p, g in gauges.items()])

    def of_step(watched: Watched, start: datetime) -> QuarterHourLoad:
        motor = watched.at(start)
        if motor is None:
            return QuarterHourLoad(None, None, None, 0.0)
        verdict, input_kw, completeness = load_of(motor, start, watched.points, rows)
        gauge = watched.points.get(motor.points.power or "")
        sampled = samples.get((gauge.p, start)) if gauge is not None else None
        unsampled = gauge is not None and gauge.p in gauges and sampled is None
        return QuarterHourLoad(motor, verdict, input_kw, completeness, sampled, unsampled)

    return {
        key: [
            ((start, end), of_step(span.subject.watched, start))
            for start, end in span.subject.grid.steps(span.start, span.end)
        ]
        for key, span in spans.items()
    }
