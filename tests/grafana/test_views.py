"""What Grafana's logins may see, and that the views say what the product says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from db.cases import CaseFilter, alerts_of, list_cases
from db.consumption import consumption
from db.energy import Period
from db.grafana_logins import create_login, logins
from db.plants import enterprise
from enms.errors import ConflictError, InputError, NotFoundError
from tests.grafana.conftest import PASSWORD, Screens
from tests.grafana.seed import CHINA, yesterday

READABLE = """
SELECT n.nspname || '.' || c.relname
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT LIKE '\\_timescaledb%' AND n.nspname NOT LIKE 'timescaledb%'
  AND has_schema_privilege(n.oid, 'USAGE')
  AND (has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT'))
"""


async def test_a_login_reads_the_views_and_nothing_else(steel: asyncpg.Connection) -> None:
    readable = {row[0] for row in await steel.fetch(READABLE)}
    assert readable
    assert {name.split(".")[0] for name in readable} == {"grafana"}


async def test_every_view_filters_rows_behind_a_barrier(screens: Screens) -> None:
    connection = await asyncpg.connect(screens.owner)
    try:
        rows = await connection.fetch(
            """
            SELECT c.relname, 'security_barrier=true' = ANY (c.reloptions) AS barrier, obj_description(c.oid) AS comment
            FROM pg_class AS c WHERE c.relnamespace = 'grafana'::regnamespace AND c.relkind = 'v'
            """
        )
    finally:
        await connection.close()
    assert len(rows) > 15
    assert [r["relname"] for r in rows if not r["barrier"]] == []
    assert [r["relname"] for r in rows if not r["comment"]] == []


async def test_an_enterprise_sees_only_itself(steel: asyncpg.Connection, district: asyncpg.Connection) -> None:
    views = await steel.fetch(
        """
        SELECT c.relname, format('SELECT DISTINCT enterprise FROM grafana.%I', c.relname) AS query
        FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'enterprise'
        WHERE c.relnamespace = 'grafana'::regnamespace AND c.relkind = 'v'
        """
    )
    assert len(views) > 15
    seen = set()
    for view, query in views:
        mine = {row[0] for row in await steel.fetch(query)}
        assert mine <= {"demo-steel"}, view
        seen |= mine
    assert seen == {"demo-steel"}
    assert await steel.fetchval("SELECT count(*) FROM grafana.storage") == 0
    assert {r[0] for r in await district.fetch("SELECT enterprise FROM grafana.enterprise")} == {
        "demo-steel",
        "demo-rare-earth",
        "demo-power",
    }
    assert await district.fetchval("SELECT count(*) FROM grafana.quarantine WHERE enterprise IS NULL") == 1


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM public.reading",
        "SELECT * FROM grafana_inner.visible",
        "SELECT * FROM grafana_access.login",
        "INSERT INTO grafana_access.login VALUES (session_user, NULL)",
        "UPDATE grafana.enterprise SET name_zh = ''",
        "CREATE TEMPORARY TABLE t (x int)",
        "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE grafana.t (x int)",
        "CREATE SCHEMA s",
        "SET SESSION AUTHORIZATION postgres",
        "SET ROLE enms_app",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_read_file('/etc/passwd')",
        "CREATE ROLE other",
    ],
)
async def test_what_a_viewer_may_send_is_refused(steel: asyncpg.Connection, statement: str) -> None:
    # a viewer can take off what the login's settings say; only grants hold
    await steel.execute("SET default_transaction_read_only = off")
    await steel.execute("SET statement_timeout = 0")
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ObjectNotInPrerequisiteStateError)):
        await steel.execute(statement)


async def test_a_cheap_function_does_not_see_past_the_barrier(steel: asyncpg.Connection) -> None:
    """A predicate that reports what it is given runs after the filter, not before it."""
    with pytest.raises(asyncpg.InvalidTextRepresentationError) as caught:
        await steel.fetch("SELECT 1 FROM grafana.enterprise WHERE enterprise::int = 1")
    assert "demo-steel" in str(caught.value)


async def test_no_function_lends_its_owner_to_a_viewer(steel: asyncpg.Connection) -> None:
    lending = await steel.fetch(
        """
        SELECT p.oid::regprocedure::text
        FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
        WHERE p.prosecdef AND has_function_privilege(p.oid, 'EXECUTE') AND has_schema_privilege(n.oid, 'USAGE')
          AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')
        """
    )
    assert [row[0] for row in lending] == []


async def test_a_login_is_limited(screens: Screens, district: asyncpg.Connection) -> None:
    assert await district.fetchval("SHOW statement_timeout") == "10s"
    assert await district.fetchval("SHOW default_transaction_read_only") == "on"
    rows = await district.fetch(
        "SELECT rolconnlimit, rolsuper, rolcreaterole FROM pg_roles WHERE rolname = session_user"
    )
    assert dict(rows[0]) == {"rolconnlimit": 12, "rolsuper": False, "rolcreaterole": False}


async def test_without_a_binding_nothing_is_seen(screens: Screens) -> None:
    connection = await asyncpg.connect(screens.owner)
    try:
        assert await connection.fetchval("SELECT count(*) FROM grafana.enterprise") == 0
    finally:
        await connection.close()


async def test_logins_are_refused_with_a_reason(screens: Screens) -> None:
    connection = await asyncpg.connect(screens.owner)
    try:
        with pytest.raises(NotFoundError):
            await create_login(connection, "nobody", PASSWORD)
        with pytest.raises(InputError):
            await create_login(connection, None, "short")
        with pytest.raises(InputError):
            await create_login(connection, None, "密码密码密码密码密码密码密码密码密码")
        with pytest.raises(InputError):
            await create_login(connection, None, PASSWORD, login="x; DROP ROLE y")
        with pytest.raises(ConflictError):
            await create_login(connection, None, PASSWORD, login="enms_app")
        assert {r.enterprise for r in await logins(connection)} == {None, "demo-steel"}
    finally:
        await connection.close()


async def test_an_unknown_limit_says_why(screens: Screens) -> None:
    """An input that was not metered; one that is declared, which only the rules know how to take."""
    connection = await asyncpg.connect(screens.owner)
    here = "SELECT limit_state, limit_value FROM grafana.enpi_day WHERE enpi = 'bf1.process_energy' AND local_date = $1"
    day = yesterday(screens.seeded.now)
    change = connection.transaction()
    await change.start()
    try:
        await connection.execute("INSERT INTO grafana_access.login VALUES (session_user, NULL)")
        (before,) = await connection.fetch(here, day)
        assert before["limit_state"] == "known"
        assert before["limit_value"] is not None
        await connection.execute(
            "DELETE FROM day_total WHERE local_date = $1 AND p = (SELECT p FROM point WHERE code = 'bf1.ore.re_share')",
            day,
        )
        (missing,) = await connection.fetch(here, day)
        assert dict(missing) == {"limit_state": "input missing", "limit_value": None}
        await connection.execute(
            """
            UPDATE enpi_version SET definition = definition - 'corrections'
                || '{"declared": [{"input": "rare_earth_ore_pct", "value": 30, "evidence": "x"}]}'
            WHERE id = (SELECT id FROM enpi WHERE code = 'bf1.process_energy')
            """
        )
        await connection.execute("SELECT public.keep_configuration()")  # else at the end of the transaction
        (declared,) = await connection.fetch(here, day)
        assert dict(declared) == {"limit_state": "rules", "limit_value": None}
    finally:
        await change.rollback()
        await connection.close()


async def test_what_an_alert_is_about_has_a_name(steel: asyncpg.Connection) -> None:
    rows = await steel.fetch("SELECT subject, name_zh, name_en FROM grafana.subject")
    names = {row["subject"]: (row["name_zh"], row["name_en"]) for row in rows}
    for subject in ("bf1.process_energy", "bf1.top.pressure", "sinter.fan1"):
        assert subject not in names[subject]
    assert len(names) == len(rows)


async def test_cases_are_the_products_own(screens: Screens, district: asyncpg.Connection) -> None:
    connection = await asyncpg.connect(screens.owner)
    try:
        rows = await list_cases(connection, CaseFilter(), now=datetime.now(UTC), limit=100)
        own = {
            r.number: (r.enterprise, r.title, r.state, r.due_on, r.days_left, r.overdue, r.alerts, r.moved)
            for r in rows
        }
        on = {(r.number, a.alert): (a.version, a.sha256, a.value) for r in rows for a in await alerts_of(connection, r)}
    finally:
        await connection.close()
    shown = await district.fetch("SELECT * FROM grafana.inspection_case")
    names = ("enterprise", "title", "state", "due_on", "days_left", "overdue", "alerts", "changed")
    assert {r["number"]: tuple(r[n] for n in names) for r in shown} == own
    assert sorted((r["overdue"], r["changed"], r["is_open"]) for r in shown) == [
        (False, 0, False),
        (False, 0, True),
        (True, 1, True),
    ]
    assert [(r["over_at"] is None) for r in shown] == [r["is_open"] for r in shown]
    stood = await district.fetch("SELECT * FROM grafana.inspection_alert")
    assert {(r["number"], r["alert"]): (r["version"], r["sha256"], r["value"]) for r in stood} == on
    kinds = await district.fetch("SELECT kind FROM grafana.inspection_event WHERE number LIKE '%-0001' ORDER BY n")
    assert [r["kind"] for r in kinds] == ["opened", "notified", "ordered"]


@pytest.mark.parametrize("back", [0, 1], ids=["today", "yesterday"])
async def test_consumption_is_the_products_own(screens: Screens, district: asyncpg.Connection, back: int) -> None:
    """Every line of the balance, against db.consumption."""
    day = yesterday(screens.seeded.now) + timedelta(days=1 - back)
    start = datetime.combine(day, datetime.min.time(), CHINA).astimezone(UTC)
    period = Period(start, start + timedelta(days=1))
    connection = await asyncpg.connect(screens.owner)
    try:
        for code in screens.seeded.enterprises:
            lines = await consumption(connection, await enterprise(connection, code), "carrier", [period])
            rows = await district.fetch(
                "SELECT * FROM grafana.carrier_day WHERE enterprise = $1 AND local_date = $2", code, day
            )
            shown = {row["carrier"]: row for row in rows}
            assert set(shown) == {line.carrier for line in lines}
            for line in lines:
                row = shown[line.carrier or ""]
                where = (code, line.carrier)
                assert _same(row["amount"], line.amount), where
                assert _same(row["kgce"], line.kgce), where
                assert _same(row["tco2"], line.tco2), where
                assert row["in_total"] == line.in_total, where
                assert row["unit"] == line.unit, where
    finally:
        await connection.close()


def _same(shown: float | None, own: float | None) -> bool:
    if shown is None or own is None:
        return shown is own
    return bool(shown == pytest.approx(own, rel=1e-9))


async def test_a_silent_meter_makes_what_stands_on_it_unknown(screens: Screens, district: asyncpg.Connection) -> None:
    row = await district.fetchrow(
        "SELECT * FROM grafana.latest WHERE enterprise = 'demo-steel' AND point = 'bf1.top.pressure'"
    )
    assert row is not None
    assert row["state"] == "silent"
    assert row["age_s"] > 7000
    counts = await district.fetchrow("SELECT * FROM grafana.freshness WHERE enterprise = 'demo-steel'")
    assert counts is not None
    assert counts["silent"] == 1


async def test_power_adds_up(district: asyncpg.Connection) -> None:
    row = await district.fetchrow("SELECT * FROM grafana.power_now WHERE enterprise = 'demo-steel'")
    assert row is not None
    assert row["known"] == row["meters"]
    assert row["kw"] == pytest.approx(row["purchased_kw"] + row["produced_kw"] - row["sold_kw"])
    assert 100_000 < row["kw"] < 400_000
