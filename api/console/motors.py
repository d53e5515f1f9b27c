"""`/e/{enterprise}/motors`: what each motor does, and what can honestly be told."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.console.i18n import catalogue
from api.console.render import page, zone_of
from api.deps import Api
from api.language import Language
from api.routes.motors import MotorItem, motor_item, states
from db import plants

router = APIRouter(include_in_schema=False)
# What wastes or endangers stands first.
_ORDER = {"overloaded": 0, "idle": 1, "underloaded": 2, "normal": 3, "off": 4, "cannot_tell": 5}


@router.get("/e/{code}/motors")
async def show_motors(request: Request, api: Api, language: Language, code: str, load: str = "") -> Response:
    text = catalogue(language)
    owner = await plants.enterprise(api.pool, code)
    every = [motor_item(number, owner, state, language) for number, state in await states(api, owner)]
    every.sort(key=lambda m: (_ORDER.get(m.load_state, 9), -m.rated_kw, m.code))
    counts = {state: sum(m.load_state == state for m in every) for state in _ORDER}
    shown: list[MotorItem] = [m for m in every if load in {"", m.load_state}]
    name = owner.name_zh if language == "zh" else owner.name_en
    values = {
        "owner": owner,
        "motors": shown,
        "total": len(every),
        "counts": {state: n for state, n in counts.items() if n},
        "chosen": load,
        "zone": zone_of(owner.timezone),
    }
    crumbs = [("/", text("District")), (f"/e/{code}", name)]
    return await page(request, api, "motors.html", values, live=code, crumbs=crumbs)
