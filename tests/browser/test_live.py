"""Pages that stay open for days: what nobody tells is asked for, and what is lost is found again."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import asyncpg
import pytest
from playwright.async_api import Page, Route

from tests.browser.conftest import Console

# The page's stream in the hands of the test: `say` makes an event of it, `cutOff` breaks it as an error page does.
_STREAM = """(() => {
  window.streams = [];
  window.EventSource = class extends EventTarget {
    constructor(url) { super(); this.url = url; window.streams.push(this); }
    close() { this.closed = true; }
  };
  window.say = (name, body) => {
    const data = JSON.stringify({ at: new Date().toISOString(), ...body });
    window.streams.at(-1).dispatchEvent(new MessageEvent(name, { data }));
  };
  window.cutOff = () => window.streams.at(-1).onerror();
  window.sums = (enterprise, power_kw) => say('summary', { enterprise, power_kw, power_known: 1, power_of: 1, fresh: 7,
    points: 9, newest_age_s: 1, processes: {} });
})()"""
_BOTH = "([a, b]) => { sums('seed-steel', a); sums('seed-power', b); }"
_STATE = "() => document.getElementById('link').dataset.state"


async def _opened(console: Console, path: str) -> Page:
    page = await console.blank(language="en-US", path=path)
    await page.add_init_script(_STREAM)
    await page.clock.install()
    await page.goto(console.url + path)
    await page.evaluate("say('hello', {})")
    await page.evaluate(_BOTH, [1000, 2000])
    assert await page.evaluate(_STATE) == "live"
    await page.evaluate("window.stays = true")
    return page


async def _pass(page: Page, seconds: int) -> None:
    """Time goes by, and the stream tells sums as it does when nothing else happens."""
    for _ in range(seconds // 5):
        await page.clock.run_for(5_000)
        await page.evaluate(_BOTH, [1000, 2000])


@pytest.mark.parametrize(
    ("dead", "says"),
    [
        (
            "UPDATE rule_cursor SET evaluated_at = evaluated_at - interval '2 hours'",
            "rules (are not|not|last) (running|judged)",
        ),
        ("UPDATE point_state SET closed_until = closed_until - interval '5 hours'", "ledger (is )?behind"),
    ],
    ids=["rules", "ledger"],
)
async def test_an_open_page_learns_that_nobody_judges_any_more(console: Console, dead: str, says: str) -> None:
    """Rules or a ledger that stand still tell nothing: no event comes of it."""
    told = {
        "/": ("#figures", "#plants"),
        "/e/seed-power": ("#figures", "#alerts"),
        "/alerts?enterprise=seed-power": ("#blind",),
    }
    pages = {path: await _opened(console, path) for path in told}
    text = "of => document.querySelector(of).innerText"
    for path, sections in told.items():
        for section in sections:
            assert not re.search(says, await pages[path].evaluate(text, section), re.IGNORECASE), (path, section)
    await pages["/alerts?enterprise=seed-power"].locator("#alerts [name=q]").fill("fan")  # and forgotten
    connection = await asyncpg.connect(console.dsn)
    try:
        await connection.execute(dead)
    finally:
        await connection.close()
    console.server.ahead = timedelta(seconds=31)  # so long it may remember what points there are
    for path, sections in told.items():
        await _pass(pages[path], 65)
        for section in sections:
            seen = "([of, says]) => new RegExp(says, 'i').test(document.querySelector(of).innerText)"
            await pages[path].wait_for_function(seen, arg=[section, says])
        assert await pages[path].evaluate(_STATE) == "live", "as far as the stream knows all is well"
        assert await pages[path].evaluate("window.stays && window.streams.length === 1")


async def test_a_sum_of_the_district_is_of_all_plants_or_the_servers(console: Console) -> None:
    page = await _opened(console, "/")
    shown = page.locator("#figures .q[data-live='*/power_kw']")
    assert await shown.get_attribute("title") == "3,000 kW"
    for steel in (1100, 1200, 1300, 1400, 1500):  # the power station's values cannot be made any more
        await page.clock.run_for(5_000)
        await page.evaluate("kw => sums('seed-steel', kw)", steel)
    total = float((await shown.get_attribute("title") or "").removesuffix(" kW").replace(",", ""))
    assert 3300 <= total < 3500, "not that of one plant, nor with what the other told long ago"
    card = page.locator("#plants .q[data-live='seed-steel/power_kw']")
    assert await card.get_attribute("title") == "1,500 kW"
    await page.evaluate("sums('seed-power', 2500)")
    assert await shown.get_attribute("title") == "4,000 kW"


async def test_until_every_plant_has_told_the_servers_sum_stays(console: Console) -> None:
    page = await console.blank(path="/")
    await page.add_init_script(_STREAM)
    await page.goto(console.url + "/")
    shown = page.locator("#figures .q[data-live='*/power_kw']")
    before = await shown.get_attribute("title")
    await page.evaluate("say('hello', {}); sums('seed-steel', 1000)")
    assert await shown.get_attribute("title") == before


async def test_a_stream_that_ended_on_an_error_page_is_opened_again_and_what_was_missed_is_fetched(
    console: Console,
) -> None:
    page = await _opened(console, "/")
    await page.evaluate("cutOff()")
    assert await page.evaluate(_STATE) == "lost"
    for tries in (2, 3, 4):
        await page.clock.run_for(31_000)
        assert await page.evaluate("window.streams.length") >= tries
        assert await page.evaluate("window.streams.filter(one => !one.closed).length") <= 1
        await page.evaluate("window.streams.at(-1).closed || cutOff()")
        assert await page.evaluate(_STATE) == "lost"
    await page.clock.run_for(31_000)
    await page.evaluate("window.kinds = []; for (const kind of ['interval', 'alert'])"
                        " document.body.addEventListener(`enms:${kind}`, () => window.kinds.push(kind))")  # fmt: skip
    await page.evaluate("say('hello', {})")
    assert await page.evaluate("window.kinds") == ["interval", "alert"]
    await page.evaluate(_BOTH, [1000, 2000])
    assert await page.evaluate(_STATE) == "live"
    await page.evaluate("say('hello', {})")
    assert await page.evaluate("window.kinds.length") == 2, "nothing was missed"
    await page.evaluate("say('resync', {})")
    assert await page.evaluate("window.kinds.length") == 4


async def test_a_stream_that_stands_and_says_nothing_is_no_live_one(console: Console) -> None:
    page = await _opened(console, "/e/seed-steel")
    await page.clock.run_for(25_000)
    assert await page.evaluate(_STATE) == "lost"
    await page.clock.run_for(31_000)
    assert await page.evaluate("window.streams.length") > 1
    await page.evaluate("say('hello', {})")
    await page.evaluate(_BOTH, [1000, 2000])
    assert await page.evaluate(_STATE) == "live"


@pytest.mark.parametrize(
    ("path", "field", "written", "shown_anew"),
    [
        ("/alerts/1", "#comment input[name=text]", "the belt scale was out", "#story"),
        ("/alerts/1", "#shelve select[name=hours]", "72", "#story"),
        ("/alerts", "#alerts input[name=by]", "李伟", "#blind"),
    ],
)
async def test_what_was_written_and_left_is_not_drawn_over(
    console: Console, path: str, field: str, written: str, shown_anew: str
) -> None:
    page = await console.open(path, language="en-US")
    await page.wait_for_selector("#link[data-state=live]")
    box = page.locator(field)
    if "select" in field:
        await box.select_option(written)
    else:
        await box.fill(written)
    await box.blur()
    await page.evaluate("of => { window.old = document.querySelector(of); }", shown_anew)
    await page.evaluate("document.body.dispatchEvent(new CustomEvent('enms:alert'))")
    await page.wait_for_function("of => document.querySelector(of) !== window.old", arg=shown_anew)
    await page.wait_for_function("() => !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")
    assert await page.locator(shown_anew).count() == 1
    assert await box.input_value() == written


async def test_what_is_ticked_while_the_answer_is_on_its_way_stays_ticked(console: Console) -> None:
    page = await console.open("/alerts", language="en-US")
    await page.wait_for_selector("#link[data-state=live]")
    asked, answer = asyncio.Event(), asyncio.Event()

    async def slowly(route: Route) -> None:
        asked.set()
        await answer.wait()
        await route.continue_()

    await page.route(f"{console.url}/alerts", slowly)
    await page.evaluate("""() => {
      window.list = document.getElementById('alerts');
      document.body.addEventListener('htmx:afterRequest', (event) => {
        window.answered ||= event.detail.target === window.list;
      });
      document.body.dispatchEvent(new CustomEvent('enms:alert'));
    }""")
    await asyncio.wait_for(asked.wait(), 20)
    box = page.locator("#alerts tbody input[type=checkbox]").first
    await box.check()
    answer.set()
    await page.wait_for_function("() => window.answered")
    assert await page.evaluate("window.list === document.getElementById('alerts')")
    assert await box.is_checked()


@pytest.mark.parametrize(
    ("path", "section", "field"),
    [("/alerts/1", "head", "#comment input[name=text]"), ("/alerts", "alerts", "#alerts input[name=by]")],
)
async def test_what_is_untouched_again_is_drawn_anew(console: Console, path: str, section: str, field: str) -> None:
    page = await console.open(path, language="en-US")
    await page.wait_for_selector("#link[data-state=live]")
    box = page.locator(field)
    for text in ("something", ""):
        await box.fill(text)
    await box.blur()
    await page.evaluate("id => { window.old = document.getElementById(id); }", section)
    await page.evaluate("document.body.dispatchEvent(new CustomEvent('enms:alert'))")
    await page.wait_for_function("id => document.getElementById(id) !== window.old", arg=section)
