"""The newest value of each point, how old it is, and how fast the amount flows: the live half of every page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import asyncpg
from pydantic import BaseModel, Field

from db import views
from db.views import NewestRow, PointRow
from enms.metering import ReadingType
from enms.readings import Quality
from enms.units import UNITS

# GB/T and ISO symbols of what flows an hour; anything else is amount unit "/h".
_RATE_UNITS = {"kWh": "kW", "MWh": "MW", "kvarh": "kvar", "Mvarh": "Mvar"}
# Registry rows are configuration: they change by announcement, and at the latest are read again after this.
_REGISTRY_AGE = timedelta(seconds=30)


class LatestItem(BaseModel):
    """The newest accepted reading of one point."""

    point: str = Field(examples=["bf1.elec.active_energy"])
    name: str | None = Field(default=None, description="Its name beside the code, if it has one")
    process: str | None = Field(default=None, examples=["bf1"])
    carrier: str | None = Field(default=None, examples=["electricity"])
    role: str = Field(examples=["consumed"])
    t: datetime | None = Field(description="The meter's own instant; null before the first reading")
    value: float | None = Field(description="As read, before the multiplier, in `unit`")
    unit: str = Field(examples=["kWh"])
    quality: str | None = Field(default=None, examples=["good"])
    age_s: float | None = Field(description="Seconds from `t` to now")
    stale: bool = Field(description="Older than this point may be silent, or never heard of")
    rate: float | None = Field(
        default=None,
        description="What flows now: a rate gauge's value, or a register's rise over about 5 min; null when stale",
    )
    rate_unit: str | None = Field(default=None, examples=["kW"])
    findings: list[str] = Field(default_factory=list, description="What the ledger holds against it now")


def flow_per_hour(point: PointRow, newest: NewestRow) -> float | None:
    """Amount an hour, in the point's amount unit; None for states and where it cannot be told.

    A register that fell tells nothing here: whether it rolled over is the ledger's to judge.
    """
    if newest.quality == Quality.BAD or point.aggregate == "mean":
        return None
    if point.reading == ReadingType.GAUGE:
        return newest.value * point.to_amount
    if point.reading == ReadingType.INTERVAL:
        length = (newest.ts - newest.start).total_seconds() if newest.start else point.period_s
        return newest.value * (point.multiplier or 1.0) * 3600 / length if length > 0 else None
    if newest.before_ts is None or newest.before_value is None or newest.value < newest.before_value:
        return None
    elapsed = (newest.ts - newest.before_ts).total_seconds()
    if elapsed <= 0 or elapsed > 2 * max(point.max_gap_s, views.RATE_WINDOW.total_seconds()):
        return None
    return (newest.value - newest.before_value) * (point.multiplier or 1.0) * 3600 / elapsed


def latest_item(point: PointRow, newest: NewestRow | None, now: datetime, language: str) -> LatestItem:
    """One point's newest reading as the API shows it."""
    item = LatestItem(
        point=point.code,
        name=point.name(language),
        process=point.process,
        carrier=point.carrier,
        role=point.role,
        t=None,
        value=None,
        unit=point.unit,
        age_s=None,
        stale=True,
    )
    if newest is None:
        return item
    age = (now - newest.ts).total_seconds()
    item.t, item.value, item.quality = newest.ts, newest.value, Quality(newest.quality).name.lower()
    item.age_s, item.stale = round(age, 3), age > point.silent_after_s
    item.findings = list(newest.findings)
    flow = None if item.stale else flow_per_hour(point, newest)
    if flow is not None:
        shown_as_read = point.reading == ReadingType.GAUGE
        item.rate = newest.value if shown_as_read else flow
        item.rate_unit = point.unit if shown_as_read else rate_unit(point.amount_unit)
    return item


def rate_unit(amount_unit: str) -> str:
    """The unit of that amount an hour."""
    known = _RATE_UNITS.get(amount_unit)
    return known if known in UNITS else f"{amount_unit}/h"


class Registry:
    """Points by enterprise, kept for a while: the live queries ask for them every second."""

    def __init__(self, pool: asyncpg.Pool, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._clock = clock
        self._kept: dict[int, tuple[datetime, list[PointRow]]] = {}

    async def points(self, e: int) -> list[PointRow]:
        """The real points of an enterprise: those that have readings of their own."""
        return [row for row in await self._every(e) if row.reading != ReadingType.VIRTUAL]

    async def virtual(self, e: int) -> list[PointRow]:
        """The virtual points of an enterprise."""
        return [row for row in await self._every(e) if row.reading == ReadingType.VIRTUAL]

    async def named(self, e: int, code: str) -> PointRow:
        """A point of any kind by its code; a retired one as it was last.

        Raises:
            NotFoundError: there never was one.
        """
        for row in await self._every(e):
            if row.code == code:
                return row
        return await views.point_ever(self._pool, e, code)

    async def _every(self, e: int) -> list[PointRow]:
        now = self._clock()
        kept = self._kept.get(e)
        if kept is None or not now - _REGISTRY_AGE < kept[0] <= now:
            kept = self._kept[e] = (now, await views.points(self._pool, e, now))
        return kept[1]

    def forget(self) -> None:
        """Configuration changed: read it again."""
        self._kept.clear()


async def newest_of(pool: asyncpg.Pool, points: Sequence[PointRow]) -> list[tuple[PointRow, NewestRow | None]]:
    """Each point (of one enterprise) with its newest reading."""
    if not points:
        return []
    newest = await views.newest(pool, points[0].e, [point.p for point in points])
    return [(point, newest.get(point.p)) for point in points]
