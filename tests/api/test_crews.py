"""Rosters and single shifts over HTTP, on their page and by the command; EnPIs by crew."""

from __future__ import annotations

import csv
import html
import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import openpyxl
import pytest

from db.plant_load import load_plant
from db.plants import read_plant
from enms.roster import Roster
from tests.api.seed import Seeded

ROSTER = {
    "starts": "2026-01-01",
    "crews": [
        {"code": "a", "name": {"zh": "甲班", "en": "Crew A"}},
        {"code": "b", "name": {"zh": "乙班", "en": "Crew B"}},
    ],
    "days": [{"night": "a", "day": "b", "eve": "a"}, {"night": "b", "day": "a", "eve": "b"}],
}
EN = {"Accept-Language": "en"}
PLANT = "seed-steel"


async def _enter(client: httpx.AsyncClient) -> None:
    body = {"enterprise": PLANT, "roster": ROSTER, "by": "王工"}
    assert (await client.post("/api/v1/crews/roster", json=body)).json() == {"changed": True}


async def test_a_roster_is_entered_once_and_gives_every_shift_a_crew(client: httpx.AsyncClient) -> None:
    await _enter(client)
    again = await client.post("/api/v1/crews/roster", json={"enterprise": PLANT, "roster": ROSTER, "by": "李工"})
    assert again.json() == {"changed": False}
    crews = (await client.get(f"/api/v1/crews?enterprise={PLANT}", headers={"Accept-Language": "zh"})).json()
    assert [item["name"] for item in crews["items"]] == ["甲班", "乙班"]
    span = "from=2026-11-20&to=2026-11-22"
    shifts = (await client.get(f"/api/v1/crews/shifts?enterprise={PLANT}&{span}")).json()["items"]
    assert [(item["shift"], item["crew"]) for item in shifts] == [
        ("night", "b"), ("day", "a"), ("eve", "b"), ("night", "a"), ("day", "b"), ("eve", "a"),
    ]  # fmt: skip


async def test_one_shift_is_different_and_says_why(client: httpx.AsyncClient) -> None:
    await _enter(client)
    body = {"enterprise": PLANT, "day": "2026-11-21", "shift": "day", "crew": "a", "by": "王工", "reason": "替班"}
    assert (await client.post("/api/v1/crews/overrides", json=body)).status_code == 201
    url = f"/api/v1/crews/shifts?enterprise={PLANT}&from=2026-11-21&to=2026-11-22"
    item = (await client.get(url)).json()["items"][1]
    assert (item["crew"], item["usual"], item["reason"], item["by"]) == ("a", "b", "替班", "王工")
    await client.post("/api/v1/crews/overrides", json=body | {"crew": None, "reason": "没有替"})
    item = (await client.get(url)).json()["items"][1]
    assert (item["crew"], item["reason"]) == ("b", None)


async def test_mistakes_are_named(client: httpx.AsyncClient) -> None:
    await _enter(client)
    body = {"enterprise": PLANT, "day": "2026-11-21", "shift": "late", "crew": "x", "by": " ", "reason": "r"}
    answer = await client.post("/api/v1/crews/overrides", json=body)
    assert answer.status_code == 422
    assert {error["place"] for error in answer.json()["errors"]} == {"body.by", "body.shift", "body.crew"}
    wrong = ROSTER | {"days": [{"late": "a"}]}
    answer = await client.post("/api/v1/crews/roster", json={"enterprise": PLANT, "roster": wrong, "by": "王工"})
    assert answer.json()["errors"][0]["place"] == "body.days[0]"


async def test_enpis_stand_side_by_side_by_crew(client: httpx.AsyncClient) -> None:
    assert "No roster says who worked" in (await client.get(f"/e/{PLANT}/enpi/1?resolution=day", headers=EN)).text
    await _enter(client)
    found = (await client.get(f"/api/v1/shifts?enterprise={PLANT}")).json()["items"]
    assert found
    for item in found:
        by_crew = {one["shift"]: one["shifts"] for one in item["by_crew"]}
        assert sum(by_crew.values()) == len(item["runs"])
        assert set(by_crew) <= {"a", "b"}
        assert {run["crew"] for run in item["runs"]} <= {"a", "b"}
    text = (await client.get(f"/e/{PLANT}/enpi/1?resolution=day", headers=EN)).text
    assert "Which crew was better?" in text
    assert "Crew A" in text
    assert "Crew A" in (await client.get(f"/e/{PLANT}/shifts", headers=EN)).text


