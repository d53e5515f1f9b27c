"""Kept answers: asked for once, forgotten when told, never a failure."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from api.kept import Kept
from tests.waiting import eventually


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Source:
    def __init__(self) -> None:
        self.asked = self.answered = 0
        self.broken = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def ask(self) -> int:
        self.asked += 1
        await self.gate.wait()
        self.answered += 1
        if self.broken:
            raise LookupError
        return self.asked


async def test_many_readers_ask_once() -> None:
    kept, source = Kept(), Source()
    source.gate.clear()
    readers = [asyncio.create_task(kept.get("x", 1, source.ask)) for _ in range(20)]
    await eventually(lambda: source.asked)  # all readers were there before the answer began: they wait for it
    readers[0].cancel()
    source.gate.set()
    with suppress(asyncio.CancelledError):
        await readers[0]
    assert await asyncio.gather(*readers[1:]) == [1] * 19
    assert source.asked == 1


async def test_forgotten_when_published_but_not_at_every_second() -> None:
    clock, source = Clock(), Source()
    kept = Kept(clock)
    assert await kept.get("x", 1, source.ask) == 1
    kept.forget(1)
    assert await kept.get("x", 1, source.ask) == 1
    clock.now = 3.1
    assert await kept.get("x", 1, source.ask) == 2
    kept.forget(2)
    clock.now = 10
    assert await kept.get("x", 1, source.ask) == 2, "another enterprise published"
    kept.forget()
    assert await kept.get("x", 1, source.ask) == 3
    clock.now = 50
    assert await kept.get("x", 1, source.ask) == 4, "never for long"
    assert await kept.get("y", 1, source.ask) == 5
    assert await kept.get("x", 2, source.ask) == 6


async def test_a_failure_is_not_kept() -> None:
    kept, source = Kept(), Source()
    source.broken = True
    for _ in range(2):
        with pytest.raises(LookupError):
            await kept.get("x", 1, source.ask)
    source.broken = False
    assert await kept.get("x", 1, source.ask) == 3


async def test_what_costs_much_follows_behind_its_readers() -> None:
    clock, source = Clock(), Source()
    kept = Kept(clock)

    async def read() -> int:
        return await kept.get("x", 1, source.ask, for_s=3600)

    assert await read() == 1
    clock.now = 100
    assert await read() == 1, "nothing was published"
    kept.forget(1)
    source.gate.clear()
    assert [await read(), await read()] == [1, 1], "nobody waits"
    await eventually(lambda: source.asked == 2)  # the fresh one is asked for, once
    kept.forget(1)  # published while it was being made
    source.gate.set()
    await eventually(lambda: source.answered == 2)
    assert await read() == 2
    clock.now = 170
    assert await read() == 2
    await eventually(lambda: source.answered == 3)
    assert await read() == 3, "it was out of date when it came"
    source.broken = True
    kept.forget(1)
    clock.now = 300
    for answers in (4, 5):
        assert await read() == 3, "a failure leaves what there was"
        await eventually(lambda answers=answers: source.answered == answers)
    assert source.asked == 5
    source.broken = False
    clock.now = 4000
    assert await read() == 6, "older than that somebody waits"


async def test_a_configuration_that_changes_while_a_fresh_one_is_made_is_not_missed() -> None:
    clock, source = Clock(), Source()
    kept = Kept(clock)
    assert await kept.get("x", 1, source.ask, for_s=3600) == 1
    kept.forget(1)
    clock.now = 100
    source.gate.clear()
    assert await kept.get("x", 1, source.ask, for_s=3600) == 1
    await eventually(lambda: source.asked == 2)
    kept.forget()
    source.gate.set()
    await eventually(lambda: source.answered == 2)
    assert await kept.get("x", 1, source.ask, for_s=3600) == 3


async def test_who_comes_long_after_the_ledger_published_gets_a_fresh_one() -> None:
    clock, source = Clock(), Source()
    kept = Kept(clock)

    async def read() -> int:
        return await kept.get("x", 1, source.ask, for_s=3600)

    assert await read() == 1
    clock.now = 1000
    kept.forget(1)
    clock.now = 1100
    kept.forget(1)
    source.gate.clear()
    assert await read() == 1, "of before the last minutes"
    await eventually(lambda: source.asked == 2)
    clock.now = 1300
    late = [asyncio.create_task(read()) for _ in range(3)]
    source.gate.set()
    assert await asyncio.gather(*late) == [2, 2, 2], "the one that is being made already"
    clock.now = 3000
    assert await read() == 2, "nothing was published"
    kept.forget(1)
    clock.now = 3300
    assert await read() == 3
    assert source.asked == 3
