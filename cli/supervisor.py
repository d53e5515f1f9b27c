"""Runs roles as child processes: started, restarted when they end, drained together.

Every child is in this process's group (Ctrl-C reaches it) and is signalled by the kernel when this process dies,
however it dies. Nothing outlives the supervisor.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from cli.role import DRAIN_S, pause
from db import child

log = structlog.get_logger()

_KILL_S = DRAIN_S + 0.6
"""A role cancels itself after DRAIN_S; one that does not even do that is killed."""
_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 30.0
_SETTLED_S = 30.0
_HOPELESS = (1, 2)
"""A role waits for its neighbours; ending by itself means that its settings, its port or its program are wrong."""


_ROOT = Path(__file__).parents[1]
"""Where the packages lie, installed or not."""


@dataclass(frozen=True, slots=True)
class Role:
    """A command of `enms` to keep running.

    Attributes:
        name: for logs.
        arguments: after `enms`: ("ledger",).
        env: on top of the supervisor's environment.
        once: it ends by itself; it is started again only when it failed.
        background: the others come first when the machine is busy.
        after: the role, if there is one of that name, that has to have ended once before this one begins.
    """

    name: str
    arguments: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    once: bool = False
    background: bool = False
    after: str | None = None


class RoleFailedError(Exception):
    """A role ended with status 1 or 2 right after its first start; it has said why."""


class Supervisor:
    """Keeps roles running until told to stop."""

    def __init__(self, roles: Sequence[Role]) -> None:
        self.roles = tuple(roles)
        self._running: dict[str, child.Child] = {}
        self._ended = {role.name: asyncio.Event() for role in self.roles}

    def pids(self) -> dict[str, int]:
        """Process ids of the roles that run now."""
        return {name: process.pid for name, process in self._running.items() if process.returncode is None}

    async def run(self, stop: asyncio.Event) -> None:
        """Keep every role running until `stop`, then drain them all at once.

        Raises:
            RoleFailedError: a role cannot start here; the others were drained.
        """
        keepers = [asyncio.create_task(self._keep(role, stop), name=role.name) for role in self.roles]
        outcomes = await asyncio.gather(*keepers, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _keep(self, role: Role, stop: asyncio.Event) -> None:
        delay, first = _FIRST_DELAY_S, True
        await self._turn(role, stop)
        while not stop.is_set():
            begun = time.monotonic()
            process = start(role)
            self._running[role.name] = process
            status = await self._until_end(process, stop)
            self._ended[role.name].set()
            if stop.is_set() or (role.once and status == 0):
                return
            if first and not role.once and status in _HOPELESS and time.monotonic() - begun < _SETTLED_S:
                stop.set()
                raise RoleFailedError(f"{role.name} did not start ({how_ended(status)})")
            first = False
            if time.monotonic() - begun > _SETTLED_S:
                delay = _FIRST_DELAY_S
            log.warning("a role ended, starting it again", name=role.name, how=how_ended(status), in_s=round(delay, 1))
            await pause(random.uniform(0.8, 1.2) * delay, stop)  # noqa: S311 - jitter
            delay = min(2 * delay, _LONGEST_DELAY_S)

    async def _turn(self, role: Role, stop: asyncio.Event) -> None:
        """Until whoever has to be first has ended, however it ended, or `stop`."""
        first = self._ended.get(role.after or "")
        if first is None:
            return
        waits = [asyncio.create_task(first.wait()), asyncio.create_task(stop.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _until_end(self, process: child.Child, stop: asyncio.Event) -> int:
        ended = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                return await process.terminate(_KILL_S)
            return ended.result()
        finally:
            for task in (ended, stopping):
                task.cancel()


def start(role: Role) -> child.Child:
    """Start a role as `python -m cli ...` with this interpreter."""
    nice = shutil.which("nice") if role.background else None
    return child.start(
        [
            *((nice, "-n", "5") if nice else ()),
            sys.executable,
            "-P",
            "-m",
            "cli",
            *role.arguments,
        ],  # -P: no package of the working folder's
        env={**os.environ, "PYTHONPATH": str(_ROOT), **role.env},
        name=role.name,
    )


def how_ended(status: int) -> str:
    """An exit status in words."""
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"exit {status}"
