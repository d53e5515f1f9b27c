"""Today and yesterday as an enterprise counts them, and what it used in either up to the same clock time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from api.deps import Context
from db import views
from db.consumption import Consumption, consumption
from db.energy import Period
from db.plants import EnterpriseRow
from enms.metering import INTERVAL_S

QUARTER = timedelta(seconds=INTERVAL_S)


@dataclass(frozen=True, slots=True)
class Today:
    """The enterprise's day: [start, closed) is in the ledger, [closed, now) is still open."""

    start: datetime
    closed: datetime
    now: datetime

    @property
    def begun(self) -> bool:
        """Whether a quarter hour of it is closed."""
        return self.closed > self.start

    def periods(self, zone: ZoneInfo) -> list[Period]:
        """What is closed of today, and yesterday to the same clock time."""
        return [Period(self.start, self.closed), Period(*(_day_before(at, zone) for at in (self.start, self.closed)))]


def _day_before(instant: datetime, zone: ZoneInfo) -> datetime:
    """The same wall time a day before, across a change of the clock as well."""
    return (instant.astimezone(zone) - timedelta(days=1)).astimezone(UTC)


def day_start(enterprise: EnterpriseRow, now: datetime) -> datetime:
    """When the day in which `now` lies began."""
    zone = ZoneInfo(enterprise.timezone)
    wall = now.astimezone(zone)
    start = datetime.combine(wall.date(), enterprise.day_starts, zone)
    if start > wall:
        start = datetime.combine(wall.date() - timedelta(days=1), enterprise.day_starts, zone)
    return start.astimezone(UTC)


async def today(context: Context, enterprise: EnterpriseRow) -> Today:
    """Where the enterprise's day stands now."""
    now = context.clock()
    start = day_start(enterprise, now)
    closed = await views.closed_with_stocks(context.pool, enterprise.e)
    return Today(start, min(max(closed or start, start), now), now)


@dataclass(frozen=True, slots=True)
class Used:
    """Standard coal of an enterprise over a span.

    Attributes:
        tce: of the lines that are known; None where none is.
        unknown: carriers that count but are not known, or not whole, with the reason.
    """

    tce: float | None
    unknown: tuple[str, ...]

    @property
    def partial(self) -> bool:
        """Whether something is missing from the sum."""
        return bool(self.unknown)


@dataclass(frozen=True, slots=True)
class DayUse:
    """Today so far, and yesterday to the same clock time, by carrier and in all."""

    day: Today
    lines: tuple[tuple[Consumption, Consumption], ...]
    today: Used
    yesterday: Used

    @property
    def change(self) -> float | None:
        """Share by which today differs; None where either is not whole."""
        if self.today.partial or self.yesterday.partial or not self.today.tce or not self.yesterday.tce:
            return None
        return self.today.tce / self.yesterday.tce - 1


async def day_use(context: Context, enterprise: EnterpriseRow) -> DayUse:
    """Consumption by carrier, today against yesterday; kept until the ledger publishes."""
    return await context.kept.get("day use", enterprise.e, lambda: _day_use(context, enterprise))


async def _day_use(context: Context, enterprise: EnterpriseRow) -> DayUse:
    day = await today(context, enterprise)
    if not day.begun:
        return DayUse(day, (), Used(None, ()), Used(None, ()))
    periods = day.periods(ZoneInfo(enterprise.timezone))
    async with context.pool.acquire() as connection:
        rows = await consumption(connection, enterprise, "carrier", periods)
    pairs = tuple(zip(rows[0::2], rows[1::2], strict=True))
    return DayUse(day, pairs, _used([a for a, _ in pairs]), _used([b for _, b in pairs]))


def _used(lines: Sequence[Consumption]) -> Used:
    counted = [line for line in lines if line.in_total]
    known = [line.kgce for line in counted if line.kgce is not None]
    unknown = tuple(f"{line.carrier}: {line.reason}" for line in counted if line.kgce is None or line.at_least)
    return Used(sum(known) / 1000 if known else None, unknown)
