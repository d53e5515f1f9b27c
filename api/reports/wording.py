"""What spans and comparisons are called in a report."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from api.console.i18n import Catalogue
from api.console.words import N_
from api.reports.document import Cell
from enms.report import Change
from enms.report_spans import ReportKind

_SCOPES = {"day": N_("Day"), "month": N_("Month to date"), "year": N_("Year to date")}
_WHY_NOT = {
    "no_such_day": N_("there was no such day"),
    "unknown_now": N_("this span is not known"),
    "unknown_then": N_("the other span is not known"),
    "incomplete_now": N_("this span is not complete enough to compare"),
    "incomplete_then": N_("the other span is not complete enough to compare"),
    "nothing_then": N_("there was nothing then"),
}


def scope_title(cut: str, kind: ReportKind, say: Catalogue) -> str:
    """Day, month to date, year to date; a monthly report's month is a month."""
    if kind is ReportKind.MONTHLY and cut == "month":
        return say(N_("Month"))
    return say(_SCOPES[cut])


def span_text(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """A span in wall time."""
    a, b = start.astimezone(zone), end.astimezone(zone)
    return f"{a:%Y-%m-%d %H:%M} – {b:%Y-%m-%d %H:%M}"


def compared(change: Change, say: Catalogue) -> Cell:
    """A change, or why there is none."""
    why = say(_WHY_NOT[change.why.value]) if change.why is not None else ""
    return Cell(change.share, "change", why=why, note=say(N_("partial")) if change.partial else "")
