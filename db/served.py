"""Points as the ledger serves them: since when, until when, in which unit, and what virtual ones are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TypeAlias

import asyncpg

from db.instants import BEGINNING, END, known
from db.statements import statements
from enms.errors import ConflictError, NotFoundError
from enms.metering import Aggregate, ReadingType
from enms.quarters import quarter_floor

Connection: TypeAlias = asyncpg.Connection | asyncpg.Pool
# Default of ENMS_TRANSPORT_ALLOWANCE_S; only for points the ledger never saw.
ALLOWANCE = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Version:
    """A point over [valid_from, valid_to). `terms` are (point, sign) of a virtual one; a point None is unknown."""

    valid_from: datetime
    valid_to: datetime
    retired: bool
    reading: ReadingType
    amount_unit: str
    mean: bool
    max_gap_s: float
    in_service_from: datetime | None
    terms: tuple[tuple[int | None, int], ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """Metered points with signs that make up a point over [start, end)."""

    start: datetime
    end: datetime
    points: tuple[int, ...]
    signs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Served:
    """One point.

    Attributes:
        since: its declared service date or first reading, the earlier; None: neither.
        closed_until: None: the ledger never saw it.
        virtual: computed from other points.
        parts: what it is made of over time; of a metered point itself. Out of service: nothing.
    """

    p: int
    code: str
    unit: str
    mean: bool
    virtual: bool
    since: datetime | None
    closed_until: datetime | None
    grace: timedelta
    parts: tuple[Terms, ...]

    def until(self, now: datetime, as_of: datetime | None = None) -> datetime:
        """Up to when its quarter hours are final: as closed, else as the clock would close them."""
        closed = self.closed_until if self.closed_until is not None else quarter_floor(now - self.grace)
        return closed if as_of is None else min(closed, quarter_floor(as_of))

    def served(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """The parts of [start, end) in which the point was in service."""
        if self.since is None:
            return []
        spans = ((max(start, self.since, part.start), min(end, part.end)) for part in self.parts)
        return [(a, b) for a, b in spans if a < b]


async def served_points(connection: Connection, e: int, points: Sequence[int]) -> dict[int, Served]:
    """Points by number; those nobody knows are left out.

    Raises:
        ConflictError: a virtual point contains itself.
        NotFoundError: a virtual point names a point that does not exist.
    """
    versions, states = await _everything(connection, e, points)
    return {p: _served(p, versions, states) for p in dict.fromkeys(points) if p in versions}


async def _everything(
    connection: Connection, e: int, points: Iterable[int]
) -> tuple[dict[int, list[Version]], dict[int, asyncpg.Record]]:
    """Versions and states of points and of all their terms, down to metered ones."""
    sql = statements("ledger")
    versions: defaultdict[int, list[Version]] = defaultdict(list)
    states: dict[int, asyncpg.Record] = {}
    wanted = set(points)
    while wanted:
        chosen = sorted(wanted)
        async for row in sql.versions(connection, e=e, points=chosen):
            versions[row["p"]].append(_version(row))
        async for row in sql.service(connection, e=e, points=chosen):
            states[row["p"]] = row
        terms = {p for of in wanted for v in versions[of] for p, _ in v.terms if p is not None}
        wanted = terms - versions.keys()
    return {p: found for p, found in versions.items() if found}, states


def _version(row: asyncpg.Record) -> Version:
    terms = zip(row["term_points"] or (), row["term_signs"] or (), strict=True)
    return Version(
        valid_from=known(row["valid_from"]) or BEGINNING,
        valid_to=known(row["valid_to"]) or END,
        retired=row["retired"],
        reading=ReadingType(row["reading"]),
        amount_unit=row["amount_unit"],
        mean=row["aggregate"] == Aggregate.MEAN,
        max_gap_s=row["max_gap_s"],
        in_service_from=row["in_service_from"],
        terms=tuple(terms),
    )


def _served(p: int, versions: Mapping[int, Sequence[Version]], states: Mapping[int, asyncpg.Record]) -> Served:
    own = versions[p]
    parts = tuple(_parts(p, BEGINNING, END, versions, ()))
    metered = {q for part in parts for q in part.points}
    virtual = own[-1].reading is ReadingType.VIRTUAL
    since, closed_until = _since(p, versions, states), states[p]["closed_until"]
    if virtual:
        closed_until = _closed_together(parts, states)
        # A sum exists once all its terms do.
        begun = [_since(q, versions, states) for q in parts[0].points] if parts else []
        if since is None and None not in begun:
            since = max((b for b in begun if b is not None), default=None)
    gap = max((v.max_gap_s for q in metered for v in versions[q]), default=own[-1].max_gap_s)
    return Served(
        p=p,
        code=states[p]["code"],
        unit=own[-1].amount_unit,
        mean=own[-1].mean,
        virtual=virtual,
        since=since,
        closed_until=closed_until,
        grace=timedelta(seconds=gap) + ALLOWANCE,
        parts=parts,
    )


def _closed_together(parts: Sequence[Terms], states: Mapping[int, asyncpg.Record]) -> datetime | None:
    """Up to when all terms are closed, part after part: a term that is gone closes no further than its part."""
    closed = None
    for part in parts:
        ends = [states[q]["closed_until"] for q in part.points]
        if None in ends:
            break
        closed = min(*ends, part.end)
        if closed < part.end:
            break
    return closed


def _since(p: int, versions: Mapping[int, Sequence[Version]], states: Mapping[int, asyncpg.Record]) -> datetime | None:
    instants = [v.in_service_from for v in versions[p]] + [states[p]["first_ts"]]
    return min((at for at in instants if at is not None), default=None)


def _parts(
    p: int, start: datetime, end: datetime, versions: Mapping[int, Sequence[Version]], above: tuple[int, ...]
) -> Iterable[Terms]:
    """What p is made of over [start, end), cut where any version of any term changes."""
    if p in above:
        raise ConflictError(f"virtual point {p} contains itself")
    for version in versions[p]:
        a, b = max(start, version.valid_from), min(end, version.valid_to)
        if a >= b or version.retired:
            continue
        if version.reading is not ReadingType.VIRTUAL:
            yield Terms(a, b, (p,), (1,))
        else:
            yield from _sum(p, a, b, version.terms, versions, above)


def _sum(
    p: int,
    start: datetime,
    end: datetime,
    terms: Sequence[tuple[int | None, int]],
    versions: Mapping[int, Sequence[Version]],
    above: tuple[int, ...],
) -> Iterable[Terms]:
    of_terms: list[tuple[int, list[Terms]]] = []
    for q, sign in terms:
        if q is None or q not in versions:
            raise NotFoundError(f"virtual point {p} names a point that does not exist")
        of_terms.append((sign, list(_parts(q, start, end, versions, (*above, p)))))
    edges = sorted({start, end, *(edge for _, parts in of_terms for part in parts for edge in (part.start, part.end))})
    for a, b in pairwise(edges):
        there = [(sign, part) for sign, parts in of_terms for part in parts if part.start <= a and part.end >= b]
        if len(there) == len(of_terms):
            points = tuple(q for _, part in there for q in part.points)
            yield Terms(a, b, points, tuple(sign * s for sign, part in there for s in part.signs))
