"""The API's door to ingest: history by HTTP, through ingest's own judging and writing."""

from __future__ import annotations

import time
from collections.abc import Sequence

import asyncpg

from api.deps import BackfillResult, BackfillRow, Refused
from enms.readings import Origin
from ingest.backfill import Backfill


class BackfillDoor:
    """What `api.deps.BackfillSink` asks for."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._backfill = Backfill(pool, clock=lambda: time.time_ns() // 1000)

    async def __call__(
        self, enterprise: str, rows: Sequence[BackfillRow], origin: Origin = Origin.BACKFILL
    ) -> BackfillResult:
        done = await self._backfill.accept(enterprise, rows, origin)
        return BackfillResult(done.accepted, tuple(Refused(row.index, row.reason, row.detail) for row in done.refused))
