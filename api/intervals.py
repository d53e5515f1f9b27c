"""The ledger as the API shows it: every quarter hour in service, missing ones said to be missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, Field

from api.deps import Context
from api.paging import decode, decode_time, encode
from api.spans import Span
from db import ledger
from db.ledger import IntervalRow
from db.views import PointRow
from enms.errors import InputError, Mistake
from enms.quarters import QUARTER, quarter_ceil


class IntervalItem(BaseModel):
    """A closed quarter hour of a point."""

    point: str = Field(examples=["bf1.elec.active_energy"])
    start: datetime
    end: datetime
    amount: float | None = Field(description="Over the covered time; the mean of a state; null when missing")
    unit: str = Field(examples=["kWh"])
    basis: str = Field(description="measured, apportioned, estimated or missing: the weakest that contributed")
    completeness: float | None = Field(
        description="Covered share of the quarter hour, counted from the point's first reading; null before it"
    )
    estimated_share: float = Field(description="Share of the covered time whose shape is an estimate")
    suspect: bool = Field(description="A reading of suspect quality contributed")
    rev: int = Field(description="Grows with every value published; 0 when nothing was ever known")
    known_at: datetime | None = Field(description="Since when the ledger says so")


@dataclass(frozen=True, slots=True)
class Quarters:
    """One page of the ledger, and where the next begins."""

    items: list[IntervalItem]
    next_cursor: str | None


async def intervals(
    context: Context, points: Sequence[PointRow], span: Span, *, as_of: datetime | None, cursor: str | None, limit: int
) -> Quarters:
    """Closed quarter hours of points of one enterprise, by point and time.

    Raises:
        InputError: not a cursor of this list.
    """
    items: list[IntervalItem] = []
    for point, asked in _left(points, span, cursor):
        start = quarter_ceil(asked.start)
        while start < asked.end and len(items) <= limit:
            # As many as can still be shown; where the point was out of service there are fewer.
            end = min(asked.end, start + (limit + 1 - len(items)) * QUARTER)
            now = context.clock()
            rows = await ledger.intervals(context.pool, point.e, point.p, start, end, as_of, now=now)
            items += [interval_item(point, row) for row in rows]
            start = end
    if len(items) <= limit:
        return Quarters(items, None)
    last = items[limit - 1]
    return Quarters(items[:limit], encode("intervals", last.point, last.start))


def _left(points: Sequence[PointRow], span: Span, cursor: str | None) -> list[tuple[PointRow, Span]]:
    """What is to be shown from a cursor on."""
    wanted = [(point, span) for point in points]
    if not cursor:
        return wanted
    code, text = decode("intervals", cursor, 2)
    start = max(decode_time(text) + QUARTER, span.start)
    at = next((n for n, point in enumerate(points) if point.code == code), None)
    if at is None:
        raise InputError("", [Mistake("query.cursor", "not a cursor of this list")])
    return [(points[at], Span(start, span.end)), *wanted[at + 1 :]]


def interval_item(point: PointRow, row: IntervalRow) -> IntervalItem:
    """A quarter hour of a point as the API shows it."""
    return IntervalItem(
        point=point.code,
        start=row.start,
        end=row.end,
        amount=row.amount,
        unit=point.amount_unit,
        basis=row.basis.name.lower(),
        completeness=row.completeness,
        estimated_share=min(1.0, row.estimated_s / row.covered_s) if row.covered_s > 0 else 0.0,
        suspect=row.suspect,
        rev=row.rev,
        known_at=row.known_at,
    )
