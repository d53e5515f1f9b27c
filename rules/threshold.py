"""`threshold`: a point or an EnPI over or under a figure that somebody set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from db.metered import MeteredPoint, WindowSum, metered_points
from db.plants import EnterpriseRow
from db.totals import cuts_of
from enms.alerts import Observation, Truth
from enms.cuts import Cut
from rules.conditions import Judged, Span, Subject, over, under
from rules.cut_grid import CutGrid
from rules.facts import Facts
from rules.grid import QUARTER_HOURS, Grid, Step
from rules.metered import Metered, certainty, class_unknown, in_unit, line, number
from rules.point_rules import ThresholdCondition, ThresholdRule
from rules.sums import Reach, Sums, by_span, quarter_sums, sums_over

_CUTS = {"hour": Cut.HOUR, "shift": Cut.SHIFT, "day": Cut.DAY}


@dataclass(frozen=True, slots=True)
class Compared:
    """A value over a window in a rule's unit, with its range; no value: `reason`."""

    metered: Metered
    unit: str
    value: float | None
    reason: str

    @property
    def low(self) -> float | None:
        return None if self.value is None else self.value - self._half

    @property
    def high(self) -> float | None:
        return None if self.value is None else self.value + self._half

    @property
    def _half(self) -> float:
        return in_unit(self.metered.uncertainty, self.metered, self.unit) or 0.0


Told = list[tuple[Step, Compared]]


def compare(metered: Metered, unit: str) -> Compared:
    """A point's value over a window: the mean of a state or a rate, the amount of anything else."""
    filled = metered.filled
    if filled is None:
        return Compared(metered, unit, None, "no_value")
    value = in_unit(filled, metered, unit)
    return Compared(metered, unit, value, "other_unit" if value is None else "")


def answer(value: float, condition: ThresholdCondition, deadband: float) -> tuple[Truth, bool]:
    """The condition on one value."""
    if condition.over is not None:
        return over(value, condition.over, deadband)
    return under(value, condition.limit, deadband)


