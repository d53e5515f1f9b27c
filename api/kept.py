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
# What costs much follows behind its readers' backs, while it is not out of date for longer than this.
_BEHIND_S = 60.0
_LONGEST_BEHIND_S = 180.0
_MOST = 10_000


@dataclass(slots=True)
class _Answer(Generic[T]):
    task: asyncio.Task[T]
    made_at: float
    for_s: float | None
    stale_since: float | None = None
    outdated: bool = False
    fresh: _Answer[T] | None = None


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
            for_s: for what hardly changes and costs much: nobody waits for a fresh one before so long, or before the
                configuration changes. What the ledger published is followed meanwhile: a reader after a minute gets
                the kept one still, and the next a fresh one; who comes long after the ledger published waits.
        """
        key = (kind, e)
        now = self._clock()
        kept = self._answers.get(key)
        if kept is None or self._too_old(kept, now):
            if len(self._answers) >= _MOST:
                self._answers.clear()
            coming = kept.fresh if kept is not None else None
            if coming is None or self._too_old(coming, now):
                coming = _Answer(_asked(ask), now, for_s)
            kept = self._answers[key] = coming
        elif self._to_follow(kept, now):
            self._follow(key, kept, _Answer(_asked(ask), now, for_s))
        try:
            # One reader that goes away must not take the answer from the others.
            return cast("T", await asyncio.shield(kept.task))
        except BaseException:
            if kept.task.done() and self._answers.get(key) is kept:
                del self._answers[key]
            raise

    def forget(self, e: int | None = None) -> None:
        """The enterprise's ledger published, or every configuration changed."""
        now = self._clock()
        for (_, of), answer in self._answers.items():
            if e is None or of == e:
                for one in (answer, answer.fresh) if answer.fresh is not None else (answer,):
                    one.stale_since = now if one.stale_since is None else one.stale_since
                    one.outdated = one.outdated or e is None

    def _follow(self, key: tuple[str, int], kept: _Answer[object], fresh: _Answer[object]) -> None:
        """Put a fresh answer in the place of the kept one when it is there; one that failed is asked for again."""
        kept.fresh = fresh

        def done(task: asyncio.Task[object]) -> None:
            kept.fresh = None
            if not task.cancelled() and task.exception() is None and self._answers.get(key) is kept:
                self._answers[key] = fresh

        fresh.task.add_done_callback(done)

    @staticmethod
    def _to_follow(answer: _Answer[object], now: float) -> bool:
        overtaken = answer.for_s is not None and answer.stale_since is not None
        return overtaken and answer.fresh is None and now - answer.made_at > _BEHIND_S

    @staticmethod
    def _too_old(answer: _Answer[object], now: float) -> bool:
        age = now - answer.made_at
        if answer.for_s is not None:
            behind = 0.0 if answer.stale_since is None else now - answer.stale_since
            return age > answer.for_s or answer.outdated or behind > _LONGEST_BEHIND_S
        return age > _LONGEST_S or (answer.stale_since is not None and age > _SHORTEST_S)


def _asked(ask: Callable[[], Awaitable[object]]) -> asyncio.Task[object]:
    async def answer() -> object:
        return await ask()

    task = asyncio.create_task(answer())
    # Retrieved even when every reader has gone.
    task.add_done_callback(lambda done: None if done.cancelled() else done.exception())
    return task
