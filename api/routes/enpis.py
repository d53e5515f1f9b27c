"""GET /enpis and /enpis/{id}/values: EnPIs against the limits that bind them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from api import csv_out
from api.deps import Api
from api.language import Language
from api.paging import Page, check_limit, cut, encode, number_in
from api.params import AnyEnterprise, AsOf, Bom, Cursor, FormatChoice, From, Limit, To
from api.problems import RESPONSES
from api.spans import instant, span
from db import performance, plants, views
from db.enpi_model import EnpiModel, enpi_models
from db.plants import EnterpriseRow
from enms.errors import NotFoundError
from enms.performance import EnpiValue

router = APIRouter(tags=["performance"], responses=RESPONSES)
_LONGEST = {
    "1h": 100,
    "shift": 800,
    "day": 1500,
    "1d": 1500,
    "rolling24h": 62,
    "month": 3700,
    "year": 7400,
    "statutory": 7400,
}
Resolution = Literal["1h", "shift", "day", "1d", "rolling24h", "month", "year", "statutory"]


class TermItem(BaseModel):
    """A signed point of an EnPI's boundary."""

    point: str
    sign: int


class LimitRef(BaseModel):
    """The national limit an EnPI is held against."""

    standard: str = Field(examples=["GB 21256"])
    item: str = Field(examples=["blast_furnace"])


class EnpiItem(BaseModel):
    """An energy performance indicator: boundary energy over qualified output."""

    id: int = Field(examples=[3])
    enterprise: str
    code: str = Field(examples=["bf1.process_energy"])
    name: str
    process: str | None
    unit: str = Field(examples=["kgce/t"])
    basis: str = Field(description="calorific (当量) or equivalent (等价)")
    periods: list[str]
    limit: LimitRef | None
    energy: list[TermItem]
    output: list[str]
    generating_unit: str | None = Field(
        description="The supply coal rate of this unit: fuels x (1 - alpha) / net output"
    )
    made_of: dict[str, list[str]] = Field(description="Of a unit's: its points by what they are to it")
    corrections: dict[str, str]


class EnpiValueItem(BaseModel):
    """An EnPI over one span. Unknown is null, with its reason."""

    start: datetime
    end: datetime
    value: float | None = Field(examples=[392.7])
    low: float | None = Field(description="Range by accuracy classes, register steps and what was filled in")
    high: float | None
    unit: str
    completeness: float = Field(description="Of the worst input")
    estimated_share: float
    state: str = Field(description="known, idle (output is zero) or unknown")
    reason: str | None = Field(description="Why it is unknown or not judged")
    energy_tce: float | None = Field(description="Without the share of heat supplied, where the EnPI is of a unit")
    output: float | None
    output_unit: str
    verdict: str = Field(description="within, over or unknown; by the point value")
    certainty: str | None = Field(description="confirmed: the whole range is on that side; else possible")
    limit: float | None = Field(description="The level that binds this line, corrected")
    level: int | None = Field(description="Which level binds: 3 existing lines, 2 new and expanded ones")
    level1: float | None
    level2: float | None
    level3: float | None
    edition: str | None = Field(examples=["GB 21256-2025"])
    clause: str | None
    provisional: bool = Field(description="The span is not over")
    alpha: float | None = Field(description="Share of heat supplied, where the EnPI is of a unit")


def enpi_item(number: int, model: EnpiModel, language: str) -> EnpiItem:
    enpi = model.current.enpi
    return EnpiItem(
        id=number,
        enterprise=model.enterprise.code,
        code=model.code,
        name=enpi.name.in_language(language) if enpi.name else model.code,
        process=enpi.process,
        unit=model.ratio.symbol,
        basis=enpi.basis.value,
        periods=list(enpi.periods),
        limit=LimitRef(standard=enpi.limit.standard, item=enpi.limit.item) if enpi.limit else None,
        energy=[TermItem(point=term.point, sign=term.sign) for term in enpi.energy],
        output=list(enpi.output),
        generating_unit=enpi.generating_unit,
        made_of={key: list(codes) for key, codes in enpi.made_of.items()},
        corrections=dict(enpi.corrections),
    )