async def test_the_page_takes_a_roster_and_a_single_shift(client: httpx.AsyncClient) -> None:
    assert "No roster is entered yet" in (await client.get(f"/e/{PLANT}/crews", headers=EN)).text
    form = {
        "of": "roster",
        "starts": "2026-11-01",
        "by": "王工",
        "crews": "a 甲班 Crew A\nb <b>乙",
        "days": "a b -\nb a a",
    }
    answer = await client.post(f"/e/{PLANT}/crews", data=form)
    assert answer.status_code == 303
    shown = (await client.get(answer.headers["location"], headers=EN)).text
    assert "Crew A" in shown
    assert "&lt;b&gt;乙" in shown
    one = {"of": "override", "day": "2026-11-02", "shift": "night", "crew": "a", "by": "王工", "reason": "替班"}
    answer = await client.post(f"/e/{PLANT}/crews", data=one)
    assert "instead of" in (await client.get(answer.headers["location"], headers=EN)).text


@pytest.mark.parametrize(
    ("change", "said", "zh"),
    [
        ({"days": "a b"}, "Roster: line 1 names other than 3 crews", "第 1 行"),
        ({"days": ""}, "Roster: 1 to 62 lines, one a day", "1–62 行"),
        ({"crews": "a\na"}, "Crews: crew “a” is there twice", "班组“a”重复"),
        ({"crews": "c"}, "Crews: “a” is none of c", "“a”不在 c 之中"),
        ({"crews": "ä"}, "Crews: a code has letters", "代码由字母"),
        ({"starts": "soon"}, "First day: “soon” is not a day", "“soon”"),
        ({"starts": "0001-01-01"}, "First day: 0001-01-01 is out of range", "0001-01-01"),
        ({"starts": "9999-12-31"}, "First day: 9999-12-31 is out of range", "9999-12-31"),
        ({"by": " "}, "Your name: is needed", "姓名"),
    ],
)
async def test_a_roster_with_a_mistake_stays_in_its_form(
    client: httpx.AsyncClient, change: dict[str, str], said: str, zh: str
) -> None:
    form = {"of": "roster", "starts": "2026-11-01", "by": "王工", "crews": "a 甲班 Crew A\nb", "days": "a b -\nb a a"}
    answer = await client.post(f"/e/{PLANT}/crews", data=form | change, headers=EN)
    assert answer.status_code == 422
    assert said in answer.text
    for name, value in (form | change).items():
        assert name == "of" or html.escape(value.strip()) in answer.text
    assert "No roster is entered yet" in answer.text
    chinese = await client.post(f"/e/{PLANT}/crews", data=form | change, headers={"Accept-Language": "zh"})
    assert zh in chinese.text


async def test_a_single_shift_with_a_mistake_stays_in_its_form(client: httpx.AsyncClient) -> None:
    await _enter(client)
    one = {"of": "override", "day": "2026-11-02", "shift": "eve", "crew": "b", "by": " ", "reason": "替班 <b>"}
    answer = await client.post(f"/e/{PLANT}/crews", data=one, headers=EN)
    assert answer.status_code == 422
    for said in ("Nothing was entered", "Your name: is needed", "替班 &lt;b&gt;", 'value="2026-11-02"'):
        assert said in answer.text
    for chosen in ("eve", "b"):
        assert f'<option value="{chosen}" selected>' in answer.text


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31"])
async def test_a_day_that_nobody_can_mean_is_refused(client: httpx.AsyncClient, day: str) -> None:
    await _enter(client)
    answer = await client.get(f"/e/{PLANT}/crews?date={day}", headers=EN)
    assert answer.status_code == 422
    assert f"{day} is out of range" in answer.text
    one = {"of": "override", "day": day, "shift": "eve", "crew": "b", "by": "x", "reason": "x"}
    assert (await client.post(f"/e/{PLANT}/crews", data=one)).status_code == 422
    made = {"day": day, "shift": "day", "point": "bf1.output", "value": "1", "by": "x", "reason": "x"}
    assert (await client.post(f"/e/{PLANT}/production", data=made)).status_code == 422
    until = f"/points/{PLANT}/roll.power?until={day}T00:00:00"
    assert (await client.get(until)).status_code == 200, "what cannot be read there is now"


