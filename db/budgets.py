"""Budgets day by day: what counts towards them, what is deducted, from the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import asyncpg

from db.carbon import site_carbon
from db.consumption import Consumption, consumption
from db.energy import Period
from db.metered import metered_points
from db.plants import EnterpriseRow
from db.rules import point_states
from db.supplies import budget_versions, yearly
from db.totals import cuts_of
from enms.budget import Budget
from enms.budgeting import Projection, project
from enms.carbon import carbon_factor
from enms.cuts import Cut, Cuts
from enms.site_factors import SiteCarbon
from enms.units import convert

COAL = frozenset({"raw_coal", "washed_coal", "middlings", "anthracite"})
NON_FOSSIL, FEEDSTOCK = "non_fossil", "feedstock"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a budget.

    Attributes:
        used: t after deductions; None: unknown, for `reason`.
        by_carrier: t of the measure, before deductions.
        deducted: t, by point, of non-fossil power and of feedstock.
        completeness: of each carrier and deduction.
    """

    end: datetime
    used: float | None
    by_carrier: Mapping[str, float]
    deducted: Mapping[str, float]
    completeness: Mapping[str, float]
    reason: str


@dataclass(frozen=True, slots=True)
class SoFar:
    """A budget from its beginning until the end of a day.

    Attributes:
        used: t after deductions; None: unknown, for `reason`.
        daily: of every day, for as long as it is known.
        completeness: of the time, the worst of what counts.
    """

    used: float | None
    by_carrier: Mapping[str, float]
    deducted: Mapping[str, float]
    daily: tuple[float, ...]
    completeness: float
    reason: str


def year_of(budget: Budget, cuts: Cuts) -> tuple[datetime, datetime]:
    """The span a budget is for: its year in the enterprise's calendar, from `since` on."""
    middle = datetime(budget.year, 7, 1, tzinfo=cuts.zone)
    start, end = cuts.windows(Cut.YEAR, middle, middle + _DAY)[0]
    if budget.since is None:
        return start, end
    noon = datetime(budget.since.year, budget.since.month, budget.since.day, 12, tzinfo=cuts.zone) + cuts.day_starts
    return max(start, cuts.windows(Cut.DAY, noon, noon + timedelta(minutes=1))[0][0]), end


def deductions(budget: Budget) -> dict[str, str]:
    """Points whose amounts are taken off, and as what.

    Feedstock is no energy consumption, and the carbon in it is not burned: but what of it becomes carbon dioxide is a
    process emission of its own, so a carbon budget keeps it.
    """
    if budget.measure == "coal":
        return dict.fromkeys(budget.feedstock, FEEDSTOCK)
    taken = dict.fromkeys(budget.non_fossil, NON_FOSSIL)
    return taken if budget.measure == "tco2" else taken | dict.fromkeys(budget.feedstock, FEEDSTOCK)


async def budget_days(
    connection: asyncpg.Connection, enterprise: EnterpriseRow, budget: Budget, days: Sequence[Period]
) -> list[Day]:
    """Each day of a budget, in order."""
    if not days:
        return []
    lines = await consumption(connection, enterprise, "carrier", days, basis=budget.basis)
    off = deductions(budget)
    taken = (
        await consumption(connection, enterprise, "point", days, basis=budget.basis, only=frozenset(off)) if off else []
    )
    return days_of(budget, lines, taken, days)


def days_of(
    budget: Budget, lines: Sequence[Consumption], taken: Sequence[Consumption], days: Sequence[Period]
) -> list[Day]:
    """Days from lines by carrier and, of what is deducted, by point."""
    off = deductions(budget)
    counts = [
        one for one in lines if (one.carrier in COAL if budget.measure == "coal" else one.in_total and one.carrier)
    ]
    lost = sorted(set(off) - {one.point for one in taken})
    by_day: dict[datetime, list[tuple[Consumption, bool]]] = {}
    for one, away in [*((c, False) for c in counts), *((t, True) for t in taken)]:
        by_day.setdefault(one.period.end, []).append((one, away))
    found = []
    for day in days:
        used: dict[str, float] = {}
        deducted: dict[str, float] = {}
        completeness: dict[str, float] = {}
        reason = "nothing_counts" if not counts else f"{lost[0]}: no_meter" if lost else ""
        for one, away in by_day.get(day.end, ()):
            name, into = (one.point or "", deducted) if away else (one.carrier or "", used)
            value = _of_measure(one, budget)
            if value is None:
                reason = reason or f"{name}: {_unknown(one, budget)}"
            into[name] = into.get(name, 0.0) + (value or 0.0)
            completeness[name] = (one.kgce_completeness if _by_energy(one, budget) else one.completeness) or 0.0
        total = sum(used[c] for c in sorted(used)) - sum(deducted[p] for p in sorted(deducted))
        found.append(Day(day.end, None if reason else total, used, deducted, completeness, reason))
    return found


