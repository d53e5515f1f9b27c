"""Local times of a file as instants: formats, 24:00, midnight rows, and the hour that comes twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ingest.mapping import TimeColumn

_DAY = timedelta(days=1)


class Stamps:
    """Turns the time column's texts into UTC instants, in the order of the file.

    Args:
        column: what the mapping says.

    Attributes:
        moved: how many midnight rows were read as the end of the day they are dated.
    """

    def __init__(self, column: TimeColumn) -> None:
        self._zone = ZoneInfo(column.timezone)
        self._parse = _parser(column.format)
        self._midnight = column.midnight if column.stamps == "interval_end" else "next_day"
        self._period = timedelta(seconds=column.period_s or 0)
        self._before: datetime | None = None
        self._local: datetime | None = None
        self.moved = 0

    def read(self, text: str) -> datetime:
        """The instant of one row.

        Raises:
            ValueError: it is no time of the format, or the clocks skipped it.
        """
        stamp, days = self._parse(text.strip())
        if stamp.tzinfo is None:
            stamp = self._placed(stamp) if not days else stamp + timedelta(days=days)
        found = self._known(stamp)
        self._before = found
        return found

    def _placed(self, local: datetime) -> datetime:
        """A local time on the day it belongs to."""
        before, self._local = self._local, local
        if local.time() != datetime.min.time() or self._midnight == "next_day":
            return local
        # The row before lies one period before the midnight to come, and carries the same date.
        ends_its_day = before is not None and before == local + _DAY - self._period and before.date() == local.date()
        if self._midnight == "same_day" or ends_its_day:
            self.moved += 1
            return local + _DAY
        return local

    def _known(self, stamp: datetime) -> datetime:
        if stamp.tzinfo is not None:
            return stamp.astimezone(UTC)
        first = stamp.replace(tzinfo=self._zone).astimezone(UTC)
        second = stamp.replace(tzinfo=self._zone, fold=1).astimezone(UTC)
        if first.astimezone(self._zone).replace(tzinfo=None) != stamp:
            raise ValueError(f"{stamp:%Y-%m-%d %H:%M} does not exist in {self._zone}: the clocks skipped it")
        # The hour before the clocks go back comes twice; the second time is the one after what was read before.
        if second != first and self._before is not None and self._before >= first:
            return second
        return first


def _parser(form: str) -> Callable[[str], tuple[datetime, int]]:
    """Text to (time, days to add)."""
    if form == "iso":
        return lambda text: (datetime.fromisoformat(text), 0)
    if form in ("epoch_s", "epoch_ms"):
        unit = timedelta(seconds=1) if form == "epoch_s" else timedelta(milliseconds=1)
        return lambda text: (datetime(1970, 1, 1, tzinfo=UTC) + float(text) * unit, 0)

    def parse(text: str) -> tuple[datetime, int]:
        try:
            return datetime.strptime(text, form), 0  # noqa: DTZ007 - the zone is the mapping's
        except ValueError:
            if "24:00" not in text:
                raise
            # ISO 8601:2004, and most Chinese systems, write the end of a day like this
            return datetime.strptime(text.replace("24:00", "00:00"), form), 1  # noqa: DTZ007 - the mapping's, too

    return parse
