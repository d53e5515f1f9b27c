"""`budget`: standard coal, coal or carbon dioxide against a year's plan: used so far, or projected to its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import sqrt
from typing import Any

from db.budgets import SoFar, budget_days, deductions, running, year_of
from db.carbon import CarbonVersion, carbon_versions
from db.energy import Period
from db.instants import BEGINNING
from db.metered import metered_points
from db.plants import EnterpriseRow
from db.recorded import Recorded, factors_recorded
from db.supplies import BudgetVersion, budget_versions, yearly
from db.totals import cuts_of
from enms.alerts import Observation, Truth
from enms.budget import Budget
from enms.budgeting import BAND, METHOD, Projection, ahead_pct, project, student_90
from enms.carbon import carbon_spans
from enms.carriers import carriers as every_carrier
from enms.cuts import Cut, Cuts
from enms.enpi_verdict import Certainty
from enms.site_factors import SiteCarbon
from rules.balance_rules import BudgetRule
from rules.conditions import Judged, Span, Subject, over
from rules.cut_grid import CutGrid
from rules.facts import Facts
from rules.metered import line

_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)
_PURCHASES = frozenset({"purchased", "sold", "stock", "consumed"})


@dataclass(frozen=True, slots=True)
class Plan:
    """A budget of one year with the span it is for.

    Attributes:
        carbon: the site's own factors.
    """

    budget: Budget
    start: datetime
    end: datetime
    cuts: Cuts
    carbon: tuple[SiteCarbon, ...] = ()

    def share(self, until: datetime) -> float:
        """Of the plan's time, how much is gone by."""
        return (until - self.start) / (self.end - self.start)

    def days_left(self, until: datetime) -> int:
        """Whole days of the plan after an instant on its grid."""
        return len(self.cuts.windows(Cut.DAY, until, self.end)) if until < self.end else 0

    def day_after(self, until: datetime, days: int | None) -> date | None:
        """The date of the day so many days later; None: none."""
        return None if days is None else self.cuts.day_of(until) + (days - 1) * _DAY

    def factors(self, carriers: Sequence[str], until: datetime) -> list[dict[str, object]]:
        """The carbon factors that carriers were counted with up to an instant on its grid, each from its first day."""
        if self.budget.measure != "tco2":
            return []
        known = every_carrier()
        first, last = self.cuts.day_of(self.start), self.cuts.day_of(until) - _DAY
        spans = [(day, f) for carrier in carriers for day, f in carbon_spans(carrier, first, last, self.carbon)]
        return [
            {
                "name": {"zh": known[f.carrier].name_zh, "en": known[f.carrier].name_en},
                "carrier": f.carrier,
                "since": day,
                "tco2_per_gj": f.tco2_per_gj,
                "tco2_per_unit": f.tco2_per_unit,
                "unit": f.unit,
                "formula": f.formula,
                "edition": f.edition,
                "source": f.source,
                "confidence": f.confidence,
                "review": f.review,
            }
            for day, f in spans
            if f is not None
        ]


