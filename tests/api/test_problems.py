"""Whatever goes wrong is problem+json, with one shape and every mistake named."""

from __future__ import annotations

import asyncpg
import httpx
import pytest

from api.app import create_app
from api.deps import Deps
from api.paging import encode
from enms.settings import Settings

V1 = "/api/v1"
STEEL = {"enterprise": "seed-steel", "point": "roll.power"}


NUMBERED = {
    "cases": "/cases",
    "consumption": "/consumption",
    "enpis": "/enpis",
    "enpi-values": "/enpis/1/values",
    "latest": "/points/latest",
    "motors": "/motors",
    "notifications": "/notifications",
    "outages": "/outages",
    "points": "/points",
    "production": "/production",
    "standards": "/standards",
}
"""Lists whose cursor is one number."""


@pytest.mark.parametrize(("kind", "path"), NUMBERED.items())
@pytest.mark.parametrize("key", ["x", -1, 2**70, 1.5, True, None, [1]])
async def test_a_cursor_with_a_strange_key_is_refused(client: httpx.AsyncClient, kind: str, path: str, key) -> None:
    response = await client.get(V1 + path, params={"enterprise": "seed-steel", "cursor": encode(kind, key)})
    assert response.status_code == 422, response.text
    assert "query.cursor" in response.text


@pytest.mark.parametrize(
    ("kind", "path", "keys"),
    [
        ("alerts", "/alerts", ("2026-11-20T00:00:00+08:00", "x")),
        ("alerts", "/alerts", ("2026-11-20T00:00:00", 1)),
        ("readings", "/readings", (2**40, "2026-11-20T00:00:00+08:00")),
        ("readings", "/readings", ("x", "2026-11-20T00:00:00+08:00")),
        ("readings", "/readings", (1, "9999-12-31T23:59:00+00:00")),
        ("intervals", "/intervals", ("roll.power", "9999-12-31T23:59:00+00:00")),
        ("quarantine", "/quarantine", ("0001-01-01T00:00:00+14:00", "00")),
        ("quarantine", "/quarantine", ("2026-11-20T00:00:00+08:00", "zz")),
    ],
)
async def test_a_cursor_of_an_instant_and_a_strange_key_is_refused(
    client: httpx.AsyncClient, kind: str, path: str, keys: tuple
) -> None:
    response = await client.get(V1 + path, params=STEEL | {"cursor": encode(kind, *keys)})
    assert response.status_code == 422, response.text
    assert "query.cursor" in response.text


@pytest.mark.parametrize(
    ("path", "parameters", "status", "kind", "words"),
    [
        ("/enterprises/nobody", {}, 404, "not-found", "nobody"),
        ("/points", {"enterprise": "nobody"}, 404, "not-found", "nobody"),
        ("/points", {}, 422, "invalid-input", "enterprise"),
        ("/points", {"enterprise": "seed-steel", "limit": 0}, 422, "invalid-input", "limit"),
        ("/points", {"enterprise": "seed-steel", "limit": 5001}, 413, "too-much", "5000"),
        ("/points", {"enterprise": "seed-steel", "cursor": "garbage"}, 422, "invalid-input", "cursor"),
        ("/readings", {"enterprise": "seed-steel", "point": "nobody"}, 404, "not-found", "nobody"),
        ("/readings", {"enterprise": "seed-steel", "point": "bf1.elec.net"}, 422, "invalid-input", "virtual"),
        ("/readings", {**STEEL, "from": "2026-11-22T10:00:00"}, 422, "invalid-input", "offset"),
        ("/readings", {**STEEL, "from": "yesterday"}, 422, "invalid-input", "yesterday"),
        ("/readings", {**STEEL, "from": "0001-01-01T00:00:00+14:00"}, 422, "invalid-input", "range"),
        ("/readings", {**STEEL, "from": "2026-11-22", "to": "2026-11-21"}, 422, "invalid-input", "after"),
        ("/readings", {**STEEL, "from": "2020-01-01"}, 413, "too-much", "400 days"),
        ("/readings", {**STEEL, "resolution": "5m"}, 422, "invalid-input", "resolution"),
        ("/readings", {**STEEL, "point": "roll\0power"}, 422, "invalid-input", "query.point: NUL"),
        ("/nothing", {}, 404, "not-found", "Not Found"),
    ],
)
async def test_problems(
    client: httpx.AsyncClient, path: str, parameters: dict, status: int, kind: str, words: str
) -> None:
    response = await client.get(V1 + path, params=parameters)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == f"urn:enms:problem:{kind}"
    assert problem["status"] == status
    assert problem["instance"] == V1 + path
    assert words in problem["detail"]
    if status == 422:
        assert problem["errors"]