def running(days: Sequence[Day]) -> list[SoFar]:
    """Sums from the first day to the end of each."""
    used: dict[str, float] = {}
    deducted: dict[str, float] = {}
    worst: dict[str, float] = {}
    daily: list[float] = []
    reason = ""
    found = []
    for number, day in enumerate(days, 1):
        # what is not known makes the sum unknown for the rest of the year, until it is
        reason = reason or day.reason
        for into, found_there in ((used, day.by_carrier), (deducted, day.deducted), (worst, day.completeness)):
            for name, value in found_there.items():
                into[name] = into.get(name, 0.0) + value
        daily.append(day.used or 0.0)
        total = sum(used[c] for c in sorted(used)) - sum(deducted[p] for p in sorted(deducted))
        completeness = min((share / number for share in worst.values()), default=0.0)
        found.append(
            SoFar(
                None if reason else total,
                dict(used),
                dict(deducted),
                () if reason else tuple(daily),
                completeness,
                reason,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Course:
    """A budget with its days so far, and where it is heading.

    Attributes:
        until: days are judged up to here; the last whole one that is closed.
        days: end and standing of each day.
        projection: None: too few days are known, or the sum so far is not.
        own_carbon: carriers counted by a carbon factor of the site's own, and where that is from.
    """

    budget: Budget
    start: datetime
    end: datetime
    until: datetime
    days: tuple[tuple[datetime, SoFar], ...]
    projection: Projection | None
    cuts: Cuts
    own_carbon: Mapping[str, str]

    @property
    def so_far(self) -> SoFar | None:
        return self.days[-1][1] if self.days else None

    @property
    def share(self) -> float:
        """Of the plan's time, how much is gone by."""
        return (self.until - self.start) / (self.end - self.start)

    def day_after(self, days: int | None) -> date | None:
        """The date of the day so many days after the last one; None: none."""
        return None if days is None else self.cuts.day_of(self.until) + (days - 1) * _DAY


_CARBON_FIRST = ("tco2", "tce", "coal")


async def budget_courses(connection: asyncpg.Connection, enterprise: EnterpriseRow, now: datetime) -> list[Course]:
    """The budgets whose year has begun, of each its latest such year's plan, carbon first."""
    found = await budget_versions(connection, enterprise.e)
    plans = [yearly(versions) for versions in found.values() if not versions[-1].retired]
    if not plans:
        return []
    cuts = await cuts_of(connection, enterprise.e)
    begun = [[budget for budget in each if year_of(budget, cuts)[0] <= now] for each in plans]
    budgets = [each[-1] for each in begun if each]
    closed = await _closed_until(connection, enterprise.e)
    site = await site_carbon(connection, enterprise.e)
    courses = []
    for budget in sorted(budgets, key=lambda b: (_CARBON_FIRST.index(b.measure), b.year, b.code)):
        start, end = year_of(budget, cuts)
        last = min(end, now if closed is None else min(now, closed))
        windows = [(lo, hi) for lo, hi in cuts.windows(Cut.DAY, start, last) if hi <= last] if last > start else []
        periods = [Period(lo, hi) for lo, hi in windows]
        told = running(await budget_days(connection, enterprise, budget, periods))
        until = windows[-1][1] if windows else start
        so_far = told[-1] if told else None
        left = len(cuts.windows(Cut.DAY, until, end)) if until < end else 0
        courses.append(
            Course(
                budget=budget,
                start=start,
                end=end,
                until=until,
                days=tuple(zip((hi for _, hi in windows), told, strict=True)),
                projection=project(so_far.used, so_far.daily, left, budget.amount)
                if so_far is not None and so_far.used is not None
                else None,
                cuts=cuts,
                own_carbon=_own_carbon(so_far, site, cuts.day_of(until) - _DAY)
                if so_far is not None and budget.measure == "tco2"
                else {},
            )
        )
    return courses


def _own_carbon(so_far: SoFar, site: Sequence[SiteCarbon], day: date) -> dict[str, str]:
    """Sources of the site's own factors on a day, of carriers that count."""
    held = {given.carrier for given in site if given.holds_on(day)}
    found = {carrier: carbon_factor(carrier, day, site) for carrier in so_far.by_carrier if carrier in held}
    return {carrier: factor.source for carrier, factor in found.items() if factor is not None}


async def _closed_until(connection: asyncpg.Connection, e: int) -> datetime | None:
    """Until when everything that is bought is closed."""
    bought = {q.p for q in await metered_points(connection, e) if q.carrier is not None and q.role == "purchased"}
    states = await point_states(connection, e)
    return min((states[p].closed_until for p in bought if p in states), default=None)


def _by_energy(one: Consumption, budget: Budget) -> bool:
    """Whether tonnes follow from standard coal, and so from heating values."""
    return budget.measure == "tce" or (
        budget.measure == "tco2" and any(factor.tco2_per_gj is not None for factor in one.carbon)
    )


def _unknown(one: Consumption, budget: Budget) -> str:
    """Why a line has no tonnes."""
    if budget.measure == "tco2" and one.amount is not None and not one.carbon:
        return "no_carbon_factor"
    return one.reason or "no_value"


def _of_measure(one: Consumption, budget: Budget) -> float | None:
    """Tonnes of a line; None: unknown."""
    if budget.measure == "tce":
        return None if one.kgce is None else one.kgce / 1000
    if budget.measure == "tco2":
        return one.tco2
    return None if one.amount is None else convert(one.amount, one.unit, "t")
