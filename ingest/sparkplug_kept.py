"""What is known of Sparkplug nodes, kept over a restart: what they announced, where their counts stood, who is dead.

A broker that queues for us goes on where it stopped: what comes then was sent under the births from before. Whether
nothing is missing in between, the node's own count tells (`Sparkplug.restore`).
"""

from __future__ import annotations

from pathlib import Path

import msgspec


class KeptNode(msgspec.Struct):
    """A node that was born.

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
    """Of one broker: another one's nodes are others."""

    broker: str
    nodes: list[KeptNode]
    dead: list[KeptDead]


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
            return Kept(self._broker, [], [])
        return kept if kept.broker == self._broker else Kept(self._broker, [], [])

    def write(self, nodes: list[KeptNode], dead: list[KeptDead]) -> None:
        """Replace it as a whole; a disk that takes nothing costs births that are asked for again, and no more."""
        fresh = self._file.with_suffix(".new")
        try:
            fresh.write_bytes(msgspec.json.encode(Kept(self._broker, nodes, dead)))
            fresh.replace(self._file)
        except OSError:
            fresh.unlink(missing_ok=True)
