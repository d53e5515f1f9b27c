"""How the parts are: asked of the database, so that any process's API answers for all of them."""

from __future__ import annotations

import time
from datetime import datetime

import asyncpg
from pydantic import BaseModel, Field

from api.deps import Context
from api.live import LiveHub
from db import views
from db.engine import read_engine
from db.pool import PROBLEMS
from db.ready import missing_migrations

# Ingest may be idle, the ledger may have much to do: old is degraded, never down.
_INGEST_OLD_S = 300.0
_LEDGER_OLD_S = 60.0
_RULES_OLD_S = 120.0


class Part(BaseModel):
    """One part of the system."""

    status: str = Field(description="ok, degraded or down", examples=["ok"])
    detail: str = Field(examples=["PostgreSQL 18.6"])
    lag_s: float | None = Field(default=None, description="How far it is behind, where that is known")


class Health(BaseModel):
    """Ready when the database is there and migrated; the other parts are reported beside it."""

    status: str = Field(examples=["ok"])
    engine: str | None = Field(default=None, examples=["PostgreSQL 18.6"])
    parts: dict[str, Part]


class Backlog:
    """How long the oldest dirty span has waited, as seen from here: spans carry no clock of their own."""

    def __init__(self) -> None:
        self._oldest: int | None = None
        self._since = 0.0

    def age_s(self, oldest: int | None) -> float:
        """Seconds since this span was first seen as the oldest."""
        now = time.monotonic()
        if oldest is None or oldest != self._oldest:
            self._oldest, self._since = oldest, now
        return 0.0 if oldest is None else now - self._since


async def check(context: Context, backlog: Backlog) -> Health:
    """Ask every part.

    Raises nothing: a database that is not there is an answer.
    """
    try:
        async with context.pool.acquire(timeout=3) as connection:
            begun = time.perf_counter()
            engine = str(await read_engine(connection))
            took_ms = (time.perf_counter() - begun) * 1000
            missing = await missing_migrations(connection)
            if missing:
                database = Part(status="down", detail=f"migrations not applied: {', '.join(missing)}")
                return Health(status="down", engine=engine, parts={"database": database})
            parts = {"database": Part(status="ok", detail=f"{engine}, {took_ms:.1f} ms")}
            parts |= await _parts(connection, context, backlog)
    except PROBLEMS as problem:
        reason = str(problem) or type(problem).__name__
        return Health(status="down", parts={"database": Part(status="down", detail=reason)})
    parts["live"] = _live(context.hub)
    worst = "ok" if all(part.status == "ok" for part in parts.values()) else "degraded"
    return Health(status=worst, engine=engine, parts=parts)


def _live(hub: LiveHub) -> Part:
    if not hub.connected:
        return Part(status="degraded", detail="no notices, polling every 5 s")
    if hub.failing:
        return Part(status="degraded", detail=f"values of {hub.failing} enterprises cannot be made")
    return Part(status="ok", detail=f"{hub.subscribers} listening")


async def _parts(connection: asyncpg.Connection, context: Context, backlog: Backlog) -> dict[str, Part]:
    now = context.clock()
    arrived = await views.ingest_freshness(connection)
    spans, oldest = await views.ledger_backlog(connection)
    waited = backlog.age_s(oldest)
    evaluated, failing = await views.rules_freshness(connection)
    rules = _aged(evaluated, now, _RULES_OLD_S, "last evaluated")
    if failing:
        rules = rules.model_copy(update={"status": "degraded", "detail": f"{failing} rules cannot be judged"})
    return {
        "ingest": _aged(arrived, now, _INGEST_OLD_S, "last reading taken in"),
        "ledger": Part(
            status="ok" if waited < _LEDGER_OLD_S else "degraded", detail=f"{spans} spans wait", lag_s=round(waited, 1)
        ),
        "rules": rules,
    }


def _aged(since: datetime | None, now: datetime, old_s: float, what: str) -> Part:
    if since is None:
        return Part(status="degraded", detail="nothing yet")
    age = (now - since).total_seconds()
    return Part(
        status="ok" if age < old_s else "degraded",
        detail=f"{what} {since.isoformat(timespec='seconds')}",
        lag_s=round(age, 1),
    )
