"""The evaluator on a real database: competing, crashing, catching up, told anew."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from db.alerts import evidence
from db.rules import current_rules, rule_files, rule_health, subjects, verdicts
from enms.alerts import Step, Truth
from enms.plant_file import parse_plant
from rules.book import BUNDLED, parse_book, read_books
from rules.evaluator import Evaluator, condition_of
from rules.kind import Kind
from rules.replay import replay
from tests.rules.world import PLANTS, QUARTER, World
from tests.waiting import eventually

DAY1 = datetime(2026, 11, 1, 16, tzinfo=UTC)
DAY = timedelta(days=1)
FURNACE = (PLANTS / "furnace.yaml").read_text(encoding="utf-8")
MOTORS = (PLANTS / "motors.yaml").read_text(encoding="utf-8")
ARRIVAL = {
    "meter_silent",
    "meter_never_reported",
    "meter_incomplete",
    "meter_clock_skew",
    "register_broken",
    "register_clock",
    "register_spike",
}


@pytest.fixture
async def world(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "furnace")
        world.ends = dict.fromkeys(world.numbers, DAY1)
        yield world


@pytest.fixture
async def mill(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "motors")
        world.ends = dict.fromkeys(world.numbers, DAY1)
        yield world


def day_of(coke):
    """A day's quarter hours of every point, by point."""
    return {
        "bf1.coke": [coke] * 96,
        "bf1.bfg": [875.0] * 96,
        "bf1.bfg.ncv": [3349.44] * 96,
        "bf1.output": [1.0] * 96,
        "bf1.re_share": [0.0] * 96,
    }


async def publish_day(world, coke, start=None):
    for point, values in day_of(coke).items():
        await world.publish(point, values, start)


async def test_two_evaluators_at_once_fire_once(world, db_pool):
    others = [Evaluator(read_books([BUNDLED])) for _ in range(3)]
    for coke in (500.0, 550.0, 500.0, 560.0):
        await publish_day(world, coke)

        async def one(evaluator):
            async with db_pool.acquire() as connection:

                async def had_its_turn():
                    return not (await evaluator.evaluate(connection, world.enterprise, world.tick())).busy

                await eventually(had_its_turn, every_s=0.005)

        await asyncio.gather(*(one(e) for e in others))
    alerts = [a for a in await world.alerts() if a.rule == "blast_furnace_energy_day"]
    assert [await world.steps(a) for a in alerts] == [["firing", "resolved"], ["firing"]]
    versions = await world.connection.fetch("SELECT rule, version FROM rule_version")
    assert {row["version"] for row in versions} == {1}


async def test_an_enterprise_that_is_being_evaluated_is_left_alone(world, db_pool):
    await world.evaluate()
    async with db_pool.acquire() as other, other.transaction():
        await other.execute("SELECT FROM rule_cursor WHERE e = $1 FOR UPDATE", world.enterprise.e)
        outcome = await world.evaluator.evaluate(world.connection, world.enterprise, world.tick())
    assert outcome.busy
    assert not (await world.evaluator.evaluate(world.connection, world.enterprise, world.tick())).busy


async def test_an_evaluator_that_dies_in_the_middle_leaves_all_of_it_for_the_next(world, db_pool):
    await publish_day(world, 550.0)
    waiting = await world.connection.fetchval("SELECT count(*) FROM ledger_change")

    real = world.evaluator._condition

    def condition(rule, enterprise):
        if rule.kind is Kind.MOTOR_IDLE:  # the rules before it have written their transitions by now
            raise OSError("the machine is gone")
        return real(rule, enterprise)

    dying = Evaluator(read_books([BUNDLED]), condition)
    async with db_pool.acquire() as connection:
        with pytest.raises(OSError, match="gone"):
            await dying.evaluate(connection, world.enterprise, world.tick())
    assert await world.alerts() == []
    assert await world.connection.fetchval("SELECT count(*) FROM ledger_change") == waiting
    await world.evaluate()
    assert [await world.steps(a) for a in await world.alerts("blast_furnace_energy_day")] == [["firing"]]
    assert await world.connection.fetchval("SELECT count(*) FROM ledger_change") == 0


