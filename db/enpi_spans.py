"""Which spans an EnPI is judged over, and of which pieces each is made: the boundary may change within it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from db.energy import Period
from db.enpi_model import EnpiModel, EnpiVersion
from db.motors import floor_quarter
from enms.catalogue import catalogue
from enms.cuts import Cut
from enms.errors import ConflictError

ROLLING = "rolling24h"
# The statistical year, cut where the edition of the standard changed; and the same up to the end of every month.
STATUTORY, YEAR_TO_DATE = "statutory", "year_to_date"
RESOLUTIONS = (
    Cut.HOUR.value,
    Cut.SHIFT.value,
    Cut.DAY.value,
    ROLLING,
    Cut.MONTH.value,
    Cut.YEAR.value,
    STATUTORY,
    YEAR_TO_DATE,
)
DAY = timedelta(hours=24)
_TICK = timedelta(microseconds=1)
_LENGTH_S = {
    Cut.HOUR: 3_600.0,
    Cut.DAY: 86_400.0,
    Cut.MONTH: 28 * 86_400.0,
    Cut.YEAR: 365 * 86_400.0,
}


@dataclass(frozen=True, slots=True)
class Window:
    """A span to be judged and the periods it is made of, each with the boundary that held."""

    start: datetime
    end: datetime
    provisional: bool
    pieces: tuple[tuple[Period, EnpiVersion], ...]


def enpi_step(model: EnpiModel, resolution: str) -> Cut:
    """The cut an EnPI is judged on: its resolution, or the step of a rolling window.

    Raises:
        ConflictError: the resolution is unknown, or finer than the EnPI's coarsest input.
    """
    if resolution not in RESOLUTIONS:
        raise ConflictError(f"unknown resolution {resolution!r}; known: {', '.join(RESOLUTIONS)}")
    if resolution == ROLLING:
        fitting = [cut for cut in (Cut.HOUR, Cut.SHIFT, Cut.DAY) if _length_s(model, cut) >= model.coarsest_s]
        if not fitting:
            raise ConflictError(f"{model.code}: an input has a period of more than a day")
        return fitting[0]
    if resolution in {STATUTORY, YEAR_TO_DATE}:
        return Cut.YEAR if resolution == STATUTORY else Cut.MONTH
    cut = Cut(resolution)
    if _length_s(model, cut) < model.coarsest_s:
        raise ConflictError(f"{model.code}: {resolution} is finer than an input of {model.coarsest_s:.0f} s")
    return cut


def _length_s(model: EnpiModel, cut: Cut) -> float:
    """How long a span is at least; a shift as the enterprise has them, 0 where it has none."""
    if cut is not Cut.SHIFT:
        return _LENGTH_S[cut]
    lengths = [(ends - begins) % DAY or DAY for begins, ends in model.cuts.shifts]
    return min(lengths).total_seconds() if lengths else 0.0


def ready_until(model: EnpiModel, now: datetime, as_of: datetime | None) -> datetime | None:
    """Until when all energy and output is closed; points that never said anything are not waited for."""
    leaves = model.leaves(model.current)
    closed = [leaf.point.closed_until for leaf in leaves if leaf.point.closed_until is not None]
    return floor_quarter(min(*closed, now, as_of or now)) if closed else None


def windows_of(model: EnpiModel, from_: datetime, to: datetime, resolution: str, ready: datetime) -> list[Window]:
    """Every span that overlaps [from_, to) and has something closed in it, in order of time."""
    cut = enpi_step(model, resolution)
    if resolution == ROLLING:
        return _rolling(model, from_, to, cut, ready)
    if resolution == YEAR_TO_DATE:
        return _year_to_date(model, from_, to, ready)
    spans = _segments(model, from_, to) if resolution == STATUTORY else model.cuts.windows(cut, from_, to)
    found = []
    for start, end in spans:
        until = min(end, ready)
        pieces = _pieces(model, start, until)
        if until > start and pieces:
            found.append(Window(start, end, until < end, pieces))
    return found


def _rolling(model: EnpiModel, from_: datetime, to: datetime, cut: Cut, ready: datetime) -> list[Window]:
    steps = [s for s in model.cuts.windows(cut, from_ - DAY, to) if s[1] <= ready]
    begins = {start: i for i, (start, _) in enumerate(steps)}
    found = []
    for i, (start, end) in enumerate(steps):
        first = begins.get(end - DAY)
        # where steps do not add up to 24 hours (clocks change within shifts) there is no such window
        if start < from_ or first is None:
            continue
        pieces = tuple(piece for lo, hi in steps[first : i + 1] for piece in _pieces(model, lo, hi))
        if pieces:
            found.append(Window(end - DAY, end, False, pieces))
    return found


def _segments(model: EnpiModel, from_: datetime, to: datetime) -> list[tuple[datetime, datetime]]:
    """Years that overlap [from_, to), each cut where an edition of the limit's standard began or ended."""
    limit = model.current.enpi.limit
    days: set[date] = set()
    for edition in catalogue().editions(limit.standard) if limit is not None else ():
        days |= {edition.effective_from}
        days |= {edition.effective_to + timedelta(days=1)} if edition.effective_to is not None else set()
    changes = sorted(model.cuts.day_begins(day) for day in days)
    found = []
    for start, end in model.cuts.windows(Cut.YEAR, from_, to):
        edges = [start, *(c for c in changes if start < c < end), end]
        found += [(lo, hi) for lo, hi in pairwise(edges) if lo < to and hi > from_]
    return found


def ends_segment(model: EnpiModel, instant: datetime) -> bool:
    """Whether a statistical period ends there: the year, or its part under one edition."""
    return any(end == instant for _, end in _segments(model, instant - _TICK, instant))


def _year_to_date(model: EnpiModel, from_: datetime, to: datetime, ready: datetime) -> list[Window]:
    """For every closed month of [from_, to): from the beginning of its segment of the year to its end."""
    found = []
    for start, end in _segments(model, from_, to):
        months = _months(model, start, end)
        closed = [m for m in months if m[1] <= ready]
        for i, (_, until) in enumerate(closed):
            pieces = tuple(piece for lo, hi in closed[: i + 1] for piece in _pieces(model, lo, hi))
            if pieces and from_ < until <= to:
                found.append(Window(start, until, until < end, pieces))
    return found


def to_date_steps(model: EnpiModel, from_: datetime, to: datetime) -> list[tuple[datetime, datetime]]:
    """Months that overlap [from_, to), cut where segments of the year end, too: every figure is judged."""
    steps = [step for segment in _segments(model, from_, to) for step in _months(model, *segment)]
    return [(lo, hi) for lo, hi in steps if lo < to and hi > from_]


def _months(model: EnpiModel, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    return [(max(lo, start), min(hi, end)) for lo, hi in model.cuts.windows(Cut.MONTH, start, end)]


def _pieces(model: EnpiModel, start: datetime, end: datetime) -> tuple[tuple[Period, EnpiVersion], ...]:
    """A span cut where the boundary changed."""
    return tuple(
        (Period(max(start, v.valid_from), min(end, v.valid_to)), v)
        for v in model.versions
        if not v.retired and v.valid_from < end and v.valid_to > start and start < end
    )
