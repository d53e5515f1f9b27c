"""What replacing motors would save, at the load of the last 30 days; kept for some minutes, for it hardly changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from api.deps import Context
from db.motor_profiles import load_profiles
from db.motors import floor_quarter, instruments, motor_versions
from db.plants import EnterpriseRow
from enms.motor import Motor
from enms.motor_elimination import ListVerdict, listed
from enms.motor_register import GradeVerdict, grade_of
from enms.motor_saving import LoadProfile, NoSaving, Saving, replacement, resizing

OBSERVED = timedelta(days=30)
_KEPT_S = 600.0


@dataclass(frozen=True, slots=True)
class Worth:
    """A motor's grade, and what could be saved.

    Attributes:
        lists: what the elimination lists say of its nameplate.
        profile: hours by power; None: its power is not metered.
        replacing, resizing: a saving, or why there is none.
    """

    grade: GradeVerdict
    lists: ListVerdict
    profile: LoadProfile | None
    replacing: Saving | NoSaving
    resizing: Saving | NoSaving

    @property
    def best(self) -> Saving | None:
        """The greater of the two savings."""
        found = [s for s in (self.replacing, self.resizing) if isinstance(s, Saving)]
        return max(found, key=lambda s: s.kwh_a, default=None)


def unobserved(motor: Motor, day: date) -> Worth:
    """A motor that nobody has watched."""
    return Worth(
        grade_of(motor, day), listed(motor, day), None, replacement(motor, None, day), resizing(motor, None, day)
    )


async def worth(context: Context, owner: EnterpriseRow) -> Mapping[str, Worth]:
    """By motor code."""
    return await context.kept.get("motor savings", owner.e, lambda: _worth(context, owner), for_s=_KEPT_S)


async def _worth(context: Context, owner: EnterpriseRow) -> Mapping[str, Worth]:
    now = context.clock()
    async with context.pool.acquire() as connection:
        versions = await motor_versions(connection, owner.e)
        held = [v for vs in versions.values() for v in vs if v.holds(now)]
        codes = [v.motor.points.power for v in held if v.motor.points.power is not None]
        points = await instruments(connection, owner.e, codes)
        end = floor_quarter(now)
        profiles = await load_profiles(connection, owner.e, held, points, end - OBSERVED, end)
    found = {}
    for version in held:
        motor = version.motor
        profile, meter = profiles.get(motor.code), points.get(motor.points.power or "")
        there = meter.during(profile.start, profile.end) if meter is not None and profile is not None else None
        accuracy, day = there.accuracy_class if there is not None else None, local_day(now, owner)
        found[motor.code] = Worth(
            grade_of(motor, day),
            listed(motor, day),
            profile,
            replacement(motor, profile, day, accuracy),
            resizing(motor, profile, day, accuracy),
        )
    return found


def local_day(now: datetime, owner: EnterpriseRow) -> date:
    """Today's date where the plant is."""
    return now.astimezone(ZoneInfo(owner.timezone)).date()
