"""Motors that may be on an elimination list, from the register alone: `motor_register`, check `elimination_list`.

Only the lists oblige, and a nameplate typed into a register proves nothing: the alert asks somebody to confirm
nameplate and year. Correcting the plant file answers it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from db.plants import EnterpriseRow
from enms.alerts import Observation, Truth
from enms.bounds import EliminationRow, Listed
from enms.motor_elimination import ListState, ListVerdict, lacks, listed
from enms.plant import Motor
from enms.standard_file import Citation
from rules.conditions import Judged, Span, Subject
from rules.definition import MotorRegisterRule
from rules.facts import Facts
from rules.motor_register import Registered, registered

_PLATE = ("model", "year", "voltage_v", "poles")


@dataclass(frozen=True, slots=True)
class Matched:
    """A nameplate and what the lists say of it."""

    motor: Motor
    verdict: ListVerdict


class MotorElimination:
    """`motor_register`, check `elimination_list`."""

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
    ) -> dict[str, list[Judged[Matched | None]]]:
        found: dict[str, list[Judged[Matched | None]]] = {}
        for span in spans:
            answers = found.setdefault(span.subject.code, [])
            for start, end in span.subject.grid.steps(span.start, span.end):
                # a motor put in within the day counts for it
                motor = span.subject.watched.at(end - timedelta(microseconds=1))
                held = Matched(motor, listed(motor, start.date())) if motor is not None else None
                answers.append(_judged(start, end, held))
        return found

    async def earliest(self, _: Facts, __: Sequence[Subject[Registered]]) -> dict[str, datetime]:
        """The register is all it needs."""
        return {}

    def evidence(self, subject: Subject[Registered], judged: Judged[Matched | None]) -> dict[str, object]:
        step, held = judged.observation, judged.basis
        assert held is not None
        motor = held.motor
        row, cited = held.verdict.matches[0]
        return {
            "window": {"start": step.start, "end": step.end},
            "check": self._rule.condition.check,
            "nameplate": motor.model_dump(mode="json", exclude={"name", "points"}),
            "inputs": [{"subject": subject.code, **{key: getattr(motor, key) for key in _PLATE}}],
            "limit": _entry(row, cited),
            "other_lists": [_entry(other, of) for other, of in held.verdict.matches[1:]],
            "arithmetic": [
                {"what": "match", "formula": f"{motor.model}: {', '.join(row.patterns)}", "result": None, "unit": ""}
            ],
            "result": {
                "verdict": held.verdict.state.value,
                "says": {
                    "zh": "可能匹配：请核实铭牌与制造年份；仅淘汰目录本身具有约束力",
                    "en": "possible match: confirm nameplate and year; only the list itself obliges",
                },
            },
        }


def _judged(start: datetime, end: datetime, held: Matched | None) -> Judged[Matched | None]:
    if held is None:
        return Judged(Observation(start, end, Truth.UNKNOWN, False, "not_in_service"), None, None, None, None)
    verdict = held.verdict
    if verdict.state is ListState.CANNOT_TELL:
        reason = ": ".join(f"{figure}_missing" for figure in verdict.missing)
        return Judged(Observation(start, end, Truth.UNKNOWN, False, reason), None, None, None, held)
    if verdict.state is ListState.NONE_FOUND:
        return Judged(Observation(start, end, Truth.CLEAR), None, None, None, held)
    return Judged(Observation(start, end, Truth.MET), None, None, "possible", held)


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


def replayed(body: Mapping[str, Any]) -> tuple[bool | None, float | None, float | None]:
    """Evidence of `motor_register` judged again, of either check."""
    if body.get("check") == "elimination_list":
        motor = Motor.model_validate(body["nameplate"])
        fits = any(lacks(Listed.model_validate(entry), motor) == () for entry in body["limit"]["motors"])
        return fits, None, None
    value, limit = (float(body["result"][key]) for key in ("value", "limit"))
    return round(value, 1) < round(limit, 1), value, limit
