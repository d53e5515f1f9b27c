"""Production entered by hand: what may be entered, checked before it is written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from api.deps import Context
from db import hand, views
from db.enpi_model import cuts_of
from db.hand import HandEntry
from db.plants import EnterpriseRow
from db.views import PointRow, ShiftRow
from enms.cuts import Cuts
from enms.errors import InputError, Mistake
from enms.metering import INTERVAL_S, ReadingType, Role

# An entry for more than a month is a slip of the pen.
_LONGEST = timedelta(days=31)
WHOLE_DAY = "day"


@dataclass(frozen=True, slots=True)
class Asked:
    """An entry as somebody wrote it."""

    point: str
    start: datetime
    end: datetime
    value: float
    by: str
    reason: str


async def output_points(context: Context, owner: EnterpriseRow) -> list[PointRow]:
    """The points whose production may be entered by hand: outputs counted over spans, not by a register."""
    return [
        point
        for point in await context.registry.points(owner.e)
        if point.role == Role.OUTPUT and point.reading == ReadingType.INTERVAL
    ]


async def enter(context: Context, owner: EnterpriseRow, asked: Asked) -> int:
    """Check an entry and write it; its number.

    Raises:
        InputError: every mistake in it.
        ConflictError: the period is sealed.
    """
    points = {point.code: point for point in await output_points(context, owner)}
    now = context.clock()
    mistakes = _mistakes(asked, points, now)
    if mistakes:
        raise InputError("", mistakes)
    entry = HandEntry(
        points[asked.point].p, asked.start, asked.end, asked.value, asked.reason.strip(), asked.by.strip()
    )
    async with context.pool.acquire() as connection:
        return await hand.enter(connection, owner.e, entry, now=now)


def _mistakes(asked: Asked, points: dict[str, PointRow], now: datetime) -> list[Mistake]:
    found = []
    if asked.point not in points:
        known = ", ".join(points) or "none"
        found.append(Mistake("body.point", f"{asked.point!r} is no output counted over spans; there are: {known}"))
    if not math.isfinite(asked.value) or asked.value < 0:
        found.append(Mistake("body.value", f"{asked.value} is no amount; 0 is a standstill"))
    if asked.end <= asked.start:
        found.append(Mistake("body.t", "the end is not after the start"))
    elif asked.end - asked.start > _LONGEST:
        found.append(Mistake("body.start", "the span is longer than 31 days"))
    if asked.end > now:
        found.append(Mistake("body.t", f"the span ends at {asked.end.isoformat()}: it is not over"))
    for edge, place in ((asked.start, "body.start"), (asked.end, "body.t")):
        if edge.timestamp() % INTERVAL_S:
            found.append(Mistake(place, f"{edge.isoformat()} is not on a quarter hour"))
    found += [
        Mistake(f"body.{name}", "is needed")
        for name, text in (("by", asked.by), ("reason", asked.reason))
        if not text.strip()
    ]
    return found


async def span_of(context: Context, owner: EnterpriseRow, day: date, shift: str) -> tuple[datetime, datetime]:
    """A shift that begins on a day, or the whole day.

    Raises:
        InputError: no such shift.
    """
    cuts = await cuts_of(context.pool, owner)
    if shift == WHOLE_DAY:
        return cuts.day_begins(day), cuts.day_begins(day + timedelta(days=1))
    shifts = {row.code: row for row in await views.shifts(context.pool, owner.e)}
    if shift not in shifts:
        raise InputError("", [Mistake("body.shift", f"{shift!r} is none of {', '.join([WHOLE_DAY, *shifts])}")])
    return _shift(cuts, day, shifts[shift])


def _shift(cuts: Cuts, day: date, row: ShiftRow) -> tuple[datetime, datetime]:
    """A shift belongs to the wall date on which it begins; one that ends before it begins ends on the next."""
    ends = row.ends if row.ends > row.starts else row.ends + timedelta(days=1)
    return cuts.at(day, row.starts), cuts.at(day, ends)
