"""Pages from templates: one environment a language, what every page needs, and the problem page."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps

from api.console import numbers
from api.console.i18n import Catalogue, catalogue
from api.console.reasons import reason, reasons
from api.console.words import word
from api.deps import Context
from api.language import COOKIE, LANGUAGES, language_of
from api.problems import Problem
from db import plants
from enms.carriers import carriers

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
_YEAR_S = 365 * 86_400


@dataclass(frozen=True, slots=True)
class Nav:
    """A place of the top bar."""

    path: str
    text: str
    current: bool


@cache
def environment(language: str) -> Environment:
    """The templates in zh or en."""
    text = catalogue(language)
    env = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    env.globals |= {
        "_": text,
        "lang": language,
        "tag": text.tag,
        "q": numbers.quantity,
        "pct": numbers.percent,
        "local": numbers.local,
        "short": numbers.short,
        "shown": numbers.shown,
        "symbol": numbers.symbol,
        "age": lambda seconds: age(text, seconds),
        "short_age": lambda seconds: short_age(text, seconds),
        "word": lambda kind, code: word(text, kind, code),
        "reason": lambda raw: reason(text, raw),
        "reasons": lambda raw: reasons(text, raw),
        "carrier": lambda code: carrier_name(code, language),
        "static": static_path,
        # our own texts as JSON, unable to end the script element they stand in
        "words": htmlsafe_json_dumps(_script_words(text), ensure_ascii=False),
    }
    return env


def carrier_name(code: str | None, language: str) -> str:
    """An energy carrier's name."""
    if code is None:
        return ""
    known = carriers().get(code)
    return known.name(language) if known is not None else code


def age(text: Catalogue, seconds: float | None) -> str:
    """How long ago, as people say it."""
    if seconds is None:
        return numbers.DASH
    whole = max(0, round(seconds))
    if whole < 90:
        return text("%(n)s s ago", n=whole)
    if whole < 5400:
        return text("%(n)s min ago", n=round(whole / 60))
    if whole < 48 * 3600:
        return text("%(n)s h ago", n=round(whole / 3600))
    return text("%(n)s d ago", n=round(whole / 86400))


def short_age(text: Catalogue, seconds: float) -> str:
    """How old, where space is short; static/wall.js says the same."""
    whole = max(0, round(seconds))
    if whole < 90:
        return text("%(n)s s", n=whole)
    if whole < 5400:
        return text("%(n)s min", n=round(whole / 60))
    if whole < 48 * 3600:
        return text("%(n)s h", n=round(whole / 3600))
    return text("%(n)s d", n=round(whole / 86400))


def _script_words(text: Catalogue) -> dict[str, str]:
    """The few texts that scripts put on a page."""
    return {
        "s": text("%(n)s s ago"),
        "min": text("%(n)s min ago"),
        "h": text("%(n)s h ago"),
        "d": text("%(n)s d ago"),
        "live": text("Live"),
        "connecting": text("Connecting"),
        "lost": text("Disconnected"),
        "stale": text("stale"),
        "failed": text("Could not be loaded; trying again"),
        "empty": text("Nothing in this span"),
        "png": text("Save as PNG"),
        "saving": text("Saving"),
        "age_s": text("%(n)s s"),
        "age_min": text("%(n)s min"),
        "age_h": text("%(n)s h"),
        "age_d": text("%(n)s d"),
        "fresh": text("data is current"),
        "late": text("data is late"),
        "stopped": text("Data stopped"),
        "cut": text("Connection lost"),
        "stopped_since": text("last value %(at)s"),
        "cut_since": text("since %(at)s, trying again"),
        "old": text("Old figures"),
        "old_since": text("not renewed since %(at)s"),
        "never": text("never any data"),
    }


@cache
def static_path(name: str) -> str:
    """The address of a static file; another content, another address, so that it may be cached for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def query(request: Request, **changes: str | None) -> str:
    """This page's address with some parameters changed; None removes one."""
    kept = [(k, v) for k, v in request.query_params.multi_items() if k not in changes]
    added = [(k, v) for k, v in changes.items() if v is not None]
    text = urlencode([*kept, *added])
    return f"{request.url.path}?{text}" if text else request.url.path


async def page(
    request: Request,
    context: Context,
    template: str,
    values: Mapping[str, object],
    *,
    live: str | None = None,
    crumbs: Sequence[tuple[str, str]] = (),
    status: int = 200,
) -> HTMLResponse:
    """A whole page.

    Args:
        request: whose language and address count.
        context: for the enterprises in the top bar.
        template: file name.
        values: what it shows.
        live: code of the enterprise whose events it wants; "" for all; None for none.
        crumbs: (address, text) from the top down.
        status: of the answer.
    """
    language = language_of(request)
    text = catalogue(language)
    known = [] if status >= 500 else await plants.enterprises(context.pool)
    path = request.url.path
    nav = [
        Nav("/", text("District"), path == "/"),
        *(Nav(f"/e/{e.code}", e.name(language), path.startswith(f"/e/{e.code}")) for e in known),
        Nav("/alerts", text("Alerts"), path.startswith("/alerts")),
        Nav("/cases", text("Cases"), path.startswith("/cases")),
        Nav("/reports", text("Reports"), path.startswith("/reports")),
        Nav("/rules", text("Rules"), path.startswith("/rules")),
        Nav("/data-quality", text("Data quality"), path.startswith("/data-quality")),
        Nav("/standards", text("Standards"), path.startswith("/standards")),
        Nav("/quarantine", text("Refused"), path.startswith("/quarantine")),
        Nav("/wall", text("Wall"), current=False),
    ]
    other = "en" if language == "zh" else "zh"
    html = (
        environment(language)
        .get_template(template)
        .render(
            **{"zone": context.settings.zone} | dict(values),
            nav=nav,
            crumbs=crumbs,
            live=None if live == "" and not known else live,  # without a plant there is nothing to hear of
            now=context.clock(),
            other_language=query(request, lang=other),
            link=lambda **changes: query(request, **changes),
        )
    )
    return remember_language(request, HTMLResponse(html, status, headers={"Content-Language": text.tag}))


def remember_language(request: Request, response: HTMLResponse) -> HTMLResponse:
    """Keep a language chosen by ?lang."""
    chosen = (request.query_params.get("lang") or "")[:2]
    if chosen in LANGUAGES:
        response.set_cookie(COOKIE, chosen, max_age=_YEAR_S, samesite="lax", httponly=True)
    response.headers["Vary"] = "Accept-Language, Cookie"
    response.headers["Cache-Control"] = "no-store"
    return response


async def problem_page(request: Request, problem: Problem) -> Response:
    """A problem, for people."""
    context: Context = request.app.state.context
    try:
        return await page(request, context, "problem.html", {"problem": problem}, status=problem.status)
    except Exception:  # noqa: BLE001 - the page about a problem must not be one
        return await page(request, context, "problem.html", {"problem": problem}, status=503)


def zone_of(timezone: str) -> ZoneInfo:
    """An enterprise's time zone."""
    return ZoneInfo(timezone)


def ago(now: datetime, then: datetime | None) -> float | None:
    """Seconds since."""
    return None if then is None else (now - then) / timedelta(seconds=1)
