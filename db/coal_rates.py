"""Generating units day by day from the ledger: each unit by its EnPI, fleets by their units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg

from db.enpi_model import EnpiModel, EnpiVersion, models_of
from db.instants import BEGINNING
from db.performance import Asked, values_of_many
from db.plants import EnterpriseRow
from db.statements import statements
from db.versions import Version, named_until, validity, version_at
from enms.coal_rate import FleetRate, fleet_rate
from enms.cuts import Cut, Window
from enms.enpi_inputs import Input, Part
from enms.enpi_reasons import Why
from enms.errors import ConflictError
from enms.generating_unit import GeneratingUnit
from enms.performance import EnpiValue, together

TWELVE_MONTHS = timedelta(days=365)
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class UnitVersion(Version):
    """A generating unit over [valid_from, valid_to)."""

    unit: GeneratingUnit


@dataclass(frozen=True, slots=True)
class UnitPast:
    """A unit as configured, with its supply coal rate as an EnPI: what an EnPI that names it is, too."""

    code: str
    versions: tuple[UnitVersion, ...]
    model: EnpiModel

    def at(self, instant: datetime) -> GeneratingUnit | None:
        """As it was configured then; None: it was not in service."""
        held = version_at(self.versions, instant)
        return held.unit if held is not None else None

    def serves(self, start: datetime, end: datetime) -> bool:
        """Whether it was in service from start to end, by the plant file's versions."""
        gone = any(v.retired and v.valid_from < end and v.valid_to > start for v in self.versions)
        return self.versions[0].valid_from <= start and not gone

    @property
    def current(self) -> GeneratingUnit:
        return self.versions[-1].unit

    @property
    def retired(self) -> bool:
        """Whether there is no such unit any more; the days it served still count."""
        return self.versions[-1].retired

    @property
    def present(self) -> frozenset[int]:
        """The points it is made of now: those of a retired unit, or of a former boundary, close no more."""
        leaves = [] if self.retired else self.model.leaves(self.model.current)
        return frozenset(leaf.point.p for leaf in leaves)

    @property
    def points(self) -> frozenset[int]:
        """Every point it was ever made of."""
        return frozenset(leaf.point.p for v in self.model.versions for leaf in self.model.leaves(v))

    @property
    def named(self) -> dict[int, datetime]:
        """Until when each point that it was made of was one of them."""
        return named_until(self.model.versions, lambda v: [leaf.point.p for leaf in self.model.leaves(v)])

    @property
    def ncvs(self) -> frozenset[int]:
        """Points that measure its fuels' heating values."""
        leaves = [leaf for v in self.model.versions for leaf in self.model.leaves(v)]
        named = {leaf.point.ncv for leaf in leaves if leaf.part is Part.ENERGY and leaf.point.ncv is not None}
        return frozenset(self.model.points[code].p for code in named if code in self.model.points)


@dataclass(frozen=True, slots=True)
class UnitDay:
    """A unit over one day.

    Attributes:
        value: its supply coal rate with all it is made of.
        missing: why it does not count, and of which point: "heating_value_missing: u1.coal.mass"; empty: it does.
    """

    value: EnpiValue
    missing: str

    @property
    def end(self) -> datetime:
        return self.value.end


@dataclass(frozen=True, slots=True)
class Rolled:
    """A unit over the days before an instant.

    Attributes:
        value: of the days that are known, added up.
        days: of the span on which it was in service; known: of these, days that are added up.
        missing: what was missing on the others, by how many days.
    """

    value: EnpiValue
    days: int
    known: int
    missing: Mapping[str, int] = field(default_factory=dict)

    @property
    def completeness(self) -> float:
        return self.known / self.days if self.days else 0.0

    @property
    def alpha(self) -> float | None:
        """Share of heat supplied; a unit that supplies none has none of it, one that is not known may have any."""
        told = self.value.alpha is not None or self.value.whole_energy_kgce is None
        return self.value.alpha if told else 0.0

    @property
    def mostly(self) -> str:
        """What was missing most often."""
        return max(sorted(self.missing), key=lambda one: self.missing[one]) if self.missing else ""


