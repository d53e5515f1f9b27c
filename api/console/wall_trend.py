"""The one trend of a wall: at most four lines over the last hours, drawn by the server. Gaps stay gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from markupsafe import Markup

from api.console.days import QUARTER
from api.console.i18n import Catalogue
from api.console.numbers import short
from api.console.plant import PlantView
from api.deps import Context
from api.flows import boundary, electric, process_boundary, top_meters
from db import curves, views
from db.views import PointRow
from enms.metering import Role
from enms.quarters import quarter_floor
from enms.units import convert

MOST_LINES = 4
_HOURS = 12
_QUARTERS = _HOURS * 4
_FRESH = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One line: values by quarter hour up to now, None is a gap."""

    name: str
    values: tuple[float | None, ...]

    @property
    def last(self) -> float | None:
        """The newest value of the last hour: what is older stands for nothing that is now."""
        return next((value for value in self.values[: -_FRESH - 1 : -1] if value is not None), None)


@dataclass(frozen=True, slots=True)
class Trend:
    """A drawing and its legend.

    Attributes:
        legend: name and newest value of each line, in the order of their drawing.
        hours: how far back it goes.
    """

    title: str
    unit: str
    drawing: Markup
    legend: tuple[tuple[str, str], ...]
    hours: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    name: str
    weights: dict[int, float]


async def plant_trend(context: Context, view: PlantView, text: Catalogue) -> Trend:
    """Blast-furnace gas made, used, flared; voltage of cells; units of a station; else power of the greatest."""
    points = [point for point, _ in view.pairs]
    if cells := await _cells(context, view, points):
        lines = await context.kept.get(
            f"trend {text.language}", view.row.e, lambda: _spread(context, view.row.e, cells, text)
        )
        return _drawn(text("Cell voltage"), "V", lines, from_zero=False)
    wanted = _gas_lines(points, text) if view.row.industry == "steel" else []
    title, unit = text("BFG"), "10³ Nm³/h"
    if not wanted:
        wanted, title, unit = await _power_lines(context, view, points, text), text("Power"), "MW"
    found = await context.kept.get(f"trend {text.language}", view.row.e, lambda: _lines(context, view.row.e, wanted))
    return _drawn(title, unit, found)


async def _cells(context: Context, view: PlantView, points: Sequence[PointRow]) -> list[int]:
    """The voltmeters of an electrolysis."""
    if view.row.industry != "rare_earth":
        return []
    processes = {row.code for row in await views.processes(context.pool, view.row.e) if row.kind == "electrolysis"}
    return [p.p for p in points if p.process in processes and p.role == Role.PROPERTY and p.amount_unit == "V"]


async def district_trend(context: Context, plants: Sequence[PlantView], text: Catalogue) -> Trend:
    """Power of the plants, greatest first."""
    lines: list[Line] = []
    for view in plants[:MOST_LINES]:
        lines += await _whole(context, view, text)
    return _drawn(text("Power"), "MW", lines)


async def _whole(context: Context, view: PlantView, text: Catalogue) -> list[Line]:
    points = [point for point, _ in view.pairs]
    wanted = [_Wanted(view.name, _kilo(boundary(points), points))]
    return await context.kept.get(
        f"trend district {text.language}", view.row.e, lambda: _lines(context, view.row.e, wanted)
    )


def _gas_lines(points: Sequence[PointRow], text: Catalogue) -> list[_Wanted]:
    gas = [point for point in points if point.carrier == "blast_furnace_gas" and point.amount_unit == "Nm3"]
    roles = ((Role.RECOVERED, text("made")), (Role.CONSUMED, text("used")), (Role.FLARED, text("flared")))
    found = [_Wanted(name, {p.p: 1e-3 for p in top_meters(p for p in gas if p.role == role)}) for role, name in roles]
    metered = [wanted for wanted in found if wanted.weights]
    return metered if len(metered) > 1 else []  # one side alone is no balance


async def _power_lines(context: Context, view: PlantView, points: Sequence[PointRow], text: Catalogue) -> list[_Wanted]:
    found = []
    for row in await views.processes(context.pool, view.row.e):
        made = [p for p in points if electric(p) and p.process == row.code and p.role == Role.PRODUCED]
        signs = {p.p: 1 for p in top_meters(made)} if view.row.industry == "power" else None
        weights = _kilo(signs if signs is not None else process_boundary(points, row.code), points)
        if weights:
            name = row.name(text.language) if text.language == "zh" else row.code.upper()
            found.append(_Wanted(name, weights))
    return found


