"""`/e/{enterprise}/corrections`: what the limits' corrections ask for, what is missing, and entering it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.console.i18n import catalogue
from api.console.render import page, zone_of
from api.correcting import Asked, enter, needs
from api.deps import Api
from api.language import Language
from api.routes.corrections import input_item
from db import plants
from db.corrections import entered_inputs, withdraw_input
from db.enpi_model import cuts_of
from enms.errors import InputError, Mistake

router = APIRouter(include_in_schema=False)
Short = Annotated[str, Form(max_length=200)]


@router.get("/e/{code}/corrections")
async def show_corrections(
    request: Request,
    api: Api,
    language: Language,
    code: str,
    enpi: Annotated[str, Query(max_length=200)] = "",
    wanted: Annotated[str, Query(alias="input", max_length=200)] = "",
    done: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    """`enpi` and `input` choose what the form begins with, as links from verdicts do."""
    text = catalogue(language)
    owner = await plants.enterprise(api.pool, code)
    cuts = await cuts_of(api.pool, owner)
    found = await needs(api, owner)
    items = [(need.number, input_item(need, language)) for need in found]
    name = owner.name_zh if language == "zh" else owner.name_en
    first = next((f"{i.enpi} {i.input}" for _, i in items if (i.enpi, i.input) == (enpi, wanted)), "")
    of_enpi = next((f"{i.enpi} {i.input}" for _, i in items if i.enpi == enpi and i.missing), "")
    values = {
        "owner": owner,
        "name": name,
        "items": items,
        "open": [item for _, item in items if item.metered_by is None],
        "missing": sum(item.missing for _, item in items),
        "entries": (await entered_inputs(api.pool, owner.e))[::-1],
        "names": {item.input: item.name for _, item in items},
        "enpi_names": {item.enpi: item.enpi_name for _, item in items},
        "units": {item.input: item.unit for _, item in items},
        "chosen": first or of_enpi,
        "today": cuts.day_of(api.clock()).isoformat(),
        "done": done,
        "zone": zone_of(owner.timezone),
    }
    crumbs = [("/", text("District")), (f"/e/{code}", name)]
    return await page(request, api, "corrections.html", values, crumbs=crumbs)


@router.post("/e/{code}/corrections")
async def enter_correction(
    api: Api,
    code: str,
    what: Short,
    value: Annotated[float, Form()],
    since: Short,
    evidence: Annotated[str, Form(max_length=1000)],
    by: Annotated[str, Form(max_length=100)],
    until: Short = "",
) -> Response:
    """`what` is the EnPI's code and the input's name, as the form's list has them."""
    owner = await plants.enterprise(api.pool, code)
    enpi, _, name = what.partition(" ")
    last = _day(until, "body.to") if until else None
    number = await enter(api, owner, Asked(enpi, name, value, _day(since, "body.from"), last, evidence, by))
    return RedirectResponse(f"/e/{code}/corrections?done={number}", status_code=303)


@router.post("/e/{code}/corrections/{entry}/withdraw")
async def withdraw_correction(
    api: Api, code: str, entry: int, by: Annotated[str, Form(max_length=100)] = ""
) -> Response:
    owner = await plants.enterprise(api.pool, code)
    async with api.pool.acquire() as connection:
        await withdraw_input(connection, owner, entry, actor=by.strip() or "console", now=api.clock())
    return RedirectResponse(f"/e/{code}/corrections", status_code=303)


def _day(text: str, place: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("", [Mistake(place, f"{text!r} is not a day")]) from None
