"""Inspection cases over HTTP: from alerts to the closing, who was first, and what the record keeps."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from typing import Any

import asyncpg
import httpx
import pytest

from tests.api.seed import EVIDENCE, district_alert
from tests.api.test_read_routes import V1, get
from tests.waiting import eventually

FURNACE, SILENT, DEMAND, OVER = 1, 2, 3, 4


async def opened(client: httpx.AsyncClient, *alerts: int, **more: object) -> dict[str, Any]:
    body = {"alerts": list(alerts or (FURNACE,)), "title": "高炉工序能耗超限额", "by": "Li Wei", **more}
    response = await client.post(f"{V1}/cases", json=body)
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


async def does(client: httpx.AsyncClient, number: str, step: str, **body: object) -> httpx.Response:
    return await client.post(f"{V1}/cases/{number}/{step}", json={"by": "Li Wei", **body})


async def step_of(connection: asyncpg.Connection, alert: int, kind: str) -> None:
    """A transition by the rules."""
    await connection.execute(
        "INSERT INTO transition (e, alert, n, kind, at, recorded_at) SELECT e, alert, max(n) + 1, $2, now(), now()"
        " FROM transition WHERE alert = $1 GROUP BY e, alert",
        alert, kind,
    )  # fmt: skip


async def revise(pool: asyncpg.Pool, alert: int = FURNACE) -> str:
    """As the rules do it when late data come: another version of the evidence, and a transition."""
    text = json.dumps({**EVIDENCE, "late": True}, sort_keys=True)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    async with pool.acquire() as connection, connection.transaction():
        e = await connection.fetchval("SELECT e FROM alert WHERE id = $1", alert)
        await connection.execute("UPDATE alert SET value = 409 WHERE id = $1", alert)
        await connection.execute("INSERT INTO evidence VALUES ($1, $2, 2, $3, $4, now())", e, alert, sha256, text)
        await step_of(connection, alert, "revised")
    return sha256


async def retract(pool: asyncpg.Pool, alert: int) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "UPDATE alert SET state = 'resolved', closed = 'retracted', retracted = true WHERE id = $1", alert
        )
        await step_of(connection, alert, "retracted")


async def test_a_case_goes_from_an_alert_to_its_closing(client: httpx.AsyncClient) -> None:
    case = await opened(client, text="群众反映")
    assert (case["number"], case["state"], case["enterprise"]) == ("2026-0001", "opened", "seed-steel")
    (on,) = case["on"]
    (evidence,) = (await get(client, "/alerts/1/evidence"))["items"]
    assert (on["alert"], on["evidence_version"], on["sha256"]) == (FURNACE, 1, evidence["sha256"])
    assert (on["value"], on["limit"], on["unit"], on["moved"], on["later"]) == (417.0, 400.0, "kgce/t", False, [])
    assert case["possible"] == ["added", "notified", "withdrawn", "commented"]
    notified = await does(client, case["number"], "notify", text="现场监察", by="Zhang Min")
    assert notified.json()["state"] == "notified"
    ordered = await does(client, case["number"], "order", due="2026-12-31", text="限期整改通知书 1 号")
    assert (ordered.json()["due"], ordered.json()["days_left"], ordered.json()["overdue"]) == ("2026-12-31", 39, False)
    longer = await does(client, case["number"], "order", due="2027-01-31", text="延期")
    assert (longer.json()["state"], longer.json()["due"]) == ("ordered", "2027-01-31")
    verified = await does(client, case["number"], "verify")
    assert (verified.json()["state"], verified.json()["days_left"]) == ("verified", None)
    closed = (await does(client, case["number"], "close")).json()
    assert (closed["state"], closed["possible"], closed["due"]) == ("closed", ["commented"], "2027-01-31")
    assert [e["kind"] for e in closed["log"]] == ["opened", "notified", "ordered", "ordered", "verified", "closed"]
    assert [e["n"] for e in closed["log"]] == list(range(1, 7))
    assert closed["log"][0]["detail"] == {"alerts": [FURNACE]}
    assert closed["log"][2]["detail"] == {"due": "2026-12-31"}
    assert closed["log"][1]["by"] == "Zhang Min"
    assert closed["events"] == 6
    assert await get(client, f"/cases/{case['number']}") == closed
    said = await does(client, case["number"], "comment", text="归档")
    assert (said.json()["state"], said.json()["log"][-1]["text"]) == ("closed", "归档")


async def test_what_may_not_follow_is_a_conflict_that_says_what_may(client: httpx.AsyncClient) -> None:
    number = (await opened(client))["number"]
    for step in ("verify", "close"):
        refused = await does(client, number, step)
        assert refused.status_code == 409
        assert refused.json()["type"] == "urn:enms:problem:conflict"
        assert "notified" in refused.json()["detail"]
    assert (await does(client, number, "order", due="2026-12-31")).status_code == 409
    assert (await does(client, number, "withdraw", text="误报")).json()["state"] == "withdrawn"
    assert (await does(client, number, "notify")).status_code == 409
    assert (await does(client, number, "withdraw", text="again")).status_code == 409
    assert (await does(client, number, "alerts", alerts=[DEMAND])).status_code == 409
    assert (await get(client, f"/cases/{number}"))["events"] == 2, "nothing of it was written"


async def test_a_case_on_the_district_goes_its_whole_way(client: httpx.AsyncClient, db_pool: asyncpg.Pool) -> None:
    async with db_pool.acquire() as connection:
        _, alert = await district_alert(connection)
    case = await opened(client, alert)
    assert case["enterprise"] == "district"
    for step, body in (("notify", {}), ("order", {"due": "2026-12-31"}), ("verify", {}), ("close", {})):
        done = await does(client, case["number"], step, **body)
        assert done.status_code == 200, (step, done.text)


async def test_the_same_again_changes_nothing(client: httpx.AsyncClient) -> None:
    case = await opened(client)
    assert await opened(client) == case, "as after an answer that was lost"
    number = case["number"]
    steps: list[tuple[str, dict[str, object]]] = [
        ("notify", {}), ("order", {"due": "2026-12-31"}), ("comment", {"text": "x"}), ("verify", {}), ("close", {})
    ]  # fmt: skip
    for count, (step, body) in enumerate(steps, 2):
        first = await does(client, number, step, seen=count - 1, **body)
        again = await does(client, number, step, seen=count - 1, **body)
        assert (first.status_code, again.status_code) == (200, 200), step
        assert again.json() == first.json()
        assert first.json()["events"] == count
    other = await does(client, number, "close", by="Zhang Min")
    assert other.status_code == 409, "somebody else's closing is not the same"
    assert (await get(client, "/cases"))["items"] == [
        {k: v for k, v in (await get(client, f"/cases/{number}")).items() if k not in {"on", "log", "possible"}}
    ]


async def test_what_cannot_be_used_says_why(client: httpx.AsyncClient, db_pool: asyncpg.Pool) -> None:
    async def refused(status: int, **body: object) -> str:
        response = await client.post(f"{V1}/cases", json={"alerts": [FURNACE], "title": "x", "by": "y", **body})
        assert response.status_code == status, response.text
        detail: str = response.json()["detail"]
        return detail

    assert "alerts" in await refused(422, alerts=[])
    await refused(422, alerts=[0])
    await refused(422, alerts=[2**63])
    await refused(422, title="")
    await refused(409, title="  ")
    await refused(422, by="")
    await refused(422, title="\0")
    assert "999" in await refused(404, alerts=[FURNACE, 999])
    await db_pool.execute(
        "INSERT INTO rule_version SELECT (SELECT e FROM enterprise WHERE code = 'seed-power'), rule, version, sha256,"
        " recorded_at, retired_at, file, kind, purpose, severity, cadence, unit, title_zh, title_en, source, definition"
        " FROM rule_version WHERE rule = 'max_demand'"
    )
    foreign = await db_pool.fetchval(
        "INSERT INTO alert (e, rule, rule_version, subject, kind, purpose, severity, state, started_at, fired_at,"
        " detected_at, unit) SELECT (SELECT e FROM enterprise WHERE code = 'seed-power'), rule, rule_version, subject,"
        " kind, purpose, severity, state, started_at, fired_at, detected_at, unit FROM alert WHERE id = $1"
        " RETURNING id",
        DEMAND,
    )
    assert "several" in await refused(409, alerts=[FURNACE, foreign])
    await retract(db_pool, SILENT)
    assert "retracted" in await refused(409, alerts=[SILENT])
    await db_pool.execute("UPDATE alert SET closed = 'merged', merged_into = 1 WHERE id = $1", OVER)
    assert "merged into 1" in await refused(409, alerts=[OVER])
    number = (await opened(client, FURNACE))["number"]
    assert number in await refused(409, alerts=[FURNACE, DEMAND])
    assert (await does(client, number, "alerts", alerts=[foreign])).status_code == 409
    assert (await does(client, number, "alerts", alerts=[999])).status_code == 404
    assert (await does(client, number, "comment", text="")).status_code == 422
    assert (await does(client, number, "comment", text=" ")).status_code == 409
    assert (await does(client, number, "withdraw", text=" ")).status_code == 409
    assert (await does(client, number, "withdraw")).status_code == 422
    await does(client, number, "notify")
    assert (await does(client, number, "order", due="2026-11-21")).status_code == 409
    assert (await does(client, number, "order", due="2026-02-30")).status_code == 422
    assert (await does(client, number, "order")).status_code == 422
    today = await does(client, number, "order", due="2026-11-22")
    assert (today.status_code, today.json()["days_left"], today.json()["overdue"]) == (200, 0, False)
    assert (await does(client, number, "order", due="2026-11-22", text="other")).status_code == 409
    for path in ("2026-9999", "x", "2026-1", "2026-00001"):
        wanted = 404 if path in {"2026-9999", "2026-00001"} else 422
        assert (await client.get(f"{V1}/cases/{path}")).status_code == wanted
        assert (await does(client, path, "notify")).status_code == wanted
    assert [len(c["log"]) for c in [await get(client, f"/cases/{number}")]] == [3]


async def test_alerts_are_added_once_on_what_stands_then(client: httpx.AsyncClient, db_pool: asyncpg.Pool) -> None:
    number = (await opened(client, FURNACE, SILENT))["number"]
    sha256 = await revise(db_pool)
    added = (await does(client, number, "alerts", alerts=[FURNACE, DEMAND], text="并案")).json()
    assert [on["alert"] for on in added["on"]] == [FURNACE, SILENT, DEMAND]
    first = added["on"][0]
    assert (first["evidence_version"], first["evidence_version_now"]) == (1, 2)
    assert first["sha256"] != sha256 == first["sha256_now"]
    assert added["log"][-1]["detail"] == {"alerts": [DEMAND]}
    again = await does(client, number, "alerts", alerts=[DEMAND, FURNACE])
    assert again.json() == added
    assert [on["evidence_version"] for on in added["on"]] == [1, None, None], "some alerts have no evidence"
    withdrawn = await does(client, number, "withdraw", text="wrong plant")
    assert withdrawn.status_code == 200
    another = await opened(client, FURNACE)
    assert another["number"] == "2026-0002"
    assert another["on"][0]["evidence_version"] == 2, "a new case stands on what stands now"


async def test_what_becomes_of_an_alert_is_told_and_the_record_stays(
    client: httpx.AsyncClient, db_pool: asyncpg.Pool
) -> None:
    case = await opened(client, FURNACE, SILENT, DEMAND)
    frozen = ("alert", "evidence_version", "sha256", "value", "limit", "certainty", "added_at", "added_by")
    assert case["moved"] == 0
    sha256 = await revise(db_pool)
    await retract(db_pool, SILENT)
    now = await get(client, f"/cases/{case['number']}")
    assert now["moved"] == 2
    assert [[on[k] for k in frozen] for on in now["on"]] == [[on[k] for k in frozen] for on in case["on"]]
    furnace, silent, demand = now["on"]
    assert (furnace["moved"], furnace["later"], furnace["value_now"]) == (True, ["revised"], 409.0)
    assert (furnace["evidence_version_now"], furnace["sha256_now"]) == (2, sha256)
    assert (silent["moved"], silent["closed"], silent["later"]) == (True, "retracted", ["retracted"])
    assert demand["moved"] is False
    assert now["log"] == case["log"], "the log is what people did"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE case_event SET comment = 'x'",
        "DELETE FROM case_event",
        "UPDATE case_alert SET version = NULL, sha256 = NULL",
        "DELETE FROM case_alert",
        "UPDATE inspection_case SET title = 'x'",
        "UPDATE inspection_case SET number = '2026-0009'",
        "DELETE FROM inspection_case",
    ],
)
async def test_nobody_rewrites_a_case(client: httpx.AsyncClient, db_pool: asyncpg.Pool, statement: str) -> None:
    await opened(client)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await db_pool.execute(statement)


async def test_of_two_at_once_one_is_first(client: httpx.AsyncClient) -> None:
    number = (await opened(client))["number"]
    for step, body in (("notify", {}), ("order", {"due": "2026-12-31"}), ("verify", {}), ("close", {})):
        seen = (await get(client, f"/cases/{number}"))["events"]
        answers = await asyncio.gather(*(does(client, number, step, seen=seen, by=f"p{n}", **body) for n in range(6)))
        assert Counter(a.status_code for a in answers) == {200: 1, 409: 5}, step
    assert (await get(client, f"/cases/{number}"))["events"] == 5


async def test_who_did_not_see_what_happened_is_told(client: httpx.AsyncClient) -> None:
    number = (await opened(client))["number"]
    await does(client, number, "comment", text="企业已自查")
    late = await does(client, number, "notify", seen=1)
    assert late.status_code == 409
    assert "2 events" in late.json()["detail"]
    assert (await does(client, number, "notify", seen=2)).status_code == 200


async def test_the_evidence_noted_is_the_one_that_stands(client: httpx.AsyncClient, pg_dsn: str) -> None:
    """The rules are just revising the alert: the case waits, and stands on what they froze."""
    rules = await asyncpg.connect(pg_dsn)
    try:
        change = rules.transaction()
        await change.start()
        await rules.execute("UPDATE alert SET value = 409 WHERE id = $1", FURNACE)
        opening = asyncio.create_task(opened(client))
        waiting = """
            SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
        """

        async def it_waits() -> bool:
            return opening.done() or await rules.fetchval(waiting) > 0

        await eventually(it_waits)
        await rules.execute(
            "INSERT INTO evidence SELECT e, alert, 2, sha256, body, now() FROM evidence WHERE alert = $1", FURNACE
        )
        await change.commit()
        case = await opening
    finally:
        await rules.close()
    (on,) = case["on"]
    assert (on["evidence_version"], on["value"]) == (2, 409.0)


async def test_numbers_have_no_holes_and_an_alert_one_open_case(
    client: httpx.AsyncClient, db_pool: asyncpg.Pool
) -> None:
    await db_pool.execute(
        "INSERT INTO alert (e, rule, rule_version, subject, kind, purpose, severity, state, started_at, fired_at,"
        " detected_at, unit) SELECT e, rule, rule_version, 'roll.' || n, kind, purpose, severity, state, started_at,"
        " fired_at, detected_at, unit FROM alert, generate_series(1, 8) AS n WHERE id = $1",
        SILENT,
    )
    rows = await db_pool.fetch("SELECT id FROM alert WHERE subject LIKE 'roll._' ORDER BY id")
    ids = [row["id"] for row in rows]
    asked = [
        client.post(f"{V1}/cases", json={"alerts": [one, *extra], "title": "x", "by": f"{one} {len(extra)}"})
        for one in ids
        for extra in ([], [999], [])
    ]
    answers = await asyncio.gather(*asked)
    assert Counter(a.status_code for a in answers) == {201: 16, 404: 8}, "two were the same: they got the same case"
    for tries in range(3):
        contested = [
            client.post(f"{V1}/cases", json={"alerts": [FURNACE, DEMAND][:: 1 if n % 2 else -1], "title": f"{n}"})
            for n in range(4)
        ]
        told = await asyncio.gather(*contested)
        assert Counter(a.status_code for a in told) == {201: 1, 409: 3}
        (won,) = [a.json()["number"] for a in told if a.status_code == 201]
        assert won == f"2026-{9 + tries:04}"
        assert all(won in a.json()["detail"] for a in told if a.status_code == 409)
        await does(client, won, "withdraw", text="again")
    numbers = sorted(item["number"] for item in (await get(client, "/cases"))["items"])
    assert numbers == [f"2026-{n:04}" for n in range(1, 12)]


async def test_numbers_go_by_year_and_grow_beyond_four_digits(client: httpx.AsyncClient, db_pool: asyncpg.Pool) -> None:
    await db_pool.execute("INSERT INTO case_count VALUES (2025, 7), (2026, 9999)")
    assert (await opened(client))["number"] == "2026-10000"
    assert (await get(client, "/cases/2026-10000"))["state"] == "opened"


async def test_lists_can_be_narrowed_and_paged(client: httpx.AsyncClient, db_pool: asyncpg.Pool) -> None:
    first = (await opened(client, FURNACE))["number"]
    second = (await opened(client, SILENT))["number"]
    third = (await opened(client, DEMAND, OVER))["number"]
    await does(client, first, "notify")
    await does(client, first, "order", due="2026-11-30")
    await does(client, third, "withdraw", text="x")

    async def found(**wanted: object) -> list[str]:
        return [item["number"] for item in (await get(client, "/cases", **wanted))["items"]]

    assert await found() == [third, second, first]
    assert await found(state="ordered") == [first]
    assert await found(state=["opened", "withdrawn"]) == [third, second]
    assert await found(overdue=True) == []
    await db_pool.execute("UPDATE inspection_case SET due_on = '2026-11-21' WHERE number = $1", first)
    assert await found(overdue=True) == [first]
    assert await found(overdue=False) == [third, second]
    (late,) = (await get(client, "/cases", overdue=True))["items"]
    assert (late["days_left"], late["overdue"], late["alerts"]) == (-1, True, 1)
    assert await found(alert=OVER) == [third]
    assert await found(enterprise="seed-power") == []
    assert await found(enterprise="seed-steel") == [third, second, first]
    page = await get(client, "/cases", limit=2)
    rest = await get(client, "/cases", limit=2, cursor=page["next_cursor"])
    assert [item["number"] for item in page["items"] + rest["items"]] == [third, second, first]
    assert (await client.get(f"{V1}/cases", params={"state": "lost"})).status_code == 422
    assert (await client.get(f"{V1}/cases", params={"enterprise": "nobody"})).status_code == 404
    assert (await client.get(f"{V1}/cases", params={"cursor": "x"})).status_code == 422
    lines = (await client.get(f"{V1}/cases", params={"format": "csv"})).text.splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("number,enterprise,title,state")


async def test_a_case_is_overdue_by_its_plants_own_date(client: httpx.AsyncClient, db_pool: asyncpg.Pool) -> None:
    number = (await opened(client))["number"]
    await does(client, number, "notify")
    # 10:07 UTC on the 22nd is the 23rd on Kiritimati already
    await db_pool.execute("UPDATE enterprise SET timezone = 'Pacific/Kiritimati' WHERE code = 'seed-steel'")
    assert (await does(client, number, "order", due="2026-11-22")).status_code == 409
    assert (await does(client, number, "order", due="2026-11-23")).json()["days_left"] == 0
