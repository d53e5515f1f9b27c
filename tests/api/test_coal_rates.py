"""Supply coal rates by HTTP: units, fleets, district, beside the plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from db.performance import enpi_values
from enms.plant_file import parse_plant
from grafana.macros import Scope, expand
from grafana.sql import read
from rules.book import BUNDLED, parse_book
from rules.evidence import decimal
from tests.rules.test_heat_partway import NAMED
from tests.rules.test_supply_coal import BOOK, DAY, EVERYTHING, PLANT
from tests.rules.world import World

DAYS = 2
# Coal of unit 2 that is booked by the week.
_FUEL = next(line for line in PLANT.splitlines() if "{code: u2.coal," in line)
COARSE = PLANT.replace(_FUEL, _FUEL.replace("register, unit: t", "interval, unit: t, period_s: 604800"))


async def test_units_fleets_and_the_district_beside_the_plan(client, db_pool, seeded):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "coal")
        begin = seeded.now.replace(hour=16, minute=0, second=0, microsecond=0) - timedelta(days=DAYS + 1)
        for code, value in EVERYTHING.items():
            await world.publish(code, [value] * (96 * DAYS), begin)
    said = (await client.get("/api/v1/coal-rates")).json()
    one, two = said["items"]
    assert (one["unit"], one["known"], one["days"]) == ("u1", DAYS, 365)
    assert one["alpha"] == pytest.approx(0.125)
    assert (one["rate"], two["rate"]) == (pytest.approx(350.0), pytest.approx(12.0 / 34.5 * 1000))
    fleet, district = said["fleets"]
    assert (fleet["enterprise"], district["enterprise"]) == ("station", None)
    assert fleet["rate"] == district["rate"] == pytest.approx((13.8 * 0.875 + 12.0) / 69.0 * 1000)
    assert (said["target"]["value"], said["target"]["confidence"]) == (305, "C")
    assert (await client.get("/api/v1/coal-rates?enterprise=seed-steel")).json()["items"] == []
    assert (await client.get("/api/v1/coal-rates?enterprise=nobody")).status_code == 404
    wall = (await client.get("/wall/station?lang=en")).text
    assert "plan 305 · 2 d" in wall
    for page in ("/", "/e/station"):
        shown = (await client.get(f"{page}?lang=en")).text
        table = shown[shown.index('id="coal"') :].split("</section>")[0]
        assert "plan 305 gce/kWh" in table
        assert "2 / 365" in table
        assert "12.5" in table
        assert "fuel missing: u1.coal" in table
    assert 'id="coal"' not in (await client.get("/e/seed-steel")).text


async def test_a_retired_unit_is_told_with_the_days_it_served(client, db_pool, seeded):
    """A plant's rate of the past does not change when a unit of it goes."""
    gone = "\n".join(line for line in PLANT.splitlines() if not line.startswith("  - {code: u2, process: u2, fuels"))
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "coal")
        begin = seeded.now.replace(hour=16, minute=0, second=0, microsecond=0) - 4 * DAY
        for code, value in EVERYTHING.items():
            await world.publish(code, [value] * (96 * 3), begin)
        await world.change(gone, effective_from=begin + 2 * DAY)
    said = (await client.get("/api/v1/coal-rates?enterprise=station")).json()
    assert [(one["unit"], one["known"], one["days"]) for one in said["items"]] == [("u1", 3, 365), ("u2", 2, 364)]
    fleet = said["fleets"][0]
    assert fleet["rate"] == pytest.approx((3 * 13.8 * 0.875 + 2 * 12.0) / (5 * 34.5) * 1000)
    assert fleet["known"] == 3
    assert "2 / 364" in (await client.get("/e/station?lang=en")).text


