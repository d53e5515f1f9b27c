"""The channels file of the rules role, read again when it changes, or at SIGHUP (a secret of its own file changed).

A file that is refused changes nothing: whoever was told before is told on, and the mistakes are shown.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import structlog

from cli import health, role
from rules.channels import ChannelFile, read_channels

logger = structlog.get_logger()
_LOOK_EVERY_S = 2.0
Publish = Callable[[ChannelFile], Awaitable[None]]


class ChannelWatch:
    """Where the channels stand, and the next ones.

    Attributes:
        now: in use.
    """

    def __init__(self, path: Path | None, timezone: str, publish: Publish, *, every_s: float = _LOOK_EVERY_S) -> None:
        self._path, self._timezone, self._publish, self._every_s = path, timezone, publish, every_s
        self._asked = asyncio.Event()
        self._seen: tuple[int, int] | None = None
        self.now = ChannelFile("")

    async def begin(self) -> None:
        """Read it for the first time: one that is refused tells nobody."""
        if self._path is None:
            await self._publish(self.now)
            return
        with suppress(NotImplementedError, RuntimeError, ValueError):  # not on this platform, or not the main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._asked.set)
        self._seen = _stamp(self._path)
        self.now = await self._read(self._path)

    async def changed(self, stop: asyncio.Event) -> bool:
        """Wait for other channels that are sound; False: it is time to stop."""
        while self._path is None or not stop.is_set():
            if self._path is None:
                await stop.wait()
                return False
            await role.pause(self._every_s, stop)
            stamp = _stamp(self._path)
            if stamp == self._seen and not self._asked.is_set():
                continue
            self._asked.clear()
            self._seen = stamp
            found = await self._read(self._path)
            if not found.mistakes:
                self.now = found
                logger.info("channels file read again", file=found.name, channels=len(found.channels))
                return True
        return False

    async def _read(self, path: Path) -> ChannelFile:
        found = await asyncio.to_thread(read_channels, path, self._timezone)
        for mistake in found.mistakes:
            goes_on = "the channels in use" if self.now.channels else "nothing: nobody is told of alerts"
            logger.error("channels file refused", file=found.name, mistake=str(mistake), goes_on=goes_on)
        health.report("channels file", ok=not found.mistakes, detail="refused" if found.mistakes else "")
        await self._publish(replace(self.now, name=found.name, mistakes=found.mistakes) if found.mistakes else found)
        return found


def _stamp(path: Path) -> tuple[int, int] | None:
    """What changes when a file is written; None: it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
