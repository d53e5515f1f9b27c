"""What people look at: registers of names, newest values, what was refused. Read only, typed rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeAlias

import asyncpg

from db.instants import known
from db.statements import statements
from enms.errors import NotFoundError
from enms.metering import VirtualTerm

Connection: TypeAlias = asyncpg.Connection | asyncpg.Pool

# A rate is taken over about five minutes: less shows the register's steps, more hides what happens now.
RATE_WINDOW = timedelta(seconds=290)
# Of payloads that could be assigned to nobody.
UNKNOWN_ENTERPRISE = 0


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A shift in local wall time since midnight."""

    code: str
    starts: timedelta
    ends: timedelta


@dataclass(frozen=True, slots=True)
class ProcessRow:
    code: str
    name_zh: str
    name_en: str
    kind: str
    parent: str | None
    commissioned: date | None

    def name(self, language: str) -> str:
        """Its name in zh or en."""
        return self.name_zh if language == "zh" else self.name_en


@dataclass(frozen=True, slots=True)
class PointRow:
    """A metering point as configured at an instant, with the meter on it and how far the ledger is.

    Units and fields as in `enms.metering.PointConfig` and `Installation`.
    """

    e: int
    p: int
    code: str
    name_zh: str | None
    name_en: str | None
    process: str | None
    carrier: str | None
    role: str
    reading: str
    unit: str
    amount_unit: str
    to_amount: float
    aggregate: str
    rated_per_hour: float | None
    period_s: float
    reporting: str
    max_gap_s: float
    max_silence_s: float | None
    min_value: float | None
    max_value: float | None
    frozen_after_s: float | None
    parent: str | None
    ncv: str | None
    in_service_from: datetime | None
    virtual: tuple[VirtualTerm, ...]
    multiplier: float | None
    register_max: float | None
    resolution: float | None
    accuracy_class: float | None
    calibrated: date | None
    installed_at: datetime | None
    first_ts: datetime | None
    newest_ts: datetime | None
    closed_until: datetime | None

    def name(self, language: str) -> str | None:
        """Its name in zh or en, if it has one beside its code."""
        return self.name_zh if language == "zh" else self.name_en

    @property
    def silent_after_s(self) -> float:
        """How old a newest value may be before it is stale."""
        if self.reporting == "on_change" and self.max_silence_s is not None:
            return max(self.max_silence_s, self.max_gap_s)
        # an interval reading is as old as its period just before the next one comes
        return max(self.max_gap_s, 2 * self.period_s) if self.reading == "interval" else self.max_gap_s


@dataclass(frozen=True, slots=True)
class NewestRow:
    """The newest reading of a point and one about five minutes before it.

    `findings` are the kinds the ledger holds open at this reading.
    """

    p: int
    ts: datetime
    start: datetime | None
    value: float
    quality: int
    origin: int
    received_at: datetime
    before_ts: datetime | None
    before_value: float | None
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InstallationRow:
    """A meter on a point over [installed_at, removed_at); None is open."""

    installed_at: datetime | None
    removed_at: datetime | None
    kind: str
    final_value: float | None
    initial_value: float | None
    multiplier: float
    register_max: float | None
    resolution: float | None
    accuracy_class: float | None
    calibrated: date | None
    recorded_at: datetime


async def shifts(connection: Connection, e: int) -> list[ShiftRow]:
    return [ShiftRow(**row) async for row in statements("views").enterprise_shifts(connection, e=e)]


async def processes(connection: Connection, e: int) -> list[ProcessRow]:
    """An enterprise's processes in the order of its plant file."""
    return [ProcessRow(**row) async for row in statements("views").enterprise_processes(connection, e=e)]


async def points(connection: Connection, e: int, at: datetime) -> list[PointRow]:
    """The points in service at an instant, in the order of the plant file."""
    return [_point(row) async for row in statements("views").points(connection, e=e, at=at)]


