"""Backfill and meter events by HTTP: what arrives behind the doors, and what does not get that far."""

from __future__ import annotations

import csv
from datetime import UTC, datetime

import asyncpg
import httpx
import pytest

from api.app import create_app
from api.deps import BackfillRow, Deps
from enms.readings import Origin
from enms.settings import Settings
from tests.api.doubles import Sink
from tests.api.seed import Seeded

V1 = "/api/v1"
POST = f"{V1}/readings?enterprise=seed-steel"
AT = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)


async def test_json_rows_as_on_mqtt(client: httpx.AsyncClient, sink: Sink) -> None:
    rows = [
        {"point": "roll.power", "t": "2026-11-22T18:15:00+08:00", "value": 1.5, "quality": "suspect"},
        {"point": "bf1.output", "t": 1795342500000, "start": 1795338900000, "value": 220},
        {"point": "nobody", "t": "2026-11-22T10:15:00Z", "value": 3},
    ]
    response = await client.post(POST, json={"readings": rows})
    assert response.status_code == 200, response.text
    assert response.json() == {
        "accepted": 2,
        "refused": [{"index": 2, "reason": "unknown_point", "detail": "no point nobody"}],
    }
    assert sink.rows == [
        BackfillRow("roll.power", AT, 1.5, "suspect"),
        BackfillRow("bf1.output", AT, 220.0, "good", datetime(2026, 11, 22, 9, 15, tzinfo=UTC)),
    ]


async def test_csv_rows(client: httpx.AsyncClient, sink: Sink) -> None:
    body = (
        "\ufeffpoint,t,value,quality\r\nroll.power,2026-11-22T18:15:00+08:00,1.5,\r\nroll.power,1795342500000,2,bad\r\n"
    )
    response = await client.post(POST, content=body.encode(), headers={"Content-Type": "text/csv; charset=utf-8"})
    assert response.json()["accepted"] == 2, response.text
    assert sink.rows == [BackfillRow("roll.power", AT, 1.5), BackfillRow("roll.power", AT, 2.0, "bad")]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "JSON"),
        (b"[]", "object"),
        (b'{"readings": []}', "at least 1"),
        (b'{"readings": [{"point": "a", "t": "2026-11-22T10:00:00", "value": 1}]}', "no offset"),
        (b'{"readings": [{"point": "a", "t": 99999999999999999999, "value": 1}]}', "t"),
        (b'{"readings": [{"point": "a", "t": "0001-01-01T00:00:00+08:00", "value": 1}]}', "readings.t: 0001-01-01"),
        (
            b'{"readings": [{"point": "a", "t": 0, "start": "9999-12-31T23:59:59-08:00", "value": 1}]}',
            "readings.start: 9999-12-31T23:59:59-08:00 is out of range",
        ),
        (b'{"readings": [{"point": "a", "t": "2026-11-22T10:00:00Z", "value": "x"}, {"t": 1}]}', "readings.1.point"),
        (b'{"readings": [{"point": "a", "t": "2026-11-22T10:00:00Z", "value": NaN}]}', "finite"),
        (
            b'{"readings": [{"point": "a", "t": "2026-11-22T10:00:00Z", "value": 1, "qualty": "bad"}]}',
            "body.readings.0.qualty: unknown key",
        ),
    ],
)
async def test_what_is_no_row_form_is_refused_as_a_whole(
    client: httpx.AsyncClient, sink: Sink, body: bytes, words: str
) -> None:
    response = await client.post(POST, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 422, response.text
    assert words in response.json()["detail"], response.json()["detail"]
    assert sink.rows == []


async def test_a_message_as_on_mqtt_has_a_count(client: httpx.AsyncClient, sink: Sink) -> None:
    rows = [{"point": "roll.power", "t": "2026-11-22T18:15:00+08:00", "value": 1.5}]
    assert (await client.post(POST, json={"seq": 17, "readings": rows})).json()["accepted"] == 1
    assert sink.rows == [BackfillRow("roll.power", AT, 1.5)]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("a,b\n1,2\n", "point, t, value"),
        (
            "point,t,value,qualty\nroll.power,1795342500000,1.5,bad\nroll.power,1795342500000,2,\n",
            "body.qualty: unknown key",
        ),
        ("point,t,value\nroll.power,1795342500000,1\nroll.power,1795342500000,1,5\n", "body.1: a cell in no column"),
        ("point,t,value\nroll.power,²,1\n", "body.0.t"),
        (f"point,t,value\nroll.power,{5000 * '9'},1\n", "body.0.t"),
    ],
)
async def test_csv_has_its_columns_and_no_others(client: httpx.AsyncClient, sink: Sink, body: str, words: str) -> None:
    response = await client.post(POST, content=body.encode(), headers={"Content-Type": "text/csv"})
    assert response.status_code == 422
    assert words in response.json()["detail"]
    assert response.json()["detail"].count("unknown key") <= 1, "a column is told once"
    assert sink.rows == []


