"""Amounts and standard coal of metering points over periods, from the ledger.

The order of belief in a conversion is that of `enms.carriers`: a measured heating value (quarter hour by quarter
hour, re-derived when it arrives late), a site factor, the table's. Where none of them is there the standard coal is
None and `reason` names what is missing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from db.instants import BEGINNING, END, known
from db.plants import site_factors
from db.statements import statements
from enms.carriers import Factor, TceBasis, factor, kgce_by_ncv
from enms.plant import SiteFactor


@dataclass(frozen=True, slots=True)
class Period:
    """[start, end), UTC, on quarter hours."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Conversion:
    """How one point's amount becomes standard coal over [valid_from, valid_to).

    Attributes:
        p: the point metered.
        kgce_per_amount: kgce per amount unit; per amount unit and unit of heating value when `ncv_p` is given;
            None where nobody knows, and `reason` says so.
        ncv_p: the point that measures the heating value.
        factor: the factor used, for evidence; None with a measured heating value.
    """

    p: int
    valid_from: datetime
    valid_to: datetime
    kgce_per_amount: float | None
    ncv_p: int | None
    factor: Factor | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class EnergyTotal:
    """One point over one period.

    Attributes:
        amount: in `unit`, over the covered seconds; None: missing.
        kgce: standard coal of `amount`; None: missing, or no conversion (`reason`).
        elapsed_s: seconds the point should have covered: in service, and closed by now.
        unconverted_s: covered seconds whose heating value is missing.
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
    reason: str | None

    @property
    def completeness(self) -> float | None:
        """Covered over elapsed seconds; None before service."""
        return self.covered_s / self.elapsed_s if self.elapsed_s > 0 else None


@dataclass(frozen=True, slots=True)
class _Version:
    """A point's configuration version as conversion needs it."""

    p: int
    code: str
    valid_from: datetime
    valid_to: datetime
    carrier: str | None
    unit: str
    ncv: str | None
    ncv_p: int | None
    ncv_unit: str | None
    terms: tuple[tuple[str, int], ...]


