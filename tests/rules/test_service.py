"""The rules as a loop and as a process: woken by the ledger, surviving its neighbours, killed and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from prometheus_client import REGISTRY

from enms.plant_file import parse_plant
from rules.book import BUNDLED, parse_book, read_books
from rules.evaluator import Evaluator
from rules.notifier import Notifier
from rules.service import RulesService
from tests.rules.test_portions import BOOK, PLANT
from tests.rules.test_supply_coal import EVERYTHING, MONDAY
from tests.rules.world import QUARTER, World
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
DAY1 = datetime(2026, 11, 1, 16, tzinfo=UTC)


class Receiver:
    """Remembers what it was given."""

    def __init__(self):
        self.taken = []

    async def publish(self, topic, payload):
        self.taken.append((topic, payload))


@pytest.fixture
async def mill(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "motors")
        world.ends = dict.fromkeys(world.numbers, DAY1)
        yield world


@asynccontextmanager
async def service(pool, receiver, evaluator=None):
    stop, reports = asyncio.Event(), {}

    def report(part, ok, detail):
        reports[part] = (ok, detail)

    loop = RulesService(
        pool,
        evaluator or Evaluator(read_books([BUNDLED])),
        Notifier(receiver),
        clock=lambda: datetime.now(UTC),
        report=report,
    )
    running = asyncio.create_task(loop.run(stop))
    try:
        yield reports
    finally:
        stop.set()
        await asyncio.wait_for(running, 3)


async def announce(mill):
    await mill.connection.execute("SELECT pg_notify('enms_interval', $1)", str(mill.enterprise.e))


async def test_a_publication_becomes_an_alert_and_a_message(mill, db_pool):
    receiver = Receiver()
    async with service(db_pool, receiver) as reports:

        async def ready():
            return reports.get("notifications") == (True, "") and reports.get("rules") == (True, "")

        await eventually(ready)
        await mill.publish("fan.power", [2.0] * 2)
        begun = time.monotonic()
        await announce(mill)
        (alert,) = await eventually(lambda: mill.alerts("motor_idle"))
        assert time.monotonic() - begun < 5

        async def told():
            return len(receiver.taken) == 2

        await eventually(told)
        assert receiver.taken[0][0] == f"energy/v1/mill/alerts/{alert.id}"


async def test_nobody_announces_and_it_is_found_all_the_same(mill, db_pool):
    async with service(db_pool, Receiver()):
        await mill.publish("fan.power", [2.0] * 2)
        await eventually(lambda: mill.alerts("motor_idle"))


async def test_one_plant_that_is_far_behind_keeps_no_other_waiting(db_pool):
    at_most_ten = Evaluator([parse_book(BOOK, "book.yaml")], at_most=10)
    async with db_pool.acquire() as connection:
        behind, awake = [
            await World.build(connection, parse_plant(PLANT.replace("CODE", code), "plant"))
            for code in ("behind", "awake")
        ]
        for world in (behind, awake):
            world.ends = dict.fromkeys(world.numbers, DAY1)
        await behind.publish("feeder", "60*7680")

        def lag():
            return REGISTRY.get_sample_value("enms_rules_lag_seconds", {"enterprise": "behind"})

        async with service(db_pool, Receiver(), at_most_ten):
            before = await eventually(lag)
            await awake.publish("feeder", "60*4 120*4")
            await announce(awake)
            await eventually(lambda: awake.alerts("quarter"))
            meanwhile = lag()
            assert before > meanwhile > 86_400
            await eventually(lambda: lag() < meanwhile - 86_400)


async def test_lost_connections_are_made_again(mill, db_pool, pg_dsn):
    receiver = Receiver()
    async with service(db_pool, receiver) as reports:

        async def ready():
            return reports.get("notifications") == (True, "") and reports.get("rules") == (True, "")

        await eventually(ready)
        admin = await asyncpg.connect(pg_dsn)
        spared = {mill.connection.get_server_pid(), admin.get_server_pid()}

        async def somebody_new():
            rows = await admin.fetch(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
                "AND backend_type = 'client backend' AND pid <> ALL ($1::int[])",
                spared,
            )
            return {row["pid"] for row in rows}

        for _ in range(3):
            killed = await eventually(somebody_new)
            await admin.execute("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid", killed)
            spared |= killed  # they may be listed for a moment yet
        await admin.close()
        await mill.publish("fan.power", [2.0] * 2)
        await announce(mill)
        await eventually(lambda: mill.alerts("motor_idle"))

        async def told():
            return len(receiver.taken) == 2

        await eventually(told)


async def test_rules_that_step_by_days_and_months_are_not_behind(db_pool):
    """The fourth day is half over: days stand at its begin, months at the month's, and nothing is left to judge."""
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "coal")
        for code, value in EVERYTHING.items():
            await world.publish(code, [value] * 344, MONDAY)
        outcomes = await world.evaluate()
        oldest = "SELECT min(evaluated_until) FROM rule_subject WHERE e = $1 AND ended_at IS NULL"
        assert world.ends["u1.gen"] - await connection.fetchval(oldest, world.enterprise.e) > timedelta(hours=6)
        assert outcomes[-1].left == timedelta()


