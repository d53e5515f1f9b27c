"""What screens say when rules or the ledger stand still: never that all is well. What concerns the whole district is on
the desk."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from grafana.macros import Scope, expand
from grafana.sql import read
from tests.api.seed import district_alert
from tests.grafana.conftest import Desk


def scope(desk: Desk, *enterprises: str) -> Scope:
    now = desk.seeded.now + timedelta(hours=1)
    return Scope(now - timedelta(days=7), now, {"enterprise": "demo-steel", "enterprises": list(enterprises)})


async def shown(desk: Desk, name: str, *enterprises: str) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await desk.viewer.fetch(expand(read(name), scope(desk, *enterprises)))
    return rows


async def firing(desk: Desk, n: int) -> None:
    """So many alerts of the steel works, and no others."""
    await desk.owner.execute("UPDATE alert SET state = 'resolved', closed = 'cleared', resolved_at = fired_at")
    await desk.owner.execute(
        "INSERT INTO alert (e, rule, rule_version, subject, kind, purpose, severity, state, started_at, fired_at,"
        " detected_at, unit) SELECT e, rule, rule_version, 'made-' || n, kind, purpose, 'warning', 'firing',"
        " started_at, fired_at, detected_at, unit FROM (SELECT a.* FROM alert AS a JOIN enterprise AS en USING (e)"
        " WHERE en.code = 'demo-steel' ORDER BY a.id LIMIT 1) AS one, generate_series(1, $1) AS n",
        n,
    )


async def closed(desk: Desk, ago: timedelta) -> None:
    """The steel works' ledger closed its newest quarter hour so long ago."""
    await desk.owner.execute(
        "UPDATE point_state SET closed_until = now() - $1::interval"
        " WHERE e = (SELECT e FROM enterprise WHERE code = 'demo-steel')",
        ago,
    )


@pytest.mark.parametrize("wall", ["wall_alarms", "district_alarms"])
async def test_no_alarm_line_is_lost_when_rules_stand_still(desk: Desk, wall: str) -> None:
    for n in (0, 3, 4, 5, 6, 40):
        await firing(desk, n)
        for runs in (True, False):
            age = timedelta() if runs else timedelta(hours=1)
            await desk.owner.execute("UPDATE rule_cursor SET evaluated_at = now() - $1::interval", age)
            lines = [row["alarm"] for row in await shown(desk, wall)]
            alarms = [line for line in lines if line.startswith("警告")]
            beyond = [int(line.split()[1]) for line in lines if line.startswith("另有")]
            assert len(lines) <= 5
            assert len(alarms) + sum(beyond) == n, "each is shown or counted"
            assert any(line.startswith("规则未运行") for line in lines) is not runs
            assert ("无未关闭报警" in lines) is (runs and n == 0)


@pytest.mark.parametrize(
    ("wall", "line"), [("wall_alarms", "账本滞后 · 状态未知"), ("district_alarms", "账本滞后 · 示范钢铁 · 状态未知")]
)
async def test_a_ledger_that_stands_still_is_told_while_rules_go_on(desk: Desk, wall: str, line: str) -> None:
    """Rules look at all of it every minute then, too, and find nothing new."""
    await desk.owner.execute("UPDATE rule_cursor SET evaluated_at = now()")
    for n in (0, 5, 40):
        await firing(desk, n)
        for behind in (False, True):
            await closed(desk, timedelta(hours=5) if behind else timedelta(minutes=20))
            lines = [row["alarm"] for row in await shown(desk, wall)]
            alarms = [one for one in lines if one.startswith("警告")]
            beyond = [int(one.split()[1]) for one in lines if one.startswith("另有")]
            assert len(lines) <= 5
            assert len(alarms) + sum(beyond) == n, "each is shown or counted"
            assert (line in lines) is behind
            assert ("无未关闭报警" in lines) is (not behind and n == 0)
    await desk.owner.execute("UPDATE rule_cursor SET evaluated_at = now() - interval '1 hour'")
    lines = [row["alarm"] for row in await shown(desk, wall)]
    assert len(lines) <= 5
    assert lines[0].startswith("规则未运行")


