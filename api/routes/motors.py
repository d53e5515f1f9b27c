"""GET /motors and /motors/{id}: nameplate, load, and what can be told of the efficiency."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from api import csv_out
from api.deps import Api, Context
from api.language import Language
from api.paging import Page, check_limit, cut, decode, encode
from api.params import AnyEnterprise, Bom, Cursor, FormatChoice, Limit
from api.problems import RESPONSES
from db import plants, views
from db.motor_states import MotorState, motor_states
from db.plants import EnterpriseRow
from enms.errors import NotFoundError
from enms.motor_efficiency import Method, method_of

router = APIRouter(tags=["motors"], responses=RESPONSES)


class MotorItem(BaseModel):
    """A motor: nameplate, and what it did in the last quarter hour its meter closed."""

    id: int = Field(examples=[5])
    enterprise: str
    code: str = Field(examples=["bf1.fan1"])
    name: str
    process: str | None
    model: str | None = Field(examples=["YE3-315L1-4"])
    year: int | None
    type: str
    rated_kw: float = Field(examples=[160])
    poles: int | None
    efficiency_pct: float | None = Field(description="On the nameplate")
    voltage_v: float | None
    current_a: float | None
    power_factor: float | None
    duty: str
    vsd: bool
    drives: str | None
    t: datetime | None = Field(description="Begin of that quarter hour; null: its meter never closed one")
    input_kw: float | None = Field(description="Mean input power")
    completeness: float
    load_state: str = Field(description="off, idle, underloaded, normal, overloaded or cannot_tell")
    load_factor: float | None = Field(description="Output over rated power")
    load_low: float | None
    load_high: float | None
    load_why: str | None = Field(description="Why the load cannot be told")
    load_missing: list[str] = Field(description="Instruments or nameplate figures that would tell")
    efficiency_state: str = Field(description="as_expected, below_expectation or cannot_tell, over the last day")
    efficiency_why: str | None = Field(description="Why the efficiency cannot be told")
    efficiency_missing: list[str] = Field(description="Instruments or nameplate figures that would tell")
    efficiency_method: str | None = Field(description="driven_output (motor and machine together) or slip")
    efficiency_loss_pct: float | None = Field(description="Share of the efficiency lost since the motor's reference")
    efficiency_uncertainty_pct: float | None = Field(description="What a loss must exceed")


class MotorDetail(MotorItem):
    """A motor with its instruments and the assumptions of its verdict."""

    points: dict[str, str | None]
    method: str | None
    assumptions: list[dict[str, Any]]
    nameplate_efficiency_at_load: float | None = Field(description="The nameplate's curve, not a measurement")


def motor_item(number: int, owner: EnterpriseRow, state: MotorState, language: str) -> MotorItem:
    return MotorItem.model_validate(_fields(number, owner, state, language))


def _fields(number: int, owner: EnterpriseRow, state: MotorState, language: str) -> dict[str, object]:
    motor, load, found = state.motor, state.load.load, state.efficiency.comparison
    method = method_of(motor)
    plate = ("code", "process", "model", "year", "type", "rated_kw", "poles", "efficiency_pct", "voltage_v")
    rest = ("current_a", "power_factor", "duty", "vsd", "drives")
    return {name: getattr(motor, name) for name in (*plate, *rest)} | {
        "id": number,
        "enterprise": owner.code,
        "name": motor.name.in_language(language) if motor.name else motor.code,
        "t": state.start,
        "input_kw": state.input_kw,
        "completeness": state.completeness,
        "load_state": state.load.state.value,
        "load_factor": load.factor if load else None,
        "load_low": load.low if load else None,
        "load_high": load.high if load else None,
        "load_why": state.load.why.value if state.load.why else None,
        "load_missing": list(state.load.missing),
        "efficiency_state": state.efficiency.state.value,
        "efficiency_why": state.efficiency.why.value if state.efficiency.why else None,
        "efficiency_missing": list(state.efficiency.missing),
        "efficiency_method": method.value if isinstance(method, Method) else None,
        "efficiency_loss_pct": 100 * found.loss if found else None,
        "efficiency_uncertainty_pct": 100 * found.uncertainty if found else None,
    }


async def states(context: Context, owner: EnterpriseRow) -> list[tuple[int, MotorState]]:
    """The motors of an enterprise by number, and what they are doing."""
    numbers = {code: number for number, code in await views.motors(context.pool, owner.e)}
    async with context.pool.acquire() as connection:
        return [(numbers[s.motor.code], s) for s in await motor_states(connection, owner.e, context.clock())]


@router.get("/motors", response_model=Page[MotorItem], summary="Motors: nameplate, load factor, verdicts")
async def list_motors(
    request: Request,
    api: Api,
    language: Language,
    enterprise: AnyEnterprise = None,
    limit: Limit = None,
    cursor: Cursor = None,
    wanted: FormatChoice = "json",
    bom: Bom = False,
) -> Response | Page[MotorItem]:
    limit = check_limit(limit, api.settings.api_max_rows)
    owners = await plants.enterprises(api.pool)
    if enterprise is not None:
        owners = [await plants.enterprise(api.pool, enterprise)]
    first = int(decode("motors", cursor, 1)[0]) if cursor else 0
    every = [motor_item(n, owner, state, language) for owner in owners for n, state in await states(api, owner)]
    shown, following = cut(every[first : first + limit + 1], limit, lambda _: encode("motors", first + limit))
    page = Page(items=list(shown), next_cursor=following)
    return csv_out.answer(request, page, MotorItem, wanted, name="motors", bom=bom)


@router.get("/motors/{motor}", response_model=MotorDetail, summary="One motor with its instruments and assumptions")
async def show_motor(
    api: Api, language: Language, motor: Annotated[int, Path(ge=1, lt=2**31, description="Motor id")]
) -> MotorDetail:
    for owner in await plants.enterprises(api.pool):
        if motor not in {number for number, _ in await views.motors(api.pool, owner.e)}:
            continue
        for number, state in await states(api, owner):
            if number == motor:
                load = state.load.load
                return MotorDetail.model_validate(
                    _fields(number, owner, state, language)
                    | {
                        "points": state.motor.points.model_dump(),
                        "method": load.method if load else None,
                        "assumptions": [
                            {"key": a.key, "value": a.value, "low": a.low, "high": a.high,
                             "text": a.text.in_language(language), "confidence": a.confidence}
                            for a in (load.assumptions if load else ())
                        ],
                        "nameplate_efficiency_at_load": state.efficiency.nameplate,
                    }
                )  # fmt: skip
    raise NotFoundError(f"no motor {motor}")