@dataclass(frozen=True, slots=True)
class Plans:
    """A budget's plans, one a year: each year is judged by its own, whatever is planned for the years after it."""

    each: tuple[Plan, ...]
    cuts: Cuts

    def at(self, end: datetime) -> Plan | None:
        """The plan of the year in which a day ends; None: there is none for it."""
        return next((plan for plan in self.each if plan.start < end <= plan.end), None)

    def within(self, start: datetime, end: datetime) -> list[Plan]:
        """Plans of which something lies within [start, end)."""
        return [plan for plan in self.each if plan.start < end and start < plan.end]

    def ends(self, instant: datetime) -> bool:
        """Whether a plan does: what it came to is no longer a matter of days to come."""
        return any(instant == plan.end for plan in self.each)

    def closes(self, instant: datetime) -> bool:
        """Months, and a plan's own end."""
        months = self.cuts.windows(Cut.MONTH, instant - _TICK, instant)
        return self.ends(instant) or any(end == instant for _, end in months)


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget at the end of a day.

    Attributes:
        so_far: None: the day is in no plan's span.
        projection: None: not asked for, or too few days are known.
    """

    so_far: SoFar | None
    projection: Projection | None


class BudgetAhead:
    """Days of each plan's own year."""

    revises = True

    def __init__(self, rule: BudgetRule, enterprise: EnterpriseRow) -> None:
        self._rule = rule
        self._enterprise = enterprise

    async def subjects(self, facts: Facts) -> list[Subject[Plans]]:
        measures = self._rule.watches.measures
        found = await facts.ask(budget_versions, self._enterprise.e)
        wanted = {
            code: [budget for budget in yearly(versions) if measures is None or budget.measure in measures]
            for code, versions in found.items()
            if not versions[-1].retired
        }
        if not any(wanted.values()):
            return []
        cuts = await facts.ask(cuts_of, self._enterprise.e)
        metered = {q.code: q for q in await facts.ask(metered_points, self._enterprise.e)}
        points = [q for q in metered.values() if q.carrier is not None]
        counted = frozenset(q.p for q in points if q.role in _PURCHASES)
        values = frozenset(metered[q.ncv].p for q in points if q.p in counted and q.ncv in metered)
        waited = frozenset(q.p for q in points if q.role == "purchased") or counted
        carbon = await facts.ask(carbon_versions, self._enterprise.e)
        factors = await facts.ask(factors_recorded, self._enterprise.e, self._enterprise.timezone)
        recorded = (
            *(entry for point in points for entry in point.recorded),
            *(entry for entries in factors.values() for entry in entries),
        )
        return [
            _subject(budgets, found[code], cuts, counted | values, waited, carbon, recorded)
            for code, budgets in wanted.items()
            if budgets
        ]

    async def judge(self, facts: Facts, spans: Sequence[Span[Plans]]) -> dict[str, list[Judged[Standing]]]:
        found: dict[str, list[Judged[Standing]]] = {}
        for span in spans:
            plans, steps = span.subject.watched, span.subject.grid.steps(span.start, span.end)
            told: dict[datetime, SoFar] = {}
            for plan in plans.within(span.start, span.end):
                days = plan.cuts.windows(Cut.DAY, plan.start, min(span.end, plan.end))
                periods = tuple(Period(a, b) for a, b in days)
                each = await facts.ask(budget_days, self._enterprise, plan.budget, periods)
                told |= {day.end: so_far for day, so_far in zip(each, running(each), strict=True)}
            found[span.subject.code] = [self._judged(plans.at(b), a, b, told.get(b)) for a, b in steps]
        return found

    def _judged(self, plan: Plan | None, start: datetime, end: datetime, so_far: SoFar | None) -> Judged[Standing]:
        condition = self._rule.condition
        if plan is None or so_far is None:
            # nothing is ahead of a plan that has not begun; a year that has none is not judged
            return Judged(Observation(start, end, Truth.CLEAR), None, None, None, Standing(None, None))
        reason, limit = so_far.reason, condition.limit
        if not reason and so_far.completeness < condition.min_completeness:
            reason = "incomplete"
        if not reason and end - plan.start < condition.from_day * _DAY:
            reason = "too_early"
        projection = self._projection(plan, so_far, end) if condition.projected_over_pct is not None else None
        if projection is not None:
            edge = getattr(projection.end, condition.edge)
            value: float | None = (edge / plan.budget.amount - 1) * 100
        elif condition.projected_over_pct is not None:
            value, reason = None, reason or "too_early"
        else:
            value = ahead_pct(so_far.used, plan.budget.amount, plan.share(end))
        truth, in_band = Truth.UNKNOWN, False
        if not reason and value is not None:
            truth, in_band = over(value, limit, self._rule.deadband)
        sure = self._certainty(projection, plan.budget.amount) if truth is Truth.MET else None
        observation = Observation(start, end, truth, in_band, reason)
        return Judged(observation, value, limit, sure, Standing(so_far, projection))

    @staticmethod
    def _projection(plan: Plan, so_far: SoFar, until: datetime) -> Projection | None:
        if so_far.used is None:
            return None
        return project(so_far.used, so_far.daily, plan.days_left(until), plan.budget.amount)

    def _certainty(self, projection: Projection | None, amount: float) -> str | None:
        """Whether the whole band is over the plan."""
        over_pct = self._rule.condition.projected_over_pct
        if projection is None or over_pct is None:
            return None
        sure = projection.end.low > amount * (1 + over_pct / 100)
        return (Certainty.CONFIRMED if sure else Certainty.POSSIBLE).value

    async def earliest(self, _: Facts, __: Sequence[Subject[Plans]]) -> dict[str, datetime]:
        """The ledger is all it needs."""
        return {}

    def evidence(self, subject: Subject[Plans], judged: Judged[Standing]) -> dict[str, object]:
        until, standing = judged.observation.end, judged.basis
        plan, so_far = subject.watched.at(until), standing.so_far
        assert plan is not None
        assert so_far is not None
        budget, share = plan.budget, plan.share(until)
        condition = self._rule.condition
        off = deductions(budget)
        counted = " + ".join(sorted(so_far.by_carrier)) + "".join(f" - {code}" for code in sorted(so_far.deducted))
        if standing.projection is None:
            steps = [line("value", "used / plan so far - 1", judged.value, "%")]
        else:
            steps = _projected(standing.projection, condition.edge, judged.value)
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
            "inputs": [
                *({"carrier": carrier, "used": used} for carrier, used in sorted(so_far.by_carrier.items())),
                *({"point": p, "part": off[p], "used": -used} for p, used in sorted(so_far.deducted.items())),
            ],
            "carbon": plan.factors(sorted(so_far.by_carrier), until),
            "arithmetic": [
                line("used", counted, so_far.used, "t"),
                line("share", "time gone by / time of the plan", share, "1"),
                line("plan_so_far", "plan x share", budget.amount * share, "t"),
                *steps,
                line("completeness", "worst of what counts", so_far.completeness, "1"),
            ],
            "limit": {"ahead_pct": condition.ahead_pct}
            if standing.projection is None
            else {"projected_over_pct": condition.projected_over_pct, "edge": condition.edge},
            "projection": None
            if standing.projection is None
            else {
                "method": METHOD,
                "band": BAND,
                "days_left": plan.days_left(until),
                "blocks": standing.projection.blocks,
                "block_days": standing.projection.block_days,
                "per_day": standing.projection.per_day,
                "scatter": standing.projection.scatter,
                "crossing": plan.day_after(until, standing.projection.crossing),
                "earliest": plan.day_after(until, standing.projection.earliest),
                "latest": plan.day_after(until, standing.projection.latest),
            },
            "result": {
                "value": judged.value,
                "unit": "%",
                "limit": judged.limit,
                "used": so_far.used,
                "completeness": so_far.completeness,
                "certainty": judged.certainty,
            },
        }


