"""`/e/{enterprise}/budgets`: does the year's carbon, coal, standard coal last, and if not, when is it used up?"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.console.drawing import wall_ms
from api.console.i18n import catalogue
from api.console.render import page, zone_of
from api.console.words import word
from api.deps import Api
from api.language import Language
from api.routes.budgets import budget_item, courses
from db import alerts, plants
from db.alerts import Filter
from enms.errors import NotFoundError

router = APIRouter(include_in_schema=False)
_ALERTS = 20


@router.get("/e/{code}/budgets")
async def show_budgets(request: Request, api: Api, language: Language, code: str) -> Response:
    text = catalogue(language)
    owner = await plants.enterprise(api.pool, code)
    items = [budget_item(course, language) for course in await courses(api, owner)]
    wanted = {item.code for item in items}
    rules = await alerts.list_alerts(api.pool, [owner.e], Filter(state="firing"), limit=500)
    name = owner.name(language)
    values = {
        "owner": owner,
        "name": name,
        "items": items,
        "alerts": [a for a in rules if a.kind == "budget" and a.subject in wanted][:_ALERTS],
        "names": {owner.code: name},
        "zone": zone_of(owner.timezone),
    }
    crumbs = [("/", text("District")), (f"/e/{code}", name)]
    return await page(request, api, "budgets.html", values, live=code, crumbs=crumbs)


@router.get("/e/{code}/budgets/{budget}.json")
async def budget_data(api: Api, language: Language, code: str, budget: str) -> dict[str, object]:
    """For the chart: cumulated days, the plan's line, the projection's course and band."""
    text = catalogue(language)
    owner = await plants.enterprise(api.pool, code)
    zone = zone_of(owner.timezone)
    course = next((c for c in await courses(api, owner) if c.budget.code == budget), None)
    if course is None:
        raise NotFoundError(f"{code} has no budget {budget!r}")
    begin = wall_ms(course.start, zone)

    def day(at: int) -> int:
        return wall_ms(course.until, zone) + at * 86_400_000

    ahead = course.projection.course if course.projection is not None else ()
    return {
        "unit": "t",
        "from": begin,
        "to": wall_ms(course.end, zone),
        "plan": [[begin, 0], [wall_ms(course.end, zone), course.budget.amount]],
        "amount": course.budget.amount,
        "used": [[begin, 0], *([wall_ms(end, zone), so_far.used] for end, so_far in course.days)],
        "ahead": [[day(r.days), r.low, r.expected, r.high] for r in ahead],
        "words": {
            "used": text("Used so far"),
            "plan": text("Plan, pro rata"),
            "amount": text("Budget"),
            "expected": text("Projected"),
            "band": text("80 % band"),
            "unit": word(text, "measure", course.budget.measure),
        },
    }
