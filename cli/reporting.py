"""Reports by schedule: made once the enterprise's day is over and closed, again where late data revised it.

What is recorded is never changed: revised data adds a version. Doing it again changes nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import asyncpg
import structlog

from api.reports.files import content_of
from db import plants, views
from db.enpi_model import cuts_of
from db.plants import EnterpriseRow
from db.report_store import LastMade, last_made, newest_known, record_report, unsettled
from db.reports import read_report
from enms.carriers import TceBasis
from enms.cuts import Cuts
from enms.errors import UnavailableError
from enms.report import Report
from enms.report_spans import ReportKind, report_day, report_span
from enms.settings import Settings

log = structlog.get_logger()

# Late data is expected for this long; what comes later still does to the ledger what it does.
_LOOK_BACK = timedelta(days=35)
# A value may be published by a transaction that was not over when the report was made.
_UNSEEN = timedelta(minutes=10)
_DAY = timedelta(days=1)
_FORMATS = ("json", "xlsx", "pdf")


@dataclass(frozen=True, slots=True)
class Made:
    """A report that was made: its version; None where it says what the last one said, or where it waits.

    Attributes:
        waits: the ledger has readings of its span that it has not taken in yet.
    """

    enterprise: str
    kind: ReportKind
    day: date
    version: int | None
    waits: bool = False


async def make_due(connection: asyncpg.Connection, settings: Settings, now: datetime) -> list[Made]:
    """Make every report that is due and not made yet, or revised since; write files where a folder is set.

    Args:
        connection: idle.
        settings: the folder, the language, the hours to wait.
        now: the clock.
    """
    made = []
    for owner in await plants.enterprises(connection):
        cuts = await cuts_of(connection, owner)
        closed = await views.newest_closed(connection, owner.e)
        if closed is None:
            continue
        until = min(closed, now - timedelta(hours=settings.reports_after_h))
        registered = cuts.day_of(owner.registered_at)
        # A plant that comes in with history has a yesterday to report on; older history is nobody's report.
        begun = max(registered - _DAY, cuts.day_of(now - _LOOK_BACK))
        known = await last_made(connection, owner.e, TceBasis.CALORIFIC, begun - timedelta(days=31))
        for kind, day in _over(cuts, begun, until):
            last = known.get((kind.value, day))
            if last is not None and not await _revised(connection, owner, cuts, last):
                continue
            span = report_span(cuts, kind, day)
            if day < registered and await newest_known(connection, owner.e, *span) is None:
                continue
            if await unsettled(connection, owner.e, span[1]):
                made.append(Made(owner.code, kind, day, None, waits=True))
                continue
            made.append(await _make(connection, settings, owner, kind, day, now))
    return made


def _over(cuts: Cuts, first: date, until: datetime) -> Iterator[tuple[ReportKind, date]]:
    """Days from `first` on that are over, oldest first, and after its last day each month that is."""
    day = first
    while cuts.day_begins(day + _DAY) <= until:
        yield ReportKind.DAILY, day
        if report_span(cuts, ReportKind.MONTHLY, day)[1] == cuts.day_begins(day + _DAY):
            yield ReportKind.MONTHLY, report_day(cuts, ReportKind.MONTHLY, day)
        day += _DAY


async def _revised(connection: asyncpg.Connection, owner: EnterpriseRow, cuts: Cuts, last: LastMade) -> bool:
    """Whether anything of its span was published after it was made."""
    newest = await newest_known(connection, owner.e, *report_span(cuts, last.kind, last.day))
    return newest is not None and newest > last.checked_at - _UNSEEN


async def _make(
    connection: asyncpg.Connection, settings: Settings, owner: EnterpriseRow, kind: ReportKind, day: date, now: datetime
) -> Made:
    report = await read_report(connection, owner, kind, day, now=now)
    version = await record_report(connection, owner.e, report)
    if version is not None:
        log.info("report made", enterprise=owner.code, kind=kind.value, day=day.isoformat(), version=version)
        if settings.reports_dir is not None:
            await write_files(settings.reports_dir, report, version, settings.reports_language)
    return Made(owner.code, kind, day, version)


async def write_files(folder: Path, report: Report, version: int, language: str) -> list[Path]:
    """Write a version as JSON, workbook and PDF; a machine that cannot lay out PDF says so in the log."""
    target = folder / report.enterprise / report.kind.value
    await asyncio.to_thread(target.mkdir, parents=True, exist_ok=True)
    written = []
    for form in _FORMATS:
        try:
            data = await content_of(report, form, language)
        except UnavailableError as problem:
            log.warning("report not written", format=form, reason=str(problem))
            continue
        file = target / f"{report.day.isoformat()}-v{version}.{form}"
        await asyncio.to_thread(replace_file, file, data)
        written.append(file)
    return written


def replace_file(file: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    half = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        half.write_bytes(data)
        half.replace(file)
    finally:
        half.unlink(missing_ok=True)
