"""What matters in each industry, as two tiles of its wall: gas, furnaces; cells, metal; coal rate, house load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from api.coal import fleet_coal, plan_rate
from api.console.days import day_start
from api.console.enpis import EnpiView
from api.console.i18n import Catalogue
from api.console.numbers import quantity, short
from api.console.plant import PlantView
from api.console.reasons import reason
from api.console.wall_tiles import (
    Look,
    Tile,
    margin_tile,
    name_of,
    output_tile,
    power_tile,
    share_tile,
    silent_tile,
    unknown,
)
from api.deps import Context
from api.flows import Pair, electric, top_meters
from api.latest import flow_per_hour
from db import views
from db.totals import totals
from enms.electrolysis import current_efficiency
from enms.metering import Role
from enms.units import UNITS, convert

_DAY = timedelta(days=1)
# A day's efficiency is told only where the day is all but whole.
_WHOLE = 0.98
# Above this share of gas flared, somebody should look: it is the works' own fuel.
_MUCH_FLARED = 0.015


async def industry_tiles(
    context: Context, view: PlantView, enpis: Sequence[EnpiView], text: Catalogue
) -> tuple[Tile, Tile, Tile]:
    """What leads an enterprise's wall: power or output, and the two tiles that only this industry has."""
    if view.row.industry == "power":
        station = _station(context, view)
        output = output_tile(text, station.made, station.sold)
        return output, await _coal_rate(context, view, enpis, text), _house_load(text, station)
    power = power_tile(text, view)
    if view.row.industry == "steel":
        furnaces = [enpi for enpi in enpis if enpi.item == "blast_furnace"]
        return power, _gas(context, view, text), margin_tile(text, text("Blast furnace"), furnaces or enpis)
    if view.row.industry == "rare_earth":
        cells = await _process(context, view, "electrolysis")
        metal = [enpi for enpi in enpis if enpi.process == cells]
        return power, await _cells(context, view, text), margin_tile(text, text("Metal EnPI"), metal or enpis)
    silent = silent_tile(text, view.freshness.fresh, view.freshness.of)
    return power, margin_tile(text, text("Margin to limit"), enpis), silent


def flow(context: Context, pairs: Sequence[Pair]) -> float | None:
    """What flows an hour through these points together, in their unit; None where any of them does not tell."""
    now, total = context.clock(), 0.0
    for point, newest in pairs:
        found = None if newest is None else flow_per_hour(point, newest)
        if newest is None or found is None or (now - newest.ts).total_seconds() > point.silent_after_s:
            return None
        total += found
    return total if pairs else None


def _gas(context: Context, view: PlantView, text: Catalogue) -> Tile:
    """Blast-furnace gas flared, of what is made."""
    title = text("BFG flared")
    gas = [pair for pair in view.pairs if pair[0].carrier == "blast_furnace_gas"]
    made = flow(context, [pair for pair in gas if pair[0].role == Role.RECOVERED])
    flared = flow(context, [pair for pair in gas if pair[0].role == Role.FLARED])
    if made is None or flared is None or made <= 0:
        return unknown(title, text("gas meter silent") if gas else text("no gas meter"))
    share = flared / made
    used = text("used %(p)s%%", p=short((1 - share) * 100))
    if share > _MUCH_FLARED:
        return share_tile(title, share, text("much: %(used)s", used=used), Look.WATCH)
    return share_tile(title, share, used, Look.GOOD)


async def _process(context: Context, view: PlantView, kind: str) -> str | None:
    return next((row.code for row in await views.processes(context.pool, view.row.e) if row.kind == kind), None)


