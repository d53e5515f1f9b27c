"""Intervals, consumption, EnPIs and motors over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest

from tests.api.seed import GAPPY, SILENT, Seeded
from tests.api.test_read_routes import V1, get

DAY = {"from": "2026-11-21", "to": "2026-11-22"}


async def test_intervals_say_what_is_missing(client: httpx.AsyncClient) -> None:
    body = await get(client, "/intervals", enterprise="seed-steel", point=GAPPY, **DAY)
    items = body["items"]
    assert len(items) == 96
    assert items[0]["start"] == "2026-11-20T16:00:00Z"
    assert items[0]["end"] == "2026-11-20T16:15:00Z"
    bases = [item["basis"] for item in items]
    assert (bases.count("missing"), bases.count("estimated"), bases.count("measured")) == (4, 6, 86)
    for item in items:
        assert (item["amount"] is None) == (item["basis"] == "missing"), "unknown is null, never 0"
        assert item["completeness"] == (0 if item["basis"] == "missing" else 1)
        assert item["unit"] == "kWh"
        assert item["estimated_share"] == (1 if item["basis"] == "estimated" else 0)


async def test_intervals_end_where_the_ledger_is_closed(client: httpx.AsyncClient, seeded: Seeded) -> None:
    body = await get(client, "/intervals", enterprise="seed-steel", point=GAPPY, **{"from": "2026-11-22T10:00:00Z"})
    assert body["items"] == []
    body = await get(client, "/intervals", enterprise="seed-steel", point=SILENT, **DAY)
    assert body["items"] == [], "what was never in service misses nothing"


async def test_a_virtual_point_is_missing_where_a_term_is(client: httpx.AsyncClient) -> None:
    real = await get(client, "/intervals", enterprise="seed-steel", point=GAPPY, **DAY)
    virtual = await get(client, "/intervals", enterprise="seed-steel", point="bf1.elec.net", **DAY)
    assert [i["amount"] for i in virtual["items"]] == [i["amount"] for i in real["items"]]
    assert [i["basis"] for i in virtual["items"]] == [i["basis"] for i in real["items"]]


async def test_what_was_known_then(client: httpx.AsyncClient, seeded: Seeded) -> None:
    # The seed says: this quarter hour was unknown from its begin on, and known from its end on.
    start = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    asked = {
        "enterprise": "seed-steel",
        "point": GAPPY,
        "from": start.isoformat(),
        "to": (start + timedelta(minutes=15)).isoformat(),
    }
    now = await get(client, "/intervals", **asked)
    assert now["items"][0]["amount"] is not None
    assert now["items"][0]["rev"] == 2
    then = await get(client, "/intervals", **asked, as_of="2026-11-22T09:00:00Z")
    assert then["items"][0]["amount"] == now["items"][0]["amount"]
    before = await get(client, "/intervals", **asked, as_of="2026-11-22T08:00:00Z")
    assert before["items"][0]["basis"] == "missing"
    assert before["items"][0]["amount"] is None


async def test_pages_of_several_points_join(client: httpx.AsyncClient) -> None:
    asked = {"enterprise": "seed-steel", "point": [GAPPY, "bf1.elec.net", "roll.power"], **DAY}
    whole = await get(client, "/intervals", **asked)
    assert len(whole["items"]) == 3 * 96
    parts, cursor = [], ""
    while cursor is not None:
        page = await get(client, "/intervals", **asked, limit=50, cursor=cursor)
        parts += page["items"]
        cursor = page["next_cursor"]
    assert parts == whole["items"]


async def test_thirteen_months_of_a_point_come_in_one_answer(
    client: httpx.AsyncClient, app, seeded: Seeded, pg_dsn: str
) -> None:
    app.state.context.settings.__dict__["api_max_rows"] = 200_000
    connection = await asyncpg.connect(pg_dsn)
    try:
        e, p = seeded.e["seed-steel"], seeded.p["roll.power"]
        await connection.execute(
            "INSERT INTO interval SELECT $1, $2, s, 1, 900, 0, 0, 0, false, 1, s + interval '15 minutes'"
            " FROM generate_series(timestamptz '2025-10-20', '2026-11-19', '15 minutes') AS g (s)"
            " ON CONFLICT DO NOTHING",
            e,
            p,
        )
        await connection.execute("UPDATE point_state SET first_ts = '2025-10-20' WHERE e = $1 AND p = $2", e, p)
    finally:
        await connection.close()
    body = await get(
        client, "/intervals", enterprise="seed-steel", point="roll.power", **{"from": "2025-10-22", "to": "2026-11-22"}
    )
    assert len(body["items"]) == 396 * 96
    assert body["next_cursor"] is None


async def test_consumption_by_carrier_knows_what_it_does_not_know(client: httpx.AsyncClient) -> None:
    body = await get(client, "/consumption", enterprise="seed-steel", by="carrier", **DAY)
    lines = {item["carrier"]: item for item in body["items"]}
    electricity = lines["electricity"]
    assert electricity["amount"] == pytest.approx(96000 * 24, rel=0.02), "what was bought, not the sum of the meters"
    assert electricity["tce"] == pytest.approx(electricity["amount"] * 0.1229e-3, rel=1e-3)
    assert electricity["in_total"]
    assert electricity["completeness"] == 1
    assert lines["compressed_air"]["amount"] is None
    assert lines["compressed_air"]["tce"] is None
    assert lines["compressed_air"]["reason"]


async def test_consumption_by_process_and_point_over_periods(client: httpx.AsyncClient) -> None:
    hours = await get(client, "/consumption", enterprise="seed-steel", by="process", resolution="1h", **DAY)
    sinter = [item for item in hours["items"] if item["process"] == "sinter"]
    assert len(sinter) == 24
    total = await get(client, "/consumption", enterprise="seed-steel", by="process", **DAY)
    whole = next(item for item in total["items"] if item["process"] == "sinter")
    assert sum(item["amount"] for item in sinter) == pytest.approx(whole["amount"])
    shifts = await get(client, "/consumption", enterprise="seed-steel", by="point", resolution="shift", **DAY)
    one = [item for item in shifts["items"] if item["point"] == GAPPY]
    assert [item["start"] for item in one] == ["2026-11-20T16:00:00Z", "2026-11-21T00:00:00Z", "2026-11-21T08:00:00Z"]
    assert min(item["completeness"] for item in one) < 1


async def test_consumption_wants_quarter_hours(client: httpx.AsyncClient) -> None:
    response = await client.get(
        f"{V1}/consumption", params={"enterprise": "seed-steel", "from": "2026-11-21T00:01:00Z", "to": "2026-11-22"}
    )
    assert response.status_code == 422
    assert "quarter hour" in response.json()["detail"]


async def test_enpis_and_motors_of_a_plant(client: httpx.AsyncClient) -> None:
    enpis = await get(client, "/enpis", enterprise="seed-steel")
    (enpi,) = enpis["items"]
    assert enpi["code"] == "bf1.process_energy"
    assert enpi["unit"] == "kgce/t"
    assert enpi["limit"] == {"standard": "GB 21256", "item": "blast_furnace"}
    values = await get(client, f"/enpis/{enpi['id']}/values", **{"from": "2026-11-20", "to": "2026-11-22"})
    assert [item["start"] for item in values["items"]] == ["2026-11-19T16:00:00Z", "2026-11-20T16:00:00Z"]
    last = values["items"][-1]
    assert last["value"] is not None
    assert last["low"] < last["value"] < last["high"]
    assert last["verdict"] in {"within", "over", "unknown"}
    motors = await get(client, "/motors", enterprise="seed-steel")
    (motor,) = motors["items"]
    assert motor["code"] == "roll.main"
    assert motor["load_state"] == "normal"
    assert 0.4 < motor["load_factor"] < 1.05
    detail = await get(client, f"/motors/{motor['id']}")
    assert motor["grade_state"] in {"meets", "below", "cannot_tell"}
    assert (motor["saving_kwh_a"] is None) == (motor["saving_why"] is not None)
    assert motor["saving_cny_a"] is None
    assert (detail["saving"] is None) == (motor["saving_kwh_a"] is None)
    assert detail["profile_h"] > 0
    assert detail["points"]["power"] == "roll.power"
    for path in ("/enpis/999/values", "/motors/999"):
        assert (await client.get(V1 + path)).status_code == 404


@pytest.mark.parametrize(("told", "named"), [(0.5, []), (None, ["roll.power"])])
async def test_ranges_of_a_motor_are_not_told_where_its_meter_is_of_no_known_class(
    client: httpx.AsyncClient, db_pool: asyncpg.Pool, seeded: Seeded, told: float | None, named: list[str]
) -> None:
    await db_pool.execute(
        "UPDATE installation SET accuracy_class = $3 WHERE e = $1 AND p = $2",
        seeded.e["seed-steel"], seeded.p["roll.power"], told,
    )  # fmt: skip
    # one that the grades cover, at a load that it may have
    await db_pool.execute(
        "UPDATE motor_version SET definition = definition || $2::jsonb WHERE e = $1",
        seeded.e["seed-steel"], '{"rated_kw": 1000, "voltage_v": 380, "model": "YE3", "efficiency_pct": 94}',
    )  # fmt: skip
    await db_pool.execute(
        "UPDATE interval SET amount = amount / 40 WHERE e = $1 AND p = $2",
        seeded.e["seed-steel"], seeded.p["roll.power"],
    )  # fmt: skip
    (motor,) = (await get(client, "/motors", enterprise="seed-steel"))["items"]
    assert (motor["load_unclassed"], motor["saving_unclassed"]) == (named, named)
    assert motor["load_factor"] > 0
    assert motor["saving_kwh_a"] > 0
    ends = [motor[key] for key in ("load_low", "load_high", "saving_low_kwh_a", "saving_high_kwh_a")]
    assert [end is None for end in ends] == [bool(named)] * 4
    saving = (await get(client, f"/motors/{motor['id']}"))["saving"]
    assert (saving["unclassed"], saving["low_kwh_a"], saving["high_kwh_a"]) == (named, *ends[2:])
    assert (saving["parts"]["power_meter"] is None) == bool(named)
    for page, times in (("/e/seed-steel/motors", 2), ("/e/seed-steel/motor/roll.main", 5)):
        shown = (await client.get(f"{page}?lang=en")).text
        assert shown.count("range unknown: no accuracy class of roll.power") == (times if named else 0)
        said = (await client.get(f"{page}?lang=zh")).text
        assert said.count("范围未知：roll.power 没有准确度等级") == (times if named else 0)


async def test_a_saving_is_told_by_all_meters_that_its_profile_was_measured_with(
    client: httpx.AsyncClient, db_pool: asyncpg.Pool, seeded: Seeded
) -> None:
    await db_pool.execute(
        """INSERT INTO installation (e, p, installed_at, recorded_at, kind, final_value, initial_value, multiplier,
                                     accuracy_class)
           VALUES ($1, $2, $3, $3, 'exchange', 0, 0, 1, 0.5)""",
        seeded.e["seed-steel"], seeded.p["roll.power"], seeded.now - timedelta(days=1),
    )  # fmt: skip
    await db_pool.execute(
        "UPDATE motor_version SET definition = definition || $2::jsonb WHERE e = $1",
        seeded.e["seed-steel"], '{"rated_kw": 1000, "voltage_v": 380, "model": "YE3", "efficiency_pct": 94}',
    )  # fmt: skip
    (motor,) = (await get(client, "/motors", enterprise="seed-steel"))["items"]
    assert (motor["load_unclassed"], motor["saving_unclassed"]) == ([], ["roll.power"])
