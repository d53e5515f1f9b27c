"""An inspection case as people work on it: ticked in the inbox, opened, ordered, closed; on desk, phone and paper."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest
from playwright.async_api import Locator, Page

from db import case_steps
from enms.cases import CaseStep
from enms.settings import Settings
from tests.api.seed import district_alert
from tests.browser.conftest import SHOTS, Console
from tests.browser.test_console import _CONTRAST, _TOO_SMALL, LOOKS


@pytest.fixture
async def late(console: Console) -> str:
    """A case on three alerts, overdue by two days or three; one of them has other evidence since, one is retracted."""
    async with console.server.pool.acquire() as connection:
        row = await case_steps.open_case(
            connection,
            [1, 2, 3],
            title="1号高炉工序能耗超限额，2号高炉主电表无数据",
            actor="李伟",
            now=console.seeded.now,
            zone=Settings().zone,
            comment="专项监察",
        )
        for step, said, due in (
            (CaseStep.NOTIFIED, "现场监察，两名监察人员到场", None),
            (
                CaseStep.ORDERED,
                "限期整改通知书 3 号：检修热风炉，恢复计量",
                console.seeded.now.date() + timedelta(days=1),
            ),
        ):
            await case_steps.take_step(
                connection, row.number, step, actor="张敏", now=console.seeded.now, comment=said, due_on=due
            )
    owner = await asyncpg.connect(console.dsn)
    try:
        await owner.execute("UPDATE inspection_case SET due_on = due_on - 4")
        await owner.execute("INSERT INTO evidence SELECT e, alert, 2, sha256, body, now() FROM evidence")
        await owner.execute("UPDATE alert SET value = 409.2 WHERE id = 1")
        await owner.execute("UPDATE alert SET state = 'resolved', closed = 'retracted', retracted = true WHERE id = 2")
        await owner.execute(
            "INSERT INTO transition (e, alert, n, kind, at, recorded_at) SELECT e, id, 9, CASE id WHEN 1 THEN 'revised'"
            " ELSE 'retracted' END, now(), now() FROM alert WHERE id < 3"
        )
    finally:
        await owner.close()
    return row.number


async def test_cases_look_right_on_desk_and_phone(console: Console, late: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    pages = {
        "cases": "/cases",
        "case": f"/cases/{late}",
        "case-print": f"/cases/{late}/print",
        "case-new": "/cases/new?alert=4",
        "case-not": "/cases/new?alert=1&alert=2",
        "case-inbox": "/alerts?state=",
    }
    for size, language, scheme in LOOKS:
        for name, path in pages.items():
            page = await console.open(path, size=size, language=language, scheme=scheme)
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= size[0], f"{path} is {wide} px wide at {size[0]}"
            small = await page.evaluate(_TOO_SMALL)
            assert size[0] > 400 or small == [], f"{path}: too small to touch: {small}"
            if not path.endswith("/print"):
                assert await page.evaluate(_CONTRAST) == [], (path, scheme)
            await page.screenshot(path=SHOTS / f"{name}-{size[0]}-{language[:2]}-{scheme}.png", full_page=True)
            await page.context.close()
    assert console.complaints == []
    assert console.foreign == []


def _form(page: Page, step: str) -> Locator:
    return page.locator(f"form:has(input[name=step][value={step}])")


async def _sign(page: Page, step: str, **fields: str) -> None:
    form = _form(page, step)
    for name, value in fields.items():
        await form.locator(f"input[name={name}]").fill(value)
    await form.locator("input[name=by]").fill("李伟")
    await form.locator("button").click()


@pytest.mark.parametrize(("scripts", "width"), [(True, 1280), (False, 390)])
async def test_from_the_inbox_to_the_closing(console: Console, scripts: bool, width: int) -> None:
    page = await console.open("/alerts?sort=oldest&state=", language="en-US", size=(width, 844), scripts=scripts)
    for n in (0, 1):
        await page.locator("tbody .pick").nth(n).click()
    await page.click("text=Open a case on the ticked ones")
    await page.wait_for_url("**/cases/new?*")
    assert await page.locator("tbody tr").count() == 2
    await page.fill("input[name=title]", "Furnace over its limit")
    await page.fill("input[name=by]", "李伟")
    await page.click("text=Open the case")
    await page.wait_for_url("**/cases/*-0001")
    await page.go_back()
    assert await page.locator("text=Open the case").count() == 0, "they are in one now"
    await page.click(".mistakes a >> nth=0")
    await page.wait_for_url("**/cases/*-0001")
    await _sign(page, "notified", text="on site")
    await page.wait_for_selector(".way .here:has-text('Finding notified')")
    await _sign(page, "ordered", due="2099-12-31", text="mend the stoves")
    await page.wait_for_selector(".way .here:has-text('Rectification ordered')")
    assert "2099-12-31" in await page.locator(".verdicts").inner_text()
    await _form(page, "withdrawn").locator("button").click()
    assert await _form(page, "withdrawn").locator("input[name=text]:invalid").count() == 1, "for a reason"
    await _sign(page, "verified")
    await page.wait_for_selector(".way .here:has-text('Rectification verified')")
    await _sign(page, "closed", text="mended")
    await page.wait_for_selector(".way .here:has-text('Case closed')")
    story = await page.locator(".story li").all_inner_texts()
    assert len(story) == 5
    assert "mended" in story[-1]
    assert await page.locator(".actions form").count() == 1, "only a comment is left"
    assert console.complaints == []


@pytest.mark.parametrize(("scripts", "width", "language"), [(True, 1280, "zh-CN"), (False, 390, "en-US")])
async def test_who_was_not_first_is_told_and_has_written_nothing_in_vain(
    console: Console, late: str, scripts: bool, width: int, language: str
) -> None:
    page = await console.open(f"/cases/{late}", language=language, size=(width, 844), scripts=scripts)
    async with console.server.pool.acquire() as connection:
        await case_steps.take_step(
            connection, late, CaseStep.COMMENTED, actor="张敏", now=console.seeded.now, comment="明日复查"
        )
    await _sign(page, "verified", text="热风炉已修")
    form = _form(page, "verified")
    slips = form.locator(".slips")
    await slips.wait_for()
    assert await slips.evaluate("e => e.getBoundingClientRect().bottom <= innerHeight"), "in sight"
    assert await page.locator(".slips").count() == 1
    assert await form.locator("input[name=text]").input_value() == "热风炉已修"
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await page.evaluate(_CONTRAST) == []
    await page.screenshot(path=SHOTS / f"case-told-{width}-{language[:2]}.png", full_page=True)
    assert "明日复查" in await page.locator(".story").inner_text()
    await form.locator("button").click()
    await page.wait_for_selector(f".way .here:has-text('{'已核验' if language == 'zh-CN' else 'verified'}')")
    assert [one for one in console.complaints if "409" not in one] == []


@pytest.mark.parametrize("scripts", [True, False])
async def test_alerts_that_somebody_else_took_are_left_out_with_a_tick(console: Console, scripts: bool) -> None:
    page = await console.open("/cases/new?alert=1&alert=2", language="en-US", size=(390, 844), scripts=scripts)
    async with console.server.pool.acquire() as connection:
        await case_steps.open_case(
            connection, [2], title="x", actor="张敏", now=console.seeded.now, zone=Settings().zone
        )
    await page.fill("input[name=title]", "Furnace over its limit")
    await page.fill("input[name=by]", "李伟")
    await page.click("text=Open the case")
    await page.wait_for_selector(".slips:has-text('Alert 2 is in case')")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    assert await page.evaluate(_TOO_SMALL) == []
    assert await page.evaluate(_CONTRAST) == []
    await page.screenshot(path=SHOTS / "case-taken-390-en.png", full_page=True)
    assert await page.locator("tbody input:checked").count() == 1
    await page.click("text=Go on with the ticked ones")
    await page.click("text=Open the case")
    await page.wait_for_url("**/cases/*-0002")
    assert "Furnace over its limit" in await page.locator("h1").inner_text()
    assert [one for one in console.complaints if "409" not in one] == []


async def test_what_becomes_of_an_alert_comes_in_without_reload(console: Console, late: str) -> None:
    page = await console.open(f"/cases/{late}", language="en-US")
    await page.wait_for_selector("#link[data-state=live]")
    await page.evaluate("window.stays = true")
    connection = await asyncpg.connect(console.dsn)
    try:
        e = console.seeded.e["seed-steel"]
        await connection.execute("UPDATE alert SET state = 'resolved', closed = 'cleared' WHERE id = 3")
        await connection.execute("SELECT pg_notify('enms_alert', $1)", f"{e}:3")
    finally:
        await connection.close()
    await page.wait_for_selector("#on tbody tr:nth-child(3):has-text('Resolved · cleared')")
    assert await page.evaluate("window.stays")
    assert console.complaints == []


async def test_the_districts_alert_and_case_come_in_without_reload(console: Console) -> None:
    connection = await asyncpg.connect(console.dsn)
    try:
        e, alert = await district_alert(connection)
        case = await case_steps.open_case(
            connection, [alert], title="全区", actor="李伟", now=console.seeded.now, zone=Settings().zone
        )
        pages = [await console.open(path, language="en-US") for path in (f"/alerts/{alert}", f"/cases/{case.number}")]
        for page in pages:
            await page.wait_for_selector("#link[data-state=live]")
        await connection.execute("UPDATE alert SET state = 'resolved', closed = 'cleared' WHERE id = $1", alert)
        await connection.execute("SELECT pg_notify('enms_alert', $1)", f"{e}:{alert}")
    finally:
        await connection.close()
    await pages[0].wait_for_selector("#head:has-text('Resolved · cleared')")
    await pages[1].wait_for_selector("#on tbody tr:has-text('Resolved · cleared')")
    assert console.complaints == []


async def test_ticking_all_not_seen_leaves_the_seen_ones(console: Console) -> None:
    await console.server.pool.execute("UPDATE alert SET acknowledged_at = now(), acknowledged_by = 'x' WHERE id = 1")
    page = await console.open("/alerts?state=", language="en-US")
    assert await page.locator("tbody .pick input").count() == 4
    await page.locator(".picked .pick").click()
    ticked = page.locator("tbody .pick input:checked")
    assert sorted([await ticked.nth(n).get_attribute("value") for n in range(await ticked.count())]) == ["2", "3"]
