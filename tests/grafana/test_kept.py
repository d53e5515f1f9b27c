"""What the views keep: the same figures as computed, given up when what they stood on changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from db.kept import keep_configuration_if_due, keep_heat_days, keep_level_days
from db.plant_load import load_plant
from tests.grafana.conftest import FIGURES, Desk
from tests.grafana.seed import plants


def differences(
    one: dict[tuple[object, ...], list[object]], other: dict[tuple[object, ...], list[object]]
) -> list[object]:
    assert one.keys() == other.keys()
    return [
        (key, a, b)
        for key in one
        for a, b in zip(one[key], other[key], strict=True)
        if a != (pytest.approx(b, rel=1e-9, abs=1e-9) if isinstance(b, float) else b)
    ]


async def test_days_added_up_once_say_what_their_quarter_hours_say(desk: Desk) -> None:
    before = {view: await desk.figures(view) for view in FIGURES}
    assert await keep_heat_days(desk.owner, date.min, 7) == 7
    for days in (keep_heat_days, keep_level_days):
        while await days(desk.owner, date.min, 100):
            pass
    assert await desk.owner.fetchval("SELECT count(*) FROM level_day") >= 2 * 3, "coal, coke and ore are laid in"
    kept = await desk.owner.fetch("SELECT local_date, heat FROM heat_day")
    closed = {row["local_date"] for row in kept}
    assert len(closed) == 2, "the present day is open"
    assert any(row["heat"] for row in kept)
    for view, figures in before.items():
        assert differences(figures, await desk.figures(view)) == [], view
    assert await keep_heat_days(desk.owner, date.min, 100) == 0


async def test_a_day_of_all_points_is_the_days_of_each(desk: Desk) -> None:
    empty, late = await desk.owner.fetchrow("SELECT min(p), max(p) FROM day_total")
    await desk.owner.execute("DELETE FROM day_total WHERE p = $1", empty)
    # one that was never read, as sealing leaves it
    never = await desk.owner.fetchval("SELECT min(p) FROM day_total")
    await desk.owner.execute("DELETE FROM day_total WHERE p = $1", never)
    await desk.owner.execute(
        "UPDATE point_state SET first_ts = NULL, newest_ts = NULL, closed_until = NULL, sealed_before = now()"
        " WHERE p = $1",
        never,
    )
    # more is covered of its first day than was in service
    in_service = "UPDATE grafana_inner.point_now SET in_service_from = now() - interval '30 hours' WHERE p = $1"
    await desk.owner.execute(in_service, late)
    await desk.owner.execute("UPDATE day_total SET estimated_s = 900 WHERE p = $1", late)
    whole = await desk.viewer.fetch(
        "SELECT enterprise, local_date, time, points, covered_s, estimated_s, elapsed_s"
        " FROM grafana.completeness_day ORDER BY 1, 2"
    )
    each = await desk.viewer.fetch(
        "SELECT enterprise, local_date, time, count(*) AS points, sum(least(covered_s, elapsed_s)) AS covered_s,"
        " sum(estimated_s) AS estimated_s, sum(elapsed_s) AS elapsed_s FROM grafana.day GROUP BY 1, 2, 3 ORDER BY 1, 2"
    )
    # right after midnight nothing of the third day is closed yet
    assert len(whole) >= 2 * len(plants())
    assert any(row["covered_s"] < row["elapsed_s"] for row in whole)
    for row, days in zip(whole, each, strict=True):
        assert tuple(row) == tuple(pytest.approx(v) if isinstance(v, float) else v for v in days)


async def test_a_late_heating_value_counts_before_the_day_is_added_up_again(desk: Desk) -> None:
    while await keep_heat_days(desk.owner, date.min, 1000):
        pass
    before = await desk.figures("carrier_day")
    day = await desk.owner.fetchval("SELECT min(local_date) FROM heat_day")
    async with desk.owner.transaction():
        await desk.owner.execute(
            "UPDATE interval SET amount = amount * 2 WHERE p IN (SELECT ncv_p FROM heat_day) AND amount IS NOT NULL"
            " AND start < ($1::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'",
            day,
        )
        await desk.owner.execute(
            "UPDATE day_total SET amount = amount * 2, put_at = clock_timestamp()"
            " WHERE local_date = $1 AND p IN (SELECT ncv_p FROM heat_day)",
            day,
        )
    after = await desk.figures("carrier_day")
    changed = {key for key in before if before[key] != after[key]}
    assert changed
    assert {key[2] for key in changed} == {day}
    assert await keep_heat_days(desk.owner, date.min, 1000) > 0
    assert differences(after, await desk.figures("carrier_day")) == []


async def test_a_late_level_counts_before_the_day_is_kept_again(desk: Desk) -> None:
    while await keep_level_days(desk.owner, date.min, 1000):
        pass
    before = await desk.figures("carrier_day")
    day = await desk.owner.fetchval("SELECT min(local_date) FROM level_day")
    await desk.owner.execute(
        """
        WITH level AS (SELECT DISTINCT ON (p) p, start FROM level_day WHERE local_date = $1),
        changed AS (
            UPDATE interval AS i SET amount = i.amount + 100 FROM level AS l WHERE i.p = l.p AND i.start = l.start
        )
        UPDATE day_total AS t SET put_at = clock_timestamp() FROM level AS l WHERE t.p = l.p AND t.local_date = $1
        """,
        day,
    )
    after = await desk.figures("carrier_day")
    changed = {key[2] for key in before if before[key] != after[key]}
    assert changed == {day + timedelta(days=1)}, "of the first day nobody knows what was there before"
    assert await keep_level_days(desk.owner, date.min, 1000) > 0
    assert differences(after, await desk.figures("carrier_day")) == []


async def test_a_plant_that_changes_is_seen_as_changed(desk: Desk) -> None:
    plant = next(p for p in plants() if p.enterprise.code == "demo-steel")
    code = next(p.code for p in plant.points if p.role == "purchased" and p.carrier == "electricity")
    query = "SELECT role FROM grafana.point WHERE enterprise = 'demo-steel' AND point = $1"
    assert await desk.viewer.fetchval(query, code) == "purchased"
    changed = [p.model_copy(update={"role": "property"}) if p.code == code else p for p in plant.points]
    await load_plant(desk.owner, plant.model_copy(update={"points": tuple(changed)}), now=datetime.now(UTC))
    assert await desk.viewer.fetchval(query, code) == "property"
    terms = {row[0] for row in await desk.viewer.fetch("SELECT point FROM grafana.power_term")}
    assert code not in terms


async def test_a_change_recorded_ahead_holds_from_its_instant(desk: Desk) -> None:
    plant = next(p for p in plants() if p.enterprise.code == "demo-steel")
    ahead = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    first = plant.points[0].model_copy(update={"role": "property"})
    whole = plant.model_copy(update={"points": (first, *plant.points[1:])})
    await load_plant(desk.owner, whole, now=datetime.now(UTC), effective_from=ahead)
    assert await desk.owner.fetchval("SELECT holds_until FROM grafana_inner.kept") == ahead
    assert not await keep_configuration_if_due(desk.owner)
    await desk.owner.execute("UPDATE grafana_inner.kept SET holds_until = now()")
    assert await keep_configuration_if_due(desk.owner)
    assert await desk.owner.fetchval("SELECT holds_until FROM grafana_inner.kept") == ahead


async def test_the_application_keeps_what_it_changes(desk: Desk, db_pool: asyncpg.Pool) -> None:
    """Its own changes to configuration fill tables that are granted to nobody."""
    async with db_pool.acquire() as connection:
        assert await connection.fetchval("SELECT current_user") == "enms_app"
        await load_plant(connection, plants()[0].model_copy(), now=desk.seeded.now)
        assert not await keep_configuration_if_due(connection)
        assert await keep_heat_days(connection, date.min, 10) == 10
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT * FROM grafana_inner.point_now")
    points = await desk.owner.fetchval("SELECT count(*) FROM grafana_inner.point_now")
    assert points == await desk.owner.fetchval("SELECT count(*) FROM point")
