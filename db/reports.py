"""The figures of daily and monthly reports, from the ledger.

The enterprise's total is what it purchased, less what it laid in stock and sold; never the sum of its processes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import asyncpg

from db import views
from db.alerts import AlertRow, alerts_within
from db.consumption import By, Consumption, TotalsBook, consumption
from db.crews import crew_book
from db.energy import Period
from db.enpi_model import cuts_of
from db.plants import EnterpriseRow
from db.report_enpis import enpi_lines
from db.shift_comparison import compare_shifts
from enms.carriers import TceBasis
from enms.cuts import Cut, Cuts, Window
from enms.report import (
    COMPARABLE,
    CarrierLine,
    EnpiLine,
    MissingPoint,
    ProcessLine,
    Report,
    ReportAlert,
    ReportScope,
    ReportSpan,
    TotalLine,
    Used,
    change,
    total_line,
)
from enms.report_spans import ReportKind, Scope, report_day, report_scopes, report_span
from enms.shift_comparison import ShiftComparison

_MOST_ALERTS = 500
_Lines = Mapping[tuple[str | None, str | None, Period], Consumption]


@dataclass(frozen=True, slots=True)
class _Figures:
    """Consumption lines by what they are about, and the order they came in."""

    carriers: Sequence[str]
    processes: Mapping[str, Sequence[str]]
    lines: _Lines
    cuts: Cuts


async def read_report(
    connection: asyncpg.Connection,
    enterprise: EnterpriseRow,
    kind: ReportKind,
    day: date,
    *,
    now: datetime,
    basis: TceBasis = TceBasis.CALORIFIC,
) -> Report:
    """A report as the ledger stands.

    Args:
        connection: idle or in a transaction.
        enterprise: whose.
        kind: daily or monthly.
        day: the enterprise's day; of a month any day in it.
        now: the clock.
        basis: 当量 or 等价.
    """
    cuts = await cuts_of(connection, enterprise)
    closed = await views.newest_closed(connection, enterprise.e)
    until = min(closed, now) if closed is not None else now
    scopes = report_scopes(cuts, kind, day, until if closed is not None else report_span(cuts, kind, day)[0])
    book: TotalsBook = {}
    figures = await _figures(connection, enterprise, scopes, cuts, basis, book)
    names = {row.code: row for row in await views.processes(connection, enterprise.e)}
    enpis = await enpi_lines(connection, enterprise, scopes)
    span = report_span(cuts, kind, day)
    told = await _shifts(connection, enterprise, kind, scopes, now)
    found = await alerts_within(connection, enterprise.e, *span, limit=_MOST_ALERTS)
    return Report(
        kind=kind,
        enterprise=enterprise.code,
        name_zh=enterprise.name_zh,
        name_en=enterprise.name_en,
        timezone=enterprise.timezone,
        day=report_day(cuts, kind, day),
        basis=basis,
        closed=closed,
        whole=scopes[0].whole,
        made_at=now,
        scopes=tuple(_scope(scope, figures, names, of) for scope, of in zip(scopes, enpis, strict=True)),
        alerts=tuple(_alert(row, span) for row in found.rows),
        alerts_left_out=found.in_all - len(found.rows),
        missing=await _missing(connection, enterprise, scopes[0], basis, book),
        shifts=told.shifts,
        crews=told.crews,
        crew_names=told.crew_names,
    )


@dataclass(frozen=True, slots=True)
class _Shifts:
    """Fields of the report with these names."""

    shifts: tuple[ShiftComparison, ...]
    crews: tuple[ShiftComparison, ...]
    crew_names: tuple[tuple[str, str, str], ...]


async def _shifts(
    connection: asyncpg.Connection, enterprise: EnterpriseRow, kind: ReportKind, scopes: Sequence[Scope], now: datetime
) -> _Shifts:
    """The shifts of the day; of a month only those of one code together, or it would be a thousand lines.

    Crews over the month, or the month to date: in a day each works one shift, which says nothing of it.
    """
    day, month = scopes[0], next(scope for scope in scopes if scope.cut is Cut.MONTH)
    names = await _crew_names(connection, enterprise, month)
    summed: tuple[ShiftComparison, ...] = ()
    if names or kind is ReportKind.MONTHLY:
        summed = await compare_shifts(connection, enterprise, month.start, month.until, now=now, singly=False)
    crews = tuple(replace(one, by_shift=()) for one in summed if one.by_crew) if names else ()
    if kind is ReportKind.MONTHLY:
        shifts = summed
    else:
        shifts = await compare_shifts(connection, enterprise, day.start, day.until, now=now)
    return _Shifts(shifts, crews, names if crews else ())


async def _crew_names(
    connection: asyncpg.Connection, enterprise: EnterpriseRow, month: Scope
) -> tuple[tuple[str, str, str], ...]:
    """Code, zh and en of the crews of the month's rosters."""
    zone = ZoneInfo(enterprise.timezone)
    book = await crew_book(connection, enterprise.e, *(t.astimezone(zone).date() for t in (month.start, month.end)))
    zh, en = book.names("zh"), book.names("en")
    return tuple((code, zh[code], en[code]) for code in zh)


def _windows(scope: Scope) -> list[Window]:
    return [w for w in ((scope.start, scope.until), scope.before, scope.year_ago) if w is not None and w[0] < w[1]]