async def _cells(context: Context, view: PlantView, text: Catalogue) -> Tile:
    """Current efficiency of all cells over the last whole day."""
    title = text("Current eff.")
    process = await _process(context, view, "electrolysis")
    points = [point for point, _ in view.pairs if point.process == process]
    currents = [point for point in points if point.amount_unit == "kA"]
    metal = [point for point in points if point.role == Role.OUTPUT and _is_mass(point.amount_unit)]
    if not currents or not metal:
        return unknown(title, text("not metered"))
    end = day_start(view.row, context.clock())
    wanted = [point.p for point in (*currents, *metal)]
    rows = await context.kept.get(
        "cells",
        view.row.e,
        lambda: totals(context.pool, view.row.e, wanted, end - _DAY, end, "day", now=context.clock()),
    )
    if len(rows) < len(wanted) or any(row.amount is None or (row.completeness or 0) < _WHOLE for row in rows):
        return unknown(title, text("day not complete"))
    found = {row.p: row for row in rows}
    hours = _DAY.total_seconds() / 3600
    charge = sum((found[point.p].amount or 0.0) * hours for point in currents)
    tapped = sum(convert(found[point.p].amount or 0.0, point.amount_unit, "kg") for point in metal)
    share = current_efficiency(tapped, charge)
    return share_tile(title, share, text("last whole day"), why=text("no current"))


def _is_mass(unit: str) -> bool:
    return unit in UNITS and UNITS[unit].dimension is UNITS["kg"].dimension


async def _coal_rate(context: Context, view: PlantView, enpis: Sequence[EnpiView], text: Catalogue) -> Tile:
    """The fleet's net coal rate over twelve months against the plan, with how many days it stands on; no verdict.

    Where the plant file describes no generating units: that of their EnPIs on the last whole day.
    """
    title = text("Net coal rate")
    year = await fleet_coal(context, view.row)
    if year is not None:
        fleet = year.fleet
        if fleet is None:
            return unknown(title, reason(text, year.why_unknown()))
        beside = text("plan %(n)s · %(known)s d", n=short(plan_rate()), known=year.least_known)
        return Tile(title, quantity(fleet.value, "gce/kWh"), beside)
    units = [enpi for enpi in enpis if enpi.code.endswith("supply_coal")]
    values = [enpi.last for enpi in units if enpi.last is not None]
    if not units:
        return unknown(title, text("no EnPI for it"))
    missing = next((enpi for enpi in units if enpi.last is None or enpi.last.value is None), None)
    if missing is not None:
        why = reason(text, missing.why)
        return unknown(title, f"{name_of(text, missing)}: {why}")
    energy = sum(value.energy_kgce or 0.0 for value in values)
    output = sum(value.output or 0.0 for value in values)
    if output <= 0:
        return unknown(title, text("no output"))
    # energy in kgce, output in kWh: a thousand of one to the other
    rate = energy * 1000 / convert(output, values[0].output_unit, "kWh")
    return Tile(title, quantity(rate, "gce/kWh"), text("plan target %(n)s", n=short(plan_rate())))


@dataclass(frozen=True, slots=True)
class _Station:
    """Electric power of a station in kW; None where a meter does not tell."""

    made: float | None
    sold: float | None
    bought: float | None


def _station(context: Context, view: PlantView) -> _Station:
    wired = [pair for pair in view.pairs if electric(pair[0])]

    def kw(role: Role) -> float | None:
        top = top_meters(point for point, _ in wired if point.role == role)
        return _kw(context, [pair for pair in wired if pair[0] in top])

    has_stand_by = any(point.role == Role.PURCHASED for point, _ in wired)
    return _Station(kw(Role.PRODUCED), kw(Role.SOLD), kw(Role.PURCHASED) if has_stand_by else 0.0)


def _house_load(text: Catalogue, station: _Station) -> Tile:
    """What the station uses itself, of what it makes, now."""
    title = text("House load")
    if station.made is None or station.sold is None or station.bought is None or station.made <= 0:
        return unknown(title, text("a meter is silent"))
    used = station.made + station.bought - station.sold
    return share_tile(title, used / station.made, text("own use %(n)s MW", n=short(used / 1000)))


def _kw(context: Context, pairs: Sequence[Pair]) -> float | None:
    found = [(flow(context, [pair]), pair[0].amount_unit) for pair in pairs]
    known = [convert(value, unit, "kWh") for value, unit in found if value is not None]
    return sum(known) if found and len(known) == len(found) else None
