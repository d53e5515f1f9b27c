"""Errors become RFC 9457 problem details here, and only here.

`type` is `urn:enms:problem:…`, stable; `detail` is for people and may change; `errors` lists every mistake.
Paths outside /api are pages for people: the console gives its own renderer.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from db.pool import AWAY
from enms.errors import ConflictError, EnmsError, InputError, Mistake, NotFoundError, UnavailableError, reason_of

_log = structlog.get_logger("enms.api")
MEDIA_TYPE = "application/problem+json"
_PREFIX = "urn:enms:problem:"


class ProblemError(BaseModel):
    """One thing wrong with the request."""

    place: str = Field(description="Parameter or field, dotted", examples=["query.from"])
    reason: str = Field(description="What is wrong with it", examples=["an offset is needed"])


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str = Field(description="Stable kind of the problem", examples=["urn:enms:problem:invalid-input"])
    title: str = Field(examples=["The request cannot be used"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["query.from: an offset is needed, 2026-11-22T18:15:00+08:00"])
    instance: str = Field(description="Path of the request", examples=["/api/v1/intervals"])
    errors: list[ProblemError] = Field(default_factory=list)


class TooMuchError(EnmsError):
    """A body, a span or a page beyond the limits."""


class ForbiddenError(EnmsError):
    """A request this origin may not make."""


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for status, text in (
        (400, "The body is not JSON"),
        (404, "A name nobody knows"),
        (409, "Contradicts what is stored"),
        (413, "More than the limits allow"),
        (422, "The request cannot be used; `errors` lists every mistake"),
        (503, "The database is not there or took too long"),
    )
}

Renderer = Callable[[Request, Problem], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    status: int
    title: str
    # What a person is told instead of the error's own text; None: that text.
    detail: str | None = None


_INVALID = _Kind("invalid-input", 422, "The request cannot be used")
_SLOW = _Kind(
    "too-slow", 503, "Took too long", "the answer took too long: ask for a shorter span or a coarser resolution"
)
_DOWN = _Kind("unavailable", 503, "Not available", "the database is not there; try again")
_DEFECT = _Kind("defect", 500, "Internal error", "a defect of this program; the log has the details")
# The first class that fits an error decides; TimeoutError is an OSError and stands before it.
_KINDS: tuple[tuple[type[Exception], _Kind], ...] = (
    (NotFoundError, _Kind("not-found", 404, "Nobody knows this")),
    (ConflictError, _Kind("conflict", 409, "Contradicts what is stored")),
    (InputError, _INVALID),
    (RequestValidationError, _INVALID),
    (TooMuchError, _Kind("too-much", 413, "More than the limits allow")),
    (ForbiddenError, _Kind("forbidden", 403, "Not allowed")),
    (UnavailableError, _Kind("unavailable", 503, "Not available")),
    (EnmsError, _Kind("failed", 500, "Failed")),
    (TimeoutError, _SLOW),
    (asyncpg.QueryCanceledError, _SLOW),
    *((kind, _DOWN) for kind in AWAY),
    (asyncpg.CharacterNotInRepertoireError, _INVALID),
    (asyncpg.UntranslatableCharacterError, _INVALID),
    (Exception, _DEFECT),
)


def install(app: FastAPI, page: Renderer) -> None:
    """Handlers for everything that can go wrong; `page` renders problems of paths outside /api."""

    async def on_error(request: Request, error: Exception) -> Response:
        if isinstance(error, asyncpg.CharacterNotInRepertoireError | asyncpg.UntranslatableCharacterError):
            error = _unstorable(request)
        problem = describe(request.url.path, error)
        if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.error("request failed", path=request.url.path, kind=problem.type, exception=_trace(error))
        headers = dict(getattr(error, "headers", None) or {})
        if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers["Retry-After"] = "5"
        if request.url.path.startswith(("/api/", "/openapi", "/health", "/metrics")):
            return JSONResponse(problem.model_dump(), problem.status, headers, media_type=MEDIA_TYPE)
        return await page(request, problem)

    for kind, _ in _KINDS:
        app.add_exception_handler(kind, on_error)
    app.add_exception_handler(HTTPException, on_error)


def _unstorable(request: Request) -> InputError:
    """PostgreSQL's text has no NUL, and no name has one either."""
    places = [f"query.{name}" for name, value in request.query_params.multi_items() if "\0" in name + value]
    places += [f"path.{name}" for name, value in request.path_params.items() if "\0" in str(value)]
    return InputError("the request", [Mistake(place, "NUL is no character of a text") for place in places or ["body"]])


def _trace(error: Exception) -> str:
    """As text: a renderer that walks the frames' variables would hold the event loop up for seconds."""
    return "".join(traceback.format_exception(error))


def describe(path: str, error: Exception) -> Problem:
    """The problem details of an error met while answering `path`."""
    if isinstance(error, HTTPException):
        title = HTTPStatus(error.status_code).phrase
        kind = _Kind(title.lower().replace(" ", "-"), error.status_code, title, str(error.detail))
    else:
        kind = next(kind for known, kind in _KINDS if isinstance(error, known))
    mistakes = _mistakes(error)
    detail = kind.detail or "; ".join(str(mistake) for mistake in mistakes) or str(error)
    return Problem(
        type=_PREFIX + kind.name,
        title=kind.title,
        status=kind.status,
        detail=detail,
        instance=path,
        errors=[ProblemError(place=mistake.place, reason=mistake.reason) for mistake in mistakes],
    )


def _mistakes(error: Exception) -> tuple[Mistake, ...]:
    if isinstance(error, InputError):
        return error.mistakes
    if isinstance(error, RequestValidationError):
        return tuple(
            Mistake(".".join(str(part) for part in e["loc"]), reason_of(e["msg"], e["type"])) for e in error.errors()
        )
    return ()
