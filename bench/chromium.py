"""A page as large as a wall in headless Chromium, which the product comes without: a bench may find none."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bench.figures import Options

if TYPE_CHECKING:
    from playwright.async_api import Page

_PROGRAMS = ("chromium", "chromium-browser")
_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")


def chromium(options: Options) -> str | None:
    """Where Chromium is; None where it or what drives it is missing, which is said."""
    program = next((found for name in _PROGRAMS if (found := shutil.which(name))), None)
    if program is None or importlib.util.find_spec("playwright") is None:
        options.say("not measured: it takes chromium and `make install-dev`")
        return None
    return program


@asynccontextmanager
async def blank_page(program: str) -> AsyncIterator[Page]:
    """A page that has gone nowhere yet."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 - comes with what the tests need

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        try:
            yield await browser.new_page(viewport={"width": 1920, "height": 1080})
        finally:
            await browser.close()
