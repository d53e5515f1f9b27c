"""`voltage_unbalance` and `voltage_deviation`: a day's ten-minute values at the point of common coupling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.metered import MeteredPoint
from db.motors import first_readings
from db.plants import EnterpriseRow
from db.supplies import TEN_MINUTES_S, ten_minute_means
from enms.alerts import Observation, Truth
from enms.cuts import Cut
from enms.supply import Supply
from enms.units import convert
from enms.voltage import deviation_kept_pct, deviations_pct, kept_by, unbalance_pct
from rules.conditions import Judged, Span, Subject, over
from rules.facts import Facts
from rules.grid import Step
from rules.metered import certainty, class_unknown, line
from rules.supply import WatchedSupply, supply_facts, watched_supplies
from rules.supply_rules import DeviationRule, UnbalanceRule

_Means = dict[int, dict[datetime, float]]


@dataclass(frozen=True, slots=True)
class Quality:
    """What a day's values come to, per cent; no value: `reason`.

    Attributes:
        values: one for each ten minutes that are known, of what is judged.
        wanted: how many there are in the day.
        accuracy_pct: class of the instrument, the worst of them.
    """

    supply: Supply | None
    points: tuple[MeteredPoint, ...]
    values: tuple[float, ...]
    wanted: int
    value: float | None
    limit: float | None
    formula: str
    accuracy_pct: float
    reason: str

    @property
    def unclassed(self) -> tuple[str, ...]:
        """Points whose instruments are of no known class."""
        return tuple(point.code for point in self.points if point.accuracy_class is None)

    @property
    def completeness(self) -> float:
        return min(1.0, len(self.values) / self.wanted) if self.wanted else 0.0


class _Voltage:
    """Days of readings; over readings that are gone nothing is judged again."""

    revises = True

    def __init__(self, rule: UnbalanceRule | DeviationRule, enterprise: EnterpriseRow) -> None:
        self._rule = rule
        self._enterprise = enterprise

    async def judge(self, facts: Facts, spans: Sequence[Span[WatchedSupply]]) -> dict[str, list[Judged[Quality]]]:
        """Day by day: a month of ten-minute values is small, but the readings behind it are not."""
        found: dict[str, list[Judged[Quality]]] = {}
        for span in spans:
            watched, answers = span.subject.watched, found.setdefault(span.subject.code, [])
            for step in span.subject.grid.steps(span.start, span.end):
                points = tuple(watched.points.values())
                there = watched.during(*step)
                means = await facts.ask(ten_minute_means, self._enterprise.e, points, *step)
                answers.append(self._judged(step, self.quality(there, step, means)))
        return found

    def quality(self, watched: WatchedSupply, step: Step, means: _Means) -> Quality:
        """A day's values."""
        raise NotImplementedError

    def _judged(self, step: Step, quality: Quality) -> Judged[Quality]:
        truth, in_band, sure = Truth.UNKNOWN, False, None
        if not quality.reason and quality.value is not None and quality.limit is not None:
            truth, in_band = over(quality.value, quality.limit, self._rule.deadband)
            if truth is Truth.MET:
                low, high = quality.value - quality.accuracy_pct, quality.value + quality.accuracy_pct
                sure = certainty(low, high, quality.limit, over=True, unclassed=quality.unclassed)
        return Judged(Observation(*step, truth, in_band, quality.reason), quality.value, quality.limit, sure, quality)

    async def earliest(self, facts: Facts, subjects: Sequence[Subject[WatchedSupply]]) -> dict[str, datetime]:
        """Since when all readings are still there."""
        points = {s.code: [q.p for q in s.watched.points.values()] for s in subjects}
        first = await first_readings(
            facts.connection, self._enterprise.e, sorted({p for of in points.values() for p in of})
        )
        return {
            code: max(first[p] for p in of if p in first) for code, of in points.items() if any(p in first for p in of)
        }

    def evidence(self, subject: Subject[WatchedSupply], judged: Judged[Quality]) -> dict[str, object]:
        del subject
        step, basis, condition = judged.observation, judged.basis, self._rule.condition
        assert basis.supply is not None
        assert basis.value is not None
        assert judged.limit is not None
        left_out = f"the greatest after leaving out {1 - condition.probability:.0%} of {len(basis.values)} values"
        return {
            "window": {"start": step.start, "end": step.end, "resolution": "10m"},
            "supply": supply_facts(basis.supply),
            "inputs": [
                {
                    "point": point.code,
                    "unit": point.unit,
                    "completeness": basis.completeness,
                    "meter": {"accuracy_class": point.accuracy_class, "calibrated": point.calibrated},
                }
                for point in basis.points
            ],
            "values": basis.values,
            "arithmetic": [
                line("ten_minute_values", basis.formula, float(len(basis.values)), "1"),
                line("greatest", "of all values", max(basis.values), "%"),
                line("least", "of all values", min(basis.values), "%"),
                line("value", left_out, basis.value, "%"),
                line("distance", "value - limit; met when value > limit", basis.value - judged.limit, "%"),
            ],
            "limit": {"over_pct": judged.limit, "probability": condition.probability},
            "result": {
                "value": basis.value,
                "low": basis.value - basis.accuracy_pct,
                "high": basis.value + basis.accuracy_pct,
                "unit": "%",
                "limit": judged.limit,
                "completeness": basis.completeness,
                "certainty": judged.certainty,
                **class_unknown(basis.unclassed),
            },
        }

    def _withheld(self, values: Sequence[float], wanted: int) -> str:
        if not values:
            return "no_value"
        return "incomplete" if len(values) < self._rule.condition.min_completeness * wanted else ""