async def test_what_is_left_to_judge_is_told_as_time(mill):
    await mill.publish("fan.power", [2.0] * (96 * 40))
    first = await mill.evaluator.evaluate(mill.connection, mill.enterprise, mill.tick())
    assert first.left == timedelta(days=8), "a run takes 32 days"
    assert (await mill.evaluate())[-1].left == timedelta()


async def test_how_far_rules_are_behind_grows_while_nobody_looks(mill, db_pool):
    def shown(name):
        return REGISTRY.get_sample_value(f"enms_rules_{name}_seconds", {"enterprise": "mill"})

    begun = time.time()
    async with service(db_pool, Receiver()):
        await eventually(lambda: (shown("evaluated_timestamp") or 0.0) >= begun - 1)
        assert shown("lag") < 30
    stood = shown("lag")
    await eventually(lambda: shown("lag") > stood)


async def start_role(dsn, broker):
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli",
        "rules",
        cwd=ROOT,
        env={**os.environ, "ENMS_DATABASE_URL": dsn, "ENMS_MQTT_URL": broker.url, "ENMS_LOG_FORMAT": "json"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def test_killed_again_and_again_nothing_is_missed_or_doubled(mill, pg_dsn, broker):
    """Ten quarter hours of idling and ten of work, alternating, each published while the role may be dead."""
    role = await start_role(pg_dsn, broker)
    try:
        for n in range(12):
            power = 2.0 if n % 2 == 0 else 30.0
            at = DAY1 + 2 * n * QUARTER
            await mill.publish("fan.power", [power] * 2, at)
            await announce(mill)
            if n % 3 == 2:

                async def some_progress(n=n):
                    return len(await mill.alerts("motor_idle")) >= n // 3

                await eventually(some_progress, 60)
                role.kill()
                await role.wait()
                role = await start_role(pg_dsn, broker)

        async def all_of_them():
            alerts = await mill.alerts("motor_idle")
            return len(alerts) == 6 and all(a.state == "resolved" for a in alerts)

        await eventually(all_of_them, 60)

        async def all_sent():
            return await mill.connection.fetchval("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == 0

        await eventually(all_sent, 60)
        alerts = await mill.alerts("motor_idle")
        assert [await mill.steps(a) for a in alerts] == [["pending", "firing", "resolved"]] * 6
        begun = time.monotonic()
        role.send_signal(signal.SIGTERM)
        printed, _ = await asyncio.wait_for(role.communicate(), 10)
        assert role.returncode == 0, printed.decode()
        assert time.monotonic() - begun < 5
    finally:
        if role.returncode is None:
            role.kill()
            await role.wait()


async def test_a_broken_book_is_told_and_the_others_run(mill, pg_dsn, broker, tmp_path, monkeypatch):
    (tmp_path / "mine.yaml").write_text("rules: [", encoding="utf-8")
    monkeypatch.setenv("ENMS_RULES_DIR", str(tmp_path))
    role = await start_role(pg_dsn, broker)
    try:
        await mill.publish("fan.power", [2.0] * 2)
        await eventually(lambda: mill.alerts("motor_idle"), 60)
    finally:
        role.terminate()
        printed, _ = await role.communicate()
    assert b"rule book refused" in printed
    assert b"mine.yaml" in printed
