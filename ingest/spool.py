"""Messages on disk while the database cannot take them.

What is appended is acknowledged to the broker, so it is on the disk (fdatasync) before `append` returns. A segment
is a file of records

    length u32 | CRC-32 of body u32 | body = received_at i64 | topic length u16 | topic | payload      (little endian)

A process never writes into a file of the process before it: whatever that one left is read up to its torn tail, which
was never acknowledged. A segment is deleted when everything in it is committed; after a crash in between it is read
again from its beginning, and the readings in it are recognised as known.

Full-policy: at `limit` bytes nothing more is taken (SpoolFullError): the caller stops acknowledging.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import zlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import structlog

from enms.errors import EnmsError, EnvironmentProblem
from ingest.arrivals import Arrival

log = structlog.get_logger()

_RECORD = struct.Struct("<II")
_BODY = struct.Struct("<qH")
_SEGMENT_BYTES = 4 * 1024 * 1024
_WARN_AT = 0.7
_CALM_AT = 0.5


class SpoolFullError(EnmsError):
    """The spool has reached its limit, or the disk is full."""


@dataclass(slots=True)
class _Segment:
    path: Path
    size: int
    records: int = 0
    committed: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Place:
    """Where messages lie in the spool: records of a segment."""

    segment: _Segment
    records: range


class Spool:
    """A folder of segments; one process at a time.

    Args:
        folder: created when missing.
        limit: bytes.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._closed: deque[_Segment] = deque()
        self._open: _Segment | None = None
        self._file = -1
        self._number = 0
        self._lock = -1
        self._warned = False

    def __enter__(self) -> Self:
        """Take the folder and find what is there.

        Raises:
            EnvironmentProblem: no permission, or another process has it.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            os.close(self._lock)
            raise EnvironmentProblem(
                f"another ingest process uses {self._folder}: give each its own ENMS_MQTT_CLIENT_ID"
            ) from problem
        except OSError as problem:
            raise EnvironmentProblem(f"no spool in {self._folder}: {problem.strerror}") from problem
        for path in sorted(self._folder.glob("*.spool")):
            self._number = max(self._number, int(path.stem))
            self._closed.append(_Segment(path, path.stat().st_size))
        if self._closed:
            log.info("the spool holds messages from before", octets=self.size, segments=len(self._closed))
        return self

    def __exit__(self, *_: object) -> None:
        self._rotate()
        os.close(self._lock)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(segment.size for segment in self._closed) + (self._open.size if self._open else 0)

    @property
    def level(self) -> float:
        """Share of the limit that is used."""
        return self.size / self._limit

    @property
    def empty(self) -> bool:
        """Whether nothing waits to be replayed."""
        return not self._closed and self._open is None

    async def append(self, arrivals: Sequence[Arrival]) -> Place:
        """Put messages on the disk; when this returns they survive a crash of the machine.

        Raises:
            SpoolFullError: nothing of it was taken.
        """
        body = b"".join(_encoded(arrival) for arrival in arrivals)
        if self.size + len(body) > self._limit:
            raise SpoolFullError(f"the spool is full ({self._limit} bytes)")
        segment = await asyncio.to_thread(self._append, body)
        place = Place(segment, range(segment.records, segment.records + len(arrivals)))
        segment.records += len(arrivals)
        if self.level > _WARN_AT and not self._warned:
            self._warned = True
            log.warning("the spool is filling", used=f"{self.level:.0%}", limit=self._limit)
        if segment.size >= _SEGMENT_BYTES:
            self._rotate()
        return place

    def committed(self, place: Place) -> None:
        """These messages reached the database after all: they need not be replayed."""
        place.segment.committed.update(place.records)

    def _append(self, body: bytes) -> _Segment:
        try:
            if self._open is None:
                self._start()
            assert self._open is not None
            view = memoryview(body)
            while view:
                view = view[os.write(self._file, view) :]
            os.fdatasync(self._file)
            self._open.size += len(body)
            return self._open  # noqa: TRY300 - the whole of it is what may fail
        except OSError as problem:
            if self._open is not None:
                # half a record before good ones would hide them
                os.ftruncate(self._file, self._open.size)
                os.lseek(self._file, self._open.size, os.SEEK_SET)
            raise SpoolFullError(f"cannot write to the spool: {problem.strerror}") from problem

    def _start(self) -> None:
        self._number += 1
        path = self._folder / f"{self._number:012d}.spool"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._open = _Segment(path, 0)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)  # the file's name must survive, too
        finally:
            os.close(folder)

    def _rotate(self) -> None:
        if self._open is not None:
            os.close(self._file)
            self._closed.append(self._open)
            self._open = None

    def oldest(self) -> list[Arrival]:
        """What is to be replayed of the oldest segment, which stays until `forget_oldest`.

        Not while an append is under way.
        """
        if not self._closed:
            self._rotate()
        if not self._closed:
            return []
        segment = self._closed[0]
        return [arrival for n, arrival in enumerate(_read(segment.path)) if n not in segment.committed]

    def forget_oldest(self) -> None:
        """The oldest segment's messages are committed."""
        self._closed.popleft().path.unlink()
        if self.level < _CALM_AT:
            self._warned = False


def _encoded(arrival: Arrival) -> bytes:
    topic = arrival.topic.encode("utf-8", "surrogatepass")
    body = _BODY.pack(arrival.received_at, len(topic)) + topic + arrival.payload
    return _RECORD.pack(len(body), zlib.crc32(body)) + body


def _read(path: Path) -> list[Arrival]:
    data = path.read_bytes()
    arrivals: list[Arrival] = []
    at = 0
    while at + _RECORD.size <= len(data):
        length, crc = _RECORD.unpack_from(data, at)
        body = data[at + _RECORD.size : at + _RECORD.size + length]
        if len(body) < length or length < _BODY.size or zlib.crc32(body) != crc:
            break
        received_at, topic_length = _BODY.unpack_from(body)
        begin = _BODY.size + topic_length
        topic = body[_BODY.size : begin].decode("utf-8", "surrogatepass")
        arrivals.append(Arrival(topic, body[begin:], received_at))
        at += _RECORD.size + length
    if at < len(data):
        log.warning("a spool segment ends in a torn record", file=path.name, octets=len(data) - at)
    return arrivals
