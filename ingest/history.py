"""A file of history as readings, row by row: bad rows are told with their line, the others stand."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from enms.errors import MappingError, Mistake
from enms.metering import ReadingType
from enms.yaml_lines import Location
from ingest.mapping import MappingFile
from ingest.stamps import Stamps

_EMPTY = ("", "null", "NULL", "NaN", "nan", "-", "--")


@dataclass(frozen=True, slots=True)
class Past:
    """One reading of a file; `start` for an interval reading."""

    point: str
    t: datetime
    value: float
    start: datetime | None = None


class History:
    """A CSV file under a mapping.

    Args:
        file: with a header line; UTF-8, with or without a byte-order mark.
        mapping: what its columns are.
        kinds: reading type of every point the mapping may name.

    Attributes:
        rows: read so far.
        empty: values that were not there.
        bad: what could not be read, by line.
        moved: midnight rows that were read as the end of the day they are dated.
    """

    def __init__(self, file: Path, mapping: MappingFile, kinds: Mapping[str, ReadingType]) -> None:
        """Look at the header line.

        Raises:
            MappingError: the file cannot be read, or columns and points that do not exist: all at once.
        """
        self._file = file
        self._mapping = mapping.mapping
        header = _header(file)
        found: list[tuple[Location, str]] = []
        wanted: list[tuple[Location, str]] = [(("time", "column"), self._mapping.time.column)]
        wanted += [(("columns", n, "column"), column.column) for n, column in enumerate(self._mapping.columns)]
        for at, name in wanted:
            if name not in header:
                found.append((at, f"{file.name} has no column {name!r}; it has {', '.join(header)}"))
        for n, column in enumerate(self._mapping.columns):
            kind = kinds.get(column.point)
            if kind is None:
                found.append((("columns", n, "point"), f"{self._mapping.enterprise} has no point {column.point!r}"))
            elif kind is ReadingType.VIRTUAL:
                found.append((("columns", n, "point"), f"{column.point} is virtual: nothing can be written to it"))
        if found:
            raise mapping.error(found)
        self._time = header.index(self._mapping.time.column)
        self._values = [(header.index(c.column), c, kinds[c.point]) for c in self._mapping.columns]
        self._width = len(header)
        self.rows = self.empty = self.moved = 0
        self.bad: list[Mistake] = []

    @property
    def octets(self) -> int:
        """Size of the file."""
        return self._file.stat().st_size

    def readings(self) -> Iterator[Past]:
        """All readings of the file, in its order."""
        stamps = Stamps(self._mapping.time)
        period = timedelta(seconds=self._mapping.time.period_s or 0)
        for line, row in self._lines():
            if len(row) != self._width:
                self.bad.append(Mistake("", f"{len(row)} fields, the header has {self._width}", line))
                continue
            try:
                stamp = stamps.read(row[self._time])
            except (ValueError, OverflowError) as problem:
                self.bad.append(Mistake(self._mapping.time.column, str(problem), line))
                continue
            self.moved = stamps.moved
            begin = stamp - period if self._mapping.time.stamps == "interval_end" else stamp
            yield from self._row(row, line, begin, begin + period)

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """Rows that hold something, with their line; what is no row (an open quote) is bad, the next ones stand."""
        with self._file.open(encoding="utf-8-sig", newline="", errors="replace") as lines:
            reader = csv.reader(lines)
            next(reader)
            while True:
                try:
                    row = next(reader)
                except StopIteration:
                    return
                except csv.Error as problem:
                    self.rows += 1
                    self.bad.append(Mistake("", str(problem), reader.line_num))
                    continue
                if any(row):
                    self.rows += 1
                    yield reader.line_num, row

    def _row(self, row: Sequence[str], line: int, begin: datetime, end: datetime) -> Iterator[Past]:
        for index, column, kind in self._values:
            text = row[index].strip()
            if text in _EMPTY:
                self.empty += 1
                continue
            try:
                value = float(text) * column.scale
            except ValueError:
                value = math.nan
            if not math.isfinite(value):
                self.bad.append(Mistake(column.column, f"{text!r} is not a number", line))
                continue
            if kind is ReadingType.INTERVAL and begin < end:
                yield Past(column.point, end, value, begin)
            elif kind is ReadingType.GAUGE:
                yield Past(column.point, begin, value)  # a gauge holds from its instant on
            else:
                yield Past(column.point, end if self._mapping.time.stamps == "interval_end" else begin, value)


def _header(file: Path) -> list[str]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            header = next(csv.reader(lines), None)
    except UnicodeDecodeError as problem:
        raise MappingError(str(file), [Mistake("", "not UTF-8: save it as CSV UTF-8", 1)]) from problem
    except OSError as problem:
        raise MappingError(str(file), [Mistake("", f"cannot be read: {problem.strerror}")]) from problem
    except csv.Error as problem:
        raise MappingError(str(file), [Mistake("", str(problem), 1)]) from problem
    if not header:
        raise MappingError(str(file), [Mistake("", "is empty: a header line is wanted", 1)])
    return [name.strip() for name in header]
