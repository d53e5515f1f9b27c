"""The console in a real Chromium, on a real server with a seeded database."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from playwright.async_api import Browser, BrowserContext, Page, Request, async_playwright

from api.app import create_app
from api.deps import Deps
from api.serving import bind, serve
from enms.settings import Settings
from tests.api.seed import Seeded, seed

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SHOTS = Path(__file__).parents[2] / "var" / "screenshots"
_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip


@dataclass
class Server:
    """The application on its port; it can go away and come back.

    Attributes:
        ahead: how far its clock is before the real one.
    """

    pool: asyncpg.Pool
    port: int
    ahead: timedelta = timedelta()
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        app = create_app(Deps(self.pool, Settings(), clock=lambda: datetime.now(UTC) + self.ahead))
        self._stop = asyncio.Event()
        self._task = asyncio.create_task(serve(app, bind("127.0.0.1", self.port), self._stop))

    async def stop(self) -> None:
        if self._task is not None:
            self._stop.set()
            await asyncio.wait_for(self._task, 20)
            self._task = None


@dataclass
class Console:
    """A running console, and what a browser complained of while it was looked at."""

    url: str
    seeded: Seeded
    dsn: str
    browser: Browser
    server: Server
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    async def open(
        self,
        path: str,
        *,
        size: tuple[int, int] = (1920, 1080),
        language: str = "zh-CN",
        scheme: str = "dark",
        scripts: bool = True,
    ) -> Page:
        """A page in a fresh browser context; everything it complains of is remembered."""
        page = await self.blank(size=size, language=language, scheme=scheme, scripts=scripts, path=path)
        await page.goto(self.url + path, wait_until="load")
        return page

    async def blank(
        self,
        *,
        size: tuple[int, int] = (1920, 1080),
        language: str = "zh-CN",
        scheme: str = "dark",
        scripts: bool = True,
        path: str = "",
    ) -> Page:
        """A page that has gone nowhere yet."""
        context: BrowserContext = await self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale=language,
            color_scheme=scheme,
            java_script_enabled=scripts,
        )
        page = await context.new_page()
        page.on(
            "console", lambda m: self.complaints.append(f"{path}: {m.text}") if m.type in {"error", "warning"} else None
        )
        page.on("pageerror", lambda error: self.complaints.append(f"{path}: {error}"))
        page.on("request", self._asked)
        return page

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.foreign.append(request.url)


@pytest.fixture
async def console(pg_dsn: str, db_pool: asyncpg.Pool, free_port: int) -> AsyncIterator[Console]:
    """A console on a database seeded up to now."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    connection = await asyncpg.connect(pg_dsn)
    try:
        seeded = await seed(connection, datetime.now(UTC), hours=3, days=5)
    finally:
        await connection.close()
    server = Server(db_pool, free_port)
    await server.start()
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM,
                args=_ARGUMENTS,
                env={**os.environ, "HOME": "/tmp"},
                timeout=60_000,  # it starts slowly on a busy machine
            )
            try:
                yield Console(f"http://127.0.0.1:{free_port}", seeded, pg_dsn, browser, server)
            finally:
                await browser.close()
    finally:
        await server.stop()
