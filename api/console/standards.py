"""`/standards`: the catalogue of national standards, by standard."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.console.i18n import catalogue
from api.console.render import page
from api.deps import Api
from api.language import Language
from api.routes.standards import rows_of, standard_item

router = APIRouter(include_in_schema=False)


@router.get("/standards")
async def show_standards(
    request: Request, api: Api, language: Language, standard: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    words = catalogue(language)
    every = await rows_of(None, None)
    # limits are what most people come for
    rows = [r for r in every if standard in {r.standard, r.edition} or (not standard and r.kind == "consumption_limit")]
    values = {
        "items": [standard_item(row, language) for row in rows],
        "standards": list(dict.fromkeys(row.standard for row in every)),
        "chosen": standard,
    }
    return await page(request, api, "standards.html", values, crumbs=[("/", words("District"))])
