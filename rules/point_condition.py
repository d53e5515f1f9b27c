"""What the checks of `data_quality` have in common: which points, and answers shared by hundreds of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from db.metered import MeteredPoint, metered_points
from db.plants import EnterpriseRow
from enms.alerts import Observation, Truth
from rules.conditions import Judged, Span, Subject
from rules.facts import Facts
from rules.grid import QUARTER_HOURS, Even, Step
from rules.point_rules import DataQualityRule
from rules.threshold import subject_of


@dataclass(frozen=True, slots=True)
class Noticed:
    """What was found at one step.

    Attributes:
        value, limit: compared, in the rule's unit; None: nothing that one figure says.
        facts: for the evidence.
    """

    value: float | None
    limit: float | None
    facts: Mapping[str, object]


class PointCondition:
    """Points of the rule's roles that a check can be made on."""

    lasting = True
    revises = True
    grid: Even = QUARTER_HOURS

    def __init__(self, rule: DataQualityRule, enterprise: EnterpriseRow) -> None:
        self._rule = rule
        self._e = enterprise.e

    def watches(self, point: MeteredPoint) -> bool:
        """Whether the check can be made on this point."""
        del point
        return True

    def reach(self, point: MeteredPoint) -> timedelta:
        """How far beyond itself a quarter hour is felt."""
        del point
        return timedelta()

    async def subjects(self, facts: Facts) -> list[Subject[MeteredPoint]]:
        roles = self._rule.watches.roles
        # no check looks at a meter's class or step
        return [
            replace(subject_of(point, self.grid, self.reach(point)), configured=point.own_recorded)
            for point in await facts.ask(metered_points, self._e)
            if (roles is None or point.role in roles) and self.watches(point)
        ]

    async def earliest(self, _: Facts, __: Sequence[Subject[MeteredPoint]]) -> dict[str, datetime]:
        """The ledger is all it needs."""
        return {}

    def evidence(self, subject: Subject[MeteredPoint], judged: Judged[Noticed | None]) -> dict[str, object]:
        """The check, what it found, and the meter it is about."""
        step = judged.observation
        point = subject.watched.during(step.start, step.end)
        facts = judged.basis.facts if judged.basis is not None else {}
        return {
            "window": {"start": step.start, "end": step.end},
            "check": self._rule.condition.check,
            "meter": {
                "point": point.code,
                "role": point.role,
                "reading": point.reading,
                "unit": point.unit,
                "accuracy_class": point.accuracy_class,
                "calibrated": point.calibrated,
            },
            **facts,
        }


Said = Callable[[int, Step], tuple[Truth, str, Noticed | None]]


def answers(spans: Sequence[Span[MeteredPoint]], say: Said) -> dict[str, list[Judged[Noticed | None]]]:
    """Every step of every span; steps that say the same without figures share their answer."""
    shared: dict[tuple[Step, Truth, str], Judged[Noticed | None]] = {}
    steps: dict[Step, list[Step]] = {}
    found: dict[str, list[Judged[Noticed | None]]] = {}
    for span in spans:
        reach = (span.start, span.end)
        if reach not in steps:
            steps[reach] = span.subject.grid.steps(*reach)
        told = found.setdefault(span.subject.code, [])
        for step in steps[reach]:
            truth, reason, noticed = say(span.subject.watched.p, step)
            if noticed is not None:
                told.append(
                    Judged(Observation(*step, truth, reason=reason), noticed.value, noticed.limit, None, noticed)
                )
                continue
            key = (step, truth, reason)
            if key not in shared:
                shared[key] = Judged(Observation(*step, truth, reason=reason), None, None, None, None)
            told.append(shared[key])
    return found
