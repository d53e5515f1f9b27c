"""`data_quality`, check `clock_skew`: a meter whose clock is off.

Late readings alone say little: a line that was down delivers its backlog late, too. But a backlog comes at once, and
the readings of a clock that is off come at their usual pace, all of them equally late (or early). Only frequent
readings of the meter's own are looked at; a laboratory's value is late by nature.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from db.metered import MeteredPoint
from db.statements import statements
from enms.alerts import Truth
from rules.conditions import Judged, Span
from rules.facts import Facts
from rules.grid import Step
from rules.metered import line
from rules.point_condition import Noticed, PointCondition, answers
from rules.point_rules import ClockSkewCondition

_FREQUENT_S = 300.0
_AT_LEAST = 3
# Of the time the stamps span, readings at their usual pace take about as much to come.
_PACE = 0.5


class ClockSkew(PointCondition):
    """About arrival: never told anew."""

    revises = False

    def watches(self, point: MeteredPoint) -> bool:
        return point.reading != "interval" and point.period_s <= _FREQUENT_S

    async def judge(self, facts: Facts, spans: Sequence[Span[MeteredPoint]]) -> dict[str, list[Judged[Noticed | None]]]:
        condition = self._rule.condition
        assert isinstance(condition, ClockSkewCondition)
        limit = condition.over.total_seconds()
        rows = statements("metered").stamp_offsets(
            facts.connection,
            e=self._e,
            points=[span.subject.watched.p for span in spans],
            starts=[span.start for span in spans],
            ends=[span.end for span in spans],
        )
        offsets = {(row["p"], row["start"]): row async for row in rows}

        def say(p: int, step: Step) -> tuple[Truth, str, Noticed | None]:
            row = offsets.get((p, step[0]))
            if row is None or row["readings"] < _AT_LEAST:
                return Truth.UNKNOWN, "no_value", None
            if row["arrived_over_s"] < _PACE * row["stamped_over_s"]:
                return Truth.UNKNOWN, "backlog", None
            # the reading that came nearest to its stamp
            skew = row["least"] if row["least"] > 0 else row["greatest"] if row["greatest"] < 0 else 0.0
            if abs(skew) <= limit:
                return Truth.CLEAR, "", None
            return Truth.MET, "", Noticed(abs(skew), limit, _facts(row, skew, limit))

        return answers(spans, say)


def _facts(row: Any, skew: float, limit: float) -> dict[str, object]:
    formula = "arrival - stamp of the reading nearest to its stamp; met when beyond the limit"
    return {
        "inputs": [
            {
                "readings": row["readings"],
                "least_offset_s": row["least"],
                "greatest_offset_s": row["greatest"],
                "arrived_over_s": row["arrived_over_s"],
                "stamped_over_s": row["stamped_over_s"],
            }
        ],
        "arithmetic": [line("skew", formula, skew, "s")],
        "limit": {"over_s": limit},
    }