async def test_a_quote_that_is_never_closed_is_told_with_its_line(client: httpx.AsyncClient, sink: Sink) -> None:
    usual = csv.field_size_limit(1000)
    try:
        body = 'point,t,value\nroll.power,1795342500000,1\n"roll.power,' + 2000 * "1"
        response = await client.post(POST, content=body.encode(), headers={"Content-Type": "text/csv"})
    finally:
        csv.field_size_limit(usual)
    assert response.status_code == 422
    assert "body, line 3: field larger than" in response.json()["detail"]
    assert sink.rows == []


async def test_csv_may_have_the_line_ends_of_old_macs(client: httpx.AsyncClient, sink: Sink) -> None:
    body = "point,t,value\rroll.power,2026-11-22T18:15:00+08:00,1.5\r"
    response = await client.post(POST, content=body.encode(), headers={"Content-Type": "text/csv"})
    assert response.json()["accepted"] == 1, response.text
    assert sink.rows == [BackfillRow("roll.power", AT, 1.5)]


async def test_csv_may_end_in_empty_columns(client: httpx.AsyncClient, sink: Sink) -> None:
    """As spreadsheets write them."""
    body = "point,t,value,quality,,\nroll.power,2026-11-22T18:15:00+08:00,1.5,,,,,\n"
    response = await client.post(POST, content=body.encode(), headers={"Content-Type": "text/csv"})
    assert response.json()["accepted"] == 1, response.text
    assert sink.rows == [BackfillRow("roll.power", AT, 1.5)]


async def put_back(client: httpx.AsyncClient, form: str, **asked: str) -> httpx.Response:
    """Three rows of an export, posted as they came."""
    wanted = {"enterprise": "seed-steel", "point": "roll.power", "limit": "3", "format": form, **asked}
    exported = await client.get(f"{V1}/readings", params=wanted)
    if form == "csv":
        return await client.post(POST, content=exported.content, headers={"Content-Type": "text/csv"})
    return await client.post(POST, json={"readings": exported.json()["items"]})


@pytest.mark.parametrize("form", ["csv", "json"])
async def test_what_was_taken_out_can_be_put_back(client: httpx.AsyncClient, sink: Sink, form: str) -> None:
    """With its unit, checked; who said it and when it came is not taken over."""
    answer = await put_back(client, form)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"accepted": 3, "refused": []}
    assert [row.point for row in sink.rows] == 3 * ["roll.power"]
    assert sink.origin is Origin.BACKFILL


async def test_a_row_in_another_unit_is_told_with_its_place(client: httpx.AsyncClient, sink: Sink) -> None:
    rows = [f"roll.power,17953425{n}0000,1,{unit}" for n, unit in enumerate(("kW", "", "MW"))]
    body = "\n".join(["point,t,value,unit", *rows])
    answer = await client.post(POST, content=body.encode(), headers={"Content-Type": "text/csv"})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"place": "body.2.unit", "reason": "is MW, but roll.power reports kW; nothing is converted"}
    ]
    row = {"t": 1795342500000, "value": 1, "unit": "kWh"}
    answer = await client.post(POST, json={"readings": [row | {"point": "nobody"}, row | {"point": "roll.power"}]})
    assert [one["place"] for one in answer.json()["errors"]] == ["body.readings.1.unit"]
    assert sink.rows == []


