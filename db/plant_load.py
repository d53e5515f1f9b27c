"""Bringing plants in.

A plant file is the whole plant: what it no longer names is retired, never deleted. Loading the same file twice
changes nothing. Without an effective date a difference corrects what was recorded (and re-derives all it touches);
with one, a new version begins there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TypeVar

import asyncpg

from db.carbon import carbon_versions
from db.crews import record_roster
from db.instants import BEGINNING, END, known
from db.plants import enterprise, site_factor
from db.recorded import recorded_now
from db.statements import statements
from enms.budget import Budget
from enms.enpi import Enpi
from enms.generating_unit import GeneratingUnit
from enms.metering import PointConfig
from enms.motor import Motor
from enms.plant import Plant
from enms.points import Point
from enms.site_factors import SiteCarbon, SiteFactor
from enms.supply import Supply

_Factor = TypeVar("_Factor", SiteFactor, SiteCarbon)

_INSTALLATION_KEYS = ("multiplier", "register_max", "resolution", "accuracy_class", "calibrated")


@dataclass(slots=True)
class LoadSummary:
    """What a load did, as codes."""

    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    unchanged: int = 0

    def __str__(self) -> str:
        return (
            f"{len(self.created)} created, {len(self.changed)} changed, {len(self.retired)} retired, "
            f"{self.unchanged} unchanged"
        )


async def load_plant(
    connection: asyncpg.Connection, plant: Plant, *, now: datetime, effective_from: datetime | None = None
) -> LoadSummary:
    """Store a plant, in one transaction.

    Args:
        connection: idle; the transaction is opened here.
        plant: a sound plant.
        now: the clock.
        effective_from: from when the differences hold; None corrects the record.
    """
    sql = statements("plants")
    summary = LoadSummary()
    async with connection.transaction():
        await sql.lock_plant_load(connection)
        now = await recorded_now(connection, now)
        e, cuts_changed = await _store_enterprise(connection, plant, now)
        loader = _Loader(connection, e, now, effective_from, summary)
        await loader.points(plant, rederive_all=cuts_changed)
        await loader.enpis(plant.enpis)
        await loader.motors(plant.motors)
        await loader.factors(plant.factors)
        await loader.carbon_factors(plant.carbon_factors)
        await loader.supplies(plant.supplies)
        await loader.budgets(plant.budgets)
        await loader.generating_units(plant.generating_units)
        if plant.roster is not None:
            owner = await enterprise(connection, plant.enterprise.code)
            first = not [row async for row in statements("crews").rosters(connection, e=e)]
            if not await record_roster(connection, owner, plant.roster, actor="plant file", now=now):
                summary.unchanged += 1
            else:
                (summary.created if first else summary.changed).append("roster")
        await sql.announce_config(connection, payload=plant.enterprise.code)
    return summary


async def _store_enterprise(connection: asyncpg.Connection, plant: Plant, now: datetime) -> tuple[int, bool]:
    """Upsert enterprise, shifts and processes; tells whether the cuts of the day changed."""
    sql = statements("plants")
    head = plant.enterprise
    before = await sql.find_enterprise(connection, code=head.code)
    hours, minutes = map(int, head.day_starts.split(":"))
    day_starts = time(hours % 24, minutes)
    e: int = await sql.upsert_enterprise(
        connection,
        code=head.code,
        name_zh=head.name.zh,
        name_en=head.name.en,
        industry=head.industry,
        timezone=head.timezone,
        day_starts=day_starts,
        month_starts_day=head.month_starts_day,
        now=now,
    )
    await sql.delete_shifts(connection, e=e)
    for shift in head.shifts:
        await sql.insert_shift(
            connection, e=e, code=shift.code, starts=_since_midnight(shift.starts), ends=_since_midnight(shift.ends)
        )
    for position, process in enumerate(plant.processes):
        await sql.upsert_process(
            connection,
            e=e,
            code=process.code,
            name_zh=process.name.zh,
            name_en=process.name.en,
            kind=process.kind,
            parent=process.parent,
            commissioned=process.commissioned,
            position=position,
            now=now,
        )
    await sql.delete_other_processes(connection, e=e, codes=[p.code for p in plant.processes])
    changed = before is not None and (before["timezone"], before["day_starts"]) != (head.timezone, day_starts)
    return e, changed


def _since_midnight(clock: str) -> timedelta:
    hours, minutes = map(int, clock.split(":"))
    return timedelta(hours=hours, minutes=minutes)


class _Loader:
    """The versioned part of a load: each entry against what is stored."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        e: int,
        now: datetime,
        effective_from: datetime | None,
        summary: LoadSummary,
    ) -> None:
        self._connection = connection
        self._sql = statements("plants")
        self._e = e
        self._now = now
        self._effective_from = effective_from
        self._summary = summary

    async def points(self, plant: Plant, *, rederive_all: bool) -> None:
        stored = {row["code"]: row async for row in self._sql.current_points(self._connection, e=self._e)}
        meters: dict[int, list[asyncpg.Record]] = {}
        async for row in self._sql.installations(self._connection, e=self._e):
            meters.setdefault(row["p"], []).append(row)
        configs = plant.configs()
        for position, point in enumerate(plant.points):
            version = _config_version(point, configs, position)
            old = stored.get(point.code)
            if old is None:
                await self._create_point(point, version)
                continue
            config_changed = any(_stored(old, key) != value for key, value in version.items())
            meter_changed = await self._correct_meter(old["p"], point, meters.get(old["p"], []))
            if config_changed:
                await self._new_config(old, version, retired=False)
            if config_changed or meter_changed or rederive_all:
                self._summary.changed.append(point.code)
            else:
                self._summary.unchanged += 1
            if rederive_all:
                await self._dirty(old["p"], BEGINNING)
        for code, old in stored.items():
            if code not in configs and not old["retired"]:
                version = {key: _stored(old, key) for key in _VERSION_KEYS} | {"retired": True}
                await self._new_config(old, version, retired=True)
                self._summary.retired.append(code)

    async def _create_point(self, point: Point, version: dict[str, object]) -> None:
        # The first version reaches back to the beginning: history may precede registration.
        since = self._effective_from or BEGINNING
        p = await self._sql.insert_point(self._connection, e=self._e, code=point.code, now=self._now)
        await self._sql.insert_point_config(
            self._connection, e=self._e, p=p, valid_from=since, recorded_at=self._now, **version
        )
        meter = point.installation()
        await self._sql.insert_installation(
            self._connection,
            e=self._e,
            p=p,
            installed_at=since,
            recorded_at=self._now,
            kind=meter.kind.value,
            final_value=None,
            initial_value=None,
            **{key: getattr(meter, key) for key in _INSTALLATION_KEYS},
        )
        self._summary.created.append(point.code)

    async def _new_config(self, old: asyncpg.Record, version: dict[str, object], *, retired: bool) -> None:
        if retired:
            since = self._effective_from or self._now
        else:
            since = self._effective_from or known(old["valid_from"]) or BEGINNING
        await self._sql.insert_point_config(
            self._connection, e=self._e, p=old["p"], valid_from=since, recorded_at=self._now, **version
        )
        await self._dirty(old["p"], since)

    async def _correct_meter(self, p: int, point: Point, meters: Sequence[asyncpg.Record]) -> bool:
        """Nameplate data of the meter in the file against the meters recorded.

        A file that still shows the meter from before an exchange is not a change.
        """
        wanted = {key: getattr(point, key) for key in _INSTALLATION_KEYS}
        from_file = [m for m in meters if m["kind"] in ("install", "change")]
        if not meters or any(_same_meter(m, wanted) for m in (meters[-1], *from_file[-1:])):
            return False
        current = meters[-1]
        since = self._effective_from or known(current["installed_at"]) or BEGINNING
        corrects = self._effective_from is None
        await self._sql.insert_installation(
            self._connection,
            e=self._e,
            p=p,
            installed_at=since,
            recorded_at=self._now,
            kind=current["kind"] if corrects else "change",
            final_value=current["final_value"] if corrects else None,
            initial_value=current["initial_value"] if corrects else None,
            **wanted,
        )
        await self._dirty(p, since)
        return True

    async def _dirty(self, p: int, since: datetime) -> None:
        await self._sql.insert_dirty(self._connection, e=self._e, p=p, from_ts=since, to_ts=END)

    async def enpis(self, entries: Sequence[Enpi]) -> None:
        await self._definitions("enpi", {entry.code: _definition(entry) for entry in entries})

    async def motors(self, entries: Sequence[Motor]) -> None:
        await self._definitions("motor", {entry.code: entry.model_dump_json(by_alias=True) for entry in entries})

    async def supplies(self, entries: Sequence[Supply]) -> None:
        await self._definitions("supply", {entry.code: entry.model_dump_json(by_alias=True) for entry in entries})

    async def budgets(self, entries: Sequence[Budget]) -> None:
        await self._definitions("budget", {entry.code: entry.model_dump_json(by_alias=True) for entry in entries})

    async def generating_units(self, entries: Sequence[GeneratingUnit]) -> None:
        await self._definitions("unit", {entry.code: entry.model_dump_json(by_alias=True) for entry in entries})

    async def _definitions(self, kind: str, wanted: dict[str, str]) -> None:
        """EnPIs, motors, supplies, budgets and generating units: one JSON definition a version."""
        current, insert, version = {
            "enpi": (self._sql.current_enpis, self._sql.insert_enpi, self._sql.insert_enpi_version),
            "motor": (self._sql.current_motors, self._sql.insert_motor, self._sql.insert_motor_version),
            "supply": (self._sql.current_supplies, self._sql.insert_supply, self._sql.insert_supply_version),
            "budget": (self._sql.current_budgets, self._sql.insert_budget, self._sql.insert_budget_version),
            "unit": (self._sql.current_units, self._sql.insert_unit, self._sql.insert_unit_version),
        }[kind]
        stored = {row["code"]: row async for row in current(self._connection, e=self._e)}
        for code, definition in wanted.items():
            old = stored.get(code)
            if old is None:
                number = await insert(self._connection, e=self._e, code=code)
                since = self._effective_from or BEGINNING
                self._summary.created.append(code)
            elif json.loads(old["definition"]) == json.loads(definition) and not old["retired"]:
                self._summary.unchanged += 1
                continue
            else:
                number = old["id"]
                since = self._effective_from or known(old["valid_from"]) or BEGINNING
                self._summary.changed.append(code)
            await version(
                self._connection,
                e=self._e,
                id=number,
                valid_from=since,
                recorded_at=self._now,
                retired=False,
                definition=definition,
            )
        for code, old in stored.items():
            if code not in wanted and not old["retired"]:
                await version(
                    self._connection,
                    e=self._e,
                    id=old["id"],
                    valid_from=self._effective_from or self._now,
                    recorded_at=self._now,
                    retired=True,
                    definition=old["definition"],
                )
                self._summary.retired.append(code)

    async def factors(self, entries: Sequence[SiteFactor]) -> None:
        rows = [row async for row in self._sql.current_factors(self._connection, e=self._e)]
        stored = [(site_factor(row), row["retired"]) for row in rows]
        for entry, retired in self._differing("factor", entries, stored):
            await self._factor(entry, retired=retired)

    async def carbon_factors(self, entries: Sequence[SiteCarbon]) -> None:
        versions = await carbon_versions(self._connection, self._e)
        stored = [(version.given, version.retired) for version in versions]
        for entry, retired in self._differing("carbon", entries, stored):
            await self._carbon(entry, retired=retired)

    def _differing(
        self, what: str, wanted: Sequence[_Factor], stored: Sequence[tuple[_Factor, bool]]
    ) -> Iterator[tuple[_Factor, bool]]:
        """Factors to be recorded: those that are new or changed, and (True) those that the file no longer names."""
        before = {_from_when(entry): (entry, retired) for entry, retired in stored}
        for entry in wanted:
            old = before.pop(_from_when(entry), None)
            if old == (entry, False):
                self._summary.unchanged += 1
                continue
            (self._summary.created if old is None else self._summary.changed).append(f"{what} of {entry.carrier}")
            yield entry, False
        for entry, retired in before.values():
            if not retired:
                self._summary.retired.append(f"{what} of {entry.carrier}")
                yield entry, True

    async def _factor(self, entry: SiteFactor, *, retired: bool) -> None:
        await self._sql.insert_factor(
            self._connection,
            e=self._e,
            carrier=entry.carrier,
            basis=entry.basis.value,
            effective_from=entry.effective_from or date.min,
            recorded_at=self._now,
            effective_to=entry.effective_to or date.max,
            unit=entry.unit,
            kgce=entry.kgce,
            source=entry.source,
            retired=retired,
        )

    async def _carbon(self, entry: SiteCarbon, *, retired: bool) -> None:
        await self._sql.insert_carbon(
            self._connection,
            e=self._e,
            carrier=entry.carrier,
            effective_from=entry.effective_from or date.min,
            recorded_at=self._now,
            effective_to=entry.effective_to or date.max,
            unit=entry.unit,
            carbon=entry.carbon,
            carbon_per_gj=entry.carbon_per_gj,
            tco2=entry.tco2,
            oxidation=entry.oxidation,
            source=entry.source,
            retired=retired,
        )


