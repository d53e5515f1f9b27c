"""GET /consumption: amounts in own units, standard coal and carbon dioxide, from the ledger."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api import csv_out
from api.deps import Api
from api.paging import DEFAULT_SERIES_LIMIT, Page, check_limit, cut, encode, number_in
from api.params import AsOf, Bom, Cursor, EnterpriseCode, FormatChoice, From, Limit, To
from api.periods import Resolution, periods
from api.problems import RESPONSES
from api.spans import instant, span
from db import plants
from db.consumption import Consumption, consumption
from db.enpi_model import cuts_of
from enms.carriers import TceBasis
from enms.quarters import quarter_floor

router = APIRouter(tags=["ledger"], responses=RESPONSES)
_LONGEST = {"total": 3700, "15m": 31, "1h": 100, "shift": 800, "day": 1500, "1d": 1500, "month": 3700, "year": 3700}


class ConsumptionItem(BaseModel):
    """One line over one period. By process, what a process recovers and produces is deducted."""

    start: datetime
    end: datetime
    process: str | None = Field(examples=["bf1"])
    carrier: str | None = Field(examples=["electricity"])
    point: str | None
    amount: float | None = Field(description="Null: missing, never 0", examples=[18250.5])
    unit: str = Field(examples=["kWh"])
    tce: float | None = Field(
        description="Standard coal, t; null where amount or factor is unknown, or heating values are for over a tenth",
        examples=[2.243],
    )
    tce_at_least: bool = Field(
        description="Heating values are missing for a little of it: tce, and tco2 of a fuel, are those of the rest"
    )
    tco2: float | None = Field(description="Carbon dioxide, t", examples=[9.81])
    tco2_source: str | None = Field(
        description="Where the last carbon factor of the period is from; a site's own begins with site:",
        examples=["site: laboratory, elemental carbon as received"],
    )
    in_total: bool = Field(description="Whether its tce is part of the enterprise's total (by=carrier)")
    completeness: float | None = Field(description="Covered share of the time in service, the worst point's")
    tce_completeness: float | None = Field(description="The same for the conversion: heating values may be missing")
    estimated_share: float = Field(description="Share of the covered time that is estimated")
    reason: str | None = Field(description="Why something is unknown", examples=["heating value missing"])


def _item(line: Consumption) -> ConsumptionItem:
    return ConsumptionItem(
        start=line.period.start,
        end=line.period.end,
        process=line.process,
        carrier=line.carrier,
        point=line.point,
        amount=line.amount,
        unit=line.unit,
        tce=None if line.kgce is None else line.kgce / 1000,
        tce_at_least=line.at_least,
        tco2=line.tco2,
        tco2_source=line.carbon[-1].source if line.carbon else None,
        in_total=line.in_total,
        completeness=line.completeness,
        tce_completeness=line.kgce_completeness,
        estimated_share=line.estimated_share,
        reason=line.reason,
    )


@router.get("/consumption", response_model=Page[ConsumptionItem], summary="What was used, in own units, tce and tCO2")
async def list_consumption(
    request: Request,
    api: Api,
    enterprise: EnterpriseCode,
    by: Annotated[Literal["process", "carrier", "point"], Query(description="One line for each of these")] = "carrier",
    start: From = None,
    end: To = None,
    resolution: Annotated[
        Resolution, Query(description="One line a period of the enterprise's own clock; total: one for the whole span")
    ] = "total",
    basis: Annotated[TceBasis, Query(description="当量 calorific or 等价 equivalent (GB/T 2589)")] = TceBasis.CALORIFIC,
    as_of: AsOf = None,
    limit: Limit = None,
    cursor: Cursor = None,
    wanted: FormatChoice = "json",
    bom: Bom = False,
) -> Response | Page[ConsumptionItem]:
    """Lines in the order of the plant file, then of time. Left-out `to` is the last quarter hour before now."""
    limit = check_limit(limit, api.settings.api_max_rows, DEFAULT_SERIES_LIMIT)
    owner = await plants.enterprise(api.pool, enterprise)
    when = span(
        start,
        end,
        now=quarter_floor(api.clock()),
        default=timedelta(days=1),
        longest=timedelta(days=_LONGEST[resolution]),
        enterprise=owner,
    )
    cuts = periods(when, resolution, await cuts_of(api.pool, owner))
    known = instant(as_of, "query.as_of", owner) if as_of else None
    first = number_in("consumption", cursor) or 0
    async with api.pool.acquire() as connection:
        lines = await consumption(connection, owner, by, cuts, basis=basis, as_of=known)
    shown, following = cut(lines[first : first + limit + 1], limit, lambda _: encode("consumption", first + limit))
    page = Page(items=[_item(line) for line in shown], next_cursor=following)
    return csv_out.answer(request, page, ConsumptionItem, wanted, name=f"consumption-{enterprise}-{by}", bom=bom)