@dataclass(frozen=True, slots=True)
class Year:
    """A fleet's twelve months, unit by unit.

    Attributes:
        units: those that were in service on any day of them, each over the days on which it was.
        served: days on which any unit was.
        until: begin of the first day that does not count any more.
    """

    units: tuple[tuple[str, Rolled], ...]
    served: int
    until: datetime

    @property
    def fleet(self) -> FleetRate | None:
        """Of what is known; None: of a unit nothing is, or nothing was supplied."""
        return fleet_rate([one.value for _, one in self.units])

    @property
    def least_known(self) -> int:
        """Days on which all is known of the unit of which least is; a day it did not serve takes nothing away."""
        return min([self.served, *(TWELVE_MONTHS.days - one.days + one.known for _, one in self.units)])

    def too_little(self, least: float) -> str:
        """Which unit has too few known days, how many, and what was missing mostly; empty: none has.

        A fleet that is young has too few days, too, however well they are known.
        """
        if not self.units:
            return "not_in_service"
        code, worst = min(self.units, key=lambda pair: pair[1].completeness)
        if worst.completeness < least or not worst.known:
            why = f": {worst.mostly}" if worst.mostly else ""
            return f"too_few_days: {code} {worst.known}/{worst.days}{why}"
        if self.served < least * TWELVE_MONTHS.days:
            return f"too_few_days: {self.served}/{TWELVE_MONTHS.days}: not_in_service"
        return ""

    def why_unknown(self, least: float = 0.0) -> str:
        """Why nothing is told of the fleet; empty: it is."""
        reason = self.too_little(least)
        return reason or ("idle" if self.fleet is None else "")


async def units_of(connection: asyncpg.Connection, enterprise: EnterpriseRow) -> list[UnitPast]:
    """Every generating unit, by code; retired ones too, as they were in service before."""
    found: dict[str, list[UnitVersion]] = {}
    async for row in statements("coal_rates").unit_versions(connection, e=enterprise.e):
        version = UnitVersion(
            unit=GeneratingUnit.model_validate_json(row["definition"]),
            **validity(row),
        )
        found.setdefault(row["code"], []).append(version)
    pasts = {code: tuple(versions) for code, versions in found.items()}
    boundaries = {
        code: [
            EnpiVersion(
                v.unit.enpi(),
                valid_from=v.valid_from,
                valid_to=v.valid_to,
                recorded_at=v.recorded_at,
                retired=v.retired,
            )
            for v in versions
        ]
        for code, versions in pasts.items()
    }
    models = {model.code: model for model in await models_of(connection, enterprise, boundaries)}
    return [UnitPast(code, versions, models[code]) for code, versions in pasts.items()]


async def unit_days(
    connection: asyncpg.Connection,
    units: Sequence[UnitPast],
    start: datetime,
    end: datetime,
    *,
    min_completeness: float,
    by_days: bool = False,
) -> dict[str, list[UnitDay]]:
    """Every whole day of [start, end) on which a unit of one enterprise was in service, by unit, in order of time.

    A day of which nothing is told is there, and unknown: without it the others would pass for all.

    `by_days`: from day totals, the same to rounding; for pages, never for a verdict that is kept.
    """
    served = {unit.code: _days_of(unit, start, end) for unit in units}
    there = [unit for unit in units if served[unit.code]]
    if not there:
        return {}
    asked = [Asked(unit.model, start, end, Cut.DAY.value, end) for unit in there]
    found: dict[str, list[UnitDay]] = {}
    for unit, values in zip(there, await values_of_many(connection, asked, by_days=by_days), strict=True):
        told = () if isinstance(values, ConflictError) else values
        closed = {value.start: _day(unit, value, min_completeness) for value in told if not value.provisional}
        found[unit.code] = [closed.get(day[0]) or _untold(unit, *day) for day in served[unit.code]]
    return found


def _days_of(unit: UnitPast, start: datetime, end: datetime) -> list[Window]:
    """The days within [start, end) on which a unit was in service, each from begin to end."""
    days = unit.model.cuts.windows(Cut.DAY, start, end)
    return [(lo, hi) for lo, hi in days if lo >= start and hi <= end and unit.serves(lo, hi)]