def _subject(
    budgets: Sequence[Budget],
    versions: Sequence[BudgetVersion],
    cuts: Cuts,
    counted: frozenset[int],
    waited: frozenset[int],
    carbon: Sequence[CarbonVersion],
    recorded: Recorded,
) -> Subject[Plans]:
    own = carbon if any(budget.measure == "tco2" for budget in budgets) else ()
    factors = tuple(one.given for one in own if not one.retired)
    each = tuple(Plan(budget, *year_of(budget, cuts), cuts, factors) for budget in budgets)
    watched = Plans(each, cuts)
    return Subject(
        code=budgets[-1].code,
        watched=watched,
        grid=CutGrid(cuts, Cut.DAY),
        inputs=counted,
        waits_for=waited,
        reach=max(plan.end - plan.start for plan in each),
        configured=(
            *((v.recorded_at, v.valid_from) for v in versions),
            *((one.recorded_at, _begins(one, cuts)) for one in own),
            *recorded,
        ),
        period=watched,
    )


def _begins(factor: CarbonVersion, cuts: Cuts) -> datetime:
    since = factor.given.effective_from
    return BEGINNING if since is None else cuts.day_begins(since)


def _projected(projection: Projection, edge: str, value: float | None) -> list[dict[str, object]]:
    end, t = projection.end, student_90(projection.blocks - 1)
    ahead = f"h = {end.days} d / {projection.block_days} d"
    return [
        line("expected", "used + mean of a block x h, " + ahead, end.expected, "t"),
        line("low", f"expected - {t:g} x scatter x root of (h + h2 / {projection.blocks})", end.low, "t"),
        line("high", f"expected + {t:g} x scatter x root of (h + h2 / {projection.blocks})", end.high, "t"),
        line("value", f"{edge} / plan - 1", value, "%"),
    ]


def replayed(body: Mapping[str, Any]) -> tuple[bool | None, float | None, float | None]:
    """Evidence of `budget` judged again."""
    plan, window, limits = body["budget"], body["window"], body["limit"]
    amount, used = float(plan["amount"]), sum(float(one["used"]) for one in body["inputs"])
    found = body.get("projection")
    if found is None:
        limit = float(limits["ahead_pct"])
        start, end, until = (datetime.fromisoformat(t) for t in (plan["start"], plan["end"], window["end"]))
        value = ahead_pct(used, amount, (until - start) / (end - start))
        return (None, None, limit) if value is None else (value > limit, value, limit)
    limit, n = float(limits["projected_over_pct"]), int(float(found["blocks"]))
    ahead = float(found["days_left"]) / float(found["block_days"])
    expected = used + float(found["per_day"]) * float(found["days_left"])
    half = student_90(n - 1) * float(found["scatter"]) * sqrt(ahead + ahead * ahead / n)
    low = max(used, expected - half) if float(found["per_day"]) >= 0 else expected - half
    edges = {"low": low, "expected": expected, "high": expected + half}
    value = (edges[limits["edge"]] / amount - 1) * 100
    return value > limit, value, limit
