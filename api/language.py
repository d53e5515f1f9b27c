"""Which language a person reads: `zh` or `en`. Chinese where nobody says."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

LANGUAGES = ("zh", "en")
COOKIE = "enms_lang"


def negotiate(header: str | None) -> str:
    """The language of an Accept-Language header (RFC 9110 12.5.4)."""
    best, best_weight = "zh", 0.0
    for part in (header or "").split(","):
        tag, _, parameters = part.strip().partition(";")
        primary = tag.split("-", 1)[0].lower()
        weight = 1.0
        if parameters.strip().startswith("q="):
            try:
                weight = float(parameters.strip()[2:])
            except ValueError:
                weight = 0.0
        if primary in LANGUAGES and weight > best_weight:
            best, best_weight = primary, weight
    return best


def language_of(request: Request) -> str:
    """?lang, then the cookie, then Accept-Language."""
    for wanted in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if wanted and wanted[:2].lower() in LANGUAGES:
            return wanted[:2].lower()
    return negotiate(request.headers.get("accept-language"))


Language = Annotated[str, Depends(language_of)]