def _kilo(signs: dict[int, int], points: Sequence[PointRow]) -> dict[int, float]:
    """Weights that make MW of a point's amounts an hour."""
    units = {point.p: point.amount_unit for point in points}
    return {p: sign * convert(1.0, units[p], "MWh") for p, sign in signs.items()}


async def _lines(context: Context, e: int, wanted: Sequence[_Wanted]) -> list[Line]:
    """Quarter hours up to now; a quarter hour in which a meter is missing is a gap."""
    until = quarter_floor(context.clock())
    start = until - timedelta(hours=_HOURS)
    found = []
    for one in wanted:
        rows = await curves.power_curve(context.pool, e, one.weights, start, until)
        by_place = {(row.start - start) // QUARTER: row.power for row in rows if row.known == len(one.weights)}
        found.append(Line(one.name, tuple(by_place.get(n) for n in range(_QUARTERS))))
    # The greatest few: a wall shows no more, and says how many there are on the desk.
    return sorted(found, key=lambda line: -(line.last or 0.0))[:MOST_LINES]


async def _spread(context: Context, e: int, cells: Sequence[int], text: Catalogue) -> list[Line]:
    """Highest, mean and lowest of the cells that are known; with fewer than half of them nothing is said."""
    until = quarter_floor(context.clock())
    start = until - timedelta(hours=_HOURS)
    rows = await curves.spread_curve(context.pool, e, cells, start, until)
    by_place = {(row.start - start) // QUARTER: row for row in rows if 2 * row.known >= len(cells)}
    kept = [by_place.get(n) for n in range(_QUARTERS)]
    return [
        Line(text("highest"), tuple(row.highest if row else None for row in kept)),
        Line(text("mean"), tuple(row.mean if row else None for row in kept)),
        Line(text("lowest"), tuple(row.lowest if row else None for row in kept)),
    ]


def _drawn(title: str, unit: str, lines: Sequence[Line], *, from_zero: bool = True) -> Trend:
    known = [value for line in lines for value in line.values if value is not None]
    names = distinct([line.name for line in lines])
    legend = tuple(
        (name, "—" if line.last is None else short(line.last)) for name, line in zip(names, lines, strict=True)
    )
    return Trend(title, unit, _svg(lines, known, title, from_zero=from_zero), legend, _HOURS)


def distinct(names: Sequence[str]) -> list[str]:
    """Names without the words that all of them begin with: a legend has no room for what tells nothing apart."""
    words = [name.split() for name in names]
    if len(names) < 2:
        return list(names)
    while all(len(rest) > 1 for rest in words) and len({rest[0] for rest in words}) == 1:
        words = [rest[1:] for rest in words]
    return [" ".join(rest) for rest in words]


def _svg(lines: Sequence[Line], known: Sequence[float], title: str, *, from_zero: bool = True) -> Markup:
    shown = [0.0, *known] if from_zero or not known else known
    top, bottom = max(shown), min(shown)
    span = (top - bottom) or 1.0

    def path(values: Sequence[float | None]) -> str:
        pieces, pen = [], "M"
        for x, value in enumerate(values):
            if value is None:
                pen = "M"
                continue
            y = round(99 - 98 * (value - bottom) / span, 2)
            # a lone quarter hour between gaps is drawn as a short step
            pieces.append(f"{pen}{x} {y}h.6" if pen == "M" else f"{pen}{x} {y}")
            pen = "L"
        return "".join(pieces)

    drawn = Markup("").join(
        Markup('<path class="line n{}" d="{}" vector-effect="non-scaling-stroke"/>').format(n, path(line.values))
        for n, line in enumerate(lines)
    )
    zero = Markup('<path class="zero" d="M0 {}H{}" vector-effect="non-scaling-stroke"/>').format(
        round(99 - 98 * (0 - bottom) / span, 2), _QUARTERS - 1
    )
    return Markup('<svg viewBox="0 0 {} 100" preserveAspectRatio="none" role="img" aria-label="{}">{}{}</svg>').format(
        _QUARTERS - 1, title, zero if from_zero else "", drawn
    )
