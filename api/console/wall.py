"""`/wall` and `/wall/{enterprise}`: the 5 m view. Complete without a script; live, and self-healing, with one."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from api.console.district import district, standing_of
from api.console.enpis import EnpiView, enpi_views
from api.console.i18n import Catalogue, catalogue
from api.console.plant import OpenAlerts, PlantView, plant_view
from api.console.render import FOLDER, STATIC, page, zone_of
from api.console.wall_alarms import Alarms, open_alarms
from api.console.wall_industry import industry_tiles
from api.console.wall_tiles import (
    Tile,
    age_tile,
    alerts_tile,
    as_of,
    coal_tile,
    district_power_tile,
    least_margin,
    margin_tile,
    silent_tile,
)
from api.console.wall_trend import Trend, distinct, district_trend, plant_trend
from api.deps import Api, Context
from api.language import Language
from db import alerts, plants
from db.plants import EnterpriseRow

router = APIRouter(include_in_schema=False)
# Data younger than this is never called old, however often its points report.
_LEAST_OLD_S = 120.0
Rotate = Annotated[int | None, Query(ge=10, le=3600, description="Seconds until the next wall is shown")]


@dataclass(frozen=True, slots=True)
class Wall:
    """What a wall shows.

    Attributes:
        tiles: five or six.
        blind: why no alarm means nothing: rules do not run, or have nothing new to judge; "" where it means something.
        newest: instant of the newest value of each plant, epoch seconds; None: never any.
        old_after: seconds after which a plant's newest value means that its data stopped.
    """

    name: str
    tiles: tuple[Tile, ...]
    trend: Trend
    alarms: Alarms
    blind: str
    newest: dict[str, float | None]
    old_after: dict[str, float]

    @property
    def ages(self) -> str:
        """For the page's script."""
        return json.dumps({code: [self.newest[code], self.old_after[code]] for code in self.newest})


@router.get("/wall")
async def show_district_wall(request: Request, api: Api, language: Language, rotate: Rotate = None) -> Response:
    text = catalogue(language)
    owners = await plants.owners(api.pool)
    rows = [row for row in owners if row.scope == "plant"]
    es = [row.e for row in owners]
    standing = await alerts.standing(api.pool, es)
    views = list(await asyncio.gather(*(plant_view(api, row, standing, text) for row in rows)))
    views.sort(key=lambda view: -(view.power.kw or 0.0))
    # Of the enterprise that is nearest to a limit, with its name: a district has more than one No. 2 blast furnace.
    of, enpis = await _nearest(api, rows, language)
    sums = district(views, standing_of(views, standing, es, api.clock()))
    alarms = await open_alarms(api, owners, text, named=True)
    wall = Wall(
        text("District"),
        (
            district_power_tile(text, sums),
            as_of(text, coal_tile(text, sums.tce, sums.change, sums.partial), views, api.clock()),
            as_of(text, margin_tile(text, text("Margin to limit"), enpis, of=of), views, api.clock()),
            alerts_tile(text, sums.alerts),
            silent_tile(text, sums.fresh, sums.points),
            age_tile(text),
        ),
        await district_trend(api, views, text),
        alarms,
        _blind(text, sums.alerts),
        *_ages(api, views),
    )
    return await _page(request, api, wall, rows, rotate, live="")


@router.get("/wall/{code}")
async def show_wall(request: Request, api: Api, language: Language, code: str, rotate: Rotate = None) -> Response:
    text = catalogue(language)
    row = await plants.enterprise(api.pool, code)
    standing = await alerts.standing(api.pool, [row.e])
    view = await plant_view(api, row, standing, text)
    enpis = await enpi_views(api, row, language)
    alarms = await open_alarms(api, [row], text, named=False)
    leading = await industry_tiles(api, view, enpis, text)
    coal = coal_tile(text, view.use.today.tce, view.use.change, view.use.today.unknown)
    wall = Wall(
        view.name,
        (
            *(tile if not tile.daily else as_of(text, tile, [view], api.clock()) for tile in leading),
            as_of(text, coal, [view], api.clock()),
            alerts_tile(text, view.alerts),
            age_tile(text),
        ),
        await plant_trend(api, view, text),
        alarms,
        _blind(text, view.alerts),
        *_ages(api, [view]),
    )
    return await _page(request, api, wall, await plants.enterprises(api.pool), rotate, live=code)


def _blind(text: Catalogue, open_now: OpenAlerts) -> str:
    if open_now.stopped:
        return text("Rules are not running: nobody knows")
    return text("The ledger is behind: nobody knows") if open_now.behind else ""


async def _nearest(api: Context, rows: list[EnterpriseRow], language: Language) -> tuple[str, list[EnpiView]]:
    names = distinct([row.name(language) for row in rows])
    found = [
        (name, [view for view in await enpi_views(api, row, language) if view.unit == "kgce/t"])
        for name, row in zip(names, rows, strict=True)
    ]
    return min(found, key=lambda one: least_margin(one[1]), default=("", []))


async def _page(
    request: Request, api: Context, wall: Wall, rows: list[EnterpriseRow], rotate: int | None, *, live: str
) -> Response:
    paths = ["/wall", *(f"/wall/{row.code}" for row in rows)]
    place = paths.index(request.url.path) if request.url.path in paths else 0
    following = f"{paths[(place + 1) % len(paths)]}?{urlencode(request.query_params)}"
    zone = next((zone_of(row.timezone) for row in rows if row.code == live), api.settings.zone)
    values = {"wall": wall, "rotate": rotate, "following": following, "version": version(), "zone": zone}
    return await page(request, api, "wall.html", values, live=live)


def _ages(api: Context, views: list[PlantView]) -> tuple[dict[str, float | None], dict[str, float]]:
    now = api.clock().timestamp()
    newest = {v.row.code: None if v.freshness.newest_s is None else now - v.freshness.newest_s for v in views}
    old = {
        v.row.code: max(_LEAST_OLD_S, min((point.silent_after_s for point, _ in v.pairs), default=0.0)) for v in views
    }
    return newest, old


@cache
def version() -> str:
    """Another one means that a wall that has been up for long has to load itself again."""
    served = ("wall.js", "wall.css", "clock.js", "format.js", "stream.js")
    files = [FOLDER / "templates" / "wall.html", *(STATIC / name for name in served)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
