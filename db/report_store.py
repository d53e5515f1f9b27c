"""Reports as they were made: versions that are never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TypeAlias

import asyncpg
from pydantic import TypeAdapter

from db.statements import statements
from enms.carriers import TceBasis
from enms.errors import NotFoundError
from enms.report import Report
from enms.report_spans import ReportKind

Connection: TypeAlias = asyncpg.Connection | asyncpg.Pool
REPORT = TypeAdapter(Report)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ReportVersion:
    """One version of a report: its hash, and when it was made."""

    version: int
    sha256: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class LastMade:
    """The last version of a report, and when it was last found to stand."""

    kind: ReportKind
    day: date
    version: int
    checked_at: datetime


def report_hash(report: Report) -> str:
    """Over what the report says, without the instants of making and closing: the same data gives the same hash."""
    said = replace(report, made_at=_NEVER, closed=None)
    return hashlib.sha256(REPORT.dump_json(said)).hexdigest()


async def record_report(connection: Connection, e: int, report: Report) -> int | None:
    """Keep a report; None where the last version says the same.

    Args:
        connection: idle or in a transaction.
        e: enterprise number.
        report: as it was made.
    """
    sql, kind, basis = statements("report_store"), report.kind.value, report.basis.value
    version: int | None = await sql.record_report(
        connection,
        e=e,
        kind=kind,
        day=report.day,
        basis=basis,
        sha256=report_hash(report),
        body=REPORT.dump_json(report).decode(),
        made_at=report.made_at,
    )
    if version is None:
        await sql.report_stands(connection, e=e, kind=kind, day=report.day, basis=basis, checked_at=report.made_at)
    return version


async def report_versions(
    connection: Connection, e: int, kind: ReportKind, day: date, basis: TceBasis
) -> list[ReportVersion]:
    """Every version, the last one first."""
    rows = statements("report_store").report_versions(connection, e=e, kind=kind.value, day=day, basis=basis.value)
    return [ReportVersion(**row) async for row in rows]


async def recorded_report(
    connection: Connection, e: int, kind: ReportKind, day: date, basis: TceBasis, version: int
) -> Report:
    """One version as it was made.

    Raises:
        NotFoundError: there is none.
    """
    body = await statements("report_store").report_body(
        connection, e=e, kind=kind.value, day=day, basis=basis.value, version=version
    )
    if body is None:
        raise NotFoundError(f"no version {version} of the {kind.value} report of {day.isoformat()}")
    return REPORT.validate_json(body)


async def last_made(connection: Connection, e: int, basis: TceBasis, first: date) -> dict[tuple[str, date], LastMade]:
    """The last version of every report from a day on, by kind and day."""
    rows = statements("report_store").last_made(connection, e=e, basis=basis.value, first=first)
    return {
        (row["kind"], row["day"]): LastMade(ReportKind(row["kind"]), row["day"], row["version"], row["checked_at"])
        async for row in rows
    }


async def newest_known(connection: Connection, e: int, start: datetime, end: datetime) -> datetime | None:
    """When the youngest value of [start, end) was published; None where there is none."""
    known: datetime | None = await statements("report_store").newest_known(connection, e=e, f=start, t=end)
    return known


async def unsettled(connection: Connection, e: int, before: datetime) -> bool:
    """Whether the ledger has yet to take in readings from before an instant."""
    waits: bool = await statements("report_store").unsettled(connection, e=e, before=before)
    return waits


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded report by its last version."""

    e: int
    kind: ReportKind
    day: date
    basis: TceBasis
    version: int
    made_at: datetime


async def newest_reports(
    connection: Connection, es: Sequence[int], kind: ReportKind | None, limit: int
) -> list[Recorded]:
    """The last version of every recorded report, the last days first."""
    rows = statements("report_store").newest_reports(
        connection, es=list(es), kind=kind.value if kind is not None else None, n=limit
    )
    return [
        Recorded(row["e"], ReportKind(row["kind"]), row["day"], TceBasis(row["basis"]), row["version"], row["made_at"])
        async for row in rows
    ]
