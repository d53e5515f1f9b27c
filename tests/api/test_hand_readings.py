"""Readings by hand over HTTP: they come first, the last one of an instant holds, and who entered them stays known."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import asyncpg
import httpx
import pytest

from api.app import create_app
from api.deps import Deps
from cli.backfill import BackfillDoor
from enms.settings import Settings
from tests.api.seed import Seeded

URL = "/api/v1/readings"
EN = {"Accept-Language": "en"}
BY = {"enterprise": "seed-steel", "origin": "hand", "by": "王工", "reason": "抄表"}
WHEN = {"from": "2026-11-20T00:00:00+08:00", "to": "2026-11-21T00:00:00+08:00"}


@pytest.fixture
async def door(db_pool: asyncpg.Pool, seeded: Seeded) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application that really takes readings in."""
    app = create_app(Deps(db_pool, Settings(), clock=lambda: seeded.now, backfill=BackfillDoor(db_pool)))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def _rows(value: float, point: str = "roll.power") -> dict[str, list[dict[str, object]]]:
    return {"readings": [{"point": point, "t": "2026-11-20T12:00:07+08:00", "value": value}]}


async def _held(door: httpx.AsyncClient) -> list[tuple[float, str]]:
    query = {"enterprise": "seed-steel", "point": "roll.power", **WHEN}
    items = (await door.get(URL, params=query)).json()["items"]
    return [(item["value"], item["origin"]) for item in items if item["t"] == "2026-11-20T04:00:07Z"]


async def test_by_hand_comes_before_a_backfill_and_the_last_entry_holds(door: httpx.AsyncClient) -> None:
    first = await door.post(URL, params=BY, json=_rows(2.5))
    assert first.json() == {"accepted": 1, "refused": []}, first.text
    assert await _held(door) == [(2.5, "hand")]
    await door.post(URL, params={"enterprise": "seed-steel"}, json=_rows(9.0))
    assert await _held(door) == [(2.5, "hand")]
    await door.post(URL, params=BY | {"by": "李工"}, json=_rows(2.7))
    assert await _held(door) == [(2.7, "hand")]
    items = (await door.get(f"{URL}/by-hand", params={"enterprise": "seed-steel"})).json()["items"]
    assert [(i["by"], i["readings"], i["corrected"], i["points"]) for i in items] == [
        ("李工", 1, 1, ["roll.power"]), ("王工", 1, 0, ["roll.power"]),
    ]  # fmt: skip


async def test_a_correction_is_derived_again_and_what_it_replaced_is_kept(
    door: httpx.AsyncClient, db_pool: asyncpg.Pool
) -> None:
    await door.post(URL, params=BY, json=_rows(2.5))
    await db_pool.execute("DELETE FROM dirty")
    await door.post(URL, params=BY, json=_rows(2.7))
    assert await db_pool.fetchval("SELECT count(*) FROM dirty JOIN point USING (e, p) WHERE code = 'roll.power'") >= 1
    assert 2.5 in [row["value"] for row in await db_pool.fetch("SELECT value FROM reading_revision WHERE origin = 2")]


