"""A motor that has lost efficiency: `motor_efficiency`, over the last 24 hours, hour by hour.

Only motors whose slip or driven output is metered are watched: input power alone returns the nameplate's curve,
whatever state a motor is in. The others are listed with what would tell, by `GET /motors` and on the console.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.motor_operation import Described, classes_of, described, operation, output_points, reference_of, reference_span
from db.motors import Instrument, instruments, motor_versions
from db.plants import EnterpriseRow
from db.versions import named_until
from enms.alerts import Observation, Truth
from enms.motor import Motor
from enms.motor_efficiency import FEWEST, Comparison, Method, Operating, Reference, compare, method_of, unclassed
from enms.motor_verdict import Absolute, absolute
from rules.conditions import Judged, Span, Subject, over, under
from rules.definition import MotorEfficiencyRule
from rules.facts import Facts
from rules.grid import HOURS
from rules.motor_efficiency_evidence import evidence_of

_DAY = timedelta(hours=24)
# A change within the reference is felt for ever.
_EVER = timedelta(days=36_500)


@dataclass(frozen=True, slots=True)
class Watched:
    """A motor over time, and its instruments by code."""

    described: tuple[Described, ...]
    points: dict[str, Instrument]

    def at(self, instant: datetime) -> Described | None:
        """The motor as it was then."""
        return next((d for d in self.described if d.start <= instant < d.end), None)


@dataclass(frozen=True, slots=True)
class DayRun:
    """24 hours of a motor.

    Attributes:
        day: quarter hours in which it ran.
        classes: of its instruments.
    """

    motor: Motor
    reference: Reference | None
    comparison: Comparison | None
    absolute: Absolute | None
    day: tuple[Operating, ...]
    classes: dict[str, float | None]


class MotorEfficiency:
    """`motor_efficiency`, against the motor's own reference or its nameplate."""

    revises = True

    def __init__(self, rule: MotorEfficiencyRule, enterprise: EnterpriseRow) -> None:
        self._rule = rule
        self._e = enterprise.e

    @property
    def _own(self) -> bool:
        return self._rule.condition.against == "own_reference"

    async def subjects(self, facts: Facts) -> list[Subject[Watched]]:
        found = await facts.ask(motor_versions, self._e)
        wanted = {
            code: versions
            for code, versions in found.items()
            if not versions[-1].retired and self._watches(versions[-1].motor)
        }
        codes = {code: {c for v in vs for c in output_points(v.motor)} for code, vs in wanted.items()}
        points = await facts.ask(instruments, self._e, tuple(sorted({c for group in codes.values() for c in group})))
        subjects = []
        for code, versions in wanted.items():
            own = {name: points[name] for name in codes[code] if name in points}
            numbers = frozenset(point.p for point in own.values())
            present = frozenset(own[name].p for name in output_points(versions[-1].motor) if name in own)
            named = named_until(versions, lambda v: output_points(v.motor))
            past = [(own[name].p, until) for name, until in named.items() if name in own]
            subject = Subject(
                code=code,
                watched=Watched(tuple(described(versions)), own),
                grid=HOURS,
                inputs=numbers,
                waits_for=present,
                reach=_EVER,
                gave_way=tuple(sorted((p, until) for p, until in past if p not in present)),
                configured=(
                    *((v.recorded_at, v.valid_from) for v in versions),
                    *(entry for point in own.values() for entry in point.recorded),
                ),
            )
            subjects.append(subject)
        return subjects

    def _watches(self, motor: Motor) -> bool:
        if motor.duty not in self._rule.watches.duty:
            return False
        method = method_of(motor)
        # the driven machine's own efficiency is not on the motor's nameplate
        return isinstance(method, Method) and (self._own or method is Method.SLIP)

    async def judge(self, facts: Facts, spans: Sequence[Span[Watched]]) -> dict[str, list[Judged[DayRun | None]]]:
        found: dict[str, list[Judged[DayRun | None]]] = {}
        for span in spans:
            answers = found.setdefault(span.subject.code, [])
            watched, ran, known = span.subject.watched, {}, {}
            for start, end in span.subject.grid.steps(span.start, span.end):
                motor = watched.at(end - timedelta(microseconds=1))
                if motor is None:
                    answers.append(_unknown(start, end, "not_in_service"))
                    continue
                if motor.start not in ran:
                    ran[motor.start] = await self._ran(facts, watched, motor, span)
                    known[motor.start] = await self._reference(facts, watched, motor)
                answers.append(self._answer(start, end, watched, motor, ran[motor.start], known[motor.start]))
        return found

    async def _ran(self, facts: Facts, watched: Watched, motor: Described, span: Span[Watched]) -> list[Operating]:
        start, end = max(motor.start, span.start - _DAY), min(motor.end, span.end)
        return await self._operation(facts, watched, motor, start, end)

    async def _reference(self, facts: Facts, watched: Watched, motor: Described) -> Reference | None:
        hours = self._rule.condition.reference_h
        span = reference_span(motor, watched.points, hours) if self._own else None
        if span is None:
            return None
        return reference_of(motor.motor, await self._operation(facts, watched, motor, *span), hours)

    async def _operation(
        self, facts: Facts, watched: Watched, motor: Described, start: datetime, end: datetime
    ) -> list[Operating]:
        async def load() -> list[Operating]:
            (found,) = await operation(facts.connection, self._e, [(motor.motor, start, end)], watched.points)
            return found

        return await facts.once(("operation", self._e, motor.motor.code, motor.start, start, end), load)

    def _answer(
        self,
        start: datetime,
        end: datetime,
        watched: Watched,
        motor: Described,
        ran: Sequence[Operating],
        reference: Reference | None,
    ) -> Judged[DayRun | None]:
        low, high = (bisect_left(ran, edge, key=lambda o: o.start) for edge in (end - _DAY, end))
        day, classes = ran[low:high], classes_of(motor.motor, watched.points, end - _DAY, end)
        if missing := self._unclassed(motor.motor, classes):
            return _unknown(start, end, f"accuracy_class_missing: {', '.join(missing)}")
        if self._own and (reference is None or reference.end >= start):
            return _unknown(start, end, "reference_not_complete_yet")
        if len(day) < FEWEST:
            return _unknown(start, end, "ran_too_little")
        if reference is None:
            return self._by_nameplate(start, end, motor.motor, day, classes)
        found = compare(motor.motor, reference, day, classes)
        if found is None or found.compared < max(FEWEST, self._rule.condition.min_compared * len(day)):
            return _unknown(start, end, "too_little_at_the_references_loads")
        basis = DayRun(motor.motor, reference, found, None, tuple(day), classes)
        loss, limit = 100 * found.loss, 100 * found.uncertainty
        truth, in_band = over(loss, limit, self._rule.deadband)
        return Judged(Observation(start, end, truth, in_band), loss, limit, None, basis)

    @staticmethod
    def _unclassed(motor: Motor, classes: dict[str, float | None]) -> list[str]:
        """Points whose instruments are of no known class."""
        method = method_of(motor)
        missing = unclassed(motor, method, classes) if isinstance(method, Method) else ()
        return [getattr(motor.points, name) for name in missing]

    def _by_nameplate(
        self, start: datetime, end: datetime, motor: Motor, day: Sequence[Operating], classes: dict[str, float | None]
    ) -> Judged[DayRun | None]:
        measured = absolute(motor, day, classes)
        if measured is None:
            return _unknown(start, end, "ran_too_little")
        # what would have to be measured for the whole range to lie below what the nameplate allows
        value, limit = 100 * measured.value, 100 * measured.least * measured.value / measured.high
        truth, in_band = under(value, limit, self._rule.deadband)
        basis = DayRun(motor, None, None, measured, tuple(day), classes)
        return Judged(Observation(start, end, truth, in_band), value, limit, None, basis)

    async def earliest(self, _: Facts, __: Sequence[Subject[Watched]]) -> dict[str, datetime]:
        """The ledger is all it needs."""
        return {}

    def evidence(self, subject: Subject[Watched], judged: Judged[DayRun | None]) -> dict[str, object]:
        run, step = judged.basis, judged.observation
        assert run is not None
        points = {code: point.during(step.end - _DAY, step.end) for code, point in subject.watched.points.items()}
        metered = [
            {
                "point": code,
                "measures": name,
                "accuracy_class": points[code].accuracy_class,
                "calibrated": points[code].calibrated,
            }
            for name, code in run.motor.points.model_dump().items()
            if code in points
        ]
        window = {"start": step.end - _DAY, "end": step.end}
        return evidence_of(run.motor, run.day, run.reference, run.comparison, run.absolute) | {
            "window": window,
            "inputs": metered,
            "running_quarter_hours": len(run.day),
        }


def _unknown(start: datetime, end: datetime, reason: str) -> Judged[DayRun | None]:
    return Judged(Observation(start, end, Truth.UNKNOWN, False, reason), None, None, None, None)
