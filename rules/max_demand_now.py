"""`max_demand` at cadence `1m`: the sliding demand at a settlement meter, from readings, for what cannot wait.

Each minute the demand of the last fifteen is held against the contract, and where it is heading: the demand in some
minutes if power stays what it is. Until the quarter hour closes that is provisional; then the minute is judged again by
the demand it really came to, so that an alert settles, shifts, or is taken back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from db import rules as store
from db.derivation import Span as Stretch
from db.derivation import readings_around
from db.histories import histories
from db.metered import MeteredPoint, WindowSum
from db.motors import first_readings
from db.plants import EnterpriseRow
from enms.alerts import Observation, Truth
from enms.enpi_verdict import Certainty
from enms.intervals import NEIGHBOURS, pieces_of
from enms.sliding import MINUTE_S, WINDOW, Sums, heading, sums
from enms.supply import Supply
from enms.timeline import seconds
from rules.conditions import Judged, Span, Subject, over
from rules.facts import Facts
from rules.grid import MINUTES, Step
from rules.max_demand import demand_of
from rules.metered import Metered, certainty, class_unknown, line
from rules.supply import WatchedSupply, supply_facts, watched_supplies
from rules.supply_rules import MaxDemandRule

_BACK = timedelta(minutes=WINDOW)
# Readings farther apart say nothing of a minute.
_FINE_S = 120.0
# Late data may come a month late.
_RECENT = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class LiveDemand:
    """The demand of the quarter hour that ends with a minute, kW; no value: `reason`.

    Attributes:
        metered: over that quarter hour.
        half: half width of the demand's range.
        leaving, trend: mean power of its first and its last minutes, kW; None once the quarter hour is closed.
        value: what is judged: the demand, or where it is heading.
    """

    supply: Supply | None
    metered: Metered | None
    demand: float | None
    half: float
    leaving: float | None
    trend: float | None
    value: float | None
    reason: str

    @property
    def provisional(self) -> bool:
        return self.trend is not None


class MaxDemandNow:
    """Minutes, judged as far as there are readings."""

    revises = True
    lasting = True

    def __init__(self, rule: MaxDemandRule, enterprise: EnterpriseRow) -> None:
        self._rule = rule
        self._enterprise = enterprise
        self._ahead = int(rule.condition.ahead.total_seconds()) // MINUTE_S
        self._trend = int(rule.condition.trend.total_seconds()) // MINUTE_S

    async def subjects(self, facts: Facts) -> list[Subject[WatchedSupply]]:
        """Supplies with a contract demand whose meter is read often enough to tell a minute."""
        found = await watched_supplies(
            facts, self._enterprise, self._rule.watches, None, ("active_energy",), grid=MINUTES, reach=_BACK
        )
        return [
            s
            for s in found
            if s.watched.versions[-1].supply.contract_kw is not None
            and all(q.period_s <= _FINE_S for q in s.watched.points.values())
        ]

    async def judge(self, facts: Facts, spans: Sequence[Span[WatchedSupply]]) -> dict[str, list[Judged[LiveDemand]]]:
        found: dict[str, list[Judged[LiveDemand]]] = {}
        for span in spans:
            watched, begin = span.subject.watched, span.start - _BACK
            until = await self._closed_until(facts, span.subject)
            known = {point.code: await self._sums(facts, point, begin, span.end) for point in watched.points.values()}
            answers = found.setdefault(span.subject.code, [])
            for n, step in enumerate(span.subject.grid.steps(span.start, span.end), WINDOW + 1):
                supply = watched.at(step[0])
                point = watched.point(supply.active_energy if supply is not None else None)
                closed = step[1] <= until
                there = None if point is None else point.during(step[1] - _BACK, step[1])
                demand = self._demand(supply, there, known[there.code] if there is not None else None, n, closed=closed)
                answers.append(self._judged(step, demand))
        return found

    async def _sums(self, facts: Facts, point: MeteredPoint, start: datetime, end: datetime) -> Sums:
        e = self._enterprise.e

        async def read() -> Sums:
            (readings,) = await readings_around(facts.connection, [Stretch(e, point.p, start, end)], NEIGHBOURS)
            history = (await histories(facts.connection, [(e, point.p)]))[e, point.p]
            fine = [piece for piece in pieces_of(readings, history.line) if piece.b - piece.a <= _FINE_S]
            return sums(fine, seconds(start), (end - start) // timedelta(minutes=1))

        return await facts.once(("minutes", point.p, start, end), read)

    def _demand(
        self, supply: Supply | None, point: MeteredPoint | None, known: Sums | None, n: int, *, closed: bool
    ) -> LiveDemand:
        if supply is None or point is None or known is None or supply.contract_kw is None:
            return LiveDemand(supply, None, None, 0.0, None, None, None, "no_contract")
        window = _metered(point, known, n - WINDOW, n)
        demand = demand_of(window)
        if demand is None:
            return LiveDemand(supply, window, None, 0.0, None, None, None, "no_value")
        reason = "incomplete" if window.completeness < self._rule.condition.min_completeness else ""
        if closed:
            return LiveDemand(supply, window, *demand, None, None, demand[0], reason)
        first = demand_of(_metered(point, known, n - WINDOW, n - WINDOW + self._ahead))
        last = demand_of(_metered(point, known, n - self._trend, n))
        if first is None or last is None:
            return LiveDemand(supply, window, *demand, None, None, None, reason or "incomplete")
        value = max(demand[0], heading(demand[0], first[0], last[0], self._ahead))
        return LiveDemand(supply, window, *demand, first[0], last[0], value, reason)

    def _judged(self, step: Step, found: LiveDemand) -> Judged[LiveDemand]:
        contract = found.supply.contract_kw if found.supply is not None else None
        limit = None if contract is None else contract * self._rule.condition.over_share
        truth, in_band, sure = Truth.UNKNOWN, False, None
        if not found.reason and found.value is not None and limit is not None:
            truth, in_band = over(found.value, limit, self._rule.deadband)
            if truth is Truth.MET and found.metered is not None:
                low, high = found.value - found.half, found.value + found.half
                sure = certainty(low, high, limit, over=True, unclassed=found.metered.unclassed)
                sure = Certainty.POSSIBLE.value if found.provisional else sure
        return Judged(Observation(*step, truth, in_band, found.reason), found.value, limit, sure, found)

    async def earliest(self, facts: Facts, subjects: Sequence[Subject[WatchedSupply]]) -> dict[str, datetime]:
        """Minutes are made of readings, which retention takes away; and history poured in is no news.

        What it came to in a longer past is what the rule on closed intervals tells.
        """
        points = sorted({p for s in subjects for p in s.inputs})
        since = await first_readings(facts.connection, self._enterprise.e, points)
        return {
            s.code: max(await self._closed_until(facts, s) - _RECENT, *(since[p] + _BACK for p in s.inputs))
            for s in subjects
            if all(p in since for p in s.inputs)
        }

    async def _closed_until(self, facts: Facts, subject: Subject[WatchedSupply]) -> datetime:
        """Until when what is judged of a supply is final."""
        states = await facts.ask(store.point_states, self._enterprise.e)
        return min(states[p].closed_until for p in subject.inputs)

    def evidence(self, subject: Subject[WatchedSupply], judged: Judged[LiveDemand]) -> dict[str, object]:
        del subject
        step, basis, condition = judged.observation, judged.basis, self._rule.condition
        assert basis.supply is not None
        assert basis.metered is not None
        assert basis.demand is not None
        assert basis.value is not None
        assert judged.limit is not None
        projected = [
            line("leaving", f"mean power of the first {self._ahead} minutes", basis.leaving, "kW"),
            line("trend", f"mean power of the last {self._trend} minutes", basis.trend, "kW"),
            line(
                "value",
                f"the greater of the demand and demand + (trend - leaving) x {self._ahead} / {WINDOW}",
                basis.value,
                "kW",
            ),
        ]
        return {
            "window": {"start": step.end - _BACK, "end": step.end, "resolution": "15m_sliding"},
            "supply": supply_facts(basis.supply),
            "inputs": [basis.metered.evidence],
            "arithmetic": [
                line("demand", f"{basis.metered.point}: energy / 0.25 h", basis.demand, "kW"),
                *(projected if basis.provisional else [line("value", "demand", basis.value, "kW")]),
                line("limit", f"contract demand x {condition.over_share:g}", judged.limit, "kW"),
                line("distance", "value - limit; met when value > limit", basis.value - judged.limit, "kW"),
            ],
            "limit": {"contract_kw": basis.supply.contract_kw, "over_share": condition.over_share},
            "projection": {"ahead_min": self._ahead, "leaving_kw": basis.leaving, "trend_kw": basis.trend}
            if basis.provisional
            else None,
            "result": {
                "value": basis.value,
                "unit": "kW",
                "limit": judged.limit,
                "completeness": basis.metered.completeness,
                "provisional": basis.provisional,
                "certainty": judged.certainty,
                **class_unknown(basis.metered.unclassed),
            },
        }


def _metered(point: MeteredPoint, known: Sums, first: int, last: int) -> Metered:
    amount, covered, estimated = known.between(first, last)
    found = WindowSum(amount, covered, estimated, 0.0) if covered > 0 else None
    return Metered.of(point, found, (last - first) * MINUTE_S)


def replayed(body: Mapping[str, Any]) -> tuple[bool | None, float | None, float | None]:
    """Evidence of `max_demand` judged again: of a minute, or of a closed quarter hour."""
    limit = float(body["limit"]["contract_kw"]) * float(body["limit"]["over_share"])
    demand = demand_of(Metered.of_evidence(body["inputs"][0]))
    if demand is None:
        return None, None, limit
    value, projection = demand[0], body.get("projection")
    if projection is not None:
        leaving, trend = float(projection["leaving_kw"]), float(projection["trend_kw"])
        value = max(value, heading(value, leaving, trend, int(float(projection["ahead_min"]))))
    return value > limit, value, limit
