"""`data_quality`, what the ledger itself shows: incomplete, frozen, out of range, a register that dropped or jumped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil, inf

import asyncpg

from db.metered import MeteredPoint
from db.statements import statements
from enms.alerts import Truth
from enms.metering import INTERVAL_S
from enms.units import unit
from rules.conditions import Judged, Span
from rules.facts import Facts
from rules.grid import HOURS, Step
from rules.metered import line
from rules.point_condition import Noticed, PointCondition, answers
from rules.point_rules import IncompleteCondition, RegisterCondition, SpikeCondition

# How long a reading may travel before the clock closes its quarter hour without it, as the ledger has it.
_TRAVEL_S = 120.0
_QUARTER = timedelta(seconds=INTERVAL_S)
_Answer = tuple[Truth, str, Noticed | None]
_UNKNOWN: _Answer = (Truth.UNKNOWN, "no_value", None)


class Incomplete(PointCondition):
    """Less than a share of the last hours was known when they closed; every hour, about arrival: never told anew."""

    revises = False
    grid = HOURS

    def watches(self, point: MeteredPoint) -> bool:
        """Between two events (heats) there is nothing to be known of what an event reports."""
        return point.reading != "interval" or point.reporting != "on_change"

    async def judge(self, facts: Facts, spans: Sequence[Span[MeteredPoint]]) -> dict[str, list[Judged[Noticed | None]]]:
        condition = self._rule.condition
        assert isinstance(condition, IncompleteCondition)
        window_s = condition.window.total_seconds()
        rows = statements("metered").known_shares(
            facts.connection,
            e=self._e,
            graces=[span.subject.watched.max_gap_s + _TRAVEL_S for span in spans],
            step_s=3_600.0,
            window_s=window_s,
            **_asked(spans),
        )
        shares = {(row["p"], row["until"]): (row["covered_s"], min(window_s, row["served_s"])) async for row in rows}

        def say(p: int, step: Step) -> _Answer:
            covered_s, served_s = shares.get((p, step[1]), (0.0, 0.0))
            # a point that was connected just now is not incomplete
            if served_s < min(window_s, 3_600.0):
                return Truth.UNKNOWN, "not_in_service", None
            share = min(1.0, covered_s / served_s)
            if share >= condition.completeness_below:
                return Truth.CLEAR, "", None
            formula = "covered / elapsed; met when below the limit"
            return (
                Truth.MET,
                "",
                Noticed(
                    share,
                    condition.completeness_below,
                    {
                        "inputs": [{"window_s": served_s, "covered_s": covered_s}],
                        "arithmetic": [line("completeness", formula, share, "1")],
                        "limit": {"completeness_below": condition.completeness_below},
                    },
                ),
            )

        return answers(spans, say)


class Frozen(PointCondition):
    """As long as `frozen_after_s` says a gauge's quarter hours are equal, or a register does not move.

    A rate of zero stands still, it is not frozen.
    """

    def watches(self, point: MeteredPoint) -> bool:
        return point.frozen_after_s is not None

    def reach(self, point: MeteredPoint) -> timedelta:
        return _counts(point) * _QUARTER

    async def judge(self, facts: Facts, spans: Sequence[Span[MeteredPoint]]) -> dict[str, list[Judged[Noticed | None]]]:
        watched = [span.subject.watched for span in spans]
        rows = statements("metered").frozen_quarters(
            facts.connection,
            e=self._e,
            counts=[_counts(point) for point in watched],
            registers=[point.reading != "gauge" for point in watched],
            rates=[point.reading == "gauge" and unit(point.unit).is_rate for point in watched],
            **_asked(spans),
        )
        points = {point.p: point for point in watched}

        def noticed(row: asyncpg.Record) -> Noticed:
            point = points[row["p"]]
            hours, limit = row["length"] * INTERVAL_S / 3_600, (point.frozen_after_s or 0.0) / 3_600
            formula = "equal quarter hours in a row; met when not less than the limit"
            return Noticed(
                hours,
                limit,
                {
                    "inputs": [{"amount": row["value"], "unit": point.amount_unit, "quarter_hours": row["length"]}],
                    "arithmetic": [line("standing", formula, hours, "h")],
                    "limit": {"frozen_after_s": point.frozen_after_s},
                },
            )

        return answers(spans, _Spans([row async for row in rows], noticed))


class OutOfRange(PointCondition):
    """A quarter hour's mean below the point's `min` or above its `max`."""

    def watches(self, point: MeteredPoint) -> bool:
        return point.reading == "gauge" and (point.min_value is not None or point.max_value is not None)

    async def judge(self, facts: Facts, spans: Sequence[Span[MeteredPoint]]) -> dict[str, list[Judged[Noticed | None]]]:
        watched = [span.subject.watched for span in spans]
        rows = statements("metered").ranged_quarters(
            facts.connection,
            e=self._e,
            factors=[point.to_amount for point in watched],
            means=[point.aggregate == "mean" for point in watched],
            lows=[-inf if point.min_value is None else point.min_value for point in watched],
            highs=[inf if point.max_value is None else point.max_value for point in watched],
            **_asked(spans),
        )
        points = {point.p: point for point in watched}

        def noticed(row: asyncpg.Record) -> Noticed:
            point = points[row["p"]]
            return Noticed(
                None,
                None,
                {
                    "inputs": [{"mean": row["value"], "unit": point.unit}],
                    "arithmetic": [line("mean", "met when below min or above max", row["value"], point.unit)],
                    "limit": {"min": point.min_value, "max": point.max_value},
                },
            )

        return answers(spans, _Spans([row async for row in rows], noticed))


class Register(PointCondition):
    """The ledger's finding of a drop or a jump stands, for at most a week, until somebody declares what happened.

    What a clock that was set back made of a sound register is another rule's, for a day: nothing can be declared of it,
    and it must not hide that a meter is exchanged meanwhile.
    """

    revises = False
    _STANDS: Mapping[str, timedelta] = {"meter": timedelta(days=7), "clock": timedelta(days=1)}
    _SAYS: Mapping[str, str] = {
        "meter": "the span is missing until an exchange or reset is declared",
        "clock": "the register only falls by its stamps, not in the order of arrival; the span is missing",
    }

    def watches(self, point: MeteredPoint) -> bool:
        return point.reading == "register"

    async def judge(self, facts: Facts, spans: Sequence[Span[MeteredPoint]]) -> dict[str, list[Judged[Noticed | None]]]:
        condition = self._rule.condition
        assert isinstance(condition, RegisterCondition)
        stands_for, formula = self._STANDS[condition.caused_by], self._SAYS[condition.caused_by]
        found = await _findings(facts.connection, self._e, spans, condition.findings, stands_for)
        by_clock = condition.caused_by == "clock"
        findings = {p: [f for f in of if f["by_clock"] is by_clock] for p, of in found.items()}

        def say(p: int, step: Step) -> _Answer:
            stands = [f for f in findings.get(p, ()) if step[1] - stands_for < f["from_ts"] < step[1]]
            if not stands:
                return Truth.CLEAR, "", None
            return (
                Truth.MET,
                stands[-1]["kind"],
                Noticed(
                    None,
                    None,
                    {
                        "findings": [
                            {"kind": f["kind"], "from": f["from_ts"], "to": f["to_ts"], **json.loads(f["detail"])}
                            for f in stands
                        ],
                        "arithmetic": [{"what": f["kind"], "formula": formula} for f in stands],
                    },
                ),
            )

        return answers(spans, say)


class Spike(PointCondition):
    """The ledger left out readings from which the register fell back to its course: no amount is lost, yet a meter or
    a line that sends what cannot be will send more of it.
    """

    revises = False

    def watches(self, point: MeteredPoint) -> bool:
        return point.reading == "register"

    async def judge(self, facts: Facts, spans: Sequence[Span[MeteredPoint]]) -> dict[str, list[Judged[Noticed | None]]]:
        condition = self._rule.condition
        assert isinstance(condition, SpikeCondition)
        window, least = condition.window, condition.at_least
        found = await _findings(facts.connection, self._e, spans, ["spike"], window)

        def say(p: int, step: Step) -> _Answer:
            recent = [f for f in found.get(p, ()) if step[1] - window < f["from_ts"] < step[1]]
            if len(recent) < least:
                return Truth.CLEAR, "", None
            window_s, count = window.total_seconds(), float(len(recent))
            shown = {
                "inputs": [{"window_s": window_s, "readings": len(recent)}],
                "findings": [{"kind": f["kind"], "from": f["from_ts"], **json.loads(f["detail"])} for f in recent],
                "arithmetic": [line("spikes", "readings left out; met when not less than the limit", count, "1")],
                "limit": {"at_least": least},
            }
            return Truth.MET, "", Noticed(count, float(least), shown)

        return answers(spans, say)


async def _findings(
    connection: asyncpg.Connection,
    e: int,
    spans: Sequence[Span[MeteredPoint]],
    kinds: Sequence[str],
    before: timedelta,
) -> dict[int, list[asyncpg.Record]]:
    """What the ledger found within the spans and some time before them, by point."""
    rows = statements("metered").standing_findings(
        connection,
        e=e,
        points=[span.subject.watched.p for span in spans],
        kinds=list(kinds),
        after=min(span.start for span in spans) - before,
        before=max(span.end for span in spans),
    )
    findings: dict[int, list[asyncpg.Record]] = {}
    async for row in rows:
        findings.setdefault(row["p"], []).append(row)
    return findings


class _Spans:
    """Says what islands of known quarter hours say; the rest is missing."""

    def __init__(self, rows: Iterable[asyncpg.Record], noticed: Callable[[asyncpg.Record], Noticed]) -> None:
        self._met: dict[tuple[int, datetime], Noticed] = {}
        self._clear: dict[int, list[Step]] = {}
        for row in rows:
            if row["met"]:
                self._met[row["p"], row["from_ts"]] = noticed(row)
            else:
                self._clear.setdefault(row["p"], []).append((row["from_ts"], row["to_ts"]))
        self._at: dict[int, int] = {}

    def __call__(self, p: int, step: Step) -> _Answer:
        """Asked in order of time, point by point."""
        found = self._met.get((p, step[0]))
        if found is not None:
            return Truth.MET, "", found
        clear, at = self._clear.get(p, []), self._at.get(p, 0)
        while at < len(clear) and clear[at][1] <= step[0]:
            at += 1
        self._at[p] = at
        return (Truth.CLEAR, "", None) if at < len(clear) and clear[at][0] <= step[0] else _UNKNOWN


def _counts(point: MeteredPoint) -> int:
    return max(2, ceil((point.frozen_after_s or 0.0) / INTERVAL_S))


def _asked(spans: Sequence[Span[MeteredPoint]]) -> dict[str, list[object]]:
    return {
        "points": [span.subject.watched.p for span in spans],
        "starts": [span.start for span in spans],
        "ends": [span.end for span in spans],
    }
