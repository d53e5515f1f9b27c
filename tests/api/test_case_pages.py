"""Inspection cases on pages: from the inbox to the printed case, both languages, no script needed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import asyncpg
import httpx
import pytest

from api.console.alerts import SHOWN
from api.console.case_slips import case_slip
from api.console.i18n import catalogue
from enms.cases import MOST_AT_ONCE
from tests.api.seed import DEAD
from tests.api.test_case_routes import DEMAND, FURNACE, OVER, SILENT, does, opened, retract, revise
from tests.api.test_console import Page
from tests.api.test_read_routes import get

ROOT = Path(__file__).parents[2]
EN = {"Accept-Language": "en"}
ZH = {"Accept-Language": "zh"}
STATION = {"notified": {}, "ordered": {"due": "2026-12-31"}, "verified": {}, "closed": {}}
"""The way of a case, and what each form on it has to say beside a name."""


def fields_of(page: str, form: str) -> dict[str, str]:
    """What a browser sends of a form as it stands on a page; `form`: a hidden field of it as HTML."""
    (body,) = [one for one in re.findall(r"<form.*?</form>", page, re.DOTALL) if form in one]
    fields = {}
    for tag in re.findall(r"<input[^>]*>", body):
        (name,) = re.findall(r' name="(\w+)"', tag)
        fields[name] = unescape("".join(re.findall(r' value="([^"]*)"', tag)))
    for name, options in re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', body, re.DOTALL):
        fields[name] = "".join(re.findall(r'<option value="([^"]*)"[^>]* selected', options))
    return fields


def step_fields(page: str, step: str) -> dict[str, str]:
    return fields_of(page, f'name="step" value="{step}"')


def told(page: str) -> list[str]:
    """What a page says is wrong with a form."""
    found = re.findall(r'<div class="slips".*?<ul>(.*?)</ul>', page, re.DOTALL)
    assert len(found) <= 1, "once"
    return [unescape(one) for one in re.findall(r"<li>(.*?)</li>", "".join(found))]


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
            if link.startswith("/") and link not in seen and not link.endswith(".pdf?lang=en"):
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
        return set(re.findall(r'name="step" value="(\w+)"', text))

    assert await offered() == {"notified", "withdrawn", "commented"}
    follow = (
        {"ordered", "withdrawn", "commented"},
        {"ordered", "verified", "withdrawn", "commented"},
        {"closed", "withdrawn", "commented"},
        {"commented"},
    )
    for (step, data), after in zip(STATION.items(), follow, strict=True):
        fields = step_fields((await client.get(f"/cases/{number}")).text, step)
        done = await client.post(f"/cases/{number}", data=fields | {"by": "李伟", **data})
        assert (done.status_code, done.headers.get("location")) == (303, f"/cases/{number}")
        assert await offered() == after
    case = await get(client, f"/cases/{number}")
    assert [event["by"] for event in case["log"][1:]] == ["李伟"] * 4


async def test_a_page_that_is_out_of_date_is_told(client: httpx.AsyncClient) -> None:
    number = (await opened(client))["number"]
    await does(client, number, "comment", text="x")
    sent = {"step": "notified", "text": "现场 <b>", "by": "李伟", "seen": "1"}
    late = await client.post(f"/cases/{number}", data=sent, headers=EN)
    assert late.status_code == 409
    assert told(late.text) == [
        "Somebody did something to the case in the meantime: look at it again, then press again."
    ]
    again = step_fields(late.text, "notified")
    assert again == sent | {"seen": "2"}, "what was written, on the page as it is now"
    assert (await client.post(f"/cases/{number}", data=again)).status_code == 303


async def test_what_nobody_can_send_from_a_page_is_a_problem(client: httpx.AsyncClient) -> None:
    number = (await opened(client))["number"]
    for status, path in ((404, "/cases/2026-0099"), (404, "/cases/new?alert=999"), (422, f"/cases/new?alert={2**63}")):
        assert (await client.get(path)).status_code == status
    for status, path, data in (
        (404, "/cases/2026-0099", {"step": "notified", "by": "x"}),
        (422, f"/cases/{number}", {"step": "opened", "by": "x"}),
        (422, f"/cases/{number}", {"step": "added", "by": "x"}),
        (422, f"/cases/{number}", {"by": "x"}),
        (422, f"/cases/new?alert={2**63}", {"form": "open", "title": "x", "by": "x"}),
        (422, "/cases/new", {"form": "open", "title": "x", "by": "x", "alert": str(2**63)}),
        (422, "/cases/new", {"form": "open", "title": "x", "by": "x", "alert": "x"}),
    ):
        assert (await client.post(path, data=data)).status_code == status, (path, data)
    assert (await get(client, f"/cases/{number}"))["events"] == 1


@pytest.mark.parametrize(
    ("step", "change", "status", "en", "zh"),
    [
        ("ordered", {"due": ""}, 422, "Due: is needed", "整改期限: 必填"),
        ("ordered", {"due": "soon"}, 422, "Due: “soon” is not a day", "整改期限: “soon”不是日期"),
        ("ordered", {"by": " "}, 422, "Your name: is needed", "姓名: 必填"),
        ("ordered", {"text": "长" * 4001}, 422, "Comment: longer than 4000 characters", "备注: 超过 4000 个字符"),
        ("ordered", {"due": "2026-11-21"}, 409, "The date is past: rectification is ordered until a date to come.",
         "该日期已过；整改期限应为今天或以后。"),
        ("ordered", {"due": "2026-12-31"}, 409, "Rectification is ordered until 2026-12-31 already.",
         "整改期限已经是 2026-12-31。"),
        ("withdrawn", {"text": " "}, 422, "Withdraw because: is needed", "撤案原因: 必填"),
        ("commented", {"text": ""}, 422, "Comment: is needed", "备注: 必填"),
        ("notified", {}, 409, ("The case is at “Rectification ordered” by now; “Finding notified” cannot follow, but "
         "these can: Alerts added, Rectification ordered, Rectification verified, Case withdrawn, Comment."),
         "案件现为“限期整改中”，不能再记“已告知”；可以记：增加报警、限期整改中、整改已核验、已撤案、备注。"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_step_that_is_refused_keeps_what_was_written(
    client: httpx.AsyncClient, step: str, change: dict[str, str], status: int, en: str, zh: str, language: str
) -> None:
    number = (await opened(client))["number"]
    await does(client, number, "notify")
    await does(client, number, "order", due="2026-12-31")
    sent = {"step": step, "seen": "3", "text": "热风炉 <3> 未修", "by": "李伟"}
    sent |= ({"due": "2027-01-31"} if step == "ordered" else {}) | change
    answer = await client.post(f"/cases/{number}", data=sent, headers={"Accept-Language": language})
    assert answer.status_code == status, answer.text
    assert told(answer.text) == [en if language == "en" else zh]
    assert Page(answer.text).open == []
    kept = step_fields(answer.text, step)
    assert kept == sent
    other = "commented" if step == "withdrawn" else "withdrawn"
    assert step_fields(answer.text, other)["text"] == "", "only the form that was sent"
    wrong = re.findall(r'name="(\w+)"[^>]* aria-invalid', answer.text)
    assert wrong == ([next(iter(change))] if status == 422 else [])
    assert (await get(client, f"/cases/{number}"))["events"] == 3, "nothing was written"
    (form,) = [one for one in re.findall(r"<form.*?</form>", answer.text, re.DOTALL) if f'value="{step}"' in one]
    assert ("<button" in form) == (step != "notified"), "no button to what cannot follow"


def refusals() -> Iterator[str]:
    """Every text with which a step of a case is refused, with 7 for what it names."""
    for path in (ROOT / "enms" / "cases.py", ROOT / "db" / "case_steps.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and re.search(r"Error$|__init__$|^Mistake$", ast.unparse(node.func)):
                for said in node.args:
                    if isinstance(said, ast.JoinedStr):
                        yield "".join(str(p.value) if isinstance(p, ast.Constant) else "7" for p in said.values)
                    elif isinstance(said, ast.Constant) and " " in str(said.value):
                        yield str(said.value)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_refusal_of_a_step_has_words(language: str) -> None:
    found = set(refusals())
    assert len(found) > 12
    text = catalogue(language)
    assert [said for said in found if case_slip(text, said) is None] == []
    if language == "zh":
        assert [said for said in found if re.search(r"[A-Za-z]", str(case_slip(text, said)))] == []


async def test_a_case_that_is_not_opened_keeps_what_was_written(client: httpx.AsyncClient) -> None:
    path = "/cases/new?alert=1&alert=3"
    sent = {"form": "open", "title": " ", "text": "群众 <举报>", "by": ""}
    answer = await client.post(path, data=sent, headers=EN)
    assert answer.status_code == 422
    assert told(answer.text) == ["Title: is needed", "Your name: is needed"]
    assert fields_of(answer.text, 'value="open"') == sent
    long = await client.post(path, data=sent | {"title": "长" * 201, "by": "李伟"}, headers=ZH)
    assert told(long.text) == ["名称: 超过 200 个字符"]
    assert (await get(client, "/cases"))["items"] == []
    assert 'href="/cases/new?alert=1&amp;alert=3&amp;lang=zh"' in answer.text, "the other language has the same alerts"


async def test_alerts_that_were_taken_meanwhile_are_left_out_and_nothing_is_lost(
    client: httpx.AsyncClient, db_pool: asyncpg.Pool
) -> None:
    path = "/cases/new?alert=1&alert=2&alert=3"
    sent = {"form": "open", "title": "专项 <监察>", "text": "群众举报", "by": "李伟"}
    other = (await opened(client, DEMAND, title="x"))["number"]
    await retract(db_pool, SILENT)
    for language, wanted in (("en", "Alert 2 was retracted: nothing stands on it."),
                             ("zh", "报警 2 已撤回，不能作为立案依据。")):  # fmt: skip
        answer = await client.post(path, data=sent, headers={"Accept-Language": language})
        assert (answer.status_code, told(answer.text)) == (409, [wanted])
    ticks = re.findall(r'name="alert" value="(\d)"( checked)?', answer.text)
    assert ticks == [("1", " checked"), ("2", ""), ("3", "")]
    assert other in answer.text
    fields = fields_of(answer.text, 'value="open"')
    assert {name: fields[name] for name in sent} == sent
    looked = await client.post("/cases/new", data=sent | {"alert": ["1"], "look": "1"}, headers=EN)
    assert looked.status_code == 200
    assert told(looked.text) == []
    assert fields_of(looked.text, 'value="open"') == sent
    (address,) = set(re.findall(r'action="(/cases/new[^"]*)"', looked.text))
    assert address == "/cases/new?alert=1"
    done = await client.post(address, data=sent)
    assert (done.status_code, done.headers["location"]) == (303, "/cases/2026-0002")


async def test_alerts_that_are_not_added_keep_what_was_written(client: httpx.AsyncClient) -> None:
    number = (await opened(client))["number"]
    await opened(client, OVER)
    sent = {"form": "add", "number": number, "text": "另一条", "by": ""}
    missing = await client.post("/cases/new?alert=3", data=sent, headers=EN)
    assert (missing.status_code, told(missing.text)) == (422, ["Your name: is needed"])
    assert fields_of(missing.text, 'value="add"') == sent
    sent["by"] = "李伟"
    await does(client, number, "notify")
    await does(client, number, "order", due="2026-12-31")
    await does(client, number, "verify")
    late = await client.post("/cases/new?alert=3", data=sent, headers=EN)
    assert late.status_code == 409
    assert told(late.text)[0].startswith("The case is at “Rectification verified” by now; “Alerts added” cannot follow")
    assert fields_of(late.text, 'value="add"') == sent | {"number": ""}, "no other case is chosen instead"
    none = await client.post("/cases/new?alert=3", data=sent | {"number": "2026-0099"}, headers=ZH)
    assert (none.status_code, told(none.text)) == (404, ["没有案件 2026-0099。"])
    assert fields_of(none.text, 'value="add"')["text"] == "另一条"
    nothing = await client.post("/cases/new", data={"form": "open", "title": "x", "by": "李伟"}, headers=EN)
    assert (nothing.status_code, told(nothing.text)) == (409, ["A case is opened on an alert: tick one."])
    unknown = await client.post("/cases/new?alert=3&alert=999", data=sent | {"form": "open", "title": "x"}, headers=EN)
    assert (unknown.status_code, told(unknown.text)) == (404, ["There is no alert 999."])


async def test_a_case_is_opened_from_what_was_ticked(client: httpx.AsyncClient) -> None:
    inbox = (await client.get("/alerts", headers=EN)).text
    assert 'formaction="/cases/new"' in inbox
    form = (await client.get("/cases/new?alert=3&alert=1&back=x&by=", headers=EN)).text
    (address,) = set(re.findall(r'action="(/cases/new[^"]*)"', form))
    assert address == "/cases/new?alert=1&amp;alert=3"
    data = fields_of(form, 'value="open"') | {"by": "李伟", "text": "x"}
    assert data["title"] == "Blast furnace energy over its limit in a day (bf1.process_energy) and 1 more"
    assert 'value="add"' not in form
    address = unescape(address)
    done = await client.post(address, data=data)
    assert (done.status_code, done.headers["location"]) == (303, "/cases/2026-0001")
    twice = await client.post(address, data=data)
    assert twice.headers["location"] == "/cases/2026-0001", "pressed twice"
    form = (await client.get("/cases/new?alert=4", headers=EN)).text
    assert '<option value="2026-0001">' in form
    data = fields_of(form, 'value="add"') | {"number": "2026-0001", "by": "李伟"}
    added = await client.post("/cases/new?alert=4", data=data)
    assert added.headers["location"] == "/cases/2026-0001"
    assert [on["alert"] for on in (await get(client, "/cases/2026-0001"))["on"]] == [1, 3, 4]
    page = (await client.get("/alerts/4", headers=EN)).text
    assert 'href="/cases/2026-0001"' in page
    assert 'href="/cases/new?alert=4"' not in page, "it is in one"
    assert 'href="/cases/new?alert=2"' in (await client.get("/alerts/2", headers=EN)).text
    taken = (await client.get("/cases/new?alert=1&alert=2", headers=EN)).text
    assert "is in a case that is open" in taken
    assert '<button class="act first" type="submit">Open the case' not in taken


async def many(pool: asyncpg.Pool, n: int) -> list[int]:
    """So many alerts of one rule on one plant."""
    rows = await pool.fetch(
        "INSERT INTO alert (e, rule, rule_version, subject, kind, purpose, severity, state, closed, started_at,"
        " fired_at, resolved_at, detected_at, unit)"
        " SELECT e, rule, rule_version, subject, kind, purpose, severity, 'resolved', 'cleared', started_at,"
        " fired_at, fired_at, detected_at, unit FROM alert, generate_series(1, $1) WHERE id = 4 RETURNING id",
        n,
    )
    return sorted(row["id"] for row in rows)


async def test_as_many_alerts_as_a_case_takes_at_once_go_into_one(
    client: httpx.AsyncClient, db_pool: asyncpg.Pool
) -> None:
    """The inbox has no more than that, the page takes as many, and the API."""
    assert SHOWN <= MOST_AT_ONCE
    ids = await many(db_pool, 2 * MOST_AT_ONCE)
    ticked = [("alert", str(one)) for one in ids[:MOST_AT_ONCE]]
    form = await client.get("/cases/new", params=ticked)
    assert form.status_code == 200
    data = fields_of(form.text, 'value="open"') | {"by": "李伟"}
    done = await client.post("/cases/new", params=ticked, data=data)
    assert (done.status_code, done.headers["location"]) == (303, "/cases/2026-0001")
    assert (await get(client, "/cases/2026-0001"))["alerts"] == MOST_AT_ONCE
    body = {"alerts": ids[MOST_AT_ONCE:], "by": "李伟"}
    more = await client.post("/api/v1/cases/2026-0001/alerts", json=body)
    assert more.json()["alerts"] == 2 * MOST_AT_ONCE, "others afterwards"
    refused = await client.post("/api/v1/cases", json=body | {"alerts": ids[: MOST_AT_ONCE + 1], "title": "x"})
    assert (refused.status_code, refused.json()["errors"][0]["place"]) == (422, "body.alerts")


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("en", "1001 alerts are ticked; a case takes 1000 at once: untick some, and add them afterwards."),
        ("zh", "勾选了 1001 条报警；一个案件一次最多加入 1000 条：请先取消一部分，之后再增加。"),
    ],
)
async def test_more_than_a_case_takes_at_once_are_told_and_stay_ticked(
    client: httpx.AsyncClient, db_pool: asyncpg.Pool, language: str, wanted: str
) -> None:
    assert MOST_AT_ONCE == 1000
    client.headers["Accept-Language"] = language
    ids = [str(one) for one in await many(db_pool, MOST_AT_ONCE + 1)]
    params = [("alert", one) for one in ids]
    looked = await client.get("/cases/new", params=params)
    assert looked.status_code == 422
    assert f"<li>{wanted}</li>" in looked.text
    sent = {"form": "open", "title": "专项监察", "text": "", "by": "李伟"}
    refused = await client.post("/cases/new", params=params, data=sent)
    assert (refused.status_code, told(refused.text)) == (422, [wanted])
    again = await client.post("/cases/new", data=sent | {"look": "1", "alert": ids})
    assert again.status_code == 422
    for page in (looked, refused, again):
        assert re.findall(r'name="alert" value="(\d+)" checked', page.text) == ids, "nothing is lost"
    kept = fields_of(refused.text, 'value="open"')
    assert {name: kept[name] for name in sent} == sent
    fewer = await client.post("/cases/new", data=sent | {"look": "1", "alert": ids[1:]})
    assert fewer.status_code == 200
    (address,) = set(re.findall(r'action="(/cases/new[^"]*)"', fewer.text))
    done = await client.post(unescape(address), data=fields_of(fewer.text, 'value="open"'))
    assert done.status_code == 303, done.text
    added = await client.post("/cases/new", params=params, data={"form": "add", "number": "2026-0001", "by": "李伟"})
    assert added.status_code == 422, "no more by adding"


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
