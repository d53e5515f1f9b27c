"""What is known of Sparkplug nodes, kept over a restart: who they are, what they announced, who is dead.

A broker that queues for us goes on where it stopped: what comes then was sent under the births from before. Whether
nothing is missing in between, the node's own count tells (`Sparkplug.restore`), but only a count that stood when the
process before ended. An old one proves nothing: it goes round at 256, and begins again with each birth. So counts and
aliases are written at a clean end alone, and are off the disk before anything is received again: after a crash there
are none. Who was born and who is dead is written while running, too.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from enms.errors import EnvironmentProblem


class KeptNode(msgspec.Struct):
    """A node that was born, as it was left at a clean end.

    Attributes:
        expected: the number of its next message.
        bd_seq: of its birth.
        aliases: alias -> name, data type.
        types: device ("" for the node itself) -> metric -> data type.
    """

    enterprise: str
    gateway: str
    expected: int
    bd_seq: int | None
    aliases: dict[int, tuple[str, int | None]]
    types: dict[str, dict[str, int | None]]


class KeptDead(msgspec.Struct):
    """A node that died, and when that was heard, microseconds since 1970."""

    enterprise: str
    gateway: str
    at: int


class Kept(msgspec.Struct):
    """Of one broker: another one's nodes are others.

    Attributes:
        known: enterprise and gateway of whoever was born, or should have been.
        dead: who died.
        left: what an alias means and where counts stood; of a clean end only.
    """

    broker: str
    known: list[tuple[str, str]] = []
    dead: list[KeptDead] = []
    left: list[KeptNode] = []


class KeptFile:
    """The file.

    Args:
        file: where.
        broker: whose nodes.
    """

    def __init__(self, file: Path, broker: str) -> None:
        self._file = file
        self._broker = broker

    def read(self) -> Kept:
        """What was kept of this broker's nodes; nothing where there is no file, or one that nobody can read."""
        try:
            kept = msgspec.json.decode(self._file.read_bytes(), type=Kept)
        except (OSError, msgspec.MsgspecError):
            return Kept(self._broker)
        return kept if kept.broker == self._broker else Kept(self._broker)

    def take(self) -> Kept:
        """The same, for a process that begins: what it does not write at its own end, nobody finds again.

        Raises:
            EnvironmentProblem: the file can be neither written nor removed.
        """
        kept = self.read()
        if kept.left:
            try:
                try:
                    self._replace(Kept(self._broker, kept.known, kept.dead))
                except OSError:  # a full disk
                    self._file.unlink()
                    self._sync_folder()
            except OSError as problem:
                raise EnvironmentProblem(f"{self._file} cannot be written: {problem.strerror}") from problem
        return kept

    def write(self, known: list[tuple[str, str]], dead: list[KeptDead], left: list[KeptNode]) -> None:
        """Replace it as a whole; a disk that takes nothing costs births that are asked for again, and no more."""
        try:
            self._replace(Kept(self._broker, known, dead, left))
        except OSError:
            self._fresh.unlink(missing_ok=True)

    @property
    def _fresh(self) -> Path:
        return self._file.with_suffix(".new")

    def _replace(self, kept: Kept) -> None:
        with self._fresh.open("wb") as file:
            file.write(msgspec.json.encode(kept))
            file.flush()
            os.fsync(file.fileno())
        self._fresh.replace(self._file)
        self._sync_folder()

    def _sync_folder(self) -> None:
        """After a power failure the file of before must not be back."""
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
