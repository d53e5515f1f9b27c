"""Motors that are energised with little to do: `motor_underload` and `motor_idle`.

A mean says little of a motor that was switched within the quarter hour: ten minutes off and five at full load look like
a third of the load. So the readings are looked at, too: the condition is met where the motor was energised, and under
the limit, throughout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import asyncpg

from db.motors import (
    Instrument,
    MotorVersion,
    Sampled,
    first_readings,
    instruments,
    load_of,
    motor_versions,
    quarter_hours,
    sampled_power,
    watched_points,
)
from db.plants import EnterpriseRow
from enms.alerts import Observation, Truth
from enms.metering import INTERVAL_S
from enms.motor_assumptions import assumption, provenance
from enms.motors import Load, LoadState, LoadVerdict, energised_kw, load_from_power
from enms.plant import Motor
from rules.conditions import Judged, Span, Subject, under
from rules.definition import MotorLoadRule, MotorOverloadRule
from rules.grid import QUARTER_HOURS


@dataclass(frozen=True, slots=True)
class Watched:
    """A motor's versions and the points its load is known by."""

    versions: tuple[MotorVersion, ...]
    points: dict[str, Instrument]

    def at(self, instant: datetime) -> Motor | None:
        """The motor as it was then."""
        held = (v for v in self.versions if v.valid_from <= instant < v.valid_to and not v.retired)
        return next((v.motor for v in held), None)


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


Limits = TypeVar("Limits", bound=MotorLoadRule | MotorOverloadRule)


class LoadCondition(Generic[Limits]):
    """A condition on the load factor from input power, quarter hour by quarter hour."""

    revises = True

    def __init__(self, rule: Limits, enterprise: EnterpriseRow) -> None:
        self._rule = rule
        self._e = enterprise.e

    @property
    def limit(self) -> float:
        """The load factor that is compared with."""
        raise NotImplementedError

    def limits(self, motor: Motor) -> dict[str, float]:
        """What evidence says was compared with."""
        raise NotImplementedError

    def loaded(self, motor: Motor, load: QuarterHourLoad, factor: float) -> tuple[Truth, bool, str]:
        """The condition on a quarter hour in which the motor was energised on average."""
        raise NotImplementedError

    async def subjects(self, connection: asyncpg.Connection) -> list[Subject[Watched]]:
        found = await motor_versions(connection, self._e)
        wanted = {
            code: versions
            for code, versions in found.items()
            if not versions[-1].retired and versions[-1].motor.duty in self._rule.watches.duty
        }
        codes = {code: _codes(versions) for code, versions in wanted.items()}
        points = await instruments(connection, self._e, [c for group in codes.values() for c in group])
        return [_subject(code, versions, codes[code], points) for code, versions in wanted.items()]

    async def judge(
        self, connection: asyncpg.Connection, spans: Sequence[Span[Watched]]
    ) -> dict[str, list[Judged[QuarterHourLoad]]]:
        # two motors may share a point: read it once over both spans
        reach: dict[int, tuple[datetime, datetime]] = {}
        for span in spans:
            for point in span.subject.watched.points.values():
                start, end = reach.get(point.p, (span.start, span.end))
                reach[point.p] = (min(start, span.start), max(end, span.end))
        rows = await quarter_hours(connection, self._e, [(p, start, end) for p, (start, end) in reach.items()])
        gauges = {g.p: g for span in spans if (g := _gauge(span.subject.watched)) is not None}
        samples = await sampled_power(connection, self._e, [(g, *reach[p]) for p, g in gauges.items()])
        found: dict[str, list[Judged[QuarterHourLoad]]] = {}
        for span in spans:
            watched = span.subject.watched
            answers = found.setdefault(span.subject.code, [])
            for start, end in span.subject.grid.steps(span.start, span.end):
                motor = watched.at(start)
                if motor is None:
                    answers.append(self._judged(start, end, QuarterHourLoad(None, None, None, 0.0)))
                    continue
                verdict, input_kw, completeness = load_of(motor, start, watched.points, rows)
                gauge = watched.points.get(motor.points.power or "")
                sampled = samples.get((gauge.p, start)) if gauge is not None else None
                unsampled = gauge is not None and gauge.p in gauges and sampled is None
                load = QuarterHourLoad(motor, verdict, input_kw, completeness, sampled, unsampled)
                answers.append(self._judged(start, end, load))
        return found

    async def earliest(
        self, connection: asyncpg.Connection, subjects: Sequence[Subject[Watched]]
    ) -> dict[str, datetime]:
        """Over readings that are gone nothing is judged again."""
        gauges = {s.code: g.p for s in subjects if (g := _gauge(s.watched)) is not None}
        first = await first_readings(connection, self._e, sorted(set(gauges.values())))
        return {code: first[p] for code, p in gauges.items() if p in first}

    def _judged(self, start: datetime, end: datetime, load: QuarterHourLoad) -> Judged[QuarterHourLoad]:
        truth, in_band, reason = self.answer(load)
        factor = load.verdict.load.factor if load.verdict is not None and load.verdict.load is not None else None
        observation = Observation(start, end, truth, in_band, reason)
        return Judged(observation, factor, self.limit, None, load)

    def answer(self, load: QuarterHourLoad) -> tuple[Truth, bool, str]:
        """The condition on one quarter hour."""
        if (reason := self._withheld(load)) is not None:
            return Truth.UNKNOWN, False, reason
        assert load.motor is not None
        assert load.verdict is not None
        if load.verdict.load is None:
            return Truth.CLEAR, False, LoadState.OFF.value
        return self.loaded(load.motor, load, load.verdict.load.factor)

    def _withheld(self, load: QuarterHourLoad) -> str | None:
        """Why there is no answer."""
        if load.motor is None or load.verdict is None:
            return "not_in_service"
        if load.completeness < self._rule.condition.min_completeness:
            return "incomplete"
        if load.verdict.state is LoadState.OFF:
            return None
        if load.verdict.load is None:
            return load.verdict.why.value if load.verdict.why is not None else ""
        return "readings_gone" if load.unsampled else None

    def evidence(self, subject: Subject[Watched], judged: Judged[QuarterHourLoad]) -> dict[str, object]:
        step, basis = judged.observation, judged.basis
        motor = basis.motor
        assert motor is not None
        assert basis.verdict is not None
        load = basis.verdict.load
        assert load is not None
        edition, source, review = provenance()
        point = subject.watched.points[motor.points.power or motor.points.current or ""]
        used = (*load.assumptions, assumption("energised_share"), assumption("no_load_floor"))
        return {
            "window": {"start": step.start, "end": step.end},
            "nameplate": motor.model_dump(mode="json", exclude={"name"}),
            "inputs": [
                {
                    "point": point.code,
                    "mean_kw": basis.input_kw,
                    "low_kw": basis.sampled.low if basis.sampled is not None else None,
                    "high_kw": basis.sampled.high if basis.sampled is not None else None,
                    "covered_s": basis.completeness * INTERVAL_S,
                    "completeness": basis.completeness,
                    "accuracy_class": point.accuracy_class,
                    "calibrated": point.calibrated,
                }
            ],
            "method": {"edition": edition, "source": source, "review": review, "by": load.method},
            "assumptions": [
                {
                    "key": a.key,
                    "value": a.value,
                    "low": a.low,
                    "high": a.high,
                    "text": {"zh": a.text.zh, "en": a.text.en},
                    "confidence": a.confidence,
                }
                for a in used
            ],
            "arithmetic": _arithmetic(motor, basis),
            "limit": self.limits(motor),
            "result": {
                "value": load.factor,
                "least": basis.least,
                "greatest": basis.greatest,
                "low": load.low,
                "high": load.high,
                "unit": "1",
                "limit": judged.limit,
            },
        }


