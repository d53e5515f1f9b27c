"""A meter that says nothing: closed quarter hours with nothing in them.

It is about arrival, so the past is never judged again: what was missing when its quarter hour closed was missing. Who
comes late to it (an evaluator that was down) finds the same: the ledger says of what it published first whether the
quarter hour had closed empty before. Amounts that an event reports (the steel of a heat) come when there is one: such a
point is silent when it said nothing for longer than the plant file lets it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.plants import EnterpriseRow
from db.statements import statements
from enms.alerts import Observation, Truth
from rules.conditions import Judged, Span, Subject
from rules.facts import Facts
from rules.grid import QUARTER_HOURS, Step
from rules.point_rules import DataQualityRule


@dataclass(frozen=True, slots=True)
class MeteredPoint:
    """A point with a meter on it.

    Attributes:
        patience: how long one that an event reports may say nothing; of others zero.
    """

    p: int
    role: str
    patience: timedelta


class Silence:
    """`data_quality`, check `silent`."""

    lasting = True
    revises = False

    def __init__(self, rule: DataQualityRule, enterprise: EnterpriseRow) -> None:
        self._rule = rule
        self._e = enterprise.e

    async def subjects(self, facts: Facts) -> list[Subject[MeteredPoint]]:
        roles = self._rule.watches.roles
        return [
            Subject(
                code=row["code"],
                watched=MeteredPoint(row["p"], row["role"], timedelta(seconds=row["patience_s"])),
                grid=QUARTER_HOURS,
                inputs=frozenset({row["p"]}),
                waits_for=frozenset({row["p"]}),
                reach=timedelta(),
                configured=((row["recorded_at"], row["recorded_at"]),),
            )
            async for row in statements("rules").metered_points(facts.connection, e=self._e)
            if not row["retired"] and (roles is None or row["role"] in roles)
        ]

    async def judge(self, facts: Facts, spans: Sequence[Span[MeteredPoint]]) -> dict[str, list[Judged[None]]]:
        rows = statements("rules").silent_quarters(
            facts.connection,
            e=self._e,
            points=[span.subject.watched.p for span in spans],
            starts=[span.start - span.subject.watched.patience for span in spans],
            ends=[span.end for span in spans],
        )
        heard: dict[int, list[datetime]] = {}
        async for row in rows:
            heard.setdefault(row["p"], []).append(row["start"])
        # the same step says the same of every point: hundreds of points share its two answers
        said: dict[tuple[Step, bool], Judged[None]] = {}
        steps: dict[Step, list[Step]] = {}
        found: dict[str, list[Judged[None]]] = {}
        for span in spans:
            reach = (span.start, span.end)
            if reach not in steps:
                steps[reach] = span.subject.grid.steps(*reach)
            point = span.subject.watched
            told = _told(heard.get(point.p, []), point.patience)
            found[span.subject.code] = [self._said(said, step, told(step[0])) for step in steps[reach]]
        return found

    @staticmethod
    def _said(said: dict[tuple[Step, bool], Judged[None]], step: Step, heard: bool) -> Judged[None]:
        answer = said.get((step, heard))
        if answer is None:
            truth = Truth.CLEAR if heard else Truth.MET
            answer = said[step, heard] = Judged(Observation(*step, truth), None, None, None, None)
        return answer

    async def earliest(self, _: Facts, __: Sequence[Subject[MeteredPoint]]) -> dict[str, datetime]:
        """The ledger is all it needs."""
        return {}

    def evidence(self, subject: Subject[MeteredPoint], judged: Judged[None]) -> dict[str, object]:
        step = judged.observation
        return {
            "window": {"start": step.start, "end": step.end},
            "inputs": [{"point": subject.code, "role": subject.watched.role, "covered_s": 0.0}],
            "arithmetic": [{"what": "covered", "formula": f"{subject.code}: no reading covers the quarter hour"}],
        }


def _told(heard: Sequence[datetime], patience: timedelta) -> Callable[[datetime], bool]:
    """Whether a point counts as heard in a quarter hour: in it, or so long before it as an event may be away."""
    if not patience:
        return frozenset(heard).__contains__

    def told(start: datetime) -> bool:
        last = bisect_right(heard, start) - 1
        return last >= 0 and start - heard[last] < patience

    return told
