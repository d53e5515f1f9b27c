"""The inbox folds alike notices, keeps what is opened and filtered in its address, and takes a group as seen."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from tests.api.seed import Seeded, district_alert

EN = {"Accept-Language": "en"}


@pytest.fixture
async def crowded(db_pool: asyncpg.Pool) -> None:
    """Five notices of one rule, one of them seen."""
    await db_pool.execute(
        "INSERT INTO alert (e, rule, rule_version, subject, kind, purpose, severity, state, started_at, fired_at,"
        " detected_at, unit) SELECT e, rule, rule_version, 'roll.' || n, kind, purpose, severity, state, started_at,"
        " fired_at, detected_at, unit FROM alert, generate_series(1, 4) AS n"
        " WHERE rule = 'meter_silent' AND state = 'firing'"
    )
    number = await db_pool.fetchval("SELECT id FROM alert WHERE subject = 'roll.4'")
    await db_pool.execute("UPDATE alert SET acknowledged_at = now(), acknowledged_by = 'x' WHERE id = $1", number)


def _rows(text: str) -> list[str]:
    body = re.search(r"<tbody>(.*?)</tbody>", text, re.DOTALL)
    assert body is not None
    return re.findall(r"<tr.*?</tr>", body[1], re.DOTALL)


@pytest.mark.usefixtures("crowded")
async def test_alike_notices_are_one_line_below_what_is_more_severe(client: httpx.AsyncClient) -> None:
    rows = _rows((await client.get("/alerts", headers=EN)).text)
    assert len(rows) == 3
    assert "Critical" in rows[0]
    assert "Warning" in rows[1]
    assert "5 × " in rows[2]
    assert "I have seen all 4" in rows[2]
    assert len(_rows((await client.get("/alerts?sort=newest", headers=EN)).text)) == 7
    assert len(_rows((await client.get("/alerts?rule=meter_silent", headers=EN)).text)) == 5


@pytest.mark.usefixtures("crowded")
async def test_what_is_opened_is_in_the_address_with_the_filters(client: httpx.AsyncClient) -> None:
    text = (await client.get("/alerts?enterprise=seed-steel&severity=notice", headers=EN)).text
    (row,) = _rows(text)
    link = re.search(r'<a href="([^"]+)">show them', row)
    assert link is not None
    address = html.unescape(link[1])
    assert "enterprise=seed-steel" in address
    assert "severity=notice" in address
    opened = (await client.get(address, headers=EN)).text
    assert len(_rows(opened)) == 6
    back = re.search(r'name="back" value="([^"]*)"', opened)
    assert back is not None
    assert "open=meter_silent" in html.unescape(back[1])
    folded = re.search(r'<a href="([^"]+)">fold them', opened)
    assert folded is not None
    assert "open=" not in folded[1]


@pytest.mark.usefixtures("crowded")
async def test_a_group_is_taken_as_seen_at_once(client: httpx.AsyncClient, db_pool: asyncpg.Pool) -> None:
    text = (await client.get("/alerts", headers=EN)).text
    button = re.search(r'name="of" value="([\d,]+)"', text)
    assert button is not None
    answer = await client.post("/alerts/acknowledge", data={"of": button[1], "by": "李伟", "back": "severity=notice"})
    assert answer.headers["location"] == "/alerts?severity=notice"
    seen = await db_pool.fetch("SELECT acknowledged_by FROM alert WHERE rule = 'meter_silent' AND state = 'firing'")
    assert sorted(row["acknowledged_by"] for row in seen) == ["x", *["李伟"] * 4]
    assert await db_pool.fetchval("SELECT count(*) FROM alert WHERE acknowledged_by IS NOT NULL") == 5
    assert "I have seen all" not in (await client.get("/alerts", headers=EN)).text


@pytest.mark.parametrize("asked", ["", "?enterprise=seed-power", "?q=nothing+says+this"])
async def test_that_nobody_judges_is_said_above_the_list(
    client: httpx.AsyncClient, db_pool: asyncpg.Pool, app: FastAPI, seeded: Seeded, asked: str
) -> None:
    """That no alert fits says nothing while rules or the ledger stand still."""

    async def text() -> str:
        app.state.context.registry.forget()
        return (await client.get(f"/alerts{asked}", headers=EN)).text

    assert "nobody knows" not in await text()
    e = seeded.e["seed-power"]
    behind = "UPDATE point_state SET closed_until = closed_until + $2::interval WHERE e = $1"
    await db_pool.execute(behind, e, timedelta(hours=-5))
    assert "The ledger is behind: whether something is wrong nobody knows." in await text()
    await db_pool.execute("UPDATE rule_cursor SET evaluated_at = evaluated_at - interval '2 hours'")
    assert "Rules are not running: whether something is wrong nobody knows." in await text()


async def test_the_districts_own_alerts_are_judged_by_the_ledgers_of_all_plants(
    client: httpx.AsyncClient, db_pool: asyncpg.Pool, pg_dsn: str, seeded: Seeded
) -> None:
    connection = await asyncpg.connect(pg_dsn)
    try:
        e, _ = await district_alert(connection)
        await connection.execute("INSERT INTO rule_cursor (e, evaluated_at) VALUES ($1, $2)", e, seeded.now)
    finally:
        await connection.close()
    assert "nobody knows" not in (await client.get("/alerts?enterprise=district", headers=EN)).text
    behind = "UPDATE point_state SET closed_until = closed_until - interval '5 hours' WHERE e = $1"
    await db_pool.execute(behind, seeded.e["seed-power"])
    for path in ("/alerts", "/alerts/blind"):
        text = (await client.get(f"{path}?enterprise=district", headers=EN)).text
        assert "The ledger is behind: whether something is wrong nobody knows." in text
        assert "nobody knows" not in (await client.get(f"{path}?enterprise=seed-steel", headers=EN)).text


async def test_of_nobody_it_is_not_said_that_nobody_judges(client: httpx.AsyncClient, pg_dsn: str) -> None:
    for path in ("/alerts", "/alerts/blind"):
        text = (await client.get(f"{path}?enterprise=<no>", headers=EN)).text
        assert "nobody knows" not in text
        assert "No enterprise is called “&lt;no&gt;”." in text
    connection = await asyncpg.connect(pg_dsn)
    try:
        await connection.execute("TRUNCATE enterprise CASCADE")
    finally:
        await connection.close()
    for path in ("/alerts", "/alerts/blind"):
        text = (await client.get(path, headers=EN)).text
        assert "nobody knows" not in text, "nothing is there that could be wrong"
        assert re.search(r'id="blind"[^>]* hidden>', text)


@pytest.mark.parametrize(
    ("form", "said", "zh"),
    [
        ({"step": "comment", "text": "  "}, "Comment: is needed", "备注"),
        ({"step": "comment", "text": "x" * 4001}, "Comment: longer than 4000 characters", "4000"),
        ({"step": "shelve", "why": " ", "hours": "24"}, "Shelve because: is needed", "搁置原因"),
        ({"step": "shelve", "why": "<b>known</b>", "hours": "721"}, "“721” is no number of hours from 0 to 720", "721"),
        ({"step": "assign", "to": "y" * 101}, "Give it to: longer than 100 characters", "100"),
    ],
)
async def test_a_step_with_a_mistake_stays_in_its_form(
    client: httpx.AsyncClient, form: dict[str, str], said: str, zh: str
) -> None:
    before = (await client.get("/api/v1/alerts/1")).json()["transitions"]
    answer = await client.post("/alerts/1", data=form, headers=EN)
    assert answer.status_code == 422
    assert said in answer.text
    mine = answer.text[answer.text.index(f'id="{form["step"]}"') :].split("</form>")[0]
    assert said in mine, "at the form that it is about"
    for name, value in form.items():
        chosen = f'<option value="{value}" selected>' if value == "24" else f'value="{html.escape(value)}"'
        assert chosen in mine or value == "721", name
    assert answer.text.count("Nothing was entered") == 1
    assert zh in (await client.post("/alerts/1", data=form, headers={"Accept-Language": "zh"})).text
    assert (await client.get("/api/v1/alerts/1")).json()["transitions"] == before


async def test_steps_of_an_alert_are_taken_from_its_page(client: httpx.AsyncClient) -> None:
    for form, shown in (
        ({"step": "assign", "to": "王工"}, "王工"),
        ({"step": "comment", "text": "phoned <i>"}, "phoned &lt;i&gt;"),
        ({"step": "shelve", "why": "repair", "hours": "8"}, "shelved until"),
    ):
        answer = await client.post("/alerts/1", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/alerts/1")
        assert shown in (await client.get("/alerts/1", headers=EN)).text
    await client.post("/alerts/1", data={"step": "shelve", "why": "-", "hours": "0"})
    assert "shelved until" not in (await client.get("/alerts/1", headers=EN)).text
    assert (await client.post("/alerts/1", data={"step": "eat"})).status_code == 422
    assert (await client.post("/alerts/9999", data={"step": "assign"})).status_code == 404
