"""Generating units day by day from the ledger: fuel as standard coal, generation, house load, heat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import fsum

import asyncpg

from db.conversions import conversions
from db.energy import EnergyTotal, Period, energy_totals
from db.instants import BEGINNING, END, known
from db.metered import MeteredPoint, metered_points
from db.plants import EnterpriseRow
from db.statements import statements
from db.totals import cuts_of
from enms.carriers import TceBasis
from enms.coal_rate import Burnt, fleet_rate, together
from enms.cuts import Cut, Cuts
from enms.plant import GeneratingUnit
from enms.units import convert

TWELVE_MONTHS = timedelta(days=365)
_ENERGY = {"generation": "kWh", "auxiliary": "kWh", "heating_auxiliary": "kWh", "heat": "GJ", "total_heat": "GJ"}


@dataclass(frozen=True, slots=True)
class UnitVersion:
    """A generating unit over [valid_from, valid_to)."""

    unit: GeneratingUnit
    valid_from: datetime
    valid_to: datetime
    recorded_at: datetime
    retired: bool


@dataclass(frozen=True, slots=True)
class UnitPast:
    """A unit as configured, with the points it ever had.

    Attributes:
        ncvs: numbers of the points that measure its fuels' heating values.
    """

    code: str
    versions: tuple[UnitVersion, ...]
    points: Mapping[str, MeteredPoint]
    ncvs: frozenset[int]
    cuts: Cuts

    def at(self, instant: datetime) -> GeneratingUnit | None:
        """As it was configured then; None: it was not in service."""
        held = (v for v in self.versions if v.valid_from <= instant < v.valid_to and not v.retired)
        return next((v.unit for v in held), None)

    @property
    def current(self) -> GeneratingUnit:
        return self.versions[-1].unit


@dataclass(frozen=True, slots=True)
class UnitDay:
    """A unit over one day.

    Attributes:
        burnt: what it burnt and made; None: `missing` says what is not known.
        missing: why, and of which point: "heating_value_missing: u1.coal.mass".
        completeness: of its worst point.
    """

    start: datetime
    end: datetime
    burnt: Burnt | None
    missing: str
    completeness: float


@dataclass(frozen=True, slots=True)
class Rolled:
    """A unit over the days before an instant.

    Attributes:
        days: of the span; known: of these, days that are added up.
        missing: what was missing on the others, by how many days.
    """

    burnt: Burnt
    days: int
    known: int
    missing: Mapping[str, int] = field(default_factory=dict)

    @property
    def completeness(self) -> float:
        return self.known / self.days if self.days else 0.0

    @property
    def mostly(self) -> str:
        """What was missing most often."""
        return max(sorted(self.missing), key=lambda one: self.missing[one]) if self.missing else ""


@dataclass(frozen=True, slots=True)
class Year:
    """A fleet's twelve months, unit by unit."""

    units: tuple[tuple[str, Rolled], ...]

    @property
    def burnt(self) -> list[Burnt]:
        return [one.burnt for _, one in self.units]

    @property
    def rate(self) -> float | None:
        """gce/kWh of what is known; None: nothing was supplied."""
        return fleet_rate(self.burnt)

    @property
    def least_known(self) -> int:
        """Days known of the unit of which least is."""
        return min((one.known for _, one in self.units), default=0)


async def units_of(connection: asyncpg.Connection, enterprise: EnterpriseRow) -> list[UnitPast]:
    """Every generating unit that is not retired, by code."""
    found: dict[str, list[UnitVersion]] = {}
    async for row in statements("coal_rates").unit_versions(connection, e=enterprise.e):
        version = UnitVersion(
            unit=GeneratingUnit.model_validate_json(row["definition"]),
            valid_from=known(row["valid_from"]) or BEGINNING,
            valid_to=known(row["valid_to"]) or END,
            recorded_at=row["recorded_at"],
            retired=row["retired"],
        )
        found.setdefault(row["code"], []).append(version)
    current = {code: versions for code, versions in found.items() if not versions[-1].retired}
    if not current:
        return []
    points = {point.code: point for point in await metered_points(connection, enterprise.e)}
    cuts = await cuts_of(connection, enterprise.e)
    units = []
    for code, versions in current.items():
        named = {name for v in versions for codes in v.unit.points.values() for name in codes}
        own = {name: points[name] for name in sorted(named) if name in points}
        fuels = [own[name].p for v in versions for name in v.unit.fuels if name in own]
        rules = await conversions(connection, enterprise.e, fuels, TceBasis.CALORIFIC, enterprise.timezone)
        ncvs = frozenset(one.ncv_p for one in rules if one.ncv_p is not None)
        units.append(UnitPast(code, tuple(versions), own, ncvs, cuts))
    return units


