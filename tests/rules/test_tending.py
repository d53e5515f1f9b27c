"""What becomes of open alerts by the clock: shelves, suppression, escalation."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from db.alerts import acknowledge, get_alert, list_alerts, shelve
from db.handling import cancel_outage, outages, plan_outage
from enms.alerts import Severity, Step
from enms.errors import ConflictError, NotFoundError
from rules.book import BUNDLED, parse_book, read_book, sound_rules
from rules.tending import Escalation, Tender
from tests.rules.world import World

DAY1 = datetime(2026, 11, 1, 16, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TENDER = Tender(Escalation({Severity.WARNING: 4 * HOUR}, withheld=2 * HOUR))


@pytest.fixture
async def mill(db_pool):
    """Two motors; the clock of the people is that of the data."""
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "motors")
        world.ends = dict.fromkeys(world.numbers, DAY1)
        world.clock = DAY1
        yield world


async def idle(mill, quarters=2):
    await mill.publish("fan.power", [2.0] * quarters)
    mill.clock = max(mill.clock, mill.ends["fan.power"] + 2 * MINUTE)
    await mill.evaluate()
    return (await mill.alerts("motor_idle", "fan"))[-1]


async def tend(mill, now):
    mill.clock = now
    return await TENDER.tend(mill.connection, now)


async def plan(mill, subject, start, end, why="定修"):
    return await plan_outage(
        mill.connection, "mill", subject=subject, start=start, end=end, why=why, actor="li", now=mill.clock
    )


async def last(mill, alert):
    return (await mill.transitions(alert))[-1]


async def test_a_shelf_ends_by_itself(mill):
    alert = await idle(mill)
    until = mill.clock + 8 * HOUR
    await shelve(mill.connection, alert.id, until=until, why="定修", actor="li", now=mill.tick())
    assert await tend(mill, until - MINUTE) == {}
    assert await tend(mill, until) == {Step.UNSHELVED: 1}
    assert await tend(mill, until) == {}
    told = await last(mill, alert)
    assert (told.kind, told.actor, json.loads(told.detail)) == ("unshelved", None, {"why": "time_over"})
    assert (await get_alert(mill.connection, alert.id)).shelved_until is None


async def test_what_nobody_takes_is_escalated_once(mill):
    alert = await idle(mill)
    assert await tend(mill, alert.detected_at + 4 * HOUR - MINUTE) == {}
    assert await tend(mill, alert.detected_at + 4 * HOUR) == {Step.ESCALATED: 1}
    assert await tend(mill, alert.detected_at + 24 * HOUR) == {}
    told = await last(mill, alert)
    assert json.loads(told.detail) == {"why": "unacknowledged", "since": alert.detected_at.isoformat()}
    assert (await get_alert(mill.connection, alert.id)).escalated_at == alert.detected_at + 4 * HOUR


async def test_what_somebody_took_is_not_escalated(mill):
    alert = await idle(mill)
    await acknowledge(mill.connection, alert.id, actor="li", now=mill.tick())
    assert await tend(mill, alert.detected_at + 48 * HOUR) == {}


async def test_a_shelf_holds_the_escalation_and_its_end_starts_the_wait_anew(mill):
    alert = await idle(mill)
    until = mill.clock + 8 * HOUR
    await shelve(mill.connection, alert.id, until=until, why="x", actor="li", now=mill.tick())
    assert await tend(mill, until - MINUTE) == {}
    assert await tend(mill, until) == {Step.UNSHELVED: 1}
    assert await tend(mill, until + 4 * HOUR - MINUTE) == {}
    assert await tend(mill, until + 4 * HOUR) == {Step.ESCALATED: 1}


async def test_a_verdict_withheld_for_too_long_escalates_although_somebody_took_the_alert(mill):
    alert = await idle(mill)
    await acknowledge(mill.connection, alert.id, actor="li", now=mill.tick())
    await mill.publish("fan.power", [None] * 8)
    mill.clock = mill.ends["fan.power"] + MINUTE
    await mill.evaluate()
    row = await get_alert(mill.connection, alert.id)
    assert row.state == "firing"
    assert row.withheld_since is not None
    assert await tend(mill, row.withheld_since + 2 * HOUR - MINUTE) == {}
    done = await tend(mill, row.withheld_since + 2 * HOUR)
    assert done[Step.ESCALATED] == 1
    assert json.loads((await last(mill, alert)).detail)["why"] == "withheld"
    assert Step.ESCALATED not in await tend(mill, row.withheld_since + 3 * HOUR)


async def test_two_tenders_escalate_once(mill, db_pool):
    alert = await idle(mill)
    now = alert.detected_at + 5 * HOUR

    async def one(late):
        async with db_pool.acquire() as connection:
            return await TENDER.tend(connection, now + late * MINUTE)

    done = await asyncio.gather(*(one(n) for n in range(4)))
    assert sum(d.get(Step.ESCALATED, 0) for d in done) == 1


@pytest.mark.parametrize("subject", ["fan", None])
async def test_a_planned_outage_suppresses_what_begins_in_it(mill, subject):
    outage = await plan(mill, subject, DAY1, DAY1 + 8 * HOUR)
    alert = await idle(mill)
    assert alert.suppressed_by == f"outage/{outage.id}"
    assert (await mill.steps(alert))[-1] == "suppressed"
    assert await tend(mill, DAY1 + 8 * HOUR) == {}, "what fired within it has half an hour to clear"
    assert await tend(mill, DAY1 + 8.5 * HOUR) == {Step.UNSUPPRESSED: 1}
    assert (await get_alert(mill.connection, alert.id)).suppressed_by is None
    assert await tend(mill, DAY1 + 12 * HOUR) == {}
    assert await tend(mill, DAY1 + 12.5 * HOUR) == {Step.ESCALATED: 1}, "the wait is counted from the end"


async def test_an_outage_of_something_else_suppresses_nothing(mill):
    await plan(mill, "pump", DAY1, DAY1 + 8 * HOUR)
    assert (await idle(mill)).suppressed_by is None


async def test_an_outage_suppresses_what_was_open_until_it_is_cancelled(mill):
    alert = await idle(mill)
    outage = await plan(mill, "fan", mill.clock + HOUR, mill.clock + 9 * HOUR)
    assert await tend(mill, mill.clock) == {}
    assert await tend(mill, outage.from_ts) == {Step.SUPPRESSED: 1}
    now = outage.from_ts + HOUR
    cancelled = await cancel_outage(mill.connection, outage.id, actor="wang", now=now)
    assert (cancelled.state(now), cancelled.cancelled_by) == ("cancelled", "wang")
    assert await tend(mill, now) == {Step.UNSUPPRESSED: 1}
    assert (await mill.steps(alert))[-2:] == ["suppressed", "unsuppressed"]


@pytest.mark.parametrize(("said", "hours"), [("1h", 1), ("never", None)])
async def test_a_rule_may_say_how_long_it_waits(db_pool, said, hours):
    text = (BUNDLED / "motors.yaml").read_text(encoding="utf-8")
    text = text.replace("    cadence: interval\n", f"    cadence: interval\n    escalate_after: {said}\n")
    async with db_pool.acquire() as connection:
        mill = await World.build(connection, "motors", [parse_book(text, "motors.yaml")])
        mill.ends, mill.clock = dict.fromkeys(mill.numbers, DAY1), DAY1
        alert = await idle(mill)
        if hours is None:
            assert await tend(mill, alert.detected_at + 100 * HOUR) == {}
        else:
            assert await tend(mill, alert.detected_at + hours * HOUR - MINUTE) == {}
            assert await tend(mill, alert.detected_at + hours * HOUR) == {Step.ESCALATED: 1}


def test_what_a_rule_does_not_say_is_not_in_its_wording():
    rule = sound_rules([read_book(BUNDLED / "motors.yaml")])[0]
    assert "escalate_after" not in rule.definition
    assert "escalate_after" in rule.model_copy(update={"escalate_after": "never"}).definition


async def test_an_alert_that_resolves_is_not_suppressed_any_more(mill):
    await plan(mill, "fan", DAY1, DAY1 + 8 * HOUR)
    alert = await idle(mill)
    await mill.publish("fan.power", [30.0] * 2)
    await mill.evaluate()
    assert await tend(mill, mill.clock + MINUTE) == {Step.UNSUPPRESSED: 1}
    row = await get_alert(mill.connection, alert.id)
    assert (row.state, row.suppressed_by) == ("resolved", None)


async def test_an_outage_of_a_process_holds_for_all_below_it(mill):
    text = """
