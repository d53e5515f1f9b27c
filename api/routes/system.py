"""GET /health and /metrics."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api import health
from api.deps import Api
from api.health import Health

router = APIRouter(tags=["system"])


@router.get(
    "/health",
    response_model=Health,
    summary="Readiness of each part, with engine and lag",
    responses={503: {"model": Health, "description": "Not ready"}},
)
async def show_health(request: Request, response: Response, api: Api) -> Health:
    found = await health.check(api, request.app.state.backlog)
    if found.status == "down":
        response.status_code = 503
    return found


@router.get(
    "/metrics",
    summary="Prometheus text",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def show_metrics(request: Request) -> Response:
    await request.app.state.freshness.look()
    return Response(generate_latest(request.app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST)
