"""Rosters and single shifts as people entered them; nothing entered is ever changed."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypeAlias

import asyncpg

from db import views
from db.plants import EnterpriseRow
from db.statements import statements
from enms.crews import CrewBook, Override
from enms.errors import InputError, Mistake
from enms.roster import Roster

Connection: TypeAlias = asyncpg.Connection | asyncpg.Pool


async def crew_book(connection: Connection, e: int, first: date, last: date) -> CrewBook:
    """Every roster, and the single shifts of [first, last]."""
    sql = statements("crews")
    rosters = [Roster.model_validate_json(row["definition"]) async for row in sql.rosters(connection, e=e)]
    rows = sql.overrides(connection, e=e, first=first, last=last)
    return CrewBook(rosters, [Override(**row) async for row in rows])


async def record_roster(
    connection: asyncpg.Connection, enterprise: EnterpriseRow, roster: Roster, *, actor: str, now: datetime
) -> bool:
    """A roster from its start on; False where the same is recorded already.

    Raises:
        InputError: it names a shift that the enterprise has not.
    """
    shifts = [row.code for row in await views.shifts(connection, enterprise.e)]
    unknown = [(n, shift) for n, day in enumerate(roster.days) for shift in day if shift not in shifts]
    if unknown:
        raise InputError(
            "",
            [
                Mistake(f"body.days[{n}]", f"unknown shift {shift!r}; there are {', '.join(shifts)}")
                for n, shift in unknown
            ],
        )
    sql = statements("crews")
    async for row in sql.rosters(connection, e=enterprise.e):
        if row["starts"] == roster.starts and Roster.model_validate_json(row["definition"]) == roster:
            return False
    await sql.write_roster(
        connection,
        e=enterprise.e,
        starts=roster.starts,
        definition=roster.model_dump_json(),
        actor=actor,
        recorded_at=now,
    )
    await statements("plants").announce_config(connection, payload=enterprise.code)
    return True


async def record_override(
    connection: asyncpg.Connection, enterprise: EnterpriseRow, entry: Override, *, now: datetime
) -> int:
    """Who worked one shift; its number.

    Raises:
        InputError: no such shift or crew on that day, or nobody says who enters it and why.
    """
    shifts = [row.code for row in await views.shifts(connection, enterprise.e)]
    book = await crew_book(connection, enterprise.e, entry.day, entry.day)
    crews = book.names("en")
    mistakes = [
        Mistake(f"body.{name}", "is needed")
        for name, text in (("by", entry.actor), ("reason", entry.reason))
        if not text.strip()
    ]
    if entry.shift not in shifts:
        mistakes.append(Mistake("body.shift", f"{entry.shift!r} is none of {', '.join(shifts)}"))
    if entry.crew is not None and entry.crew not in crews:
        mistakes.append(
            Mistake("body.crew", f"{entry.crew!r} is none of {', '.join(crews) or 'no crews: enter a roster'}")
        )
    if mistakes:
        raise InputError("", mistakes)
    number: int = await statements("crews").write_override(
        connection,
        e=enterprise.e,
        day=entry.day,
        shift=entry.shift,
        crew=entry.crew,
        reason=entry.reason.strip(),
        actor=entry.actor.strip(),
        recorded_at=now,
    )
    await statements("plants").announce_config(connection, payload=enterprise.code)
    return number
