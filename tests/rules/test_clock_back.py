"""A gateway's clock that is set back: one cause, and an exchange in the meantime is told all the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from db import handling
from enms.plant_file import parse_plant
from enms.readings import Origin, Quality, Reading
from ledger.cycle import Limits
from ledger.derive import Deriver
from rules.book import BUNDLED, read_book
from tests.ledger.store import write
from tests.rules.world import QUARTER, World

START = datetime(2026, 11, 1, 16, tzinfo=UTC)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
BACK = timedelta(minutes=17, seconds=10)
# the clock is off for three hours, and four hours after that one of its meters is exchanged
OFF, RIGHT, EXCHANGED = START + 4 * HOUR, START + 7 * HOUR, START + 11 * HOUR
PLANT = """
enterprise: {code: mill, name: {zh: 轧钢, en: Mill}, industry: steel}
points:
  - {code: m1, carrier: electricity, reading: register, unit: kWh}
  - {code: m2, carrier: electricity, reading: register, unit: kWh}
  # what it jumps by when the old time is over is more than its rating allows
  - {code: m3, carrier: electricity, reading: register, unit: kWh, rated_per_hour: 700}
"""


def shown(point: str, true: datetime) -> float:
    """600 kWh an hour."""
    since = EXCHANGED if point == "m2" and true >= EXCHANGED else START - 100 * HOUR
    return round((true - since) / MINUTE * 10, 3)


async def quarter(world: World, begin: datetime) -> None:
    for code, p in world.numbers.items():
        rows = []
        for i in range(15):
            true = begin + i * MINUTE
            stamp = true - BACK if OFF <= true < RIGHT else true
            came = true + SECOND
            rows.append(Reading(world.enterprise.e, p, stamp, shown(code, true), Quality.GOOD, Origin.METER, came))
        await write(world.connection, world.enterprise.e, p, rows)


async def test_one_clock_is_one_cause_and_an_exchange_is_told(db_pool):
    async with db_pool.acquire() as connection:
        world = await World.build(connection, parse_plant(PLANT, "mill"), [read_book(BUNDLED / "data_quality.yaml")])
        deriver = Deriver(db_pool, limits=Limits(settle_s=0.0), clock=lambda: world.clock)
        for n in range(52):
            await quarter(world, START + n * QUARTER)
            world.clock = START + (n + 1) * QUARTER + 3 * SECOND
            await deriver.catch_up(connection)
            await world.evaluate()
        found = await world.alerts()
        by_rule = {rule: [a for a in found if a.rule == rule] for rule in {a.rule for a in found}}
        first, *others = sorted(by_rule["meter_clock_skew"], key=lambda a: a.id)
        assert {a.subject for a in (first, *others)} == {"m1", "m2", "m3"}
        told = {
            a.id: [json.loads(t.detail)["by"] for t in await world.transitions(a) if t.kind == "suppressed"]
            for a in found
        }
        assert told[first.id] == []
        assert [told[a.id] for a in others] == [[f"alert/{first.id}"]] * 2
        # what the clock did to the registers stands behind the alert about the clock of that meter
        clock = {a.subject: f"alert/{a.id}" for a in by_rule["meter_clock_skew"]}
        fallen = by_rule["register_clock"]
        assert {a.subject: told[a.id] for a in fallen} == {code: [by] for code, by in clock.items()}
        assert {a.suppressed_by for a in fallen} == set(clock.values())
        # none of it is a broken register, so that the exchange is news
        (broken,) = by_rule["register_broken"]
        assert (broken.subject, broken.state, broken.suppressed_by) == ("m2", "firing", None)
        assert broken.started_at == EXCHANGED - QUARTER  # with the last reading of the old meter
        body = await world.body(broken)
        assert [f["kind"] for f in body["findings"]] == ["register_dropped"]
        kinds = {f["kind"] for a in fallen for f in (await world.body(a))["findings"]}
        assert kinds == {"register_dropped", "register_jumped"}
        assert await handling.suppressor(connection, world.enterprise.e, broken.id, world.clock) is None
