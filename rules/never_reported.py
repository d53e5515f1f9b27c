"""`data_quality`, check `never_reported`: a point that was registered and from which no reading ever came.

The other checks look at what a point did, and this one did nothing: no reading, so no quarter hour and no completeness.
Its completeness is unknown, not zero. The hours that are judged go on with the point of the plant that is closed
furthest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from db import rules as store
from db.metered import MeteredPoint
from enms.alerts import Truth
from rules.conditions import Judged, Span, Subject
from rules.facts import Facts
from rules.grid import HOURS, Step
from rules.metered import line
from rules.point_condition import Noticed, PointCondition, answers
from rules.point_rules import NeverReportedCondition

# A point that reports once a day has not been silent for long after one.
_PERIODS = 2


@dataclass(frozen=True, slots=True)
class _Waited:
    """Since when a point is expected to report, and since when it does: by when its first reading came."""

    since: datetime
    heard: datetime | None
    period_s: float


class NeverReported(PointCondition):
    """About arrival: never told anew."""

    revises = False
    # its clock is the ledger's
    lasting = False
    grid = HOURS

    def watches(self, point: MeteredPoint) -> bool:
        """Whatever reports on change only may have had no reason to."""
        return point.reporting == "periodic"

    async def subjects(self, facts: Facts) -> list[Subject[MeteredPoint]]:
        states = await facts.ask(store.point_states, self._e)
        clock = frozenset(sorted(states, key=lambda p: (states[p].closed_until, -p))[-1:])
        return [replace(subject, inputs=clock, waits_for=clock) for subject in await super().subjects(facts)]

    async def judge(self, facts: Facts, spans: Sequence[Span[MeteredPoint]]) -> dict[str, list[Judged[Noticed | None]]]:
        condition = self._rule.condition
        assert isinstance(condition, NeverReportedCondition)
        by = {s.subject.watched.p: steps[0][1] for s in spans if (steps := self.grid.steps(s.start, s.end))}
        heard = await store.first_heard(facts.connection, self._e, by)
        waited = {s.subject.watched.p: _waited(s.subject.watched, heard) for s in spans}

        def say(p: int, step: Step) -> tuple[Truth, str, Noticed | None]:
            found = waited[p]
            if found.heard is not None and found.heard <= step[1]:
                return Truth.CLEAR, "", None
            hours = (step[1] - found.since).total_seconds() / 3_600
            after_h = max(condition.after.total_seconds(), _PERIODS * found.period_s) / 3_600
            if hours < after_h:
                return Truth.UNKNOWN, "not_in_service", None
            said = {
                "inputs": [{"registered_at": found.since, "readings": 0, "completeness": None}],
                "arithmetic": [line("waited", "hours since registered; met when not less than the limit", hours, "h")],
                "limit": {"after_s": after_h * 3_600},
            }
            return Truth.MET, "", Noticed(hours, after_h, said)

        return answers(spans, say)


def _waited(point: MeteredPoint, heard: Mapping[int, datetime]) -> _Waited:
    """A point is expected to report once it is recorded and in service."""
    recorded, valid_from = point.recorded[0]
    since = max(recorded, valid_from, point.in_service_from or recorded)
    return _Waited(since, heard.get(point.p), point.period_s)


def replayed(body: Mapping[str, Any]) -> tuple[bool, float, float]:
    """Evidence judged again."""
    since = datetime.fromisoformat(body["inputs"][0]["registered_at"])
    until = datetime.fromisoformat(body["window"]["end"])
    hours, limit = (until - since).total_seconds() / 3_600, float(body["limit"]["after_s"]) / 3_600
    return hours >= limit, hours, limit
