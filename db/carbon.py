"""The carbon factors that an enterprise's plant file gives, as recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from db.instants import known_day
from db.statements import statements
from enms.site_factors import SiteCarbon


@dataclass(frozen=True, slots=True)
class CarbonVersion:
    """What was recorded last of one carrier's factor from one day on."""

    given: SiteCarbon
    recorded_at: datetime
    retired: bool


async def carbon_versions(connection: asyncpg.Connection, e: int) -> list[CarbonVersion]:
    """By carrier and day, retired ones too."""
    return [
        CarbonVersion(
            given=SiteCarbon(
                carrier=row["carrier"],
                unit=row["unit"],
                carbon=row["carbon"],
                carbon_per_gj=row["carbon_per_gj"],
                tco2=row["tco2"],
                oxidation=row["oxidation"],
                effective_from=known_day(row["effective_from"]),
                effective_to=known_day(row["effective_to"]),
                source=row["source"],
            ),
            recorded_at=row["recorded_at"],
            retired=row["retired"],
        )
        async for row in statements("plants").current_carbon(connection, e=e)
    ]


async def site_carbon(connection: asyncpg.Connection, e: int) -> tuple[SiteCarbon, ...]:
    """The factors that hold."""
    return tuple(version.given for version in await carbon_versions(connection, e) if not version.retired)
