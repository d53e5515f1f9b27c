"""A report as flat rows, for CSV: one a span and subject."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, Field

from enms.cuts import Cut
from enms.performance import State
from enms.report import CarrierLine, EnpiLine, Report, ReportScope, TotalLine
from enms.shift_comparison import ShiftComparison
from enms.shift_sums import ShiftSummary


class ReportRow(BaseModel):
    """One subject over one span; `what` is total, carrier, process, enpi, crew, or crews: all of an EnPI's together.

    Empty is unknown, and `reason` says why.
    """

    span: str
    start: str
    until: str
    whole: bool
    what: str
    process: str | None = None
    code: str
    unit: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    before: float | None = None
    year_ago: float | None = None
    change_before: float | None = None
    change_year_ago: float | None = None
    tce: float | None = None
    tco2: float | None = None
    in_total: bool | None = None
    completeness: float | None = None
    estimated_share: float | None = None
    limit: float | None = None
    level: int | None = None
    verdict: str | None = None
    edition: str | None = None
    reason: str | None = None
    output: float | None = None
    output_unit: str | None = None
    hours: float | None = Field(default=None, description="That the known shifts of a crew lasted")
    known: int | None = Field(default=None, description="Shifts of a crew of which energy and output are known")
    idle: int | None = Field(default=None, description="How many of these made nothing; their energy is in tce")
    shifts: int | None = Field(default=None, description="Shifts of a crew in all")
    difference: float | None = Field(default=None, description="Of a crew's value: less that of all crews")


def report_rows(report: Report) -> list[ReportRow]:
    """Every span's total, carriers, processes with their carriers, and EnPIs; EnPIs by crew of the month.

    Behind the crews of an EnPI all of them together, which each is held against.
    """
    month = next(scope for scope in report.scopes if scope.cut == Cut.MONTH.value)
    crews = [row for one in report.crews for row in _crews(month, one)]
    return [row for scope in report.scopes for row in _rows(scope)] + crews


def _rows(scope: ReportScope) -> Iterator[ReportRow]:
    yield _total(scope, scope.total, "total", None)
    for line in scope.carriers:
        yield _carrier(scope, line, None)
    for process in scope.processes:
        yield _total(scope, process.total, "process", process.process)
        for line in process.carriers:
            yield _carrier(scope, line, process.process)
    for enpi in scope.enpis:
        yield _enpi(scope, enpi)


def _span(scope: ReportScope) -> dict[str, object]:
    start, until = (t.isoformat().replace("+00:00", "Z") for t in (scope.start, scope.until))
    return {"span": scope.cut, "start": start, "until": until, "whole": scope.whole}


def _total(scope: ReportScope, line: TotalLine, what: str, process: str | None) -> ReportRow:
    now = line.now
    return ReportRow.model_validate(
        _span(scope)
        | {
            "what": what,
            "process": process,
            "code": process or "total",
            "unit": "tce",
            "value": now.tce,
            "before": line.before.tce if line.before is not None else None,
            "year_ago": line.year_ago.tce if line.year_ago is not None else None,
            "change_before": line.to_before.share,
            "change_year_ago": line.to_year_ago.share,
            "tce": now.tce,
            "tco2": now.tco2,
            "in_total": what == "total",
            "completeness": now.tce_completeness,
            "estimated_share": now.estimated_share,
            "reason": "; ".join(line.unknown) or None,
        }
    )


def _carrier(scope: ReportScope, line: CarrierLine, process: str | None) -> ReportRow:
    now = line.now
    return ReportRow.model_validate(
        _span(scope)
        | {
            "what": "carrier",
            "process": process,
            "code": line.carrier,
            "unit": line.unit,
            "value": now.amount,
            "before": line.before.amount if line.before is not None else None,
            "year_ago": line.year_ago.amount if line.year_ago is not None else None,
            "change_before": line.to_before.share,
            "change_year_ago": line.to_year_ago.share,
            "tce": now.tce,
            "tco2": now.tco2,
            "in_total": line.in_total,
            "completeness": now.completeness,
            "estimated_share": now.estimated_share,
            "reason": now.reason,
        }
    )


def _enpi(scope: ReportScope, line: EnpiLine) -> ReportRow:
    return ReportRow.model_validate(
        _span(scope)
        | {
            "what": "enpi",
            "process": line.process,
            "code": line.code,
            "unit": line.unit,
            "value": line.value,
            "low": line.low,
            "high": line.high,
            "before": line.before,
            "year_ago": line.year_ago,
            "change_before": line.to_before.share,
            "change_year_ago": line.to_year_ago.share,
            "tce": line.energy_tce,
            "completeness": line.completeness,
            "estimated_share": line.estimated_share,
            "limit": line.limit,
            "level": line.level,
            "verdict": line.verdict,
            "edition": line.edition,
            "reason": line.reason or line.verdict_reason,
            "output": line.output,
            "output_unit": line.output_unit,
        }
    )


def _crews(scope: ReportScope, one: ShiftComparison) -> Iterator[ReportRow]:
    for run in one.by_crew:
        yield _summed(scope, one, run, "crew", f"{one.enpi} {run.shift}")
    if one.all_crews is not None:
        yield _summed(scope, one, one.all_crews, "crews", one.enpi)


def _summed(scope: ReportScope, one: ShiftComparison, run: ShiftSummary, what: str, code: str) -> ReportRow:
    none = State.IDLE.value if run.known else "no known shift"
    return ReportRow.model_validate(
        _span(scope)
        | {
            "what": what,
            "process": one.process,
            "code": code,
            "unit": one.unit,
            "value": run.value,
            "low": run.low,
            "high": run.high,
            "tce": run.energy_tce,
            "completeness": run.completeness,
            "reason": None if run.value is not None else none,
            "output": run.output,
            "output_unit": one.output_unit,
            "hours": run.hours if run.known else None,
            "known": run.known,
            "idle": run.idle,
            "shifts": run.shifts,
            "difference": run.delta,
        }
    )
