"""Curves and coverage for pages: power over a boundary, and on what basis each quarter hour is known. Read only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from db.statements import statements
from db.views import Connection


@dataclass(frozen=True, slots=True)
class PowerRow:
    """Mean power over a quarter hour.

    Attributes:
        power: weight x amount unit an hour.
        known: how many points of the boundary it is the sum of.
        basis: the weakest that contributed, as `enms.metering.Basis`.
    """

    start: datetime
    power: float
    known: int
    basis: int


async def power_curve(
    connection: Connection, e: int, weights: Mapping[int, float], t0: datetime, t1: datetime
) -> list[PowerRow]:
    """Closed quarter hours of [t0, t1); `weights` are signed, by point."""
    rows = statements("views").power_curve(
        connection, e=e, ps=list(weights), weights=list(weights.values()), t0=t0, t1=t1
    )
    return [PowerRow(**row) async for row in rows]


@dataclass(frozen=True, slots=True)
class SpreadRow:
    """Several states over a quarter hour; `known`: of how many."""

    start: datetime
    mean: float
    lowest: float
    highest: float
    known: int


async def spread_curve(
    connection: Connection, e: int, ps: Sequence[int], t0: datetime, t1: datetime
) -> list[SpreadRow]:
    """Closed quarter hours of [t0, t1)."""
    rows = statements("views").spread_curve(connection, e=e, ps=list(ps), t0=t0, t1=t1)
    return [SpreadRow(**row) async for row in rows]


async def coverage(
    connection: Connection, e: int, ps: Sequence[int], t0: datetime, t1: datetime
) -> dict[int, dict[int, int]]:
    """By point: basis by the quarter hour's start in epoch seconds; what is not there is missing."""
    rows = statements("views").coverage(connection, e=e, ps=list(ps), t0=t0, t1=t1)
    return {row["p"]: dict(zip(row["starts"], row["bases"], strict=True)) async for row in rows}