async def test_a_unit_of_which_no_day_is_known_leaves_the_fleet_unknown_and_says_why(client, db_pool, seeded):
    """Unknown is never 0, and the other unit's rate is not the fleet's."""
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(COARSE + NAMED, "coarse"))
        begin = seeded.now.replace(hour=16, minute=0, second=0, microsecond=0) - 3 * DAY
        for code, value in EVERYTHING.items():
            await world.publish(code, [value] * 192, begin)
    said = (await client.get("/api/v1/coal-rates")).json()
    one, two = said["items"]
    assert one["rate"] == pytest.approx(350.0)
    assert [two[key] for key in ("rate", "alpha", "power_kgce", "net_kwh", "known")] == [None, None, None, None, 0]
    for fleet in said["fleets"]:
        assert [fleet[key] for key in ("rate", "low", "high", "net_kwh", "known")] == [None, None, None, None, 0]
        unit = "u2" if fleet["enterprise"] else "station/u2"
        assert fleet["reason"] == f"too_few_days: {unit} 0/365: fuel_missing: u2.coal"
    day_over = seeded.now.replace(hour=16, minute=0, second=0, microsecond=0) - DAY
    assert {said["until"], *(fleet["until"] for fleet in said["fleets"])} == {day_over.strftime("%Y-%m-%dT%H:%M:%SZ")}
    assert (await client.get("/api/v1/coal-rates?enterprise=seed-steel")).json()["until"] is None
    why = "too few days are known: u2 0/365: fuel missing: u2.coal"
    for page in ("/", "/e/station"):
        shown = (await client.get(f"{page}?lang=en")).text
        table = shown[shown.index('id="coal"') :].split("</section>")[0]
        fleets, units = [row for row in table.split("<tr>") if "<b>Fleet</b>" in row], table.split("<tr>")[-2:]
        assert all(f'title="{why}"><b>—</b>' in row for row in fleets), page
        assert fleets
        assert units[-1].count("<b>—</b>") == 2, "neither rate nor share of heat"
        assert "<b>—</b>" not in units[0]
    # the wall does not take the one unit that has an EnPI for the station
    wall = (await client.get("/wall/station?lang=en")).text
    assert "plan 305" not in wall
    assert "plan target 305" not in wall
    assert "too few days are known: u2 0/365" in wall


@pytest.mark.parametrize("missing", ["", "u2", "coarse", "no EnPI"])
async def test_grafanas_wall_knows_a_stations_rate_where_all_its_units_are_known(
    client, db_pool, pg_dsn, as_grafana, missing
):
    second = "" if missing == "no EnPI" else "  - {code: u2.supply_coal, process: u2, generating_unit: u2}\n"
    text = (COARSE if missing == "coarse" else PLANT) + NAMED + second
    zone = ZoneInfo("Asia/Shanghai")
    today = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(text, "wall"))
        for code, value in EVERYTHING.items():
            if missing != "u2" or not code.startswith("u2."):
                await world.publish(code, [value] * 96, today - DAY)
    scope = Scope(today - DAY, today, {"enterprise": "station"})
    shown = await as_grafana.fetchrow(expand(read("station_coal_rate"), scope))
    known = pytest.approx((13.8 * 0.875 + 12.0) / 69.0 * 1000)
    assert shown["value"] == (None if missing else known)
    assert ("未知" in shown["name"]) == bool(missing)


@pytest.fixture
async def as_grafana(pg_dsn):
    """A connection that schema grafana shows everything to."""
    connection = await asyncpg.connect(pg_dsn)
    await connection.execute("INSERT INTO grafana_access.login (login) VALUES (session_user) ON CONFLICT DO NOTHING")
    yield connection
    await connection.close()


