"""Motors held against grades and elimination lists, from the register alone: `motor_register`.

Nothing is read of what a motor does; the days that are judged are the enterprise's own and go on with its ledger, so
that an alert has its instants and a changed nameplate tells its past again. An edition or a list holds from a date on:
that of the enterprise's day.

Grades are an opportunity only. Only the lists oblige, and a nameplate typed into a register proves nothing: that alert
asks somebody to confirm nameplate and year. Correcting the plant file answers it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from db import rules as store
from db.motors import MotorVersion, motor_versions
from db.plants import EnterpriseRow
from db.totals import cuts_of
from db.versions import version_at
from enms.alerts import Observation, Truth
from enms.bounds import EliminationRow, Listed
from enms.cuts import Cut, Cuts
from enms.motor import Motor
from enms.motor_elimination import ListState, ListVerdict, lacks, listed
from enms.motor_register import GradeState, GradeVerdict, grade_of
from enms.standard_file import Citation
from rules.conditions import Judged, Span, Subject, under
from rules.cut_grid import CutGrid
from rules.definition import MotorRegisterRule
from rules.facts import Facts

_TICK = timedelta(microseconds=1)
_PLATE = ("model", "year", "voltage_v", "poles")

Said = TypeVar("Said")


@dataclass(frozen=True, slots=True)
class Registered:
    """A motor's versions, and the calendar its days are those of."""

    versions: tuple[MotorVersion, ...]
    cuts: Cuts

    def at(self, instant: datetime) -> Motor | None:
        """The motor as it was then."""
        held = version_at(self.versions, instant)
        return held.motor if held is not None else None


@dataclass(frozen=True, slots=True)
class Held(Generic[Said]):
    """A nameplate and what was found of it."""

    motor: Motor
    said: Said


class Check(Protocol[Said]):
    """What a nameplate is held against."""

    def of(self, motor: Motor, on: date) -> Said:
        """What holds on a date says of a motor."""

    def judged(self, start: datetime, end: datetime, held: Held[Said]) -> Judged[Held[Said] | None]:
        """The same as a day's answer."""

    def evidence(self, code: str, held: Held[Said]) -> dict[str, object]:
        """What an answer stood on, the day and the nameplate aside."""


class MotorRegister(Generic[Said]):
    """One check of every motor, day by day."""

    revises = True

    def __init__(self, check: Check[Said], enterprise: EnterpriseRow) -> None:
        self._check = check
        self._e = enterprise.e

    async def subjects(self, facts: Facts) -> list[Subject[Registered]]:
        """Every motor of the register; its days go on with the point that is closed furthest."""
        states = await facts.ask(store.point_states, self._e)
        clock = frozenset(sorted(states, key=lambda p: (states[p].closed_until, -p))[-1:])
        cuts = await facts.ask(cuts_of, self._e)
        return [
            Subject(
                code=code,
                watched=Registered(tuple(versions), cuts),
                grid=CutGrid(cuts, Cut.DAY),
                inputs=clock,
                waits_for=clock,
                reach=timedelta(),
                configured=tuple((v.recorded_at, v.valid_from) for v in versions),
            )
            for code, versions in (await facts.ask(motor_versions, self._e)).items()
            if not versions[-1].retired
        ]

    async def judge(
        self,
        facts: Facts,  # noqa: ARG002 - every condition takes them
        spans: Sequence[Span[Registered]],
    ) -> dict[str, list[Judged[Held[Said] | None]]]:
        found: dict[str, list[Judged[Held[Said] | None]]] = {}
        for span in spans:
            steps = span.subject.grid.steps(span.start, span.end)
            found.setdefault(span.subject.code, []).extend(self._day(span.subject.watched, *step) for step in steps)
        return found

    def _day(self, watched: Registered, start: datetime, end: datetime) -> Judged[Held[Said] | None]:
        # a motor put in within the day counts for it
        motor = watched.at(end - _TICK)
        if motor is None:
            return _unknown(start, end, "not_in_service", None)
        return self._check.judged(start, end, Held(motor, self._check.of(motor, watched.cuts.day_of(start))))

    async def earliest(self, _: Facts, __: Sequence[Subject[Registered]]) -> dict[str, datetime]:
        """The register is all it needs."""
        return {}

    def evidence(self, subject: Subject[Registered], judged: Judged[Held[Said] | None]) -> dict[str, object]:
        step, held = judged.observation, judged.basis
        assert held is not None
        return {
            "window": {"start": step.start, "end": step.end},
            "nameplate": held.motor.model_dump(mode="json", exclude={"name", "points"}),
        } | self._check.evidence(subject.code, held)