class Unbalance(_Voltage):
    """By an instrument that says it, else from the three voltages between lines."""

    _rule: UnbalanceRule

    async def subjects(self, facts: Facts) -> list[Subject[WatchedSupply]]:
        lines = tuple(f"line_voltages[{i}]" for i in range(3))
        said = await watched_supplies(facts, self._enterprise, self._rule.watches, Cut.DAY, ("unbalance",))
        codes = {subject.code for subject in said}
        computed = await watched_supplies(facts, self._enterprise, self._rule.watches, Cut.DAY, lines)
        return said + [subject for subject in computed if subject.code not in codes]

    def quality(self, watched: WatchedSupply, step: Step, means: _Means) -> Quality:
        supply, condition = watched.at(step[0]), self._rule.condition
        wanted = round((step[1] - step[0]).total_seconds() / TEN_MINUTES_S)
        said = watched.point(supply.unbalance if supply is not None else None)
        if said is not None:
            points: tuple[MeteredPoint, ...] = (said,)
            formula = f"{said.code}: mean of each ten minutes"
            values = [convert(value, said.unit, "%") for _, value in sorted(means.get(said.p, {}).items())]
        else:
            found = [watched.point(code) for code in (supply.line_voltages if supply is not None else None) or ()]
            points = tuple(point for point in found if point is not None)
            formula = "from the three voltages between lines: sqrt((1 - sqrt(3 - 6L)) / (1 + sqrt(3 - 6L)))"
            values = _of_lines(points, means) if len(points) == len(found) == 3 else []
        value = kept_by(values, condition.probability) if values else None
        return Quality(
            supply=supply,
            points=points,
            values=tuple(values),
            wanted=wanted,
            value=value,
            limit=condition.over_pct,
            formula=formula,
            accuracy_pct=_accuracy(points),
            reason=self._withheld(values, wanted),
        )


class Deviation(_Voltage):
    """Either way up to 20 kV, both ways together from 35 kV on (GB/T 12325, 4.1)."""

    _rule: DeviationRule

    async def subjects(self, facts: Facts) -> list[Subject[WatchedSupply]]:
        return await watched_supplies(facts, self._enterprise, self._rule.watches, Cut.DAY, ("voltage",))

    def quality(self, watched: WatchedSupply, step: Step, means: _Means) -> Quality:
        supply, condition = watched.at(step[0]), self._rule.condition
        wanted = round((step[1] - step[0]).total_seconds() / TEN_MINUTES_S)
        point = watched.point(supply.voltage if supply is not None else None)
        if supply is None or point is None or supply.nominal_kv is None:
            return Quality(supply, (), (), wanted, None, None, "", 0.0, "no_meter")
        together = supply.nominal_kv >= condition.high_kv
        volts = [convert(value, point.unit, "kV") for _, value in sorted(means.get(point.p, {}).items())]
        values = deviations_pct(volts, supply.nominal_kv)
        value = deviation_kept_pct(values, condition.probability, together=together) if values else None
        how = "positive and negative together" if together else "either way"
        return Quality(
            supply=supply,
            points=(point,),
            values=tuple(values),
            wanted=wanted,
            value=value,
            limit=condition.span_pct if together else condition.within_pct,
            formula=f"{point.code}: (U - {supply.nominal_kv:g} kV) / {supply.nominal_kv:g} kV, {how}",
            accuracy_pct=_accuracy((point,)),
            reason=self._withheld(values, wanted),
        )

    def evidence(self, subject: Subject[WatchedSupply], judged: Judged[Quality]) -> dict[str, object]:
        found = super().evidence(subject, judged)
        supply = judged.basis.supply
        together = (supply.nominal_kv or 0.0) >= self._rule.condition.high_kv if supply is not None else False
        return found | {"together": together}


def _accuracy(points: Sequence[MeteredPoint]) -> float:
    return max((point.accuracy_class or 0.0 for point in points), default=0.0)


def _of_lines(points: Sequence[MeteredPoint], means: _Means) -> list[float]:
    """Unbalance of every ten minutes in which all three voltages are known."""
    ab, bc, ca = (means.get(point.p, {}) for point in points)
    found = [unbalance_pct(ab[at], bc[at], ca[at]) for at in sorted(ab.keys() & bc.keys() & ca.keys())]
    return [value for value in found if value is not None]


def replayed(body: Mapping[str, Any]) -> tuple[bool | None, float | None, float | None]:
    """Evidence of either kind judged again."""
    values, limit = [float(value) for value in body["values"]], float(body["limit"]["over_pct"])
    probability = float(body["limit"]["probability"])
    if "together" in body:
        value = deviation_kept_pct(values, probability, together=body["together"])
    else:
        value = kept_by(values, probability)
    return value > limit, value, limit
