"""How old the newest reading of each enterprise is, for Prometheus.

Asked of the database when somebody collects the metrics, at most every `_LEAST_S`. While the database is away the ages
go on growing: what nobody can see has not arrived.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial

import asyncpg
from prometheus_client import CollectorRegistry, Gauge

from db import views
from db.pool import PROBLEMS

_LEAST_S = 15.0
_PATIENCE_S = 3.0
# The same as the console's walls.
_LEAST_ALLOWED_S = 120.0


class Freshness:
    """The gauges.

    Args:
        pool: asked.
        registry: they are shown in.
        clock: now, aware UTC.
    """

    def __init__(self, pool: asyncpg.Pool, registry: CollectorRegistry, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._clock = clock
        self._asked_at = -_LEAST_S
        self._known: set[str] = set()
        self._age = Gauge(
            "enms_newest_reading_age_seconds",
            "Age of the newest reading of an enterprise; growing while the database is away",
            ["enterprise"],
            registry=registry,
        )
        self._allowed = Gauge(
            "enms_newest_reading_allowed_age_seconds",
            "How old the newest reading of an enterprise may be: as long as all of its points may be silent",
            ["enterprise"],
            registry=registry,
        )
        self._up = Gauge("enms_api_database_up", "1 while the database answers", registry=registry)

    async def look(self) -> None:
        """Ask again, if it is time. Raises nothing: a database that is not there is an answer."""
        now = time.monotonic()
        if now - self._asked_at < _LEAST_S:
            return
        self._asked_at = now
        try:
            async with asyncio.timeout(_PATIENCE_S), self._pool.acquire() as connection:
                newest = await views.newest_readings(connection, self._clock())
        except PROBLEMS:
            self._up.set(0)
            return
        self._up.set(1)
        for enterprise in self._known - newest.keys():
            self._age.remove(enterprise)
            self._allowed.remove(enterprise)
        for enterprise, (at, silent_after_s) in newest.items():
            self._allowed.labels(enterprise).set(max(_LEAST_ALLOWED_S, silent_after_s))
            self._age.labels(enterprise).set_function(partial(self._since, at))
        self._known = set(newest)

    def _since(self, at: datetime) -> float:
        return (self._clock() - at).total_seconds()