async def test_a_backend_that_is_killed_leaves_nothing_half_done(world, db_pool, pg_dsn):
    await publish_day(world, 550.0)
    async with db_pool.acquire() as connection:
        pid = connection.get_server_pid()
        evaluation = asyncio.create_task(world.evaluator.evaluate(connection, world.enterprise, world.tick()))
        admin = await asyncpg.connect(pg_dsn)
        begun = "SELECT xact_start IS NOT NULL FROM pg_stat_activity WHERE pid = $1"

        async def in_the_middle():
            return evaluation.done() or await admin.fetchval(begun, pid)

        await eventually(in_the_middle, every_s=0)
        await admin.execute("SELECT pg_terminate_backend($1)", pid)
        await admin.close()
        await asyncio.wait([evaluation])
        evaluation.exception()
    await world.evaluate()
    assert [await world.steps(a) for a in await world.alerts("blast_furnace_energy_day")] == [["firing"]]


@pytest.mark.parametrize("seed", range(4))
async def test_any_order_of_arrival_tells_the_same_story(db_pool, seed):
    """Pieces of eight days in any order, wrong values that are corrected, judged at any moment between."""
    dice = random.Random(seed)
    days = [dice.choice([500.0, 512.0, 516.0, 518.0, 550.0]) for _ in range(8)]
    whole = {point: [v for coke in days for v in day_of(coke)[point]] for point in day_of(0.0)}
    gap = dice.randrange(0, 700)
    whole["bf1.output"][gap : gap + 40] = [None] * 40
    pieces = []
    for point, values in whole.items():
        at = 0
        while at < len(values):
            size = dice.randrange(8, 200)
            pieces.append((point, at, values[at : at + size]))
            at += size
    dice.shuffle(pieces)
    wrong = [(p, at, [600.0 for _ in values]) for p, at, values in pieces if p == "bf1.coke"][:2]

    async with db_pool.acquire() as connection:
        straight = await World.build(connection, "furnace")
        for point, values in whole.items():
            await straight.publish(point, values, DAY1)
        await straight.evaluate()
        shuffled = await World.build(connection, parse_plant(FURNACE.replace("works", "other"), "x"))
        evaluators = [Evaluator(read_books([BUNDLED])) for _ in range(2)]
        for point, at, values in (*wrong, *pieces):
            await shuffled.publish(point, values, DAY1 + at * QUARTER)
            if dice.random() < 0.6:
                await take_turns(shuffled, evaluators, dice)
        await take_turns(shuffled, evaluators, dice)
        for evaluator in evaluators:
            await evaluator.settle(shuffled.connection, shuffled.tick())
        # the enterprise's own name is in the evidence: compare all but the hashes, then the hashes on equal names
        assert await told(straight) == await told(shuffled)
        assert len([a for a in await straight.alerts() if a.rule not in ARRIVAL]) > 0
        assert await answers(straight) == await answers(shuffled)


async def take_turns(world, evaluators, dice):
    """One of several evaluators: it may look at what changed only, write later, or be new in place of one that died."""
    at = dice.randrange(len(evaluators))
    if dice.random() < 0.2:
        evaluators[at] = Evaluator(read_books([BUNDLED]))
    more = True
    while more:
        full, settle = dice.random() < 0.3, dice.random() < 0.3
        outcome = await evaluators[at].evaluate(
            world.connection, world.enterprise, world.tick(), full=full, settle=settle
        )
        assert not outcome.failed
        more = outcome.more


async def answers(world):
    """All answers over time, and where every subject stands."""
    spans = await world.connection.fetch(
        """SELECT rule, subject, from_ts, to_ts, truth, in_band, reason FROM verdict
           WHERE e = $1 AND rule <> ALL ($2) ORDER BY rule, subject, from_ts""",
        world.enterprise.e,
        ARRIVAL,
    )
    stands = await world.connection.fetch(
        """SELECT rule, subject, evaluated_until, phase, phase_since, truth, reason, value, limit_value
           FROM rule_subject WHERE e = $1 AND rule <> ALL ($2) ORDER BY rule, subject""",
        world.enterprise.e,
        ARRIVAL,
    )
    return [tuple(row) for row in (*spans, *stands)]


async def told(world):
    story = []
    for alert in await world.alerts():
        if alert.rule in ARRIVAL or alert.retracted or alert.merged_into is not None:
            continue
        last = (await evidence(world.connection, alert))[-1]
        body = last.body.replace('"enterprise":"other"', '"enterprise":"works"')
        story.append((alert.rule, alert.started_at, alert.fired_at, alert.resolved_at, alert.value, body))
    return sorted(story)


