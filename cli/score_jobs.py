"""Plants of a score side by side: each in a process and on a database of its own.

Plants know nothing of one another, so what is raised is the same however they are shared out.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.queues import SimpleQueue

import structlog

from cli.score_run import Course, own_database, run
from cli.scoring import Raised
from enms.plant import Plant
from rules.book import BookFile
from simulators.faults import Fault
from simulators.scenario import Scenario

_POLL_S = 0.5
Progress = Callable[[str, datetime], None]


@dataclass(frozen=True, slots=True)
class Job:
    """One plant's course."""

    plant: Plant
    seed: int
    faults: tuple[Fault, ...]
    start: datetime
    end: datetime
    look: timedelta
    history: timedelta = timedelta()

    @property
    def code(self) -> str:
        return self.plant.enterprise.code


def in_turn(jobs: Sequence[Job], books: list[BookFile], side_by_side: int, progress: Progress) -> list[Raised]:
    """Every alert that the jobs raise.

    Args:
        jobs: one a plant.
        books: by which they are judged.
        side_by_side: how many processes; with one everything stays in this one.
        progress: told how far which plant is.
    """
    if side_by_side <= 1 or len(jobs) <= 1:
        found = [raised for job in jobs for raised in _run(job, books, progress)]
    else:
        found = _shared_out(jobs, books, side_by_side, progress)
    return sorted(found, key=lambda a: (a.detected_at, a.enterprise, a.rule, a.subject))


def quiet() -> None:
    """Nothing is logged beside the progress bar but errors."""
    logging.disable(logging.WARNING)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def _shared_out(jobs: Sequence[Job], books: list[BookFile], side_by_side: int, progress: Progress) -> list[Raised]:
    # spawned: a forked child would inherit whatever threads and locks this process holds
    context = multiprocessing.get_context("spawn")
    told: SimpleQueue[tuple[str, datetime]] = context.SimpleQueue()
    found: list[Raised] = []
    with ProcessPoolExecutor(side_by_side, context, initializer=_begin, initargs=(told, os.getpid())) as pool:
        waiting = {pool.submit(_work, job, books) for job in jobs}
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=_POLL_S, return_when=FIRST_COMPLETED)
                while not told.empty():
                    progress(*told.get())
                for one in done:
                    found += one.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return found


@dataclass(frozen=True, slots=True)
class _Teller:
    """How a worker says how far it is; it ends when nobody is left to be told."""

    told: SimpleQueue[tuple[str, datetime]]
    parent: int

    def __call__(self, plant: str, now: datetime) -> None:
        if os.getppid() != self.parent:
            raise SystemExit(1)
        self.told.put((plant, now))


_teller: _Teller | None = None


def _begin(told: SimpleQueue[tuple[str, datetime]], parent: int) -> None:
    global _teller  # noqa: PLW0603  # a pool's initializer has no other way to hand something to its tasks
    _teller = _Teller(told, parent)
    quiet()


def _work(job: Job, books: list[BookFile]) -> list[Raised]:
    assert _teller is not None
    return _run(job, books, _teller)


def _run(job: Job, books: list[BookFile], progress: Progress) -> list[Raised]:
    course = Course(Scenario([job.plant], job.seed, job.faults), job.start, job.end, job.look, job.history)

    async def own() -> list[Raised]:
        async with own_database() as dsn:
            return await run(dsn, course, books, lambda now: progress(job.code, now))

    return asyncio.run(own())
