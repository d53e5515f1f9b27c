"""Reading plants back as they are stored now."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from db.carbon import site_carbon
from db.instants import known_day
from db.statements import statements
from enms.budget import Budget
from enms.cuts import Cuts
from enms.enpi import Enpi
from enms.enterprise import Enterprise, Process, Shift
from enms.errors import NotFoundError
from enms.generating_unit import GeneratingUnit
from enms.metering import ReadingType
from enms.motor import Motor
from enms.names import Name
from enms.plant import Plant
from enms.plant_words import DISTRICT
from enms.points import Point, Term
from enms.roster import Roster
from enms.site_factors import SiteFactor
from enms.supply import Supply


@dataclass(frozen=True, slots=True)
class EnterpriseRow:
    """An enterprise as stored."""

    e: int
    code: str
    name_zh: str
    name_en: str
    industry: str
    timezone: str
    day_starts: time
    month_starts_day: int
    registered_at: datetime
    scope: str = "plant"

    def name(self, language: str) -> str:
        """Its name in zh or en."""
        return self.name_zh if language.startswith("zh") else self.name_en

    @property
    def calendar(self) -> Cuts:
        """Its days, months and years; not its shifts."""
        opens = timedelta(hours=self.day_starts.hour, minutes=self.day_starts.minute)
        return Cuts(ZoneInfo(self.timezone), opens, self.month_starts_day)


async def owners(connection: asyncpg.Connection) -> list[EnterpriseRow]:
    """Whoever rules and alerts may belong to, by code: every plant, and the district where it is judged."""
    return [EnterpriseRow(**dict(row)) async for row in statements("plants").all_enterprises(connection)]


async def enterprises(connection: asyncpg.Connection) -> list[EnterpriseRow]:
    """Every plant, by code."""
    return [row for row in await owners(connection) if row.scope == "plant"]


async def owner(connection: asyncpg.Connection, code: str) -> EnterpriseRow:
    """A plant, or the district.

    Raises:
        NotFoundError: nobody knows it.
    """
    row = await statements("plants").find_enterprise(connection, code=code)
    if row is None:
        raise NotFoundError(f"unknown enterprise {code!r}")
    return EnterpriseRow(**dict(row))


async def enterprise(connection: asyncpg.Connection, code: str) -> EnterpriseRow:
    """The plant of that code.

    Raises:
        NotFoundError: nobody knows it.
    """
    found = await owner(connection, code)
    if found.scope != "plant":
        raise NotFoundError(f"unknown enterprise {code!r}")
    return found


async def ensure_district(connection: asyncpg.Connection, now: datetime) -> EnterpriseRow | None:
    """The row that stands for all plants together; None: no plant has anything that is judged together."""
    sql = statements("plants")
    await sql.ensure_district(connection, code=DISTRICT, name_zh="全区", name_en="District", now=now)
    return next((row for row in await owners(connection) if row.scope == "district"), None)


def site_factor(row: asyncpg.Record) -> SiteFactor:
    """A stored factor as the plant file would have it."""
    return SiteFactor(
        carrier=row["carrier"],
        basis=row["basis"],
        unit=row["unit"],
        kgce=row["kgce"],
        effective_from=known_day(row["effective_from"]),
        effective_to=known_day(row["effective_to"]),
        source=row["source"],
    )


async def site_factors(connection: asyncpg.Connection, e: int) -> list[SiteFactor]:
    """The enterprise's own standard-coal factors that hold."""
    rows = [row async for row in statements("plants").current_factors(connection, e=e)]
    return [site_factor(row) for row in rows if not row["retired"]]


async def read_plant(connection: asyncpg.Connection, code: str) -> Plant:
    """The plant as it is stored now: what a plant file of today would say.

    Raises:
        NotFoundError: unknown enterprise.
    """
    sql = statements("plants")
    head = await enterprise(connection, code)
    meters = {row["p"]: row async for row in sql.installations(connection, e=head.e)}  # the last one of each point
    points = [row async for row in sql.current_points(connection, e=head.e) if not row["retired"]]
    shifts = [row async for row in sql.shifts(connection, e=head.e)]
    processes = [row async for row in sql.processes(connection, e=head.e)]
    enpis = [row async for row in sql.current_enpis(connection, e=head.e) if not row["retired"]]
    motors = [row async for row in sql.current_motors(connection, e=head.e) if not row["retired"]]
    supplies = [row async for row in sql.current_supplies(connection, e=head.e) if not row["retired"]]
    units = [row async for row in sql.current_units(connection, e=head.e) if not row["retired"]]
    budgets = [row async for row in sql.current_budgets(connection, e=head.e) if not row["retired"]]
    rosters = [row["definition"] async for row in statements("crews").rosters(connection, e=head.e)]
    return Plant(
        enterprise=Enterprise(
            code=head.code,
            name=Name(zh=head.name_zh, en=head.name_en),
            industry=head.industry,  # type: ignore[arg-type]  # the table's CHECK holds the same words
            timezone=head.timezone,
            day_starts=head.day_starts.strftime("%H:%M"),
            month_starts_day=head.month_starts_day,
            shifts=tuple(
                Shift.model_validate({"code": s["code"], "from": _clock(s["starts"]), "to": _clock(s["ends"])})
                for s in shifts
            ),
        ),
        processes=tuple(
            Process(
                code=row["code"],
                name=Name(zh=row["name_zh"], en=row["name_en"]),
                kind=row["kind"],
                parent=row["parent"],
                commissioned=row["commissioned"],
            )
            for row in processes
        ),
        points=tuple(_point(row, meters[row["p"]]) for row in sorted(points, key=lambda r: r["position"])),
        enpis=tuple(Enpi.model_validate_json(row["definition"]) for row in enpis),
        motors=tuple(Motor.model_validate_json(row["definition"]) for row in motors),
        factors=tuple(await site_factors(connection, head.e)),
        carbon_factors=await site_carbon(connection, head.e),
        supplies=tuple(Supply.model_validate_json(row["definition"]) for row in supplies),
        budgets=tuple(Budget.model_validate_json(row["definition"]) for row in budgets),
        generating_units=tuple(GeneratingUnit.model_validate_json(row["definition"]) for row in units),
        roster=Roster.model_validate_json(rosters[-1]) if rosters else None,
    )


def _clock(since_midnight: timedelta) -> str:
    minutes = int(since_midnight.total_seconds() // 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _point(row: asyncpg.Record, meter: asyncpg.Record) -> Point:
    named = row["name_zh"] is not None
    virtual = row["virtual"] is not None
    return Point(
        code=row["code"],
        name=Name(zh=row["name_zh"], en=row["name_en"]) if named else None,
        process=row["process"],
        carrier=row["carrier"],
        role=row["role"],
        reading=ReadingType.REGISTER if virtual else ReadingType(row["reading"]),
        unit=row["unit"],
        multiplier=meter["multiplier"],
        register_max=meter["register_max"],
        resolution=meter["resolution"],
        accuracy_class=meter["accuracy_class"],
        calibrated=meter["calibrated"],
        rated_per_hour=row["rated_per_hour"],
        period_s=row["period_s"],
        reporting=row["reporting"],
        max_gap_s=row["max_gap_s"],
        max_silence_s=row["max_silence_s"],
        min=row["min_value"],
        max=row["max_value"],
        frozen_after_s=row["frozen_after_s"],
        parent=row["parent"],
        ncv=row["ncv"],
        in_service_from=row["in_service_from"],
        virtual=tuple(Term(**term) for term in json.loads(row["virtual"])) if virtual else None,
    )
