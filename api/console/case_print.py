"""`/cases/{number}/print` and `.pdf`: a case as it goes into the file (案卷)."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from api.console.cases import became, case_line
from api.console.i18n import catalogue
from api.console.render import environment, remember_language, zone_of
from api.deps import Api, Context
from api.language import Language
from api.pdf import pdf_of
from db import cases, plants

router = APIRouter(include_in_schema=False)


@router.get("/cases/{number}/print")
async def show_print(request: Request, api: Api, language: Language, number: str) -> Response:
    html = await _document(api, number, language, tools=True)
    return remember_language(request, HTMLResponse(html))


@router.get("/cases/{number}/case.pdf")
async def show_pdf(api: Api, language: Language, number: str) -> Response:
    html = await _document(api, number, language, tools=False)
    name = f"case-{number}-{language}.pdf"
    return Response(
        await pdf_of(html),
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"},
    )


async def _document(api: Context, number: str, language: str, *, tools: bool) -> str:
    """The page as it is printed.

    Raises:
        NotFoundError: no such case.
    """
    text = catalogue(language)
    row = await cases.get_case(api.pool, number, now=api.clock())
    owner = await plants.owner(api.pool, row.enterprise)
    return (
        environment(language)
        .get_template("case_print.html")
        .render(
            row=row,
            name=owner.name(language),
            alerts=[(one, became(one, text)) for one in await cases.alerts_of(api.pool, row)],
            log=[case_line(event, text) for event in await cases.events(api.pool, row)],
            zone=zone_of(owner.timezone),
            now=api.clock(),
            tools=tools,
        )
    )
