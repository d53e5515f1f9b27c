"""Meter exchanges and register resets: configuration that a register's course breaks at (LEDGER, "How an amount gets
into an interval"). Readings from the instant on belong to the new meter; the ledger derives again what that touches.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from db.instants import known
from db.ledger import mark_dirty
from db.plants import enterprise
from db.recorded import recorded_now
from db.statements import statements
from enms.errors import ConflictError, InputError, Mistake, NotFoundError
from enms.metering import OLDEST, InstallationKind, ReadingType

# The same as for readings: a clock that runs ahead is not an event of tomorrow.
_AHEAD = timedelta(minutes=5)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class MeterEvent:
    """An exchange or a reset.

    Attributes:
        kind: exchange or reset.
        at: the instant; readings at it or after it are the new meter's (the register's after the reset).
        initial: what it showed first after it, as displayed, before the multiplier.
        final: what the old one showed last; an exchange has it, a reset may: without it the span before is missing.
        multiplier, register_max, accuracy_class: of the new meter; None: as before.
    """

    kind: InstallationKind
    enterprise: str
    point: str
    at: datetime
    initial: float
    final: float | None = None
    multiplier: float | None = None
    register_max: float | None = None
    accuracy_class: float | None = None


async def declare(connection: asyncpg.Connection, event: MeterEvent, now: datetime) -> bool:
    """Record an event; tells whether that changed anything: declaring the same twice does not.

    Another declaration for the same instant corrects the first; both stay on record.

    Args:
        connection: idle; the transaction is opened here.
        event: what happened.
        now: the clock.

    Raises:
        NotFoundError: nobody knows the enterprise or the point.
        InputError: what is declared cannot have happened to this register.
        ConflictError: it lies before the seal, or is not of a register.
    """
    owner = await enterprise(connection, event.enterprise)
    sql, plants = statements("meter_events"), statements("plants")
    async with connection.transaction():
        recorded_at = await recorded_now(connection, now)
        row = await sql.lock_point(connection, e=owner.e, code=event.point)
        config = await plants.config_at(connection, e=owner.e, p=row["p"], at=event.at) if row is not None else None
        if row is None or config is None or config["retired"]:
            raise NotFoundError(f"{event.enterprise} has no point {event.point!r}")
        p = row["p"]
        if config["virtual"] is not None or ReadingType(config["reading"]) is not ReadingType.REGISTER:
            raise ConflictError(f"{event.point} has no register: there is nothing to exchange or reset")
        old = await sql.installed_before(connection, e=owner.e, p=p, at=event.at)
        _check(event, old, await sql.sealed_before(connection, e=owner.e, p=p), now)
        wanted = _installation(event, old)
        present = await sql.installed_at(connection, e=owner.e, p=p, at=event.at)
        corrected = present if present is not None and present["installed_at"] == event.at else None
        if corrected is not None and _same(corrected, wanted):
            return False
        if corrected is not None:
            recorded_at = max(recorded_at, corrected["recorded_at"] + _MICROSECOND)
        await plants.insert_installation(
            connection, e=owner.e, p=p, installed_at=event.at, recorded_at=recorded_at, **wanted
        )
        await mark_dirty(connection, owner.e, p, event.at, None)
        await plants.announce_config(connection, payload=event.enterprise)
    return True


def _check(event: MeterEvent, old: asyncpg.Record | None, sealed_before: datetime | None, now: datetime) -> None:
    if sealed_before is not None and known(sealed_before) is not None and event.at < sealed_before:
        raise ConflictError(f"the ledger is sealed up to {sealed_before.isoformat()}: nothing before it changes")
    mistakes = []
    if event.at > now + _AHEAD:
        mistakes.append(Mistake("at", f"{event.at.isoformat()} has not come yet"))
    if event.at < OLDEST:
        mistakes.append(Mistake("at", f"{event.at.isoformat()} is of a clock that is not set"))
    if old is None:
        mistakes.append(Mistake("at", "no meter was installed before it"))
    if event.multiplier == 0:
        mistakes.append(Mistake("multiplier", "cannot be 0"))
    before = old["register_max"] if old is not None else None
    after = event.register_max if event.register_max is not None else before
    for place, value, modulus in (("final", event.final, before), ("initial", event.initial, after)):
        if value is not None and (value < 0 or (modulus is not None and value >= modulus)):
            limit = "" if modulus is None else f" and under {modulus:g}, where the register turns over"
            mistakes.append(Mistake(place, f"{value:g} cannot be shown: a register shows 0 or more{limit}"))
    if mistakes:
        raise InputError(f"{event.kind.value} of {event.point}", mistakes)


def _installation(event: MeterEvent, old: asyncpg.Record) -> dict[str, object]:
    """The row to store. A new meter has not been calibrated as far as we know; a reset one is the same meter."""
    new = event.kind is InstallationKind.EXCHANGE
    return {
        "kind": event.kind.value,
        "final_value": event.final,
        "initial_value": event.initial,
        "multiplier": old["multiplier"] if event.multiplier is None else event.multiplier,
        "register_max": old["register_max"] if event.register_max is None else event.register_max,
        "resolution": old["resolution"],
        "accuracy_class": old["accuracy_class"] if event.accuracy_class is None else event.accuracy_class,
        "calibrated": None if new else old["calibrated"],
    }


def _same(present: asyncpg.Record, wanted: dict[str, object]) -> bool:
    return all(present[key] == value for key, value in wanted.items())
