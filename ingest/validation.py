"""What one message shows by itself: known points, plausible times, a sound span.

Everything that needs a reading's neighbours (a drop, a spike, out of range, frozen) is the ledger's to find: it must
not depend on the order of arrival.
"""

from __future__ import annotations

from enms.metering import OLDEST
from enms.readings import Origin
from ingest.batch import Gatherer
from ingest.messages import Columns
from ingest.refusals import Reason, Refusal
from ingest.registry import Site, Special
from ingest.times import SECOND, instant, micros

# LEDGER: further ahead of the receiver's clock is a wrong clock, not a late network.
FUTURE_S = 300
OLDEST_US = micros(OLDEST)
# An interval reading over more than a year is a wrong start.
_LONGEST_SPAN = 366 * 86_400 * SECOND


def judge(
    columns: Columns, site: Site, *, source: int, origin: Origin, received_at: int, into: Gatherer
) -> list[tuple[int, Refusal]]:
    """Take the readings that can be taken; say which of the others has what wrong with it.

    Args:
        columns: one message's well-formed readings.
        site: the enterprise of the message's topic.
        source: number of the message, for `Gatherer`.
        origin: of all of them.
        received_at: microseconds since 1970.
        into: where accepted readings go.
    """
    times = columns.times
    if not times:
        return []
    if columns.starts is None and max(times) <= received_at + FUTURE_S * SECOND and min(times) >= OLDEST_US:
        plain = site.plain
        try:
            numbers = [plain[code] for code in columns.points]
        except KeyError:
            pass  # somebody in there needs a closer look
        else:
            into.add(
                site.e, source, origin, received_at, numbers, times, columns.values, columns.qualities, columns.starts
            )
            return []
    return _judge_each(columns, site, source, origin, received_at, into)


def _judge_each(
    columns: Columns, site: Site, source: int, origin: Origin, received_at: int, into: Gatherer
) -> list[tuple[int, Refusal]]:
    refusals: list[tuple[int, Refusal]] = []
    kept: list[int] = []
    numbers: list[int] = []
    starts: list[int | None] = []
    for index, code in enumerate(columns.points):
        start = columns.starts[index] if columns.starts is not None else None
        judged = _judge_one(code, columns.times[index], start, site, received_at)
        if isinstance(judged, Special):
            kept.append(index)
            numbers.append(judged.p)
            starts.append(start if judged.interval else None)
        else:
            reason, detail = judged
            refusals.append((index, Refusal(reason, columns.place(index), detail)))
    if kept:
        qualities = columns.qualities
        into.add(
            site.e,
            source,
            origin,
            received_at,
            numbers,
            [columns.times[index] for index in kept],
            [columns.values[index] for index in kept],
            [qualities[index] for index in kept] if qualities is not None else None,
            starts if any(start is not None for start in starts) else None,
        )
    return refusals


def _judge_one(  # noqa: PLR0911 - one return a way of being wrong
    code: str, time: int, start: int | None, site: Site, received_at: int
) -> Special | tuple[Reason, str]:
    """The point, or why the reading cannot be taken."""
    point = site.special.get(code)
    if point is None:
        number = site.plain.get(code)
        if number is None:
            return Reason.UNKNOWN_POINT, f"enterprise {site.code} has no point {code[:200]!r}"
        point = Special(number)
    if point.virtual:
        return Reason.VIRTUAL_POINT, f"{code} is computed from other points, nothing can be written to it"
    if time > received_at + FUTURE_S * SECOND:
        ahead = (time - received_at) // SECOND
        return Reason.FUTURE, f"{code} at {_shown(time)} is {ahead} s ahead of the receiver"
    if time < OLDEST_US:
        return Reason.UNSET_CLOCK, f"{code} at {_shown(time)}: a clock that is not set, or seconds sent as milliseconds"
    if time < point.sealed_before:
        return Reason.SEALED, f"{code} at {_shown(time)}: the period before {_shown(point.sealed_before)} is sealed"
    if time >= point.retired_from:
        return Reason.RETIRED_POINT, f"{code} at {_shown(time)}: retired since {_shown(point.retired_from)}"
    if start is not None and point.interval and not time - _LONGEST_SPAN <= start < time:
        return Reason.BAD_SPAN, f"{code} from {_shown(start)} to {_shown(time)} is no span of up to a year"
    return point


def _shown(time: int) -> str:
    return instant(time).isoformat().replace("+00:00", "Z")