def rolled(unit: UnitPast, days: Iterable[UnitDay], until: datetime, span: timedelta) -> Rolled:
    """Days of a unit that end within `span` before an instant, added up; unknown ones are counted, not guessed.

    One share of heat is taken for all of them: days from before heat was named (or was named no more) do not count, as
    nobody can say which share of their coal was heat.
    """
    there = [one for one in days if until - span < one.end <= until]
    known = [one for one in there if not one.missing]
    alike = [one.value for one in known if _tells_heat(one.value) == _tells_heat(known[-1].value)]
    missing = Counter(one.missing for one in there if one.missing)
    if len(alike) < len(known):
        missing[f"heat_named_differently: {unit.code}"] = len(known) - len(alike)
    return Rolled(together(alike, until - span, until, unit.model.ratio), len(there), len(alike), missing)


def _tells_heat(value: EnpiValue) -> bool:
    return any(one.part is Part.HEAT for one in value.inputs)


def year_of(units: Sequence[UnitPast], days: Mapping[str, Sequence[UnitDay]], until: datetime) -> Year:
    """Twelve months of every unit that was in service on any day of them, whatever became of it since."""
    every = sorted(units, key=lambda unit: unit.code)
    each = [(unit.code, rolled(unit, days.get(unit.code, ()), until, TWELVE_MONTHS)) for unit in every]
    told = (day.end for unit in every for day in days.get(unit.code, ()))
    served = len({end for end in told if until - TWELVE_MONTHS < end <= until})
    return Year(tuple((code, one) for code, one in each if one.days), served, until)


def years_together(years: Iterable[tuple[str, Year]]) -> Year:
    """Several plants' units as one fleet: each by its plant's code and its own.

    In service as long as the plant that was longest: plants have calendars of their own, whose days are not added up.
    """
    there = list(years)
    assert there, "somebody asks about plants that have units"
    units = tuple((f"{code}/{unit}", one) for code, year in there for unit, one in year.units)
    return Year(units, max(year.served for _, year in there), max(year.until for _, year in there))


async def fleet_year(
    connection: asyncpg.Connection, enterprise: EnterpriseRow, now: datetime, *, min_completeness: float = 0.9
) -> Year | None:
    """The fleet's twelve months up to the last day that is over, for pages; None: no generating unit served in them."""
    units = await units_of(connection, enterprise)
    if not units:
        return None
    cuts = units[0].model.cuts
    until = cuts.day_begins(cuts.day_of(now))
    days = await unit_days(
        connection, units, until - TWELVE_MONTHS, until, min_completeness=min_completeness, by_days=True
    )
    year = year_of(units, days, until)
    return None if not year.units and all(unit.retired for unit in units) else year


def _day(unit: UnitPast, value: EnpiValue, least: float) -> UnitDay:
    version = unit.model.version_at(value.start) or unit.model.current
    return UnitDay(value, _missing(value, version.enpi.made_of, least))


def _untold(unit: UnitPast, start: datetime, end: datetime) -> UnitDay:
    """A day without a value: metered too coarsely to have one, or not closed; by the point that is to blame."""
    version = unit.model.version_at(start) or unit.model.current
    last = min(
        unit.model.leaves(version),
        key=lambda leaf: (leaf.point.period_s <= _DAY_S, leaf.point.closed_until or BEGINNING),
        default=None,
    )
    code = last.point.code if last is not None else unit.code
    return UnitDay(together([], start, end, unit.model.ratio), f"{_named(code, version.enpi.made_of)}: {code}")


def _missing(value: EnpiValue, made_of: Mapping[str, Sequence[str]], least: float) -> str:
    """Why a day does not count; a day without output (idle) does: its coal is the fleet's."""
    for one in value.inputs:
        if not one.known or one.completeness < least:
            return f"{_what(one, made_of)}: {one.point}"
    idle = value.reason is not None and value.reason.why is Why.IDLE
    return "" if value.reason is None or idle else str(value.reason)


def _what(one: Input, made_of: Mapping[str, Sequence[str]]) -> str:
    if one.problem is not None:
        return str(Why.NCV_MISSING)
    return _named(one.point, made_of)


def _named(point: str, made_of: Mapping[str, Sequence[str]]) -> str:
    return next((_WHAT[key] for key, codes in made_of.items() if point in codes), str(Why.ENERGY_MISSING))


_WHAT = {
    "fuels": "fuel_missing",
    "generation": "generation_missing",
    "auxiliary": "auxiliary_missing",
    "heating_auxiliary": "auxiliary_missing",
    "heat": str(Why.HEAT_MISSING),
    "total_heat": str(Why.ALPHA_MISSING),
}
