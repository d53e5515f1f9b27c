"""Inputs of corrections entered by hand: read, entered, withdrawn."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypeAlias

import asyncpg

from db.plants import EnterpriseRow
from db.recorded import recorded_now
from db.statements import statements
from enms.correction_inputs import Entered
from enms.errors import NotFoundError

Connection: TypeAlias = asyncpg.Connection | asyncpg.Pool


async def entered_inputs(connection: Connection, e: int, enpi: str | None = None) -> list[Entered]:
    """Everything that was entered for one EnPI or for all, withdrawn ones too, in the order of entering."""
    return [Entered(**row) async for row in statements("corrections").entered(connection, e=e, enpi=enpi)]


async def enter_input(
    connection: asyncpg.Connection,
    enterprise: EnterpriseRow,
    *,
    enpi: str,
    name: str,
    value: float,
    since: date,
    until: date | None,
    evidence: str,
    actor: str,
    now: datetime,
) -> int:
    """Write an entry that was checked; its number. Whoever watches the EnPI judges it anew from `since` on.

    What the last entry says already, by the same person on the same evidence, is not entered again.
    """
    async with connection.transaction():
        recorded_at = await recorded_now(connection, now)
        await statements("hand").one_at_a_time(connection, e=enterprise.e)
        last = await statements("corrections").last_input(connection, e=enterprise.e, enpi=enpi, input=name)
        said = {"value": value, "since": since, "until": until, "evidence": evidence, "actor": actor}
        if last is not None and all(last[key] == told for key, told in said.items()):
            return int(last["id"])
        number: int = await statements("corrections").enter(
            connection,
            e=enterprise.e,
            enpi=enpi,
            input=name,
            value=value,
            since=since,
            until=until,
            evidence=evidence,
            actor=actor,
            recorded_at=recorded_at,
        )
        await statements("plants").announce_config(connection, payload=enterprise.code)
    return number


async def withdraw_input(
    connection: asyncpg.Connection, enterprise: EnterpriseRow, number: int, *, actor: str, now: datetime
) -> None:
    """What was there before holds again.

    Raises:
        NotFoundError: no such entry, or it is withdrawn.
    """
    async with connection.transaction():
        now = await recorded_now(connection, now)
        found = await statements("corrections").withdraw(connection, e=enterprise.e, id=number, actor=actor, now=now)
        if found is None:
            raise NotFoundError(f"no entry {number} that is not withdrawn")
        await statements("plants").announce_config(connection, payload=enterprise.code)
