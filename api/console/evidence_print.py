"""`/alerts/{id}/evidence/print` and `.pdf`: what an inspector puts on the table."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.console.alerts import story_line
from api.console.evidence import evidence_view
from api.console.evidence_verdict import verdict_of
from api.console.i18n import catalogue
from api.console.render import environment, remember_language, zone_of
from api.deps import Api, Context
from api.language import Language
from api.params import RowNumber
from api.pdf import pdf_of
from db import alerts, plants
from enms.errors import NotFoundError

router = APIRouter(include_in_schema=False)
Version = Annotated[int | None, Query(ge=1, description="Version of the evidence; the last one stands")]


@router.get("/alerts/{alert}/evidence/print")
async def show_print(
    request: Request, api: Api, language: Language, alert: RowNumber, version: Version = None
) -> Response:
    html, _ = await _document(api, alert, version, language, tools=True)
    return remember_language(request, HTMLResponse(html))


@router.get("/alerts/{alert}/evidence.pdf")
async def show_pdf(api: Api, language: Language, alert: RowNumber, version: Version = None) -> Response:
    html, shown = await _document(api, alert, version, language, tools=False)
    name = f"evidence-{alert}-v{shown}-{language}.pdf"
    return Response(
        await pdf_of(html),
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"},
    )


async def _document(api: Context, alert: int, version: int | None, language: str, *, tools: bool) -> tuple[str, int]:
    """The page as it is printed, and which version that is.

    Raises:
        NotFoundError: no such alert, or it has no such version of evidence.
    """
    text = catalogue(language)
    row = await alerts.get_alert(api.pool, alert)
    owner = await plants.owner(api.pool, row.enterprise)
    zone = zone_of(owner.timezone)
    versions = await alerts.evidence(api.pool, row)
    chosen = [v for v in versions if version is None or v.version == version]
    if not chosen:
        raise NotFoundError(f"alert {alert} has no evidence" + ("" if version is None else f" of version {version}"))
    shown, latest = chosen[-1], versions[-1].version
    html = (
        environment(language)
        .get_template("evidence_print.html")
        .render(
            row=row,
            name=owner.name(language),
            evidence=evidence_view(shown, text, zone),
            verdict=verdict_of(shown, row, stands=shown.version == latest),
            versions=versions,
            latest=latest,
            story=[story_line(t, row, text) for t in await alerts.transitions(api.pool, row)],
            zone=zone,
            now=api.clock(),
            tools=tools,
        )
    )
    return html, shown.version
