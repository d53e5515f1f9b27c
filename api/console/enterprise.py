"""`/e/{enterprise}`: what are we using right now, on what, compared with usual?"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from api.coal import coal_lines, plan_rate
from api.console.alerts import by_urgency
from api.console.curves import day_curve
from api.console.days import QUARTER
from api.console.enpis import enpi_views
from api.console.i18n import catalogue
from api.console.plant import PlantView, freshness, plant_view
from api.console.render import page, zone_of
from api.deps import Api, Context
from api.flows import Power, power, process_boundary
from api.language import Language
from db import alerts, plants, views
from db.alerts import Filter
from db.consumption import Consumption, consumption
from db.views import ProcessRow

router = APIRouter(include_in_schema=False)
_SHOWN_ALERTS, _MOST_ALERTS = 6, 500


@dataclass(frozen=True, slots=True)
class ProcessView:
    """A process: electric power now, standard coal today (net of what it recovers), freshness.

    Attributes:
        share: of the greatest process's power, for the bar.
        tce: None: unknown; `unknown` says of what, and why.
    """

    row: ProcessRow
    name: str
    power: Power
    share: float
    tce: float | None
    partial: bool
    unknown: tuple[str, ...]
    fresh: int
    points: int


@dataclass(frozen=True, slots=True)
class CarrierView:
    """A carrier today, and yesterday to the same clock time. `share` of the known standard coal."""

    line: Consumption
    before: Consumption
    change: float | None
    share: float


async def process_views(context: Context, view: PlantView, language: str) -> list[ProcessView]:
    """Processes in the order of the plant file, those without points left out."""
    now = context.clock()
    points = [point for point, _ in view.pairs]
    lines: dict[str, list[Consumption]] = {}
    if view.use.day.begun:
        for line in await context.kept.get("by process", view.row.e, lambda: _by_process(context, view)):
            lines.setdefault(line.process or "", []).append(line)
    found = []
    for row in await views.processes(context.pool, view.row.e):
        own = [pair for pair in view.pairs if pair[0].process == row.code]
        if not own:
            continue
        used = lines.get(row.code, [])
        known = [line.kgce for line in used if line.kgce is not None]
        unknown = [f"{line.carrier}: {line.reason}" for line in used if line.kgce is None or line.at_least]
        fresh = freshness(own, now)
        flow = power(view.pairs, process_boundary(points, row.code), now)
        found.append(
            ProcessView(
                row=row,
                name=row.name(language),
                power=flow,
                share=0.0,
                tce=sum(known) / 1000 if known else None,
                partial=bool(known and unknown),
                unknown=tuple(unknown),
                fresh=fresh.fresh,
                points=fresh.of,
            )
        )
    greatest = max((p.power.kw or 0.0 for p in found), default=0.0)
    return [_with_share(p, greatest) for p in found]


async def _by_process(context: Context, view: PlantView) -> list[Consumption]:
    period = view.use.day.periods(zone_of(view.row.timezone))[0]
    async with context.pool.acquire() as connection:
        return await consumption(connection, view.row, "process", [period])


def _with_share(view: ProcessView, greatest: float) -> ProcessView:
    share = max(0.0, (view.power.kw or 0.0) / greatest) if greatest > 0 else 0.0
    return ProcessView(
        view.row, view.name, view.power, share, view.tce, view.partial, view.unknown, view.fresh, view.points
    )


def carrier_views(view: PlantView) -> list[CarrierView]:
    """Carriers, greatest standard coal first; those made and used inside stand last."""
    total = sum(abs(line.kgce or 0.0) for line, _ in view.use.lines if line.in_total)
    found = []
    for line, before in view.use.lines:
        comparable = line.amount is not None and before.amount is not None and before.amount > 0
        change = line.amount / before.amount - 1 if comparable and line.amount is not None and before.amount else None
        share = abs(line.kgce or 0.0) / total if total and line.in_total else 0.0
        found.append(CarrierView(line, before, change, share))
    return sorted(found, key=lambda c: (not c.line.in_total, -abs(c.line.kgce or 0.0)))


@router.get("/e/{code}")
async def show_enterprise(request: Request, api: Api, language: Language, code: str) -> Response:
    text = catalogue(language)
    row = await plants.enterprise(api.pool, code)
    standing = await alerts.standing(api.pool, [row.e])
    view = await plant_view(api, row, standing, text)
    firing = await alerts.list_alerts(api.pool, [row.e], Filter(state="firing"), limit=_MOST_ALERTS)
    values = {
        "view": view,
        "processes": await process_views(api, view, language),
        "carriers": carrier_views(view),
        "enpis": await enpi_views(api, row, language),
        "alerts": by_urgency(firing)[:_SHOWN_ALERTS],
        "coal": await coal_lines(api, [row]),
        "plan": plan_rate(),
        "names": {row.code: view.name},
        "zone": zone_of(row.timezone),
    }
    return await page(request, api, "enterprise.html", values, live=row.code, crumbs=[("/", text("District"))])


class CurveData(BaseModel):
    """The day curve for the chart: kW, null where unknown."""

    labels: list[str]
    today: list[float | None]
    partial: list[bool]
    estimated: list[bool]
    yesterday: list[float | None]
    low: list[float | None]
    high: list[float | None]
    days: int
    words: dict[str, str]


@router.get("/e/{code}/curve.json")
async def curve_data(api: Api, language: Language, code: str) -> CurveData:
    text = catalogue(language)
    row = await plants.enterprise(api.pool, code)
    curve = await day_curve(api, row)
    zone = zone_of(row.timezone)
    labels = [(curve.start + n * QUARTER).astimezone(zone).strftime("%H:%M") for n in range(96)]
    return CurveData(
        labels=labels,
        today=[None if v is None else round(v, 3) for v in curve.power],
        partial=list(curve.partial),
        estimated=list(curve.estimated),
        yesterday=[None if v is None else round(v, 3) for v in curve.yesterday],
        low=[None if v is None else round(v, 3) for v in curve.low],
        high=[None if v is None else round(v, 3) for v in curve.high],
        days=curve.days,
        words={
            "today": text("Today"),
            "yesterday": text("Yesterday"),
            "band": text("Usual: P10–P90 of the %(days)s days before", days=curve.days),
            "power": text("Power"),
            "partial": text("a meter is missing"),
            "estimated": text("estimated"),
        },
    )
