"""GET and POST /corrections: inputs of a limit's corrections over days, with who entered them and on what evidence."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field

from api import csv_out
from api.body import Body
from api.correcting import Asked, Need, enter, needs
from api.deps import Api
from api.language import Language
from api.paging import Page
from api.params import Bom, EnterpriseCode, FormatChoice, RowNumber
from api.problems import RESPONSES
from db import plants
from db.corrections import entered_inputs, withdraw_input
from enms.correction_inputs import Entered

router = APIRouter(prefix="/corrections", tags=["performance"], responses=RESPONSES)


class InputItem(BaseModel):
    """An input that a limit's corrections ask for: metered, held by a declaration or entry, or missing."""

    enpi: str = Field(examples=["coking.process_energy"])
    enpi_name: str
    input: str = Field(examples=["oven_age_years"])
    name: str
    unit: str
    required: bool = Field(description="No verdict without it")
    missing: bool = Field(description="Required, and nothing says it for today")
    metered_by: str | None
    value: float | None = Field(description="What is declared or entered for today")
    since: date | None
    until: date | None
    evidence: str | None
    editions: list[str]


class CorrectionIn(Body):
    """An input over local days, both included."""

    model_config = ConfigDict(populate_by_name=True)
    enterprise: str = Field(min_length=1, max_length=200, examples=["demo-steel"])
    enpi: str = Field(min_length=1, max_length=200, examples=["coking.process_energy"])
    input: str = Field(min_length=1, max_length=200, examples=["oven_age_years"])
    value: float = Field(allow_inf_nan=False, description="In the correction's unit", examples=[18])
    since: date = Field(alias="from", examples=["2026-09-01"])
    until: date | None = Field(default=None, alias="to", description="null: until another is entered")
    evidence: str = Field(min_length=1, max_length=1000, description="Where it is from", examples=["炉龄台账"])
    by: str = Field(min_length=1, max_length=100, examples=["王工"])


class CorrectionItem(BaseModel):
    """An entry. Of one day the last one that is not withdrawn holds."""

    id: int
    enpi: str
    input: str
    value: float
    since: date
    until: date | None
    evidence: str
    by: str
    entered_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None


class CorrectionOut(BaseModel):
    """The entry is stored; verdicts are given anew from its first day on."""

    id: int


class WithdrawIn(Body):
    """Who withdraws it."""

    enterprise: str = Field(min_length=1, max_length=200)
    by: str = Field(min_length=1, max_length=100)


def input_item(need: Need, language: str) -> InputItem:
    """A needed input as the API shows it."""
    return InputItem(
        enpi=need.enpi,
        enpi_name=need.enpi_zh if language == "zh" else need.enpi_en,
        input=need.correction.input,
        name=need.correction.name.in_language(language),
        unit=need.correction.unit,
        required=need.required,
        missing=need.missing,
        metered_by=need.metered,
        value=need.holds.value if need.holds is not None else None,
        since=need.holds.since if need.holds is not None else None,
        until=need.holds.until if need.holds is not None else None,
        evidence=need.holds.evidence if need.holds is not None else None,
        editions=list(need.editions),
    )


def entered_item(row: Entered) -> CorrectionItem:
    """An entry as the API shows it."""
    same = ("id", "enpi", "input", "value", "since", "until", "evidence", "withdrawn_at", "withdrawn_by")
    values = {name: getattr(row, name) for name in same}
    return CorrectionItem.model_validate(values | {"by": row.actor, "entered_at": row.recorded_at})


@router.get("/inputs", response_model=Page[InputItem], summary="What the corrections of an enterprise's limits ask for")
async def list_inputs(
    request: Request,
    api: Api,
    language: Language,
    enterprise: EnterpriseCode,
    wanted: FormatChoice = "json",
    bom: Bom = False,
) -> Response | Page[InputItem]:
    """Those missing first."""
    owner = await plants.enterprise(api.pool, enterprise)
    items = [input_item(need, language) for need in await needs(api, owner)]
    page = Page(items=items, next_cursor=None)
    return csv_out.answer(request, page, InputItem, wanted, name=f"correction-inputs-{enterprise}", bom=bom)


@router.get("", response_model=Page[CorrectionItem], summary="Correction inputs entered by hand, the last first")
async def list_corrections(
    request: Request,
    api: Api,
    enterprise: EnterpriseCode,
    enpi: Annotated[str | None, Query(max_length=200, description="Only this EnPI")] = None,
    wanted: FormatChoice = "json",
    bom: Bom = False,
) -> Response | Page[CorrectionItem]:
    """All of them: they are few."""
    owner = await plants.enterprise(api.pool, enterprise)
    rows = await entered_inputs(api.pool, owner.e, enpi)
    page = Page(items=[entered_item(row) for row in rows[::-1]], next_cursor=None)
    return csv_out.answer(request, page, CorrectionItem, wanted, name=f"corrections-{enterprise}", bom=bom)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Enter a correction's input over days")
async def enter_correction(api: Api, body: CorrectionIn) -> CorrectionOut:
    """Comes before what the plant file declares; verdicts from its first day on are given anew."""
    owner = await plants.enterprise(api.pool, body.enterprise)
    asked = Asked(body.enpi, body.input, body.value, body.since, body.until, body.evidence, body.by)
    return CorrectionOut(id=await enter(api, owner, asked))


@router.post("/{entry}/withdraw", summary="Withdraw an entry; what was there before holds again")
async def withdraw_correction(
    api: Api, entry: Annotated[RowNumber, Path(description="Entry id")], body: WithdrawIn
) -> CorrectionOut:
    """The entry is kept, with who withdrew it."""
    owner = await plants.enterprise(api.pool, body.enterprise)
    async with api.pool.acquire() as connection:
        await withdraw_input(connection, owner, entry, actor=body.by, now=api.clock())
    return CorrectionOut(id=entry)