@pytest.mark.parametrize("form", ["csv", "json"])
async def test_means_of_steps_are_no_readings(client: httpx.AsyncClient, sink: Sink, form: str) -> None:
    answer = await put_back(client, form, resolution="15m")
    assert answer.status_code == 422
    assert "of a step, not of a reading" in answer.json()["detail"]
    assert sink.rows == []


async def test_a_body_has_a_limit_announced_or_not(client: httpx.AsyncClient) -> None:
    announced = await client.post(POST, content=b" " * 70000)
    assert announced.status_code == 413

    async def endless():
        for _ in range(20):
            yield b" " * 10000

    streamed = await client.post(POST, content=endless())
    assert streamed.status_code == 413
    assert streamed.json()["type"] == "urn:enms:problem:too-much"


async def test_other_sites_may_not_write(client: httpx.AsyncClient, sink: Sink) -> None:
    rows = {"readings": [{"point": "roll.power", "t": "2026-11-22T10:15:00Z", "value": 1}]}
    for headers in ({"Origin": "http://evil.test"}, {"Sec-Fetch-Site": "cross-site"}):
        response = await client.post(POST, json=rows, headers=headers)
        assert response.status_code == 403
    assert sink.rows == []
    own = await client.post(POST, json=rows, headers={"Origin": "http://enms.test"})
    assert own.status_code == 200


async def test_meter_events(client: httpx.AsyncClient, db_pool: asyncpg.Pool) -> None:
    body = {"enterprise": "seed-steel", "point": "bf2.elec.active_energy", "at": "2026-11-22T12:00:00+08:00"}
    url = f"{V1}/meters/exchange"
    answer = await client.post(url, json=body | {"final": 12.5, "initial": 0, "multiplier": 40})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["at"], answer.json()["changed"]) == ("2026-11-22T04:00:00Z", True)
    again = await client.post(url, json=body | {"final": 12.5, "initial": 0, "multiplier": 40})
    assert (again.status_code, again.json()["changed"]) == (201, False)
    corrected = await client.post(f"{V1}/meters/reset", json=body | {"initial": 0})
    assert corrected.json()["changed"]
    row = await db_pool.fetchrow("SELECT * FROM installation_span WHERE kind IN ('exchange', 'reset')")
    assert (row["kind"], row["final_value"], row["initial_value"]) == ("reset", None, 0)
    assert await db_pool.fetchval("SELECT count(*) FROM dirty WHERE p = $1", row["p"]) == 2


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"final": None}, 422, "final"),
        ({"point": "nobody"}, 404, "nobody"),
        ({"enterprise": "nobody"}, 404, "nobody"),
        ({"point": "roll.power"}, 409, "no register"),
        ({"final": 1e12}, 422, "turns over"),
        ({"initial": -1}, 422, "a register shows 0 or more"),
        ({"multiplier": 0}, 422, "multiplier"),
        ({"at": "2031-01-01T00:00:00+08:00"}, 422, "has not come yet"),
    ],
)
async def test_what_cannot_have_happened_to_a_meter(
    client: httpx.AsyncClient, change: dict[str, object], status: int, said: str
) -> None:
    body = {"enterprise": "seed-steel", "point": "bf2.elec.active_energy", "at": "2026-11-22T12:00:00+08:00"}
    wanted = body | {"final": 1, "initial": 0} | change
    answer = await client.post(f"{V1}/meters/exchange", json={k: v for k, v in wanted.items() if v is not None})
    assert (answer.status_code, said in answer.text) == (status, True), answer.text


async def test_a_process_without_this_door_says_so(seeded: Seeded, db_pool: asyncpg.Pool) -> None:
    app = create_app(Deps(db_pool, Settings(), clock=lambda: seeded.now))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://enms.test") as client:
        response = await client.post(POST, json={"readings": []})
        assert response.status_code == 503
