"""`budget`: standard coal, coal or carbon dioxide used so far against the plan's share for the time gone by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from db.consumption import Consumption, consumption
from db.energy import Period
from db.metered import metered_points
from db.plants import EnterpriseRow
from db.supplies import BudgetVersion, budget_versions
from db.totals import cuts_of
from enms.alerts import Observation, Truth
from enms.cuts import Cut, Cuts
from enms.plant import Budget
from enms.units import convert
from rules.balance_rules import BudgetRule
from rules.conditions import Judged, Span, Subject, over
from rules.cut_grid import CutGrid
from rules.facts import Facts
from rules.metered import line

COAL = frozenset({"raw_coal", "washed_coal", "middlings", "anthracite"})
_DAY = timedelta(days=1)
_PURCHASES = frozenset({"purchased", "sold", "stock", "consumed"})


@dataclass(frozen=True, slots=True)
class Plan:
    """A budget with the span it is for."""

    budget: Budget
    start: datetime
    end: datetime
    cuts: Cuts

    def share(self, until: datetime) -> float:
        """Of the plan's time, how much is gone by."""
        return (until - self.start) / (self.end - self.start)


@dataclass(frozen=True, slots=True)
class SoFar:
    """What was used from the plan's beginning until the end of a day, t; None: unknown, for `reason`.

    Attributes:
        by_carrier: t of the measure.
        completeness: of the time, the worst of what counts.
    """

    used: float | None
    by_carrier: Mapping[str, float]
    completeness: float
    reason: str


class BudgetAhead:
    """Days of the plan's own year."""

    revises = True

    def __init__(self, rule: BudgetRule, enterprise: EnterpriseRow) -> None:
        self._rule = rule
        self._enterprise = enterprise

    async def subjects(self, facts: Facts) -> list[Subject[Plan]]:
        measures = self._rule.watches.measures
        found = await facts.ask(budget_versions, self._enterprise.e)
        wanted = {
            code: versions
            for code, versions in found.items()
            if not versions[-1].retired and (measures is None or versions[-1].budget.measure in measures)
        }
        if not wanted:
            return []
        cuts = await facts.ask(cuts_of, self._enterprise.e)
        points = [q for q in await facts.ask(metered_points, self._enterprise.e) if q.carrier is not None]
        counted = frozenset(q.p for q in points if q.role in _PURCHASES)
        waited = frozenset(q.p for q in points if q.role == "purchased") or counted
        return [self._subject(code, versions, cuts, counted, waited) for code, versions in wanted.items()]

    def _subject(
        self, code: str, versions: Sequence[BudgetVersion], cuts: Cuts, counted: frozenset[int], waited: frozenset[int]
    ) -> Subject[Plan]:
        budget = versions[-1].budget
        start, end = year_of(budget, cuts)
        return Subject(
            code=code,
            watched=Plan(budget, start, end, cuts),
            grid=CutGrid(cuts, Cut.DAY),
            inputs=counted,
            waits_for=waited,
            reach=end - start,
            configured=tuple((v.recorded_at, v.valid_from) for v in versions),
        )

    async def judge(self, facts: Facts, spans: Sequence[Span[Plan]]) -> dict[str, list[Judged[SoFar]]]:
        found: dict[str, list[Judged[SoFar]]] = {}
        for span in spans:
            plan, steps = span.subject.watched, span.subject.grid.steps(span.start, span.end)
            days = tuple(Period(a, b) for a, b in plan.cuts.windows(Cut.DAY, plan.start, min(span.end, plan.end)))
            lines: Sequence[Consumption] = []
            if span.end > plan.start and days:
                lines = await facts.ask(consumption, self._enterprise, "carrier", days, basis=plan.budget.basis)
            told = _running(lines, plan.budget, days)
            found[span.subject.code] = [self._judged(plan, a, b, told.get(b)) for a, b in steps]
        return found

    def _judged(self, plan: Plan, start: datetime, end: datetime, so_far: SoFar | None) -> Judged[SoFar]:
        condition = self._rule.condition
        if so_far is None:
            # before the plan begins nothing is ahead of it; when its year is over it is no longer judged
            return Judged(Observation(start, end, Truth.CLEAR), None, None, None, SoFar(None, {}, 0.0, "other_year"))
        truth, in_band, reason = Truth.UNKNOWN, False, so_far.reason
        value = ahead_pct(so_far.used, plan.budget.amount, plan.share(end))
        if not reason and so_far.completeness < condition.min_completeness:
            reason = "incomplete"
        if not reason and end - plan.start < condition.from_day * _DAY:
            reason = "too_early"
        if not reason and value is not None:
            truth, in_band = over(value, condition.ahead_pct, self._rule.deadband)
        return Judged(Observation(start, end, truth, in_band, reason), value, condition.ahead_pct, None, so_far)

    async def earliest(self, _: Facts, __: Sequence[Subject[Plan]]) -> dict[str, datetime]:
        """The ledger is all it needs."""
        return {}

    def evidence(self, subject: Subject[Plan], judged: Judged[SoFar]) -> dict[str, object]:
        plan, so_far, until = subject.watched, judged.basis, judged.observation.end
        budget, share = plan.budget, plan.share(until)
        return {
            "window": {"start": plan.start, "end": until, "resolution": "year_to_date"},
            "budget": {
                "code": budget.code,
                "measure": budget.measure,
                "basis": budget.basis,
                "year": budget.year,
                "start": plan.start,
                "end": plan.end,
                "amount": budget.amount,
            },
            "inputs": [{"carrier": carrier, "used": used} for carrier, used in sorted(so_far.by_carrier.items())],
            "arithmetic": [
                line("used", " + ".join(sorted(so_far.by_carrier)), so_far.used, "t"),
                line("share", "time gone by / time of the plan", share, "1"),
                line("plan_so_far", "plan x share", budget.amount * share, "t"),
                line("value", "used / plan so far - 1", judged.value, "%"),
                line("completeness", "worst of what counts", so_far.completeness, "1"),
            ],
            "limit": {"ahead_pct": self._rule.condition.ahead_pct},
            "result": {
                "value": judged.value,
                "unit": "%",
                "limit": judged.limit,
                "used": so_far.used,
                "completeness": so_far.completeness,
            },
        }


