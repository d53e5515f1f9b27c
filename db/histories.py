"""What points were configured to be, and which meters they have had, over time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import asyncpg

from db.instants import known
from db.statements import statements
from enms.metering import Aggregate, Installation, InstallationKind, PointConfig, ReadingType, Reporting, Role
from enms.timeline import ConfigVersion, Timeline

Key: TypeAlias = tuple[int, int]
"""Enterprise and point."""

_TYPES = {"role": Role, "reading": ReadingType, "aggregate": Aggregate, "reporting": Reporting}
_CONFIG_KEYS = tuple(f.name for f in fields(PointConfig) if f.name != "virtual")
_METER_KEYS = tuple(f.name for f in fields(Installation) if f.name not in ("installed_at", "kind"))


@dataclass(frozen=True, slots=True)
class History:
    """A point's versions and meters by time, and the scales they make. Terms of virtual points are left out."""

    versions: tuple[ConfigVersion, ...]
    meters: tuple[Installation, ...]
    line: Timeline


async def histories(connection: asyncpg.Connection, points: Iterable[Key]) -> dict[Key, History]:
    """The histories of points; one that nobody knows has an empty one."""
    keys = sorted(points)
    wanted = {"e": sorted({e for e, _ in keys}), "p": [p for _, p in keys]}
    sql = statements("derivation")
    versions: defaultdict[Key, list[ConfigVersion]] = defaultdict(list)
    async for row in sql.config_versions(connection, **wanted):
        versions[row["e"], row["p"]].append(_version(row))
    meters: defaultdict[Key, list[Installation]] = defaultdict(list)
    async for row in sql.meters(connection, **wanted):
        meters[row["e"], row["p"]].append(_meter(row))
    return {
        key: History(tuple(versions[key]), tuple(meters[key]), Timeline(versions[key], meters[key])) for key in keys
    }


def _version(row: asyncpg.Record) -> ConfigVersion:
    values: dict[str, Any] = {key: _TYPES[key](row[key]) if key in _TYPES else row[key] for key in _CONFIG_KEYS}
    return ConfigVersion(known(row["valid_from"]), PointConfig(**values), retired=row["retired"])


def _meter(row: asyncpg.Record) -> Installation:
    values = {key: row[key] for key in _METER_KEYS}
    return Installation(installed_at=known(row["installed_at"]), kind=InstallationKind(row["kind"]), **values)