async def test_another_start_of_the_same_amount_is_a_correction(door: httpx.AsyncClient, db_pool: asyncpg.Pool) -> None:
    """Thirty tonnes of two hours are not thirty tonnes of one."""

    def rows(start: str) -> dict[str, list[dict[str, object]]]:
        return {"readings": [{"point": "bf1.output", "start": start, "t": "2026-11-20T12:00:00+08:00", "value": 30.0}]}

    async def held() -> list[tuple[int, float]]:
        found = await db_pool.fetch(
            "SELECT r.ts - r.start AS span, r.value FROM reading AS r JOIN point USING (e, p)"
            " WHERE code = 'bf1.output' AND r.ts = '2026-11-20T12:00:00+08:00'"
        )
        return [(row["span"] // timedelta(hours=1), row["value"]) for row in found]

    await door.post(URL, params=BY, json=rows("2026-11-20T11:00:00+08:00"))
    assert await held() == [(1, 30.0)]
    await db_pool.execute("DELETE FROM dirty")
    for _ in range(2):
        await door.post(URL, params=BY, json=rows("2026-11-20T10:00:00+08:00"))
        assert await held() == [(2, 30.0)]
    assert await db_pool.fetchval("SELECT count(*) FROM dirty JOIN point USING (e, p) WHERE code = 'bf1.output'") >= 1
    items = (await door.get(f"{URL}/by-hand", params={"enterprise": "seed-steel"})).json()["items"]
    assert [(i["readings"], i["corrected"]) for i in items] == [(1, 1), (1, 0)]


async def test_a_start_that_means_nothing_to_a_gauge_makes_no_correction(door: httpx.AsyncClient) -> None:
    told = _rows(2.5)
    told["readings"][0]["start"] = "2026-11-20T11:00:00+08:00"
    await door.post(URL, params=BY, json=_rows(2.5))
    await door.post(URL, params=BY, json=told)
    items = (await door.get(f"{URL}/by-hand", params={"enterprise": "seed-steel"})).json()["items"]
    assert [(i["readings"], i["corrected"]) for i in items] == [(1, 0)]


async def test_nobody_enters_by_hand_without_a_name_and_a_reason(door: httpx.AsyncClient) -> None:
    answer = await door.post(URL, params={"enterprise": "seed-steel", "origin": "hand", "by": " "}, json=_rows(1.0))
    assert answer.status_code == 422
    assert {error["place"] for error in answer.json()["errors"]} == {"query.by", "query.reason"}
    assert await _held(door) == []
    refused = await door.post(URL, params=BY, json=_rows(1.0, "nobody"))
    assert refused.json()["accepted"] == 0
    assert (await door.get(f"{URL}/by-hand", params={"enterprise": "seed-steel"})).json()["items"] == []


async def test_pages_mark_what_was_entered_by_hand(door: httpx.AsyncClient) -> None:
    await door.post(URL, params=BY, json=_rows(2.5))
    page = (await door.get("/points/seed-steel/roll.power?span=7d", headers=EN)).text
    assert "By hand, for" in page
    assert "11-20 12:00:07" in page
    assert 'href="/e/seed-steel/readings?point=roll.power#enter"' in page
    shown = (await door.get("/e/seed-steel/readings", headers=EN)).text
    assert "Readings by hand" in shown
    assert "抄表" in shown


FORM = {
    "point": "roll.power", "t": "2026-11-20T12:00:07", "start": "", "value": "2.5", "by": "王工", "reason": "抄表 <1>",
}  # fmt: skip
PAGE = "/e/seed-steel/readings"


async def test_the_form_takes_a_reading_once_and_another_one_corrects_it(
    door: httpx.AsyncClient, db_pool: asyncpg.Pool
) -> None:
    first = await door.post(PAGE, data=FORM)
    assert first.status_code == 303, first.text
    assert await _held(door) == [(2.5, "hand")]
    # a second click, and the same readings sent over HTTP
    assert (await door.post(PAGE, data=FORM)).headers["location"] == first.headers["location"]
    await door.post(URL, params=BY | {"reason": "抄表 <1>"}, json=_rows(2.5))
    await db_pool.execute("DELETE FROM dirty")
    second = await door.post(PAGE, data=FORM | {"value": "2.7", "by": "李工"})
    assert await _held(door) == [(2.7, "hand")]
    assert await db_pool.fetchval("SELECT count(*) FROM dirty JOIN point USING (e, p) WHERE code = 'roll.power'") >= 1
    # back to what was first written: an entry of its own
    third = await door.post(PAGE, data=FORM)
    numbers = [int(a.headers["location"].rpartition("=")[2]) for a in (first, second, third)]
    assert numbers == sorted(set(numbers))
    assert await _held(door) == [(2.5, "hand")]
    shown = (await door.get(third.headers["location"], headers=EN)).text
    assert f"Entry {numbers[2]} is stored" in shown
    assert f"corrected by {numbers[1]}" in shown
    assert f"corrects {numbers[1]}" in shown
    assert "抄表 &lt;1&gt;" in shown
    assert "point=roll.power&amp;t=2026-11-20T12%3A00%3A07" in shown
    again = (await door.get(f"{PAGE}?point=roll.power&t=2026-11-20T12:00:07", headers=EN)).text
    assert 'value="roll.power" selected' in again
    assert 'value="2026-11-20T12:00:07"' in again


def _as_sent(page: str) -> dict[str, str]:
    """What a browser sends of the form as it stands: a box for a time holds no more than milliseconds."""
    fields = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', page))
    (fields["point"],) = re.findall(r'<option value="([^"]+)" selected', page)
    for name in ("t", "start"):
        if not re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?)?", fields[name]):
            fields[name] = ""
    return fields


@pytest.mark.parametrize("second", ["07", "07.5", "07.123456", "07.000001"])
async def test_correct_it_leads_to_that_very_reading(
    door: httpx.AsyncClient, db_pool: asyncpg.Pool, second: str
) -> None:
    """Its instant to the microsecond, and where its span began: else a second reading stands beside it."""
    row = {
        "point": "bf1.output", "start": f"2026-11-20T11:00:{second}+08:00", "t": f"2026-11-20T12:00:{second}+08:00",
        "value": 30.0,
    }  # fmt: skip

    async def held() -> list[tuple[datetime, datetime, float]]:
        query = (
            "SELECT r.start, r.ts, r.value FROM reading AS r JOIN point USING (e, p) WHERE code = 'bf1.output'"
            " AND r.ts BETWEEN '2026-11-20T12:00:00+08:00' AND '2026-11-20T12:01:00+08:00'"
        )
        return [tuple(one) for one in await db_pool.fetch(query)]

    await door.post(URL, params=BY, json={"readings": [row]})
    ((start, t, _),) = await held()
    (link,) = re.findall(r'href="(/e/[^"]*)#enter">Correct it', (await door.get(PAGE, headers=EN)).text)
    fields = _as_sent((await door.get(link.replace("&amp;", "&"), headers=EN)).text)
    refused = await door.post(PAGE, data=fields | {"value": "31", "by": "王工", "reason": ""})
    assert refused.status_code == 422
    done = await door.post(PAGE, data=_as_sent(refused.text) | {"reason": "抄错"})
    assert done.status_code == 303, done.text
    assert await held() == [(start, t, 31.0)]
    # another time is another reading
    another = {"t": "2026-11-20T12:00:09", "value": "32", "by": "王工", "reason": "抄表"}
    other = await door.post(PAGE, data=fields | another)
    assert other.status_code == 303, other.text
    assert len(await held()) == 2
    assert (await held())[1][1].microsecond == 0


@pytest.mark.parametrize(
    ("change", "said", "zh"),
    [
        ({"value": "twelve"}, "Reading: “twelve” is no number", "“twelve”不是数字"),
        ({"value": "nan"}, "Reading: “nan” is no number", "不是数字"),
        ({"t": "noon"}, "Read at: “noon” is not a time", "不是时间"),
        ({"t": "2099-01-01T00:00"}, "Read at: the time is still ahead", "时间尚未到来"),
        ({"point": "nobody"}, "Meter: “nobody” is no metered point of this plant", "不是本企业的计量点"),
        ({"by": " "}, "Your name: is needed", "必填"),
        ({"reason": ""}, "Why by hand: is needed", "必填"),
        ({"start": "2026-11-20T11:00"}, "only an amount over a span has a begin", "只有时段量"),
        ({"reason": "x" * 1001}, "Why by hand: longer than 1000 characters", "超过 1000 个字符"),
    ],
)
async def test_a_mistake_is_told_and_the_form_keeps_what_was_written(
    door: httpx.AsyncClient, change: dict[str, str], said: str, zh: str
) -> None:
    answer = await door.post(PAGE, data=FORM | change, headers=EN)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'role="alert"' in answer.text
    kept = FORM | change
    assert f'name="by" type="text" value="{kept["by"]}"' in answer.text
    assert f'name="value" type="number" value="{kept["value"]}"' in answer.text
    assert zh in (await door.post(PAGE, data=FORM | change, headers={"Accept-Language": "zh-CN"})).text
    assert await _held(door) == []
    assert (await door.get(f"{URL}/by-hand", params={"enterprise": "seed-steel"})).json()["items"] == []


async def test_all_mistakes_are_told_at_once(door: httpx.AsyncClient) -> None:
    answer = await door.post(PAGE, data={}, headers=EN)
    assert answer.status_code == 422
    for label in ("Read at", "Reading", "Your name", "Why by hand"):
        assert f"{label}: is needed" in answer.text


async def test_a_sealed_period_takes_nothing(door: httpx.AsyncClient, db_pool: asyncpg.Pool) -> None:
    await db_pool.execute(
        "UPDATE point_state SET sealed_before = '2026-11-21T00:00Z' FROM point "
        "WHERE point.e = point_state.e AND point.p = point_state.p AND code = 'roll.power'"
    )
    answer = await door.post(PAGE, data=FORM, headers=EN)
    assert answer.status_code == 422
    assert "Before the seal" in answer.text
    assert await _held(door) == []
