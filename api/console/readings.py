"""`/e/{enterprise}/readings`: what somebody read off a meter; who entered it, when and why, and what it corrects."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.console.forms import Form, entered, form_page, moments, sent
from api.console.render import zone_of
from api.console.words import N_
from api.deps import Api, BackfillRow, Context
from api.hand_readings import enter_readings
from api.language import Language
from api.params import RowNumber
from db import hand, plants
from db.plants import EnterpriseRow
from enms.errors import InputError, Mistake
from enms.metering import ReadingType

router = APIRouter(include_in_schema=False)
_SHOWN = 100
_FIELDS = {"point": 200, "t": 40, "t_exact": 40, "start": 40, "start_exact": 40, "value": 40, "by": 100, "reason": 1000}
_LABELS = {
    "point": N_("Meter"),
    "t": N_("Read at"),
    "start": N_("Since; only of an amount over a span"),
    "value": N_("Reading"),
    "by": N_("Your name"),
    "reason": N_("Why by hand"),
}


@router.get("/e/{code}/readings")
async def show_readings(
    request: Request,
    api: Api,
    language: Language,
    code: str,
    point: Annotated[str, Query(max_length=200)] = "",
    t: Annotated[str, Query(max_length=40)] = "",
    start: Annotated[str, Query(max_length=40)] = "",
    done: RowNumber | None = None,
) -> Response:
    """`point`, `t` and `start` choose what the form begins with, as links from a point and an entry to correct do."""
    owner = await plants.enterprise(api.pool, code)
    return await _page(request, api, language, owner, Form({"point": point, **moments(t=t, start=start)}), done)


async def _page(
    request: Request, api: Context, language: Language, owner: EnterpriseRow, form: Form, done: int | None = None
) -> Response:
    rows = await hand.entered_readings(api.pool, owner.e, limit=_SHOWN + 1)
    values = {
        "points": [(p.code, p.name(language) or p.code, p.unit) for p in await api.registry.points(owner.e)],
        "minute": api.clock().astimezone(zone_of(owner.timezone)).strftime("%Y-%m-%dT%H:%M"),
        "entries": rows[:_SHOWN],
        "more": len(rows) > _SHOWN,
    }
    return await form_page(request, api, language, "readings.html", owner, form, _LABELS, values, done)


@router.post("/e/{code}/readings")
async def enter_reading(request: Request, api: Api, language: Language, code: str) -> Response:
    owner = await plants.enterprise(api.pool, code)
    form = await sent(request, _FIELDS)

    async def write() -> int:
        row = await _row(api, owner, form)
        number, done = await enter_readings(api, owner, [row], by=form["by"], reason=form["reason"])
        if number is None:
            raise InputError("", [Mistake("body.value", one.reason) for one in done.refused])
        return number

    return await entered(
        form,
        write,
        lambda number: f"/e/{code}/readings?done={number}",
        lambda wrong: _page(request, api, language, owner, wrong),
    )


async def _row(api: Context, owner: EnterpriseRow, form: Form) -> BackfillRow:
    """The reading in the form.

    Raises:
        InputError: every mistake in it.
    """
    zone = zone_of(owner.timezone)
    points = {point.code: point for point in await api.registry.points(owner.e)}
    point = points.get(form["point"])
    if point is None:
        form.mistakes.append(Mistake("body.point", f"{form['point']!r} is no metered point"))
    value, read_at = form.number("value"), form.moment("t", zone)
    since = form.moment("start", zone) if form["start"] else None
    if since is not None and point is not None and point.reading != ReadingType.INTERVAL:
        form.mistakes.append(Mistake("body.start", "only an amount over a span has a begin"))
    elif since is not None and since >= read_at and not form.wrong("t", "start"):
        form.mistakes.append(Mistake("body.start", "the end is not after the start"))
    if read_at > api.clock():
        form.mistakes.append(Mistake("body.t", "the time is still ahead"))
    form.needed("by", "reason")
    form.check()
    return BackfillRow(form["point"], read_at, value, "good", since)
