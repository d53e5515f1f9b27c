"""`/e/{enterprise}/motors`: which motors waste most, what would replacing save, and how do we know?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from api import csv_out
from api.console.i18n import catalogue
from api.console.render import page, zone_of
from api.deps import Api
from api.language import Language
from api.paging import Page
from api.routes.motors import MotorItem, motor_item, motor_views
from db import plants

router = APIRouter(include_in_schema=False)
Sort = Literal["saving", "load", "rated", "efficiency", "name", "loss"]
# What wastes or endangers stands first.
_ORDER = {"overloaded": 0, "idle": 1, "underloaded": 2, "normal": 3, "off": 4, "cannot_tell": 5}
# Any: numbers or texts, None where unknown. What one key gives compares among itself, which no type says.
_KEYS: dict[str, Callable[[MotorItem], Any]] = {
    "saving": lambda m: m.saving_kwh_a,
    "load": lambda m: m.load_factor,
    "rated": lambda m: m.rated_kw,
    "efficiency": lambda m: m.efficiency_pct,
    "loss": lambda m: m.efficiency_loss_pct,
    "name": lambda m: m.name,
}


@router.get("/e/{code}/motors")
async def show_motors(
    request: Request,
    api: Api,
    language: Language,
    code: str,
    load: str = "",
    grade: Literal["", "below", "meets", "cannot_tell"] = "",
    listed: Literal["", "possible_match", "none_found", "cannot_tell"] = "",
    q: Annotated[str, Query(max_length=100)] = "",
    sort: Sort = "saving",
    order: Literal["desc", "asc"] = "desc",
    wanted: Annotated[Literal["html", "csv"], Query(alias="format")] = "html",
) -> Response:
    text = catalogue(language)
    owner = await plants.enterprise(api.pool, code)
    price = api.settings.electricity_price
    every = [motor_item(view, owner, language, price) for view in await motor_views(api, owner)]
    counts = {state: sum(m.load_state == state for m in every) for state in _ORDER}
    below = sum(m.grade_state == "below" for m in every)
    shown = sorted_by([m for m in every if _shown(m, load, grade, listed, q)], sort, falling=order == "desc")
    if wanted == "csv":
        answer = csv_out.answer(
            request, Page(items=shown, next_cursor=None), MotorItem, "csv", name=f"motors-{code}", bom=True
        )
        assert isinstance(answer, Response)
        return answer
    name = owner.name(language)
    values = {
        "owner": owner,
        "motors": shown,
        "total": len(every),
        "counts": {state: n for state, n in counts.items() if n},
        "below": below,
        "on_list": sum(m.list_state == "possible_match" for m in every),
        "chosen": {"load": load, "grade": grade, "listed": listed, "q": q, "sort": sort, "order": order},
        "saving": sum(m.saving_kwh_a for m in shown if m.saving_kwh_a is not None),
        "saving_of": sum(m.saving_kwh_a is not None for m in shown),
        "price": price,
        "zone": zone_of(owner.timezone),
    }
    crumbs = [("/", text("District")), (f"/e/{code}", name)]
    return await page(request, api, "motors.html", values, live=code, crumbs=crumbs)


def _shown(motor: MotorItem, load: str, grade: str, listed: str, q: str) -> bool:
    named = " ".join(filter(None, (motor.code, motor.name, motor.model, motor.process))).casefold()
    states = ((load, motor.load_state), (grade, motor.grade_state), (listed, motor.list_state))
    return all(wanted in {"", state} for wanted, state in states) and q.casefold() in named


def sorted_by(motors: list[MotorItem], sort: Sort, *, falling: bool) -> list[MotorItem]:
    """Motors by one of their figures; those without it stand last, whichever way."""
    key = _KEYS[sort]
    first = sorted(motors, key=lambda m: (_ORDER.get(m.load_state, 9), -m.rated_kw, m.code))
    known = [m for m in first if key(m) is not None]
    known.sort(key=key, reverse=falling)
    return known + [m for m in first if key(m) is None]