@pytest.mark.parametrize(
    ("path", "body", "key"),
    [
        ("/alerts/1/assign", {"to": "Zhang Min", "By": "Li Wei"}, "By"),
        ("/alerts/1/acknowledge", {"who": "Li Wei"}, "who"),
        ("/rules/backtest", {"enterprise": "seed-steel", "rule": "motor_idle", "start": "2026-11-20"}, "start"),
        ("/crews/roster", {"enterprise": "seed-steel", "by": "x", "roster": {"starts": "2026-11-20",
         "crews": [{"code": "a"}, {"code": "b", "nam": {}}], "days": [{"day": "a"}]}}, "roster.crews.1.nam"),
    ],
)  # fmt: skip
async def test_a_key_that_nobody_knows_is_refused_with_its_place(
    client: httpx.AsyncClient, path: str, body: dict, key: str
) -> None:
    """Misspelt, it would be left out without anybody being told."""
    response = await client.post(V1 + path, json=body)
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["errors"] == [{"place": f"body.{key}", "reason": "unknown key"}]


async def test_a_number_that_no_row_can_have_is_nobodys(client: httpx.AsyncClient) -> None:
    """Not a defect of this program, as a number beyond what the database can hold was on pages."""
    asked = [
        "/alerts/{}", "/alerts/{}/chart.json", "/alerts/{}/evidence/print", "/alerts/{}/evidence.pdf", "/cases/2026-{}",
        "/cases/new?alert={}", "/notifications?before={}", "/e/seed-steel/enpi/{}", f"{V1}/alerts/{{}}",
        f"{V1}/alerts/{{}}/evidence", f"{V1}/cases?alert={{}}", f"{V1}/cases/2026-{{}}", f"{V1}/enpis/{{}}/values",
        f"{V1}/motors/{{}}", f"{V1}/notifications?alert={{}}",
    ]  # fmt: skip
    done = [
        "/alerts/{}", "/outages/{}/cancel",
        "/e/seed-steel/corrections/{}/withdraw", f"{V1}/alerts/{{}}/acknowledge", f"{V1}/corrections/{{}}/withdraw",
        f"{V1}/outages/{{}}/cancel",
    ]  # fmt: skip
    steps = ("acknowledge", "assign", "comment", "shelve")
    for number in (0, -1, 2**63, 10**20):
        for path in asked:
            response = await client.get(path.format(number))
            assert response.status_code in {404, 422}, path
        for path in done:
            for step in steps if path == "/alerts/{}" else steps[:1]:
                form = {} if path.startswith(V1) else {"data": {"text": "x", "why": "x", "hours": "8", "step": step}}
                response = await client.post(path.format(number), **form)
                assert response.status_code in {404, 422}, path


@pytest.mark.parametrize("form", [{"of": "17,x"}, {"of": str(10**20)}, {"of": 5000 * "9"}, {"alert": str(2**63)}])
async def test_numbers_that_no_alert_can_have_are_not_acknowledged(
    client: httpx.AsyncClient, form: dict[str, str]
) -> None:
    assert (await client.post("/alerts/acknowledge", data=form)).status_code == 422


async def test_wrong_method_is_a_problem_too(client: httpx.AsyncClient) -> None:
    response = await client.delete(f"{V1}/enterprises")
    assert response.status_code == 405
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["allow"]


async def test_a_database_that_is_gone_is_503(client: httpx.AsyncClient, db_pool: asyncpg.Pool) -> None:
    db_pool.terminate()
    response = await client.get(f"{V1}/enterprises")
    assert response.status_code == 503
    assert response.json()["type"] == "urn:enms:problem:unavailable"
    assert response.headers["retry-after"] == "5"
    health = await client.get(f"{V1}/health")
    assert health.status_code == 503
    assert health.json()["parts"]["database"]["status"] == "down"


async def test_a_defect_tells_nothing_to_the_outside(db_pool: asyncpg.Pool) -> None:
    def clock() -> None:
        raise ZeroDivisionError("secret")

    app = create_app(Deps(db_pool, Settings(), clock=clock))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://enms.test") as client:
        response = await client.get(f"{V1}/health")
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert "secret" not in response.text


async def test_security_headers_on_everything(client: httpx.AsyncClient) -> None:
    for path in (f"{V1}/enterprises", f"{V1}/nothing", "/openapi.json"):
        headers = (await client.get(path)).headers
        assert "script-src 'self'" in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff"