class MotorLoad(LoadCondition[MotorLoadRule]):
    """`motor_underload` and `motor_idle`: energised, and under the limit, throughout."""

    @property
    def limit(self) -> float:
        return self._rule.condition.load_factor_below

    def limits(self, motor: Motor) -> dict[str, float]:
        not_below = self._rule.condition.and_not_below
        return {"load_factor_below": self.limit, "and_not_below": not_below, "energised_kw": energised_kw(motor)}

    def loaded(self, motor: Motor, load: QuarterHourLoad, factor: float) -> tuple[Truth, bool, str]:
        deadband = self._rule.deadband
        truth, in_band = under(factor, self.limit, deadband)
        reason = ""
        if factor < self._rule.condition.and_not_below:
            truth, in_band = Truth.CLEAR, False
        elif truth is Truth.MET and load.sampled is not None and load.sampled.low < energised_kw(motor):
            truth, reason = Truth.CLEAR, "partly_off"
        elif truth is Truth.MET and (load.greatest or factor) >= self.limit + deadband:
            # no reason to begin an alert, nor to end one
            truth, in_band, reason = Truth.CLEAR, True, "not_throughout"
        return truth, in_band, reason


def _gauge(watched: Watched) -> Instrument | None:
    """The motor's power gauge; None where power is counted by a register, or not metered."""
    code = watched.versions[-1].motor.points.power
    point = watched.points.get(code) if code is not None else None
    return point if point is not None and point.reading == "gauge" else None


def _codes(versions: Sequence[MotorVersion]) -> set[str]:
    return {code for version in versions for code in watched_points(version.motor)}


def _subject(
    code: str, versions: Sequence[MotorVersion], codes: set[str], points: dict[str, Instrument]
) -> Subject[Watched]:
    own = {name: points[name] for name in codes if name in points}
    numbers = frozenset(point.p for point in own.values())
    return Subject(
        code=code,
        watched=Watched(tuple(versions), own),
        grid=QUARTER_HOURS,
        inputs=numbers,
        waits_for=numbers,
        reach=timedelta(),
        configured=tuple((v.recorded_at, v.valid_from) for v in versions),
    )


def _arithmetic(motor: Motor, basis: QuarterHourLoad) -> list[dict[str, object]]:
    load = basis.verdict.load if basis.verdict is not None else None
    assert load is not None
    if load.method != "power":
        return [{"what": "load_factor", "formula": "I / Ir x V / Vr", "result": load.factor, "unit": "1"}]
    assert load.rated_loss_kw is not None
    return [
        {"what": "rated_loss", "formula": "dPN = (1 / etaN - 1) x PN", "result": load.rated_loss_kw, "unit": "kW"},
        {
            "what": "no_load_loss",
            "formula": "dP0, nameplate" if motor.no_load_loss_kw is not None else "dP0 = share x dPN, assumed",
            "result": load.no_load_loss_kw,
            "unit": "kW",
        },
        {
            "what": "load_factor",
            "formula": "beta = (-PN/2 + sqrt(PN^2/4 + (dPN - dP0) x (P1 - dP0))) / (dPN - dP0)",
            "result": load.factor,
            "unit": "1",
        },
    ]
