"""Waiting for what becomes true by itself, where nobody tells: the state of another process, rows, files, ports.

What tells by itself (an event, a queue, a stream) is awaited, not asked.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar

import psutil

_T = TypeVar("_T")


async def eventually(
    look: Callable[[], Awaitable[_T] | _T],
    within_s: float = 30,
    every_s: float = 0.02,
    *,
    not_yet: tuple[type[Exception], ...] = (),
) -> _T:
    """Return what `look` answers as soon as that is true.

    Args:
        look: asked again and again; anything else it raises is the test's failure.
        within_s: only a test that fails waits as long; fewer where being slow is a failure.
        every_s: pause between two looks.
        not_yet: what `look` raises as long as it is too early.
    """
    last: object = "nothing"
    cause: Exception | None = None
    try:
        async with asyncio.timeout(within_s) as deadline:
            while True:
                try:
                    answer = look()
                    found = await answer if inspect.isawaitable(answer) else answer
                    if found:
                        return found
                    last, cause = found, None
                except not_yet as problem:
                    last, cause = problem, problem
                await asyncio.sleep(every_s)
    except TimeoutError:
        if not deadline.expired():  # one of look's own
            raise
    raise AssertionError(f"not within {within_s:g} s: {_wording(look)}\nthe last answer: {last!r}") from cause


async def gone(*pids: int, within_s: float = 30) -> None:
    """Wait until none of the processes runs; a zombie is gone, whoever should have asked for its status."""

    def none_is_left() -> bool:
        left = [line for line in map(_running, pids) if line]
        assert not left, f"still running: {left}"
        return True

    await eventually(none_is_left, within_s, not_yet=(AssertionError,))


def _running(pid: int) -> str:
    """The command line of a process that runs, or nothing."""
    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"{pid} {' '.join(process.cmdline())}"
    except psutil.NoSuchProcess:
        return ""


def _wording(look: Callable[[], object]) -> str:
    """What was asked, as it is written in the test."""
    try:
        return inspect.getsource(look).strip()
    except (OSError, TypeError):  # no function with a source: a bound partial, say
        return repr(look)
