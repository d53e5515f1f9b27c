"""Inspection cases on pages: from the inbox to the printed case, both languages, no script needed."""

from __future__ import annotations

import re

import asyncpg
import httpx
import pytest

from tests.api.seed import DEAD
from tests.api.test_case_routes import DEMAND, FURNACE, OVER, SILENT, does, opened, retract, revise
from tests.api.test_console import Page
from tests.api.test_read_routes import get

EN = {"Accept-Language": "en"}


@pytest.fixture
async def late(client: httpx.AsyncClient, db_pool: asyncpg.Pool) -> str:
    """A case on two alerts, overdue since yesterday; what it stands on went on since."""
    number: str = (await opened(client, FURNACE, SILENT, title="1号高炉工序能耗超限额 <b>"))["number"]
    await does(client, number, "notify", text="现场监察", by="Zhang Min")
    await does(client, number, "order", due="2026-12-31", text="检修热风炉")
    await db_pool.execute("UPDATE inspection_case SET due_on = '2026-11-21' WHERE number = $1", number)
    await revise(db_pool)
    await retract(db_pool, SILENT)
    return number


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "path",
    ["/cases", "/cases?state=all", "/cases?due=overdue", "/cases/2026-0001", "/cases/2026-0001/print",
     "/cases/new", "/cases/new?alert=3", "/cases/new?alert=1&alert=2", "/alerts", "/alerts/1"],
)  # fmt: skip
@pytest.mark.usefixtures("late")
async def test_pages_are_whole_in_both_languages(client: httpx.AsyncClient, path: str, language: str) -> None:
    response = await client.get(path, headers={"Accept-Language": language})
    assert response.status_code == 200, response.text
    page = Page(response.text)
    assert page.open == []
    assert all(link.startswith(("/", "#", "?")) or link == "" for link in page.links)
    assert "超限额 <b>" not in response.text, "what people write is never markup"
    if language == "en":
        own = re.sub(r"1号高炉工序能耗超限额|现场监察|检修热风炉|中文|下一", "", response.text)
        assert not re.search(r"[\u4e00-\u9fff]", own), "Chinese on an English page"


async def test_links_of_a_case_lead_somewhere(client: httpx.AsyncClient, late: str) -> None:
    seen = set()
    for path in ("/cases", f"/cases/{late}", f"/cases/{late}/print", "/cases/new?alert=3"):
        for link in Page((await client.get(path)).text).links:
            posts = link.endswith(("/comment", "/order", "/verify", "/withdraw", "/add"))
            if link.startswith("/") and link not in seen and not posts and not link.endswith(".pdf?lang=en"):
                seen.add(link)
                found = await client.get(link.replace("&amp;", "&"))
                assert found.status_code in ({200, 503} if link.endswith(".pdf") else {200}), link
    assert {f"/cases/{late}/case.pdf", "/alerts/1/evidence/print?version=1"} <= seen


async def test_overdue_cases_come_first_then_by_date(client: httpx.AsyncClient, late: str) -> None:
    soon = (await opened(client, DEMAND))["number"]
    fresh = (await opened(client, OVER))["number"]
    await does(client, soon, "notify")
    await does(client, soon, "order", due="2026-11-25")

    async def shown(query: str = "") -> list[str]:
        text = (await client.get(f"/cases{query}", headers=EN)).text
        return re.findall(r'<td class="keep">([\d-]+)</td>', text)

    assert await shown() == [late, soon, fresh]
    text = (await client.get("/cases", headers=EN)).text
    assert "1 d overdue" in text
    assert "3 d left" in text
    assert "2 changed since" in text
    assert await shown("?due=overdue") == [late]
    assert await shown("?state=opened") == [fresh]
    assert await shown("?enterprise=seed-power") == []
    await does(client, fresh, "withdraw", text="x")
    assert await shown() == [late, soon], "what is over is not shown unless it is asked for"
    assert await shown("?state=all") == [late, soon, fresh]
    address = re.search(r'href="(/api/v1/cases\?format=csv[^"]*)"', text)
    assert address is not None
    saved = (await client.get(address[1].replace("&amp;", "&"))).text.splitlines()
    assert len(saved) == 3, "the CSV has the same filter"


async def test_a_case_says_what_became_of_its_alerts(client: httpx.AsyncClient, late: str) -> None:
    text = (await client.get(f"/cases/{late}", headers=EN)).text
    assert "stood on version 1, now version 2" in text
    assert "Resolved · retracted" in text
    case = await get(client, f"/cases/{late}")
    for page in (text, (await client.get(f"/cases/{late}/print", headers=EN)).text):
        assert case["on"][0]["sha256"] in page
        assert case["on"][0]["sha256_now"] not in page
        assert "417" in page
        assert "现场监察" in page
        assert DEAD in page
    assert "1 d overdue" in text


