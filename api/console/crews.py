"""`/e/{enterprise}/crews`: who works which shift, and entering it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from api.console.forms import Form, day_of, entered, sent
from api.console.i18n import catalogue
from api.console.render import page, zone_of
from api.console.words import N_, word
from api.deps import Api, Context
from api.language import Language
from api.rostering import Worked, worked
from db import plants, views
from db.crews import crew_book, record_override, record_roster
from db.enpi_model import cuts_of
from db.plants import EnterpriseRow
from enms.crews import Override
from enms.errors import InputError, Mistake
from enms.names import Name
from enms.roster import Crew, Roster

router = APIRouter(include_in_schema=False)
_BACK, _AHEAD = timedelta(days=7), timedelta(days=8)
_MOST_DAYS = 62
_ROSTER = {"of": 10, "starts": 20, "by": 100, "crews": 2000, "days": 4000}
_OVERRIDE = {"of": 10, "day": 20, "shift": 200, "crew": 200, "by": 100, "reason": 1000}
_LABELS = {
    "starts": N_("First day"),
    "crews": N_("Crews"),
    "days": N_("Roster"),
    "day": N_("Day on which it begins"),
    "shift": N_("Shift"),
    "crew": N_("Crew"),
    "reason": N_("Because"),
    "by": N_("Your name"),
}


@router.get("/e/{code}/crews")
async def show_crews(
    request: Request,
    api: Api,
    language: Language,
    code: str,
    at: Annotated[str, Query(alias="date", max_length=20)] = "",
) -> Response:
    return await _page(request, api, language, code, Form(), at)


async def _page(request: Request, api: Context, language: str, code: str, form: Form, at: str = "") -> Response:
    text = catalogue(language)
    owner = await plants.enterprise(api.pool, code)
    cuts = await cuts_of(api.pool, owner)
    today = cuts.local_day(api.clock())
    middle = day_of(at, "date") if at else today
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
        "form": form,
        "blank": Form(),
        "slips": list(form.said(text, _LABELS)),
    }
    crumbs = [("/", text("District")), (f"/e/{code}", name)]
    return await page(request, api, "crews.html", values, crumbs=crumbs, status=form.status)


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


@router.post("/e/{code}/crews")
async def enter_crews(request: Request, api: Api, language: Language, code: str) -> Response:
    """One of the page's forms: a roster, or who works one shift."""
    owner = await plants.enterprise(api.pool, code)
    kind = str((await request.form()).get("of", ""))
    form = await sent(request, _ROSTER if kind == "roster" else _OVERRIDE)
    return await entered(
        form,
        lambda: _enter_roster(api, owner, form) if kind == "roster" else _enter_override(api, owner, form),
        lambda day: f"/e/{code}/crews?date={day.isoformat()}",
        lambda wrong: _page(request, api, language, code, wrong),
    )


async def _enter_roster(api: Context, owner: EnterpriseRow, form: Form) -> date:
    """From two text fields: a crew a line (code, Chinese name, English name); a day a line (crews by shift)."""
    shifts = [row.code for row in await views.shifts(api.pool, owner.e)]
    starts = form.day("starts")
    form.needed("by", "crews")
    lines = [line.split() for line in form["days"].splitlines() if line.strip()]
    wrong = [n for n, line in enumerate(lines, 1) if len(line) != len(shifts)]
    if wrong or not 0 < len(lines) <= _MOST_DAYS:
        told = f"line {wrong[0]} names other than {len(shifts)} crews" if wrong else f"1 to {_MOST_DAYS} lines"
        form.mistakes.append(Mistake("body.days", f"{told}: a line a day, a crew for each of {', '.join(shifts)}"))
    form.check()
    try:
        roster = Roster(
            starts=starts,
            crews=tuple(_crew(line) for line in form["crews"].splitlines() if line.strip()),
            days=tuple(
                {shift: crew for shift, crew in zip(shifts, line, strict=True) if crew != "-"} for line in lines
            ),
        )
    except ValidationError as problem:
        raise InputError(
            "", [Mistake("body.crews", e["msg"].removeprefix("Value error, ")) for e in problem.errors()]
        ) from None
    async with api.pool.acquire() as connection:
        await record_roster(connection, owner, roster, actor=form["by"].strip(), now=api.clock())
    return roster.starts


def _crew(line: str) -> Crew:
    code, *rest = re.split(r"\s+", line.strip(), maxsplit=2)
    name = Name(zh=rest[0], en=rest[1] if len(rest) > 1 else rest[0]) if rest else None
    return Crew(code=code, name=name)


async def _enter_override(api: Context, owner: EnterpriseRow, form: Form) -> date:
    day = form.day("day")
    form.needed("by", "reason")
    form.check()
    entry = Override(day, form["shift"], form["crew"] or None, form["reason"], form["by"])
    async with api.pool.acquire() as connection:
        await record_override(connection, owner, entry, now=api.clock())
    return day