async def test_no_count_of_alerts_is_zero_while_a_ledger_stands_still(desk: Desk) -> None:
    await desk.owner.execute("UPDATE rule_cursor SET evaluated_at = now()")
    await firing(desk, 0)
    for behind in (False, True):
        await closed(desk, timedelta(hours=5) if behind else timedelta(minutes=20))
        unknown = None if behind else 0
        assert {tuple(row) for row in await shown(desk, "district_alerts")} == {(unknown, unknown, unknown)}
        counts = [tuple(row) for row in await shown(desk, "alerts_counts", "demo-power", "demo-steel")]
        assert counts == [(unknown,) * 5], "of those that are chosen"
        assert [tuple(row) for row in await shown(desk, "alerts_counts", "demo-power")] == [(0,) * 5]
        plants = {row["code"]: row["未关闭 open"] for row in await shown(desk, "league_plants")}
        assert plants == {"demo-power": 0, "demo-rare-earth": 0, "demo-steel": unknown}


async def test_a_ledger_is_behind_readings_alone(desk: Desk) -> None:
    """As the console has it: data that stopped are no fault of the ledger; where nothing was ever closed, it is."""
    behind = "SELECT enterprise FROM grafana.judge WHERE behind"
    await closed(desk, timedelta(hours=5))
    assert [row["enterprise"] for row in await desk.viewer.fetch(behind)] == ["demo-steel"]
    await desk.owner.execute("UPDATE point_state SET closed_until = NULL")
    assert len(await desk.viewer.fetch(behind)) == 3
    await desk.owner.execute("UPDATE point_state SET first_ts = now() - interval '20 minutes'")
    assert not await desk.viewer.fetch(behind), "plants that are new: nothing can have been closed yet"
    await desk.owner.execute("UPDATE point_state SET first_ts = NULL")
    assert len(await desk.viewer.fetch(behind)) == 3, "the ledger has seen nothing"
    await desk.owner.execute("DELETE FROM reading")
    assert not await desk.viewer.fetch(behind)
    await closed(desk, timedelta(hours=5))
    assert not await desk.viewer.fetch(behind)


async def test_the_district_is_behind_where_a_plant_is(desk: Desk) -> None:
    """It has no ledger of its own: its rules judge those of the plants."""
    e, _ = await district_alert(desk.owner)
    await desk.owner.execute("INSERT INTO rule_cursor (e, evaluated_at) VALUES ($1, now())", e)
    await desk.owner.execute("UPDATE rule_cursor SET evaluated_at = now()")
    behind = "SELECT enterprise FROM grafana.judge WHERE behind ORDER BY 1"
    await closed(desk, timedelta(minutes=20))
    assert not await desk.viewer.fetch(behind)
    await closed(desk, timedelta(hours=5))
    assert [row["enterprise"] for row in await desk.viewer.fetch(behind)] == ["demo-steel", "district"]
    (row,) = await shown(desk, "alerts_counts", "district")
    assert row["提示 notice"] is None or row["提示 notice"] > 0, "nothing open is not known to be nothing"


async def test_the_district_has_its_place_on_the_desk_of_alerts(desk: Desk) -> None:
    _, number = await district_alert(desk.owner)
    choices = [row["__value"] for row in await shown(desk, "var_judge")]
    assert choices == ["district", "demo-power", "demo-rare-earth", "demo-steel"]
    await desk.owner.execute(
        "INSERT INTO transition (e, alert, n, kind, at, recorded_at)"
        " SELECT e, id, 1, 'firing', fired_at, now() FROM alert WHERE id = $1",
        number,
    )
    for panel in ("alerts_open", "alerts_steps"):
        assert number in [row["id"] for row in await shown(desk, panel, *choices)], panel
        assert number not in [row["id"] for row in await shown(desk, panel, "demo-steel")], panel


async def test_an_age_of_rules_is_that_of_whoever_waits_longest(desk: Desk) -> None:
    """The district's rules, too."""
    e, _ = await district_alert(desk.owner)
    await desk.owner.execute("UPDATE rule_cursor SET evaluated_at = now()")
    (row,) = await shown(desk, "platform_ages")
    assert row["规则 rules"] < 1
    await desk.owner.execute("INSERT INTO rule_cursor (e, evaluated_at) VALUES ($1, now() - interval '2 hours')", e)
    (row,) = await shown(desk, "platform_ages")
    assert row["规则 rules"] == pytest.approx(120, abs=1)


async def test_a_plant_sees_no_rules_of_others(steel: asyncpg.Connection) -> None:
    assert [row["enterprise"] for row in await steel.fetch("SELECT enterprise FROM grafana.judge")] == ["demo-steel"]
