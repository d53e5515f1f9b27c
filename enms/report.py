"""能源日报 and 月报: what an enterprise used over a day, a month, a year to date, and against what.

Typed data and arithmetic; `db.reports` brings the figures. Unknown is None with a reason, never 0, and nothing is
compared with a span that is unknown or not complete enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from enms.carriers import TceBasis
from enms.report_spans import ReportKind
from enms.shift_comparison import ShiftComparison

# Below this a figure is too much of a part to be compared; a gap of some hours in a month is not.
COMPARABLE = 0.9
# From here on a span counts as whole: a quarter hour of a month may be missing.
_WHOLE = 0.999


class NoComparison(StrEnum):
    """Why there is no comparison."""

    NO_SUCH_DAY = "no_such_day"
    UNKNOWN_NOW = "unknown_now"
    UNKNOWN_THEN = "unknown_then"
    INCOMPLETE_NOW = "incomplete_now"
    INCOMPLETE_THEN = "incomplete_then"
    NOTHING_THEN = "nothing_then"


@dataclass(frozen=True, slots=True)
class ReportSpan:
    """[start, end) in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Used:
    """What was used over a span.

    Attributes:
        amount: in the line's own unit; None: unknown, `reason` says why.
        tce: standard coal on the report's basis, t; tco2: carbon dioxide, t.
        completeness: metered share of the whole span, time before service counting as not metered.
        tce_completeness: as completeness, without what has no heating value yet.
        estimated_share: of the metered time.
        provisional: partly by a heating value older than the amount.
    """

    amount: float | None
    tce: float | None
    tco2: float | None
    completeness: float
    tce_completeness: float
    estimated_share: float
    provisional: bool
    reason: str | None

    def covered(self, *, tce: bool) -> float:
        """Completeness of its standard coal, or of the amount."""
        return self.tce_completeness if tce else self.completeness


@dataclass(frozen=True, slots=True)
class Change:
    """How a figure differs from that of another span.

    Attributes:
        share: now over then, less one; None: `why` says why not.
        partial: one of the two is not whole, though complete enough.
    """

    share: float | None
    partial: bool
    why: NoComparison | None


@dataclass(frozen=True, slots=True)
class CarrierLine:
    """One carrier of the enterprise or of a process, over the span and those it is compared with.

    Attributes:
        in_total: part of the enterprise's total; what is made and used inside is not.
        to_before, to_year_ago: of the amount.
    """

    carrier: str
    unit: str
    in_total: bool
    now: Used
    before: Used | None
    year_ago: Used | None
    to_before: Change
    to_year_ago: Change


@dataclass(frozen=True, slots=True)
class TotalLine:
    """Standard coal of the enterprise, or of a process, net; `unit` of amounts is tce.

    Attributes:
        unknown: carriers whose standard coal is unknown, with the reason: why there is no total.
        known_tce: what is known of it; the total only where nothing is unknown.
        without_carbon: carriers nobody has a carbon factor for: no part of tco2.
    """

    now: Used
    before: Used | None
    year_ago: Used | None
    to_before: Change
    to_year_ago: Change
    known_tce: float | None
    unknown: tuple[str, ...]
    without_carbon: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProcessLine:
    """A process: what it used less what it recovered and produced."""

    process: str
    name_zh: str
    name_en: str
    total: TotalLine
    carriers: tuple[CarrierLine, ...]


@dataclass(frozen=True, slots=True)
class EnpiLine:
    """An EnPI over the span against the limit that binds it; fields as in `enms.performance`."""

    code: str
    name_zh: str
    name_en: str
    process: str | None
    unit: str
    value: float | None
    low: float | None
    high: float | None
    completeness: float
    estimated_share: float
    state: str
    reason: str | None
    energy_tce: float | None
    output: float | None
    output_unit: str
    verdict: str
    certainty: str | None
    verdict_reason: str | None
    limit: float | None
    level: int | None
    level1: float | None
    level2: float | None
    level3: float | None
    edition: str | None
    clause: str | None
    review: str | None
    provisional: bool
    before: float | None
    year_ago: float | None
    to_before: Change
    to_year_ago: Change


@dataclass(frozen=True, slots=True)
class ReportScope:
    """One span of the report, up to `until`."""

    cut: str
    start: datetime
    end: datetime
    until: datetime
    whole: bool
    before: ReportSpan | None
    year_ago: ReportSpan | None
    total: TotalLine
    carriers: tuple[CarrierLine, ...]
    processes: tuple[ProcessLine, ...]
    enpis: tuple[EnpiLine, ...]


@dataclass(frozen=True, slots=True)
class ReportAlert:
    """An alert whose time, from its beginning to its end, touches the report's day or month.

    Attributes:
        resolved_at: None: not by the end of the span.
        raised_within: after the span began, and by its end at the latest; what is judged by whole days or months is
            raised at the very end of its own.
        raised_later: it began within the span and was raised after it.
    """

    id: int
    rule: str
    title_zh: str
    title_en: str
    subject: str
    severity: str
    started_at: datetime
    resolved_at: datetime | None
    raised_within: bool
    open_at_end: bool
    value: float | None
    limit: float | None
    unit: str
    raised_later: bool = False


