"""Alerts as people deal with them: the inbox, the chart, evidence on paper, and judged again by a command."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.api.seed import DEAD, EVIDENCE
from tests.api.test_read_routes import V1, get

ROOT = Path(__file__).parents[2]


def titles(text: str) -> list[str]:
    return re.findall(r'<td><a href="/alerts/\d+">(.*?)</a>', text)


async def test_the_inbox_filters_by_its_address(client: httpx.AsyncClient) -> None:
    async def shown(**wanted: str) -> list[str]:
        return titles((await client.get("/alerts", params=wanted)).text)

    demand, furnace, silent = (
        "Demand about to exceed the contract",
        "Blast furnace energy over its limit in a day",
        "Meter silent",
    )
    assert await shown() == [demand, furnace, silent], "what comes first"
    assert await shown(sort="oldest") == [furnace, silent, demand]
    assert await shown(sort="excess") == [furnace, demand, silent]
    assert await shown(rule="meter_silent", state="") == [silent, silent]
    assert await shown(q="BF2.") == [silent]
    assert await shown(q="高炉") == [furnace]
    assert await shown(q="%") == []
    assert await shown(enterprise="seed-power") == []
    page = (await client.get("/alerts", params={"q": "高炉", "severity": "warning"})).text
    address = re.search(r'href="(/api/v1/alerts\?format=csv[^"]*)"', page)
    assert address is not None
    csv = await client.get(address[1].replace("&amp;", "&"))
    assert len(csv.text.splitlines()) == 2, "the CSV has the same filter"


async def test_several_are_acknowledged_at_once(client: httpx.AsyncClient) -> None:
    done = await client.post(
        "/alerts/acknowledge", data={"alert": ["1", "2"], "by": "Li Wei", "back": "state=firing&q=x"}
    )
    assert (done.status_code, done.headers["location"]) == (303, "/alerts?state=firing&q=x")
    items = (await get(client, "/alerts", state="firing"))["items"]
    assert sorted((i["id"], i["acknowledged_by"]) for i in items) == [(1, "Li Wei"), (2, "Li Wei"), (3, None)]
    nobody = await client.post("/alerts/acknowledge", data={"back": "//elsewhere.example"})
    assert nobody.headers["location"].startswith("/alerts?")
    many = await client.post(f"{V1}/alerts/acknowledge", json={"ids": [3, 1], "by": "Wang"})
    assert [(i["id"], i["acknowledged_by"]) for i in many.json()["items"]] == [(1, "Li Wei"), (3, "Wang")]
    broken = await client.post(f"{V1}/alerts/acknowledge", json={"ids": [4, 999], "by": "Wang"})
    assert broken.status_code == 404
    assert (await get(client, "/alerts/4"))["acknowledged"] is False, "all of them, or none"


async def test_the_chart_has_the_limit_the_episode_and_its_gaps(client: httpx.AsyncClient) -> None:
    data = (await client.get("/alerts/1/chart.json")).json()
    assert data["unit"] == "kgce/t"
    assert data["episode"][0] == data["fired"]
    known = [piece for piece in data["pieces"] if piece[2] is not None]
    assert known
    assert all(limit is not None for *_, limit, _ in known)
    for begin, *_, label in data["pieces"]:
        assert label.startswith(f"{datetime.fromtimestamp(begin / 1000, UTC):%m-%d %H:%M}"), "the plant's clock on both"
    assert any(piece[2] is None for piece in data["pieces"]), "days without data are there, and unknown"
    number = (await get(client, "/alerts", subject=DEAD))["items"][0]["id"]
    dead = (await client.get(f"/alerts/{number}/chart.json")).json()
    assert dead["unit"] == "kWh"
    assert dead["pieces"][-1][1] < dead["to"] - 3_600_000, "nothing is drawn where nothing was closed"
    assert all(piece[2] is None or piece[2] > 0 for piece in dead["pieces"]), "a silent meter is a gap, not 0"


async def test_what_has_no_course_has_no_chart(client: httpx.AsyncClient) -> None:
    number = (await get(client, "/alerts", rule="max_demand"))["items"][0]["id"]
    assert "data-chart" not in (await client.get(f"/alerts/{number}")).text
    assert 'data-chart="breach"' in (await client.get("/alerts/1")).text


@pytest.mark.parametrize(
    ("language", "words"), [("zh", ("计算过程", "计量点")), ("en", ("Arithmetic", "Metering point"))]
)
async def test_evidence_prints_in_both_languages(
    client: httpx.AsyncClient, language: str, words: tuple[str, ...]
) -> None:
    response = await client.get("/alerts/1/evidence/print", params={"lang": language})
    assert response.status_code == 200
    (evidence,) = (await get(client, "/alerts/1/evidence"))["items"]
    for wanted in (*words, evidence["sha256"], "GB 21256-2025", "971.4 kgce/t", "bf1.coke.mass"):
        assert wanted in response.text
    assert "<script" not in response.text
    assert (await client.get("/alerts/1/evidence/print?version=9")).status_code == 404
    assert (await client.get("/alerts/2/evidence/print")).status_code == 404, "this one has no evidence"


@pytest.fixture
async def revised(client: httpx.AsyncClient, db_pool: asyncpg.Pool) -> str:
    """Alert 1 with two later versions: sure at 417, then at 402.5 only possible; the hash of the last one."""
    for version, value, certainty in ((2, "417", "confirmed"), (3, "402.5", "possible")):
        result = {"value": value, "limit": "400", "unit": "kgce/t", "certainty": certainty}
        body = json.dumps({**EVIDENCE, "result": result}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        await db_pool.execute(
            "INSERT INTO evidence SELECT e, 1, $1, $2, $3, recorded_at FROM evidence WHERE alert = 1 AND version = 1",
            version, hashlib.sha256(body.encode()).hexdigest(), body,
        )  # fmt: skip
    await db_pool.execute("UPDATE alert SET value = 402.5, certainty = 'possible' WHERE id = 1")
    return hashlib.sha256(body.encode()).hexdigest()


def head(text: str) -> dict[str, str]:
    """What stands above the evidence: the first list of facts."""
    facts = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text.partition("</dl>")[0])
    return {name: re.sub(r"<[^>]*>|\s+", " ", said).strip() for name, said in facts}


async def test_each_version_prints_with_its_own_verdict(client: httpx.AsyncClient, revised: str) -> None:
    for version, value, verdict in ((1, "—", "—"), (2, "417", "confirmed"), (3, "402", "possible")):
        page = await client.get(f"/alerts/1/evidence/print?version={version}&lang=en")
        shown = head(page.text)
        assert shown["Verdict"] == verdict, version
        assert value in shown[f"Value when it was raised, by version {version}"]
        others = {f'href="/alerts/1/evidence/print?version={n}&amp;lang=en"' for n in {1, 2, 3} - {version}}
        assert all(link in page.text for link in others)
        assert ("A later version" in page.text) == (version < 3)
    assert revised in (await client.get("/alerts/1/evidence/print?lang=en")).text, "the last one stands"


async def test_the_alerts_page_opens_every_version_and_says_what_is_now_known(
    client: httpx.AsyncClient, revised: str
) -> None:
    page = await client.get("/alerts/1?lang=en")
    assert revised in page.text
    assert re.findall(r'href="/alerts/1/evidence/print\?version=(\d)"', page.text) == ["2", "1"]
    assert "as now known" in page.text
    assert "按现有数据" in (await client.get("/alerts/1?lang=zh")).text


async def test_evidence_is_a_pdf_or_a_clear_answer(client: httpx.AsyncClient) -> None:
    response = await client.get("/alerts/1/evidence.pdf", params={"lang": "zh"})
    if response.status_code == 503:
        assert "libpango" in response.text
        pytest.skip("the libraries that lay text out are not installed")
    assert response.headers["content-type"] == "application/pdf"
    assert 'filename="evidence-1-v1-zh.pdf"' in response.headers["content-disposition"]
    assert response.content.startswith(b"%PDF-")


async def enms(*arguments: str, **env: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", "replay-evidence", *arguments,
        cwd=ROOT, env={**os.environ, **env}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), err.decode()


async def test_what_a_command_says_of_evidence_it_cannot_judge(pg_dsn: str, tmp_path: Path) -> None:
    status, _, err = await enms("4711", ENMS_DATABASE_URL=pg_dsn)
    assert (status, err) == (1, "enms: no alert 4711\n")
    status, _, err = await enms("2", ENMS_DATABASE_URL=pg_dsn)
    assert (status, err) == (1, "enms: alert 2 has no evidence\n")
    nothing = tmp_path / "x.json"
    nothing.write_text("[]")
    status, _, err = await enms("--file", str(nothing))
    assert (status, "not evidence" in err, len(err.splitlines())) == (1, True, 1)
    assert (await enms())[0] == 2


async def test_a_changed_text_is_found_out(pg_dsn: str, tmp_path: Path) -> None:
    connection = await asyncpg.connect(pg_dsn)
    try:
        row = await connection.fetchrow("SELECT body, sha256 FROM evidence WHERE alert = 1")
    finally:
        await connection.close()
    body = json.loads(row["body"])
    body["rule"] |= {"kind": "data_quality", "unit": "1"}
    text = json.dumps(body)
    file = tmp_path / "evidence.json"
    file.write_text(json.dumps({"items": [{"version": 1, "sha256": row["sha256"], "text": text}]}))
    status, out, _ = await enms("--file", str(file))
    assert status == 1
    assert "BROKEN" in out
