"""EnPIs against their limits, and shifts against what is usual, as tables of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote
from zoneinfo import ZoneInfo

from api.console.i18n import Catalogue
from api.console.numbers import shown
from api.console.reasons import reason
from api.console.words import N_, word
from api.reports.document import Cell, Column, Row, Table, text
from api.reports.wording import compared, scope_title
from enms.carriers import carriers
from enms.performance import State
from enms.report import EnpiLine, Report
from enms.report_spans import ReportKind
from enms.shift_comparison import ShiftComparison, ShiftRun
from enms.shift_sums import ShiftSummary
from enms.shift_values import Contribution

_FINER = {"finer_than_an_input": N_("an input is coarser than this span"), "nothing_closed": N_("nothing closed yet")}


def enpi_table(report: Report, say: Catalogue, *, zh: bool) -> Table:
    """One row an EnPI and span."""
    rows = []
    for n, first in enumerate(report.scopes[0].enpis):
        for scope in report.scopes:
            line = scope.enpis[n]
            name = first.name_zh if zh else first.name_en
            rows.append(
                _row(line, say, name if scope is report.scopes[0] else "", scope_title(scope.cut, report.kind, say))
            )
    columns = (
        Column(say(N_("Indicator")), numeric=False), Column(say(N_("Span")), numeric=False),
        Column(say(N_("Value"))), Column(say(N_("Range")), numeric=False), Column(say(N_("Unit")), numeric=False),
        Column(say(N_("Limit"))), Column(say(N_("Verdict")), numeric=False), Column(say(N_("Completeness"))),
        Column(say(N_("Estimated"))), Column(say(N_("To the span before"))), Column(say(N_("To a year ago"))),
        Column(say(N_("Edition")), numeric=False),
    )  # fmt: skip
    sub = say(N_("against the level that binds the line; level 1 is a target, never a limit"))
    empty = say(N_("No EnPI is declared."))
    return Table("enpis", say(N_("EnPIs against their limits")), sub, columns, tuple(rows), empty)


def _row(line: EnpiLine, say: Catalogue, name: str, span: str) -> Row:
    known = line.value is not None
    band = f"{shown(line.low)} – {shown(line.high)}" if line.low is not None and line.high is not None else ""
    over = line.verdict == "over"
    verdict = word(say, "verdict", line.verdict) if line.limit is not None or line.verdict_reason else "—"
    certainty = f" · {word(say, 'certainty', line.certainty)}" if line.certainty else ""
    why = reason(say, line.verdict_reason) if line.verdict_reason else ""
    level = say(N_("level %(n)s"), n=line.level) if line.level is not None and line.limit is not None else ""
    return Row(
        (
            text(name),
            text(span, note=say(N_("provisional")) if line.provisional and known else ""),
            Cell(line.value, "number", unit=line.unit, why=_why(line.reason, say), look="over" if over else ""),
            text(band),
            text(line.unit),
            Cell(line.limit, "number", unit=line.unit, why=say(N_("no limit binds it")), note=level),
            text(verdict + certainty, note=why, look="over" if over else ""),
            Cell(line.completeness if known else None, "share", why=_why(line.reason, say)),
            Cell(line.estimated_share if known else None, "share", why=_why(line.reason, say)),
            compared(line.to_before, say),
            compared(line.to_year_ago, say),
            text(f"{line.edition} {line.clause or ''}".strip() if line.edition else ""),
        ),
        level=0 if name else 1,
    )


def _why(raw: str | None, say: Catalogue) -> str:
    return say(_FINER[raw]) if raw in _FINER else reason(say, raw)


def shifts_table(report: Report, say: Catalogue, *, zh: bool) -> Table:
    """One row an EnPI and shift with its main cause; of a month, the shifts of one code together."""
    if report.kind is ReportKind.MONTHLY:
        return _shifts_summed(report, say, zh=zh)
    zone = ZoneInfo(report.timezone)
    rows = [
        row
        for one in report.shifts
        for row in _of_one(one, [_single(run, one, say, zone) for run in one.runs], report, zh=zh)
    ]
    columns = (
        Column(say(N_("Indicator")), numeric=False), Column(say(N_("Shift")), numeric=False),
        Column(say(N_("Span")), numeric=False), Column(say(N_("Energy")), unit="tce"), Column(say(N_("Output"))),
        Column(say(N_("Unit consumption"))), Column(say(N_("Unit")), numeric=False), Column(say(N_("Difference"))),
        Column(say(N_("Mostly because of")), numeric=False), Column(say(N_("Completeness"))),
    )  # fmt: skip
    sub = say(N_("against the shifts of the week before (too few: all shown)"))
    return Table("shifts", say(N_("Shifts compared")), sub, columns, tuple(rows), say(N_("No shift is closed yet.")))


def _shifts_summed(report: Report, say: Catalogue, *, zh: bool) -> Table:
    rows = [
        row
        for one in report.shifts
        for row in _of_one(
            one,
            [_sum_cells(run, word(say, "shift", run.shift), one, say, unit=True) for run in one.by_shift],
            report,
            zh=zh,
        )
    ]
    columns = (
        Column(say(N_("Indicator")), numeric=False), Column(say(N_("Shift")), numeric=False), *_sum_columns(say, None),
    )  # fmt: skip
    sub = say(N_("energy over output of all shifts with the same code, idle ones too, less that of all shifts"))
    return Table("shifts", say(N_("Shifts compared")), sub, columns, tuple(rows), say(N_("No shift is closed yet.")))


def _of_one(one: ShiftComparison, lines: Sequence[tuple[Cell, ...]], report: Report, *, zh: bool) -> list[Row]:
    """The rows of one EnPI: its name, with a link to its shifts, stands before the first."""
    name = text(one.name_zh if zh else one.name_en, link=f"/e/{report.enterprise}/shifts?enpi={quote(one.enpi)}")
    return [Row((name if n == 0 else text(""), *cells), level=min(n, 1)) for n, cells in enumerate(lines)]


def _single(run: ShiftRun, one: ShiftComparison, say: Catalogue, zone: ZoneInfo) -> tuple[Cell, ...]:
    begins, ends = run.start.astimezone(zone), run.end.astimezone(zone)
    why = reason(say, run.reason)
    return (
        text(word(say, "shift", run.shift)),
        text(f"{begins:%m-%d %H:%M} – {ends:%H:%M}"),
        Cell(run.energy_tce, "number", unit="tce", why=why),
        Cell(run.output, "number", unit=one.output_unit, why=why),
        Cell(run.value, "number", unit=one.unit, why=why),
        text(one.unit),
        Cell(run.delta, "number", unit=one.unit, why=why or say(N_("fewer than three known shifts to compare with"))),
        text(cause_of(run.contributions, run.delta, say)),
        Cell(run.completeness, "share"),
    )


def shift_table(
    one: ShiftComparison, say: Catalogue, zone: ZoneInfo, *, zh: bool, crews: Mapping[str, str] | None = None
) -> Table:
    """Each shift, and below it the inputs that made the difference."""
    rows: list[Row] = []
    for run in one.runs:
        rows.append(_run(run, say, zone, crews or {}))
        # of a shift that is not known there is nothing to take apart
        for part in run.contributions if run.value is not None else ():
            name = _input(part, say)
            rows.append(
                Row(
                    (
                        text(name, note=part.point if name != part.point else ""),
                        text(""),
                        Cell(part.tce, "number", unit="tce", why=say(N_("not known"))),
                        text(""),
                        Cell(part.per_output, "number", unit=one.unit, why=say(N_("not known"))),
                        Cell(
                            part.usual,
                            "number",
                            unit=one.unit,
                            why=say(N_("fewer than three known shifts to compare with")),
                        ),
                        Cell(part.delta, "number", unit=one.unit, why=say(N_("not known"))),
                        text(""),
                    ),
                    level=1,
                )
            )
    columns = (
        Column(say(N_("Shift")), numeric=False), Column(say(N_("Span")), numeric=False),
        Column(say(N_("Energy")), unit="tce"), Column(say(N_("Output")), unit=one.output_unit),
        Column(say(N_("Unit consumption")), unit=one.unit), Column(say(N_("Usual")), unit=one.unit),
        Column(say(N_("Difference")), unit=one.unit), Column(say(N_("Completeness"))),
    )  # fmt: skip
    name = one.name_zh if zh else one.name_en
    sub = say(N_("against the shifts of the week before (too few: all shown); the parts add up to the difference"))
    title = say(N_("Shifts: %(what)s"), what=name)
    return Table(f"shifts-{one.enpi}", title, sub, columns, tuple(rows), say(N_("No shift is closed yet.")))


def _run(run: ShiftRun, say: Catalogue, zone: ZoneInfo, crews: Mapping[str, str]) -> Row:
    begins, ends = run.start.astimezone(zone), run.end.astimezone(zone)
    why = reason(say, run.reason)
    notes = [crews.get(run.crew, run.crew)] if run.crew is not None and crews else []
    if run.idle_h:
        notes.append(say(N_("%(n)s h without output"), n=shown(run.idle_h)))
    return Row((
        text(word(say, "shift", run.shift), note=" · ".join(notes)),
        text(f"{begins:%m-%d %H:%M} – {ends:%H:%M}"),
        Cell(run.energy_tce, "number", unit="tce", why=why),
        Cell(run.output, "number", why=why),
        Cell(run.value, "number", why=why, note=_band(run, say)),
        Cell(run.usual, "number", why=say(N_("fewer than three known shifts to compare with"))),
        Cell(run.delta, "number", why=why or say(N_("fewer than three known shifts to compare with"))),
        Cell(run.completeness, "share"),
    ))  # fmt: skip


def _band(run: ShiftRun | ShiftSummary, say: Catalogue) -> str:
    if run.unclassed and run.value is not None:
        return say(N_("range unknown: no accuracy class of %(points)s"), points=", ".join(run.unclassed))
    return f"{shown(run.low)} – {shown(run.high)}" if run.low is not None and run.high is not None else ""


def summary_table(one: ShiftComparison, say: Catalogue) -> Table:
    """The shifts of one code together, against all shifts of the span."""
    rows = [Row(_sum_cells(run, word(say, "shift", run.shift), one, say)) for run in one.by_shift]
    sub = say(N_("energy over output of all shifts with the same code, idle ones too"))
    columns = (Column(say(N_("Shift")), numeric=False), *_sum_columns(say, one))
    none = say(N_("No shift is closed yet."))
    return Table("by-shift", say(N_("Which shift is better?")), sub, columns, tuple(rows), none)


def crew_table(one: ShiftComparison, say: Catalogue, names: Mapping[str, str]) -> Table:
    """The shifts of one crew together, against all shifts of the span that a crew is known of."""
    rows = [Row(_sum_cells(run, names.get(run.shift, run.shift), one, say)) for run in one.by_crew]
    sub = say(N_("energy over output of all the crew's shifts, idle ones too"))
    columns = (Column(say(N_("Crew")), numeric=False), *_sum_columns(say, one))
    return Table("by-crew", say(N_("Which crew is better?")), sub, columns, tuple(rows))


def crews_table(report: Report, say: Catalogue, *, zh: bool) -> Table:
    """Crews of a report: one row an EnPI and crew, and all of them together, which each is held against."""
    names = {code: name_zh if zh else name_en for code, name_zh, name_en in report.crew_names}
    rows: list[Row] = []
    for one in report.crews:
        told = [(run, names.get(run.shift, run.shift)) for run in one.by_crew]
        if one.all_crews is not None:
            told.append((one.all_crews, say(N_("All crews"))))
        lines = [_sum_cells(run, name, one, say, unit=True) for run, name in told]
        rows += _of_one(one, lines, report, zh=zh)
    columns = (
        Column(say(N_("Indicator")), numeric=False), Column(say(N_("Crew")), numeric=False), *_sum_columns(say, None),
    )  # fmt: skip
    sub = say(N_("month to date: energy over output of all the crew's shifts, idle ones too, less that of all crews"))
    if report.kind is ReportKind.MONTHLY:
        sub = say(N_("energy over output of all the crew's shifts, idle ones too, less that of all crews"))
    return Table("crews", say(N_("Crews compared")), sub, columns, tuple(rows))


def _sum_columns(say: Catalogue, one: ShiftComparison | None) -> tuple[Column, ...]:
    """Columns of shifts added up, of one EnPI, or (None) of several: then the unit has a column."""
    made, per = (one.output_unit, one.unit) if one is not None else ("", "")
    return (
        Column(say(N_("Known of all")), numeric=False), Column(say(N_("Of them idle"))),
        Column(say(N_("Hours")), unit="h"), Column(say(N_("Energy")), unit="tce"),
        Column(say(N_("Output")), unit=made), Column(say(N_("Unit consumption")), unit=per),
        *(() if one is not None else (Column(say(N_("Unit")), numeric=False),)),
        Column(say(N_("To all shifts")), unit=per), Column(say(N_("Mostly because of")), numeric=False),
        Column(say(N_("Completeness"))),
    )  # fmt: skip


def _sum_cells(
    run: ShiftSummary, name: str, one: ShiftComparison, say: Catalogue, *, unit: bool = False
) -> tuple[Cell, ...]:
    none = reason(say, State.IDLE) if run.known else say(N_("no known shift"))
    return (
        text(name),
        text(f"{run.known} / {run.shifts}"),
        Cell(run.idle, "count"),
        Cell(run.hours if run.known else None, "number", unit="h", why=none),
        Cell(run.energy_tce, "number", unit="tce", why=none),
        Cell(run.output, "number", unit=one.output_unit, why=none),
        Cell(run.value, "number", unit=one.unit, why=none, note=_band(run, say)),
        *((text(one.unit),) if unit else ()),
        # all of them together are held against nothing
        text("") if run.delta is None and run.value is not None else Cell(run.delta, "number", unit=one.unit, why=none),
        text(cause_of(run.contributions, run.delta, say)),
        Cell(run.completeness, "share", why=none),
    )


def difference_table(one: ShiftComparison, say: Catalogue) -> Table:
    """Inputs by shift code: how much each adds to the difference."""
    points = dict.fromkeys(part.point for run in one.by_shift for part in run.contributions)
    rows = []
    for point in points:
        found = [next((p for p in run.contributions if p.point == point), None) for run in one.by_shift]
        first = next(part for part in found if part is not None)
        name = _input(first, say)
        cells = [text(name, note=point if name != point else "")]
        cells += [
            Cell(part.delta if part is not None else None, "number", unit=one.unit, why=say(N_("not known")))
            for part in found
        ]
        rows.append(Row(tuple(cells)))
    total = [text(say(N_("Difference")))]
    total += [Cell(run.delta, "number", unit=one.unit, why=say(N_("not known"))) for run in one.by_shift]
    if rows:
        rows.append(Row(tuple(total)))
    columns = (
        Column(say(N_("Energy input")), numeric=False),
        *(Column(word(say, "shift", run.shift), unit=one.unit) for run in one.by_shift),
    )
    sub = say(N_("unit consumption of each input less that of all shifts; the parts add up to the difference"))
    return Table(
        "differences",
        say(N_("What made the difference?")),
        sub,
        columns,
        tuple(rows),
        say(N_("No shift is closed yet.")),
    )


def cause_of(parts: Sequence[Contribution], delta: float | None, say: Catalogue) -> str:
    """The input that pulls furthest the way the difference goes."""
    if not delta:
        return ""
    same = [part for part in parts if part.delta is not None and part.delta * delta > 0]
    if not same:
        return ""
    most = max(same, key=lambda part: abs(part.delta or 0.0))
    return f"{_input(most, say)} {'+' if (most.delta or 0.0) > 0 else ''}{shown(most.delta or 0.0)}"


def _input(part: Contribution, say: Catalogue) -> str:
    known = carriers().get(part.carrier or "")
    return known.name(say.language) if known is not None else part.point