@dataclass(frozen=True, slots=True)
class MissingPoint:
    """A metering point with gaps in the report's day or month, the worst first."""

    point: str
    process: str | None
    carrier: str | None
    completeness: float
    estimated_share: float
    reason: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """A daily or monthly report.

    Attributes:
        day: the day; of a month the date on which it begins.
        closed: up to where the ledger was closed.
        whole: whether the day or month was over and closed.
        made_at: when it was made; no part of what it says.
        alerts: last raised first; those beyond what a report can list are counted in `alerts_left_out`.
        crews: EnPIs by who worked the shifts of the month (to date), without single shifts; empty: no roster.
        crew_names: (code, zh, en) of each crew.
    """

    kind: ReportKind
    enterprise: str
    name_zh: str
    name_en: str
    timezone: str
    day: date
    basis: TceBasis
    closed: datetime | None
    whole: bool
    made_at: datetime
    scopes: tuple[ReportScope, ...]
    alerts: tuple[ReportAlert, ...]
    missing: tuple[MissingPoint, ...]
    shifts: tuple[ShiftComparison, ...] = ()
    crews: tuple[ShiftComparison, ...] = ()
    crew_names: tuple[tuple[str, str, str], ...] = ()
    alerts_left_out: int = 0


def change(now: Used, then: Used | None, *, exists: bool = True, tce: bool = False) -> Change:
    """How an amount (or its standard coal) differs from that of another span.

    Args:
        now, then: the two.
        exists: False: the other span does not exist (29 February).
        tce: compare standard coal.
    """
    if not exists:
        return Change(None, partial=False, why=NoComparison.NO_SUCH_DAY)
    a = now.tce if tce else now.amount
    b = None if then is None else then.tce if tce else then.amount
    why = None
    if a is None:
        why = NoComparison.UNKNOWN_NOW
    elif b is None or then is None:
        why = NoComparison.UNKNOWN_THEN
    elif now.covered(tce=tce) < COMPARABLE:
        why = NoComparison.INCOMPLETE_NOW
    elif then.covered(tce=tce) < COMPARABLE:
        why = NoComparison.INCOMPLETE_THEN
    elif b == 0:
        why = NoComparison.NOTHING_THEN
    if why is not None or a is None or b is None or then is None:
        return Change(None, partial=False, why=why)
    # Where a process gives more than it takes, more is still more: the sign is that of the difference.
    return Change((a - b) / abs(b), partial=min(now.covered(tce=tce), then.covered(tce=tce)) < _WHOLE, why=None)


def total_line(
    lines: Sequence[CarrierLine], *, before: bool, year_ago: bool, without_carbon: Iterable[str] = ()
) -> TotalLine:
    """The standard coal of lines that count, added up; unknown where one of them is.

    Args:
        lines: those that count.
        before, year_ago: whether these spans exist.
        without_carbon: carriers without a carbon factor.
    """
    bare = frozenset(without_carbon)
    now = _sum([line.now for line in lines], [line.carrier not in bare for line in lines])
    then = _then([(line.carrier, line.before) for line in lines], bare) if before else None
    last = _then([(line.carrier, line.year_ago) for line in lines], bare) if year_ago else None
    known = [line.now.tce for line in lines if line.now.tce is not None]
    return TotalLine(
        now=now,
        before=then,
        year_ago=last,
        to_before=change(now, then, exists=before, tce=True),
        to_year_ago=change(now, last, exists=year_ago, tce=True),
        known_tce=sum(known) if known else None,
        unknown=tuple(f"{line.carrier}: {line.now.reason or 'no data'}" for line in lines if line.now.tce is None),
        without_carbon=tuple(line.carrier for line in lines if line.carrier in bare),
    )


def _then(parts: Sequence[tuple[str, Used | None]], bare: frozenset[str]) -> Used:
    known = [(carrier, used) for carrier, used in parts if used is not None]
    return _sum([used for _, used in known], [carrier not in bare for carrier, _ in known])


def _sum(parts: Sequence[Used], with_carbon: Sequence[bool]) -> Used:
    tce = [part.tce for part in parts]
    carbon = [part.tco2 for part, counts in zip(parts, with_carbon, strict=True) if counts]
    weights = [abs(part.tce or 0.0) for part in parts]
    whole = sum(weights)
    return Used(
        amount=(total := _all(tce)),
        tce=total,
        tco2=_all(carbon),
        completeness=min((part.completeness for part in parts), default=0.0),
        tce_completeness=min((part.tce_completeness for part in parts), default=0.0),
        estimated_share=sum(w * p.estimated_share for w, p in zip(weights, parts, strict=True)) / whole
        if whole
        else 0.0,
        provisional=any(part.provisional for part in parts),
        reason=next((part.reason for part in parts if part.tce is None), None),
    )


def _all(values: Sequence[float | None]) -> float | None:
    """Their sum; None where one is unknown or there is none."""
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None