async def test_a_unit_that_supplies_heat_has_one_net_coal_rate_whoever_tells_it(
    client, db_pool, pg_dsn, seeded, as_grafana
):
    """EnPI, three rules, GET /coal-rates, GET of the EnPI and Grafana's view: the same to ten digits."""
    statute = (BUNDLED / "power_units.yaml").read_text(encoding="utf-8")
    fleet = BOOK.replace("plan_supply_coal, min_completeness: 0.9", "plan_supply_coal, min_completeness: 0.002")
    books = [parse_book(fleet, "coal.yaml"), parse_book(statute, "power_units.yaml")]
    begin = seeded.now.replace(hour=16, minute=0, second=0, microsecond=0) - 2 * DAY
    # figures that are round nowhere; unit 2 stands still
    odd = {"coal.ncv": 19.873, "u1.coal": 24.3737, "u1.gen": 41.77, "u1.aux": 4.1234, "u1.pumps": 0.9871}
    odd |= {"u1.heat": 51.113, "u1.total_heat": 401.77}
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(PLANT + NAMED, "named"), books)
        for code, value in (dict.fromkeys(EVERYTHING, 0.0) | odd).items():
            await world.publish(code, [value] * 96, begin)
        await world.evaluate()
        alerts = [
            *await world.alerts("coal_unit_day", "u1"),
            *await world.alerts("supply_coal_limit_day", "u1.supply_coal"),
            *await world.alerts("coal_fleet_year"),
        ]
        bodies = [await world.body(alert) for alert in alerts]
        end = begin + DAY
        (enpi,) = await enpi_values(connection, world.enterprise.e, "u1.supply_coal", begin, end, "day", now=seeded.now)
    shown = await as_grafana.fetchrow(
        "SELECT value FROM grafana.enpi_day WHERE enpi = 'u1.supply_coal' AND state = 'known'"
    )
    units = (await client.get("/api/v1/coal-rates?enterprise=station")).json()["items"]
    said = next(one for one in units if one["unit"] == "u1")
    (number,) = [one["id"] for one in (await client.get("/api/v1/enpis?enterprise=station")).json()["items"]]
    span = {"from": begin.isoformat(), "to": end.isoformat(), "resolution": "day"}
    (day,) = (await client.get(f"/api/v1/enpis/{number}/values", params=span)).json()["items"]
    alpha = 51.113 / 401.77
    worked = 24.3737e3 * 19.873 / 29.3076 * (1 - alpha) / (41.77e3 - (4.1234e3 - 0.9871e3)) * 1e3
    told = [enpi.value, *(alert.value for alert in alerts), shown["value"], said["rate"], day["value"]]
    assert [decimal(value) for value in told] == [decimal(worked)] * 7
    assert [body["result"]["value"] for body in bodies] == [decimal(worked)] * 3
    assert {decimal(one) for one in (enpi.alpha, said["alpha"], day["alpha"])} == {decimal(alpha)}
    assert (said["low"], said["high"]) == (pytest.approx(enpi.low), pytest.approx(enpi.high))


async def test_the_districts_alert_is_told_like_any_other(client, db_pool, seeded):
    """Inbox, page, evidence, rules and API show whose it is; the district is no plant."""
    book = parse_book(
        BOOK.replace("plan_supply_coal, min_completeness: 0.9", "plan_supply_coal, min_completeness: 0.002"), "x"
    )
    begin = seeded.now.replace(hour=16, minute=0, second=0, microsecond=0) - 2 * DAY
    async with db_pool.acquire() as connection:
        here, there = [await World.build(connection, name, [book]) for name in ("coal", "coal_beside")]
        beside = {"coal.ncv": 29.3076, "u1.coal": 12.0, "u1.gen": 37.5, "u1.aux": 3.0}
        for world, figures in ((here, EVERYTHING), (there, beside)):
            for code, value in figures.items():
                await world.publish(code, [value] * 96, begin)
            await world.evaluate()
        await here.evaluate_district()
    (alert,) = (await client.get("/api/v1/alerts?enterprise=district")).json()["items"]
    assert (alert["rule"], alert["subject"], alert["certainty"]) == (
        "coal_district_year",
        "district",
        "possible",
    )  # most meters are of no known class
    said = (await client.get("/api/v1/coal-rates")).json()["fleets"][-1]
    assert (said["enterprise"], decimal(said["rate"])) == (None, decimal(alert["value"]))
    assert alert["id"] in [one["id"] for one in (await client.get("/api/v1/alerts")).json()["items"]]
    rules = (await client.get("/api/v1/rules?enterprise=district")).json()["items"]
    assert [(one["rule"], one["firing"]) for one in rules] == [("coal_district_year", 1)]
    assert "district" not in [one["code"] for one in (await client.get("/api/v1/enterprises")).json()["items"]]
    for path in ("/api/v1/enterprises/district", "/e/district", "/api/v1/points?enterprise=district", "/wall/district"):
        assert (await client.get(path)).status_code == 404, path
    title = "District&#39;s supply coal rate over the plan in twelve months"
    inbox = (await client.get("/alerts?enterprise=district&lang=en")).text
    assert title in inbox
    assert '<option value="district" selected>District</option>' in inbox
    for page in ("/", "/rules?enterprise=district"):
        assert title in (await client.get(page, params={"lang": "en"} if "?" not in page else None)).text, page
    shown = (await client.get(f"/alerts/{alert['id']}?lang=en")).text
    assert 'href="/points/beside/u1.coal"' in shown
    assert 'href="/points/station/u1.total_heat"' in shown
    assert 'href="/e/district"' not in shown
    assert "beside/u1" in (await client.get(f"/alerts/{alert['id']}/evidence/print?lang=zh")).text
