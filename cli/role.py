"""How a role runs: signals, drain, waiting for neighbours. What it does is the role's own business.

    async def work(settings: Settings, stop: asyncio.Event) -> None: ...

    def command() -> None:
        role.run("ledger", work)

SIGTERM or SIGINT sets `stop`; the role then has `DRAIN_S` to finish by itself before it is cancelled.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import structlog

from cli import health, log
from cli.surroundings import load_settings, required_dsn
from db.pool import AWAY, create_pool
from db.ready import missing_migrations
from enms.errors import EnmsError, UnavailableError
from enms.settings import Settings

logger = structlog.get_logger()

T = TypeVar("T")
Work = Callable[[Settings, asyncio.Event], Awaitable[None]]

DRAIN_S = 3.0
"""A stopped role finishes by itself within this; `enms demo` promises 5 s for everything."""
_ABORT_S = 0.5
_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 5.0
_REMIND_S = 60.0

_REFUSED = (
    asyncpg.InvalidPasswordError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
_NOT_YET = (*AWAY, asyncpg.InvalidParameterValueError)  # role "enms_app" does not exist: not migrated yet


class Stopped(Exception):  # noqa: N818 - not an error
    """The role was asked to stop while it waited for something."""


class NotYetError(Exception):
    """What is waited for is there, but not ready; the text says why."""


def run(name: str, work: Work, settings: Settings | None = None) -> None:
    """Run a role until it ends or is stopped; set up logging and uvloop.

    Raises:
        EnmsError: as the role raised it; `cli.main` prints it as one line.
    """
    settings = settings or load_settings()
    log.set_up(settings, name)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(name, work, settings))


async def until(
    what: str,
    attempt: Callable[[], Awaitable[T]],
    stop: asyncio.Event,
    *,
    retry_on: tuple[type[Exception], ...] = (OSError, TimeoutError),
) -> T:
    """Try until it works, with jittered back-off; one line when the waiting begins, one a minute, one when it ends.

    Args:
        what: what is waited for: "the database".
        attempt: tried again when it raises one of `retry_on` or `NotYetError`.
        stop: ends the waiting.
        retry_on: what means "not yet".

    Raises:
        Stopped: `stop` was set.
    """
    passing: tuple[type[Exception], ...] = (*retry_on, NotYetError)
    delay, begun, said = _FIRST_DELAY_S, time.monotonic(), 0.0
    while not stop.is_set():
        try:
            result = await attempt()
        except passing as problem:
            reason = str(problem) or type(problem).__name__
            health.report(what, ok=False, detail=reason)
            if said == 0.0 or time.monotonic() - said > _REMIND_S:
                logger.warning("waiting for %s", what, reason=reason)
                said = time.monotonic()
            await pause(random.uniform(0.5, 1.5) * delay, stop)  # noqa: S311 - jitter
            delay = min(2 * delay, _LONGEST_DELAY_S)
        else:
            health.report(what, ok=True)
            if said != 0.0:
                logger.info("%s is there", what, waited_s=round(time.monotonic() - begun, 1))
            return result
    raise Stopped


async def pause(seconds: float, stop: asyncio.Event) -> None:
    """Sleep, at most until `stop` is set."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


async def open_pool(
    settings: Settings, stop: asyncio.Event, *, name: str, size: int = 4, command_timeout_s: float | None = 60
) -> asyncpg.Pool:
    """A pool on the role's database, once it is there and migrated.

    Raises:
        Stopped: stopped while waiting.
        UnavailableError: no database is configured, or the server refuses the login: waiting would not help.
    """
    dsn = required_dsn(settings)

    async def attempt() -> asyncpg.Pool:
        try:
            pool = await create_pool(dsn, name=f"enms-{name}", size=size, command_timeout_s=command_timeout_s)
        except _REFUSED as problem:
            raise UnavailableError(f"the database refuses the connection: {problem}") from problem
        try:
            missing = await missing_migrations(pool)
        except BaseException:
            pool.terminate()
            raise
        if missing:
            await pool.close()
            raise NotYetError(f"migrations not applied yet: {', '.join(missing)} (run `enms migrate`)")
        return pool

    return await until("the database", attempt, stop, retry_on=_NOT_YET)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # not on this platform
        return None
    return uvloop.new_event_loop


async def _serve(name: str, work: Work, settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with health.served(settings.http_host, settings.health_port):
        task = asyncio.ensure_future(work(settings, stop))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            logger.info("stopping")
            await asyncio.wait({task}, timeout=DRAIN_S)
        if not task.done():
            task.cancel()
            logger.warning("did not finish in time, cancelled", grace_s=DRAIN_S)
            await asyncio.wait({task}, timeout=_ABORT_S)
        if not task.done():
            os._exit(1)
        stopping.cancel()
        _judge(name, task)


def _judge(name: str, task: asyncio.Future[None]) -> None:
    """Raise what the role raised, unless that is just how it stopped."""
    if task.cancelled():
        return
    problem = task.exception()
    if problem is None or isinstance(problem, Stopped):
        return
    if not isinstance(problem, EnmsError):
        logger.error("%s failed", name, exc_info=problem)
        raise SystemExit(1) from problem
    raise problem