async def energy_totals(
    connection: asyncpg.Connection,
    e: int,
    points: Sequence[int],
    periods: Sequence[Period],
    *,
    basis: TceBasis = TceBasis.CALORIFIC,
    zone: str = "Asia/Shanghai",
    as_of: datetime | None = None,
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
    """
    if not points or not periods:
        return []
    versions = await _versions(connection, e, points)
    metered = [v for v in versions.values() if not v[-1].terms]
    found = await _metered_totals(connection, e, metered, periods, basis, zone, as_of)
    by_code = {rows[-1].code: rows for rows in versions.values()}
    return [total for p in points if p in versions for total in _point_totals(versions[p][-1], by_code, found, periods)]


async def conversions(
    connection: asyncpg.Connection, e: int, points: Sequence[int], basis: TceBasis, zone: str
) -> list[Conversion]:
    """How each metered point converts, version by version; for evidence, and for `energy_totals`."""
    versions = await _versions(connection, e, points)
    site = await site_factors(connection, e)
    metered = [v for rows in versions.values() if not rows[-1].terms for v in rows]
    return [c for version in metered for c in _conversions(version, basis, zone, site)]


async def _versions(connection: asyncpg.Connection, e: int, points: Sequence[int]) -> dict[int, list[_Version]]:
    """Configuration versions of the points and, for virtual ones, of all points below them."""
    found: dict[int, list[_Version]] = {}
    wanted = list(points)
    while wanted:
        rows = [row async for row in statements("energy").conversion_points(connection, e=e, points=wanted)]
        terms: set[str] = set()
        for row in rows:
            version = _version(row)
            found.setdefault(version.p, []).append(version)
            terms.update(code for code, _ in version.terms)
        known_codes = {rows[-1].code for rows in found.values()}
        codes = sorted(terms - known_codes)
        below = [row["p"] async for row in statements("energy").points_by_code(connection, e=e, codes=codes)]
        wanted = [p for p in below if p not in found]
    return found


def _version(row: asyncpg.Record) -> _Version:
    terms = json.loads(row["virtual"]) if row["virtual"] is not None else []
    return _Version(
        p=row["p"],
        code=row["code"],
        valid_from=known(row["valid_from"]) or BEGINNING,
        valid_to=known(row["valid_to"]) or END,
        carrier=row["carrier"],
        unit=row["amount_unit"],
        ncv=row["ncv"],
        ncv_p=row["ncv_p"],
        ncv_unit=row["ncv_unit"],
        terms=tuple((t["point"], t["sign"]) for t in terms),
    )


def _conversions(version: _Version, basis: TceBasis, zone: str, site: Sequence[SiteFactor]) -> list[Conversion]:
    def conversion(
        start: datetime, end: datetime, per: float | None, used: Factor | None, reason: str | None
    ) -> Conversion:
        ncv_p = version.ncv_p if version.ncv is not None and reason is None else None
        return Conversion(version.p, start, end, per, ncv_p, used, reason)

    whole = (version.valid_from, version.valid_to)
    if version.carrier is None:
        return [conversion(*whole, None, None, "no carrier")]
    if version.ncv is not None:
        if version.ncv_p is None or version.ncv_unit is None:
            return [conversion(*whole, None, None, f"heating value point {version.ncv} is not there")]
        try:
            per = kgce_by_ncv(1.0, version.unit, 1.0, version.ncv_unit)
        except ValueError as error:
            return [conversion(*whole, None, None, str(error))]
        return [conversion(*whole, per, None, None)]
    own = [_as_factor(f) for f in site if f.carrier == version.carrier]
    found = []
    for start, end in _cuts(version, own, zone):
        day = start.astimezone(ZoneInfo(zone)).date() if start > BEGINNING else date.min
        used = factor(version.carrier, basis, day, own)
        per, reason = None, f"no {basis} factor for {version.carrier}"
        if used is not None:
            try:
                per, reason = used.per(version.unit), None
            except ValueError as error:
                reason = str(error)
        found.append(conversion(start, end, per, used, reason))
    return found


def _cuts(version: _Version, own: Sequence[Factor], zone: str) -> list[tuple[datetime, datetime]]:
    """The version's span, cut where one of the site's factors begins or ends."""
    tz = ZoneInfo(zone)
    edges = {version.valid_from, version.valid_to}
    for site_factor in own:
        days = (
            site_factor.effective_from,
            site_factor.effective_to + timedelta(days=1) if site_factor.effective_to else None,
        )
        edges.update(datetime.combine(day, time(), tz).astimezone(UTC) for day in days if day is not None)
    ordered = sorted(edge for edge in edges if version.valid_from <= edge <= version.valid_to)
    return list(zip(ordered[:-1], ordered[1:], strict=True))


def _as_factor(own: SiteFactor) -> Factor:
    return Factor(
        carrier=own.carrier,
        basis=own.basis,
        unit=own.unit,
        kgce=own.kgce,
        effective_from=own.effective_from,
        effective_to=own.effective_to,
        edition="site factor",
        source=own.source,
        confidence="site",
        review="given by the enterprise",
    )


async def _metered_totals(
    connection: asyncpg.Connection,
    e: int,
    versions: Sequence[Sequence[_Version]],
    periods: Sequence[Period],
    basis: TceBasis,
    zone: str,
    as_of: datetime | None,
) -> dict[tuple[int, int], EnergyTotal]:
    """Totals of metered points by (point, index of period); every pair is there."""
    site = await site_factors(connection, e)
    rules = [c for rows in versions for v in rows for c in _conversions(v, basis, zone, site)]
    points = [rows[-1].p for rows in versions]
    sql = statements("energy")
    spans = {row["p"]: row async for row in sql.service_spans(connection, e=e, points=points)}
    summed = {
        (row["p"], row["n"] - 1): row
        async for row in sql.energy_totals(
            connection,
            e=e,
            as_of=as_of,
            points=[c.p for c in rules],
            valid_from=[c.valid_from for c in rules],
            valid_to=[c.valid_to for c in rules],
            factor=[c.kgce_per_amount for c in rules],
            ncv_points=[c.ncv_p for c in rules],
            starts=[period.start for period in periods],
            ends=[period.end for period in periods],
        )
    }
    reasons: dict[int, str | None] = {}
    for rule in rules:
        reasons[rule.p] = rule.reason
    found: dict[tuple[int, int], EnergyTotal] = {}
    for rows in versions:
        last = rows[-1]
        for n, period in enumerate(periods):
            row = summed.get((last.p, n))
            span = spans[last.p]
            reason = reasons.get(last.p)
            unconverted = row["unconverted_s"] if row else 0.0
            if reason is None and unconverted > 0:
                reason = f"heating value {last.ncv} missing for {unconverted:.0f} s"
            found[last.p, n] = EnergyTotal(
                p=last.p,
                code=last.code,
                period=period,
                amount=row["amount"] if row else None,
                unit=last.unit,
                kgce=row["kgce"] if row else None,
                covered_s=row["covered_s"] if row else 0.0,
                elapsed_s=_elapsed_s(period, span["since"], span["until"]),
                estimated_s=row["estimated_s"] if row else 0.0,
                apportioned_s=row["apportioned_s"] if row else 0.0,
                unconverted_s=unconverted,
                reason=reason if row else "no data",
            )
    return found


def _elapsed_s(period: Period, since: datetime | None, until: datetime | None) -> float:
    if since is None or until is None:
        return 0.0
    return max(0.0, (min(period.end, until) - max(period.start, since)).total_seconds())


def _point_totals(
    version: _Version,
    by_code: Mapping[str, Sequence[_Version]],
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
                reason=next((t.reason for _, t in terms if t.reason is not None), None),
            )
        )
    return totals
