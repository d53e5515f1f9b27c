"""Walls as the server draws them: what each industry shows, unknown with a word, nothing endless."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace
from typing import cast

import asyncpg
import httpx
from fastapi import FastAPI

from api.console.enpis import EnpiView
from api.console.i18n import catalogue
from api.console.plant import LedgerState, PlantView, ledger_state
from api.console.wall_alarms import Alarm, Alarms, fitting
from api.console.wall_tiles import Look, Tile, as_of, coal_tile, name_of, unknown
from api.console.wall_trend import Line, distinct
from api.flows import Pair
from db import views
from db.plant_load import load_plant
from enms.plant_file import parse_plant
from enms.quarters import quarter_floor
from simulators.scenario import plant_files
from tests.api.seed import Seeded

EN = {"Accept-Language": "en"}


async def test_unknown_is_a_dash_with_a_word(client: httpx.AsyncClient) -> None:
    text = (await client.get("/wall/seed-steel", headers=EN)).text
    tile = re.search(r"<h2>BFG flared</h2>(.*?)</section>", text, re.DOTALL)
    assert tile is not None
    assert "<b>—</b>" in tile[1]
    assert "gas meter silent" in tile[1]


async def test_a_station_shows_its_output_and_the_plan_as_a_target_only(client: httpx.AsyncClient) -> None:
    text = (await client.get("/wall/seed-power", headers=EN)).text
    assert "Output now" in text
    assert re.search(r"<h2>House load</h2>\s*<p class=\"big\"><span class=\"q\" title=\"\d", text)
    rate = re.search(r"<h2>Net coal rate</h2>(.*?)</section>", text, re.DOTALL)
    assert rate is not None
    assert "no EnPI for it" in rate[1]


async def test_a_rare_earth_works_shows_the_spread_of_its_cells(
    client: httpx.AsyncClient, db_pool: asyncpg.Pool, seeded: Seeded
) -> None:
    """Highest, mean and lowest; not from zero, as 9 V and 10 V would be one flat line; half the cells say nothing."""
    text = next(path for path in plant_files() if path.name == "rare_earth.yaml").read_text(encoding="utf-8")
    start = quarter_floor(seeded.now) - timedelta(minutes=30)
    async with db_pool.acquire() as connection:
        await load_plant(connection, parse_plant(text, "test"), now=seeded.now - timedelta(days=1))
        cells = await connection.fetch(
            """
            SELECT e, p FROM point JOIN enterprise AS en USING (e)
            WHERE en.code = 'demo-rare-earth' AND point.code LIKE 'elys.c%.voltage'
            """
        )
        assert len(cells) > 4
        for n, cell in enumerate(cells):
            for place in range(2 if n < 2 else 1):  # the second quarter hour has two of all
                await connection.execute(
                    """
                    INSERT INTO interval (e, p, start, amount, covered_s, estimated_s, apportioned_s, basis, suspect,
                                          rev, known_at)
                    VALUES ($1, $2, $3, $4, 900, 0, 0, 0, false, 1, $3)
                    """,
                    *(cell["e"], cell["p"], start + place * timedelta(minutes=15), 9.0 + n / len(cells)),
                )
    page = (await client.get("/wall/demo-rare-earth", headers=EN)).text
    trend = re.search(r'<section class="trend">(.*?)</section>', page, re.DOTALL)
    assert trend is not None
    assert "Cell voltage" in trend[1]
    legend = re.findall(r"<span>(\w+)</span> <b>([^<]+)</b>", trend[1])
    assert [name for name, _ in legend] == ["highest", "mean", "lowest"]
    assert float(legend[2][1]) == 9.0 < float(legend[1][1]) < float(legend[0][1])
    assert trend[1].count("M") == 3  # one step each: the quarter hour of two cells is not drawn
    assert 'class="zero"' not in trend[1]


async def test_the_age_of_every_plants_data_is_there(client: httpx.AsyncClient) -> None:
    text = (await client.get("/wall")).text
    found = re.search(r'data-ages="([^"]*)"', text)
    assert found is not None
    ages = json.loads(found[1].replace("&#34;", '"'))
    assert set(ages) == {"seed-steel", "seed-power"}
    assert all(newest and allowed >= 120 for newest, allowed in ages.values())


async def test_turning_leads_round_all_walls(client: httpx.AsyncClient) -> None:
    path, seen = "/wall?rotate=20&lang=en", []
    for _ in range(3):
        text = (await client.get(path)).text
        following = re.search(r'data-following="([^"]*)"', text)
        assert following is not None
        path = following[1].replace("&amp;", "&")
        seen.append(path.partition("?")[0])
    assert sorted(seen) == ["/wall", "/wall/seed-power", "/wall/seed-steel"]
    assert path == "/wall?rotate=20&lang=en"
    assert (await client.get("/wall?rotate=1")).status_code in {400, 422}


async def test_alike_alarms_are_one(client: httpx.AsyncClient, db_pool: asyncpg.Pool) -> None:
    await db_pool.execute(
        "INSERT INTO alert (e, rule, rule_version, subject, kind, purpose, severity, state, started_at, fired_at,"
        " detected_at, unit) SELECT e, rule, rule_version, 'roll.' || n, kind, purpose, severity, state, started_at,"
        " fired_at, detected_at, unit FROM alert, generate_series(1, 4) AS n WHERE subject = 'bf2.elec.active_energy'"
    )
    await db_pool.execute(
        "UPDATE alert SET shelved_until = '2100-01-01Z' WHERE rule NOT IN (SELECT rule FROM alert"
        " WHERE subject = 'roll.1')"
    )
    text = (await client.get("/wall/seed-steel", headers=EN)).text
    rows = re.search(r'<ol class="alarms">(.*?)</ol>', text, re.DOTALL)
    assert rows is not None
    assert rows[1].count("<li") == 1
    assert re.search(r"<b>\w+ ×5</b>", rows[1]), "before the title: what does not fit is cut at its end"


def alarm(title: str, count: int = 1) -> Alarm:
    return Alarm("warning", "Warning", datetime(2026, 11, 26, tzinfo=UTC), title, "Demo Steel", count)


def test_only_alarms_that_can_be_read_whole_are_shown() -> None:
    long, short = alarm("Motor energised but idle"), replace(alarm(""), word="警告", where="钢铁", title="电机空转")
    assert (long.rows, short.rows) == (2, 1)
    assert fitting([short] * 5) == Alarms((short,) * 5, 0)
    assert fitting([long, long, short]) == Alarms((long, long, short), 0)
    assert fitting([long, long, replace(long, count=7), short]) == Alarms((long, long), 8)


def test_a_legend_leaves_out_what_all_names_begin_with() -> None:
    assert distinct(["Demo Steel", "Demo Rare Earth"]) == ["Steel", "Rare Earth"]
    assert distinct(["Demo", "Demo Steel"]) == ["Demo", "Demo Steel"]
    assert distinct(["示范钢铁", "示范稀土"]) == ["示范钢铁", "示范稀土"]
    assert distinct(["Demo Steel"]) == ["Demo Steel"]


async def test_a_wall_of_nobody_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get("/wall/nobody")).status_code == 404


def test_what_rounds_to_nothing_has_no_sign() -> None:
    notes = [coal_tile(catalogue("en"), 5.0, change, ()).note for change in (-0.0002, 0.0002, -0.001, 0.064)]
    assert notes == ["0.0% vs yest.", "0.0% vs yest.", "−0.1% vs yest.", "+6.4% vs yest."]


def test_a_districts_margin_says_whose_it_is() -> None:
    view = EnpiView(1, "bf2", "2号高炉工序能耗", "bf2", "kgce/t", None, None, None, 0, 0, (), "", None)
    assert name_of(catalogue("zh"), view, "示范钢铁") == "示范钢铁 2号高炉"
    assert name_of(catalogue("zh"), view) == "2号高炉工序能耗"
    assert name_of(catalogue("en"), view, "Steel") == "Steel BF2 vs limit"
    assert name_of(catalogue("en"), view) == "BF2 vs limit"


def test_an_old_value_is_none_of_now() -> None:
    assert Line("a", (*[1.0] * 44, 2.0, None, None, None)).last == 2.0
    assert Line("a", (*[1.0] * 44, None, None, None, None)).last is None


async def test_today_reaches_to_where_the_stocks_are_known(db_pool: asyncpg.Pool) -> None:
    """A purchase of the last quarter hour without the change of its stock is no consumption."""
    plant = (
        "enterprise: {code: yard, name: {zh: 场, en: Yard}, industry: other}\npoints:\n"
        "  - {code: coal.in, carrier: raw_coal, role: purchased, unit: t}\n"
        "  - {code: coal.stock, carrier: raw_coal, role: stock, reading: gauge, unit: t, period_s: 3600}\n"
    )
    until = datetime(2026, 11, 26, 18, 15, tzinfo=UTC)
    async with db_pool.acquire() as connection:
        await load_plant(connection, parse_plant(plant, "test"), now=until - timedelta(days=1))
        e = await connection.fetchval("SELECT e FROM enterprise WHERE code = 'yard'")

        async def closed(stock_behind: timedelta) -> datetime | None:
            for code, at in (("coal.in", until), ("coal.stock", until - stock_behind)):
                await connection.execute(
                    "INSERT INTO point_state (e, p, closed_until) SELECT e, p, $3 FROM point WHERE e = $1 AND code = $2"
                    " ON CONFLICT (e, p) DO UPDATE SET closed_until = $3",
                    *(e, code, at),
                )
            return await views.closed_with_stocks(connection, e)

        assert await views.closed_with_stocks(connection, e) is None
        assert await closed(timedelta(minutes=15)) == until - timedelta(minutes=15)
        assert await closed(timedelta(hours=5)) == until


async def test_without_rules_nothing_open_is_unknown(
    client: httpx.AsyncClient, db_pool: asyncpg.Pool, seeded: Seeded
) -> None:
    """A wall that is green because nobody judges is worse than none."""
    assert "No alert is open" in (await client.get("/wall/seed-power", headers=EN)).text
    for judged in (seeded.now - timedelta(hours=2), None):
        await db_pool.execute("UPDATE rule_cursor SET evaluated_at = $2 WHERE e = $1", seeded.e["seed-power"], judged)
        wall = (await client.get("/wall/seed-power", headers=EN)).text
        tile = re.search(r"<h2>Open alerts</h2>(.*?)</section>", wall, re.DOTALL)
        assert tile is not None
        assert "<b>—</b>" in tile[1]
        assert "rules not running" in tile[1]
        page = (await client.get("/e/seed-power", headers=EN)).text
        for text in (wall, page):
            assert "Rules are not running" in text
            assert not re.search("nothing (is )?open|no alert", text, re.IGNORECASE)
        assert ("rules last judged" if judged else "no rule has judged yet") in page
    district = (await client.get("/", headers=EN)).text
    assert "no rule has judged yet" in district, "of all plants, whoever waits longest"
    steel = re.search(r"<h2>Open alerts</h2>(.*?)</section>", (await client.get("/wall", headers=EN)).text, re.DOTALL)
    assert steel is not None
    assert "<b>3</b>" in steel[1], "what is known to be open is still told"
    assert "rules not running" in steel[1]


async def test_a_card_says_that_nobody_judges_beside_what_is_open(
    client: httpx.AsyncClient, app: FastAPI, db_pool: asyncpg.Pool
) -> None:
    async def told(what: str) -> None:
        app.state.context.registry.forget()
        page = (await client.get("/", headers=EN)).text
        cards = re.findall(r'<p class="status">(.*?)</p>', page, re.DOTALL)
        assert [card.count(what) for card in cards] == [1, 1]
        assert sorted("Critical" in card or "Warning" in card for card in cards) == [False, True]

    await db_pool.execute("UPDATE point_state SET closed_until = closed_until - interval '5 hours'")
    await told("ledger behind")
    await db_pool.execute("UPDATE rule_cursor SET evaluated_at = NULL")
    await told("rules not running")


async def test_a_ledger_that_stands_still_is_told(
    client: httpx.AsyncClient, app: FastAPI, db_pool: asyncpg.Pool, seeded: Seeded
) -> None:
    """Readings come and rules run, with nothing new to judge: what stands on the ledger is old."""
    closed = quarter_floor(seeded.now) - timedelta(minutes=15)
    for behind, told in ((timedelta(), False), (timedelta(hours=1), True), (timedelta(days=2), True), (None, True)):
        until = None if behind is None else closed - behind
        await db_pool.execute("UPDATE point_state SET closed_until = $1", until)
        app.state.context.registry.forget()
        app.state.context.kept.forget()
        wall = (await client.get("/wall/seed-power", headers=EN)).text
        district = (await client.get("/wall", headers=EN)).text
        page = (await client.get("/e/seed-power", headers=EN)).text
        front = (await client.get("/", headers=EN)).text
        calm = [bool(re.search("nothing (is )?open|no (open )?alert", text, re.IGNORECASE)) for text in (wall, page)]
        assert calm == [not told] * 2
        assert [bool(re.search("ledger (is )?behind", text)) for text in (wall, district, page, front)] == [told] * 4
        assert ("The ledger is behind: nobody knows" in wall) is told
        tile = re.search(r'<section class="tile (\w*)">\s*<h2>Open alerts</h2>(.*?)</section>', district, re.DOTALL)
        assert tile is not None
        assert "<b>3</b>" in tile[2], "what is known to be open is still told"
        assert ("ledger behind" in tile[2]) is told


def test_amounts_of_a_ledger_that_stands_still_say_as_of_when() -> None:
    text, now = catalogue("en"), datetime(2026, 11, 26, 10, 7, tzinfo=UTC)
    tile = coal_tile(text, 5.0, 0.064, ())

    def of(*states: LedgerState, tile: Tile = tile) -> Tile:
        # only what the tile looks at
        row = SimpleNamespace(timezone="Asia/Shanghai", day_starts=time(0))
        views = [cast("PlantView", SimpleNamespace(row=row, ledger=state)) for state in states]
        return as_of(text, tile, views, now)

    sound = LedgerState(now - timedelta(minutes=22), behind=False)
    hours = LedgerState(now - timedelta(hours=5, minutes=7), behind=True)
    assert of(sound) == tile
    assert of(sound, hours) == replace(tile, note="as of 13:00", look=Look.WATCH)
    assert of(hours, replace(hours, closed=now - timedelta(days=2))).note == "as of 11-24"
    days = replace(hours, closed=now - timedelta(days=2))
    daily = replace(tile, daily=True, look=Look.GOOD)
    assert of(hours, tile=daily) == daily, "yesterday is closed"
    assert of(days, tile=daily) == replace(daily, note="as of 11-24", look=Look.WATCH)
    over = replace(daily, look=Look.BAD, over=True)
    assert of(days, tile=over) == replace(over, note="over, as of 11-24"), "never by its colour alone"
    assert of(LedgerState(None, behind=True)) == tile, "it is unknown then, and says so"
    assert as_of(text, unknown("Coal", "why"), [], now).look is Look.UNKNOWN


def test_a_ledger_is_held_against_what_was_read() -> None:
    now = datetime(2026, 11, 26, 10, 7, tzinfo=UTC)

    def behind(
        read_ago_s: float | None,
        closed_ago_s: float | None,
        silent_after_s: float = 180.0,
        begun_ago_s: float | None = None,
    ) -> bool:
        closed = None if closed_ago_s is None else now - timedelta(seconds=closed_ago_s)
        begun = None if begun_ago_s is None else now - timedelta(seconds=begun_ago_s)
        newest = None if read_ago_s is None else SimpleNamespace(ts=now - timedelta(seconds=read_ago_s))
        point = SimpleNamespace(closed_until=closed, silent_after_s=silent_after_s, first_ts=begun)
        return ledger_state(cast("list[Pair]", [(point, newest)]), now).behind

    assert not behind(10, 1800)
    assert behind(10, 3000)
    assert not behind(3 * 3600, 3.5 * 3600), "data stopped: that is told, and no fault of the ledger"
    assert not behind(0, 3600, silent_after_s=7200), "a point of every hour, just when it spoke"
    assert not behind(-7200, 1800), "a reading from the future"
    assert behind(10, None), "it has seen nothing of it"
    assert not behind(10, None, begun_ago_s=1200), "a new plant: nothing can have been closed yet"
    assert behind(10, None, begun_ago_s=3000)
    assert not behind(None, None)
    assert ledger_state([], now) == LedgerState(None, behind=False)
