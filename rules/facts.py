"""What rules read, read once for all of them.

Hundreds of rules ask about the same few points over the same spans. Facts live no longer than one evaluation or one
backtest, so that nothing changes under them; they are bounded, and what was not asked for the longest goes first. Who
asks does not change what it is given.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sized
from typing import Any, Concatenate, ParamSpec, TypeVar

import asyncpg

_MOST = 200_000

P = ParamSpec("P")
Key = TypeVar("Key", bound=Hashable)
Fact = TypeVar("Fact")


class Facts:
    """Answers of one connection by their question.

    Attributes:
        connection: idle or in a transaction.
        most: rows that are held at once, about.
    """

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.most = _MOST
        self._held: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._rows = 0

    async def ask(
        self,
        read: Callable[Concatenate[asyncpg.Connection, P], Awaitable[Fact]],
        *given: P.args,
        **named: P.kwargs,
    ) -> Fact:
        """What a function that reads gives; everything it is given can be hashed."""
        return await self.once(
            (read, given, tuple(sorted(named.items()))), lambda: read(self.connection, *given, **named)
        )

    async def once(self, question: Hashable, load: Callable[[], Awaitable[Fact]]) -> Fact:
        """The answer to a question; `load` finds it the first time."""
        if question in self._held:
            self._held.move_to_end(question)
            known: Fact = self._held[question][0]
            return known
        found = await load()
        self._hold(question, found)
        return found

    async def each(
        self, name: str, wanted: Iterable[Key], load: Callable[[list[Key]], Awaitable[Mapping[Key, Fact]]]
    ) -> dict[Key, Fact]:
        """The answers to many questions of one name; `load` finds together all of those that are missing."""
        found: dict[Key, Fact] = {}
        missing: list[Key] = []
        for key in wanted:
            if (name, key) in self._held:
                self._held.move_to_end((name, key))
                found[key] = self._held[name, key][0]
            else:
                missing.append(key)
        for key, fact in (await load(missing)).items() if missing else ():
            found[key] = fact
            self._hold((name, key), fact)
        return found

    def _hold(self, question: Hashable, fact: object) -> None:
        weight = 1 + len(fact) if isinstance(fact, Sized) else 1
        self._held[question] = fact, weight
        self._rows += weight
        while self._rows > self.most and len(self._held) > 1:
            self._rows -= self._held.popitem(last=False)[1][1]
