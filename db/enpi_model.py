"""What an EnPI is made of: versions of its boundary, the metered points below it, the meters on them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import asyncpg

from db.corrections import entered_inputs
from db.installed import Installed, installed, worst
from db.instants import BEGINNING, known
from db.plants import EnterpriseRow, enterprises
from db.recorded import Recorded, factors_recorded, points_recorded
from db.statements import statements
from db.versions import Version, validity, version_at
from enms.correction_inputs import Entered, layered
from enms.cuts import Cuts
from enms.enpi import Declared, Enpi
from enms.enpi_inputs import Meter, Part
from enms.enpi_ratio import Ratio
from enms.errors import NotFoundError

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class EnpiVersion(Version):
    """An EnPI's boundary over [valid_from, valid_to)."""

    enpi: Enpi


@dataclass(frozen=True, slots=True)
class PointFacts:
    """A point as an EnPI needs it: as configured last, `period_s` the longest it ever had.

    Attributes:
        terms: (code, sign) of a virtual point.
        recorded: (recorded_at, valid_from) of its versions, of the meters on it, and of the site's factors of its
            carriers.
    """

    p: int
    code: str
    amount_unit: str
    period_s: float
    ncv: str | None
    terms: tuple[tuple[str, int], ...]
    in_service_from: datetime | None
    first_ts: datetime | None
    closed_until: datetime | None
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class Leaf:
    """A metered point in a boundary."""

    part: Part
    sign: int
    point: PointFacts


@dataclass(frozen=True, slots=True)
class EnpiModel:
    """Everything about an EnPI but its amounts.

    Attributes:
        process_recorded: when its process's commissioning date was recorded, which holds for all time.
    """

    enterprise: EnterpriseRow
    cuts: Cuts
    code: str
    versions: tuple[EnpiVersion, ...]
    points: dict[str, PointFacts]
    meters: dict[int, tuple[Installed, ...]]
    commissioned: date | None
    process_recorded: Recorded = ()
    entered: tuple[Entered, ...] = ()

    @property
    def current(self) -> EnpiVersion:
        """The last version."""
        return self.versions[-1]

    @property
    def declared(self) -> tuple[Declared, ...]:
        """Inputs of corrections that nobody meters, as said last: each says itself over which days it holds.

        Those entered by hand come before the plant file's.
        """
        declared = self.current.enpi.declared
        return layered(declared, self.entered) if self.entered else declared

    @property
    def ratio(self) -> Ratio:
        """Units, by the first output."""
        outputs = [leaf for leaf in self.leaves(self.current) if leaf.part is Part.OUTPUT]
        return Ratio.of(outputs[0].point.amount_unit if outputs else "t", self.current.enpi.unit)

    @property
    def coarsest_s(self) -> float:
        """The longest period of what it is made of: it is never judged finer than that.

        A day at least for coal: belt scales lead the burn by hours, heating values are daily samples.
        """
        of_coal = _DAY_S if self.current.enpi.generating_unit is not None else 0.0
        return max(of_coal, *(leaf.point.period_s for v in self.versions for leaf in self.leaves(v)), 0.0)

    def leaves(self, version: EnpiVersion) -> list[Leaf]:
        """The metered points of a boundary, virtual ones taken apart."""
        return [leaf for part, sign, code in version.enpi.parts for leaf in self._below(Part(part), code, sign)]

    @property
    def configured(self) -> Recorded:
        """(recorded_at, valid_from) of all its values and its limit are made of, but what is entered by hand."""
        entries = [(v.recorded_at, v.valid_from) for v in self.versions]
        entries += [entry for point in self._all_points() for entry in point.recorded]
        return (*entries, *self.process_recorded)

    def _all_points(self) -> list[PointFacts]:
        """Every point it was ever made of: virtual ones, what is below them, heating values, corrections' inputs."""
        found: dict[str, PointFacts] = {}
        wanted = {code for version in self.versions for code in _named(version.enpi)}
        while wanted:
            new = {code: self.points[code] for code in wanted - found.keys() if code in self.points}
            found |= new
            wanted = {code for point in new.values() for code in _beside(point)}
        return [found[code] for code in sorted(found)]

    def _below(self, part: Part, code: str, sign: int) -> Iterator[Leaf]:
        point = self.points.get(code)
        if point is None:
            return
        if not point.terms:
            yield Leaf(part, sign, point)
        for below, its_sign in point.terms:
            yield from self._below(part, below, sign * its_sign)

    def version_at(self, instant: datetime) -> EnpiVersion | None:
        """The boundary that held at an instant."""
        return version_at(self.versions, instant)

    def meter(self, point: PointFacts, start: datetime, end: datetime) -> Meter:
        """The worst of the meters that were on a point during a span."""
        there = worst(self.meters.get(point.p, ()), start, end)
        ncv = self.points.get(point.ncv or "")
        of_ncv = self.meter(ncv, start, end).accuracy_class if ncv is not None else None
        return Meter(
            accuracy_class=there.accuracy_class,
            ncv_accuracy_class=of_ncv,
            step=there.step,
            calibrated=there.calibrated,
        )


