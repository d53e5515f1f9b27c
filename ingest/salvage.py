"""Takes a message apart that is not sound, so that its good readings survive.

Slow and careful, for what the typed decode in `ingest.messages` refused as a whole. NaN and Infinity are not JSON,
but gateways written in Python or JavaScript send them: they cost their own reading, not the message.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

from ingest.messages import NO_COLUMNS, QUALITIES, Columns
from ingest.refusals import Reason, Refusal
from ingest.times import TimeError, parse_time

Salvaged = tuple[int | None, Columns, tuple[Refusal, ...]]
_MOST_DIGITS = 400  # beyond any double, and int() takes quadratic time


class _Bad(Exception):  # noqa: N818 - carries a refusal from deep inside one reading to its row
    def __init__(self, reason: Reason, key: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.key = key


def salvage(payload: bytes) -> Salvaged:
    """The sequence number, the good readings and what is wrong with the others."""
    try:
        body = json.loads(payload.decode("utf-8"), parse_int=_integer)
    except UnicodeDecodeError as problem:
        return _nothing(Reason.BROKEN_JSON, f"not UTF-8: {problem.reason} at byte {problem.start}")
    except RecursionError:
        return _nothing(Reason.BROKEN_JSON, "nested too deeply")
    except ValueError as problem:
        return _nothing(Reason.BROKEN_JSON, str(problem))
    if not isinstance(body, dict):
        return _nothing(Reason.WRONG_SHAPE, f"an object is expected, not {_kind(body)}")
    refusals: list[Refusal] = []
    seq = body.get("seq")
    if seq is not None and (not isinstance(seq, int) or isinstance(seq, bool)):
        refusals.append(Refusal(Reason.WRONG_TYPE, "seq", f"an integer is expected, not {_kind(seq)}"))
        seq = None
    return seq, _gather(body, refusals), tuple(refusals)


def _nothing(reason: Reason, detail: str) -> Salvaged:
    return None, NO_COLUMNS, (Refusal(reason, "", detail),)


def _gather(body: dict[str, object], refusals: list[Refusal]) -> Columns:
    columns = Columns([], [], [], [], [], [])
    if "readings" not in body and "values" not in body:
        refusals.append(Refusal(Reason.WRONG_SHAPE, "", 'neither "readings" nor "values"'))
    for place, row in _rows(body, refusals):
        try:
            point, time, value, quality, start = _reading(row)
        except _Bad as bad:
            # a row of the short form is its value; its time stands in the message
            where = place if place.startswith("values.") or not bad.key else f"{place}.{bad.key}"
            refusals.append(Refusal(bad.reason, where, str(bad)))
            continue
        columns.points.append(point)
        columns.times.append(time)
        columns.values.append(value)
        for column, entry in ((columns.qualities, quality), (columns.starts, start), (columns.places, place)):
            assert column is not None
            column.append(entry)  # type: ignore[arg-type]  # three columns, three types
    return columns


def _rows(body: dict[str, object], refusals: list[Refusal]) -> Iterator[tuple[str, object]]:
    rows = body.get("readings", [])
    if isinstance(rows, list):
        yield from ((f"readings[{index}]", row) for index, row in enumerate(rows))
    else:
        refusals.append(Refusal(Reason.WRONG_SHAPE, "readings", f"a list is expected, not {_kind(rows)}"))
    values = body.get("values", {})
    if not isinstance(values, dict):
        refusals.append(Refusal(Reason.WRONG_SHAPE, "values", f"an object is expected, not {_kind(values)}"))
        return
    if not values:
        return
    try:
        _time(body, "t")
    except _Bad as bad:  # one mistake, not one a value
        refusals.append(Refusal(bad.reason, "t", str(bad)))
        return
    for point, value in values.items():
        yield f"values.{point}", {"point": point, "t": body["t"], "value": value}


def _reading(row: object) -> tuple[str, int, float, int, int | None]:
    if not isinstance(row, dict):
        raise _Bad(Reason.WRONG_SHAPE, "", f"an object is expected, not {_kind(row)}")
    point = row.get("point")
    if not isinstance(point, str):
        what = f"not {_kind(point)}" if "point" in row else "it is missing"
        raise _Bad(Reason.WRONG_TYPE, "point", f"a point's code is expected, {what}")
    time = _time(row, "t")
    start = None if row.get("start") is None else _time(row, "start")
    quality = row.get("quality")
    if quality is not None and (not isinstance(quality, str) or quality not in QUALITIES):
        raise _Bad(Reason.WRONG_TYPE, "quality", f"good, suspect or bad is expected, not {_shown(quality)}")
    return point, time, _value(row), QUALITIES[quality], start


def _time(row: dict[str, object], key: str) -> int:
    time = row.get(key)
    if time is None:
        raise _Bad(Reason.MISSING_TIME, key, "no time")
    if isinstance(time, bool) or not isinstance(time, str | int | float):
        raise _Bad(Reason.WRONG_TYPE, key, f"a time is expected, not {_kind(time)}")
    try:
        return parse_time(time)
    except TimeError as problem:
        raise _Bad(problem.reason, key, str(problem)) from None


def _value(row: dict[str, object]) -> float:
    value = row.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float):
        what = f"not {_shown(value)}" if "value" in row else "it is missing"
        raise _Bad(Reason.WRONG_TYPE, "value", f"a number is expected, {what}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _Bad(Reason.NOT_FINITE, "value", f"{number} is not a number a meter can show")
    return number


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MOST_DIGITS else math.inf


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    names = {dict: "an object", list: "a list", str: "a string", int: "a number", float: "a number"}
    return names[type(value)]


def _shown(value: object) -> str:
    return f"{_kind(value)} ({str(value)[:40]!r})" if isinstance(value, str | int | float) else _kind(value)
