"""The application: REST under /api/v1, the console at /, the description at /openapi.json."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware.gzip import GZipMiddleware

from api import problems
from api.console import router as console
from api.console.render import problem_page
from api.deps import Context, Deps
from api.freshness import Freshness
from api.guards import Guards
from api.health import Backlog
from api.kept import Kept
from api.latest import Registry
from api.live import LiveHub
from api.live_sources import LiveSources
from api.metrics import Measure, Metrics
from api.problems import Problem
from api.routes import (
    alerts,
    budgets,
    cases,
    coal_rates,
    consumption,
    corrections,
    crews,
    enpis,
    enterprises,
    intervals,
    live,
    meters,
    motors,
    notifications,
    outages,
    points,
    production,
    quarantine,
    readings,
    reports,
    rules,
    shifts,
    standards,
    system,
)
from api.routes.readings import BatchIn

PREFIX = "/api/v1"
_DESCRIPTION = """
Real-time industrial energy monitoring: what the meters said, the interval ledger made of it, EnPIs, motors and alerts.

* Times are RFC 3339; answers are in UTC (`Z`). A parameter `2026-11-22` means the begin of that day at the enterprise.
* A list answers `{"items": [...], "next_cursor": null}`; `limit` may always be 1 000, and up to ENMS_API_MAX_ROWS.
* `?format=csv` gives every table as CSV; the next page's cursor is then in the header `X-Next-Cursor`.
* Errors are RFC 9457 problem details (`application/problem+json`); `errors` lists every mistake.
* Names follow Accept-Language (zh, en). Unknown is null, never 0.
"""
_TAGS = [
    {"name": "system", "description": "Is it ready, how far is it behind"},
    {"name": "enterprises", "description": "Key energy users, their processes, points and motors"},
    {"name": "points", "description": "Metering points and their newest values"},
    {"name": "readings", "description": "What the meters said; backfill"},
    {"name": "production", "description": "Production entered by hand, with who, when and why"},
    {"name": "ledger", "description": "Quarter-hour intervals with their basis, and consumption in tce and tCO2"},
    {"name": "performance", "description": "EnPIs against limits"},
    {"name": "reports", "description": "Daily and monthly reports, also as workbook and PDF"},
    {"name": "motors", "description": "Motors: load and efficiency"},
    {"name": "alerts", "description": "Alerts, their evidence, and what people did about them"},
    {
        "name": "cases",
        "description": "Inspection cases: opened on alerts, with the evidence that stood, to their closing",
    },
    {"name": "quarantine", "description": "What was refused, and why"},
    {"name": "meters", "description": "Declaring exchanges and resets"},
    {"name": "live", "description": "Server-sent events"},
]


def create_app(deps: Deps) -> FastAPI:
    """The application on these dependencies; its lifespan runs the live hub."""
    registry = Registry(deps.pool, deps.clock)
    kept = Kept()
    hub = LiveHub(deps.pool, LiveSources(deps.pool, registry, kept, deps.clock).sources())
    metrics = Metrics(hub)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(hub.run(), name="live hub")
        try:
            yield
        finally:
            hub.close()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    app = FastAPI(
        title="Energy monitoring", version="1", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.state.context = Context(
        deps.pool,
        deps.settings,
        deps.clock,
        deps.backfill,
        deps.backtest,
        registry=registry,
        hub=hub,
        kept=kept,
    )
    app.state.metrics = metrics
    app.state.freshness = Freshness(deps.pool, metrics.registry, deps.clock)
    app.state.backlog = Backlog()
    for room in (
        system,
        enterprises,
        points,
        readings,
        production,
        intervals,
        consumption,
        enpis,
        motors,
        reports,
        shifts,
        budgets,
        crews,
        corrections,
        coal_rates,
        alerts,
        cases,
        outages,
        notifications,
        rules,
        standards,
        quarantine,
        meters,
        live,
    ):
        app.include_router(room.router, prefix=PREFIX)
    app.include_router(system.router, include_in_schema=False)
    console.install(app)
    problems.install(app, problem_page)
    app.add_middleware(GZipMiddleware, minimum_size=2000)
    app.add_middleware(Guards, max_body=deps.settings.max_payload_bytes)
    app.add_middleware(Measure, metrics=metrics)
    _describe(app)
    return app


def _tables(schema: dict[str, Any]) -> None:
    """Say of every table that it comes as CSV, too: FastAPI only sees the JSON model."""
    for operations in schema["paths"].values():
        for operation in operations.values():
            if any(parameter["name"] == "format" for parameter in operation.get("parameters", ())):
                operation["responses"]["200"]["content"].setdefault("text/csv", {"schema": {"type": "string"}})


def _describe(app: FastAPI) -> None:
    """Serve /openapi.json with the shapes that no route declares by itself."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title="Energy monitoring", version="1.0", description=_DESCRIPTION, routes=app.routes, tags=_TAGS
            )
            shapes = schema.setdefault("components", {}).setdefault("schemas", {})
            for model in (Problem, BatchIn):
                found = model.model_json_schema(ref_template="#/components/schemas/{model}")
                shapes |= found.pop("$defs", {})
                shapes[model.__name__] = found
            _tables(schema)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the description

    @app.get("/openapi.json", include_in_schema=False)
    async def description() -> dict[str, Any]:
        return app.openapi()