async def test_catching_up_commits_as_it_goes(world):
    for coke in (500.0, 550.0, 500.0):
        for _ in range(25):
            await publish_day(world, coke)
    outcomes = await world.evaluate()
    assert len(outcomes) == 3
    (alert,) = await world.alerts("blast_furnace_energy_day")
    assert (alert.started_at, alert.resolved_at) == (DAY1 + 25 * DAY, DAY1 + 51 * DAY)
    assert not alert.late


async def test_evidence_is_frozen_versioned_and_says_the_same_again(world):
    await publish_day(world, 550.0)
    await world.evaluate()
    (alert,) = await world.alerts("blast_furnace_energy_day")
    await world.publish("bf1.coke", [560.0] * 4, DAY1)
    await world.evaluate()
    first, second = await evidence(world.connection, alert)
    assert (first.version, second.version) == (1, 2)
    assert first.sha256 != second.sha256
    assert await world.steps(alert) == ["firing", "revised"]
    for version in (first, second):
        again = replay(version.body, version.sha256)
        assert (again.intact, again.met, again.limit) == (True, True, 415.0)
    assert replay(first.body, second.sha256).intact is False
    assert replay(first.body, first.sha256).value == pytest.approx(450, rel=1e-4)
    (row,) = await world.alerts("blast_furnace_energy_day")
    assert row.value == pytest.approx(450 + 40 / 96, rel=1e-4)
    body = await world.body(alert)
    assert body["limit"]["edition"] == "GB 21256-2025"
    assert body["limit"]["review"] == "unreviewed against the official text"
    assert [line["what"] for line in body["arithmetic"]][:4] == ["energy_of", "energy_of", "output_of", "energy"]
    assert body["inputs"][0]["meter"] == {
        "accuracy_class": "0.5",
        "calibrated": "2026-03-01",
        "heating_value_accuracy_class": None,
        "step": "1",
    }
    claimed = {c["input"]: c["claimed"] for c in body["corrections"]}
    assert claimed["rare_earth_ore_pct"]
    assert not claimed["vti_magnetite_pct"]
    assert body["declared"][0]["evidence"] == "round figures for tests"
    # the same data again: no new version
    await world.publish("bf1.coke", [560.0] * 4, DAY1)
    await world.evaluate()
    assert len(await evidence(world.connection, alert)) == 2


async def test_a_motors_evidence_says_the_same_again(mill):
    await mill.publish("fan.power", [12.5] * 4)
    await mill.evaluate()
    (alert,) = await mill.alerts("motor_underload")
    (only,) = await evidence(mill.connection, alert)
    again = replay(only.body, only.sha256)
    assert (again.intact, again.met) == (True, True)
    assert again.value == pytest.approx(alert.value)
    body = await mill.body(alert)
    assert {a["key"] for a in body["assumptions"]} == {"no_load_loss_share", "energised_share", "no_load_floor"}
    assert body["method"]["edition"] == "GB/T 12497-2006"


async def test_an_overload_is_judged_again_from_its_evidence(mill):
    await mill.publish("fan.power", [45.0] * 3)
    await mill.evaluate()
    (alert,) = await mill.alerts("motor_overload")
    (only,) = await evidence(mill.connection, alert)
    again = replay(only.body, only.sha256)
    assert (again.intact, again.met, again.limit) == (True, True, 1.05)
    assert again.value == pytest.approx(alert.value)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE transition SET recorded_at = now()",
        "DELETE FROM transition",
        "UPDATE evidence SET recorded_at = now()",
        "DELETE FROM evidence",
    ],
)
async def test_what_happened_cannot_be_rewritten(world, statement):
    await publish_day(world, 550.0)
    await world.evaluate()
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await world.connection.execute(statement)


async def test_one_open_alert_a_rule_and_subject(world):
    await publish_day(world, 550.0)
    await world.evaluate()
    with pytest.raises(asyncpg.UniqueViolationError):
        await world.connection.execute(
            """INSERT INTO alert (e, rule, rule_version, subject, kind, purpose, severity, state, started_at, fired_at,
               detected_at, unit) SELECT e, rule, rule_version, subject, kind, purpose, severity, state, started_at,
               fired_at, detected_at, unit FROM alert WHERE state = 'firing' LIMIT 1"""
        )


