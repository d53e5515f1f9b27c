"""The console: pages, static files, and the description of the API for people."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.console import (
    alerts,
    budgets,
    case_opening,
    case_print,
    cases,
    corrections,
    crews,
    district,
    enpi,
    enterprise,
    evidence_print,
    motor,
    motors,
    notifications,
    outages,
    point,
    points,
    production,
    quality,
    quarantine,
    readings,
    reports,
    rules,
    shifts,
    standards,
    wall,
)
from api.console.render import STATIC, page
from api.deps import Api

router = APIRouter(include_in_schema=False)
_FOR_EVER = "public, max-age=31536000, immutable"


class _Static(StaticFiles):
    """Files whose address has their hash may be kept for ever, others are asked for again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        keep = scope.get("query_string", b"").startswith(b"v=")
        response.headers["Cache-Control"] = _FOR_EVER if keep else "no-cache"
        return response


@router.get("/docs")
async def show_docs(request: Request, api: Api) -> Response:
    """The API's description as a page of our own: nothing is loaded from elsewhere."""
    description: dict[str, Any] = request.app.openapi()
    by_tag: dict[str, list[tuple[str, str, dict[str, Any]]]] = {tag["name"]: [] for tag in description["tags"]}
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            by_tag[operation["tags"][0]].append((method.upper(), path, operation))
    values = {"description": description, "by_tag": by_tag}
    return await page(request, api, "docs.html", values)


def install(app: FastAPI) -> None:
    """Add the console to the application."""
    for room in (
        district,
        enterprise,
        points,
        motors,
        motor,
        reports,
        shifts,
        budgets,
        crews,
        corrections,
        production,
        readings,
        point,
        alerts,
        evidence_print,
        case_opening,
        cases,
        case_print,
        rules,
        outages,
        notifications,
        quarantine,
        wall,
        enpi,
        quality,
        standards,
    ):
        app.include_router(room.router)
    app.include_router(router)
    app.mount("/static", _Static(directory=STATIC), name="static")