async def test_only_what_may_follow_is_offered(client: httpx.AsyncClient) -> None:
    number = (await opened(client))["number"]

    async def offered() -> set[str]:
        text = (await client.get(f"/cases/{number}")).text
        return set(re.findall(rf'action="/cases/{number}/(\w+)"', text))

    assert await offered() == {"notify", "withdraw", "comment"}
    for step, data, after in (
        ("notify", {}, {"order", "withdraw", "comment"}),
        ("order", {"due": "2026-12-31"}, {"order", "verify", "withdraw", "comment"}),
        ("verify", {}, {"close", "withdraw", "comment"}),
        ("close", {}, {"comment"}),
    ):
        seen = re.search(r'name="seen" value="(\d+)"', (await client.get(f"/cases/{number}")).text)
        assert seen is not None
        done = await client.post(f"/cases/{number}/{step}", data={"by": "李伟", "seen": seen[1], **data})
        assert (done.status_code, done.headers.get("location")) == (303, f"/cases/{number}")
        assert await offered() == after
    case = await get(client, f"/cases/{number}")
    assert [event["by"] for event in case["log"][1:]] == ["李伟"] * 4


async def test_a_page_that_is_out_of_date_is_told(client: httpx.AsyncClient) -> None:
    number = (await opened(client))["number"]
    await does(client, number, "comment", text="x")
    late = await client.post(f"/cases/{number}/notify", data={"by": "李伟", "seen": "1"}, headers=EN)
    assert late.status_code == 409
    assert "look at it again" in late.text
    assert (await client.post(f"/cases/{number}/order", data={"due": "soon"})).status_code == 422
    assert (await client.post(f"/cases/{number}/withdraw", data={"text": " "})).status_code == 409
    assert (await client.get("/cases/2026-0099")).status_code == 404
    assert (await client.get("/cases/new?alert=999")).status_code == 404
    assert (await client.get(f"/cases/new?alert={2**63}")).status_code == 422
    assert (await client.post("/cases", data={"title": "x", "alert": str(2**63)})).status_code == 422
    assert (await client.post("/cases", data={"title": "x"})).status_code == 409


async def test_a_case_is_opened_from_what_was_ticked(client: httpx.AsyncClient) -> None:
    inbox = (await client.get("/alerts", headers=EN)).text
    assert 'formaction="/cases/new"' in inbox
    form = (await client.get("/cases/new?alert=3&alert=1&back=x&by=", headers=EN)).text
    assert re.findall(r'name="alert" value="(\d+)"', form) == ["1", "3"]
    title = re.search(r'name="title" value="([^"]+)"', form)
    assert title is not None
    assert title[1] == "Blast furnace energy over its limit in a day (bf1.process_energy) and 1 more"
    assert "/cases/add" not in form
    data = {"alert": ["1", "3"], "title": title[1], "by": "李伟", "text": "x"}
    done = await client.post("/cases", data=data)
    assert (done.status_code, done.headers["location"]) == (303, "/cases/2026-0001")
    twice = await client.post("/cases", data=data)
    assert twice.headers["location"] == "/cases/2026-0001", "pressed twice"
    form = (await client.get("/cases/new?alert=4", headers=EN)).text
    assert '<option value="2026-0001">' in form
    added = await client.post("/cases/add", data={"number": "2026-0001", "alert": ["4"], "by": "李伟"})
    assert added.headers["location"] == "/cases/2026-0001"
    assert [on["alert"] for on in (await get(client, "/cases/2026-0001"))["on"]] == [1, 3, 4]
    page = (await client.get("/alerts/4", headers=EN)).text
    assert 'href="/cases/2026-0001"' in page
    assert 'href="/cases/new?alert=4"' not in page, "it is in one"
    assert 'href="/cases/new?alert=2"' in (await client.get("/alerts/2", headers=EN)).text
    taken = (await client.get("/cases/new?alert=1&alert=2", headers=EN)).text
    assert "is in a case that is open" in taken
    assert '<button class="act first" type="submit">Open the case' not in taken


async def test_a_case_prints_and_is_a_pdf_or_a_clear_answer(client: httpx.AsyncClient, late: str) -> None:
    printed = (await client.get(f"/cases/{late}/print", params={"lang": "zh"})).text
    for wanted in ("节能监察案件 2026-0001", "立案依据", "办理经过", "加入时为第 1 版，现为第 2 版", "逾期 1 天"):
        assert wanted in printed
    assert "<script" not in printed
    response = await client.get(f"/cases/{late}/case.pdf", params={"lang": "zh"})
    if response.status_code == 503:
        assert "libpango" in response.text
        pytest.skip("the libraries that lay text out are not installed")
    assert response.headers["content-type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")
