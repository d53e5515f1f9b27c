"""Answers over time, equal neighbours joined. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from db.rules import VerdictSpan
from enms.alerts import Observation
from rules.grid import Grid


def splice(
    old: Sequence[VerdictSpan], start: datetime, end: datetime, steps: Iterable[Observation]
) -> list[VerdictSpan]:
    """Answers with those of [start, end) replaced.

    Args:
        old: in order of time; all that overlap or touch [start, end].
        start, end: what was judged.
        steps: the new answers, in order of time, all within it.
    """
    before = [s if s.to_ts <= start else replace(s, to_ts=start) for s in old if s.from_ts < start]
    after = [s if s.from_ts >= end else replace(s, from_ts=end) for s in old if s.to_ts > end]
    new = [VerdictSpan(s.start, s.end, s.truth, s.in_band, s.reason) for s in steps]
    return list(_joined([*before, *new, *after]))


def _joined(spans: Iterable[VerdictSpan]) -> Iterator[VerdictSpan]:
    """Neighbours that say the same as one span; a span is made only where one ends, there are many steps."""
    first: VerdictSpan | None = None
    last: VerdictSpan | None = None
    for span in spans:
        if first is not None and last is not None and last.to_ts == span.from_ts and _says(last) == _says(span):
            last = span
            continue
        if first is not None and last is not None:
            yield _from_to(first, last)
        first = last = span
    if first is not None and last is not None:
        yield _from_to(first, last)


def _from_to(first: VerdictSpan, last: VerdictSpan) -> VerdictSpan:
    return VerdictSpan(first.from_ts, last.to_ts, first.truth, first.in_band, first.reason)


def _says(span: VerdictSpan) -> tuple[object, ...]:
    return span.truth, span.in_band, span.reason


def observations(spans: Iterable[VerdictSpan], start: datetime, end: datetime, grid: Grid) -> list[Observation]:
    """Spans as steps of a grid within [start, end)."""
    return [
        Observation(lo, hi, span.truth, span.in_band, span.reason)
        for span in spans
        for lo, hi in grid.steps(max(span.from_ts, start), min(span.to_ts, end))
    ]
