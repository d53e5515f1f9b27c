"""`/e/{enterprise}/enpi/{id}`: are we inside the limit, by how much, how sure, and which shift was better?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from api.console.baselines import baseline_panels
from api.console.drawing import wall_ms
from api.console.i18n import Catalogue, catalogue
from api.console.reasons import reason
from api.console.render import page, zone_of
from api.console.words import word
from api.deps import Api, Context
from api.language import Language
from api.params import From, To
from api.spans import Span, span
from db import alerts, performance, plants, views
from db.alerts import AlertRow, Filter
from db.enpi_model import EnpiModel, enpi_models
from db.enpi_spans import enpi_step
from db.plants import EnterpriseRow
from db.shift_comparison import shift_book
from enms.enpi_verdict import LimitVerdict
from enms.errors import ConflictError, NotFoundError
from enms.performance import EnpiValue
from enms.shift_sums import Ranked, crew_summaries, ranked, summaries

router = APIRouter(include_in_schema=False)
Resolution = Literal["shift", "day", "rolling24h", "month", "year"]
_SPANS: dict[str, tuple[timedelta, timedelta]] = {
    # usual, and longest that a page draws
    "shift": (timedelta(days=7), timedelta(days=62)),
    "day": (timedelta(days=31), timedelta(days=400)),
    "rolling24h": (timedelta(days=7), timedelta(days=31)),
    "month": (timedelta(days=396), timedelta(days=3700)),
    "year": (timedelta(days=1461), timedelta(days=7400)),
}
# Of these, whole days come from day totals: the same to rounding.
_LONG = {"month", "year"}
_SHIFTS_OVER = timedelta(days=14)
_MOST_ALERTS = 100
Asked = Annotated[Resolution, Query(description="How the span is cut")]


@dataclass(frozen=True, slots=True)
class Place:
    """The EnPI a page is about, and the span it shows."""

    owner: EnterpriseRow
    model: EnpiModel
    number: int
    when: Span
    resolution: str
    possible: tuple[str, ...]

    @property
    def name(self) -> dict[str, str]:
        """Its name by language; the code where it has none."""
        enpi = self.model.current.enpi
        return {lang: enpi.name.in_language(lang) if enpi.name else self.model.code for lang in ("zh", "en")}

    @property
    def query(self) -> str:
        """The span as part of an address."""
        edges = {"from": self.when.start.isoformat(), "to": self.when.end.isoformat()}
        return urlencode({"resolution": self.resolution} | edges)


async def _place(api: Context, code: str, number: int, resolution: str, start: str | None, end: str | None) -> Place:
    owner = await plants.enterprise(api.pool, code)
    named = next((name for known, name in await views.enpis(api.pool, owner.e) if known == number), None)
    if named is None:
        raise NotFoundError(f"no EnPI {number} in {code}")
    async with api.pool.acquire() as connection:
        model = (await enpi_models(connection, owner, named))[0]
    possible = tuple(name for name in _SPANS if _can(model, name))
    if resolution not in possible and possible:
        resolution = possible[0]
    usual, longest = _SPANS[resolution]
    when = span(start, end, now=api.clock(), default=usual, longest=longest, enterprise=owner)
    return Place(owner, model, number, when, resolution, possible)


def _can(model: EnpiModel, resolution: str) -> bool:
    try:
        enpi_step(model, resolution)
    except ConflictError:
        return False
    return resolution != "shift" or bool(model.cuts.shifts)


async def _values(api: Context, place: Place, resolution: str, when: Span) -> list[EnpiValue]:
    async with api.pool.acquire() as connection:
        found = await performance.values_of(
            connection,
            place.model,
            when.start,
            when.end,
            resolution,
            now=api.clock(),
            by_days=resolution in _LONG,
        )
    # Before anything was ever metered there is nothing to show as unknown.
    first = next((n for n, value in enumerate(found) if value.completeness > 0), len(found))
    return found[first:]


@dataclass(frozen=True, slots=True)
class Compared:
    """Shifts and crews side by side; no crews where no roster says who worked."""

    shifts: Sequence[Ranked]
    crews: Sequence[Ranked]
    names: Mapping[str, str]


async def _compared(api: Context, place: Place, language: str) -> Compared:
    """Only shifts that are over and complete enough to be judged are added up."""
    if "shift" not in place.possible:
        return Compared((), (), {})
    start = place.when.start if place.resolution == "shift" else max(place.when.start, place.when.end - _SHIFTS_OVER)
    values = await _values(api, place, "shift", Span(start, place.when.end))
    async with api.pool.acquire() as connection:
        book = await shift_book(connection, place.owner, start, place.when.end, api.clock())
    done = [book.shift(value, place.model) for value in values if not value.provisional]
    by_shift = summaries(done, book.codes.values())
    by_crew, _ = crew_summaries(done)
    return Compared(ranked(by_shift), ranked(by_crew), book.crews.names(language))


async def _episodes(api: Context, place: Place) -> list[AlertRow]:
    wanted = Filter(subject=place.model.code, since=place.when.start)
    found = await alerts.list_alerts(api.pool, [place.owner.e], wanted, limit=_MOST_ALERTS)
    return [alert for alert in found if alert.started_at < place.when.end and not alert.retracted]


def judged_of(values: list[EnpiValue]) -> LimitVerdict | None:
    """The last verdict that has a limit."""
    return next((v.limit for v in reversed(values) if v.limit is not None and v.limit.limit is not None), None)


@router.get("/e/{code}/enpi/{number}")
async def show_enpi(
    request: Request,
    api: Api,
    language: Language,
    code: str,
    number: int,
    resolution: Asked = "day",
    start: From = None,
    end: To = None,
) -> Response:
    text = catalogue(language)
    place = await _place(api, code, number, resolution, start, end)
    values = await _values(api, place, place.resolution, place.when)
    whole = next((v for v in reversed(values) if not v.provisional), None)
    owner_name = place.owner.name(language)
    values_now = {
        "place": place,
        "name": place.name[language],
        "enpi": place.model.current.enpi,
        "unit": place.model.ratio.symbol,
        "values": values[::-1],
        "last": whole,
        "now_value": next((v for v in reversed(values) if v.provisional), None),
        "judged": judged_of(values),
        "compared": await _compared(api, place, language),
        "alerts": await _episodes(api, place),
        "baselines": await baseline_panels(api, place.owner, text, subject=place.model.code),
        "names": {place.owner.code: owner_name},
        "zone": zone_of(place.owner.timezone),
        "form": {"month": "%Y-%m", "year": "%Y", "day": "%Y-%m-%d"}.get(place.resolution, "%m-%d %H:%M"),
    }
    crumbs = [("/", text("District")), (f"/e/{code}", owner_name)]
    return await page(request, api, "enpi.html", values_now, live=code, crumbs=crumbs)


@router.get("/e/{code}/enpi/{number}/values.json")
async def enpi_data(
    api: Api,
    language: Language,
    code: str,
    number: int,
    resolution: Asked = "day",
    start: From = None,
    end: To = None,
) -> dict[str, object]:
    """For the chart: rows of begin, end, value, low, high, completeness, label, note; limit levels as they held."""
    text = catalogue(language)
    place = await _place(api, code, number, resolution, start, end)
    zone = zone_of(place.owner.timezone)
    values = await _values(api, place, place.resolution, place.when)

    def ms(at: datetime) -> int:
        return wall_ms(at, zone)

    rows = [
        (ms(v.start), ms(v.end), v.value, v.low, v.high, v.completeness, _label(v, place), _note(v, text))
        for v in values
    ]
    levels = [
        (ms(v.start), ms(v.end), n, level, bool(v.limit and v.limit.level == n))
        for v in values
        for n, level in enumerate((v.limit.levels if v.limit else None) or (), 1)
        if level is not None
    ]
    start_ms = rows[0][0] if rows else ms(place.when.start)
    episodes = [
        (
            max(start_ms, ms(alert.started_at)),
            ms(min(alert.resolved_at or place.when.end, place.when.end)),
            word(text, "severity", alert.severity),
        )
        for alert in await _episodes(api, place)
    ]
    return {
        "unit": place.model.ratio.symbol,
        "rows": rows,
        "levels": levels,
        "spans": [episode for episode in episodes if episode[1] > episode[0]],
        "from": start_ms,
        "to": max([row[1] for row in rows], default=ms(place.when.end)),
        "words": {
            "value": place.name[language],
            "band": text("Uncertainty"),
            "completeness": text("Completeness"),
            "level": text("Level"),
            "binding": text("binding"),
            "unknown": word(text, "verdict", "unknown"),
        },
    }


def _label(value: EnpiValue, place: Place) -> str:
    zone = zone_of(place.owner.timezone)
    start, end = value.start.astimezone(zone), value.end.astimezone(zone)
    if place.resolution in {"day", "month", "year"}:
        return start.strftime({"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}[place.resolution])
    return f"{start:%m-%d %H:%M} – {end:%m-%d %H:%M}"


def _note(value: EnpiValue, text: Catalogue) -> str:
    if value.reason is not None:
        return reason(text, str(value.reason))
    parts = [text("provisional")] if value.provisional else []
    if value.limit is not None:
        parts.append(word(text, "verdict", value.limit.verdict.value))
        parts.append(reason(text, str(value.limit.reason)) if value.limit.reason else "")
    return " · ".join(part for part in parts if part)
