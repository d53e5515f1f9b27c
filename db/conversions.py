"""How a point's amount becomes standard coal, version by version of its configuration.

The order of belief is that of `enms.carriers`: a measured heating value, a site factor, the table's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import asyncpg

from db.instants import BEGINNING, END, known
from db.plants import site_factors
from db.statements import statements
from enms.carriers import Factor, TceBasis, factor, kgce_by_ncv
from enms.site_factors import SiteFactor


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
class PointVersion:
    """A point's configuration version as conversion needs it; `terms` are a virtual point's."""

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


async def conversions(
    connection: asyncpg.Connection, e: int, points: Sequence[int], basis: TceBasis, zone: str
) -> list[Conversion]:
    """How each metered point converts, version by version; for evidence, and for `energy_totals`."""
    versions = await point_versions(connection, e, points)
    site = await site_factors(connection, e)
    metered = [v for rows in versions.values() if not rows[-1].terms for v in rows]
    return [c for version in metered for c in conversions_of(version, basis, zone, site)]


async def point_versions(
    connection: asyncpg.Connection, e: int, points: Sequence[int]
) -> dict[int, list[PointVersion]]:
    """Configuration versions of the points and, for virtual ones, of all points below them."""
    found: dict[int, list[PointVersion]] = {}
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


def _version(row: asyncpg.Record) -> PointVersion:
    terms = json.loads(row["virtual"]) if row["virtual"] is not None else []
    return PointVersion(
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


def conversions_of(version: PointVersion, basis: TceBasis, zone: str, site: Sequence[SiteFactor]) -> list[Conversion]:
    """The conversions of one metered point's version, cut where a site factor begins or ends."""

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
        if used is None:
            found.append(conversion(start, end, None, None, f"no {basis} factor for {version.carrier}"))
            continue
        try:
            found.append(conversion(start, end, used.per(version.unit), used, None))
        except ValueError as error:
            found.append(conversion(start, end, None, used, str(error)))
    return found


def _cuts(version: PointVersion, own: Sequence[Factor], zone: str) -> list[tuple[datetime, datetime]]:
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
    return list(pairwise(ordered))


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
