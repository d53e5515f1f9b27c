"""What flows now, without counting it twice.

A child meter (its `parent` measures it too) is never added beside its parent. What an enterprise uses of a carrier is
what it buys plus what it makes less what it sells; where it declares none of these, what its processes use.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from api.latest import flow_per_hour
from db.views import NewestRow, PointRow
from enms.metering import Role
from enms.units import UNITS, Dimension, convert

Pair = tuple[PointRow, NewestRow | None]
_BALANCE = {Role.PURCHASED: 1, Role.PRODUCED: 1, Role.RECOVERED: 1, Role.SOLD: -1}


@dataclass(frozen=True, slots=True)
class Power:
    """Electric power now.

    Attributes:
        kw: sum of what is known; None where nothing is.
        known, of: how many of its meters tell.
        oldest_s: age of the oldest value in the sum.
    """

    kw: float | None
    known: int
    of: int
    oldest_s: float | None

    @property
    def complete(self) -> bool:
        """Whether every meter tells."""
        return self.known == self.of


def electric(point: PointRow) -> bool:
    """Whether its amounts are electrical energy."""
    symbol = UNITS.get(point.amount_unit)
    return point.carrier == "electricity" and symbol is not None and symbol.dimension is Dimension.ENERGY


def top_meters(points: Iterable[PointRow]) -> list[PointRow]:
    """Those whose parent is not among them."""
    rows = list(points)
    codes = {row.code for row in rows}
    return [row for row in rows if row.parent not in codes]


def boundary(points: Sequence[PointRow]) -> dict[int, int]:
    """The signed points an enterprise's use of electricity is the sum of, by point number."""
    wired = [point for point in points if electric(point)]
    for roles in (set(_BALANCE), {Role.CONSUMED}):
        chosen = top_meters(point for point in wired if Role(point.role) in roles)
        if any(point.role != Role.SOLD for point in chosen):
            return {point.p: _BALANCE.get(Role(point.role), 1) for point in chosen}
    return {}


def process_boundary(points: Sequence[PointRow], process: str) -> dict[int, int]:
    """The points a process's use of electricity is the sum of."""
    of = [point for point in points if electric(point) and point.process == process and point.role == Role.CONSUMED]
    return {point.p: 1 for point in top_meters(of)}


def power(pairs: Iterable[Pair], signs: dict[int, int], now: datetime) -> Power:
    """Power over a boundary; a stale or silent meter counts as unknown."""
    total, known, oldest = 0.0, 0, None
    for point, newest in pairs:
        if point.p not in signs or newest is None:
            continue
        age = (now - newest.ts).total_seconds()
        flow = flow_per_hour(point, newest)
        if flow is None or age > point.silent_after_s:
            continue
        total += signs[point.p] * convert(flow, point.amount_unit, "kWh")
        known += 1
        oldest = max(age, oldest or 0.0)
    return Power(total if known else None, known, len(signs), oldest)