def year_of(budget: Budget, cuts: Cuts) -> tuple[datetime, datetime]:
    """The span a budget is for: its year in the enterprise's calendar, from `since` on."""
    middle = datetime(budget.year, 7, 1, tzinfo=cuts.zone)
    start, end = cuts.windows(Cut.YEAR, middle, middle + _DAY)[0]
    if budget.since is None:
        return start, end
    noon = datetime(budget.since.year, budget.since.month, budget.since.day, 12, tzinfo=cuts.zone) + cuts.day_starts
    return max(start, cuts.windows(Cut.DAY, noon, noon + timedelta(minutes=1))[0][0]), end


def ahead_pct(used: float | None, amount: float, share: float) -> float | None:
    """How far ahead of its share of the plan, per cent."""
    return None if used is None or share <= 0 else (used / (amount * share) - 1) * 100


def _of_measure(one: Consumption, budget: Budget) -> float | None:
    """Tonnes of a line; None: unknown."""
    if budget.measure == "tce":
        return None if one.kgce is None else one.kgce / 1000
    if budget.measure == "tco2":
        return one.tco2
    return None if one.amount is None else convert(one.amount, one.unit, "t")


def _running(lines: Sequence[Consumption], budget: Budget, days: Sequence[Period]) -> dict[datetime, SoFar]:
    """Sums from the first day to the end of each."""
    counts = [
        one for one in lines if (one.carrier in COAL if budget.measure == "coal" else one.in_total and one.carrier)
    ]
    by_day: dict[datetime, list[Consumption]] = {}
    for one in counts:
        by_day.setdefault(one.period.end, []).append(one)
    so_far: dict[str, float] = {}
    worst: dict[str, float] = {}
    reason = "" if counts else "nothing_counts"
    told: dict[datetime, SoFar] = {}
    for number, day in enumerate(days, 1):
        for one in by_day.get(day.end, []):
            carrier, used = one.carrier or "", _of_measure(one, budget)
            # what is not known makes the sum unknown for the rest of the year, until it is
            if used is None:
                reason = reason or f"{carrier}: {one.reason or 'no_value'}"
            so_far[carrier] = so_far.get(carrier, 0.0) + (used or 0.0)
            worst[carrier] = worst.get(carrier, 0.0) + (one.completeness or 0.0)
        used_now = None if reason else sum(so_far[c] for c in sorted(so_far))
        completeness = min((share / number for share in worst.values()), default=0.0)
        told[day.end] = SoFar(used_now, dict(so_far), completeness, reason)
    return told


def replayed(body: Mapping[str, Any]) -> tuple[bool | None, float | None, float | None]:
    """Evidence of `budget` judged again."""
    plan, window, limit = body["budget"], body["window"], float(body["limit"]["ahead_pct"])
    start, end, until = (datetime.fromisoformat(t) for t in (plan["start"], plan["end"], window["end"]))
    used = sum(float(one["used"]) for one in body["inputs"])
    value = ahead_pct(used, float(plan["amount"]), (until - start) / (end - start))
    return (None, None, limit) if value is None else (value > limit, value, limit)
