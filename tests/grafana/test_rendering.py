"""Every dashboard drawn by Grafana's own components in headless Chromium: `make render`, then look at the pictures.

Opt-in: it wants npm and half a gigabyte. The frames are what the committed queries answer on simulated data, the
panels are the committed JSON, the components are @grafana/ui's (rendering/). State timelines have no component there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from playwright.async_api import Page, async_playwright

from grafana.frame import WALL_ROWS
from grafana.macros import expand
from tests.grafana.conftest import Screens
from tests.grafana.test_queries import BOARDS, scope

Json = dict[str, Any]
_BUNDLE, _OUT = os.environ.get("ENMS_RENDER_BUNDLE", ""), Path(os.environ.get("ENMS_RENDER_OUT", "build/rendering"))
_CHROMIUM_PATH = shutil.which("chromium") or shutil.which("chromium-browser")
_CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars"]
_GRID, _GAP = 38, 8
# An address of its own, that no server has: a page without one has no local storage, which the components want.
_PAGE, _HTML = "http://rendering.invalid/", '<!doctype html><meta charset="utf-8"><body><div id="board"></div>'
# Kiosk mode at 150 %, as GRAFANA walls are shown: 1280 x 720 of the page fill 1920 x 1080.
_WALL = {"width": 1280, "height": 720}

# Texts that leave their panel or lie over its title.
_CUT = """(panel, title) => {
  const box = panel.getBoundingClientRect(), found = [];
  let top = box.top;
  const walk = document.createTreeWalker(panel, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (!node.textContent.trim()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const at = range.getBoundingClientRect();
    if (node.textContent === title) top = at.bottom - 6;
    else if (at.bottom > box.bottom + 1 || at.right > box.right + 1 || at.top < top) found.push(node.textContent);
  }
  return found;
}"""

pytestmark = pytest.mark.skipif(not _BUNDLE, reason="opt-in: make render")


def _frame(rows: list[asyncpg.Record], target: Json) -> Json:
    """As the PostgreSQL data source answers: columns, series by their `metric` side by side."""
    columns = {key: [row[key] for row in rows] for key in (rows[0].keys() if rows else ())}
    if target["format"] == "time_series" and "metric" in columns:
        times = sorted(set(columns["time"]))
        at = {time: n for n, time in enumerate(times)}
        wide: dict[str, list[Any]] = {name: [None] * len(times) for name in dict.fromkeys(columns["metric"])}
        for time, name, value in zip(columns["time"], columns["metric"], columns["value"], strict=True):
            wide[name][at[time]] = value
        columns = {"time": times, **wide}
    return {"refId": target["refId"], "fields": [_field(name, values) for name, values in columns.items()]}


def _field(name: str, values: list[Any]) -> Json:
    known = next((value for value in values if value is not None), None)
    kind = "time" if isinstance(known, datetime) else "string" if isinstance(known, str) else "number"
    plain = [value.timestamp() * 1000 if isinstance(value, datetime) else value for value in values]
    return {"name": name, "type": kind, "values": plain, "config": {}}


async def _frames(screens: Screens, board: Json, name: str) -> Json:
    connection = await asyncpg.connect(screens.district)
    chosen = scope(name, board["time"]["from"], screens.seeded.now)
    try:
        return {
            panel["id"]: [
                _frame(await connection.fetch(expand(target["rawSql"], chosen)), target) for target in panel["targets"]
            ]
            for panel in board["panels"]
        }
    finally:
        await connection.close()


@pytest.mark.parametrize("name", BOARDS)
async def test_a_dashboard_can_be_drawn(name: str, screens: Screens) -> None:
    board = json.loads(BOARDS[name].read_text(encoding="utf-8"))
    frames = await _frames(screens, board, name)
    chosen = scope(name, board["time"]["from"], screens.seeded.now)
    given = {
        "board": board,
        "frames": frames,
        "from": chosen.start.isoformat(),
        "to": chosen.end.isoformat(),
    }
    wall = name.startswith("enms-wall")
    lines = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"])
    view = _WALL if wall else {"width": 1920, "height": lines * _GRID + 2 * _GAP}
    async with async_playwright() as tools:
        chromium = await tools.chromium.launch(executable_path=_CHROMIUM_PATH, args=_CHROMIUM)
        context = await chromium.new_context(
            viewport=view, device_scale_factor=1.5 if wall else 1, timezone_id="Asia/Shanghai", locale="zh-CN"
        )
        page = await context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda problem: problems.append(str(problem)))
        await page.route(_PAGE, lambda route: route.fulfill(body=_HTML, content_type="text/html"))
        await page.goto(_PAGE)
        await page.add_style_tag(path=Path(_BUNDLE).with_suffix(".css"))
        await page.add_script_tag(path=_BUNDLE)
        await page.evaluate("given => window.draw(given)", given)
        await page.wait_for_selector("[data-panel]")
        await page.wait_for_timeout(500)  # fonts and canvases settle; there is nothing to wait for
        _OUT.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing else runs
        await page.screenshot(path=_OUT / f"{name}.png")
        assert problems == []
        assert await page.locator("[data-panel]").count() == len(board["panels"])
        for panel in board["panels"]:
            await _shows(page, panel)
        if wall:
            assert lines <= WALL_ROWS
            assert await page.evaluate("document.documentElement.scrollHeight") <= view["height"]
        await chromium.close()


async def _shows(page: Page, panel: Json) -> None:
    drawn = page.locator(f'[data-panel="{panel["id"]}"]')
    if panel["type"] in ("stat", "bargauge"):
        assert await drawn.evaluate(_CUT, panel["title"]) == [], panel["title"]
    text = (await drawn.inner_text()).replace(panel["title"], "", 1).strip()
    match panel["type"]:
        case "stat" | "bargauge":
            assert re.search(r"\d|—|未", text), panel["title"]
        case "timeseries":
            assert await drawn.locator("canvas").count() >= 1, panel["title"]
        case "table":
            assert text, panel["title"]
