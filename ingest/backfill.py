"""History by HTTP: judged and written as what comes by MQTT, as a backfill or by hand; durable when it returns."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import asyncpg
import msgspec

from enms.errors import NotFoundError
from enms.readings import Origin
from ingest.arrivals import Arrival
from ingest.batch import Gatherer
from ingest.messages import QUALITIES, Columns
from ingest.pipeline import Prepared
from ingest.quarantine import Quarantine
from ingest.refusals import Reason, Refusal
from ingest.registry import Registry, Site
from ingest.times import micros
from ingest.validation import judge
from ingest.writer import Writer

_ROWS_A_TRANSACTION = 50_000


class Row(Protocol):
    """A reading as the API understood it; times are aware."""

    @property
    def point(self) -> str: ...
    @property
    def t(self) -> datetime: ...
    @property
    def value(self) -> float: ...
    @property
    def quality(self) -> str: ...
    @property
    def start(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is in quarantine now: its index in the request, the reason's code, and a sentence."""

    index: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Backfilled:
    """What became of the rows.

    Attributes:
        accepted: committed, those that were known already included.
        known: for how many of them there was a reading of that instant already.
    """

    accepted: int
    known: int
    refused: tuple[RefusedRow, ...]


class Backfill:
    """Takes history in.

    Args:
        pool: a connection is borrowed for each call.
        clock: microseconds since 1970.
    """

    def __init__(self, pool: asyncpg.Pool, clock: Callable[[], int]) -> None:
        self._pool = pool
        self._clock = clock
        self._registry = Registry(pool)

    async def accept(self, enterprise: str, rows: Sequence[Row], origin: Origin = Origin.BACKFILL) -> Backfilled:
        """Judge and commit the rows, in transactions of some ten thousand.

        Raises:
            NotFoundError: nobody knows the enterprise.
            UnavailableError: the database did not confirm. Rows may be sent again: known ones are recognised.
        """
        site = await self._site(enterprise, rows)
        accepted = known = 0
        refused: list[RefusedRow] = []
        writer = Writer(self._pool)
        try:
            for begin in range(0, len(rows), _ROWS_A_TRANSACTION):
                prepared, kept, judged = self._prepare(site, rows[begin : begin + _ROWS_A_TRANSACTION], origin)
                written = await writer.write(prepared)
                accepted += written.readings
                known += written.taken
                refused += [RefusedRow(begin + index, r.reason.value, r.detail) for index, r in judged]
                refused += [
                    RefusedRow(begin + kept[row], Reason.REJECTED.value, detail) for row, detail in written.rejected
                ]
        finally:
            await writer.close()
        return Backfilled(accepted, known, tuple(sorted(refused, key=lambda row: row.index)))

    async def _site(self, enterprise: str, rows: Sequence[Row]) -> Site:
        """The enterprise, looked up anew when something in the request is not known."""
        site = self._registry.site(enterprise)
        unknown = site is None or any(row.point not in site.plain and row.point not in site.special for row in rows)
        if unknown or self._registry.wants_renewal:
            await self._registry.renew()
            site = self._registry.site(enterprise)
        if site is None:
            raise NotFoundError(f"unknown enterprise {enterprise!r}")
        return site

    def _prepare(
        self, site: Site, rows: Sequence[Row], origin: Origin
    ) -> tuple[Prepared, list[int], list[tuple[int, Refusal]]]:
        """The transaction, the index of each accepted row, and what is refused."""
        now = self._clock()
        finite = [index for index, row in enumerate(rows) if math.isfinite(row.value)]
        columns = Columns(
            [rows[index].point for index in finite],
            [micros(rows[index].t) for index in finite],
            [rows[index].value for index in finite],
            [QUALITIES[rows[index].quality] for index in finite],
            _starts([rows[index].start for index in finite]),
        )
        gatherer, quarantine = Gatherer(), Quarantine()
        judged = judge(columns, site, source=0, origin=origin, received_at=now, into=gatherer)
        refusals = [(finite[index], refusal) for index, refusal in judged]
        if len(finite) < len(rows):
            usable = set(finite)
            refusals += [
                (index, Refusal(Reason.NOT_FINITE, "", f"{row.value} is not a number a meter can show"))
                for index, row in enumerate(rows)
                if index not in usable
            ]
        for index, refusal in refusals:
            quarantine.add(site.e, _arrival(site.code, rows[index], now), [refusal])
        gone = {index for index, _ in refusals}
        kept = [index for index in finite if index not in gone]
        # For what the database itself refuses: there is one message, the request.
        request = Arrival(_topic(site.code), b"", now)
        return Prepared([request], gatherer.gathered(), quarantine, [site.e], []), kept, refusals


def _starts(starts: list[datetime | None]) -> list[int | None] | None:
    if not any(starts):
        return None
    return [None if start is None else micros(start) for start in starts]


def _topic(enterprise: str) -> str:
    return f"POST /api/v1/readings?enterprise={enterprise}"


def _arrival(enterprise: str, row: Row, now: int) -> Arrival:
    shown = {"point": row.point, "t": row.t, "value": str(row.value), "quality": row.quality, "start": row.start}
    return Arrival(_topic(enterprise), msgspec.json.encode(shown), now)
