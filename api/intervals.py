"""The ledger as the API shows it: every quarter hour in service, missing ones said to be missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, Field

from api.deps import Context
from api.paging import decode, decode_time, encode
from api.periods import floor_quarter
from api.spans import Span
from db import quarter_hours
from db.quarter_hours import Asked, QuarterRow, Service
from db.views import PointRow
from enms.errors import InputError, Mistake
from enms.metering import INTERVAL_S, Basis, ReadingType

QUARTER = timedelta(seconds=INTERVAL_S)


class IntervalItem(BaseModel):
    """A closed quarter hour of a point."""

    point: str = Field(examples=["bf1.elec.active_energy"])
    start: datetime
    end: datetime
    amount: float | None = Field(description="Over the covered time; the mean of a state; null when missing")
    unit: str = Field(examples=["kWh"])
    basis: str = Field(description="measured, apportioned, estimated or missing: the weakest that contributed")
    completeness: float = Field(description="Covered share of the quarter hour, counted from the point's first reading")
    estimated_share: float = Field(description="Share of the covered time whose shape is an estimate")
    suspect: bool = Field(description="A reading of suspect quality contributed")
    rev: int | None = Field(description="How often the value was replaced; null when it was never known")
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

    A virtual point is the signed sum of its terms: missing where any of them is.

    Raises:
        InputError: not a cursor of this list.
    """
    if not points:
        return Quarters([], None)
    e = points[0].e
    terms = await _terms(context, points)
    metered = sorted({p for signed in terms.values() for p in signed})
    service = await quarter_hours.service(context.pool, e, metered)
    wanted = _after(cursor, [(point, _span(terms[point.p], service, span, as_of)) for point in points])
    items: list[IntervalItem] = []
    for point, asked in wanted:
        room = limit + 1 - len(items)
        if asked is None or room <= 0:
            continue
        found = await _of_point(context, point, terms[point.p], service, asked, as_of, room)
        items += found
    if len(items) <= limit:
        return Quarters(items, None)
    last = items[limit - 1]
    return Quarters(items[:limit], encode("intervals", last.point, last.start))


def _after(cursor: str | None, wanted: list[tuple[PointRow, Span | None]]) -> list[tuple[PointRow, Span | None]]:
    """What is left behind a cursor."""
    if not cursor:
        return wanted
    code, text = decode("intervals", cursor, 2)
    start = decode_time(text)
    at = next((n for n, (point, _) in enumerate(wanted) if point.code == code), None)
    if at is None:
        raise InputError("", [Mistake("query.cursor", "not a cursor of this list")])
    point, span = wanted[at]
    left = None
    if span is not None and start + QUARTER < span.end:
        left = Span(max(span.start, start + QUARTER), span.end)
    return [(point, left), *wanted[at + 1 :]]


async def _terms(context: Context, points: Sequence[PointRow]) -> dict[int, dict[int, int]]:
    """Signed metered points of each point, virtual ones taken apart."""
    by_code = {row.code: row for row in await context.registry.points(points[0].e)}
    by_code |= {row.code: row for row in await context.registry.virtual(points[0].e)}

    def below(row: PointRow, sign: int, seen: frozenset[str]) -> dict[int, int]:
        if row.reading != ReadingType.VIRTUAL:
            return {row.p: sign}
        found: dict[int, int] = {}
        for term in row.virtual:
            if term.point in by_code and term.point not in seen:
                for p, s in below(by_code[term.point], sign * term.sign, seen | {row.code}).items():
                    found[p] = found.get(p, 0) + s
        return found

    return {point.p: below(point, 1, frozenset()) for point in points}


def _span(terms: dict[int, int], service: dict[int, Service], span: Span, as_of: datetime | None) -> Span | None:
    """The part of the span in which all terms are in service and closed."""
    known = [service.get(p, Service(None, None)) for p in terms]
    sinces = [s.since for s in known if s.since is not None]
    untils = [s.until for s in known if s.until is not None]
    if not terms or len(sinces) < len(terms) or len(untils) < len(terms):
        return None
    start = max(floor_quarter(max(sinces)), -(-span.start.timestamp() // INTERVAL_S) * QUARTER + _EPOCH)
    end = min(*untils, floor_quarter(span.end))
    if as_of is not None:
        end = min(end, floor_quarter(as_of))
    return Span(start, end) if end > start else None


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


async def _of_point(
    context: Context,
    point: PointRow,
    terms: dict[int, int],
    service: dict[int, Service],
    span: Span,
    as_of: datetime | None,
    limit: int,
) -> list[IntervalItem]:
    end = min(span.end, span.start + limit * QUARTER)
    asked = [Asked(p, span.start, end) for p in terms]
    rows = await quarter_hours.quarter_hours(context.pool, point.e, asked, as_of=as_of, limit=limit * len(terms))
    if point.reading != ReadingType.VIRTUAL:
        since = service[point.p].since
        return [_item(point, row, since) for row in rows]
    by_start: dict[datetime, list[QuarterRow]] = {}
    for row in rows:
        by_start.setdefault(row.start, []).append(row)
    return [_joined(point, terms, start, parts) for start, parts in sorted(by_start.items())]


def _item(point: PointRow, row: QuarterRow, since: datetime | None) -> IntervalItem:
    covered = row.covered_s or 0.0
    end = row.start + QUARTER
    elapsed = (end - max(row.start, since or row.start)).total_seconds()
    known = row.amount is not None
    return IntervalItem(
        point=point.code,
        start=row.start,
        end=end,
        amount=row.amount,
        unit=point.amount_unit,
        basis=Basis(row.basis if known and row.basis is not None else Basis.MISSING).name.lower(),
        completeness=min(1.0, covered / elapsed) if known and elapsed > 0 else 0.0,
        estimated_share=(row.estimated_s or 0.0) / covered if known and covered > 0 else 0.0,
        suspect=bool(row.suspect),
        rev=row.rev,
        known_at=row.known_at,
    )


def _joined(point: PointRow, terms: dict[int, int], start: datetime, parts: Sequence[QuarterRow]) -> IntervalItem:
    amounts = [terms[row.p] * row.amount for row in parts if row.amount is not None]
    known = len(amounts) == len(terms)
    covered = min((row.covered_s or 0.0 for row in parts), default=0.0)
    estimated = max((row.estimated_s or 0.0 for row in parts), default=0.0)
    bases = [row.basis for row in parts if row.basis is not None]
    times = [row.known_at for row in parts if row.known_at is not None]
    return IntervalItem(
        point=point.code,
        start=start,
        end=start + QUARTER,
        amount=sum(amounts) if known else None,
        unit=point.amount_unit,
        basis=Basis(max(bases)).name.lower() if known else "missing",
        completeness=covered / INTERVAL_S if known else 0.0,
        estimated_share=min(1.0, estimated / covered) if known and covered > 0 else 0.0,
        suspect=any(row.suspect for row in parts),
        rev=max((row.rev for row in parts if row.rev is not None), default=None),
        known_at=max(times, default=None),
    )
