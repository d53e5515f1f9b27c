"""A wall in a real Chromium: read at 5 m, live, honest when data stop, up by itself afterwards, for days."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from playwright.async_api import Page

from api.console.i18n import catalogue
from tests.browser.conftest import SHOTS, Console

WALLS = ("/wall", "/wall/seed-steel", "/wall/seed-power")
_LIVE = "() => document.getElementById('link').dataset.state === 'live'"
_LOST = "kind => document.body.dataset.trouble === kind"
_COUNTED = """() => {
  window.opened = new Set();
  const Real = window.EventSource;
  window.EventSource = class extends Real {
    constructor(...given) { super(...given); window.opened.add(this); }
    close() { super.close(); window.opened.delete(this); }
  };
}"""
# A screen whose own clock is wrong, and later corrected: by `shift`, ms; `jump` lets time pass.
_CLOCKS = """(() => {
  const [wall, steady] = [Date.now.bind(Date), performance.now.bind(performance)];
  window.shift = -1200e3;
  window.jump = 0;
  Date.now = () => wall() + window.shift;
  performance.now = () => steady() + window.jump;
})()"""
# Smallest text, what leaves the screen, and figures that do not fit their tile.
_LEGIBLE = """() => {
  const small = new Set(), outside = new Set(), cut = new Set();
  for (const e of document.querySelectorAll('#wall *')) {
    const speaks = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!speaks || !e.offsetParent) continue;
    const box = e.getBoundingClientRect(), size = parseFloat(getComputedStyle(e).fontSize);
    if (size < 64 * Math.min(innerWidth / 1920, innerHeight / 1080) - 0.5) small.add(`${e.className} ${size}`);
    const within = box.right <= innerWidth && box.bottom <= innerHeight && box.left >= 0 && box.top >= 0;
    if (!within && !e.closest('.alarms li')) outside.add(e.outerHTML.slice(0, 80)); // a long row ends in an ellipsis
  }
  for (const e of document.querySelectorAll('.big, .tile h2, .tile .note, .trend, .trend figcaption, .alarms')) {
    const tall = e.matches('.trend, .alarms') && e.scrollHeight > e.clientHeight + 1;
    if (e.scrollWidth > e.clientWidth + 1 || tall) cut.add(`${e.className}: ${e.textContent.trim()}`);
  }
  return [[...small], [...outside], [...cut]];
}"""


async def _power(page: Page) -> str:
    return await page.locator(".tile .q[data-live]").first.inner_text()


@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160)])
async def test_every_wall_is_legible_at_five_metres(console: Console, size: tuple[int, int]) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    for language in ("zh-CN", "en-US"):
        for path in WALLS:
            page = await console.open(path, size=size, language=language)
            await page.wait_for_function(_LIVE)
            await page.screenshot(path=SHOTS / f"{path[1:].replace('/', '-')}-{size[0]}-{language[:2]}.png")
            assert await page.evaluate(_LEGIBLE) == [[], [], []], (path, language)
            assert 5 <= await page.locator(".tile").count() <= 6
            assert await page.locator(".trend .line").count() <= 5
            assert await page.locator(".alarms li:not(.more):not(.none)").count() <= 5
            await page.context.close()
    assert console.complaints == []
    assert console.foreign == []


async def test_the_first_paint_has_the_numbers_without_a_script(console: Console) -> None:
    page = await console.open("/wall/seed-steel", scripts=False, language="en-US")
    assert re.match(r"[\d.]+\s+MW", (await _power(page)).replace("\u202f", " "))
    assert await page.locator("#age .big").inner_text() != "—"
    assert await page.locator(".trend .line").count() == 4
    assert await page.locator(".alarms li").count() == 3
    assert await page.locator("noscript meta[http-equiv=refresh]").count() == 1


async def test_a_new_value_appears_by_itself(console: Console) -> None:
    page = await console.open("/wall/seed-steel")
    await page.wait_for_function(_LIVE)
    before = await _power(page)
    await page.evaluate("window.stays = true")
    e, p = console.seeded.e["seed-steel"], console.seeded.p["site.grid.energy"]
    connection = await asyncpg.connect(console.dsn)
    try:
        async with connection.transaction():
            last = await connection.fetchval(
                "SELECT value FROM reading WHERE e = $1 AND p = $2 ORDER BY ts DESC LIMIT 1", e, p
            )
            at = datetime.now(UTC) + timedelta(seconds=1)
            await connection.execute(
                "INSERT INTO reading VALUES ($1, $2, $3, NULL, $4, 0, 0, $3)", e, p, at, last + 50000
            )
            await connection.execute("SELECT pg_notify('enms_reading', $1)", str(e))
    finally:
        await connection.close()
    await page.wait_for_function("was => document.querySelector('.tile .q[data-live]').innerText !== was", arg=before)
    assert await page.evaluate("window.stays"), "the page was not loaded again"


async def test_a_dead_server_is_told_in_large_letters_and_a_new_one_is_found(console: Console) -> None:
    page = await console.open("/wall/seed-steel")
    await page.wait_for_function(_LIVE)
    await page.evaluate("window.stays = true")
    await console.server.stop()
    await page.wait_for_function(_LOST, arg="cut")
    assert await page.locator(".stop .what").inner_text() == "连接中断"
    assert re.match(r"\d\d:\d\d 起", await page.locator(".stop .since").inner_text())
    assert await page.evaluate("parseFloat(getComputedStyle(document.querySelector('.stop .what')).fontSize)") >= 96
    await page.screenshot(path=SHOTS / "wall-cut.png")
    await console.server.start()
    await page.wait_for_function(_LIVE)
    assert await page.locator(".stop").is_hidden()
    assert await page.evaluate("window.stays"), "it found back without loading the page again"


async def test_minutes_without_a_server_are_survived(console: Console) -> None:
    """It goes on asking, less and less often, counts the age of what it shows, and needs nobody afterwards."""
    page = await console.blank()
    await page.add_init_script(f"({_COUNTED})()")
    await page.clock.install()
    await page.goto(console.url + "/wall/seed-steel")
    await page.wait_for_function(_LIVE)
    nodes = await page.evaluate("document.querySelectorAll('*').length")
    await page.evaluate("window.stays = true")
    await console.server.stop()
    await page.clock.run_for(2_000)
    await page.wait_for_function(_LOST, arg="cut")
    since = await page.locator(".stop .since").inner_text()
    for _ in range(5):
        await page.clock.run_for(60_000)
        assert await page.evaluate("document.body.dataset.trouble") == "cut"
    assert await page.locator(".stop .since").inner_text() == since, "since when, not since the last try"
    assert re.match(r"[5-9] 分", await page.locator("#age .big").inner_text())
    assert await page.locator("#age .note").inner_text() == "连接中断"
    dimmed = "parseFloat(getComputedStyle(document.querySelector('.tile:not(#age) .big')).opacity)"
    assert await page.evaluate(dimmed) < 0.5, "what may be wrong by now is not shown as if it were right"
    await console.server.start()
    for _ in range(8):
        await page.clock.run_for(10_000)
        if await page.evaluate(f"({_LIVE})()"):
            break
    await page.wait_for_function(_LIVE)
    assert await page.evaluate("window.stays"), "it found back without loading the page again"
    assert await page.evaluate("window.opened.size") == 1
    assert await page.evaluate("document.querySelectorAll('*').length") == nodes


async def _heard(page: Page) -> None:
    """Until the next sums have come."""
    await page.evaluate("window.sums = 0")
    await page.wait_for_function("() => window.sums > 0")


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
async def test_a_page_that_is_not_to_be_had_while_events_come_is_told(console: Console, language: str) -> None:
    """What events do not bring would stand still under a green word."""
    page = await console.blank(language=language)
    await page.add_init_script(_CLOCKS)
    await page.add_init_script("""(() => {
      const Real = window.EventSource;
      window.EventSource = class extends Real {
        constructor(...given) { super(...given); this.addEventListener('summary', () => { window.sums += 1; }); }
      };
    })()""")
    await page.goto(console.url + "/wall/seed-steel")
    await page.wait_for_function(_LIVE)
    answer = {"status": 500, "body": "no"}
    await page.route("**/wall/seed-steel", lambda route: route.fulfill(**answer))
    for passed_s in (15, 30):
        await _heard(page)
        await page.evaluate("s => { window.jump = s * 1000; }", passed_s)
    await page.wait_for_function(_LOST, arg="old")
    what, since, link = ("Old figures", r"not renewed since \d\d:\d\d", "Old figures")
    if language == "zh-CN":
        what, since, link = ("画面未更新", r"\d\d:\d\d 起未更新", "画面未更新")
    assert await page.locator(".stop .what").inner_text() == what
    assert re.fullmatch(since, await page.locator(".stop .since").inner_text())
    assert await page.locator("#link").inner_text() == link
    assert await page.locator("#age .note").inner_text() == what
    assert "good" not in (await page.locator("#age").get_attribute("class") or "")
    dimmed = "parseFloat(getComputedStyle(document.querySelector('.alarms')).opacity)"
    assert await page.evaluate(dimmed) < 0.5
    wide = "[...document.querySelectorAll('.stop p')].every(e => e.scrollWidth <= e.closest('.stop').clientWidth)"
    assert await page.evaluate(wide)
    await page.screenshot(path=SHOTS / f"wall-old-{language[:2]}.png")
    answer |= {"status": 200, "body": "<title>Sign in</title>"}
    await _heard(page)
    assert await page.evaluate("document.body.dataset.trouble") == "old", "not a wall"
    await page.unroute("**/wall/seed-steel")
    await page.wait_for_function(_LIVE)
    assert await page.locator(".stop").is_hidden()


async def test_a_corrected_clock_of_the_screen_moves_nothing(console: Console) -> None:
    for path in ("/wall/seed-steel", "/e/seed-steel"):
        page = await console.blank(language="en-US")
        await page.add_init_script(_CLOCKS)
        await page.goto(console.url + path)
        await page.wait_for_function(_LIVE)
        ages = "() => [...document.querySelectorAll('#age .big, #clock, time.ago')].map(e => e.textContent.trim())"
        for shift_ms in (0, 1_200_000):
            before = await page.evaluate(ages)
            assert before
            await page.evaluate("ms => { window.shift = ms; }", shift_ms)
            await page.wait_for_timeout(2_500)
            for was, found in zip(before, await page.evaluate(ages), strict=True):
                assert _about_s(found) == pytest.approx(_about_s(was), abs=90), path
            assert await page.evaluate("document.body.dataset.trouble ?? null") is None
        await page.context.close()


def _about_s(text: str) -> float:
    """Seconds that an age, or a time of the day, says."""
    if clock := re.fullmatch(r"(\d\d):(\d\d)", text):
        return int(clock[1]) * 3600 + int(clock[2]) * 60
    number, unit = text.split()[:2]
    return float(number) * {"s": 1, "min": 60, "h": 3600, "d": 86400}[unit]


async def test_old_data_are_told_although_the_connection_stands(console: Console) -> None:
    await console.server.stop()
    console.server.ahead = timedelta(minutes=10)
    await console.server.start()
    page = await console.open("/wall", language="en-US")
    await page.wait_for_function(_LOST, arg="stopped")
    assert await page.locator(".stop .what").inner_text() == "Data stopped"
    assert await page.locator("#age .note").inner_text() == "Data stopped"
    assert re.match(r"1\d min", await page.locator("#age .big").inner_text())
    await page.screenshot(path=SHOTS / "wall-stopped.png")


async def test_a_ledger_that_stands_still_is_told_although_readings_come(console: Console) -> None:
    for back in ("5 hours", "2 days"):
        connection = await asyncpg.connect(console.dsn)
        try:
            await connection.execute("UPDATE point_state SET closed_until = closed_until - $1::text::interval", back)
        finally:
            await connection.close()
        console.server.ahead += timedelta(seconds=31)  # so long it may remember what points there are
        for language, behind in (("en-US", "The ledger is behind: nobody knows"), ("zh-CN", "账本滞后：情况不明")):
            for path in WALLS:
                page = await console.open(path, language=language)
                await page.wait_for_function(_LIVE)
                over = catalogue(language[:2])("over, as of %(at)s", at="11-25")
                await page.evaluate("over => { document.querySelector('.tile .note').textContent = over; }", over)
                shot = f"wall-ledger-{path.rpartition('/')[2]}-{back[0]}-{language[:2]}.png"
                await page.screenshot(path=SHOTS / shot)
                assert await page.evaluate(_LEGIBLE) == [[], [], []], (path, language)
                alone = await page.locator(".alarms .none").all_inner_texts()
                assert alone == ([behind] if path.endswith("power") else [])
                await page.context.close()


async def test_hours_leave_nothing_behind(console: Console) -> None:
    page = await console.blank()
    await page.add_init_script(f"({_COUNTED})()")
    await page.clock.install()
    await page.goto(console.url + "/wall/seed-steel")
    await page.wait_for_function(_LIVE)
    nodes = await page.evaluate("document.querySelectorAll('*').length")
    for _ in range(6):
        await page.clock.run_for(600_000)  # ten minutes of ticks; the watchdog thinks the stream dead every time
    await page.wait_for_function(_LIVE, timeout=90_000)  # by now it asks again after 45 s at most
    assert await page.evaluate("document.querySelectorAll('*').length") == nodes
    assert await page.evaluate("window.opened.size") == 1


async def test_another_version_loads_the_page_again(console: Console) -> None:
    page = await console.open("/wall")
    await page.wait_for_function(_LIVE)
    await page.evaluate("document.body.dataset.version = 'older'; window.stays = true")
    await page.wait_for_function("() => !window.stays && document.body.dataset.version !== 'older'")


async def test_walls_take_turns(console: Console) -> None:
    page = await console.blank()
    await page.clock.install()
    await page.goto(console.url + "/wall?rotate=60")
    await page.wait_for_function(_LIVE)
    await page.clock.run_for(62_000)
    await page.wait_for_url("**/wall/seed-*?rotate=60")
    assert await page.evaluate("history.length") <= 2, "turning leaves no history"
