"""A stand: neighbours and roles together in one process group, from a free port to the last child's end."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import structlog
import typer

from cli import role
from cli.broker import is_free
from cli.neighbours import Neighbours, started
from cli.supervisor import Role, RoleFailedError, Supervisor
from cli.surroundings import leave_addresses
from db.trampoline import PR_SET_PDEATHSIG
from enms.errors import EnvironmentProblem
from enms.settings import Settings

log = structlog.get_logger()

Prepare = Callable[[Neighbours], Awaitable[Sequence[Role]]]


async def _nothing(_: Neighbours) -> Sequence[Role]:
    return ()


@dataclass(frozen=True, slots=True)
class Stand:
    """What is to run.

    Attributes:
        title: printed above the addresses.
        settings: for all of it.
        roles: kept running.
        prepare: called between the neighbours' start and that of the roles; may add roles.
    """

    title: str
    settings: Settings
    roles: Sequence[Role]
    prepare: Prepare = _nothing


def run(stand: Stand) -> None:
    """Run it until SIGINT, SIGTERM or SIGHUP.

    Raises:
        EnvironmentProblem, UnavailableError: it cannot run here; nothing of it is left.
        typer.Exit: a role could not start and has said why.
    """
    _tie_to_parent()
    with asyncio.Runner() as runner:
        runner.run(_run(stand))


def _tie_to_parent() -> None:
    """Under make: end when make is killed. By hand: a terminal that closes has SIGHUP for that."""
    if os.environ.get("ENMS_TIED_TO_PARENT") and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


async def _run(stand: Stand) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    work = asyncio.create_task(_work(stand, stop))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
        # Signals that come while children are started or drained only set `stop` again.
        with suppress(role.Stopped):
            await work
    finally:
        stopping.cancel()


async def _work(stand: Stand, stop: asyncio.Event) -> None:
    settings = stand.settings
    if not is_free(settings.http_port, settings.http_host):
        raise EnvironmentProblem(
            f"port {settings.http_port} on {settings.http_host} is taken: choose another with --port or ENMS_HTTP_PORT"
        )
    async with started(settings, stop) as neighbours:
        more = await stand.prepare(neighbours) if not stop.is_set() else ()
        if stop.is_set():
            return
        console = f"http://{settings.http_host}:{settings.http_port}/"
        file = leave_addresses(neighbours.folder, neighbours.mqtt_url, console)
        _announce(stand.title, console, neighbours)
        # who was not given a port for /health has none: the one in the settings is the first role's
        shared = {**neighbours.env, "ENMS_HEALTH_PORT": "0"}
        roles = [replace(one, env={**shared, **one.env}) for one in (*stand.roles, *more)]
        try:
            await Supervisor(roles).run(stop)
        except RoleFailedError as problem:  # its own line is on stderr already
            raise typer.Exit(1) from problem
        finally:
            file.unlink(missing_ok=True)
        log.info("stopped")


def _announce(title: str, console: str, neighbours: Neighbours) -> None:
    typer.echo(
        f"\n  {title}\n"
        f"    console   {console}\n"
        f"    broker    {neighbours.mqtt_url} ({neighbours.broker})\n"
        f"    database  {neighbours.engine}\n"
        f"    data      {neighbours.folder}\n"
        f"  Ctrl-C ends it; the data stay.\n"
    )
    sys.stdout.flush()
