"""What the first reader would wait seconds for, made ready when the process starts: files of the catalogue, templates,
the description of the API. In a thread: the first requests are answered meanwhile.
"""

from __future__ import annotations

import asyncio

import structlog
from fastapi import FastAPI

from api.console.render import FOLDER, environment
from api.language import LANGUAGES
from db.statements import statements
from enms.motor_series import series_of
from enms.regression import quantile
from enms.standards_list import standard_rows

# What pages are made of.
_STATEMENTS = (
    "alerts", "consumption", "corrections", "crews", "energy", "ledger", "motors", "performance", "plants",
    "report_store", "rules", "views",
)  # fmt: skip
log = structlog.get_logger()


async def warm(app: FastAPI) -> None:
    """Read and compile what every process needs once. What cannot be read now is told of when it is asked for."""
    try:
        await asyncio.to_thread(_warm, app)
    except Exception:
        log.exception("could not be made ready beforehand")


def _warm(app: FastAPI) -> None:
    standard_rows()
    series_of("YE3-")
    # brings in the statistics library
    quantile(0.05, 10)
    for name in _STATEMENTS:
        statements(name)
    for language in LANGUAGES:
        templates = environment(language)
        for file in sorted((FOLDER / "templates").glob("*.html")):
            templates.get_template(file.name)
    app.openapi()
