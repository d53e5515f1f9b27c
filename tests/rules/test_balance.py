"""Networks of meters: what is lost is learned, and a change of it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from api.console.i18n import catalogue
from api.console.reasons import reason
from db.alerts import evidence
from db.rules import accepted_nowhere, subjects
from enms.losses import learn, loss_share
from rules.book import BUNDLED, parse_book, read_book
from rules.evaluator import Evaluator
from rules.replay import replay
from tests.rules.world import World

DAY1 = datetime(2026, 9, 30, 16, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
async def network(db_pool):
    async with db_pool.acquire() as connection:
        yield await World.build(connection, "network", [read_book(BUNDLED / "balance.yaml")])


async def days(world, losses):
    """Days of the feeder: 10 MWh a quarter hour go in, two users take what is not lost."""
    start = world.ends.get("main", DAY1)
    await world.publish("main", [10.0] * 96 * len(losses), start)
    await world.publish("user1", [4000.0] * 96 * len(losses), start)
    await world.publish("user2", [6000.0 - 10_000 * loss for loss in losses for _ in range(96)], start)
    await world.evaluate()


def test_what_is_usual_is_not_moved_by_a_few_days():
    learned = learn([0.02] * 20 + [0.5, 0.5])
    assert (learned.loss, learned.scatter, learned.days) == (0.02, 0.0, 22)
    assert learned.tolerance(0.005, 0.01) == pytest.approx(0.015)
    assert loss_share(0.0, [1.0]) is None


async def test_a_loss_that_changes_is_told_and_its_evidence_says_the_same_again(network):
    await days(network, [0.02, 0.021, 0.019] * 10)
    assert await network.alerts("balance_power", "main") == []
    await days(network, [0.05])
    (alert,) = await network.alerts("balance_power", "main")
    assert (alert.started_at, alert.state, alert.unit) == (DAY1 + 30 * DAY, "firing", "%")
    assert alert.value == pytest.approx(5.0)
    # learned 2 %, scatter 3 x 1.4826 x 0.1 %, uncertainty below it, margin 1 %
    assert alert.limit_value == pytest.approx(2 + 0.44478 + 1, abs=0.01)
    assert alert.certainty == "confirmed"
    (version,) = await evidence(network.connection, alert)
    again = replay(version.body, version.sha256)
    assert (again.intact, again.met) == (True, True)
    assert (again.value, again.limit) == (pytest.approx(alert.value), pytest.approx(alert.limit_value))
    await days(network, [0.02])
    (alert,) = await network.alerts("balance_power", "main")
    assert alert.resolved_at == DAY1 + 32 * DAY


async def test_a_loss_that_shrinks_is_a_change_too(network):
    await days(network, [0.035] * 25 + [0.01])
    (alert,) = await network.alerts("balance_power", "main")
    assert alert.value == pytest.approx(1.0)
    assert alert.limit_value < 3.5


async def test_a_slow_drift_is_not_learned(network):
    await days(network, [0.02] * 28 + [0.02 + 0.002 * i for i in range(1, 12)])
    (alert,) = await network.alerts("balance_power", "main")
    assert alert.state == "firing"
    assert alert.started_at >= DAY1 + 33 * DAY


@pytest.mark.parametrize(
    ("before", "today", "why"),
    [
        ([0.02] * 10, 0.05, "learning"),
        # a third of what goes in is not metered below: no balance at all
        ([0.33] * 25, 0.5, "not_fully_metered"),
    ],
)
async def test_why_nothing_is_said(network, before, today, why):
    await days(network, [*before, today])
    assert await network.alerts("balance_power", "main") == []
    (row,) = [
        r for r in await subjects(network.connection, network.enterprise.e, "balance_power") if r.subject == "main"
    ]
    assert row.reason == why


async def test_a_day_on_which_the_plant_stands_says_nothing(network):
    await days(network, [0.02] * 25)
    start = network.ends["main"]
    for point, amount in {"main": 1.0, "user1": 500.0, "user2": 300.0}.items():
        await network.publish(point, [amount] * 96, start)
    await network.evaluate()
    assert await network.alerts("balance_power", "main") == []
    (row,) = [
        r for r in await subjects(network.connection, network.enterprise.e, "balance_power") if r.subject == "main"
    ]
    assert row.reason == "idle"


async def test_a_flow_that_fell_for_good_says_since_when_and_is_judged_again_once_it_is_accepted(network):
    await days(network, [0.02, 0.021, 0.019] * 10 + [0.05] * 2)
    (alert,) = await network.alerts("balance_power", "main")

    async def little(count):
        start = network.ends["main"]
        for point, amount in {"main": 1.0, "user1": 400.0, "user2": 570.0}.items():  # a tenth of the power, 3 % lost
            await network.publish(point, [amount] * 96 * count, start)
        await network.evaluate()
        (row,) = [
            r for r in await subjects(network.connection, network.enterprise.e, "balance_power") if r.subject == "main"
        ]
        return row.reason

    assert await little(13) == "idle"
    fell = DAY1 + 32 * DAY
    since = fell.astimezone(ZoneInfo("Asia/Shanghai")).date()
    said = await little(20)
    assert said == f"idle since {since}"
    assert f"自 {since} 起" in reason(catalogue("zh"), said)
    assert "accepted" in reason(catalogue("en"), said)
    (alert,) = await network.alerts("balance_power", "main")
    assert (alert.state, alert.withheld_since) == ("firing", fell)
    text = (BUNDLED / "balance.yaml").read_text(encoding="utf-8")
    accepting = text.replace(
        "{usual_loss: 0.04, margin: 0.01}", f"{{usual_loss: 0.04, margin: 0.01, accepted: {{main: {since}}}}}"
    )
    network.evaluator = Evaluator([parse_book(accepting, "balance.yaml")])
    assert await little(1) == ""
    (alert,) = await network.alerts("balance_power", "main")
    assert (alert.state, alert.resolved_at) == ("resolved", fell + 34 * DAY)


async def test_the_losses_of_a_standstill_are_not_learned(network):
    await days(network, [0.02, 0.021, 0.019] * 14)
    start = network.ends["main"]
    for point, amount in {"main": 1.0, "user1": 400.0, "user2": 560.0}.items():  # a tenth of the power, 4 % lost
        await network.publish(point, [amount] * 96 * 40, start)
    await network.evaluate()
    await days(network, [0.02, 0.021, 0.019] * 10)
    assert await network.alerts("balance_power", "main") == []
    await days(network, [0.05])
    (alert,) = await network.alerts("balance_power", "main")
    assert alert.started_at == DAY1 + 112 * DAY


async def test_a_network_that_is_metered_in_full_by_now_is_judged_again(network):
    await days(network, [0.33] * 25 + [0.02] * 40)
    assert await network.alerts("balance_power", "main") == []
    await days(network, [0.05])
    (alert,) = await network.alerts("balance_power", "main")
    assert alert.started_at == DAY1 + 65 * DAY


async def test_late_data_takes_the_alert_back(network):
    await days(network, [0.02] * 25 + [0.06])
    await network.publish("user2", [5800.0] * 96, DAY1 + 25 * DAY)
    await network.evaluate()
    (alert,) = await network.alerts("balance_power", "main")
    assert alert.retracted


async def test_a_computed_meter_stands_for_its_terms(network):
    for point, amounts in {"t1": [150.0] * 26, "t2": [50.0] * 26, "mill": [98.0] * 25 + [90.0]}.items():
        await network.publish(point, [a for a in amounts for _ in range(96)], DAY1)
    await network.evaluate()
    (alert,) = await network.alerts("balance_power", "bus")
    assert (alert.value, alert.started_at) == (pytest.approx(10.0), DAY1 + 25 * DAY)


async def test_a_change_that_lasts_stays_a_change_until_somebody_accepts_it(network):
    await days(network, [0.02, 0.021, 0.019] * 10)
    await days(network, [0.05] * 90)
    (alert,) = await network.alerts("balance_power", "main")
    assert (alert.started_at, alert.state, alert.withheld_since) == (DAY1 + 30 * DAY, "firing", None)
    text = (BUNDLED / "balance.yaml").read_text(encoding="utf-8")
    since = (DAY1 + 30 * DAY).astimezone(ZoneInfo("Asia/Shanghai")).date()
    accepting = text.replace(
        "{usual_loss: 0.04, margin: 0.01}", f"{{usual_loss: 0.04, margin: 0.01, accepted: {{main: {since}}}}}"
    )
    network.evaluator = Evaluator([parse_book(accepting, "balance.yaml")])
    await days(network, [0.05])
    (alert,) = await network.alerts("balance_power", "main")
    assert (alert.state, alert.resolved_at) == ("resolved", DAY1 + 121 * DAY)
    await days(network, [0.02])
    assert [a.state for a in await network.alerts("balance_power", "main")] == ["resolved", "firing"]


async def test_what_is_accepted_of_a_meter_that_nobody_knows_is_told(network):
    """Misspelt, it would change nothing and say nothing."""
    text = (BUNDLED / "balance.yaml").read_text(encoding="utf-8")
    accepting = text.replace(
        "{usual_loss: 0.04, margin: 0.01}",
        "{usual_loss: 0.04, margin: 0.01, accepted: {main: 2026-10-01, mian: 2026-10-01}}",
    )
    network.evaluator = Evaluator([parse_book(accepting, "balance.yaml")])
    e = network.enterprise.e
    assert await accepted_nowhere(network.connection, [e]) == {}
    await days(network, [0.02])
    assert await accepted_nowhere(network.connection, [e]) == {(e, "balance_power"): ("mian",)}


async def test_the_order_of_arrival_changes_nothing(db_pool):
    losses = [0.02, 0.021, 0.019] * 8 + [0.05] * 40 + [0.02] * 10
    books = [read_book(BUNDLED / "balance.yaml")]
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "network", books)
        await days(world, losses)
        at_once = await world.story()
        assert [row[:2] for row in at_once] == [("balance_power", "main")]
        # one day of those before the change is told late, and then what it was all along
        await world.publish("user2", [5000.0] * 96, DAY1 + 22 * DAY)
        await world.evaluate()
        assert await world.story() != at_once
        await world.publish("user2", [6000.0 - 10_000 * losses[22]] * 96, DAY1 + 22 * DAY)
        await world.evaluate()
        assert await world.story() == at_once
