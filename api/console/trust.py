"""Can I trust this meter? One sentence for each thing that can be wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from api.console.i18n import Catalogue
from api.console.numbers import full, short
from api.console.words import word
from api.intervals import IntervalItem
from db.ledger import FindingRow
from db.views import NewestRow, PointRow

# GB 17167: meters are calibrated once a year unless their rules say otherwise.
_CALIBRATED_WITHIN = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A heading, what is so, and what it means. `look`: empty is fine, bad or dead is not."""

    title: str
    says: str
    note: str
    look: str = ""


def verdicts(
    text: Catalogue,
    point: PointRow,
    newest: NewestRow | None,
    items: Sequence[IntervalItem],
    findings: Sequence[FindingRow],
    now: datetime,
    zone: ZoneInfo,
) -> list[Verdict]:
    """The sentences of a point's page, over the span shown."""
    return [
        _speaks(text, point, newest, now),
        _complete(text, items),
        _estimated(text, items),
        _findings(text, findings),
        _calibrated(text, point, now.astimezone(zone).date()),
    ]


def _speaks(text: Catalogue, point: PointRow, newest: NewestRow | None, now: datetime) -> Verdict:
    title = text("Does it speak?")
    if newest is None:
        return Verdict(title, text("never"), text("no reading yet"), "dead")
    late = (now - newest.ts).total_seconds() > point.silent_after_s
    expected = text("expected every %(n)s s", n=full(point.period_s))
    return Verdict(title, text("silent") if late else text("yes"), expected, "dead" if late else "")


def _complete(text: Catalogue, items: Sequence[IntervalItem]) -> Verdict:
    title = text("Is it complete?")
    if not items:
        return Verdict(title, "—", text("nothing of this span is closed yet"))
    share = sum(item.completeness or 0.0 for item in items) / len(items)
    missing = sum(item.basis == "missing" for item in items)
    note = text("%(n)s of %(total)s quarter hours missing", n=missing, total=len(items))
    return Verdict(title, f"{_floor_percent(share)} %", note, "bad" if share < 0.9 else "")


def _estimated(text: Catalogue, items: Sequence[IntervalItem]) -> Verdict:
    known = [item for item in items if item.basis != "missing"]
    title = text("How much is estimated?")
    if not known:
        return Verdict(title, "—", text("nothing of this span is closed yet"))
    share = sum(item.estimated_share for item in known) / len(known)
    shaped = sum(item.basis == "apportioned" for item in known)
    note = text("%(n)s quarter hours apportioned", n=shaped)
    return Verdict(title, f"{short(share * 100)} %", note, "bad" if share > 0.1 else "")


def _findings(text: Catalogue, findings: Sequence[FindingRow]) -> Verdict:
    kinds = dict.fromkeys(row.kind for row in findings)
    note = ", ".join(word(text, "finding", kind) for kind in kinds) or text("nothing was noticed")
    return Verdict(text("What was noticed?"), str(len(findings)), note, "bad" if findings else "")


def _calibrated(text: Catalogue, point: PointRow, today: date) -> Verdict:
    title = text("Is it calibrated?")
    accuracy = text("class %(c)s", c=full(point.accuracy_class)) if point.accuracy_class else text("class not known")
    if point.calibrated is None:
        return Verdict(title, text("not known"), accuracy)
    old = today - point.calibrated > _CALIBRATED_WITHIN
    return Verdict(title, point.calibrated.isoformat(), accuracy, "bad" if old else "")


def _floor_percent(share: float) -> str:
    """Never rounded up to 100."""
    value = share * 100
    return "100" if value >= 100 else f"{int(value * 10) / 10:.1f}"
