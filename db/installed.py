"""The meters that were on points: which of them a figure of a span was measured with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from db.instants import BEGINNING, END, known
from db.statements import statements
from enms.enpi_inputs import worst_class


@dataclass(frozen=True, slots=True)
class Installed:
    """A meter on a point over [installed_at, removed_at)."""

    installed_at: datetime
    removed_at: datetime
    step: float | None
    accuracy_class: float | None
    calibrated: date | None


async def installed(
    connection: asyncpg.Connection, e: int, points: Collection[int] | None = None
) -> dict[int, tuple[Installed, ...]]:
    """The meters on points (on all of an enterprise), each for as long as it was there; steps in the unit read."""
    found: dict[int, list[Installed]] = {}
    numbers = None if points is None else list(points)
    async for row in statements("metered").meters(connection, e=e, points=numbers):
        step = row["resolution"] * abs(row["multiplier"]) if row["resolution"] is not None else None
        meter = Installed(
            installed_at=known(row["installed_at"]) or BEGINNING,
            removed_at=known(row["removed_at"]) or END,
            step=step,
            accuracy_class=row["accuracy_class"],
            calibrated=row["calibrated"],
        )
        found.setdefault(row["p"], []).append(meter)
    return {p: tuple(meters) for p, meters in found.items()}


async def exchanged(
    connection: asyncpg.Connection, e: int, points: Collection[int] | None = None
) -> dict[int, tuple[Installed, ...]]:
    """The same of points that have had more than one."""
    return {p: meters for p, meters in (await installed(connection, e, points)).items() if len(meters) > 1}


def worst(meters: Iterable[Installed], start: datetime, end: datetime) -> Installed:
    """What is to be said of a span's figure: the worst of the meters that were there during it."""
    there: Sequence[Installed] = [m for m in meters if m.installed_at < end and m.removed_at > start]
    return Installed(
        installed_at=start,
        removed_at=end,
        step=max((m.step for m in there if m.step is not None), default=None),
        accuracy_class=worst_class(m.accuracy_class for m in there),
        calibrated=min((m.calibrated for m in there if m.calibrated is not None), default=None),
    )
