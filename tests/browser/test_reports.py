"""The reports page in a real browser: it fits a phone, prints, and complains of nothing."""

from __future__ import annotations

import pytest

from tests.browser.conftest import SHOTS, Console


@pytest.mark.parametrize(("size", "language"), [((1920, 1080), "zh-CN"), ((390, 844), "zh-CN"), ((1920, 1080), "en")])
async def test_a_daily_report_is_readable(console: Console, size: tuple[int, int], language: str) -> None:
    page = await console.open("/e/seed-steel/reports", size=size, language=language, scheme="light")
    assert await page.locator("section.panel table.report").count() >= 4
    overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, "the page itself never scrolls sideways; wide tables do"
    assert await page.locator("a[href*='format=pdf']").count() == 1
    SHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SHOTS / f"reports-{language}-{size[0]}.png", full_page=True)
    await page.context.close()


async def test_the_day_is_in_the_address(console: Console) -> None:
    page = await console.open("/e/seed-steel/reports?date=2026-11-21")
    await page.fill("input[name=date]", "2026-11-20")
    await page.click("form.filters button")
    await page.wait_for_url("**date=2026-11-20**")
    assert "2026-11-20" in await page.inner_text("h1")
    await page.context.close()


async def test_production_is_entered_on_a_phone(console: Console) -> None:
    page = await console.open("/e/seed-steel/production", size=(390, 844), scheme="light")
    await page.fill("input[name=value]", "1724.5")
    await page.fill("input[name=reason]", "称重单 3")
    await page.fill("input[name=by]", "王工")
    await page.click("form.entry button")
    await page.wait_for_url("**done=**")
    assert "1,724.5" in await page.inner_text("main")
    overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    SHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SHOTS / "production-390.png", full_page=True)
    wide = await console.open("/e/seed-steel/production", scheme="light")
    await wide.screenshot(path=SHOTS / "production-1920.png")
    await page.context.close()
    await wide.context.close()


@pytest.mark.parametrize("size", [(1920, 1080), (390, 844)])
async def test_shifts_side_by_side(console: Console, size: tuple[int, int]) -> None:
    page = await console.open("/e/seed-steel/shifts?enpi=bf1.process_energy", size=size, scheme="light")
    assert await page.locator("table.report").count() == 3
    overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    SHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SHOTS / f"shifts-{size[0]}.png", full_page=True)
    await page.context.close()
