"""Which report is asked for, and making it: kept while the ledger does not publish."""

from __future__ import annotations

import re
from datetime import date, timedelta

from api.deps import Context
from db import views
from db.enpi_model import cuts_of
from db.plants import EnterpriseRow
from db.report_store import ReportVersion, recorded_report, report_versions
from db.reports import read_report
from enms.carriers import TceBasis
from enms.cuts import Cuts
from enms.errors import InputError, Mistake
from enms.report import Report
from enms.report_spans import ReportKind, report_day

_MONTH = re.compile(r"\d{4}-\d{2}")
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


async def asked_day(context: Context, owner: EnterpriseRow, kind: ReportKind, wanted: str | None) -> date:
    """The day of a report; left out: the last day (or the month of it) that is over and closed.

    Raises:
        InputError: no such day.
    """
    cuts = await cuts_of(context.pool, owner)
    if wanted:
        return parse_day(cuts, kind, wanted, "query.date")
    now = context.clock()
    closed = await views.newest_closed(context.pool, owner.e)
    return cuts.day_of(min(closed or now, now)) - timedelta(days=1)


def parse_day(cuts: Cuts, kind: ReportKind, wanted: str, place: str) -> date:
    """YYYY-MM-DD; of a month also YYYY-MM: the one that begins in it.

    Raises:
        InputError: unreadable, or no such day.
    """
    month = kind is ReportKind.MONTHLY and _MONTH.fullmatch(wanted)
    try:
        day = date.fromisoformat(f"{wanted}-{cuts.month_starts_day:02d}" if month else wanted)
    except ValueError:
        form = "2026-11 or 2026-11-25" if kind is ReportKind.MONTHLY else "2026-11-25"
        raise InputError("", [Mistake(place, f"{wanted!r} is not a day; write it as {form}")]) from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise InputError("", [Mistake(place, f"{day} is out of range")])
    return day


async def make(
    context: Context, owner: EnterpriseRow, kind: ReportKind, day: date, basis: TceBasis, version: int | None = None
) -> Report:
    """The report as the ledger stands, kept until it publishes; or a recorded version.

    Raises:
        NotFoundError: no such version.
    """
    if version is not None:
        return await recorded_report(
            context.pool, owner.e, kind, await _recorded_day(context, owner, kind, day), basis, version
        )

    async def ask() -> Report:
        async with context.pool.acquire() as connection:
            return await read_report(connection, owner, kind, day, now=context.clock(), basis=basis)

    return await context.kept.get(f"report {kind} {day} {basis}", owner.e, ask)


async def versions_of(
    context: Context, owner: EnterpriseRow, kind: ReportKind, day: date, basis: TceBasis
) -> list[ReportVersion]:
    """What was recorded of a report, the last one first."""
    return await report_versions(context.pool, owner.e, kind, await _recorded_day(context, owner, kind, day), basis)


async def _recorded_day(context: Context, owner: EnterpriseRow, kind: ReportKind, day: date) -> date:
    return report_day(await cuts_of(context.pool, owner), kind, day)