async def _figures(
    connection: asyncpg.Connection,
    enterprise: EnterpriseRow,
    scopes: Sequence[Scope],
    cuts: Cuts,
    basis: TceBasis,
    book: TotalsBook,
) -> _Figures:
    periods = [Period(*window) for window in dict.fromkeys(w for scope in scopes for w in _windows(scope))]
    lines: dict[tuple[str | None, str | None, Period], Consumption] = {}
    processes: dict[str, dict[str, None]] = {}
    carriers: dict[str, None] = {}
    kinds: tuple[By, ...] = ("carrier", "process")
    for by in kinds:
        for line in await consumption(connection, enterprise, by, periods, basis=basis, cuts=cuts, book=book):
            if line.carrier is None:
                continue
            lines[line.process, line.carrier, line.period] = line
            if line.process is None:
                carriers[line.carrier] = None
            else:
                processes.setdefault(line.process, {})[line.carrier] = None
    return _Figures(list(carriers), {p: list(found) for p, found in processes.items()}, lines, cuts)


def _scope(
    scope: Scope, figures: _Figures, names: Mapping[str, views.ProcessRow], enpis: tuple[EnpiLine, ...]
) -> ReportScope:
    begun = scope.start < scope.until
    carriers = [_line(figures, None, carrier, scope) for carrier in figures.carriers] if begun else []
    processes = []
    for code, row in names.items() if begun else ():
        lines = [_line(figures, code, carrier, scope) for carrier in figures.processes.get(code, ())]
        if lines:
            total = _total(code, lines, scope, figures)
            processes.append(ProcessLine(code, row.name_zh, row.name_en, total, tuple(lines)))
    return ReportScope(
        cut=scope.cut.value,
        start=scope.start,
        end=scope.end,
        until=scope.until,
        whole=scope.whole,
        before=_span(scope.before),
        year_ago=_span(scope.year_ago),
        total=_total(None, [line for line in carriers if line.in_total], scope, figures),
        carriers=tuple(carriers),
        processes=tuple(processes),
        enpis=enpis,
    )


def _span(window: Window | None) -> ReportSpan | None:
    return None if window is None else ReportSpan(*window)


def _line(figures: _Figures, process: str | None, carrier: str, scope: Scope) -> CarrierLine:
    found = figures.lines[process, carrier, Period(scope.start, scope.until)]
    now = _used(found)
    before, year_ago = (_used_then(figures, process, carrier, w) for w in (scope.before, scope.year_ago))
    return CarrierLine(
        carrier=carrier,
        unit=found.unit,
        in_total=found.in_total,
        now=now,
        before=before,
        year_ago=year_ago,
        to_before=change(now, before, exists=scope.before is not None),
        to_year_ago=change(now, year_ago, exists=scope.year_ago is not None),
    )


def _used_then(figures: _Figures, process: str | None, carrier: str, window: Window | None) -> Used | None:
    return None if window is None else _used(figures.lines[process, carrier, Period(*window)])


def _used(line: Consumption) -> Used:
    complete, converted = line.completeness or 0.0, line.kgce_completeness or 0.0
    # Coal whose heating value is not known for a third of the day is not two thirds of its standard coal.
    valued = line.kgce is not None and converted >= COMPARABLE * complete
    return Used(
        amount=line.amount,
        tce=line.kgce / 1000 if line.kgce is not None and valued else None,
        tco2=line.tco2,
        completeness=min(1.0, complete * line.served_share),
        tce_completeness=min(1.0, converted * line.served_share),
        estimated_share=line.estimated_share,
        provisional=line.provisional,
        reason=line.reason or ("no data" if line.amount is None else None),
    )


def _total(process: str | None, lines: Sequence[CarrierLine], scope: Scope, figures: _Figures) -> TotalLine:
    period = Period(scope.start, scope.until)
    bare = {line.carrier for line in lines if not figures.lines[process, line.carrier, period].carbon}
    return total_line(
        lines, before=scope.before is not None, year_ago=scope.year_ago is not None, without_carbon=sorted(bare)
    )


def _alert(row: AlertRow, span: Window) -> ReportAlert:
    """What a span judged as a whole raises is raised at its very end, and belongs to it; so does what ends there."""
    start, end = span
    over = row.resolved_at is not None and row.resolved_at <= end
    return ReportAlert(
        id=row.id,
        rule=row.rule,
        title_zh=row.title_zh,
        title_en=row.title_en,
        subject=row.subject,
        severity=row.severity,
        started_at=row.started_at,
        resolved_at=row.resolved_at if over else None,
        raised_within=start < row.fired_at <= end,
        raised_later=row.fired_at > end,
        open_at_end=row.fired_at <= end and not over,
        value=row.value,
        limit=row.limit_value,
        unit=row.unit,
    )


async def _missing(
    connection: asyncpg.Connection, enterprise: EnterpriseRow, scope: Scope, basis: TceBasis, book: TotalsBook
) -> tuple[MissingPoint, ...]:
    """Points whose amounts are not whole in the shortest span, the worst first."""
    if scope.start >= scope.until:
        return ()
    lines = await consumption(
        connection, enterprise, "point", [Period(scope.start, scope.until)], basis=basis, book=book
    )
    found = [
        MissingPoint(line.point, line.process, line.carrier, used.completeness, used.estimated_share, used.reason)
        for line, used in ((line, _used(line)) for line in lines)
        if line.point is not None and (used.completeness < 1.0 or used.estimated_share > 0 or used.reason is not None)
    ]
    return tuple(sorted(found, key=lambda point: (point.completeness, point.point)))
