"""Readings on their way into one transaction, gathered as columns."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from db.readings import NO_START, Readings
from enms.readings import Origin

_NO_STARTS = array("q", [NO_START])


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a transaction brings in.

    Attributes:
        readings: accepted ones, in order of arrival.
        source: for each reading the number of its message, as given to `Gatherer.add`.
    """

    readings: Readings
    source: npt.NDArray[np.int32]


class Gatherer:
    """Collects accepted readings; a message's worth at a time."""

    def __init__(self) -> None:
        self._p = array("i")
        self._ts = array("q")
        self._start = array("q")
        self._value = array("d")
        self._quality = array("h")
        self._e: list[int] = []
        self._origin: list[int] = []
        self._received: list[int] = []
        self._source: list[int] = []
        self._length: list[int] = []

    def __len__(self) -> int:
        return len(self._p)

    def add(
        self,
        e: int,
        source: int,
        origin: Origin,
        received_at: int,
        points: list[int],
        times: list[int],
        values: list[float],
        qualities: list[int] | None,
        starts: list[int | None] | None,
    ) -> None:
        """Take the readings of one message; columns as in `ingest.messages.Columns`, points by number."""
        length = len(points)
        self._p.extend(points)
        self._ts.extend(times)
        self._value.extend(values)
        if qualities is None:
            self._quality.frombytes(bytes(2 * length))
        else:
            self._quality.extend(qualities)
        if starts is None:
            self._start.extend(_NO_STARTS * length)
        else:
            self._start.extend(NO_START if start is None else start for start in starts)
        self._e.append(e)
        self._origin.append(origin)
        self._received.append(received_at)
        self._source.append(source)
        self._length.append(length)

    def gathered(self) -> Gathered:
        """Everything so far."""
        lengths = np.array(self._length, np.int64)
        readings = Readings(
            e=np.repeat(np.array(self._e, np.int32), lengths),
            p=np.array(self._p, np.int32),
            ts=np.array(self._ts, np.int64),
            start=np.array(self._start, np.int64),
            value=np.array(self._value, np.float64),
            quality=np.array(self._quality, np.int16),
            origin=np.repeat(np.array(self._origin, np.int16), lengths),
            received_at=np.repeat(np.array(self._received, np.int64), lengths),
        )
        return Gathered(readings, np.repeat(np.array(self._source, np.int32), lengths))
