"""`/e/{enterprise}/shifts`: why did this shift use more, and which shift is better?"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from api.console.i18n import catalogue
from api.console.render import page, zone_of
from api.deps import Api
from api.language import Language
from api.reports.enpi_tables import crew_table, difference_table, shift_table, summary_table
from db import plants
from db.crews import crew_book
from db.enpi_model import cuts_of
from db.shift_comparison import compare_shifts, shift_enpis
from enms.shift_comparison import ShiftComparison

router = APIRouter(include_in_schema=False)
_DAYS = (1, 7, 31)


@router.get("/e/{code}/shifts")
async def show_shifts(
    request: Request,
    api: Api,
    language: Language,
    code: str,
    enpi: Annotated[str, Query(max_length=200)] = "",
    days: Literal["1", "7", "31"] = "7",
) -> Response:
    text = catalogue(language)
    owner = await plants.enterprise(api.pool, code)
    zone = zone_of(owner.timezone)
    cuts = await cuts_of(api.pool, owner)
    now = api.clock()
    start = cuts.days_back(now, int(days) - 1)
    found: ShiftComparison | None = None
    async with api.pool.acquire() as connection:
        choices = await shift_enpis(connection, owner)
        chosen = enpi if enpi in dict(choices) else choices[0][0] if choices else ""
        if chosen:
            comparisons = await compare_shifts(connection, owner, start, now, now=now, enpi=chosen)
            found = comparisons[0] if comparisons else None
    name = owner.name_zh if language == "zh" else owner.name_en
    tables = []
    if found is not None:
        newest = ShiftComparison(
            found.enpi, found.name_zh, found.name_en, found.process, found.unit, found.output_unit, found.runs[::-1]
        )
        book = await crew_book(api.pool, owner.e, date.min, date.min)
        crews = [crew_table(found, text, book.names(language))] if found.by_crew else []
        tables = [
            summary_table(found, text),
            *crews,
            difference_table(found, text),
            shift_table(newest, text, zone, zh=language == "zh"),
        ]
    values = {
        "owner": owner,
        "name": name,
        "choices": [(one, names.in_language(language) if names is not None else one) for one, names in choices],
        "chosen": chosen,
        "days": days,
        "all_days": [str(n) for n in _DAYS],
        "tables": tables,
        "zone": zone,
    }
    crumbs = [("/", text("District")), (f"/e/{code}", name)]
    return await page(request, api, "shifts.html", values, crumbs=crumbs)
