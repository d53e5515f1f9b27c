"""`/e/{enterprise}/corrections`: what the limits' corrections ask for, what is missing, and entering it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi import Form as Field
from fastapi.responses import RedirectResponse

from api.console.forms import Form, entered, form_page, sent
from api.console.words import N_
from api.correcting import Asked, enter, needs
from api.deps import Api, Context
from api.language import Language
from api.params import RowNumber
from api.routes.corrections import input_item
from db import plants
from db.corrections import entered_inputs, withdraw_input
from db.enpi_model import cuts_of
from db.plants import EnterpriseRow

router = APIRouter(include_in_schema=False)
_FIELDS = {"what": 401, "value": 40, "since": 20, "until": 20, "evidence": 1000, "by": 100}
_LABELS = {
    "enpi": N_("Correction input"),
    "input": N_("Correction input"),
    "value": N_("Value"),
    "since": N_("First day"),
    "from": N_("First day"),
    "until": N_("Last day"),
    "to": N_("Last day"),
    "evidence": N_("Evidence"),
    "by": N_("Your name"),
}


@router.get("/e/{code}/corrections")
async def show_corrections(
    request: Request,
    api: Api,
    language: Language,
    code: str,
    enpi: Annotated[str, Query(max_length=200)] = "",
    wanted: Annotated[str, Query(alias="input", max_length=200)] = "",
    done: RowNumber | None = None,
) -> Response:
    """`enpi` and `input` choose what the form begins with, as links from verdicts do."""
    owner = await plants.enterprise(api.pool, code)
    return await _page(request, api, language, owner, Form({"what": f"{enpi} {wanted}"}), done)


async def _page(
    request: Request, api: Context, language: Language, owner: EnterpriseRow, form: Form, done: int | None = None
) -> Response:
    cuts = await cuts_of(api.pool, owner)
    found = await needs(api, owner)
    items = [(need.number, input_item(need, language)) for need in found]
    wanted = form["what"]
    there = next((f"{i.enpi} {i.input}" for _, i in items if f"{i.enpi} {i.input}" == wanted), "")
    of_enpi = next((f"{i.enpi} {i.input}" for _, i in items if i.enpi == wanted.partition(" ")[0] and i.missing), "")
    values = {
        "items": items,
        "open": [item for _, item in items if item.metered_by is None],
        "missing": sum(item.missing for _, item in items),
        "entries": (await entered_inputs(api.pool, owner.e))[::-1],
        "names": {item.input: item.name for _, item in items},
        "enpi_names": {item.enpi: item.enpi_name for _, item in items},
        "units": {item.input: item.unit for _, item in items},
        "chosen": there or of_enpi,
        "today": cuts.day_of(api.clock()).isoformat(),
    }
    return await form_page(request, api, language, "corrections.html", owner, form, _LABELS, values, done)


@router.post("/e/{code}/corrections")
async def enter_correction(request: Request, api: Api, language: Language, code: str) -> Response:
    """`what` is the EnPI's code and the input's name, as the form's list has them."""
    owner = await plants.enterprise(api.pool, code)
    form = await sent(request, _FIELDS)

    async def write() -> int:
        enpi, _, name = form["what"].partition(" ")
        value, since = form.number("value"), form.day("since")
        until = form.day("until") if form["until"] else None
        form.needed("evidence", "by")
        form.check()
        return await enter(api, owner, Asked(enpi, name, value, since, until, form["evidence"], form["by"]))

    return await entered(
        form,
        write,
        lambda number: f"/e/{code}/corrections?done={number}",
        lambda wrong: _page(request, api, language, owner, wrong),
    )


@router.post("/e/{code}/corrections/{entry}/withdraw")
async def withdraw_correction(
    api: Api, code: str, entry: RowNumber, by: Annotated[str, Field(max_length=100)] = ""
) -> Response:
    owner = await plants.enterprise(api.pool, code)
    async with api.pool.acquire() as connection:
        await withdraw_input(connection, owner, entry, actor=by.strip() or "console", now=api.clock())
    return RedirectResponse(f"/e/{code}/corrections", status_code=303)
