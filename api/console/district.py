"""`/`: is anything wrong now, where, and since when?"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Request, Response

from api.coal import coal_lines, plan_rate
from api.console.i18n import catalogue
from api.console.plant import OpenAlerts, PlantView, open_alerts, plant_view
from api.console.render import page
from api.deps import Api
from api.flows import Power
from api.language import Language
from db import alerts, plants, series
from db.alerts import Filter, Standing
from db.views import UNKNOWN_ENTERPRISE

router = APIRouter(include_in_schema=False)
_SHOWN_ALERTS = 8
_REFUSED_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class District:
    """The sums of all enterprises.

    Attributes:
        tce, tce_before: today so far, and yesterday to the same clock time; None where nothing is known.
        partial: something is missing from either.
        change: only where both are whole.
    """

    power: Power
    tce: float | None
    tce_before: float | None
    partial: tuple[str, ...]
    change: float | None
    alerts: OpenAlerts
    fresh: int
    points: int


def district(views: list[PlantView], open_now: OpenAlerts) -> District:
    """Sums over enterprises; unknown stays unknown."""
    powers = [view.power for view in views if view.power.of]
    kws = [power.kw for power in powers if power.kw is not None]
    ages = [power.oldest_s for power in powers if power.oldest_s is not None]
    today = [view.use.today.tce for view in views if view.use.today.tce is not None]
    before = [view.use.yesterday.tce for view in views if view.use.yesterday.tce is not None]
    partial = tuple(f"{view.name}: {reason}" for view in views for reason in view.use.today.unknown)
    whole = not partial and not any(view.use.yesterday.partial for view in views)
    tce, tce_before = sum(today) if today else None, sum(before) if before else None
    comparable = whole and tce and tce_before and len(today) == len(before) == len(views)
    return District(
        power=Power(
            sum(kws) if kws else None,
            sum(power.known for power in powers),
            sum(power.of for power in powers),
            max(ages, default=None),
        ),
        tce=tce,
        tce_before=tce_before,
        partial=partial,
        change=tce / tce_before - 1 if comparable and tce and tce_before else None,
        alerts=open_now,
        fresh=sum(view.freshness.fresh for view in views),
        points=sum(view.freshness.of for view in views),
    )


def standing_of(views: Sequence[PlantView], standing: Standing, es: Collection[int], now: datetime) -> OpenAlerts:
    """What is open in the district."""
    return open_alerts(standing, es, now, behind=any(view.ledger.behind for view in views))


@router.get("/")
async def show_district(request: Request, api: Api, language: Language) -> Response:
    text = catalogue(language)
    owners = await plants.owners(api.pool)
    rows = [row for row in owners if row.scope == "plant"]
    es = [row.e for row in owners]
    standing = await alerts.standing(api.pool, es)
    views = list(await asyncio.gather(*(plant_view(api, row, standing, text) for row in rows)))
    views.sort(key=lambda view: -(view.power.kw or 0.0))
    newest = await alerts.list_alerts(api.pool, es, Filter(state="firing"), limit=_SHOWN_ALERTS)
    refused = await series.quarantine_reasons(api.pool, [UNKNOWN_ENTERPRISE, *es], api.clock() - _REFUSED_WITHIN)
    names = {row.code: row.name(language) for row in owners}
    values = {
        "views": views,
        "district": district(views, standing_of(views, standing, es, api.clock())),
        "alerts": newest,
        "names": names,
        "refused": refused,
        "coal": await coal_lines(api, rows, district=True),
        "plan": plan_rate(),
    }
    return await page(request, api, "district.html", values, live="")