async def cuts_of(connection: asyncpg.Connection, enterprise: EnterpriseRow) -> Cuts:
    """An enterprise's calendar."""
    rows = [row async for row in statements("plants").shifts(connection, e=enterprise.e)]
    midnight = datetime.combine(date.min, enterprise.day_starts.min)
    return Cuts(
        zone=ZoneInfo(enterprise.timezone),
        day_starts=datetime.combine(date.min, enterprise.day_starts) - midnight,
        month_starts_day=enterprise.month_starts_day,
        shifts=tuple((row["starts"], row["ends"]) for row in rows),
    )


async def enterprise_by_number(connection: asyncpg.Connection, e: int) -> EnterpriseRow:
    """The enterprise of that number.

    Raises:
        NotFoundError: there is none.
    """
    found = next((row for row in await enterprises(connection) if row.e == e), None)
    if found is None:
        raise NotFoundError(f"no enterprise number {e}")
    return found


async def enpi_models(
    connection: asyncpg.Connection, enterprise: EnterpriseRow, code: str | None = None
) -> list[EnpiModel]:
    """One EnPI, or all of an enterprise, by code."""
    e = enterprise.e
    versions: dict[str, list[EnpiVersion]] = {}
    async for row in statements("performance").enpi_versions(connection, e=e, code=code):
        versions.setdefault(row["code"], []).append(_version(row))
    entered: dict[str, list[Entered]] = {}
    for entry in await entered_inputs(connection, e, code) if versions else ():
        entered.setdefault(entry.enpi, []).append(entry)
    return await models_of(connection, enterprise, versions, entered)


async def models_of(
    connection: asyncpg.Connection,
    enterprise: EnterpriseRow,
    versions: Mapping[str, Sequence[EnpiVersion]],
    entered: Mapping[str, Sequence[Entered]] | None = None,
) -> list[EnpiModel]:
    """EnPIs by the versions of their boundaries, with the points and meters below them."""
    if not versions:
        return []
    e = enterprise.e
    cuts = await cuts_of(connection, enterprise)
    named = {name for vs in versions.values() for v in vs for name in _named(v.enpi)}
    points = await _points(connection, enterprise, named)
    meters = await installed(connection, e, [point.p for point in points.values()])
    models = []
    for name, held in versions.items():
        process = await statements("performance").commissioned(connection, e=e, process=held[-1].enpi.process)
        models.append(
            EnpiModel(
                enterprise,
                cuts,
                name,
                tuple(held),
                points,
                meters,
                commissioned=process["commissioned"] if process is not None else None,
                process_recorded=((known(process["recorded_at"]) or BEGINNING, BEGINNING),) if process else (),
                entered=tuple((entered or {}).get(name, ())),
            )
        )
    return models


def _version(row: asyncpg.Record) -> EnpiVersion:
    return EnpiVersion(
        enpi=Enpi.model_validate_json(row["definition"]),
        **validity(row),
    )


def _named(enpi: Enpi) -> set[str]:
    return {*enpi.codes, *enpi.corrections.values()}


def _beside(point: PointFacts) -> set[str]:
    """What a virtual point is made of, and the heating value of any."""
    return {*(code for code, _ in point.terms), *({point.ncv} if point.ncv is not None else ())}


async def _points(connection: asyncpg.Connection, enterprise: EnterpriseRow, named: set[str]) -> dict[str, PointFacts]:
    """The points named, what virtual ones are made of, and the heating values of all."""
    e, found, wanted = enterprise.e, dict[str, PointFacts](), named
    factors = await factors_recorded(connection, e, enterprise.timezone)
    while wanted:
        rows: dict[str, list[asyncpg.Record]] = {}
        async for row in statements("performance").enpi_points(connection, e=e, codes=sorted(wanted)):
            rows.setdefault(row["code"], []).append(row)
        recorded = await points_recorded(connection, e, [versions[0]["p"] for versions in rows.values()])
        found |= {code: _facts(versions, recorded[versions[0]["p"]], factors) for code, versions in rows.items()}
        below = {code for facts in found.values() for code in _beside(facts)}
        wanted = (below - set(found)) - wanted
    return found


def _facts(versions: Sequence[asyncpg.Record], recorded: Recorded, factors: Mapping[str, Recorded]) -> PointFacts:
    last = versions[-1]
    carriers = sorted({v["carrier"] for v in versions if v["carrier"] is not None})
    terms = json.loads(last["virtual"]) if last["virtual"] is not None else []
    return PointFacts(
        p=last["p"],
        code=last["code"],
        amount_unit=last["amount_unit"],
        period_s=0.0 if terms else max(v["period_s"] for v in versions),
        ncv=last["ncv"],
        terms=tuple((t["point"], t["sign"]) for t in terms),
        in_service_from=last["in_service_from"],
        first_ts=last["first_ts"],
        closed_until=last["closed_until"],
        recorded=(*recorded, *(entry for carrier in carriers for entry in factors.get(carrier, ()))),
    )