async def test_a_subject_that_ends_closes_its_alert_and_one_that_returns_goes_on(mill):
    await mill.publish("fan.power", [12.5] * 4)
    await mill.evaluate()
    await mill.change("\n".join(line for line in MOTORS.splitlines() if "code: fan," not in line))
    await mill.evaluate()
    (alert,) = await mill.alerts("motor_underload")
    assert (alert.state, alert.closed, await mill.steps(alert)) == ("resolved", "ended", ["pending", "firing", "ended"])
    await mill.change(MOTORS)
    await mill.publish("fan.power", [12.5] * 4)
    await mill.evaluate()
    assert [a.closed for a in await mill.alerts("motor_underload")] == ["ended", None]


async def test_a_rule_that_is_withdrawn_closes_its_alerts(mill):
    await mill.publish("fan.power", [12.5] * 4)
    await mill.evaluate()
    mill.evaluator = Evaluator([b for b in read_books([BUNDLED]) if b.name != "motors.yaml"])
    await mill.evaluate()
    (alert,) = await mill.alerts("motor_underload")
    assert alert.closed == "ended"
    assert "motor_underload" not in {r.rule for r in await current_rules(mill.connection, [mill.enterprise.e])}
    mill.evaluator = Evaluator(read_books([BUNDLED]))
    await mill.evaluate()
    back = {r.rule: r.version for r in await current_rules(mill.connection, [mill.enterprise.e])}
    assert (back["motor_underload"], back["meter_silent"]) == (2, 1)


async def test_a_new_wording_is_a_new_version_and_old_alerts_keep_theirs(mill):
    await mill.publish("fan.power", [12.5] * 4)
    await mill.evaluate()
    text = (
        (BUNDLED / "motors.yaml")
        .read_text(encoding="utf-8")
        .replace("load_factor_below: 0.40", "load_factor_below: 0.2")
    )
    mill.evaluator = Evaluator([parse_book(text, "motors.yaml")])
    await mill.publish("fan.power", [12.5] * 4)
    await mill.evaluate()
    (alert,) = await mill.alerts("motor_underload")
    assert (alert.state, alert.rule_version, alert.limit_value) == ("resolved", 1, 0.4)
    (rule,) = [r for r in await current_rules(mill.connection, [mill.enterprise.e]) if r.rule == "motor_underload"]
    assert rule.version == 2


async def test_a_boundary_told_anew_is_judged_anew(world):
    await publish_day(world, 450.0)
    await world.evaluate()
    assert await world.alerts("blast_furnace_energy_day") == []
    # the recovered gas was never this furnace's: 450 kgce/t, not 350
    await world.change(FURNACE.replace(", {point: bf1.bfg, sign: -1}", ""))
    await world.evaluate()
    (alert,) = await world.alerts("blast_furnace_energy_day")
    assert alert.value == pytest.approx(450)
    await world.change(FURNACE)
    await world.evaluate()
    (alert,) = await world.alerts("blast_furnace_energy_day")
    assert alert.retracted


async def test_one_rules_trouble_is_not_anothers_and_nothing_is_forgotten(mill):
    broken = True

    def condition(rule, enterprise):
        real = condition_of(rule, enterprise)
        if broken and rule.id == "motor_idle":

            async def fail(facts, spans):
                await facts.connection.execute("SELECT 1 / 0")

            real.judge = fail
        return real

    await mill.publish("fan.power", [30.0] * 4)
    await mill.evaluate()
    mill.evaluator = Evaluator(read_books([BUNDLED]), condition)
    await mill.publish("fan.power", [4.0] * 2, DAY1)  # a revision of what was judged: idle, it turns out
    outcome = await mill.evaluator.evaluate(mill.connection, mill.enterprise, mill.tick())
    assert outcome.failed == ("motor_idle",)
    await mill.publish("fan.power", [12.5] * 4)
    await mill.evaluator.evaluate(mill.connection, mill.enterprise, mill.tick())
    assert [a.rule for a in await mill.alerts() if a.rule not in ARRIVAL] == ["motor_underload"]
    health = {h.rule: h for h in await rule_health(mill.connection, [mill.enterprise.e])}
    assert "division by zero" in health["motor_idle"].error
    assert health["motor_underload"].error is None
    broken = False
    await mill.evaluate()
    (idle,) = await mill.alerts("motor_idle")
    assert (idle.started_at, idle.resolved_at, idle.late) == (DAY1, DAY1 + 3 * QUARTER, True)
    health = {h.rule: h for h in await rule_health(mill.connection, [mill.enterprise.e])}
    assert health["motor_idle"].error is None