enterprise: {code: mill, name: {zh: 轧钢, en: Mill}, industry: steel}
processes:
  - {code: hall, name: {zh: 厂房, en: Hall}, kind: other}
  - {code: air, name: {zh: 风机房, en: Air}, kind: other, parent: hall}
points:
  - {code: fan.power, process: air, carrier: electricity, reading: gauge, unit: kW, accuracy_class: 0.5}
  - {code: pump.power, carrier: electricity, reading: register, unit: kWh}
  - {code: crane.power, carrier: electricity, reading: gauge, unit: kW}
  - {code: vsd.power, carrier: electricity, reading: gauge, unit: kW}
motors:
  - {code: fan, process: air, rated_kw: 160, efficiency_pct: 95.8, points: {power: fan.power}}
"""
    await mill.change(text)
    outage = await plan(mill, "hall", DAY1, DAY1 + 8 * HOUR)
    assert (await idle(mill)).suppressed_by == f"outage/{outage.id}"


async def test_a_doubtful_meter_holds_back_what_begins_after_it_but_not_what_was_open(mill):
    e = mill.enterprise.e
    before = await idle(mill)
    await mill.connection.execute(  # of a rule that this evaluator does not judge
        """WITH odd AS (
               INSERT INTO rule_version SELECT (v).* FROM (
                   SELECT jsonb_populate_record(v, '{"rule": "meter_odd"}') AS v FROM rule_version AS v
                   WHERE e = $1 AND rule = 'meter_silent') AS one
               RETURNING *)
           INSERT INTO alert (e, rule, rule_version, subject, kind, purpose, severity, state, started_at, fired_at,
                              detected_at, unit)
           SELECT e, rule, version, 'fan.power', kind, purpose, severity, 'firing', $2, $2, $2, unit FROM odd""",
        e,
        before.fired_at,
    )
    assert await tend(mill, mill.clock + MINUTE) == {}, "it stood before the meter was in doubt"
    await mill.publish("fan.power", [30.0] * 2)
    after = await idle(mill)
    doubt = next(a for a in await list_alerts(mill.connection, [e], limit=9) if a.kind == "data_quality")
    assert after.id != before.id
    assert after.suppressed_by == f"alert/{doubt.id}"
    done = await tend(mill, after.detected_at + 4 * HOUR)
    assert done[Step.ESCALATED] == 1, "it is held back, never silenced"


async def test_what_cannot_be_planned(mill):
    with pytest.raises(ConflictError, match="after it begins"):
        await plan(mill, "fan", DAY1 + HOUR, DAY1 + HOUR)
    with pytest.raises(ConflictError, match="before it is over"):
        await plan(mill, "fan", DAY1 - 2 * HOUR, DAY1 - HOUR)
    with pytest.raises(ConflictError, match="reason"):
        await plan(mill, "fan", DAY1, DAY1 + HOUR, why=" ")
    with pytest.raises(NotFoundError, match=r"mill has no .* 'nothing'"):
        await plan(mill, "nothing", DAY1, DAY1 + HOUR)
    with pytest.raises(NotFoundError, match="no outage 9"):
        await cancel_outage(mill.connection, 9, actor="li", now=DAY1)
    assert await outages(mill.connection, [mill.enterprise.e]) == []
