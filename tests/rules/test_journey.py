"""From readings to alerts: the real ledger derives, the rules judge; late readings retell the story."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from db.performance import enpi_values
from enms.readings import Origin, Quality, Reading
from ledger.cycle import Limits
from ledger.derive import Deriver
from tests.ledger.store import write
from tests.rules.world import World

DAY1 = datetime(2026, 11, 1, 16, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@dataclass
class Works:
    """A furnace with meters on it.

    Attributes:
        counters: what the registers stand at.
        now: the ledger's clock.
    """

    world: World
    deriver: Deriver
    counters: dict[str, float]
    now: datetime

    async def send(self, point: str, readings: list[tuple[datetime, float]], origin: Origin = Origin.METER) -> None:
        e, p = self.world.enterprise.e, self.world.numbers[point]
        rows = [Reading(e, p, ts, value, Quality.GOOD, origin, received_at=self.now) for ts, value in readings]
        await write(self.world.connection, e, p, rows)

    async def run(self, start: datetime, end: datetime, coke: float, skip: str = "") -> None:
        """Meters read every minute, tonnes by the hour, the ore every six; amounts are those of a quarter hour."""
        minutes = int((end - start) / MINUTE)
        for point, amount in (("bf1.coke", coke), ("bf1.bfg", 875.0)):
            stand = self.counters[point]
            series = [(start + i * MINUTE, round(stand + i * amount / 15, 3)) for i in range(minutes + 1)]
            self.counters[point] += minutes * amount / 15
            if point != skip:
                await self.send(point, series)
        hours = minutes // 60
        ends = [start + timedelta(hours=i + 1) for i in range(hours)]
        if skip != "bf1.output":
            await self.send("bf1.output", [(at, 4.0) for at in ends])
        await self.send("bf1.bfg.ncv", [(at, 3349.44) for at in (start, *ends)])
        await self.send("bf1.re_share", [(start + timedelta(hours=6 * i), 0.0) for i in range(hours // 6 + 1)])
        self.now = end + timedelta(minutes=3)

    async def judge(self) -> None:
        await self.deriver.catch_up(self.world.connection)
        await self.world.evaluate()


@pytest.fixture
async def works(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, "furnace")
        works = Works(world, None, {"bf1.coke": 0.0, "bf1.bfg": 0.0}, DAY1)
        works.deriver = Deriver(db_pool, limits=Limits(settle_s=0.0), clock=lambda: works.now)
        yield works


async def test_readings_become_an_alert_and_late_ones_take_it_back(works):
    await works.run(DAY1, DAY1 + DAY, coke=500.0)
    await works.judge()
    assert await works.world.alerts("blast_furnace_energy_day") == []
    await works.run(DAY1 + DAY, DAY1 + 2 * DAY, coke=550.0)
    await works.judge()
    (alert,) = await works.world.alerts("blast_furnace_energy_day")
    assert (alert.started_at, alert.fired_at) == (DAY1 + DAY, DAY1 + 2 * DAY)
    assert alert.value == pytest.approx(450, rel=1e-3)
    body = await works.world.body(alert)
    assert {i["point"]: i["completeness"] for i in body["inputs"]} == {
        "bf1.coke": "1",
        "bf1.bfg": "1",
        "bf1.output": "1",
    }
    # the tonnes of that day were counted wrong: by hand, they are 12.5 % more
    ends = [DAY1 + DAY + timedelta(hours=i + 1) for i in range(24)]
    works.now += timedelta(hours=5)
    await works.send("bf1.output", [(at, 4.5) for at in ends], origin=Origin.HAND)
    await works.judge()
    (alert,) = await works.world.alerts("blast_furnace_energy_day")
    assert alert.retracted
    assert await works.world.steps(alert) == ["firing", "retracted"]


async def test_a_counter_that_reports_a_day_late(works):
    await works.run(DAY1, DAY1 + DAY, coke=550.0, skip="bf1.output")
    await works.judge()
    assert await works.world.alerts("blast_furnace_energy_day") == []
    works.now = DAY1 + 1.5 * DAY
    await works.send("bf1.output", [(DAY1 + timedelta(hours=i + 1), 4.0) for i in range(24)], origin=Origin.BACKFILL)
    await works.judge()
    (alert,) = await works.world.alerts("blast_furnace_energy_day")
    assert (alert.fired_at, alert.late, alert.state) == (DAY1 + DAY, False, "firing")


async def test_a_silent_register_whose_total_comes_back_is_estimated_and_says_so(works):
    await works.run(DAY1, DAY1 + DAY, coke=550.0)
    await works.run(DAY1 + DAY, DAY1 + 1.25 * DAY, coke=550.0, skip="bf1.coke")
    await works.run(DAY1 + 1.25 * DAY, DAY1 + 2 * DAY, coke=550.0)
    await works.judge()
    (alert,) = await works.world.alerts("blast_furnace_energy_day")
    assert alert.state == "firing"

    _, second = await enpi_values(
        works.world.connection,
        works.world.enterprise.e,
        "bf1.energy",
        DAY1,
        DAY1 + 2 * DAY,
        "day",
        now=works.now,
    )
    assert second.value == pytest.approx(450, rel=1e-3)
    assert 0.1 < second.estimated_share < 0.3
    assert second.completeness == 1
