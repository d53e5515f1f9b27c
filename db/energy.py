"""Amounts and standard coal of metering points over periods, from the ledger.

A measured heating value counts quarter hour by quarter hour, and re-derives when it arrives late. Where an amount has
no conversion its standard coal is None and `reason` names what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from db.conversions import Conversion, PointVersion, conversions_of, point_versions
from db.energy_days import Summed, day_sums, summed, whole_days
from db.plants import site_factors
from db.statements import statements
from enms.carriers import TceBasis
from enms.cuts import Cuts


@dataclass(frozen=True, slots=True)
class Period:
    """[start, end), UTC, on quarter hours."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class EnergyTotal:
    """One point over one period.

    Attributes:
        amount: in `unit`, over the covered seconds; None: missing.
        kgce: standard coal of `amount`; None: missing, or no conversion (`reason`).
        elapsed_s: seconds the point should have covered: in service, and closed by now.
        unconverted_s: covered seconds whose heating value is missing.
        provisional_s: covered seconds converted by an older heating value, because theirs is not known yet.
    """

    p: int
    code: str
    period: Period
    amount: float | None
    unit: str
    kgce: float | None
    covered_s: float
    elapsed_s: float
    estimated_s: float
    apportioned_s: float
    unconverted_s: float
    provisional_s: float
    reason: str | None

    @property
    def completeness(self) -> float | None:
        """Covered over elapsed seconds; None before service."""
        return self.covered_s / self.elapsed_s if self.elapsed_s > 0 else None

    @property
    def kgce_completeness(self) -> float | None:
        """As `completeness`, without the seconds whose heating value is missing."""
        return (self.covered_s - self.unconverted_s) / self.elapsed_s if self.elapsed_s > 0 else None


async def energy_totals(
    connection: asyncpg.Connection,
    e: int,
    points: Sequence[int],
    periods: Sequence[Period],
    *,
    basis: TceBasis = TceBasis.CALORIFIC,
    zone: str = "Asia/Shanghai",
    as_of: datetime | None = None,
    provisional: bool = False,
    cuts: Cuts | None = None,
) -> list[EnergyTotal]:
    """Every point over every period, ordered by point, then period.

    Args:
        connection: idle or in a transaction.
        e: enterprise number.
        points: metered or virtual points.
        periods: any spans on quarter hours.
        basis: 当量 or 等价.
        zone: the enterprise's time zone, for factors that change on a day.
        as_of: what was known then; None: what is known now.
        provisional: take the last heating value where that of an open quarter hour is not known yet; for pages,
            never for a verdict.
        cuts: the enterprise's calendar: take the whole days of long periods from day totals, where nothing is asked as
            of an earlier instant. The same to rounding.
    """
    if not points or not periods:
        return []
    versions = await point_versions(connection, e, points)
    metered = [v for v in versions.values() if not v[-1].terms]
    site = await site_factors(connection, e)
    rules = [c for rows in metered for v in rows for c in conversions_of(v, basis, zone, site)]
    asked = _Asked(connection, e, rules, as_of, provisional)
    sums = await _sums(asked, periods) if cuts is None or as_of is not None else await _long_sums(asked, periods, cuts)
    found = await _metered_totals(asked, metered, sums, periods)
    by_code = {rows[-1].code: rows for rows in versions.values()}
    return [total for p in points if p in versions for total in _point_totals(versions[p][-1], by_code, found, periods)]


@dataclass(frozen=True, slots=True)
class _Asked:
    connection: asyncpg.Connection
    e: int
    rules: Sequence[Conversion]
    as_of: datetime | None
    provisional: bool


_Sums = dict[tuple[int, int], Summed]


async def _sums(asked: _Asked, periods: Sequence[Period], points: AbstractSet[int] | None = None) -> _Sums:
    """Sums over quarter hours by (point, index of period); of these points only."""
    rules = [rule for rule in asked.rules if points is None or rule.p in points]
    if not rules or not periods:
        return {}
    rows = statements("energy").energy_totals(
        asked.connection,
        e=asked.e,
        as_of=asked.as_of,
        provisional=asked.provisional,
        points=[c.p for c in rules],
        valid_from=[c.valid_from for c in rules],
        valid_to=[c.valid_to for c in rules],
        factor=[c.kgce_per_amount for c in rules],
        ncv_points=[c.ncv_p for c in rules],
        starts=[period.start for period in periods],
        ends=[period.end for period in periods],
    )
    return {(row["p"], row["n"] - 1): summed(row) async for row in rows}


