"""Sums of points over an enterprise's own hours, shifts, days, months and years.

A total is over what is known; `completeness` says how much of the time that is. Days, months and years are summed
from day totals; what an edge of the question cuts off a day, and everything as of an earlier instant, from quarter
hours.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from db.ledger import known_rows
from db.served import Connection, Served, served_points
from db.statements import statements
from enms.cuts import Cut, Cuts, Window
from enms.errors import NotFoundError
from enms.quarters import QUARTER, quarter_ceil


class Resolution(StrEnum):
    """How time is cut: quarter hours, or as in `enms.cuts`."""

    QUARTER = "15m"
    HOUR = "1h"
    SHIFT = "shift"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


_BY_DAYS = (Resolution.DAY, Resolution.MONTH, Resolution.YEAR)


@dataclass(frozen=True, slots=True)
class TotalRow:
    """One point over [start, end).

    Attributes:
        amount: in `unit` over the covered seconds; the mean over them for a state; None: nothing is known.
        covered_s: seconds that are known; estimated_s and apportioned_s are parts of it.
        elapsed_s: seconds that should be: in service, and closed by now.
    """

    p: int
    start: datetime
    end: datetime
    amount: float | None
    unit: str
    covered_s: float
    elapsed_s: float
    estimated_s: float
    apportioned_s: float

    @property
    def completeness(self) -> float | None:
        """Covered over elapsed seconds; None where there is nothing to cover yet."""
        return min(1.0, self.covered_s / self.elapsed_s) if self.elapsed_s > 0 else None


@dataclass(slots=True)
class _Sum:
    amount: float = 0.0
    weighed: float = 0.0
    covered_s: float = 0.0
    estimated_s: float = 0.0
    apportioned_s: float = 0.0

    def add(self, amount: float, weighed: float, covered_s: float, estimated_s: float, apportioned_s: float) -> None:
        self.amount += amount
        self.weighed += weighed
        self.covered_s += covered_s
        self.estimated_s += estimated_s
        self.apportioned_s += apportioned_s


_Sums = defaultdict[tuple[int, int], _Sum]


async def totals(
    connection: Connection,
    e: int,
    points: Sequence[int],
    from_: datetime,
    to: datetime,
    resolution: Resolution | str,
    *,
    now: datetime,
    as_of: datetime | None = None,
) -> list[TotalRow]:
    """Every point over every window of [from_, to), by point, then time; the first and last window may be cut off.

    Args:
        connection: idle or in a transaction.
        e: enterprise.
        points: metered or virtual.
        from_, to: on quarter hours.
        resolution: in the enterprise's own cuts.
        now: the clock: up to when points count that the ledger never saw.
        as_of: as it was known then.

    Raises:
        NotFoundError: nobody knows the enterprise or one of the points.
    """
    cut = Resolution(resolution)
    start, end = quarter_ceil(from_), quarter_ceil(to)
    known = await served_points(connection, e, points)
    unknown = [p for p in points if p not in known]
    if unknown:
        raise NotFoundError(f"no point {unknown[0]} in enterprise {e}")
    calendar = await cuts_of(connection, e)
    windows = _windows(calendar, cut, start, end)
    if not windows or not points:
        return []
    sums: _Sums = defaultdict(_Sum)
    metered = [p for p in points if not known[p].virtual]
    if cut in _BY_DAYS and as_of is None:
        await _add_days(connection, e, metered, calendar, windows, sums)
    else:
        await _add_quarters(connection, e, metered, windows, range(len(windows)), as_of, sums)
    for p in points:
        if known[p].virtual:
            await _add_virtual(connection, e, known[p], windows, as_of, sums)
    return [_total(known[p], n, windows, sums, now, as_of) for p in points for n in range(len(windows))]


async def cuts_of(connection: Connection, e: int) -> Cuts:
    """An enterprise's calendar.

    Raises:
        NotFoundError: nobody knows the enterprise.
    """
    sql = statements("ledger")
    row = await sql.calendar(connection, e=e)
    if row is None:
        raise NotFoundError(f"no enterprise {e}")
    opens = timedelta(hours=row["day_starts"].hour, minutes=row["day_starts"].minute)
    shifts = tuple([(shift["starts"], shift["ends"]) async for shift in sql.shifts(connection, e=e)])
    return Cuts(ZoneInfo(row["timezone"]), opens, row["month_starts_day"], shifts)


def _windows(calendar: Cuts, resolution: Resolution, start: datetime, end: datetime) -> list[Window]:
    """Windows of [start, end), cut off at its edges. Of shifts that overlap each keeps its own time."""
    if resolution is Resolution.QUARTER:
        count = max(0, (end - start) // QUARTER)
        return list(pairwise(start + i * QUARTER for i in range(count + 1)))
    whole = calendar.windows(Cut(resolution.value), start, end)
    return [(max(a, start), min(b, end)) for a, b in whole]


async def _add_quarters(
    connection: Connection,
    e: int,
    points: Sequence[int],
    windows: Sequence[Window],
    numbers: Sequence[int],
    as_of: datetime | None,
    sums: _Sums,
) -> None:
    """Add quarter hours within windows to the sums of those numbers."""
    for layer in _layers(windows):
        rows = statements("ledger").sums(
            connection,
            e=e,
            points=list(points),
            starts=[windows[i][0] for i in layer],
            ends=[windows[i][1] for i in layer],
            as_of=as_of,
        )
        async for p, n, *found in rows:
            sums[p, numbers[layer[n - 1]]].add(*found)


def _layers(windows: Sequence[Window]) -> list[list[int]]:
    """Windows by index in as few lists as make those of each list follow one another (shifts may overlap)."""
    layers: list[list[int]] = []
    for i, (start, _) in enumerate(windows):
        free = next((layer for layer in layers if windows[layer[-1]][1] <= start), None)
        if free is None:
            layers.append([i])
        else:
            free.append(i)
    return layers


async def _add_days(
    connection: Connection, e: int, points: Sequence[int], calendar: Cuts, windows: Sequence[Window], sums: _Sums
) -> None:
    """Add whole days from day totals, and what the edges of the question leave of a day from quarter hours."""
    start, end = windows[0][0], windows[-1][1]
    starts = [a for a, _ in windows]
    days = calendar.windows(Cut.DAY, start, end)
    whole = [(a, b) for a, b in days if a >= start and b <= end]
    cut_off = [(max(a, start), min(b, end)) for a, b in days if not (a >= start and b <= end)]
    head = [window for window in cut_off if window[0] == start]
    tail = [window for window in cut_off if window[0] != start]
    for edge in (head, whole, tail):
        if not edge:
            continue
        numbers = [bisect_right(starts, a) - 1 for a, _ in edge]
        if edge is not whole:
            await _add_quarters(connection, e, points, edge, numbers, None, sums)
            continue
        firsts: dict[int, date] = {}
        for number, (a, _) in zip(numbers, whole, strict=True):
            firsts.setdefault(number, calendar.local_day(a))
        in_order = list(firsts)
        rows = statements("ledger").day_sums(
            connection,
            e=e,
            points=list(points),
            firsts=list(firsts.values()),
            last=calendar.local_day(whole[-1][0]) + timedelta(days=1),
        )
        async for p, n, *found in rows:
            sums[p, in_order[n - 1]].add(*found)


async def _add_virtual(
    connection: Connection,
    e: int,
    point: Served,
    windows: Sequence[Window],
    as_of: datetime | None,
    sums: _Sums,
) -> None:
    """A virtual point is only known where all its terms are: quarter hour by quarter hour."""
    rows = await known_rows(connection, e, point, windows[0][0], max(b for _, b in windows), as_of)
    for layer in _layers(windows):
        starts = [windows[i][0] for i in layer]
        for start in sorted(rows):
            n = bisect_right(starts, start) - 1
            if n >= 0 and start < windows[layer[n]][1]:
                row = rows[start]
                sums[point.p, layer[n]].add(
                    row["amount"],
                    row["amount"] * row["covered_s"],
                    row["covered_s"],
                    row["estimated_s"],
                    row["apportioned_s"],
                )


def _total(
    point: Served,
    n: int,
    windows: Sequence[Window],
    sums: Mapping[tuple[int, int], _Sum],
    now: datetime,
    as_of: datetime | None,
) -> TotalRow:
    start, end = windows[n]
    elapsed = _seconds(point.served(start, min(end, point.until(now, as_of))))
    found = sums.get((point.p, n))
    if found is None or found.covered_s == 0:
        return TotalRow(point.p, start, end, None, point.unit, 0.0, elapsed, 0.0, 0.0)
    amount = found.weighed / found.covered_s if point.mean else found.amount
    covered, estimated, apportioned = found.covered_s, found.estimated_s, found.apportioned_s
    return TotalRow(point.p, start, end, amount, point.unit, covered, elapsed, estimated, apportioned)


def _seconds(spans: Iterable[Window]) -> float:
    return sum(((b - a).total_seconds() for a, b in spans), 0.0)
