"""GET /standards: the catalogue of limits, grades, coefficients and lists, with where each figure is from."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api import csv_out
from api.deps import Api
from api.language import Language
from api.paging import Page, check_limit, cut, encode, number_in
from api.params import Bom, Cursor, FormatChoice, Limit
from api.problems import RESPONSES
from enms.standards_list import INDUSTRIES, Shown, standard_rows

router = APIRouter(tags=["performance"], responses=RESPONSES)
Standard = Annotated[
    str | None, Query(description="Only this standard, with or without an edition's year", max_length=200)
]
Kind = Annotated[str | None, Query(description="Only rows of this kind", max_length=40)]
Industry = Annotated[
    Literal["steel", "rare_earth", "power"] | None, Query(description="Only limits of plants of this industry")
]


class StandardItem(BaseModel):
    """A row of the catalogue. Nothing here was checked against the official text: `review` says so."""

    kind: str = Field(examples=["consumption_limit"])
    standard: str = Field(examples=["GB 21256"])
    edition: str = Field(examples=["GB 21256-2025"])
    title: str
    effective_from: date | None
    effective_to: date | None = Field(description="The last day; null while open")
    item: str = Field(examples=["blast_furnace"])
    name: str
    values: dict[str, str] = Field(description="Levels or grades by name; empty: the standard gives none")
    unit: str
    binds: str = Field(description="Whom it binds")
    basis: str
    boundary: str
    denominator: str
    period: str = Field(description="Statistical period of a limit")
    corrections: list[str] = Field(description="Inputs of its corrections; * required")
    clause: str
    source: str
    confidence: str
    review: str


def standard_item(row: Shown, language: str) -> StandardItem:
    return StandardItem(
        kind=row.kind,
        standard=row.standard,
        edition=row.edition,
        title=row.title.in_language(language),
        effective_from=row.effective_from,
        effective_to=row.effective_to,
        item=row.item,
        name=row.name.in_language(language),
        values=dict(row.values),
        unit=row.unit,
        binds=row.binds.in_language(language),
        basis=row.basis,
        boundary=row.boundary.in_language(language),
        denominator=row.denominator.in_language(language),
        period=row.period,
        corrections=list(row.corrections),
        clause=row.clause,
        source=row.source,
        confidence=row.confidence,
        review=row.review,
    )


async def rows_of(standard: str | None, kind: str | None, industry: str | None = None) -> list[Shown]:
    """Rows of a standard or edition, a kind and an industry; the files are read once, beside the loop."""
    every = await asyncio.to_thread(standard_rows)
    of = INDUSTRIES.get(industry or "", ())
    return [
        r
        for r in every
        if standard in {None, r.standard, r.edition}
        and kind in {None, r.kind}
        and (industry is None or r.standard in of)
    ]


@router.get("/standards", response_model=Page[StandardItem], summary="Limits, grades and factors, with their sources")
async def list_standards(
    request: Request,
    api: Api,
    language: Language,
    standard: Standard = None,
    kind: Kind = None,
    industry: Industry = None,
    limit: Limit = None,
    cursor: Cursor = None,
    wanted: FormatChoice = "json",
    bom: Bom = False,
) -> Response | Page[StandardItem]:
    limit = check_limit(limit, api.settings.api_max_rows)
    first = number_in("standards", cursor) or 0
    found = await rows_of(standard, kind, industry)
    shown, following = cut(found[first : first + limit + 1], limit, lambda _: encode("standards", first + limit))
    page = Page(items=[standard_item(row, language) for row in shown], next_cursor=following)
    return csv_out.answer(request, page, StandardItem, wanted, name="standards", bom=bom)