def value_item(value: EnpiValue) -> EnpiValueItem:
    judged = value.limit
    levels = (judged.levels if judged else None) or (None, None, None)
    reason = value.reason or (judged.reason if judged else None)
    return EnpiValueItem(
        start=value.start,
        end=value.end,
        value=value.value,
        low=value.low,
        high=value.high,
        unit=value.unit,
        completeness=value.completeness,
        estimated_share=value.estimated_share,
        state=value.state.value,
        reason=str(reason) if reason else None,
        energy_tce=None if value.energy_kgce is None else value.energy_kgce / 1000,
        output=value.output,
        output_unit=value.output_unit,
        verdict=judged.verdict.value if judged else "unknown",
        certainty=judged.certainty.value if judged and judged.certainty else None,
        limit=judged.limit if judged else None,
        level=judged.level if judged else None,
        level1=levels[0],
        level2=levels[1],
        level3=levels[2],
        edition=judged.row.edition.edition if judged and judged.row else None,
        clause=judged.row.clause if judged and judged.row else None,
        provisional=value.provisional,
        alpha=value.alpha,
    )


async def numbered(api: Api, owners: list[EnterpriseRow]) -> list[tuple[int, EnpiModel]]:
    """Every EnPI in use, with its number."""
    found = []
    for owner in owners:
        numbers = {code: number for number, code in await views.enpis(api.pool, owner.e)}
        async with api.pool.acquire() as connection:
            models = await enpi_models(connection, owner)
        found += [(numbers[model.code], model) for model in models if not model.current.retired]
    return found


@router.get("/enpis", response_model=Page[EnpiItem], summary="Energy performance indicators and their boundaries")
async def list_enpis(
    request: Request,
    api: Api,
    language: Language,
    enterprise: AnyEnterprise = None,
    limit: Limit = None,
    cursor: Cursor = None,
    wanted: FormatChoice = "json",
    bom: Bom = False,
) -> Response | Page[EnpiItem]:
    limit = check_limit(limit, api.settings.api_max_rows)
    owners = await plants.enterprises(api.pool)
    if enterprise is not None:
        owners = [await plants.enterprise(api.pool, enterprise)]
    first = number_in("enpis", cursor) or 0
    every = [enpi_item(number, model, language) for number, model in await numbered(api, owners)]
    shown, following = cut(every[first : first + limit + 1], limit, lambda _: encode("enpis", first + limit))
    page = Page(items=list(shown), next_cursor=following)
    return csv_out.answer(request, page, EnpiItem, wanted, name="enpis", bom=bom)


@router.get(
    "/enpis/{enpi}/values",
    response_model=Page[EnpiValueItem],
    summary="Values with range, completeness, limit levels and verdict",
)
async def list_values(
    request: Request,
    api: Api,
    enpi: Annotated[int, Path(ge=1, lt=2**31, description="EnPI id")],
    start: From = None,
    end: To = None,
    resolution: Annotated[
        Resolution, Query(description="Spans of the enterprise's own clock; never finer than its coarsest input")
    ] = "day",
    as_of: AsOf = None,
    limit: Limit = None,
    cursor: Cursor = None,
    wanted: FormatChoice = "json",
    bom: Bom = False,
) -> Response | Page[EnpiValueItem]:
    """A span that is not over is provisional. Level 1 is a target, never a limit."""
    limit = check_limit(limit, api.settings.api_max_rows)
    owner, code = await _named(api, enpi)
    when = span(
        start,
        end,
        now=api.clock(),
        default=timedelta(days=31),
        longest=timedelta(days=_LONGEST[resolution]),
        enterprise=owner,
    )
    first = number_in("enpi-values", cursor) or 0
    async with api.pool.acquire() as connection:
        values = await performance.enpi_values(
            connection,
            owner.e,
            code,
            when.start,
            when.end,
            "day" if resolution == "1d" else resolution,
            as_of=instant(as_of, "query.as_of", owner) if as_of else None,
            now=api.clock(),
        )
    shown, following = cut(values[first : first + limit + 1], limit, lambda _: encode("enpi-values", first + limit))
    page = Page(items=[value_item(value) for value in shown], next_cursor=following)
    return csv_out.answer(request, page, EnpiValueItem, wanted, name=f"enpi-{code}", bom=bom)


async def _named(api: Api, number: int) -> tuple[EnterpriseRow, str]:
    for owner in await plants.enterprises(api.pool):
        for known, code in await views.enpis(api.pool, owner.e):
            if known == number:
                return owner, code
    raise NotFoundError(f"no EnPI {number}")
