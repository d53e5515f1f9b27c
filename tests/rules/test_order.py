"""The same data in any order, some of it up to thirty days late: the same episodes on the same evidence, by hash.

Readings go through the real ledger, which is derived and judged while they come: with gaps at first, filled later. Two
databases hear the same; one in order, the other as a bad network would have it. Only what is about arrival itself may
differ.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from db.pool import create_pool
from enms.readings import Origin, Quality, Reading
from ledger.cycle import Limits
from ledger.derive import Deriver
from rules.book import BUNDLED, parse_book, read_books
from rules.kind import Kind
from tests.ledger.store import write
from tests.rules.world import World

DAY = timedelta(days=1)
DAY1 = datetime(2026, 8, 31, 16, tzinfo=UTC)
DAYS = 32
LATE, AT_MOST = 0.05, 30 * DAY
ARRIVAL = {"silent", "never_reported", "incomplete", "clock_skew", "register"}
_numbers = itertools.count(1)
_SAID = """purpose: operational, severity: warning, cadence: interval, source: tests, notify: [energy_manager],
     runbook: {zh: 查, en: look}, title: {zh: 试, en: Test}"""
BOOK = f"""
rules:
  - {{id: holder_hour, kind: threshold, watches: {{points: [holder_level]}}, condition: {{over: 70, resolution: hour}},
     unit: "%", deadband: 2, {_SAID}}}
  - {{id: rolling, kind: threshold, watches: {{enpis: [bf1.energy]}}, unit: kgce/t,
     condition: {{over: 400, resolution: rolling24h}}, {_SAID}}}
"""


def month_of_a_works(dice: random.Random) -> dict[str, list[tuple[datetime, float]]]:
    """Every point's readings: heavy and light days, a fan that is switched, a holder that rises, falls and sticks."""
    hours = DAYS * 24
    at = [DAY1 + timedelta(hours=n) for n in range(hours + 1)]
    coke = [dice.choice([2000.0, 2060.0, 2200.0]) for _ in range(DAYS)]
    load = [dice.choice([1500.0, 3800.0, 4300.0]) for _ in range(DAYS * 4)]
    lost = [0.02 if n < DAYS - 4 else 0.25 for n in range(DAYS)]
    cos = [dice.choice([0.3, 0.7]) for _ in range(DAYS)]
    level = [dice.choice([20.0, 50.0, 72.0, 69.5, 97.0]) for _ in range(hours // 4 + 1)]
    fan = [dice.choice([0.0, 4.0, 15.0, 50.0, 120.0, 185.0]) for _ in range(DAYS * 12)]

    def register(per_hour: list[float]) -> list[tuple[datetime, float]]:
        return list(zip(at, itertools.accumulate(map(round, per_hour), initial=0.0), strict=True))

    main = [load[n // 6] for n in range(hours)]
    below = [main[n] * (1 - lost[n // 24]) for n in range(hours)]
    return {
        "bf1.coke": register([coke[n // 24] for n in range(hours)]),
        "bf1.bfg": register([3500.0] * hours),
        "bf1.bfg.ncv": [(t, dice.choice([3349.44, 3300.0])) for t in at],
        "bf1.output": [(t, 4.0) for t in at[1:]],
        "bf1.re_share": [(t, 0.0) for t in at[::6]],
        "main": register(main),
        "main.kvarh": register([main[n] * cos[n // 24] for n in range(hours)]),
        "user1": register([b * 0.6 for b in below]),
        "user2": register([b * 0.4 for b in below]),
        "fan.power": [(DAY1 + timedelta(minutes=15 * n), fan[n // 8]) for n in range(hours * 4)],
        "holder_level": [(t, level[n // 4] + (n % 3 if n % 96 > 9 else 0)) for n, t in enumerate(at)],
    }


@dataclass
class Works:
    """One database that hears of it.

    Attributes:
        now: the clock of ledger and rules.
    """

    world: World
    deriver: Deriver
    now: datetime

    async def hear(self, readings: list[tuple[str, datetime, float]]) -> None:
        """What came in by now, in pieces of one point each."""
        e = self.world.enterprise.e
        by_point: dict[str, list[Reading]] = {}
        for code, ts, value in readings:
            p = self.world.numbers[code]
            one = Reading(e, p, ts, value, Quality.GOOD, Origin.METER, received_at=self.now)
            by_point.setdefault(code, []).append(one)
        for code, some in by_point.items():
            await write(self.world.connection, e, self.world.numbers[code], some)

    async def judge(self) -> None:
        await self.deriver.catch_up(self.world.connection)
        await self.world.evaluate()


@pytest.fixture
async def two(cluster, template) -> AsyncIterator[list[Works]]:
    """Two databases of the same plant."""
    names = [f"enms_test_order_{os.getpid()}_{next(_numbers)}" for _ in range(2)]
    pools, works = [], []
    books = [*read_books([BUNDLED]), parse_book(BOOK, "own.yaml")]
    try:
        for name in names:
            pool = await create_pool(await cluster.create(name, template), name="enms-test")
            pools.append(pool)
            world = await World.build(await pool.acquire(), "order", books)
            one = Works(world, None, DAY1)
            one.deriver = Deriver(pool, limits=Limits(settle_s=0.0), clock=lambda one=one: one.now)
            works.append(one)
        yield works
    finally:
        for pool in pools:
            pool.terminate()
        for name in names:
            await cluster.drop(name)


@pytest.mark.parametrize("seed", [1, 2])
async def test_late_and_shuffled_readings_tell_the_same_story_on_the_same_evidence(two, seed):
    dice = random.Random(seed)
    straight, shuffled = two
    told = [(code, ts, value) for code, series in month_of_a_works(dice).items() for ts, value in series]
    await straight.hear(sorted(told, key=lambda one: one[1]))
    straight.now = DAY1 + DAYS * DAY + AT_MOST + DAY
    await straight.judge()

    coming = [(one[1] + (dice.random() * AT_MOST if dice.random() < LATE else timedelta()), one) for one in told]
    coming += dice.sample(coming, len(coming) // 50)  # some come twice
    assert sum(at > one[1] for at, one in coming) > 0.04 * len(coming)
    shuffled.now = DAY1
    while shuffled.now < straight.now:
        shuffled.now = min(straight.now, shuffled.now + dice.choice([1, 2, 4]) * DAY)
        due = [one for at, one in coming if at < shuffled.now]
        coming = [one for one in coming if one[0] >= shuffled.now]
        dice.shuffle(due)
        await shuffled.hear(due)
        await shuffled.judge()

    # the clock closes what nothing came after; a backlog has it wait a little
    for works in two:
        works.now += DAY
        await works.judge()
    stories = [story_but_for_arrival(works.world, await works.world.story()) for works in two]
    assert stories[0] == stories[1]
    assert len(kinds(straight.world, stories[0])) >= 8, kinds(straight.world, stories[0])
    retold = await shuffled.world.connection.fetchval("SELECT count(*) FROM transition WHERE kind <> 'firing'")
    assert retold > await straight.world.connection.fetchval("SELECT count(*) FROM transition WHERE kind <> 'firing'")


def story_but_for_arrival(world: World, story: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    about_arrival = {
        rule.id
        for book in world.evaluator._books
        for rule in book.rules
        if rule.kind is Kind.DATA_QUALITY and rule.condition.check in ARRIVAL
    }
    return [one for one in story if one[0] not in about_arrival]


def kinds(world: World, story: list[tuple[object, ...]]) -> set[str]:
    """Kinds of rules that raised something."""
    by_id = {rule.id: rule.kind.value for book in world.evaluator._books for rule in book.rules}
    return {by_id[one[0]] for one in story}
