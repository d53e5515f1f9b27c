"""`/e/{enterprise}/crews`: who works which shift, and entering it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from api.console.i18n import catalogue
from api.console.render import page, zone_of
from api.console.words import word
from api.deps import Api
from api.language import Language
from api.rostering import Worked, worked
from db import plants, views
from db.crews import crew_book, record_override, record_roster
from db.enpi_model import cuts_of
from enms.crews import Override
from enms.errors import InputError, Mistake
from enms.names import Name
from enms.roster import Crew, Roster

router = APIRouter(include_in_schema=False)
_BACK, _AHEAD = timedelta(days=7), timedelta(days=8)
_MOST_DAYS = 62
Short = Annotated[str, Form(max_length=200)]


@router.get("/e/{code}/crews")
async def show_crews(
    request: Request,
    api: Api,
    language: Language,
    code: str,
    at: Annotated[str, Query(alias="date", max_length=20)] = "",
) -> Response:
    text = catalogue(language)
    owner = await plants.enterprise(api.pool, code)
    cuts = await cuts_of(api.pool, owner)
    today = cuts.local_day(api.clock())
    middle = _day(at, "date") if at else today
    start = cuts.at(middle - _BACK, timedelta())
    rows = await worked(api, owner, start, cuts.at(middle + _AHEAD, timedelta()))
    book = await crew_book(api.pool, owner.e, middle, middle)
    shifts = [row.code for row in await views.shifts(api.pool, owner.e)]
    name = owner.name(language)
    values = {
        "owner": owner,
        "name": name,
        "shifts": shifts,
        "shift_names": [word(text, "shift", shift) for shift in shifts],
        "days": _grid(rows),
        "today": today,
        "middle": middle,
        "earlier": (middle - _BACK).isoformat(),
        "later": (middle + _BACK).isoformat(),
        "names": book.names(language),
        "roster": book.roster_on(middle) or book.last,
        "lines": _lines(book.last, shifts),
        "crew_lines": _crew_lines(book.last),
        "changed": [one for one in rows if one.duty.override is not None],
        "zone": zone_of(owner.timezone),
    }
    crumbs = [("/", text("District")), (f"/e/{code}", name)]
    return await page(request, api, "crews.html", values, crumbs=crumbs)


def _grid(rows: list[Worked]) -> dict[date, dict[str, Worked]]:
    found: dict[date, dict[str, Worked]] = {}
    for one in rows:
        found.setdefault(one.day, {})[one.shift] = one
    return found


def _lines(roster: Roster | None, shifts: list[str]) -> str:
    """A roster as its form has it: a line a day, the crews in order of the shifts."""
    if roster is None:
        return ""
    return "\n".join(" ".join(day.get(shift, "-") for shift in shifts) for day in roster.days)


def _crew_lines(roster: Roster | None) -> str:
    crews = roster.crews if roster is not None else ()
    return "\n".join(" ".join([c.code, c.name.zh, c.name.en] if c.name is not None else [c.code]) for c in crews)


def _day(text: str, place: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("", [Mistake(place, f"{text!r} is not a day")]) from None


@router.post("/e/{code}/crews/roster")
async def enter_roster(
    api: Api,
    code: str,
    starts: Short,
    by: Annotated[str, Form(max_length=100)],
    crews: Annotated[str, Form(max_length=2000)],
    days: Annotated[str, Form(max_length=4000)],
) -> Response:
    """The two text fields: a crew a line (code, Chinese name, English name); a day a line (crews by shift)."""
    owner = await plants.enterprise(api.pool, code)
    shifts = [row.code for row in await views.shifts(api.pool, owner.e)]
    if not by.strip():
        raise InputError("", [Mistake("body.by", "is needed")])
    lines = [line.split() for line in days.splitlines() if line.strip()]
    wrong = [n for n, line in enumerate(lines, 1) if len(line) != len(shifts)]
    if wrong or not 0 < len(lines) <= _MOST_DAYS:
        told = f"line {wrong[0]} names other than {len(shifts)} crews" if wrong else f"1 to {_MOST_DAYS} lines"
        raise InputError("", [Mistake("body.days", f"{told}: a line a day, a crew for each of {', '.join(shifts)}")])
    try:
        roster = Roster(
            starts=_day(starts, "body.starts"),
            crews=tuple(_crew(line) for line in crews.splitlines() if line.strip()),
            days=tuple(
                {shift: crew for shift, crew in zip(shifts, line, strict=True) if crew != "-"} for line in lines
            ),
        )
    except ValidationError as problem:
        raise InputError(
            "", [Mistake("body.crews", e["msg"].removeprefix("Value error, ")) for e in problem.errors()]
        ) from None
    async with api.pool.acquire() as connection:
        await record_roster(connection, owner, roster, actor=by.strip(), now=api.clock())
    return RedirectResponse(f"/e/{code}/crews?date={roster.starts.isoformat()}", status_code=303)


def _crew(line: str) -> Crew:
    code, *rest = re.split(r"\s+", line.strip(), maxsplit=2)
    name = Name(zh=rest[0], en=rest[1] if len(rest) > 1 else rest[0]) if rest else None
    return Crew(code=code, name=name)


@router.post("/e/{code}/crews/override")
async def enter_override(
    api: Api,
    code: str,
    day: Short,
    shift: Short,
    by: Annotated[str, Form(max_length=100)],
    reason: Annotated[str, Form(max_length=1000)],
    crew: Short = "",
) -> Response:
    owner = await plants.enterprise(api.pool, code)
    entry = Override(_day(day, "body.day"), shift, crew or None, reason, by)
    async with api.pool.acquire() as connection:
        await record_override(connection, owner, entry, now=api.clock())
    return RedirectResponse(f"/e/{code}/crews?date={entry.day.isoformat()}", status_code=303)