async def test_a_lost_connection_is_no_rules_trouble(mill):
    """One that was killed while an answer came, among them; but an argument that asyncpg refuses is one."""
    problem = None

    def condition(rule, enterprise):
        real = condition_of(rule, enterprise)
        if rule.id == "motor_idle":

            async def fail(facts, spans):
                if isinstance(problem, Exception):
                    raise problem
                await facts.connection.execute("SELECT $1::int", 2**70)

            real.judge = fail
        return real

    await mill.publish("fan.power", [30.0] * 4)
    mill.evaluator = Evaluator(read_books([BUNDLED]), condition)
    for problem in (asyncpg.InternalClientError("killed"), asyncpg.AdminShutdownError("stopped"), OSError("gone")):
        with pytest.raises(type(problem)):
            await mill.evaluator.evaluate(mill.connection, mill.enterprise, mill.tick())
    problem = None
    outcome = await mill.evaluator.evaluate(mill.connection, mill.enterprise, mill.tick())
    assert outcome.failed == ("motor_idle",)


async def test_answers_are_kept_as_spans_with_their_reasons(mill):
    await mill.publish("fan.power", [30.0] * 8)
    await mill.publish("vsd.power", [10.0] * 8)
    await mill.evaluate()
    await mill.publish("fan.power", [None, 30.0, 12.5])
    await mill.evaluate()
    e = mill.enterprise.e
    spans = await verdicts(mill.connection, e, "motor_underload", "fan", DAY1, DAY1 + DAY)
    assert [((s.to_ts - s.from_ts) / QUARTER, s.truth, s.reason) for s in spans] == [
        (8, Truth.CLEAR, ""),
        (1, Truth.UNKNOWN, "incomplete"),
        (1, Truth.CLEAR, ""),
        (1, Truth.MET, ""),
    ]
    (drive,) = await verdicts(mill.connection, e, "motor_underload", "drive", DAY1, DAY1 + DAY)
    assert (drive.truth, drive.reason) == (Truth.UNKNOWN, "variable_speed_drive")
    rows = {r.subject: r for r in await subjects(mill.connection, e, "motor_underload")}
    assert set(rows) == {"fan", "drive"}  # the pump never said anything, the crane is not in continuous duty
    assert rows["fan"].phase == "firing"


async def test_refused_books_are_there_for_people_to_see(mill, tmp_path):
    (tmp_path / "mine.yaml").write_text("rules:\n  - {id: x, kind: magic}\n", encoding="utf-8")
    evaluator = Evaluator(read_books([BUNDLED, tmp_path]))
    await evaluator.publish_books(mill.connection, mill.tick())
    files = {f.file: f for f in await rule_files(mill.connection)}
    assert files["motors.yaml"].rules == ("motor_underload", "motor_idle")
    assert [(m.line, m.place) for m in files["mine.yaml"].mistakes] == [(2, "rules[x].kind")]
    await Evaluator(read_books([BUNDLED])).publish_books(mill.connection, mill.tick())
    assert "mine.yaml" not in {f.file for f in await rule_files(mill.connection)}


async def test_a_rule_may_be_for_some_enterprises_only(mill):
    text = (BUNDLED / "motors.yaml").read_text(encoding="utf-8")
    elsewhere = text.replace("{duty: [continuous]}", "{duty: [continuous], enterprises: [elsewhere]}")
    mill.evaluator = Evaluator([parse_book(elsewhere, "motors.yaml")])
    await mill.publish("fan.power", [12.5] * 4)
    await mill.evaluate()
    assert await mill.alerts() == []


async def test_every_transition_is_posted_once(world):
    for coke in (550.0, 500.0):
        await publish_day(world, coke)
        await world.evaluate()
    posted = await world.connection.fetch("SELECT payload::jsonb->>'key' AS key FROM outbox ORDER BY id")
    total = sum([len(await world.steps(a)) for a in await world.alerts()])
    assert len({row["key"] for row in posted}) == len(posted) == total
    assert Step.FIRING.value in {t.kind for a in await world.alerts() for t in await world.transitions(a)}
