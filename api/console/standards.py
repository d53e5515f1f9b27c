"""`/standards`: which limit holds, since when, for whom, on what basis, and how sure anybody is of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from api.console.i18n import catalogue
from api.console.reasons import correction_names
from api.console.render import page
from api.deps import Api
from api.language import Language
from api.routes.standards import StandardItem, rows_of, standard_item
from enms.standards_list import INDUSTRIES

router = APIRouter(include_in_schema=False)
_LIMIT = "consumption_limit"


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of one kind of one edition, in the order of its tables.

    Attributes:
        state: current, coming or past, today.
        source, confidence, review, binds: those of all rows; None where rows differ, and say it themselves.
    """

    head: StandardItem
    items: Sequence[StandardItem]
    state: str
    source: str | None
    confidence: str | None
    review: str | None
    binds: str | None


@router.get("/standards")
async def show_standards(
    request: Request,
    api: Api,
    language: Language,
    standard: Annotated[str, Query(max_length=200)] = "",
    kind: Annotated[str, Query(max_length=40)] = "",
    industry: Literal["", "steel", "rare_earth", "power"] = "",
) -> Response:
    """Limits are what most people come for: they stand first, and alone where nothing is chosen."""
    words = catalogue(language)
    every = await rows_of(None, None)
    wanted = kind or ("" if standard or industry else _LIMIT)
    rows = await rows_of(standard or None, wanted or None, industry or None)
    today = api.clock().astimezone(api.settings.zone).date()
    values = {
        "sections": sections([standard_item(row, language) for row in rows], today),
        "standards": list(dict.fromkeys(row.standard for row in every)),
        "kinds": list(dict.fromkeys(row.kind for row in every)),
        "industries": list(INDUSTRIES),
        "chosen": {"standard": standard, "kind": kind, "industry": industry},
        "limit": _LIMIT,
        "names": correction_names(language),
    }
    return await page(request, api, "standards.html", values, crumbs=[("/", words("District"))])


def sections(items: Sequence[StandardItem], today: date) -> list[Section]:
    """Rows by kind and edition."""
    grouped: dict[tuple[str, str], list[StandardItem]] = {}
    for item in items:
        grouped.setdefault((item.kind, item.edition), []).append(item)
    return [
        Section(
            head=of[0],
            items=of,
            state=_state(of[0], today),
            source=_same([item.source for item in of]),
            confidence=_same([item.confidence for item in of]),
            review=_same([item.review for item in of]),
            binds=_same([item.binds for item in of]),
        )
        for of in grouped.values()
    ]


def _state(item: StandardItem, today: date) -> str:
    if item.effective_from is not None and item.effective_from > today:
        return "coming"
    return "past" if item.effective_to is not None and item.effective_to < today else "current"


def _same(values: Sequence[str]) -> str | None:
    return values[0] if len(set(values)) == 1 else None
