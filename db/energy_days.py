"""Long spans of metered points from day totals, where that says the same as the quarter hours do.

A year of a plant is 35 000 quarter hours a point, and 365 day totals. A point with a measured heating value still needs
its quarter hours, joined with those of the heating value. The last days of a span are left to the quarter hours: there
the heating value may not be known yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from db.conversions import Conversion
from db.statements import statements
from enms.cuts import Cut, Cuts

_TAIL = timedelta(days=2)
_FEWEST = timedelta(days=3)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Summed:
    """Sums of one point over one span; None: nothing is known."""

    amount: float | None
    kgce: float | None
    covered_s: float
    estimated_s: float
    apportioned_s: float
    unconverted_s: float
    provisional_s: float

    def plus(self, other: Summed | None) -> Summed:
        """Both together, this one first in time."""
        if other is None:
            return self
        return Summed(
            _add(self.amount, other.amount),
            _add(self.kgce, other.kgce),
            self.covered_s + other.covered_s,
            self.estimated_s + other.estimated_s,
            self.apportioned_s + other.apportioned_s,
            self.unconverted_s + other.unconverted_s,
            self.provisional_s + other.provisional_s,
        )


def _add(a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else a + b


def summed(row: asyncpg.Record) -> Summed:
    """A row of sums."""
    return Summed(
        row["amount"], row["kgce"], row["covered_s"], row["estimated_s"], row["apportioned_s"], row["unconverted_s"],
        row["provisional_s"],
    )  # fmt: skip


def whole_days(cuts: Cuts, start: datetime, end: datetime) -> tuple[datetime, datetime] | None:
    """The part of a span that is made of the enterprise's whole days, but for its last ones; None: too short."""
    if end - start < _FEWEST:
        return None
    days = [(a, b) for a, b in cuts.windows(Cut.DAY, start, end - _TAIL) if a >= start and b <= end - _TAIL]
    return (days[0][0], days[-1][1]) if days else None


async def day_sums(
    connection: asyncpg.Connection,
    e: int,
    rules: Sequence[Conversion],
    spans: Mapping[int, tuple[datetime, datetime]],
    cuts: Cuts,
) -> tuple[dict[tuple[int, int], Summed], set[tuple[int, int]]]:
    """Sums by (point, number of the span), and the pairs that only quarter hours can tell.

    Args:
        connection: idle or in a transaction.
        e: enterprise number.
        rules: how each metered point converts, version by version.
        spans: of whole days, by number.
        cuts: the enterprise's calendar.
    """
    within = [
        (rule, n, max(rule.valid_from, start), min(rule.valid_to, end))
        for rule in rules
        for n, (start, end) in spans.items()
        if rule.valid_from < end and rule.valid_to > start
    ]
    refused = {(rule.p, n) for rule, n, a, b in within if not (_begins(cuts, a) and _begins(cuts, b))}
    taken = [part for part in within if (part[0].p, part[1]) not in refused]
    sql = statements("energy")
    found: dict[tuple[int, int], Summed] = {}
    by_factor = [part for part in taken if part[0].ncv_p is None]
    by_ncv = [part for part in taken if part[0].ncv_p is not None]
    rows = [
        row
        async for row in sql.day_energy(
            connection,
            e=e,
            points=[rule.p for rule, *_ in by_factor],
            numbers=[n for _, n, *_ in by_factor],
            firsts=[cuts.day_of(a) for *_, a, _ in by_factor],
            lasts=[cuts.day_of(b) for *_, b in by_factor],
            factors=[rule.kgce_per_amount for rule, *_ in by_factor],
        )
    ] if by_factor else []  # fmt: skip
    if by_ncv:
        rows += [
            row
            async for row in sql.ncv_energy(
                connection,
                e=e,
                points=[rule.p for rule, *_ in by_ncv],
                numbers=[n for _, n, *_ in by_ncv],
                starts=[a for *_, a, _ in by_ncv],
                ends=[b for *_, b in by_ncv],
                factors=[rule.kgce_per_amount for rule, *_ in by_ncv],
                ncv_points=[rule.ncv_p for rule, *_ in by_ncv],
            )
        ]
    for row in rows:
        key = row["p"], row["n"]
        found[key] = summed(row).plus(found.get(key))
    return found, refused


def _begins(cuts: Cuts, instant: datetime) -> bool:
    """Whether one of the enterprise's days begins then."""
    return cuts.day_begins(cuts.day_of(instant)) == instant
