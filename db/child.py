"""Child processes that never outlive their parent.

On Linux the kernel signals the child when the parent dies, however it dies (PR_SET_PDEATHSIG, prctl(2)).
The setting has to be made in the child, after it has changed its user (which clears it) and before it
becomes the program. Running Python between fork and exec is unsafe in a process with threads, so a small
script does it: db/trampoline.py sets up and becomes the program; the process id stays the same.
Elsewhere the trampoline only changes the user.

The kernel watches the *thread* that started the child: start children from the main thread.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from typing import IO

TRAMPOLINE = Path(__file__).with_name("trampoline.py")


class Child:
    """A started child. Not bound to an event loop: any loop of the parent may wait for it."""

    def __init__(self, process: subprocess.Popen[bytes], name: str) -> None:
        self._process = process
        self.name = name

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Exit status; negative: the signal that ended it; None: still running."""
        return self._process.poll()

    async def wait(self) -> int:
        """Wait for the end and return the exit status."""
        while (status := self._process.poll()) is None:
            await self._ended()
        return status

    def send(self, signal: Signals) -> None:
        """Send a signal; nothing happens when the child has ended."""
        self._process.send_signal(signal)

    async def terminate(self, grace_s: float, *, first: Signals = SIGTERM, last: Signals = SIGKILL) -> int:
        """Ask with `first`, wait `grace_s`, force with `last`; return the exit status."""
        for signal in (first, last):
            self.send(signal)
            try:
                return await asyncio.wait_for(self.wait(), grace_s)
            except TimeoutError:
                continue
        self.send(SIGKILL)
        return await self.wait()

    async def _ended(self) -> None:
        """Return when the child has ended, or soon after."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except (AttributeError, OSError):  # not Linux, an old kernel, or it has just been reaped
            await asyncio.sleep(0.02)
            return
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        try:
            loop.add_reader(descriptor, ended.set)
            await ended.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)


def start(
    command: Sequence[str | Path],
    *,
    user: tuple[int, int] | None = None,
    own_session: bool = False,
    death_signal: Signals = SIGTERM,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: IO[bytes] | None = None,
    name: str | None = None,
) -> Child:
    """Start `command` as a child that gets `death_signal` when this process dies.

    Args:
        command: program (a path) and its arguments.
        user: (uid, gid) to become; needs root. None: stay.
        own_session: leave the parent's process group, so that Ctrl-C does not reach the child.
        death_signal: what the kernel sends when the parent dies.
        env: the whole environment of the child; None: the parent's.
        cwd: working folder.
        output: where stdout and stderr go; None: the parent's.
        name: for messages; the program's name when None.

    A program that cannot be run ends with status 127.
    """
    process = subprocess.Popen(  # noqa: S603 - our own commands
        _wrapped(command, user, death_signal),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=dict(env) if env is not None else None,
        cwd=cwd,
        start_new_session=own_session,
    )
    return Child(process, name or Path(command[0]).name)


def run(
    command: Sequence[str | Path],
    *,
    user: tuple[int, int] | None = None,
    env: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Run `command` to its end; return its exit status and what it printed.

    Blocks: for set-up work of a second or so.
    """
    done = subprocess.run(  # noqa: S603 - our own commands
        _wrapped(command, user, SIGTERM),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(env) if env is not None else None,
        cwd="/",
        check=False,
    )
    return done.returncode, done.stdout.decode(errors="replace")


def _wrapped(command: Sequence[str | Path], user: tuple[int, int] | None, death_signal: Signals) -> list[str]:
    account = [str(user[0]), str(user[1])] if user is not None else ["-", "-"]
    return [
        *(sys.executable, "-I", "-S", str(TRAMPOLINE)),
        *(str(os.getpid()), str(int(death_signal)), *account),
        *map(str, command),
    ]
