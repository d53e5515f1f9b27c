"""Answers that many readers ask for and that change only when the ledger publishes.

Kept for some seconds at the longest, forgotten when the enterprise's ledger publishes; asked for once however many
wait. Bounded by the number of enterprises times the kinds of answers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

T = TypeVar("T")
_LONGEST_S = 30.0
# While history pours in the ledger publishes every second: pages need not follow every one.
_SHORTEST_S = 3.0
_MOST = 10_000


@dataclass(slots=True)
class _Answer(Generic[T]):
    task: asyncio.Task[T]
    made_at: float
    for_s: float | None
    stale: bool = False
    outdated: bool = False


class Kept:
    """Answers by kind and enterprise."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answers: dict[tuple[str, int], _Answer[object]] = {}

    async def get(self, kind: str, e: int, ask: Callable[[], Awaitable[T]], *, for_s: float | None = None) -> T:
        """The kept answer, or a fresh one. One that failed is not kept.

        Args:
            kind: of answer.
            e: enterprise number.
            ask: makes a fresh one.
            for_s: keep it so long whatever the ledger publishes, for what hardly changes and costs much; a changed
                configuration still makes it be asked for again.
        """
        key = (kind, e)
        now = self._clock()
        kept = self._answers.get(key)
        if kept is None or self._too_old(kept, now):
            if len(self._answers) >= _MOST:
                self._answers.clear()

            async def answer() -> object:
                return await ask()

            task = asyncio.create_task(answer())
            # Retrieved even when every reader has gone.
            task.add_done_callback(lambda done: None if done.cancelled() else done.exception())
            kept = self._answers[key] = _Answer(task, now, for_s)
        try:
            # One reader that goes away must not take the answer from the others.
            return cast("T", await asyncio.shield(kept.task))
        except BaseException:
            if kept.task.done() and self._answers.get(key) is kept:
                del self._answers[key]
            raise

    def forget(self, e: int | None = None) -> None:
        """The enterprise's ledger published, or every configuration changed."""
        for (_, of), answer in self._answers.items():
            if e is None or of == e:
                answer.stale = True
                answer.outdated = answer.outdated or e is None

    @staticmethod
    def _too_old(answer: _Answer[object], now: float) -> bool:
        age = now - answer.made_at
        if answer.for_s is not None:
            return age > answer.for_s or answer.outdated
        return age > _LONGEST_S or (answer.stale and age > _SHORTEST_S)
