"""The shifts of a span with the crews that work them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from api.deps import Context
from db import views
from db.crews import crew_book
from db.enpi_model import cuts_of
from db.plants import EnterpriseRow
from enms.crews import Duty

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Worked:
    """A shift, the wall day on which it begins, and who works it."""

    day: date
    shift: str
    start: datetime
    end: datetime
    duty: Duty


async def worked(context: Context, owner: EnterpriseRow, start: datetime, end: datetime) -> list[Worked]:
    """Shifts that begin in [start, end), in order of time."""
    cuts = await cuts_of(context.pool, owner)
    shifts = await views.shifts(context.pool, owner.e)
    first, last = cuts.local_day(start), cuts.local_day(end)
    book = await crew_book(context.pool, owner.e, first, last)
    found = []
    for n in range((last - first).days + 1):
        day = first + n * _DAY
        for row in shifts:
            ends = row.ends if row.ends > row.starts else row.ends + _DAY
            begins = cuts.at(day, row.starts)
            if start <= begins < end:
                found.append(Worked(day, row.code, begins, cuts.at(day, ends), book.duty(day, row.code)))
    return sorted(found, key=lambda one: one.start)
