"""An EnPI as rules watch it: on its enterprise's calendar, its values read once for all rules."""

from __future__ import annotations

from datetime import datetime, timedelta

from db.enpi_model import EnpiModel
from db.enpi_spans import ROLLING, YEAR_TO_DATE, ends_segment, to_date_steps
from db.performance import values_of
from db.versions import named_until
from enms.cuts import Cut
from enms.enpi_judging import MIN_COMPLETENESS
from enms.performance import EnpiValue
from enms.steps import StepLength
from rules.conditions import Span, Subject
from rules.cut_grid import CutGrid
from rules.facts import Facts
from rules.grid import Grid, Step
from rules.periods import NO_PERIOD

_DAY = timedelta(hours=24)
_TICK = timedelta(microseconds=1)
_YEAR = timedelta(days=366)
# How far beyond itself a quarter hour is felt.
_REACH = {ROLLING: _DAY, YEAR_TO_DATE: _YEAR}
_STEP = {Cut.HOUR: timedelta(hours=1), Cut.SHIFT: timedelta(hours=8), Cut.MONTH: timedelta(days=28)}


class Segments:
    """Years of an EnPI, each in parts by the edition of its limit's standard: its period; and their months: its grid.

    A month in which an edition ends is two steps: the last figure of the one edition is judged, and is final.
    """

    length = StepLength.MONTH

    def __init__(self, model: EnpiModel) -> None:
        self._model = model

    def floor(self, instant: datetime) -> datetime:
        return to_date_steps(self._model, instant, instant + _TICK)[0][0]

    def ceil(self, instant: datetime) -> datetime:
        return to_date_steps(self._model, instant - _TICK, instant)[0][1]

    def steps(self, start: datetime, end: datetime) -> list[Step]:
        if start >= end:
            return []
        return [(lo, hi) for lo, hi in to_date_steps(self._model, start, end) if lo >= start and hi <= end]

    def ends(self, instant: datetime) -> bool:
        return ends_segment(self._model, instant)

    def closes(self, _: datetime) -> bool:
        return True


async def enpi_values(
    facts: Facts, span: Span[EnpiModel], resolution: str, min_completeness: float = MIN_COMPLETENESS
) -> list[EnpiValue]:
    """As `db.performance.values_of`, over a span and by its end."""
    model, start, end = span.subject.watched, span.start, span.end
    return await facts.once(
        ("values", model.enterprise.e, model.code, start, end, resolution, min_completeness),
        lambda: values_of(facts.connection, model, start, end, resolution, now=end, min_completeness=min_completeness),
    )


def enpi_subject(model: EnpiModel, cut: Cut, resolution: str) -> Subject[EnpiModel]:
    """An EnPI as a rule watches it: with its corrections and heating values, on its enterprise's calendar."""
    present = {leaf.point.p for leaf in model.leaves(model.current)}
    boundary = {leaf.point.p for version in model.versions for leaf in model.leaves(version)}
    named = {code for version in model.versions for code in version.enpi.corrections.values()}
    ncvs = {point.ncv for point in model.points.values() if point.p in boundary and point.ncv is not None}
    beside = [model.points[code] for code in sorted(named | ncvs) if code in model.points]
    step = _STEP.get(cut, _DAY)
    said = [(v.recorded_at, model.cuts.day_begins(d.since)) for v in model.versions for d in v.enpi.declared]
    said += [(entry.recorded_at, model.cuts.day_begins(entry.since)) for entry in model.entered]
    said += [(e.withdrawn_at, model.cuts.day_begins(e.since)) for e in model.entered if e.withdrawn_at is not None]
    samples = [(point.p, timedelta(seconds=point.period_s)) for point in beside]
    hopes = [(p, period) for p, period in samples if period <= step]
    ever = named_until(model.versions, lambda v: [leaf.point.p for leaf in model.leaves(v)])
    segments = Segments(model) if resolution == YEAR_TO_DATE else None
    grid: Grid = segments or CutGrid(model.cuts, cut)
    return Subject(
        code=model.code,
        watched=model,
        grid=grid,
        inputs=frozenset(boundary | {point.p for point in beside}),
        waits_for=frozenset(present),
        reach=_REACH.get(resolution, timedelta()),
        configured=(*model.configured, *said),
        hopes_for=tuple(hopes),
        gave_way=tuple(sorted((p, until) for p, until in ever.items() if p not in present)),
        period=segments or NO_PERIOD,
    )
