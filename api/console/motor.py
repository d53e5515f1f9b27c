"""`/e/{enterprise}/motor/{code}`: what this motor does, what can be told of it, and what replacing it would save."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from api import csv_out
from api.console.i18n import Catalogue, catalogue
from api.console.render import page, zone_of
from api.console.words import word
from api.deps import Api, Context
from api.language import Language
from api.paging import Page
from api.routes.motors import MotorView, motor_detail, motor_views
from db import alerts, plants, views
from db.alerts import Filter
from db.motor_operation import operation, output_points
from db.motors import Instrument, QuarterHour, floor_quarter, instruments, load_of, quarter_hours, watched_points
from db.plants import EnterpriseRow
from enms.errors import NotFoundError
from enms.metering import INTERVAL_S
from enms.motor import Motor
from enms.motor_assumptions import load_limit
from enms.motor_efficiency import Method, Operating, method_of
from enms.motor_saving import NoSaving, Saving
from enms.motors import Load, LoadState, load_from_power

router = APIRouter(include_in_schema=False)
SPANS = {"24h": timedelta(days=1), "7d": timedelta(days=7), "31d": timedelta(days=31)}
SpanName = Literal["24h", "7d", "31d"]
_ALERTS = 20
# Bars of a load histogram.
_STEP, _BARS = 0.1, 13


@dataclass(frozen=True, slots=True)
class Point:
    """A quarter hour: load factor and efficiency (shares); measured by slip, else on the nameplate's curve."""

    start: datetime
    input_kw: float
    factor: float
    efficiency: float | None
    measured: bool


@dataclass(frozen=True, slots=True)
class Ran:
    """A span of a motor.

    Attributes:
        points: quarter hours in which it was switched on and its load could be told.
        off_h, unknown_h: hours switched off, and hours in which nothing can be told.
    """

    points: tuple[Point, ...]
    off_h: float
    unknown_h: float

    def bars(self) -> list[float]:
        """Hours by load factor, in steps of 10 %; the last is everything above."""
        found = [0.0] * _BARS
        for point in self.points:
            found[min(_BARS - 1, int(point.factor / _STEP))] += INTERVAL_S / 3600
        return found


class OperatingRow(BaseModel):
    """A quarter hour of a motor, as a line of a file."""

    start: datetime
    input_kw: float
    load_factor: float
    efficiency: float | None
    efficiency_from: str


async def _found(context: Context, owner: EnterpriseRow, code: str) -> MotorView:
    for view in await motor_views(context, owner):
        if view.state.motor.code == code:
            return view
    raise NotFoundError(f"{owner.code} has no motor {code!r}")


async def ran(context: Context, owner: EnterpriseRow, motor: Motor, span: SpanName) -> Ran:
    """What a motor did over the last hours or days that are closed."""
    async with context.pool.acquire() as connection:
        codes = {*watched_points(motor), *output_points(motor)}
        points = await instruments(connection, owner.e, sorted(codes))
        end = floor_quarter(context.clock())
        start = end - SPANS[span]
        rows = await quarter_hours(connection, owner.e, [(point.p, start, end) for point in points.values()])
        (measured,) = await operation(connection, owner.e, [(motor, start, end)], points)
    return _ran(motor, points, rows, measured, (start, end))


def _ran(
    motor: Motor,
    points: dict[str, Instrument],
    rows: dict[int, dict[datetime, QuarterHour]],
    measured: list[Operating],
    when: tuple[datetime, datetime],
) -> Ran:
    by_slip = {o.start: o for o in measured} if method_of(motor) is Method.SLIP else {}
    watched = [points[code] for code in watched_points(motor) if code in points]
    known = sorted({at for point in watched for at in rows.get(point.p, {})})
    found, off = [], 0
    for at in known:
        verdict, input_kw, _ = load_of(motor, at, points, rows)
        off += verdict.state is LoadState.OFF
        load = verdict.load
        if load is None:
            continue
        slip = by_slip.get(at)
        if slip is not None:
            found.append(
                Point(at, slip.input_kw, slip.output_kw / motor.rated_kw, slip.output_kw / slip.input_kw, measured=True)
            )
        elif input_kw is not None:
            found.append(Point(at, input_kw, load.factor, load.nameplate_efficiency(motor.rated_kw), measured=False))
    quarters = (when[1] - when[0]) / timedelta(seconds=INTERVAL_S)
    hour = INTERVAL_S / 3600
    return Ran(tuple(found), off * hour, (quarters - off - len(found)) * hour)