class PointThreshold:
    """A point's quarter hours, hours, shifts or days."""

    lasting = True
    revises = True

    def __init__(self, rule: ThresholdRule, enterprise: EnterpriseRow) -> None:
        self._rule = rule
        self._e = enterprise.e

    async def subjects(self, facts: Facts) -> list[Subject[MeteredPoint]]:
        wanted = self._rule.watches.points or ()
        grid: Grid = QUARTER_HOURS
        if (cut := _CUTS.get(self._rule.condition.resolution)) is not None:
            grid = CutGrid(await facts.ask(cuts_of, self._e), cut)
        return [
            subject_of(point, grid)
            for point in await facts.ask(metered_points, self._e)
            if any(fnmatchcase(point.code, pattern) for pattern in wanted)
        ]

    async def judge(self, facts: Facts, spans: Sequence[Span[MeteredPoint]]) -> dict[str, list[Judged[Compared]]]:
        asked = {(span.subject.watched.p, span.start, span.end): span for span in spans}

        async def load(missing: list[Reach]) -> dict[Reach, Told]:
            return await self._compared(facts, {reach: asked[reach] for reach in missing})

        # rules on the same points differ in their figures only
        name = f"values of {self._e} in {self._rule.unit} by {self._rule.condition.resolution}"
        told = await facts.each(name, asked, load)
        return {
            span.subject.code: [self._judged(*step, found) for step, found in told[reach]]
            for reach, span in asked.items()
        }

    async def _compared(self, facts: Facts, spans: Mapping[Reach, Span[MeteredPoint]]) -> dict[Reach, Told]:
        """Every step of each span with its value."""
        sums = await self._sums(facts, list(spans.values()))
        found: dict[Reach, Told] = {}
        for reach, span in spans.items():
            point, own = span.subject.watched, sums[reach]
            found[reach] = [
                ((a, b), compare(Metered.of(point.during(a, b), own.get(a), (b - a).total_seconds()), self._rule.unit))
                for a, b in span.subject.grid.steps(span.start, span.end)
            ]
        return found

    async def _sums(self, facts: Facts, spans: Sequence[Span[MeteredPoint]]) -> dict[Reach, Sums]:
        """Each span's sums by the step's start: points with a span in common are read together."""
        wanted = [(span.subject.watched.p, span.start, span.end) for span in spans]
        if self._rule.condition.resolution not in _CUTS:
            return await quarter_sums(facts, self._e, wanted)
        found: dict[Reach, dict[datetime, WindowSum]] = {reach: {} for reach in wanted}
        steps = {(s.start, s.end): s.subject.grid.steps(s.start, s.end) for s in spans}
        for (start, end), points in by_span(wanted).items():
            windows = steps[start, end]
            for (p, at), amount in (await sums_over(facts, self._e, points, windows)).items():
                found[p, start, end][at] = amount
        return dict(found)

    def _judged(self, start: datetime, end: datetime, found: Compared) -> Judged[Compared]:
        condition = self._rule.condition
        truth, in_band, sure, reason = Truth.UNKNOWN, False, None, found.reason
        if not reason and found.metered.completeness < condition.min_completeness:
            reason = "incomplete"
        if not reason and found.value is not None:
            truth, in_band = answer(found.value, condition, self._rule.deadband)
            if truth is Truth.MET and found.low is not None and found.high is not None:
                above = condition.over is not None
                sure = certainty(found.low, found.high, condition.limit, over=above, unclassed=found.metered.unclassed)
        observation = Observation(start, end, truth, in_band, reason)
        return Judged(observation, found.value, condition.limit, sure, found)

    async def earliest(self, _: Facts, __: Sequence[Subject[MeteredPoint]]) -> dict[str, datetime]:
        """The ledger is all it needs."""
        return {}

    def evidence(self, subject: Subject[MeteredPoint], judged: Judged[Compared]) -> dict[str, object]:
        del subject
        step, basis, condition, unit = judged.observation, judged.basis, self._rule.condition, self._rule.unit
        metered = basis.metered
        what = "mean" if metered.mean else "amount"
        compared = ">" if condition.over is not None else "<"
        distance = None if basis.value is None else basis.value - condition.limit
        return {
            "window": {"start": step.start, "end": step.end, "resolution": condition.resolution},
            "inputs": [metered.evidence],
            "arithmetic": [
                line(what, f"{metered.point}: covered {metered.completeness:.4f}", metered.amount, metered.unit),
                line("value", "over the whole window, in the rule's unit", basis.value, unit),
                line("low", "value - root of the sum of squares", basis.low, unit),
                line("high", "value + root of the sum of squares", basis.high, unit),
                line("distance", f"value - limit; met when value {compared} limit", distance, unit),
            ],
            "limit": {"over": condition.over, "under": condition.under, "unit": unit},
            "result": {
                "value": basis.value,
                "low": basis.low,
                "high": basis.high,
                "unit": unit,
                "limit": condition.limit,
                "completeness": metered.completeness,
                "certainty": judged.certainty,
                **class_unknown(metered.unclassed),
            },
        }


def subject_of(point: MeteredPoint, grid: Grid, reach: timedelta = timedelta()) -> Subject[MeteredPoint]:
    """A point as a rule watches it."""
    only = frozenset({point.p})
    return Subject(point.code, point, grid, inputs=only, waits_for=only, reach=reach, configured=point.recorded)


def condition_in(body: Mapping[str, Any]) -> ThresholdCondition:
    """The figure that evidence was held against."""
    said = body["limit"]
    return ThresholdCondition(over=number(said["over"]), under=number(said["under"]), min_completeness=0.0)


def replayed(body: Mapping[str, Any]) -> tuple[bool | None, float | None, float | None]:
    """Evidence of a point's threshold judged again."""
    condition = condition_in(body)
    found = compare(Metered.of_evidence(body["inputs"][0]), body["rule"]["unit"])
    if found.value is None:
        return None, None, condition.limit
    return answer(found.value, condition, 0.0)[0] is Truth.MET, found.value, condition.limit
