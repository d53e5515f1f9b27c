"""GET /motors and /motors/{id}: nameplate, load, and what can be told of the efficiency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from api import csv_out
from api.deps import Api, Context
from api.language import Language
from api.motor_savings import Worth, local_day, unobserved, worth
from api.paging import Page, check_limit, cut, encode, number_in
from api.params import AnyEnterprise, Bom, Cursor, FormatChoice, Limit
from api.problems import RESPONSES
from db import plants, views
from db.motor_states import MotorState, motor_states
from db.plants import EnterpriseRow
from enms.errors import NotFoundError
from enms.motor_assumptions import Assumption
from enms.motor_efficiency import Method, method_of
from enms.motor_saving import NoSaving, Saving

router = APIRouter(tags=["motors"], responses=RESPONSES)
_UNCLASSED = "Points whose meters' accuracy class is not known: there is no range then"


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
    load_unclassed: list[str] = Field(description=_UNCLASSED)
    load_why: str | None = Field(description="Why the load cannot be told")
    load_missing: list[str] = Field(description="Instruments or nameplate figures that would tell")
    efficiency_state: str = Field(description="as_expected, below_expectation or cannot_tell, over the last day")
    efficiency_why: str | None = Field(description="Why the efficiency cannot be told")
    efficiency_missing: list[str] = Field(description="Instruments or nameplate figures that would tell")
    efficiency_method: str | None = Field(description="driven_output (motor and machine together) or slip")
    efficiency_loss_pct: float | None = Field(description="Share of the efficiency lost since the motor's reference")
    efficiency_uncertainty_pct: float | None = Field(description="What a loss must exceed")
    grade: str | None = Field(description="Best grade that the nameplate reaches; null: below the last, or not known")
    grade_state: str = Field(description="meets, below (the last grade: the limit) or cannot_tell")
    grade_why: str | None = Field(description="Why the grade cannot be told")
    grade_limit_pct: float | None = Field(description="Least efficiency of the last grade")
    grade_edition: str | None = Field(description="Edition of the table; unreviewed against the official text")
    list_state: str = Field(
        description="Elimination lists: possible_match (confirm nameplate and year), none_found or cannot_tell"
    )
    list_name: str | None = Field(description="The list of the first possible match; partial, unreviewed")
    list_action: str | None = Field(description="What that list demands")
    list_missing: list[str] = Field(description="Nameplate figures that would tell")
    saving_kwh_a: float | None = Field(description="Electricity a year that a better motor would save at its real load")
    saving_low_kwh_a: float | None
    saving_high_kwh_a: float | None
    saving_unclassed: list[str] = Field(description="The same of the saving")
    saving_why: str | None = Field(description="Why no saving is estimated")
    saving_cny_a: float | None = Field(description="At ENMS_ELECTRICITY_PRICE; null where that is not set")
    resize_to_kw: float | None = Field(description="Rated power that would do, of a motor chronically under-loaded")
    resize_saving_kwh_a: float | None


class SavingDetail(BaseModel):
    """How a saving was estimated."""

    rated_kw: float
    grade: str
    efficiency_pct: float
    edition: str
    kwh_a: float
    low_kwh_a: float | None = Field(description="null: the range is not known")
    high_kwh_a: float | None
    unclassed: list[str] = Field(description=_UNCLASSED)
    running_h_a: float
    now_kwh_a: float
    then_kwh_a: float
    parts: dict[str, tuple[float, float] | None] = Field(
        description="Of the range, kWh a year downwards and upwards; null: not known"
    )
    assumptions: list[dict[str, Any]]


class MotorDetail(MotorItem):
    """A motor with its instruments and the assumptions of its verdict."""

    points: dict[str, str | None]
    method: str | None
    assumptions: list[dict[str, Any]]
    nameplate_efficiency_at_load: float | None = Field(description="The nameplate's curve, not a measurement")
    efficiency_uncertainty_parts_pct: dict[str, float] | None
    profile_from: datetime | None = Field(description="Begin of the load profile that savings stand on")
    profile_to: datetime | None
    profile_h: float | None = Field(description="Hours of it that were metered")
    saving: SavingDetail | None
    resize: SavingDetail | None


@dataclass(frozen=True, slots=True)
class MotorView:
    """A motor by number, what it does, and what could be saved."""

    number: int
    state: MotorState
    worth: Worth


def motor_item(view: MotorView, owner: EnterpriseRow, language: str, price: float | None) -> MotorItem:
    return MotorItem.model_validate(_fields(view, owner, language, price))


def _fields(view: MotorView, owner: EnterpriseRow, language: str, price: float | None) -> dict[str, object]:
    number, state, worth = view.number, view.state, view.worth
    motor, load, found = state.motor, state.load.load, state.efficiency.comparison
    method = method_of(motor)
    plate = ("code", "process", "model", "year", "type", "rated_kw", "poles", "efficiency_pct", "voltage_v")
    rest = ("current_a", "power_factor", "duty", "vsd", "drives")
    return (
        {name: getattr(motor, name) for name in (*plate, *rest)}
        | {
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
            "load_unclassed": list(load.unclassed) if load else [],
            "load_why": state.load.why.value if state.load.why else None,
            "load_missing": list(state.load.missing),
            "efficiency_state": state.efficiency.state.value,
            "efficiency_why": state.efficiency.why.value if state.efficiency.why else None,
            "efficiency_missing": list(state.efficiency.missing),
            "efficiency_method": method.value if isinstance(method, Method) else None,
            "efficiency_loss_pct": 100 * found.loss if found else None,
            "efficiency_uncertainty_pct": 100 * found.uncertainty if found else None,
        }
        | _worth_fields(worth, price)
    )


def _worth_fields(worth: Worth, price: float | None) -> dict[str, object]:
    grade, saving, resize = worth.grade, worth.replacing, worth.resizing
    entry = worth.lists.matches[0][0] if worth.lists.matches else None
    saved = saving if isinstance(saving, Saving) else None
    smaller = resize if isinstance(resize, Saving) else None
    return {
        "grade": grade.reached.name if grade.reached else None,
        "grade_state": grade.state.value,
        "grade_why": grade.why.value if grade.why else None,
        "grade_limit_pct": grade.limit.efficiency_pct if grade.limit else None,
        "grade_edition": grade.table.citation.edition if grade.table else None,
        "list_state": worth.lists.state.value,
        "list_name": entry.list if entry else None,
        "list_action": entry.action if entry else None,
        "list_missing": list(worth.lists.missing),
        "saving_kwh_a": saved.kwh_a if saved else None,
        "saving_low_kwh_a": saved.low_kwh_a if saved else None,
        "saving_high_kwh_a": saved.high_kwh_a if saved else None,
        "saving_unclassed": list(saved.unclassed) if saved else [],
        "saving_why": saving.value if isinstance(saving, NoSaving) else None,
        "saving_cny_a": saved.kwh_a * price if saved and price is not None else None,
        "resize_to_kw": smaller.candidate.rated_kw if smaller else None,
        "resize_saving_kwh_a": smaller.kwh_a if smaller else None,
    }


def _saving_detail(saving: Saving | NoSaving, language: str) -> SavingDetail | None:
    if isinstance(saving, NoSaving):
        return None
    candidate = saving.candidate
    return SavingDetail(
        rated_kw=candidate.rated_kw,
        grade=candidate.grade.name,
        efficiency_pct=candidate.grade.efficiency_pct,
        edition=candidate.table.citation.edition,
        kwh_a=saving.kwh_a,
        low_kwh_a=saving.low_kwh_a,
        high_kwh_a=saving.high_kwh_a,
        unclassed=list(saving.unclassed),
        running_h_a=saving.running_h_a,
        now_kwh_a=saving.now_kwh_a,
        then_kwh_a=saving.then_kwh_a,
        parts=saving.parts,
        assumptions=_assumptions(saving.assumptions, language),
    )


def _assumptions(used: Sequence[Assumption], language: str) -> list[dict[str, Any]]:
    return [
        {"key": a.key, "value": a.value, "low": a.low, "high": a.high,
         "text": a.text.in_language(language), "confidence": a.confidence}
        for a in used
    ]  # fmt: skip


def motor_detail(view: MotorView, owner: EnterpriseRow, language: str, price: float | None) -> MotorDetail:
    state, worth = view.state, view.worth
    load, found = state.load.load, state.efficiency.comparison
    return MotorDetail.model_validate(
        _fields(view, owner, language, price)
        | {
            "points": state.motor.points.model_dump(),
            "method": load.method if load else None,
            "assumptions": _assumptions(load.assumptions if load else (), language),
            "nameplate_efficiency_at_load": state.efficiency.nameplate,
            "efficiency_uncertainty_parts_pct": {k: 100 * v for k, v in found.parts.items()} if found else None,
            "profile_from": worth.profile.start if worth.profile else None,
            "profile_to": worth.profile.end if worth.profile else None,
            "profile_h": worth.profile.known_h if worth.profile else None,
            "saving": _saving_detail(worth.replacing, language),
            "resize": _saving_detail(worth.resizing, language),
        }
    )


async def motor_views(context: Context, owner: EnterpriseRow) -> list[MotorView]:
    """The motors of an enterprise: what they are doing, and what could be saved."""
    numbers = {code: number for number, code in await views.motors(context.pool, owner.e)}
    now = context.clock()
    found = await context.kept.get("motor states", owner.e, lambda: _states(context, owner, now))
    savings = await worth(context, owner)
    return [
        MotorView(
            numbers[s.motor.code],
            s,
            savings[s.motor.code] if s.motor.code in savings else unobserved(s.motor, local_day(now, owner)),
        )
        for s in found
    ]


async def _states(context: Context, owner: EnterpriseRow, now: datetime) -> list[MotorState]:
    async with context.pool.acquire() as connection:
        return await motor_states(connection, owner.e, now)


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
    first = number_in("motors", cursor) or 0
    price = api.settings.electricity_price
    every = [motor_item(v, owner, language, price) for owner in owners for v in await motor_views(api, owner)]
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
        for view in await motor_views(api, owner):
            if view.number == motor:
                return motor_detail(view, owner, language, api.settings.electricity_price)
    raise NotFoundError(f"no motor {motor}")
