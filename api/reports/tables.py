"""A report as a document in zh or en: the total, carriers, processes, EnPIs, shifts, crews, alerts, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from api.console.i18n import Catalogue, catalogue
from api.console.numbers import shown, symbol
from api.console.reasons import reason
from api.console.words import N_, word
from api.reports.document import Cell, Column, Document, Row, Table, text
from api.reports.enpi_tables import crews_table, enpi_table, shifts_table
from api.reports.wording import compared, scope_title, span_text
from enms.carriers import TceBasis, carriers
from enms.report import CarrierLine, Report, ReportAlert, ReportScope, TotalLine, Used
from enms.report_spans import ReportKind


def document(report: Report, language: str) -> Document:
    """The report in zh or en."""
    say = catalogue(language)
    zh = language == "zh"
    name = report.name_zh if zh else report.name_en
    kind = say(N_("Daily energy report") if report.kind is ReportKind.DAILY else N_("Monthly energy report"))
    label = report.day.isoformat() if report.kind is ReportKind.DAILY else report.day.isoformat()[:7]
    return Document(
        title=f"{kind} {label}",
        subject=name,
        name=f"{report.enterprise}-{report.kind.value}-{label}",
        facts=_facts(report, say),
        tables=(
            _totals(report, say),
            _carriers(report, say),
            enpi_table(report, say, zh=zh),
            _processes(report, say, zh=zh),
            shifts_table(report, say, zh=zh),
            *((crews_table(report, say, zh=zh),) if report.crew_names else ()),
            _alerts(report, say, zh=zh),
            _missing(report, say),
        ),
        notes=_notes(report, say),
        language=language,
    )


def _facts(report: Report, say: Catalogue) -> tuple[tuple[str, str], ...]:
    zone = ZoneInfo(report.timezone)
    basis = N_("calorific (GB/T 2589)") if report.basis is TceBasis.CALORIFIC else N_("equivalent (GB/T 2589)")
    facts = [(say(N_("Standard coal basis")), say(basis))]
    for scope in report.scopes:
        title, state = (
            scope_title(scope.cut, report.kind, say),
            "" if scope.whole else f" · {say(N_('provisional, not over'))}",
        )
        until = scope.until if scope.until > scope.start else scope.end
        facts.append((title, span_text(scope.start, until, zone) + state))
    facts.append((say(N_("Made")), f"{report.made_at.astimezone(zone):%Y-%m-%d %H:%M} {report.timezone}"))
    return tuple(facts)


def _notes(report: Report, say: Catalogue) -> tuple[str, ...]:
    first = report.scopes[0].total
    notes = [
        say(N_("The total is what was purchased, less what was laid in stock and sold; never the sum of processes."))
    ]
    if first.unknown:
        unknown = "; ".join(reason(say, part) for part in first.unknown)
        notes.append(say(N_("The total is unknown because of: %(what)s"), what=unknown))
    if first.without_carbon:
        names = ", ".join(_carrier(code, say) for code in first.without_carbon)
        notes.append(say(N_("Without a carbon factor, and no part of tCO2: %(what)s"), what=names))
    if report.alerts_left_out:
        notes.append(f"{say(N_('Alerts'))}: {_left_out(report, say)}")
    notes.append(say(N_("— is unknown, never 0. A span is compared only where both are at least 90 % complete.")))
    notes.append(say(N_("Limits and factors are unreviewed against the official text.")))
    return tuple(notes)


def _carrier(code: str, say: Catalogue) -> str:
    known = carriers().get(code)
    return known.name(say.language) if known is not None else code


def _amount(used: Used, say: Catalogue, *, unit: str) -> Cell:
    why = reason(say, used.reason) if used.amount is None else ""
    return Cell(used.amount, "number", unit=unit, why=why, note=_about(used.completeness, used, say))


def _tce(used: Used, say: Catalogue) -> Cell:
    why = reason(say, used.reason) if used.tce is None else ""
    note = _about(used.tce_completeness, used, say) if used.tce is not None else ""
    return Cell(used.tce, "number", unit="tce", why=why, note=note)


def _about(complete: float, used: Used, say: Catalogue) -> str:
    """What has to be said beside a figure."""
    said = []
    if used.amount is not None and complete < 0.9995:
        said.append(say(N_("%(n)s %% complete"), n=f"{int(complete * 1000) / 10:g}"))
    if used.provisional:
        said.append(say(N_("provisional")))
    return ", ".join(said)


def _totals(report: Report, say: Catalogue) -> Table:
    zone = ZoneInfo(report.timezone)
    rows = []
    for scope in report.scopes:
        total, until = scope.total, max(scope.until, scope.start)
        nothing = say(N_("nothing closed yet"))
        rows.append(
            Row((
                text(scope_title(scope.cut, report.kind, say), why=span_text(scope.start, until, zone)),
                _total_tce(total, say),
                compared(total.to_before, say) if scope.cut != "year" else text(""),
                compared(total.to_year_ago, say),
                Cell(total.now.tco2, "number", unit="tCO2", why=say(N_("not known"))),
                Cell(total.now.tce_completeness if scope.carriers else None, "share", why=nothing),
                Cell(total.now.estimated_share if scope.carriers else None, "share", why=nothing),
            ))
        )  # fmt: skip
    columns = (
        Column(say(N_("Span")), numeric=False),
        Column(say(N_("Standard coal")), unit="tce"),
        Column(say(N_("To the span before"))),
        Column(say(N_("To a year ago"))),
        Column(say(N_("Carbon dioxide")), unit="tCO2"),
        Column(say(N_("Completeness"))),
        Column(say(N_("Estimated"))),
    )
    return Table("total", say(N_("Total consumption")), "", columns, tuple(rows), say(N_("Nothing in this span")))


def _total_tce(total: TotalLine, say: Catalogue) -> Cell:
    why = "; ".join(reason(say, part) for part in total.unknown)
    if total.now.tce is None and total.known_tce is not None:
        note = say(N_("known part: %(n)s tce"), n=shown(total.known_tce))
        return Cell(None, "number", unit="tce", why=why, note=note)
    return _tce(total.now, say) if total.now.tce is not None else Cell(None, "number", unit="tce", why=why)


def _scope_columns(report: Report, say: Catalogue, first: str) -> tuple[Column, ...]:
    columns = [Column(say(first), numeric=False), Column(say(N_("Unit")), numeric=False)]
    for scope in report.scopes:
        group = scope_title(scope.cut, report.kind, say)
        columns.append(Column(say(N_("Amount")), group=group))
        if scope.cut != "year":
            columns.append(Column(say(N_("To the span before")), group=group))
        columns.append(Column(say(N_("To a year ago")), group=group))
        columns.append(Column(say(N_("Standard coal")), unit="tce", group=group))
        columns.append(Column(say(N_("Carbon dioxide")), unit="tCO2", group=group))
    return tuple(columns)


def _carrier_row(lines: Sequence[CarrierLine], scopes: Sequence[ReportScope], say: Catalogue, *, level: int) -> Row:
    line = lines[0]
    inside = not line.in_total and level == 0
    note = say(N_("inside")) if inside else ""
    cells = [text(_carrier(line.carrier, say), note=note), text(symbol(line.unit))]
    for scope, one in zip(scopes, lines, strict=True):
        cells.append(_amount(one.now, say, unit=one.unit))
        if scope.cut != "year":
            cells.append(compared(one.to_before, say))
        cells.append(compared(one.to_year_ago, say))
        cells.append(_tce(one.now, say))
        cells.append(Cell(one.now.tco2, "number", unit="tCO2", why=say(N_("no carbon factor, or not known"))))
    return Row(tuple(cells), level, inside)


def _carriers(report: Report, say: Catalogue) -> Table:
    scopes = [scope for scope in report.scopes if scope.carriers]
    columns = _scope_columns(report, say, N_("Carrier"))
    rows = []
    if len(scopes) == len(report.scopes):
        rows = [
            _carrier_row([scope.carriers[n] for scope in scopes], scopes, say, level=0)
            for n in range(len(scopes[0].carriers))
        ]
    sub = say(N_("purchased less laid in stock and sold; what is made and used inside is no part of the total"))
    return Table("carriers", say(N_("By carrier")), sub, columns, tuple(rows), say(N_("nothing closed yet")))


def _processes(report: Report, say: Catalogue, *, zh: bool) -> Table:
    scopes = [scope for scope in report.scopes if scope.processes]
    columns = _scope_columns(report, say, N_("Process"))
    rows: list[Row] = []
    if len(scopes) == len(report.scopes):
        for n, process in enumerate(scopes[0].processes):
            same = [scope.processes[n] for scope in scopes]
            cells = [text(process.name_zh if zh else process.name_en), text("tce")]
            for scope, one in zip(scopes, same, strict=True):
                total = one.total
                cells.append(text(""))
                if scope.cut != "year":
                    cells.append(compared(total.to_before, say))
                cells.append(compared(total.to_year_ago, say))
                cells.append(_total_tce(total, say))
                cells.append(Cell(total.now.tco2, "number", unit="tCO2", why=say(N_("no carbon factor, or not known"))))
            rows.append(Row(tuple(cells)))
            rows += [
                _carrier_row([one.carriers[m] for one in same], scopes, say, level=1)
                for m in range(len(process.carriers))
            ]
    sub = say(N_("net: consumed less recovered and produced"))
    return Table("processes", say(N_("By process")), sub, columns, tuple(rows), say(N_("nothing closed yet")))


def _alerts(report: Report, say: Catalogue, *, zh: bool) -> Table:
    zone = ZoneInfo(report.timezone)
    rows = []
    for alert in report.alerts:
        resolved = f"{alert.resolved_at.astimezone(zone):%m-%d %H:%M}" if alert.resolved_at else say(N_("Open"))
        rows.append(
            Row((
                text(word(say, "severity", alert.severity)),
                text(alert.title_zh if zh else alert.title_en, link=f"/alerts/{alert.id}"),
                text(alert.subject),
                text(f"{alert.started_at.astimezone(zone):%m-%d %H:%M}"),
                text(resolved),
                text(_when_raised(alert, say)),
                Cell(alert.value, "number", unit=alert.unit, why=say(N_("not judged yet"))),
                Cell(alert.limit, "number", unit=alert.unit, why=say(N_("no limit"))),
                text(symbol(alert.unit)),
            ))
        )  # fmt: skip
    columns = (
        Column(say(N_("Severity")), numeric=False), Column(say(N_("Alert")), numeric=False),
        Column(say(N_("Where")), numeric=False), Column(say(N_("Since")), numeric=False),
        Column(say(N_("Until")), numeric=False), Column(say(N_("State")), numeric=False), Column(say(N_("Value"))),
        Column(say(N_("Limit"))), Column(say(N_("Unit")), numeric=False),
    )  # fmt: skip
    raised, opened = (sum(a.raised_within for a in report.alerts), sum(a.open_at_end for a in report.alerts))
    sub = say(N_("%(raised)s raised, %(open)s open at the end"), raised=raised, open=opened)
    if report.alerts_left_out:
        sub = f"{sub} · {_left_out(report, say)}"
    return Table("alerts", say(N_("Alerts")), sub, columns, tuple(rows), say(N_("nothing was raised, nothing is open")))


def _left_out(report: Report, say: Catalogue) -> str:
    said = N_("only the last %(shown)s are listed and counted, %(more)s more alerts are not")
    return say(said, shown=len(report.alerts), more=report.alerts_left_out)


def _when_raised(alert: ReportAlert, say: Catalogue) -> str:
    if alert.raised_later:
        return say(N_("raised later"))
    return say(N_("raised")) if alert.raised_within else say(N_("from before"))


def _missing(report: Report, say: Catalogue) -> Table:
    rows = tuple(
        Row((
            text(point.point, link=f"/points/{report.enterprise}/{point.point}"),
            text(point.process or ""),
            text(_carrier(point.carrier, say) if point.carrier else ""),
            Cell(point.completeness, "share"),
            Cell(point.estimated_share, "share"),
            text(reason(say, point.reason)),
        ))
        for point in report.missing
    )  # fmt: skip
    columns = (
        Column(say(N_("Point")), numeric=False), Column(say(N_("Process")), numeric=False),
        Column(say(N_("Carrier")), numeric=False), Column(say(N_("Completeness"))), Column(say(N_("Estimated"))),
        Column(say(N_("Why")), numeric=False),
    )  # fmt: skip
    sub = say(N_("points with gaps or estimates"))
    return Table("missing", say(N_("What is missing")), sub, columns, rows, say(N_("Every point is whole.")))