async def test_a_plant_file_brings_its_roster_in_and_out(
    client: httpx.AsyncClient, db_pool: asyncpg.Pool, seeded: Seeded
) -> None:
    roster = Roster.model_validate(ROSTER)
    async with db_pool.acquire() as connection:
        plant = await read_plant(connection, PLANT)
        assert plant.roster is None
        summary = await load_plant(connection, plant.model_copy(update={"roster": roster}), now=seeded.now)
        assert "roster" in summary.created
        assert (await read_plant(connection, PLANT)).roster == roster
        again = await load_plant(connection, plant.model_copy(update={"roster": roster}), now=seeded.now)
        assert "roster" not in (*again.created, *again.changed)
        await load_plant(connection, plant, now=seeded.now)
        assert (await read_plant(connection, PLANT)).roster == roster, "a file without one leaves what was entered"


async def test_the_command_lists_and_overrides(client: httpx.AsyncClient, pg_dsn: str) -> None:
    await _enter(client)

    def enms(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli", "crew", *arguments, "--enterprise", PLANT],
            cwd=Path(__file__).parents[2], env={**os.environ, "ENMS_DATABASE_URL": pg_dsn},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    said = enms("override", "--day", "2026-11-21", "--shift", "day", "--crew", "a", "--by", "王工", "--reason", "替班")
    assert said.returncode == 0, said.stderr
    listed = enms("list", "--from", "2026-11-21", "--days", "1", "--json")
    rows = json.loads(listed.stdout)
    assert [(row["shift"], row["crew"], row["usual"]) for row in rows] == [
        ("night", "a", "a"), ("day", "a", "b"), ("eve", "a", "a"),
    ]  # fmt: skip
    wrong = enms("override", "--day", "2026-11-21", "--shift", "late", "--by", "w", "--reason", "r")
    assert wrong.returncode == 1
    assert "late" in wrong.stderr


async def test_reports_compare_crews_on_page_workbook_and_csv(client: httpx.AsyncClient) -> None:
    daily, page = f"/api/v1/reports/daily?enterprise={PLANT}", f"/e/{PLANT}/reports?kind=daily"
    await _enter(client)
    report = (await client.get(daily)).json()
    enpi = report["crews"][0]
    assert report["crew_names"] == [["a", "甲班", "Crew A"], ["b", "乙班", "Crew B"]]
    assert sum(crew["shifts"] for crew in enpi["by_crew"]) == enpi["all_crews"]["shifts"]
    shown = (await client.get(page, headers=EN)).text
    assert "Crews compared" in shown
    assert "Crew B" in shown
    assert "All crews" in shown
    assert "班组对比" in (await client.get(page, headers={"Accept-Language": "zh"})).text
    book = openpyxl.load_workbook(io.BytesIO((await client.get(f"{daily}&format=xlsx", headers=EN)).content))
    rows = list(book["Crews compared"].iter_rows(min_row=2, values_only=True))
    assert {"Crew A", "Crew B", "All crews"} == {row[1] for row in rows if row[1]}
    dashes = [cell for row in book["Crews compared"].iter_rows(min_row=2) for cell in row if cell.value == "—"]
    assert all(cell.comment is not None for cell in dashes)
    table = list(csv.DictReader(io.StringIO((await client.get(f"{daily}&format=csv")).text)))
    crews = [row for row in table if row["what"] == "crew"]
    (every,) = (row for row in table if row["what"] == "crews")
    assert (every["code"], every["difference"]) == ("bf1.process_energy", "")
    for column in ("hours", "known", "idle", "shifts", "tce", "output"):
        assert sum(float(row[column] or 0) for row in crews) == pytest.approx(float(every[column])), column
    for row in (row for row in [*crews, every] if row["value"]):
        assert float(row["value"]) == pytest.approx(float(row["tce"]) * 1000 / float(row["output"])), "in kgce/t"
        assert float(row["difference"] or 0) == pytest.approx(float(row["value"]) - float(every["value"]), abs=1e-9)
        assert row["output_unit"] == "t"
    assert {row["code"].rpartition(" ")[2] for row in crews} == {"a", "b"}
    assert {row["span"] for row in crews} == {"month"}
    assert all(row["value"] or row["reason"] for row in crews)


async def test_every_table_of_shifts_added_up_says_how_many_stood_idle(
    client: httpx.AsyncClient, db_pool: asyncpg.Pool, seeded: Seeded
) -> None:
    await _enter(client)
    # the evening of the 21st in Shanghai, metered throughout
    await db_pool.execute(
        "UPDATE interval SET amount = 0 WHERE e = $1 AND p = $2 AND start >= $3 AND start < $3 + interval '8 hours'",
        seeded.e[PLANT], seeded.p["bf1.output"], datetime(2026, 11, 21, 8, tzinfo=UTC),
    )  # fmt: skip
    (item,) = (await client.get(f"/api/v1/shifts?enterprise={PLANT}&from=2026-11-21&to=2026-11-22")).json()["items"]
    run, eve = (next(one for one in item[each] if one["shift"] == "eve") for each in ("runs", "by_shift"))
    assert (run["state"], run["value"]) == ("idle", None)
    assert (eve["known"], eve["idle"], eve["value"], eve["output"]) == (1, 1, None, 0)
    assert eve["energy_tce"] > 0
    assert item["all_crews"]["idle"] == 1
    monthly = f"/api/v1/reports/monthly?enterprise={PLANT}&date=2026-11"
    report = (await client.get(monthly)).json()
    assert report["crews"][0]["all_crews"]["idle"] == 1
    table = csv.DictReader(io.StringIO((await client.get(f"{monthly}&format=csv")).text))
    assert [row["idle"] for row in table if row["what"] == "crews"] == ["1"]
    book = openpyxl.load_workbook(io.BytesIO((await client.get(f"{monthly}&format=xlsx", headers=EN)).content))
    for sheet, who in (("Shifts compared", "Evening"), ("Crews compared", "All crews")):
        heads, *rows = book[sheet].iter_rows(values_only=True)
        (row,) = (row for row in rows if str(row[1]).startswith(who))
        assert row[heads.index("Of them idle")] == 1, sheet
    for page in (f"/e/{PLANT}/reports?kind=monthly&date=2026-11-10", f"/e/{PLANT}/shifts?enpi=bf1.process_energy"):
        said = (await client.get(page, headers=EN)).text
        assert "Of them idle" in said
        assert "idle ones too" in said
        assert "其中停产" in (await client.get(page, headers={"Accept-Language": "zh"})).text
    said = (await client.get(f"/e/{PLANT}/enpi/1?resolution=shift", headers=EN)).text
    assert said.count("Of them idle") == len(("shifts", "crews"))


async def test_a_range_that_a_meter_of_no_known_class_stands_behind_is_not_told(
    client: httpx.AsyncClient, db_pool: asyncpg.Pool, seeded: Seeded
) -> None:
    await _enter(client)
    wanted = f"/api/v1/shifts?enterprise={PLANT}&from=2026-11-21&to=2026-11-22"

    async def known(output: float | None, coke: float | None) -> list[dict[str, object]]:
        for point, said in (("bf1.output", output), ("bf1.coke.mass", coke)):
            await db_pool.execute(
                "UPDATE installation SET accuracy_class = $3 WHERE e = $1 AND p = $2",
                seeded.e[PLANT], seeded.p[point], said,
            )  # fmt: skip
        (item,) = (await client.get(wanted)).json()["items"]
        return [one for one in (*item["runs"], *item["by_shift"], *item["by_crew"]) if one["value"] is not None]

    shown = await known(0.5, 0.5)
    assert shown
    assert all(one["unclassed"] == [] and one["low"] < one["value"] < one["high"] for one in shown)
    shown = await known(0.5, None)
    assert [(one["low"], one["high"], one["unclassed"]) for one in shown] == [(None, None, ["bf1.coke.mass"])] * len(
        shown
    )
    pages = (f"/e/{PLANT}/shifts?enpi=bf1.process_energy", f"/e/{PLANT}/enpi/1?resolution=shift")
    for page in pages:
        assert "range unknown: no accuracy class of bf1.coke.mass" in (await client.get(page, headers=EN)).text
        said = (await client.get(page, headers={"Accept-Language": "zh"})).text
        assert "范围未知：bf1.coke.mass 没有准确度等级" in said
