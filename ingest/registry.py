"""The points ingest knows: a snapshot by enterprise and code, renewed when somebody changes a plant."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import asyncpg
import structlog

from db.readings import RegisteredPoint, registry
from enms.metering import ReadingType
from ingest import metrics
from ingest.times import EARLIEST, LATEST, micros

log = structlog.get_logger()

# A stranger may send unknown points by the thousand; each of them is not worth a query.
_LEAST_S_BETWEEN_DOUBTS = 3.0
# A notification can be lost with its connection.
_LONGEST_S = 60.0
_PATIENCE_S = 30.0


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


class Registry:
    """The snapshot, and when it is read again.

    Args:
        pool: read from.
        clock: monotonic seconds.
    """

    def __init__(self, pool: asyncpg.Pool, clock: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._clock = clock
        self._sites: dict[str, Site] = {}
        self._asked_at = self._failed_at = -_LONGEST_S
        self._known = False
        # How often something changed, and how much of that the snapshot has seen.
        self._changes = self._seen = 0
        self._changed = asyncio.Event()
        self._kept = False

    def site(self, code: str) -> Site | None:
        """The enterprise of that code, as of the last reading."""
        return self._sites.get(code)

    @property
    def wants_renewal(self) -> bool:
        """Whether whoever needs it should try to read it first."""
        if not self._known:
            return True
        if self._clock() - self._failed_at < _LEAST_S_BETWEEN_DOUBTS:
            return False
        return self._seen < self._changes or (not self._kept and self._clock() - self._asked_at > _LONGEST_S)

    @property
    def known(self) -> bool:
        """Whether it was ever read."""
        return self._known

    @property
    def may_doubt(self) -> bool:
        """Whether something unknown is worth a query now."""
        return self._clock() - self._asked_at > _LEAST_S_BETWEEN_DOUBTS

    def expire(self) -> None:
        """Somebody changed a plant."""
        self._changes += 1
        self._failed_at = -_LONGEST_S  # the database said so itself: it is there again
        self._changed.set()

    async def renew(self) -> None:
        """Read it again.

        Raises:
            OSError, asyncpg.PostgresError, asyncpg.InterfaceError: the database is not there; the old one stays.
        """
        self._asked_at = self._clock()
        changes = self._changes
        try:
            self._sites = sites(await registry(self._pool))
        except BaseException:
            self._failed_at = self._clock()
            raise
        metrics.know(self._sites)
        self._known, self._seen = True, changes

    async def keep(self) -> None:
        """Renew it whenever it expired, beside whoever uses it; until cancelled."""
        self._kept = True
        while True:
            try:
                async with asyncio.timeout(_LONGEST_S):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await self.renew()
            except Exception as problem:  # noqa: BLE001 - whatever it is, the old snapshot serves and it is tried again
                log.debug("cannot read the registry", reason=str(problem))
                self._changed.set()
                await asyncio.sleep(1)
