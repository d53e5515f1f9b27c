"""What every request passes before a route sees it: body size, foreign origins, headers a browser needs."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import MEDIA_TYPE, ForbiddenError, TooMuchError, describe

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
# No outside host at run time; styles may be inline (chart tooltips), scripts never.
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


class Guards:
    """ASGI middleware around the application."""

    def __init__(self, app: ASGIApp, max_body: int) -> None:
        self._app = app
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def guarded_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                out = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    out.setdefault(name, value)
            await send(message)

        problem = self._refusal(scope, headers)
        if problem is not None:
            await _refuse(problem, scope, receive, guarded_send)
            return
        counted = 0
        over = False

        async def guarded_receive() -> Message:
            nonlocal counted, over
            message = await receive()
            counted += len(message.get("body", b""))
            if counted > self._max_body:
                over = True
                raise TooMuchError(f"the body is larger than {self._max_body} bytes")
            return message

        await self._app(scope, guarded_receive, guarded_send)

    def _refusal(self, scope: Scope, headers: Headers) -> Exception | None:
        """Why this request is not served at all; None if it is."""
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > self._max_body:
            return TooMuchError(f"the body is larger than {self._max_body} bytes")
        if scope["method"] in _SAFE_METHODS:
            return None
        # A page of another site may not write here with the reader's address or cookies.
        origin = headers.get("origin")
        if headers.get("sec-fetch-site") == "cross-site":
            return ForbiddenError("a request from another site")
        if origin is not None and urlsplit(origin).netloc != headers.get("host"):
            return ForbiddenError(f"a request from {origin}")
        return None


async def _refuse(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    problem = describe(scope["path"], error)
    response = JSONResponse(problem.model_dump(), problem.status, media_type=MEDIA_TYPE)
    await response(scope, receive, send)
