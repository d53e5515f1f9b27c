"""Spans of points into a draft of their quarter hours: the database does what is ordinary, the reference the rest.

An odd stretch (a gap, a fall, a suspect reading, an overlap), and every instant at which a configuration changes or
a meter is exchanged, is widened to all it can decide about and handed to `enms.intervals.derive`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence

import asyncpg

from db.derivation import (
    Odd,
    Part,
    Span,
    draft_amounts,
    draft_gauges,
    draft_registers,
    readings_around,
    replace_draft,
    widen,
)
from db.histories import Key
from enms.findings import Finding, one_an_instant
from enms.intervals import NEIGHBOURS, Interval, derive
from enms.metering import ReadingType
from enms.quarters import QUARTER, quarter_ceil, quarter_floor
from enms.timeline import instant, seconds
from ledger.closing import Course

_Draft = Callable[[asyncpg.Connection, Sequence[Part]], Coroutine[None, None, list[Odd]]]
_DRAFTS: dict[ReadingType, _Draft] = {
    ReadingType.REGISTER: draft_registers,
    ReadingType.GAUGE: draft_gauges,
    ReadingType.INTERVAL: draft_amounts,
}


async def draft(
    connection: asyncpg.Connection, spans: Sequence[Span], courses: Mapping[Key, Course]
) -> list[list[Finding]]:
    """Fill the draft with the known quarter hours of these spans; return the findings that touch each.

    Args:
        connection: in a transaction, with an empty draft.
        spans: disjoint.
        courses: of every point in `spans`.
    """
    lines = [courses[span.e, span.p] for span in spans]
    parts = [part for n, span in enumerate(spans) for part in _parts(n, span, lines[n])]
    odd: list[Odd] = []
    for reading_type, fill in _DRAFTS.items():
        chosen = [part for part in parts if part.scale.reading is reading_type]
        if chosen:
            odd += await fill(connection, chosen)
    odd += [Odd(n, instant(x), instant(x)) for n, course in enumerate(lines) for x in course.line.edges]
    spots = await _widened(connection, spans, lines, odd)
    return await _by_reference(connection, spans, lines, spots)


def merged(spots: Iterable[tuple[int, Span]]) -> list[tuple[int, Span]]:
    """Spots of one span that touch made one; in order of span and time."""
    joined: list[tuple[int, Span]] = []
    for n, spot in sorted(spots, key=lambda s: (s[0], s[1].start)):
        if joined and joined[-1][0] == n and spot.start <= joined[-1][1].end:
            last = joined[-1][1]
            joined[-1] = n, Span(last.e, last.p, last.start, max(last.end, spot.end))
        else:
            joined.append((n, spot))
    return joined


def _parts(n: int, span: Span, course: Course) -> list[Part]:
    found = []
    for a, b, scale in course.line.stretches(seconds(span.start), seconds(span.end)):
        piece = Span(span.e, span.p, quarter_floor(instant(a)), quarter_ceil(instant(b)))
        found.append(Part(n, piece, scale, piece.start - course.reach, piece.end + course.reach))
    return found


async def _widened(
    connection: asyncpg.Connection, spans: Sequence[Span], lines: Sequence[Course], odd: Sequence[Odd]
) -> list[tuple[int, Span]]:
    """Where the reference has to decide."""
    spots: list[tuple[int, Span]] = []
    for o in odd:
        course = lines[o.n]
        if ReadingType.INTERVAL in course.line.readings:
            span = spans[o.n]
            low, high = quarter_floor(o.a - course.reach), quarter_ceil(o.b + course.reach + QUARTER)
            if low < span.end and high > span.start:
                spots.append((o.n, Span(span.e, span.p, max(low, span.start), min(high, span.end))))
    by_neighbours = [o for o in odd if lines[o.n].line.readings != {ReadingType.INTERVAL}]
    if by_neighbours:
        spots += await widen(connection, spans, by_neighbours)
    return merged(spots)


# Spots handed over at once: their readings are in memory together.
_BATCH = 200


async def _by_reference(
    connection: asyncpg.Connection,
    spans: Sequence[Span],
    lines: Sequence[Course],
    spots: Sequence[tuple[int, Span]],
) -> list[list[Finding]]:
    findings: list[list[Finding]] = [[] for _ in spans]
    for i in range(0, len(spots), _BATCH):
        batch = spots[i : i + _BATCH]
        around = [Span(spot.e, spot.p, spot.start - lines[n].reach, spot.end + lines[n].reach) for n, spot in batch]
        rows: list[list[Interval]] = []
        for (n, spot), readings in zip(batch, await readings_around(connection, around, NEIGHBOURS), strict=True):
            intervals, noticed = derive(readings, lines[n].line, spot.start, spot.end)
            rows.append(intervals)
            findings[n] += noticed
            await asyncio.sleep(0)
        await replace_draft(connection, [spot for _, spot in batch], rows)
    return [one_an_instant(found) for found in findings]