def _from_when(factor: SiteFactor | SiteCarbon) -> tuple[object, ...]:
    """Of two factors with the same, one corrects the other."""
    return factor.carrier, getattr(factor, "basis", None), factor.effective_from


_VERSION_KEYS = (
    "retired",
    "name_zh",
    "name_en",
    "process",
    "carrier",
    "role",
    "reading",
    "unit",
    "amount_unit",
    "to_amount",
    "aggregate",
    "rated_per_hour",
    "period_s",
    "reporting",
    "max_gap_s",
    "max_silence_s",
    "min_value",
    "max_value",
    "frozen_after_s",
    "parent",
    "ncv",
    "in_service_from",
    "virtual",
    "position",
)


def _config_version(point: Point, configs: Mapping[str, PointConfig], position: int) -> dict[str, object]:
    """A point's columns of point_config, in the database's types."""
    config = configs[point.code]
    terms = [{"point": t.point, "sign": t.sign} for t in point.virtual or ()]
    extra: dict[str, object] = {
        "retired": False,
        "name_zh": point.name.zh if point.name else None,
        "name_en": point.name.en if point.name else None,
        "virtual": json.dumps(terms) if terms else None,
        "position": position,
    }
    return {key: extra[key] if key in extra else getattr(config, key) for key in _VERSION_KEYS}


def _stored(row: asyncpg.Record, key: str) -> object:
    """A stored column in the form `_config_version` gives it; jsonb comes back with its keys in another order."""
    if key == "virtual" and row[key] is not None:
        return json.dumps([{"point": t["point"], "sign": t["sign"]} for t in json.loads(row[key])])
    return row[key]


def _definition(enpi: Enpi) -> str:
    """An EnPI as it is recorded; what only units' EnPIs have is left out of others: they are what they always were."""
    unused = None if enpi.generating_unit is not None else {"generating_unit", "made_of"}
    return enpi.model_dump_json(by_alias=True, exclude=unused)


def _same_meter(row: asyncpg.Record, wanted: dict[str, object]) -> bool:
    return all(row[key] == value for key, value in wanted.items())
