"""The points ingest knows: a snapshot by enterprise and code, renewed when somebody changes a plant."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg

from db.readings import RegisteredPoint, registry
from enms.metering import ReadingType
from ingest.times import EARLIEST, LATEST, micros

# A stranger may send unknown points by the thousand; each of them is not worth a query.
_LEAST_S_BETWEEN_DOUBTS = 3.0
# A notification can be lost with its connection.
_LONGEST_S = 60.0


@dataclass(frozen=True, slots=True)
class Special:
    """A point that needs a look at each reading. Instants in microseconds since 1970.

    Attributes:
        p: its number.
        virtual: computed from others; nothing may be written to it.
        interval: its readings may carry a start.
        sealed_before: readings before are sealed off.
        retired_from: readings from here on are not taken.
    """

    p: int
    virtual: bool = False
    interval: bool = False
    sealed_before: int = EARLIEST
    retired_from: int = LATEST


@dataclass(frozen=True, slots=True)
class Site:
    """An enterprise as ingest sees it.

    Attributes:
        plain: number by code of the points whose readings need no look one by one.
        special: the others by code, interval points among them (they are in `plain` too: only a start is special).
    """

    e: int
    code: str
    plain: Mapping[str, int]
    special: Mapping[str, Special]


def sites(points: Sequence[RegisteredPoint]) -> dict[str, Site]:
    """The snapshot, by enterprise code."""
    plain: dict[str, dict[str, int]] = {}
    special: dict[str, dict[str, Special]] = {}
    numbers: dict[str, int] = {}
    for row in points:
        numbers[row.enterprise] = row.e
        usual, unusual = plain.setdefault(row.enterprise, {}), special.setdefault(row.enterprise, {})
        if row.p is None or row.point is None:
            continue
        virtual, interval = row.reading == ReadingType.VIRTUAL, row.reading == ReadingType.INTERVAL
        sealed = micros(row.sealed_before) if row.sealed_before is not None else EARLIEST
        retired = micros(row.retired_from) if row.retired_from is not None else LATEST
        bounded = sealed > EARLIEST or retired < LATEST
        if not virtual and not bounded:
            usual[row.point] = row.p
        if virtual or bounded or interval:
            unusual[row.point] = Special(row.p, virtual, interval, sealed, retired)
    return {code: Site(e, code, plain[code], special[code]) for code, e in numbers.items()}


@dataclass(slots=True)
class Registry:
    """The snapshot and when to renew it.

    Args:
        pool: read from when it is renewed.
        clock: monotonic seconds.
    """

    pool: asyncpg.Pool
    clock: Callable[[], float] = time.monotonic
    _sites: dict[str, Site] = field(default_factory=dict, init=False)
    _read_at: float = field(default=-_LONGEST_S, init=False)
    _stale: bool = field(default=True, init=False)

    def site(self, code: str) -> Site | None:
        """The enterprise of that code, as of the last renewal."""
        return self._sites.get(code)

    @property
    def wants_renewal(self) -> bool:
        """Whether somebody changed something, or it is simply old."""
        return self._stale or self.clock() - self._read_at > _LONGEST_S

    @property
    def may_doubt(self) -> bool:
        """Whether something unknown is worth a query now."""
        return self.clock() - self._read_at > _LEAST_S_BETWEEN_DOUBTS

    def expire(self) -> None:
        """Renew before the next use: a plant was changed."""
        self._stale = True

    async def renew(self) -> None:
        """Read it again.

        Raises:
            OSError, asyncpg.PostgresError, asyncpg.InterfaceError: the database is not there; the old one stays.
        """
        self._stale = False
        try:
            self._sites = sites(await registry(self.pool))
        except BaseException:
            self._stale = True
            raise
        self._read_at = self.clock()
