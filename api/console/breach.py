"""What an alert's chart shows: the judged value over time against its limit, the episode, gaps as gaps.

An EnPI as it is judged, a motor's load factor by quarter hour, a point's quarter hours.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from api.console.baselines import KIND as BASELINE
from api.console.baselines import judged_of_alert
from api.console.drawing import wall_ms
from api.console.i18n import catalogue
from api.deps import Context
from db import alerts, ledger, motors, performance, plants, views
from db.alerts import AlertRow
from db.motors import MotorVersion
from enms.quarters import QUARTER

_LONGEST_ENPI, _LONGEST = timedelta(days=62), timedelta(days=14)
_BESIDE = {
    "day": timedelta(days=14),
    "shift": timedelta(days=5),
    "rolling24h": timedelta(days=3),
    "month": _LONGEST_ENPI,
}
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Piece:
    """A value over [start, end) with its range and the limit it is held against; None is unknown."""

    start: datetime
    end: datetime
    value: float | None
    low: float | None = None
    high: float | None = None
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """The pieces of a chart in order of time, and in what unit."""

    unit: str
    pieces: Sequence[Piece]


async def has_chart(api: Context, alert: AlertRow) -> bool:
    """Whether the alert is about something that has a course: an EnPI, a metered motor, a point."""
    async with api.pool.acquire() as connection:
        if alert.subject in {code for _, code in await views.enpis(connection, alert.e)}:
            return True
        versions = (await motors.motor_versions(connection, alert.e)).get(alert.subject)
    if versions:
        return alert.kind != "motor_register" and bool(motors.watched_points(versions[-1].motor))
    return any(point.code == alert.subject for point in await api.registry.points(alert.e))


async def breach(api: Context, alert: AlertRow, language: str) -> dict[str, object]:
    """The chart's data, times in milliseconds of the plant's clock (`wall_ms`)."""
    text, now = catalogue(language), api.clock()
    drawn, start, end = await _drawn(api, alert, now)
    share = drawn.unit == "1"
    scale = 100.0 if share else 1.0
    owner = await plants.owner(api.pool, alert.enterprise)
    zone = ZoneInfo(owner.timezone)

    def ms(instant: datetime) -> int:
        return wall_ms(instant, zone)

    def number(value: float | None) -> float | None:
        return None if value is None else value * scale

    return {
        "unit": "%" if share else drawn.unit,
        "from": ms(start),
        "to": ms(end),
        "pieces": [
            (
                ms(p.start),
                ms(p.end),
                number(p.value),
                number(p.low),
                number(p.high),
                number(p.limit),
                f"{p.start.astimezone(zone):%m-%d %H:%M} – {p.end.astimezone(zone):%m-%d %H:%M}",
            )
            for p in drawn.pieces
        ],
        "episode": (ms(max(alert.started_at, start)), ms(min(alert.resolved_at or now, end))),
        "fired": ms(alert.fired_at),
        "words": {
            "value": text("Value"),
            "limit": text("Limit"),
            "range": text("Uncertainty"),
            "episode": text("Alert"),
            "raised": text("Raised"),
            "unknown": text("cannot tell"),
        },
    }


async def _drawn(api: Context, alert: AlertRow, now: datetime) -> tuple[Drawn, datetime, datetime]:
    async with api.pool.acquire() as connection:
        enpi = alert.subject in {code for _, code in await views.enpis(connection, alert.e)}
        versions = (await motors.motor_versions(connection, alert.e)).get(alert.subject)
        resolution = await _resolution(api, alert) if enpi else ""
    over = alert.resolved_at or now
    beside = (
        _BESIDE.get(resolution, timedelta(hours=12)) if enpi else max(timedelta(hours=6), (over - alert.started_at) / 2)
    )
    start = alert.started_at - beside
    end = min(now, over + beside, start + (_LONGEST_ENPI if enpi else _LONGEST))
    if alert.kind == BASELINE:
        return await _baseline(api, alert, start, end), start, end
    if enpi:
        return await _enpi(api, alert, resolution, start, end), start, end
    if versions:
        return await _motor(api, alert, versions, start, end), start, end
    return await _point(api, alert, start, end), start, end


async def _resolution(api: Context, alert: AlertRow) -> str:
    """Over which spans the EnPI was judged, as its evidence says."""
    versions = await alerts.evidence(api.pool, alert)
    window = json.loads(versions[-1].body).get("window", {}) if versions else {}
    return str(window.get("resolution") or "day")


async def _enpi(api: Context, alert: AlertRow, resolution: str, start: datetime, end: datetime) -> Drawn:
    async with api.pool.acquire() as connection:
        values = await performance.enpi_values(
            connection, alert.e, alert.subject, start, end, resolution, now=api.clock()
        )
    rolling = resolution == "rolling24h"
    pieces = [
        Piece(
            v.end - _HOUR if rolling else v.start,
            v.end,
            v.value,
            v.low,
            v.high,
            v.limit.limit if v.limit is not None and v.limit.limit is not None else alert.limit_value,
        )
        for v in values
        if not v.provisional
    ]
    return Drawn(alert.unit, pieces)


async def _baseline(api: Context, alert: AlertRow, start: datetime, end: datetime) -> Drawn:
    """How far over its baseline, step by step."""
    owner = await plants.enterprise(api.pool, alert.enterprise)
    judged = await judged_of_alert(api, owner, alert, start, end)
    pieces = [
        Piece(one.drawing.start, one.drawing.end, one.found.over_pct, limit=one.found.limit_pct) for one in judged
    ]
    return Drawn(alert.unit, pieces)


async def _motor(
    api: Context, alert: AlertRow, versions: Sequence[MotorVersion], start: datetime, end: datetime
) -> Drawn:
    motor = versions[-1].motor
    begin, last = motors.floor_quarter(start), motors.floor_quarter(end)
    async with api.pool.acquire() as connection:
        points = await motors.instruments(connection, alert.e, motors.watched_points(motor))
        rows = await motors.quarter_hours(connection, alert.e, [(i.p, begin, last) for i in points.values()])
    pieces = []
    while begin < last:
        verdict, _, _ = motors.load_of(motor, begin, points, rows)
        load = verdict.load
        pieces.append(
            Piece(begin, begin + QUARTER, load.factor, load.low, load.high, alert.limit_value)
            if load is not None
            else Piece(begin, begin + QUARTER, None, limit=alert.limit_value)
        )
        begin += QUARTER
    return Drawn("1", pieces)


async def _point(api: Context, alert: AlertRow, start: datetime, end: datetime) -> Drawn:
    point = next((p for p in await api.registry.points(alert.e) if p.code == alert.subject), None)
    if point is None:
        return Drawn(alert.unit, ())
    rows = await ledger.intervals(api.pool, alert.e, point.p, _floor(start), _floor(end), None, now=api.clock())
    # kWh of a quarter hour as the mean kW, where that is what was judged.
    rate = alert.unit != point.amount_unit and f"{alert.unit}h" == point.amount_unit
    scale = 4.0 if rate else 1.0
    compared = rate or alert.unit == point.amount_unit
    limit = alert.limit_value if compared else None
    pieces = [
        Piece(r.start, r.start + QUARTER, None if r.amount is None else r.amount * scale, limit=limit) for r in rows
    ]
    return Drawn(alert.unit if rate else point.amount_unit, pieces)


def _floor(instant: datetime) -> datetime:
    return datetime.fromtimestamp(instant.timestamp() // 900 * 900, UTC)
