"""/health and /metrics of a role, on ENMS_HEALTH_PORT, loopback or HTTP_HOST.

    report("database", ok=True, detail="PostgreSQL 18.6")

A part that is not well makes /health answer 503, so that an orchestrator or a probe can act on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from enms.errors import EnvironmentProblem


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a role: well or not, and a sentence about it."""

    ok: bool
    detail: str


_parts: dict[str, Part] = {}


def report(part: str, *, ok: bool, detail: str = "") -> None:
    """Say how a part of this process is; the last word counts."""
    _parts[part] = Part(ok, detail)


def state() -> dict[str, Part]:
    """What was last reported, by part."""
    return dict(_parts)


@asynccontextmanager
async def served(host: str, port: int) -> AsyncIterator[None]:
    """Serve /health and /metrics while the block runs; port 0: do not.

    Raises:
        EnvironmentProblem: the port is taken.
    """
    if port == 0:
        yield
        return
    try:
        server = await asyncio.start_server(_answer, host, port)
    except OSError as problem:
        raise EnvironmentProblem(f"port {port} for /health is taken: set ENMS_HEALTH_PORT") from problem
    try:
        yield
    finally:
        server.close()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        request = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        path = request.split(b" ", 2)[1].split(b"?")[0]
        status, kind, body = _page(path)
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
    except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, IndexError):
        pass
    finally:
        writer.close()


def _page(path: bytes) -> tuple[str, str, bytes]:
    if path == b"/metrics":
        return "200 OK", CONTENT_TYPE_LATEST, generate_latest()
    if path == b"/health":
        parts = state()
        ok = all(part.ok for part in parts.values())
        body = {"status": "ok" if ok else "degraded", "parts": {name: asdict(part) for name, part in parts.items()}}
        return ("200 OK" if ok else "503 Service Unavailable"), "application/json", msgspec.json.encode(body)
    return "404 Not Found", "text/plain", b"not found\n"
