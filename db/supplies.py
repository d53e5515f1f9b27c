"""Settlement meters as configured, and what their voltage was over ten minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from db.instants import BEGINNING, known
from db.metered import MeteredPoint
from db.statements import statements
from db.versions import Version, validity
from enms.budget import Budget
from enms.supply import Supply

TEN_MINUTES_S = 600.0


@dataclass(frozen=True, slots=True)
class SupplyVersion(Version):
    """A supply over [valid_from, valid_to)."""

    supply: Supply


@dataclass(frozen=True, slots=True)
class BudgetVersion:
    """A budget as recorded; of a year the last one holds, for the whole of it (`yearly`)."""

    budget: Budget
    valid_from: datetime
    recorded_at: datetime
    retired: bool


async def supply_versions(connection: asyncpg.Connection, e: int) -> dict[str, list[SupplyVersion]]:
    """Every supply's versions, by code, in order of time."""
    found: dict[str, list[SupplyVersion]] = {}
    async for row in statements("supplies").supply_versions(connection, e=e):
        version = SupplyVersion(
            supply=Supply.model_validate_json(row["definition"]),
            **validity(row),
        )
        found.setdefault(row["code"], []).append(version)
    return found


async def budget_versions(connection: asyncpg.Connection, e: int) -> dict[str, list[BudgetVersion]]:
    """Every budget's versions, by code, as one follows another; the last says whether it is there."""
    found: dict[str, list[BudgetVersion]] = {}
    async for row in statements("supplies").budget_versions(connection, e=e):
        version = BudgetVersion(
            budget=Budget.model_validate_json(row["definition"]),
            valid_from=known(row["valid_from"]) or BEGINNING,
            recorded_at=row["recorded_at"],
            retired=row["retired"],
        )
        found.setdefault(row["code"], []).append(version)
    return found


def yearly(versions: Sequence[BudgetVersion]) -> tuple[Budget, ...]:
    """A budget's plans, one a year, in order of time.

    Each January the next year's plan stands in the file under the same code: that annuls nothing of the year before. A
    plan for an earlier year than the one it follows does: the later year's was a mistake.
    """
    plans: dict[int, Budget] = {}
    for version in versions:
        budget = version.budget
        if not version.retired:
            plans = {year: plan for year, plan in plans.items() if year < budget.year} | {budget.year: budget}
    return tuple(plans.values())


async def ten_minute_means(
    connection: asyncpg.Connection, e: int, points: Sequence[MeteredPoint], start: datetime, end: datetime
) -> dict[int, dict[datetime, float]]:
    """Means of gauges over ten minutes, by point and start; where less than half of it is known, it is left out.

    Args:
        connection: idle or in a transaction.
        e: enterprise.
        points: gauges; a reading holds until the next one, at most the point's `max_gap_s`.
        start, end: on ten minutes.
    """
    rows = statements("supplies").ten_minute_means(
        connection, e=e, points=[q.p for q in points], gaps=[q.max_gap_s for q in points], f=start, t=end
    )
    found: dict[int, dict[datetime, float]] = {}
    async for row in rows:
        if row["covered_s"] >= TEN_MINUTES_S / 2:
            found.setdefault(row["p"], {})[row["start"]] = row["weighed"] / row["covered_s"]
    return found
