"""The tiles of a wall: one figure each, read from five metres. State is always a word as well as a colour."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from markupsafe import Markup

from api.console.days import day_start
from api.console.district import District
from api.console.enpis import EnpiView
from api.console.i18n import Catalogue
from api.console.numbers import DASH, MINUS, percent, quantity, short
from api.console.plant import OpenAlerts, PlantView
from api.console.reasons import reason, reasons
from api.console.words import word

# Wall space is for the shortest reason that helps; the desk pages say it in full.
_LONGEST_WHY = 40


class Look(StrEnum):
    """What a tile's colour says; its note says the same as a word."""

    PLAIN = ""
    GOOD = "good"
    WATCH = "watch"
    BAD = "bad"
    NOTED = "noted"
    UNKNOWN = "dim"


_SEVERITY_LOOKS = {"critical": Look.BAD, "warning": Look.WATCH, "notice": Look.NOTED}


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile.

    Attributes:
        figure: the number with its unit; a dash where it is unknown.
        note: what it is compared with, or why it is unknown.
        age: the tile shows the age of the data, which the page counts on by itself.
        daily: it is of the last whole day in the ledger.
        over: it is beyond its limit, which its note says whatever else it has to say.
    """

    title: str
    figure: Markup
    note: str
    look: Look = Look.PLAIN
    age: bool = False
    daily: bool = False
    over: bool = False


def unknown(title: str, why: str) -> Tile:
    """Nobody knows, and why."""
    return Tile(title, quantity(None, "1", why), why[:_LONGEST_WHY], Look.UNKNOWN)


def power_tile(text: Catalogue, view: PlantView) -> Tile:
    """Electric power now; events change it."""
    power, title = view.power, text("Power now")
    if power.kw is None:
        why = text("no meter tells") if power.of else text("no boundary meter")
        figure = quantity(None, "kW", why, live=f"{view.row.code}/power_kw")
        return Tile(title, figure, why, Look.UNKNOWN)
    note = text("%(known)s of %(of)s meters", known=power.known, of=power.of)
    figure = quantity(power.kw, "kW", live=f"{view.row.code}/power_kw")
    return Tile(title, figure, note, Look.PLAIN if power.complete else Look.WATCH)


def output_tile(text: Catalogue, made_kw: float | None, sold_kw: float | None) -> Tile:
    """What a station makes now, and what of it leaves."""
    title = text("Output now")
    if made_kw is None:
        return unknown(title, text("a meter is silent"))
    note = text("sent out: —") if sold_kw is None else text("out %(n)s MW", n=short(sold_kw / 1000))
    return Tile(title, quantity(made_kw, "kW"), note)


def district_power_tile(text: Catalogue, district: District) -> Tile:
    """Electric power of all plants; events change it."""
    power, title = district.power, text("Power now")
    figure = quantity(power.kw, "kW", text("no meter tells"), live="*/power_kw")
    note = text("%(known)s of %(of)s meters", known=power.known, of=power.of)
    return Tile(title, figure, note, Look.UNKNOWN if power.kw is None else Look.PLAIN)


def coal_tile(text: Catalogue, tce: float | None, change: float | None, unknown_of: Sequence[str]) -> Tile:
    """Standard coal of today so far against yesterday to the same clock time."""
    title = text("Coal eq. today")
    if tce is None:
        return unknown(title, reasons(text, unknown_of[:1]) or text("no closed quarter"))
    if unknown_of:
        return Tile(title, quantity(tce, "tce"), text("partial"), Look.WATCH)
    note = text("%(p)s%% vs yest.", p=_signed(change * 100)) if change is not None else text("yesterday: —")
    return Tile(title, quantity(tce, "tce"), note)


def as_of(text: Catalogue, tile: Tile, views: Sequence[PlantView], now: datetime) -> Tile:
    """A tile of what the ledger holds of these plants, saying as of when where the ledger of one of them is behind.

    What is of the last whole day is as it should be while yesterday is closed.
    """
    behind = [view for view in views if view.ledger.behind and view.ledger.closed is not None]
    if tile.daily:
        behind = [view for view in behind if (view.ledger.closed or now) < day_start(view.row, now)]
    if not behind or tile.look is Look.UNKNOWN:
        return tile
    last = min(behind, key=lambda view: view.ledger.closed or now)
    zone = ZoneInfo(last.row.timezone)
    closed, today = (last.ledger.closed or now).astimezone(zone), now.astimezone(zone).date()
    at = closed.strftime("%H:%M" if closed.date() == today else "%m-%d")
    if tile.over:
        return replace(tile, note=text("over, as of %(at)s", at=at))
    return replace(tile, note=text("as of %(at)s", at=at), look=Look.WATCH)


def alerts_tile(text: Catalogue, open_now: OpenAlerts) -> Tile:
    """How many alerts are open, the worst severity first."""
    title = text("Open alerts")
    why = text("rules not running") if open_now.stopped else text("ledger behind")
    if open_now.blind and not open_now.total:
        return unknown(title, why)
    figure = Markup('<span class="q"><b>{}</b></span>').format(open_now.total)
    if open_now.blind:
        return Tile(title, figure, why, Look.WATCH)
    if not open_now.total:
        return Tile(title, figure, text("nothing open"), Look.GOOD)
    worst = next(f"{word(text, 'severity', code)} {n}" for code, n in open_now.counts if n)
    return Tile(title, figure, worst, _SEVERITY_LOOKS.get(open_now.worst or "", Look.WATCH))


def silent_tile(text: Catalogue, fresh: int, of: int) -> Tile:
    """How many points are overdue."""
    figure = Markup('<span class="q"><b>{}</b><i>/{}</i></span>').format(of - fresh, of)
    silent = of - fresh
    return Tile(
        text("Silent meters"),
        figure,
        text("silent") if silent else text("all report"),
        Look.WATCH if silent else Look.GOOD,
    )


def age_tile(text: Catalogue) -> Tile:
    """The age of the newest data; the page counts on by itself, and says when it is too old."""
    figure = Markup('<span class="q age"><b>{}</b></span>').format(DASH)
    return Tile(text("Age of data"), figure, "", age=True)


def margin_tile(text: Catalogue, title: str, views: Sequence[EnpiView], *, of: str = "") -> Tile:
    """The EnPI with the least distance to its limit on the last whole day.

    By distance, not per cent: limits of converters are negative, and percentages invert there.

    Args:
        of: whose it is, where a wall is of more than one.
    """
    judged = [
        (view.judged.limit - view.last.value, view, view.judged.limit)
        for view in views
        if view.last and view.last.value is not None and view.judged and view.judged.limit is not None
    ]
    if not judged:
        known = [view for view in views if view.last and view.last.value is not None]
        if known and known[0].last:
            figure = quantity(known[0].last.value, known[0].unit)
            return Tile(name_of(text, known[0], of), figure, text("no limit in force"), daily=True)
        why = next((_why(view) for view in views if view.item is not None), "")
        return unknown(title, reason(text, why) or text("no limit binds"))
    margin, view, limit = min(judged, key=lambda found: found[0])
    words = {"n": short(abs(margin)), "limit": short(limit)}
    note = text("%(n)s over %(limit)s", **words) if view.over else text("%(n)s under %(limit)s", **words)
    value = view.last.value if view.last else None
    look = Look.BAD if view.over else Look.GOOD
    return Tile(name_of(text, view, of), quantity(value, view.unit), note, look, daily=True, over=view.over)


def least_margin(views: Sequence[EnpiView]) -> float:
    """The distance of the EnPI nearest to its limit; endless where none is judged."""
    margins = [
        view.judged.limit - view.last.value
        for view in views
        if view.last and view.last.value is not None and view.judged and view.judged.limit is not None
    ]
    return min(margins, default=float("inf"))


def name_of(text: Catalogue, view: EnpiView, of: str = "") -> str:
    """What fits a wall: the Chinese name is short, in English the process's code is.

    With whose it is before it, a Chinese name leaves out what its unit says.
    """
    if text.language != "zh":
        return f"{of} {(view.process or view.code).upper()} vs limit".lstrip()
    return f"{of} {re.sub('(工序|综合)+能耗$', '', view.name)}" if of else view.name


def _why(view: EnpiView) -> str:
    return view.why or (str(view.judged.reason) if view.judged and view.judged.reason else "")


def share_tile(title: str, share: float | None, note: str, look: Look = Look.PLAIN, why: str = "") -> Tile:
    """A percentage."""
    if share is None:
        return unknown(title, why)
    return Tile(title, percent(share), note, look)


def _signed(value: float) -> str:
    size = f"{abs(value):.1f}"
    return size if not float(size) else f"{'+' if value > 0 else MINUS}{size}"
