"""What the live hub sends, made from the database's newest rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import asyncpg
import structlog

from api.flows import boundary, power, process_boundary
from api.kept import Kept
from api.latest import LatestItem, Registry, latest_item, newest_of
from api.live import Snapshot, Sources
from api.routes.alerts import alert_item
from db import alerts, plants, views
from enms.errors import NotFoundError

_log = structlog.get_logger("enms.api.live")


class LiveSources:
    """Snapshots of enterprises as JSON, by number."""

    def __init__(self, pool: asyncpg.Pool, registry: Registry, kept: Kept, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._registry = registry
        self._kept = kept
        self._clock = clock
        self._codes: dict[int, str] = {}

    def sources(self) -> Sources:
        """For the hub."""
        return Sources(self.plants, self.snapshot, self.interval, self.alert, self.forget, self._kept.forget)

    def forget(self) -> None:
        """Configuration changed."""
        self._registry.forget()
        self._kept.forget()
        self._codes.clear()

    async def plants(self) -> frozenset[int]:
        """All there are."""
        return frozenset(row.e for row in await plants.enterprises(self._pool))

    async def _code(self, e: int) -> str:
        if e not in self._codes:
            self._codes = {row.e: row.code for row in await plants.owners(self._pool)}
        return self._codes.get(e, "")

    async def snapshot(self, e: int) -> Snapshot:
        """Newest values and sums."""
        code = await self._code(e)
        pairs = await newest_of(self._pool, await self._registry.points(e))
        now = self._clock()
        points = [point for point, _ in pairs]
        items: dict[str, LatestItem] = {p.code: latest_item(p, newest, now, "en") for p, newest in pairs}
        whole = power(pairs, boundary(points), now)
        processes = {point.process for point in points if point.process is not None}
        by_process = {name: power(pairs, process_boundary(points, name), now) for name in sorted(processes)}
        fresh = sum(not item.stale for item in items.values())
        ages = [item.age_s for item in items.values() if item.age_s is not None]
        summary = {
            "enterprise": code,
            "at": _text(now),
            "power_kw": whole.kw,
            "power_known": whole.known,
            "power_of": whole.of,
            "fresh": fresh,
            "points": len(items),
            "newest_age_s": min(ages, default=None),
            "processes": {name: found.kw for name, found in by_process.items() if found.of},
        }
        return Snapshot(
            head=f'"enterprise":{json.dumps(code)},"at":"{_text(now)}"',
            items={name: item.model_dump_json(exclude={"name"}) for name, item in items.items()},
            keys={name: (i.t, i.value, i.quality, i.stale, tuple(i.findings)) for name, i in items.items()},
            summary=json.dumps(summary, separators=(",", ":")),
        )

    async def interval(self, e: int) -> str:
        """How far the ledger is now: whoever shows amounts asks for them again."""
        closed = await views.newest_closed(self._pool, e)
        return json.dumps(
            {
                "enterprise": await self._code(e),
                "at": _text(self._clock()),
                "closed_until": _text(closed) if closed is not None else None,
            }
        )

    async def alert(self, e: int, number: int) -> str | None:
        """An alert as it is now, with its title in both languages; None if it is gone."""
        try:
            row = await alerts.get_alert(self._pool, number)
        except NotFoundError:
            _log.warning("a notice of an alert nobody knows", e=e, alert=number)
            return None
        body = alert_item(row, "en").model_dump(mode="json")
        titles = {"zh": row.title_zh, "en": row.title_en}
        return json.dumps(body | {"titles": titles}, ensure_ascii=False, separators=(",", ":"))


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