@router.get("/e/{enterprise}/motor/{code}")
async def show_motor(
    request: Request, api: Api, language: Language, enterprise: str, code: str, span: SpanName = "7d"
) -> Response:
    text = catalogue(language)
    owner = await plants.enterprise(api.pool, enterprise)
    view = await _found(api, owner, code)
    did = await ran(api, owner, view.state.motor, span)
    processes = {row.code: row.name(language) for row in await views.processes(api.pool, owner.e)}
    name = owner.name(language)
    raised = await alerts.list_alerts(api.pool, [owner.e], Filter(subject=code), limit=_ALERTS)
    detail = motor_detail(view, owner, language, api.settings.electricity_price)
    values = {
        "owner": owner,
        "motor": view.state.motor,
        "item": detail,
        "grade": view.worth.grade,
        "lists": view.worth.lists,
        "efficiency": view.state.efficiency,
        "savings": [
            (kind, saving if isinstance(saving, Saving) else None, saving.value if isinstance(saving, NoSaving) else "")
            for kind, saving in (("replace", view.worth.replacing), ("resize", view.worth.resizing))
        ],
        "profile": view.worth.profile,
        "price": api.settings.electricity_price,
        "process": processes.get(view.state.motor.process or "", ""),
        "ran": did,
        "bars": did.bars(),
        "span": span,
        "spans": list(SPANS),
        "alerts": raised,
        "names": {owner.code: name},
        "zone": zone_of(owner.timezone),
    }
    crumbs = [("/", text("District")), (f"/e/{enterprise}", name), (f"/e/{enterprise}/motors", text("Motors"))]
    return await page(request, api, "motor.html", values, live=enterprise, crumbs=crumbs)


@router.get("/e/{enterprise}/motor/{code}/operation.json")
async def motor_operation(
    api: Api, language: Language, enterprise: str, code: str, span: SpanName = "7d"
) -> dict[str, object]:
    """The motor's curve and its quarter hours, for the charts."""
    text = catalogue(language)
    owner = await plants.enterprise(api.pool, enterprise)
    motor = (await _found(api, owner, code)).state.motor
    did = await ran(api, owner, motor, span)
    zone = zone_of(owner.timezone)
    rows: dict[bool, list[list[object]]] = {False: [], True: []}
    for point in did.points:
        if point.efficiency is not None:
            at = point.start.astimezone(zone).strftime("%m-%d %H:%M")
            row = [100 * point.factor, 100 * point.efficiency, at, point.input_kw]
            rows[point.measured].append(row)
    return {
        "curve": curve(motor),
        "rated": motor.efficiency_pct,
        "on_curve": rows[False],
        "measured": rows[True],
        "bars": did.bars(),
        "limits": {
            word(text, "load", "idle"): 100 * load_limit("idle"),
            word(text, "load", "underloaded"): 100 * load_limit("underload"),
            word(text, "load", "overloaded"): 100 * load_limit("overload"),
        },
        "words": _chart_words(text),
    }


@router.get("/e/{enterprise}/motor/{code}/operation.csv")
async def motor_operation_csv(
    request: Request, api: Api, enterprise: str, code: str, span: SpanName = "7d"
) -> Response:
    """The same quarter hours as a file."""
    owner = await plants.enterprise(api.pool, enterprise)
    motor = (await _found(api, owner, code)).state.motor
    did = await ran(api, owner, motor, span)
    rows = [
        OperatingRow(
            start=p.start, input_kw=p.input_kw, load_factor=p.factor, efficiency=p.efficiency,
            efficiency_from="slip" if p.measured else "nameplate_curve",
        )
        for p in did.points
    ]  # fmt: skip
    page_of = Page(items=rows, next_cursor=None)
    answer = csv_out.answer(request, page_of, OperatingRow, "csv", name=f"{code}-operation", bom=True)
    assert isinstance(answer, Response)
    return answer


def curve(motor: Motor) -> list[list[float]]:
    """The nameplate's efficiency over load, per cent; nothing where the nameplate does not give it."""
    plate = load_from_power(motor, motor.rated_kw)
    if not isinstance(plate, Load) or motor.vsd or motor.type not in {"cage", "wound"}:
        return []
    assert plate.rated_loss_kw is not None
    assert plate.no_load_loss_kw is not None
    found = []
    for n in range(2, 131, 2):
        output = n / 100 * motor.rated_kw
        loss = plate.no_load_loss_kw + (n / 100) ** 2 * (plate.rated_loss_kw - plate.no_load_loss_kw)
        found.append([float(n), 100 * output / (output + loss)])
    return found


def _chart_words(text: Catalogue) -> dict[str, str]:
    return {
        "load": text("Load factor"),
        "efficiency": text("Efficiency"),
        "curve": text("nameplate curve"),
        "on_curve": text("quarter hours, by input power (on the curve by the method)"),
        "measured": text("quarter hours, measured by slip"),
        "input": text("Input power"),
        "hours": text("Hours"),
    }
