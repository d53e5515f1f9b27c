"""`max_demand`: the 15-minute demand at a settlement meter against its contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db.plants import EnterpriseRow
from enms.alerts import Observation, Truth
from enms.metering import INTERVAL_S
from enms.supply import Supply
from rules.conditions import Judged, Span, Subject, over
from rules.facts import Facts
from rules.grid import QUARTER_HOURS, Step
from rules.metered import Metered, certainty, class_unknown, in_unit, line
from rules.sums import quarter_sums
from rules.supply import WatchedSupply, supply_facts, watched_supplies
from rules.supply_rules import MaxDemandRule


@dataclass(frozen=True, slots=True)
class Demand:
    """The demand of a quarter hour, kW; no value: `reason`."""

    supply: Supply | None
    metered: Metered | None
    value: float | None
    half: float
    reason: str


def demand_of(metered: Metered) -> tuple[float, float] | None:
    """Mean power over the window with the half width of its range, kW."""
    if metered.filled is None:
        return None
    value, half = in_unit(metered.filled, metered, "kW"), in_unit(metered.uncertainty, metered, "kW")
    return None if value is None or half is None else (value, half)


class MaxDemand:
    """Closed quarter hours, one by one, as they are billed."""

    lasting = True
    revises = True

    def __init__(self, rule: MaxDemandRule, enterprise: EnterpriseRow) -> None:
        self._rule = rule
        self._enterprise = enterprise

    async def subjects(self, facts: Facts) -> list[Subject[WatchedSupply]]:
        """Supplies with a contract demand."""
        found = await watched_supplies(
            facts, self._enterprise, self._rule.watches, None, ("active_energy",), grid=QUARTER_HOURS
        )
        return [s for s in found if s.watched.versions[-1].supply.contract_kw is not None]

    async def judge(self, facts: Facts, spans: Sequence[Span[WatchedSupply]]) -> dict[str, list[Judged[Demand]]]:
        found: dict[str, list[Judged[Demand]]] = {}
        for span in spans:
            watched = span.subject.watched
            reach = [(point.p, span.start, span.end) for point in watched.points.values()]
            read = await quarter_sums(facts, self._enterprise.e, reach)
            rows = {p: sums for (p, _, _), sums in read.items()}
            answers = found.setdefault(span.subject.code, [])
            for step in span.subject.grid.steps(span.start, span.end):
                supply = watched.at(step[0])
                point = watched.point(supply.active_energy if supply is not None else None)
                row = rows[point.p].get(step[0]) if point is not None else None
                metered = Metered.of(point.during(*step), row, INTERVAL_S) if point is not None else None
                answers.append(self._judged(step, self._demand(supply, metered)))
        return found

    def _demand(self, supply: Supply | None, metered: Metered | None) -> Demand:
        if supply is None or metered is None or supply.contract_kw is None:
            return Demand(supply, metered, None, 0.0, "no_contract")
        demand = demand_of(metered)
        if demand is None:
            return Demand(supply, metered, None, 0.0, "no_value")
        reason = "incomplete" if metered.completeness < self._rule.condition.min_completeness else ""
        return Demand(supply, metered, *demand, reason)

    def _judged(self, step: Step, demand: Demand) -> Judged[Demand]:
        contract = demand.supply.contract_kw if demand.supply is not None else None
        limit = None if contract is None else contract * self._rule.condition.over_share
        truth, in_band, sure = Truth.UNKNOWN, False, None
        if not demand.reason and demand.value is not None and limit is not None:
            truth, in_band = over(demand.value, limit, self._rule.deadband)
            if truth is Truth.MET and demand.metered is not None:
                low, high = demand.value - demand.half, demand.value + demand.half
                sure = certainty(low, high, limit, over=True, unclassed=demand.metered.unclassed)
        return Judged(Observation(*step, truth, in_band, demand.reason), demand.value, limit, sure, demand)

    async def earliest(self, _: Facts, __: Sequence[Subject[WatchedSupply]]) -> dict[str, datetime]:
        """The ledger is all it needs."""
        return {}

    def evidence(self, subject: Subject[WatchedSupply], judged: Judged[Demand]) -> dict[str, object]:
        del subject
        step, basis, share = judged.observation, judged.basis, self._rule.condition.over_share
        supply, metered = basis.supply, basis.metered
        assert supply is not None
        assert metered is not None
        assert basis.value is not None
        assert judged.limit is not None
        return {
            "window": {"start": step.start, "end": step.end, "resolution": "15m"},
            "supply": supply_facts(supply),
            "inputs": [metered.evidence],
            "arithmetic": [
                line("energy", f"{metered.point}: covered {metered.completeness:.4f}", metered.amount, metered.unit),
                line("value", "demand = energy / 0.25 h", basis.value, "kW"),
                line("low", "value - root of the sum of squares", basis.value - basis.half, "kW"),
                line("high", "value + root of the sum of squares", basis.value + basis.half, "kW"),
                line("limit", f"contract demand x {share:g}", judged.limit, "kW"),
                line("distance", "value - limit; met when value > limit", basis.value - judged.limit, "kW"),
            ],
            "limit": {"contract_kw": supply.contract_kw, "over_share": share},
            "result": {
                "value": basis.value,
                "low": basis.value - basis.half,
                "high": basis.value + basis.half,
                "unit": "kW",
                "limit": judged.limit,
                "completeness": metered.completeness,
                "certainty": judged.certainty,
                **class_unknown(metered.unclassed),
            },
        }