async def point_ever(connection: Connection, e: int, code: str) -> PointRow:
    """A point as it was configured last, retired ones too.

    Raises:
        NotFoundError: there never was one.
    """
    row = await statements("views").point_ever(connection, e=e, code=code)
    if row is None:
        raise NotFoundError(f"no point {code!r}")
    return _point(row)


def _point(row: asyncpg.Record) -> PointRow:
    return PointRow(**{**row, "virtual": _terms(row["virtual"]), "installed_at": known(row["installed_at"])})


def _terms(text: str | None) -> tuple[VirtualTerm, ...]:
    if text is None:
        return ()
    return tuple(VirtualTerm(point=term["point"], sign=term["sign"]) for term in json.loads(text))


async def motors(connection: Connection, e: int) -> list[tuple[int, str]]:
    """Number and code of each motor, by code."""
    return [(row["id"], row["code"]) async for row in statements("views").motors(connection, e=e)]


async def enpis(connection: Connection, e: int) -> list[tuple[int, str]]:
    """Number and code of each EnPI, by code."""
    return [(row["id"], row["code"]) async for row in statements("views").enpis(connection, e=e)]


async def newest_closed(connection: Connection, e: int) -> datetime | None:
    """The end of an enterprise's newest closed quarter hour."""
    row = await statements("views").newest_closed(connection, e=e)
    return row["closed_until"] if row else None


async def first_seen(connection: Connection, e: int) -> datetime | None:
    """The first instant that the ledger knows of an enterprise; None: it has seen nothing."""
    row = await statements("views").first_seen(connection, e=e)
    return row["first_ts"] if row else None


async def closed_with_stocks(connection: Connection, e: int) -> datetime | None:
    """Until when purchases and stocks are closed: an hour's change of a stock belongs to the hour's purchases."""
    row = await statements("views").closed_with_stocks(connection, e=e)
    return row["closed_until"] if row else None


async def newest(connection: Connection, e: int, ps: Sequence[int]) -> dict[int, NewestRow]:
    """The newest reading of each of these points; points without any are left out."""
    rows = statements("views").latest(connection, e=e, ps=list(ps), rate_window=RATE_WINDOW)
    return {row["p"]: NewestRow(**{**row, "findings": tuple(row["findings"] or ())}) async for row in rows}


async def newest_instant(connection: Connection, e: int, ps: Sequence[int], now: datetime) -> datetime | None:
    """When the newest reading of these points is, of the last three days and not of the future."""
    row = await statements("views").newest_instant(connection, e=e, ps=list(ps), now=now)
    return row["ts"] if row else None


async def installations(connection: Connection, e: int, p: int) -> list[InstallationRow]:
    """The meters a point has had, oldest first."""
    rows = statements("views").installations(connection, e=e, p=p)
    return [
        InstallationRow(**{**row, "installed_at": known(row["installed_at"]), "removed_at": known(row["removed_at"])})
        async for row in rows
    ]


async def ingest_freshness(connection: Connection) -> datetime | None:
    """When the newest values of all points arrived last; None before the first."""
    row = await statements("views").ingest_freshness(connection)
    return row["received_at"] if row else None


async def newest_readings(connection: Connection, now: datetime) -> dict[str, tuple[datetime, float]]:
    """The newest measured instant of each enterprise that has any reading, and for how long (s) all may be silent."""
    rows = statements("views").newest_readings(connection, now=now)
    return {row["enterprise"]: (row["ts"], row["silent_after_s"] or 0.0) async for row in rows}


async def ledger_backlog(connection: Connection) -> tuple[int, int | None]:
    """How many spans wait for derivation (counted up to 100 000), and the number of the oldest."""
    row = await statements("views").ledger_backlog(connection)
    return row["spans"], row["oldest"]


async def rules_freshness(connection: Connection) -> tuple[datetime | None, int]:
    """When the enterprise that waits longest had its rules evaluated, and how many rules cannot be judged."""
    row = await statements("views").rules_freshness(connection)
    return row["evaluated_at"], row["failing"]
