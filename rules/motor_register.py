"""Motors held against grades and lists, from the register alone: `motor_register`.

Nothing is read of what a motor does; the days that are judged go on with the enterprise's ledger, so that an alert has
its instants and a changed nameplate tells its past again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from db import rules as store
from db.motors import MotorVersion, motor_versions
from db.plants import EnterpriseRow
from enms.alerts import Observation, Truth
from enms.motor_register import GradeState, GradeVerdict, grade_of
from enms.plant import Motor
from rules.conditions import Judged, Span, Subject, under
from rules.definition import MotorRegisterRule
from rules.facts import Facts
from rules.grid import Even

DAYS = Even(timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Registered:
    """A motor's versions."""

    versions: tuple[MotorVersion, ...]

    def at(self, instant: datetime) -> Motor | None:
        """The motor as it was then."""
        held = (v for v in self.versions if v.valid_from <= instant < v.valid_to and not v.retired)
        return next((v.motor for v in held), None)


@dataclass(frozen=True, slots=True)
class Held:
    """A nameplate and what the grades say of it."""

    motor: Motor
    grade: GradeVerdict


async def registered(facts: Facts, e: int) -> list[Subject[Registered]]:
    """Every motor of the register; its days go on with the point that is closed furthest."""
    states = await facts.ask(store.point_states, e)
    clock = frozenset(sorted(states, key=lambda p: (states[p].closed_until, -p))[-1:])
    found = await facts.ask(motor_versions, e)
    return [
        Subject(
            code=code,
            watched=Registered(tuple(versions)),
            grid=DAYS,
            inputs=clock,
            waits_for=clock,
            reach=timedelta(),
            configured=tuple((v.recorded_at, v.valid_from) for v in versions),
        )
        for code, versions in found.items()
        if not versions[-1].retired
    ]


class MotorRegister:
    """`motor_register`, check `below_last_grade`."""

    revises = True

    def __init__(self, rule: MotorRegisterRule, enterprise: EnterpriseRow) -> None:
        self._rule = rule
        self._e = enterprise.e

    async def subjects(self, facts: Facts) -> list[Subject[Registered]]:
        return await registered(facts, self._e)

    async def judge(
        self,
        facts: Facts,  # noqa: ARG002
        spans: Sequence[Span[Registered]],
    ) -> dict[str, list[Judged[Held | None]]]:
        found: dict[str, list[Judged[Held | None]]] = {}
        for span in spans:
            answers = found.setdefault(span.subject.code, [])
            for start, end in span.subject.grid.steps(span.start, span.end):
                # a motor put in within the day counts for it
                motor = span.subject.watched.at(end - timedelta(microseconds=1))
                held = Held(motor, grade_of(motor, start.date())) if motor is not None else None
                answers.append(self._judged(start, end, held))
        return found

    async def earliest(self, _: Facts, __: Sequence[Subject[Registered]]) -> dict[str, datetime]:
        """The register is all it needs."""
        return {}

    @staticmethod
    def _judged(start: datetime, end: datetime, held: Held | None) -> Judged[Held | None]:
        if held is None:
            return Judged(Observation(start, end, Truth.UNKNOWN, False, "not_in_service"), None, None, None, None)
        grade = held.grade
        if grade.state is GradeState.CANNOT_TELL or grade.efficiency_pct is None or grade.limit is None:
            reason = grade.why.value if grade.why is not None else ""
            return Judged(Observation(start, end, Truth.UNKNOWN, False, reason), None, None, None, held)
        truth, _ = under(round(grade.efficiency_pct, 1), round(grade.limit.efficiency_pct, 1), 0.0)
        certainty = "possible" if grade.series is not None else "confirmed"
        observation = Observation(start, end, truth)
        return Judged(observation, grade.efficiency_pct, grade.limit.efficiency_pct, certainty, held)

    def evidence(self, subject: Subject[Registered], judged: Judged[Held | None]) -> dict[str, object]:
        step, held = judged.observation, judged.basis
        assert held is not None
        grade = held.grade
        assert grade.table is not None
        assert grade.limit is not None
        assert grade.efficiency_pct is not None
        limit = f"{grade.limit.efficiency_pct:g} % (grade {grade.limit.name})"
        table, cited = grade.table, grade.table.citation
        by_series = grade.series
        return {
            "window": {"start": step.start, "end": step.end},
            "nameplate": held.motor.model_dump(mode="json", exclude={"name", "points"}),
            "inputs": [
                {
                    "subject": subject.code,
                    "efficiency_pct": grade.efficiency_pct,
                    "from": "nameplate" if by_series is None else f"model series {by_series.prefix} ({by_series.ie})",
                    "confidence": None if by_series is None else by_series.confidence,
                    "review": None if by_series is None else by_series.review,
                }
            ],
            "limit": {
                "standard": cited.standard,
                "edition": cited.edition,
                "title": {"zh": cited.title.zh, "en": cited.title.en},
                "effective_from": cited.effective_from,
                "effective_to": cited.effective_to,
                "clause": cited.clause,
                "source": cited.source,
                "confidence": grade.limit.confidence,
                "review": cited.review,
                "row": {"rated_kw": table.rated_kw, "poles": table.poles},
                "grades": [{"grade": g.name, "efficiency_pct": g.efficiency_pct} for g in table.grades],
                "between_kw": list(table.between) if table.between is not None else None,
                "interpolation": None if table.rule is None else {"zh": table.rule.zh, "en": table.rule.en},
                "binds": {
                    "zh": "仅为改进机会：该标准限制新销售的电动机，不强制淘汰在用电动机",
                    "en": "an opportunity only: the standard binds new sales, not motors in use",
                },
            },
            "arithmetic": [
                {
                    "what": "grade",
                    "formula": f"{grade.efficiency_pct:g} % < {limit}",
                    "result": grade.efficiency_pct - grade.limit.efficiency_pct,
                    "unit": "percentage points",
                }
            ],
            "result": {"value": grade.efficiency_pct, "limit": grade.limit.efficiency_pct, "unit": "%"},
        }
