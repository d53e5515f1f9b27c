"""What rules read, read once: nothing is asked twice while it is held, and no more than its bound is held."""

from __future__ import annotations

import pytest

from rules.facts import Facts


class Ledger:
    """Counts what it is asked."""

    def __init__(self):
        self.asked = []

    async def one(self, _connection, number, *, by=1):
        self.asked.append((number, by))
        return [number * by] * 10

    async def some(self, wanted):
        self.asked.append(tuple(wanted))
        return {key: [key] * 10 for key in wanted}


@pytest.fixture
def facts():
    return Facts(connection=None)


async def test_a_question_is_asked_once(facts):
    ledger = Ledger()
    for _ in range(3):
        assert await facts.ask(ledger.one, 2, by=3) == [6] * 10
        assert await facts.ask(ledger.one, 3) == [3] * 10
    assert ledger.asked == [(2, 3), (3, 1)]


async def test_only_what_is_missing_is_loaded_and_together(facts):
    ledger = Ledger()
    assert await facts.each("points", [1, 2], ledger.some) == {1: [1] * 10, 2: [2] * 10}
    assert list(await facts.each("points", [2, 3, 4], ledger.some)) == [2, 3, 4]
    assert await facts.each("points", [4, 1], ledger.some) == {4: [4] * 10, 1: [1] * 10}
    assert await facts.each("others", [1], ledger.some) == {1: [1] * 10}
    assert ledger.asked == [(1, 2), (3, 4), (1,)]


async def test_what_was_not_asked_for_the_longest_goes_first(facts):
    ledger = Ledger()
    facts.most = 33  # three answers of ten
    for number in (1, 2, 3, 1, 4, 1, 2):
        await facts.ask(ledger.one, number)
    assert [number for number, _ in ledger.asked] == [1, 2, 3, 4, 2]


async def test_more_than_is_held_is_answered_all_the_same(facts):
    ledger = Ledger()
    facts.most = 5
    assert len(await facts.each("points", range(20), ledger.some)) == 20
    assert len(await facts.each("points", range(20), ledger.some)) == 20


async def test_what_could_not_be_read_is_asked_again(facts):
    tries = []

    async def fail():
        tries.append(1)
        raise OSError("gone")

    for _ in range(2):
        with pytest.raises(OSError, match="gone"):
            await facts.once("this", fail)
    assert len(tries) == 2