async def _long_sums(asked: _Asked, periods: Sequence[Period], cuts: Cuts) -> _Sums:
    """The same with the whole days of long periods from day totals, and only what is left from quarter hours."""
    spans = {n: days for n, p in enumerate(periods) if (days := whole_days(cuts, p.start, p.end)) is not None}
    by_days, refused = await day_sums(asked.connection, asked.e, asked.rules, spans, cuts)
    left = [(n, edge) for n, period in enumerate(periods) for edge in _edges(period, spans.get(n))]
    edges = [(n, edge) for n, edge in left if edge.start < edge.end]
    parts = [(edges, await _sums(asked, [edge for _, edge in edges]))]
    inner = [(n, Period(*spans[n])) for n in sorted({n for _, n in refused})]
    parts.append((inner, await _sums(asked, [span for _, span in inner], {p for p, _ in refused})))
    found = dict(by_days)
    for owners, sums in parts:
        for (p, k), one in sums.items():
            key = p, owners[k][0]
            if owners is inner and key not in refused:
                continue
            found[key] = found[key].plus(one) if key in found else one
    return found


def _edges(period: Period, days: tuple[datetime, datetime] | None) -> tuple[Period, ...]:
    """What is left of a period without its whole days."""
    return (period,) if days is None else (Period(period.start, days[0]), Period(days[1], period.end))


async def _metered_totals(
    asked: _Asked, versions: Sequence[Sequence[PointVersion]], sums: _Sums, periods: Sequence[Period]
) -> dict[tuple[int, int], EnergyTotal]:
    """Totals of metered points by (point, index of period); every pair is there."""
    points = [rows[-1].p for rows in versions]
    rows_of = statements("energy").service_spans(asked.connection, e=asked.e, points=points)
    spans = {row["p"]: row async for row in rows_of}
    reasons = {rule.p: rule.reason for rule in asked.rules}
    found: dict[tuple[int, int], EnergyTotal] = {}
    for rows in versions:
        last = rows[-1]
        for n, period in enumerate(periods):
            row = sums.get((last.p, n))
            span = spans[last.p]
            reason = reasons.get(last.p)
            unconverted = row.unconverted_s if row else 0.0
            if reason is None and unconverted > 0:
                reason = f"heating value {last.ncv} missing for {unconverted:.0f} s"
            found[last.p, n] = EnergyTotal(
                p=last.p,
                code=last.code,
                period=period,
                amount=row.amount if row else None,
                unit=last.unit,
                kgce=row.kgce if row else None,
                covered_s=row.covered_s if row else 0.0,
                elapsed_s=_elapsed_s(period, span["since"], span["until"]),
                estimated_s=row.estimated_s if row else 0.0,
                apportioned_s=row.apportioned_s if row else 0.0,
                unconverted_s=unconverted,
                provisional_s=row.provisional_s if row else 0.0,
                reason=reason if row else "no data",
            )
    return found


def _elapsed_s(period: Period, since: datetime | None, until: datetime | None) -> float:
    if since is None or until is None:
        return 0.0
    return max(0.0, (min(period.end, until) - max(period.start, since)).total_seconds())


def _point_totals(
    version: PointVersion,
    by_code: Mapping[str, Sequence[PointVersion]],
    found: Mapping[tuple[int, int], EnergyTotal],
    periods: Sequence[Period],
) -> list[EnergyTotal]:
    """A point's totals; a virtual one is the signed sum of what is below it, missing where any term is."""
    if not version.terms:
        return [found[version.p, n] for n in range(len(periods))]
    parts = [
        (sign, _point_totals(by_code[code][-1], by_code, found, periods))
        for code, sign in version.terms
        if code in by_code
    ]
    whole = len(parts) == len(version.terms)
    totals = []
    for n, period in enumerate(periods):
        terms = [(sign, rows[n]) for sign, rows in parts]
        amounts = [sign * t.amount for sign, t in terms if t.amount is not None]
        kgce = [sign * t.kgce for sign, t in terms if t.kgce is not None]
        complete = whole and len(amounts) == len(terms)
        totals.append(
            EnergyTotal(
                p=version.p,
                code=version.code,
                period=period,
                amount=sum(amounts) if complete else None,
                unit=version.unit,
                kgce=sum(kgce) if complete and len(kgce) == len(terms) else None,
                covered_s=min((t.covered_s for _, t in terms), default=0.0) if complete else 0.0,
                elapsed_s=max((t.elapsed_s for _, t in terms), default=0.0),
                estimated_s=max((t.estimated_s for _, t in terms), default=0.0),
                apportioned_s=max((t.apportioned_s for _, t in terms), default=0.0),
                unconverted_s=max((t.unconverted_s for _, t in terms), default=0.0),
                provisional_s=max((t.provisional_s for _, t in terms), default=0.0),
                reason=next((t.reason for _, t in terms if t.reason is not None), None),
            )
        )
    return totals