def _unknown(start: datetime, end: datetime, reason: str, held: Held[Said] | None) -> Judged[Held[Said] | None]:
    return Judged(Observation(start, end, Truth.UNKNOWN, False, reason), None, None, None, held)


class BelowLastGrade:
    """Check `below_last_grade`."""

    def of(self, motor: Motor, on: date) -> GradeVerdict:
        return grade_of(motor, on)

    def judged(self, start: datetime, end: datetime, held: Held[GradeVerdict]) -> Judged[Held[GradeVerdict] | None]:
        grade = held.said
        if grade.state is GradeState.CANNOT_TELL or grade.efficiency_pct is None or grade.limit is None:
            return _unknown(start, end, grade.why.value if grade.why is not None else "", held)
        truth, _ = under(round(grade.efficiency_pct, 1), round(grade.limit.efficiency_pct, 1), 0.0)
        certainty = "possible" if grade.series is not None else "confirmed"
        observation = Observation(start, end, truth)
        return Judged(observation, grade.efficiency_pct, grade.limit.efficiency_pct, certainty, held)

    def evidence(self, code: str, held: Held[GradeVerdict]) -> dict[str, object]:
        grade = held.said
        assert grade.table is not None
        assert grade.limit is not None
        assert grade.efficiency_pct is not None
        limit = f"{grade.limit.efficiency_pct:g} % (grade {grade.limit.name})"
        table, cited = grade.table, grade.table.citation
        by_series = grade.series
        return {
            "inputs": [
                {
                    "subject": code,
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


class EliminationList:
    """Check `elimination_list`."""

    def of(self, motor: Motor, on: date) -> ListVerdict:
        return listed(motor, on)

    def judged(self, start: datetime, end: datetime, held: Held[ListVerdict]) -> Judged[Held[ListVerdict] | None]:
        verdict = held.said
        if verdict.state is ListState.CANNOT_TELL:
            return _unknown(start, end, ": ".join(f"{figure}_missing" for figure in verdict.missing), held)
        if verdict.state is ListState.NONE_FOUND:
            return Judged(Observation(start, end, Truth.CLEAR), None, None, None, held)
        return Judged(Observation(start, end, Truth.MET), None, None, "possible", held)

    def evidence(self, code: str, held: Held[ListVerdict]) -> dict[str, object]:
        motor = held.motor
        row, cited = held.said.matches[0]
        return {
            "check": "elimination_list",
            "inputs": [{"subject": code, **{key: getattr(motor, key) for key in _PLATE}}],
            "limit": _entry(row, cited),
            "other_lists": [_entry(other, of) for other, of in held.said.matches[1:]],
            "arithmetic": [
                {"what": "match", "formula": f"{motor.model}: {', '.join(row.patterns)}", "result": None, "unit": ""}
            ],
            "result": {
                "verdict": held.said.state.value,
                "says": {
                    "zh": "可能匹配：请核实铭牌与制造年份；仅淘汰目录本身具有约束力",
                    "en": "possible match: confirm nameplate and year; only the list itself obliges",
                },
            },
        }


def _entry(row: EliminationRow, cited: Citation) -> dict[str, object]:
    return {
        "standard": cited.standard,
        "list": row.list,
        "edition": cited.edition,
        "title": {"zh": cited.title.zh, "en": cited.title.en},
        "effective_from": row.since,
        "effective_to": cited.effective_to,
        "clause": cited.clause,
        "source": cited.source,
        "confidence": cited.confidence,
        "review": cited.review,
        "patterns": list(row.patterns),
        "action": row.action,
        "motors": [entry.model_dump(mode="json", exclude_none=True) for entry in row.motors],
    }


def register_of(rule: MotorRegisterRule, enterprise: EnterpriseRow) -> MotorRegister[Any]:
    """A rule's check of the register of motors."""
    check = EliminationList() if rule.condition.check == "elimination_list" else BelowLastGrade()
    return MotorRegister[Any](check, enterprise)


def replayed(body: Mapping[str, Any]) -> tuple[bool | None, float | None, float | None]:
    """Evidence of `motor_register` judged again, of either check."""
    if body.get("check") == "elimination_list":
        motor = Motor.model_validate(body["nameplate"])
        fits = any(lacks(Listed.model_validate(entry), motor) == () for entry in body["limit"]["motors"])
        return fits, None, None
    value, limit = (float(body["result"][key]) for key in ("value", "limit"))
    return round(value, 1) < round(limit, 1), value, limit
