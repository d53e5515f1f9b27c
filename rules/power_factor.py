"""`power_factor`: the month's cos phi at the settlement meter, from kWh and kvarh, never an average of cos phi."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import hypot
from typing import Any

from db.metered import WindowSum
from db.plants import EnterpriseRow
from enms.alerts import Observation, Truth
from enms.cuts import Cut
from enms.supply import Supply
from enms.units import convert
from rules.conditions import Judged, Span, Subject, under
from rules.facts import Facts
from rules.grid import Step
from rules.metered import Metered, certainty, class_unknown, line
from rules.sums import sums_over
from rules.supply import WatchedSupply, supply_facts, watched_supplies
from rules.supply_rules import PowerFactorRule

_MONTH = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class MonthsFactor:
    """cos phi over a span; no value: `reason`."""

    supply: Supply | None
    start: datetime
    end: datetime
    active: Metered | None
    reactive: Metered | None
    value: float | None
    low: float | None
    high: float | None
    reason: str

    @property
    def unclassed(self) -> tuple[str, ...]:
        """Points whose meters are of no known class."""
        return tuple(code for one in (self.active, self.reactive) if one is not None for code in one.unclassed)


def factor_of(active: Metered, reactive: Metered) -> tuple[float, float, float] | None:
    """Cos phi with its range; None: nothing was used, or nothing is known."""
    if active.filled is None or reactive.filled is None:
        return None
    p, q = convert(active.filled, active.unit, "kWh"), convert(reactive.filled, reactive.unit, "kvarh")
    if p <= 0:
        return None
    dp = convert(active.uncertainty, active.unit, "kWh")
    dq = convert(reactive.uncertainty, reactive.unit, "kvarh")
    least, most = max(p - dp, 0.0), p + dp
    low = least / hypot(least, abs(q) + dq) if least > 0 else 0.0
    return p / hypot(p, q), low, most / hypot(most, max(abs(q) - dq, 0.0))


class PowerFactor:
    """The billed month, or the month to date, told every day."""

    lasting = True
    revises = True

    def __init__(self, rule: PowerFactorRule, enterprise: EnterpriseRow) -> None:
        self._rule = rule
        self._enterprise = enterprise
        self._billed = rule.condition.period == "month"

    async def subjects(self, facts: Facts) -> list[Subject[WatchedSupply]]:
        return await watched_supplies(
            facts,
            self._enterprise,
            self._rule.watches,
            Cut.MONTH if self._billed else Cut.DAY,
            ("active_energy", "reactive_energy"),
            reach=timedelta() if self._billed else _MONTH,
        )

    async def judge(self, facts: Facts, spans: Sequence[Span[WatchedSupply]]) -> dict[str, list[Judged[MonthsFactor]]]:
        found: dict[str, list[Judged[MonthsFactor]]] = {}
        for span in spans:
            watched = span.subject.watched
            steps = span.subject.grid.steps(span.start, span.end)
            months = watched.cuts.windows(Cut.MONTH, span.start, span.end)
            pieces = months if self._billed else watched.cuts.windows(Cut.DAY, months[0][0], span.end)
            sums = await sums_over(facts, self._enterprise.e, [q.p for q in watched.points.values()], pieces)
            found[span.subject.code] = [
                self._judged(step, self._factor(watched, _month_of(months, step), step, pieces, sums)) for step in steps
            ]
        return found

    def _factor(
        self,
        watched: WatchedSupply,
        month: Step,
        step: Step,
        pieces: Sequence[Step],
        sums: Mapping[tuple[int, datetime], WindowSum],
    ) -> MonthsFactor:
        start, end = month[0], step[1]
        supply = watched.at(step[0])
        active = watched.point(supply.active_energy if supply is not None else None)
        reactive = watched.point(supply.reactive_energy if supply is not None else None)
        if active is None or reactive is None:
            return MonthsFactor(supply, start, end, None, None, None, None, None, "no_meter")
        window_s = (end - start).total_seconds()
        within = [a for a, b in pieces if a >= start and b <= end]
        both = (
            Metered.of(active.during(start, end), _joined([sums.get((active.p, a)) for a in within]), window_s),
            Metered.of(reactive.during(start, end), _joined([sums.get((reactive.p, a)) for a in within]), window_s),
        )
        factor = factor_of(*both)
        if factor is None:
            known = all(one.filled is not None for one in both)
            return MonthsFactor(supply, start, end, *both, None, None, None, "idle" if known else "no_value")
        reason = "incomplete" if min(one.completeness for one in both) < self._rule.condition.min_completeness else ""
        if not self._billed and watched.cuts.local_day(step[0]) < watched.cuts.local_day(start) + timedelta(
            days=self._rule.condition.from_day - 1
        ):
            reason = "too_early"
        return MonthsFactor(supply, start, end, *both, *factor, reason)

    def _judged(self, step: Step, factor: MonthsFactor) -> Judged[MonthsFactor]:
        limit = factor.supply.power_factor_class if factor.supply is not None else None
        truth, in_band, sure = Truth.UNKNOWN, False, None
        if not factor.reason and factor.value is not None and limit is not None:
            truth, in_band = under(factor.value, limit, self._rule.deadband)
            if truth is Truth.MET and factor.low is not None and factor.high is not None:
                sure = certainty(factor.low, factor.high, limit, over=False, unclassed=factor.unclassed)
        return Judged(Observation(*step, truth, in_band, factor.reason), factor.value, limit, sure, factor)

    async def earliest(self, _: Facts, __: Sequence[Subject[WatchedSupply]]) -> dict[str, datetime]:
        """The ledger is all it needs."""
        return {}

    def evidence(self, subject: Subject[WatchedSupply], judged: Judged[MonthsFactor]) -> dict[str, object]:
        del subject
        basis = judged.basis
        supply, active, reactive = basis.supply, basis.active, basis.reactive
        assert supply is not None
        assert active is not None
        assert reactive is not None
        distance = None if basis.value is None else basis.value - supply.power_factor_class
        return {
            "window": {"start": basis.start, "end": basis.end, "resolution": self._rule.condition.period},
            "supply": supply_facts(supply),
            "inputs": [active.evidence, reactive.evidence],
            "arithmetic": [
                line("active_energy", f"{active.point}: WP, gaps at the mean", active.filled, active.unit),
                line("reactive_energy", f"{reactive.point}: WQ, gaps at the mean", reactive.filled, reactive.unit),
                line("value", "cos phi = WP / sqrt(WP^2 + WQ^2)", basis.value, "1"),
                line("low", "WP at its least, WQ at its greatest", basis.low, "1"),
                line("high", "WP at its greatest, WQ at its least", basis.high, "1"),
                line("distance", "value - class; met when value < class", distance, "1"),
            ],
            "limit": {"under": supply.power_factor_class},
            "result": {
                "value": basis.value,
                "low": basis.low,
                "high": basis.high,
                "unit": "1",
                "limit": supply.power_factor_class,
                "completeness": min(active.completeness, reactive.completeness),
                "certainty": judged.certainty,
                **class_unknown(basis.unclassed),
            },
        }


def _month_of(months: Sequence[Step], step: Step) -> Step:
    return next((month for month in months if month[0] <= step[0] < month[1]), step)


def _joined(parts: Sequence[WindowSum | None]) -> WindowSum | None:
    """Sums of amounts over windows that follow each other."""
    known = [part for part in parts if part is not None and part.amount is not None]
    if not known:
        return None
    return WindowSum(
        sum(part.amount or 0.0 for part in known),
        sum(part.covered_s for part in known),
        sum(part.estimated_s for part in known),
        sum(part.apportioned_s for part in known),
    )


def replayed(body: Mapping[str, Any]) -> tuple[bool | None, float | None, float | None]:
    """Evidence of `power_factor` judged again."""
    limit = float(body["limit"]["under"])
    factor = factor_of(*(Metered.of_evidence(one) for one in body["inputs"][:2]))
    return (None, None, limit) if factor is None else (factor[0] < limit, factor[0], limit)
