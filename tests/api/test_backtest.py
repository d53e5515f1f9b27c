"""POST /rules/backtest, with the real rules behind it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import asyncpg
import httpx
import pytest

from api.app import create_app
from api.deps import Deps
from cli.backtesting import BacktestDoor
from enms.settings import Settings
from rules.book import BUNDLED, read_books, sound_rules
from tests.api.seed import Seeded

ENTRIES = {
    rule.id: rule.model_dump(mode="json", by_alias=True, exclude_none=True)
    for rule in sound_rules(read_books([BUNDLED]))
}


@pytest.fixture
async def client(seeded: Seeded, db_pool: asyncpg.Pool, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Deps(db_pool, settings, clock=lambda: seeded.now, backtest=BacktestDoor(db_pool)))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://enms.test") as client:
        yield client


async def ask(client: httpx.AsyncClient, **body: object) -> httpx.Response:
    return await client.post("/api/v1/rules/backtest", json={"enterprise": "seed-steel", **body})


async def test_a_whole_rule_in_the_body(client: httpx.AsyncClient) -> None:
    answer = await ask(client, rule=ENTRIES["meter_silent"], **{"from": "2026-11-20", "to": "2026-11-22"})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["rule"], found["start"], found["end"]) == (
        "meter_silent", "2026-11-19T16:00:00Z", "2026-11-21T16:00:00Z",
    )  # fmt: skip
    assert found["alerts"] == sum(s["alerts"] for s in found["subjects"]) > 0
    one = next(s for s in found["subjects"] if s["episodes"])
    assert one["episodes"][0]["seconds"] >= 1800
    assert one["met_s"] + one["clear_s"] + one["unknown_s"] > 0


async def test_figures_may_be_replaced(client: httpx.AsyncClient) -> None:
    span = {"from": "2026-11-20", "to": "2026-11-22"}
    patient = await ask(client, rule=ENTRIES["meter_silent"], overrides={"for": "30d"}, **span)
    assert patient.status_code == 200, patient.text
    assert patient.json()["alerts"] == 0


async def test_every_mistake_at_once(client: httpx.AsyncClient) -> None:
    overrides = {"severity": "loud", "condition": {"check": "lost"}, "for": "soon"}
    answer = await ask(client, rule=ENTRIES["meter_silent"], overrides=overrides, **{"from": "yesterday"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    places = {e["place"] for e in answer.json()["errors"]}
    assert {"body.from", "body.rule.severity", "body.rule.for"} <= places
    assert any(place.startswith("body.rule.condition") for place in places)


@pytest.mark.parametrize(
    ("start", "end", "place"),
    [
        ("2026-11-21", "2026-11-20", "body.to"),
        ("2024-01-01", "2026-01-01", "body.to"),
        ("2026-11-21T00:00", None, "body.from"),
    ],
)
async def test_spans_that_cannot_be(client: httpx.AsyncClient, start: str, end: str | None, place: str) -> None:
    answer = await ask(client, rule=ENTRIES["meter_silent"], **{"from": start, "to": end})
    assert answer.status_code == 422
    assert [e["place"] for e in answer.json()["errors"]] == [place]


async def test_names_nobody_knows(client: httpx.AsyncClient) -> None:
    assert (await ask(client, rule="telepathy")).status_code == 404
    unknown = await client.post("/api/v1/rules/backtest", json={"enterprise": "nobody", "rule": "motor_idle"})
    assert unknown.status_code == 404


async def test_a_process_without_rules_says_so(seeded: Seeded, db_pool: asyncpg.Pool, settings: Settings) -> None:
    app = create_app(Deps(db_pool, settings, clock=lambda: seeded.now))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://enms.test") as client:
        assert (await ask(client, rule=ENTRIES["meter_silent"])).status_code == 503


@pytest.fixture
async def held(db_pool: asyncpg.Pool) -> None:
    """The seed's rule as its rule book has it."""
    await db_pool.execute(
        "UPDATE rule_version SET definition = $1 WHERE rule = 'meter_silent'", json.dumps(ENTRIES["meter_silent"])
    )