async def unit_days(
    connection: asyncpg.Connection,
    enterprise: EnterpriseRow,
    units: Sequence[UnitPast],
    start: datetime,
    end: datetime,
    *,
    min_completeness: float,
    by_days: bool = False,
) -> dict[str, list[UnitDay]]:
    """Every whole day of [start, end) of each unit while it was in service, in order of time.

    `by_days`: from day totals, the same to rounding; for pages, never for a verdict that is kept.
    """
    if not units:
        return {}
    days = [d for d in units[0].cuts.windows(Cut.DAY, start, end) if d[0] >= start and d[1] <= end]
    numbers = sorted({point.p for unit in units for point in unit.points.values()})
    periods = [Period(*day) for day in days]
    cuts = units[0].cuts if by_days else None
    totals = await energy_totals(connection, enterprise.e, numbers, periods, zone=enterprise.timezone, cuts=cuts)
    by = {(one.p, one.period.start): one for one in totals}
    found: dict[str, list[UnitDay]] = {}
    for unit in units:
        own = found.setdefault(unit.code, [])
        for day in days:
            held = unit.at(day[0])
            if held is not None:
                own.append(_day(unit, held, day, by, min_completeness))
    return found


def rolled(days: Iterable[UnitDay], until: datetime, span: timedelta, *, window_days: int) -> Rolled:
    """Days of a unit that end within `span` before an instant, added up; unknown ones are counted, not guessed."""
    there = [one for one in days if until - span < one.end <= until]
    missing: dict[str, int] = {}
    for one in there:
        if one.burnt is None:
            missing[one.missing] = missing.get(one.missing, 0) + 1
    parts = [one.burnt for one in there if one.burnt is not None]
    return Rolled(together(parts), window_days, len(parts), missing)


def year_of(days: Mapping[str, Sequence[UnitDay]], until: datetime) -> Year:
    """Twelve months of every unit that was in service at any time of them."""
    return Year(
        tuple(
            (code, rolled(own, until, TWELVE_MONTHS, window_days=TWELVE_MONTHS.days))
            for code, own in sorted(days.items())
            if own
        )
    )


async def fleet_year(
    connection: asyncpg.Connection, enterprise: EnterpriseRow, now: datetime, *, min_completeness: float = 0.9
) -> Year | None:
    """The fleet's twelve months up to the last day that is over, for pages; None: it has no generating units."""
    units = await units_of(connection, enterprise)
    if not units:
        return None
    until = units[0].cuts.day_begins(units[0].cuts.day_of(now))
    days = await unit_days(
        connection, enterprise, units, until - TWELVE_MONTHS, until, min_completeness=min_completeness, by_days=True
    )
    return year_of(days, until)


def _day(
    unit: UnitPast,
    held: GeneratingUnit,
    day: tuple[datetime, datetime],
    totals: Mapping[tuple[int, datetime], EnergyTotal],
    min_completeness: float,
) -> UnitDay:
    if held.heat and held.total_heat is None:
        return UnitDay(*day, None, "alpha_missing: total_heat", 0.0)
    window_s = (day[1] - day[0]).total_seconds()
    worst, sums = 1.0, dict.fromkeys(("fuels", *_ENERGY), 0.0)
    for key, codes in held.points.items():
        parts = []
        for code in codes:
            point = unit.points.get(code)
            total = totals.get((point.p, day[0])) if point is not None else None
            amount, covered_s, why = _amount(key, total, point)
            completeness = min(1.0, covered_s / window_s)
            worst = min(worst, completeness)
            if amount is None or completeness < min_completeness:
                return UnitDay(*day, None, f"{why}: {code}", completeness)
            parts.append(amount / completeness)
        sums[key] = fsum(parts)
    burnt = Burnt(
        coal_kgce=sums["fuels"],
        gross_kwh=sums["generation"],
        auxiliary_kwh=sums["auxiliary"],
        heating_kwh=sums["heating_auxiliary"],
        heat_gj=sums["heat"],
        total_heat_gj=sums["total_heat"],
    )
    if burnt.heat_gj > 0 and burnt.total_heat_gj < burnt.heat_gj:
        return UnitDay(*day, None, f"alpha_beyond_one: {held.total_heat}", worst)
    return UnitDay(*day, burnt, "", worst)


def _amount(key: str, total: EnergyTotal | None, point: MeteredPoint | None) -> tuple[float | None, float, str]:
    """What a point gave, over how many seconds, and what to say where that is not enough."""
    if total is None or point is None or total.amount is None:
        return None, 0.0, f"{_WHAT[key]}_missing"
    if key != "fuels":
        return convert(total.amount, total.unit, _ENERGY[key]), total.covered_s, f"{_WHAT[key]}_missing"
    why = "heating_value_missing" if total.unconverted_s > 0 or total.kgce is None else "fuel_missing"
    return total.kgce, total.covered_s - total.unconverted_s, why


_WHAT = {
    "fuels": "fuel",
    "generation": "generation",
    "auxiliary": "auxiliary",
    "heating_auxiliary": "auxiliary",
    "heat": "heat",
    "total_heat": "alpha",
}