@pytest.mark.usefixtures("held")
async def test_the_page_shows_what_would_have_been(client: httpx.AsyncClient) -> None:
    asked = {
        "enterprise": "seed-steel",
        "rule": "meter_silent",
        "run": "true",
        "from": "2026-11-20",
        "to": "2026-11-22",
    }
    page = await client.get("/rules", params=asked, headers={"Accept-Language": "en"})
    assert page.status_code == 200, page.text
    assert page.text.count('class="lane notice"') >= 1
    assert "for = 1800s" in page.text  # what it is now, to be tried out
    assert 'value="2026-11-20"' in page.text
    patient = await client.get("/rules", params=asked | {"figure": "for", "value": "30d"})
    assert 'class="lane' not in patient.text


@pytest.mark.usefixtures("held")
async def test_where_nothing_is_judged_the_page_says_so_and_not_that_nothing_would_be(
    client: httpx.AsyncClient,
) -> None:
    asked = {
        "enterprise": "seed-steel",
        "rule": "meter_silent",
        "run": "true",
        "from": "2026-10-01",
        "to": "2026-10-02",
    }
    page = await client.get("/rules", params=asked, headers={"Accept-Language": "en"})
    assert "Nothing was judged: no whole quarter hour in this span is closed and has readings." in page.text
    assert "It would have raised nothing." not in page.text
    answer = (await ask(client, rule="meter_silent", **{"from": "2026-10-01", "to": "2026-10-02"})).json()
    assert (answer["judgements"], answer["step"], answer["alerts_a_month"]) == (0, "quarter_hour", None)
    assert (
        answer["nothing_judged"] == "nothing was judged: no whole quarter hour in this span is closed and has readings"
    )
    judged = await client.get("/rules", params=asked | {"from": "", "to": "", "figure": "for", "value": "30d"})
    assert "不会产生报警。" in judged.text
    answer = (await ask(client, rule="meter_silent")).json()
    assert answer["nothing_judged"] is None
    assert datetime.fromisoformat(answer["end"]) - datetime.fromisoformat(answer["start"]) == timedelta(days=31)


async def test_where_every_answer_is_unknown_the_page_says_so_and_mostly_why(
    client: httpx.AsyncClient, db_pool: asyncpg.Pool
) -> None:
    await db_pool.execute(
        "UPDATE rule_version SET definition = $1 WHERE rule = 'meter_silent'", json.dumps(ENTRIES["motor_idle"])
    )
    await db_pool.execute("UPDATE interval SET covered_s = 0")
    answer = (await ask(client, rule="meter_silent")).json()
    assert answer["judgements"] > 0
    assert answer["nothing_judged"].startswith("nothing could be judged: each of ")
    assert answer["nothing_judged"].endswith("is unknown, mostly incomplete")
    asked = {"enterprise": "seed-steel", "rule": "meter_silent", "run": "true"}
    for language, said, nothing in (
        ("en", "Nothing could be judged: every answer is unknown, mostly: data not complete enough.", "raised nothing"),
        ("zh", "无法判定：所有结果均为未知，主要原因：数据完整率不足。", "不会产生报警"),
    ):
        page = await client.get("/rules", params=asked, headers={"Accept-Language": language})
        assert nothing not in page.text
        assert said in page.text


@pytest.mark.usefixtures("held")
async def test_the_page_tells_mistakes_beside_the_form(client: httpx.AsyncClient) -> None:
    asked = {"enterprise": "seed-steel", "rule": "meter_silent", "run": "true", "figure": "for", "value": "soon"}
    page = await client.get("/rules", params=asked | {"from": "2026-11-32"})
    assert page.status_code == 422
    assert "a duration is a number" in page.text
    assert "2026-11-32" in page.text


async def test_a_refused_rule_book_is_shown_with_its_mistakes(client: httpx.AsyncClient) -> None:
    page = await client.get("/rules", headers={"Accept-Language": "zh"})
    assert "broken.yaml" in page.text
    assert "rules[0].severity" in page.text


async def test_rules_that_judge_something_here_come_first(client: httpx.AsyncClient, db_pool: asyncpg.Pool) -> None:
    e = await db_pool.fetchval("SELECT e FROM enterprise WHERE code = 'seed-steel'")
    judged = {
        row["rule"]
        for row in await db_pool.fetch("SELECT DISTINCT rule FROM rule_subject WHERE e = $1 AND ended_at IS NULL", e)
    }
    page = await client.get("/rules", params={"enterprise": "seed-steel"}, headers={"Accept-Language": "en"})
    before, divide, after = page.text.partition("Nothing judged here so far")
    shown = re.compile(r'<span class="code">(\w+) v\d+')
    assert divide
    assert set(shown.findall(before)) == judged
    assert shown.findall(after)
    assert not judged & set(shown.findall(after))
