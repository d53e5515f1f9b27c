"""What Grafana's PostgreSQL data source makes of a query before it is sent, so that tests run what Grafana runs.

Rules taken from the plug-in (`grafana-postgresql-datasource`): variables are put in first, comments are stripped,
then macros; a macro ends at the first closing bracket, so calls do not nest; an unknown macro is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

Value = str | Sequence[str]

_MACRO = re.compile(r"\$([_a-zA-Z0-9]+)\(([^\)]*)\)")
_VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}|\$(\w+)\b(?!\()")
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_SPAN = re.compile(r"^(\d+(?:\.\d+)?)(ms|s|m|h|d|w|M|y)$")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "M": 2_592_000, "y": 31_536_000}
# (below this many ms, this step in ms): the nice steps an interval is rounded to.
_STEPS = (
    (15, 10),
    (35, 20),
    (75, 50),
    (150, 100),
    (350, 200),
    (750, 500),
    (1_500, 1_000),
    (3_500, 2_000),
    (7_500, 5_000),
    (12_500, 10_000),
    (17_500, 15_000),
    (25_000, 20_000),
    (45_000, 30_000),
    (90_000, 60_000),
    (210_000, 120_000),
    (450_000, 300_000),
    (750_000, 600_000),
    (1_050_000, 900_000),
    (1_500_000, 1_200_000),
    (2_700_000, 1_800_000),
    (5_400_000, 3_600_000),
    (9_000_000, 7_200_000),
    (16_200_000, 10_800_000),
    (32_400_000, 21_600_000),
    (86_400_000, 43_200_000),
    (604_800_000, 86_400_000),
    (1_814_400_000, 604_800_000),
    (3_628_800_000, 2_592_000_000),
)
_LONGEST_STEP = 31_536_000_000


class MacroError(ValueError):
    """A query that Grafana would refuse, or that we do not allow."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a query is expanded in.

    Attributes:
        start, end: the dashboard's time range.
        variables: by name; a sequence where several values may be chosen.
        max_data_points: width of the panel in points.
        time_interval: the data source's `timeInterval`; no interval is shorter.
        timescaledb: the data source's `timescaledb` switch.
    """

    start: datetime
    end: datetime
    variables: Mapping[str, Value] = field(default_factory=dict)
    max_data_points: int = 1000
    time_interval: timedelta = timedelta(seconds=1)
    timescaledb: bool = False


def expand(query: str, scope: Scope) -> str:
    """The SQL that reaches the database.

    Raises:
        MacroError: an unknown macro or variable, a wrong number of arguments, or a forbidden format.
    """
    filled = _VARIABLE.sub(lambda match: _variable(match, scope), query)
    return _MACRO.sub(lambda match: _macro(match, scope), _COMMENT.sub("", filled))


def interval_ms(scope: Scope) -> int:
    """`$__interval` in milliseconds: range over points, rounded to a nice step, not under the data source's."""
    span = (scope.end - scope.start).total_seconds() * 1000
    wanted = max(span / scope.max_data_points, 1)
    step = next((step for below, step in _STEPS if wanted < below), _LONGEST_STEP)
    return max(step, round(scope.time_interval.total_seconds() * 1000))


def interval_text(milliseconds: int) -> str:
    """`$__interval` as it is written into a query: the largest whole unit."""
    for symbol in ("y", "w", "d", "h", "m", "s"):
        size = round(_SECONDS[symbol] * 1000)
        if milliseconds >= size and milliseconds % size == 0:
            return f"{milliseconds // size}{symbol}"
    return f"{milliseconds}ms"


def _variable(match: re.Match[str], scope: Scope) -> str:
    name, form = match.group(1) or match.group(3), match.group(2)
    if name == "__interval":
        return interval_text(interval_ms(scope))
    if name == "__interval_ms":
        return str(interval_ms(scope))
    if name not in scope.variables:
        raise MacroError(f"unknown variable ${name}")
    value = scope.variables[name]
    if form is None:
        return value.replace("'", "''") if isinstance(value, str) else _quoted(value)
    if form != "sqlstring":
        raise MacroError(f"${{{name}:{form}}}: only sqlstring quotes what a viewer chose")
    return _quoted([value] if isinstance(value, str) else value)


def _quoted(values: Sequence[str]) -> str:
    return ",".join("'" + value.replace("'", "''") + "'" for value in values)


def _macro(match: re.Match[str], scope: Scope) -> str:
    name, given = match.group(1), [argument.strip() for argument in match.group(2).split(",")]
    start, end = _instant(scope.start), _instant(scope.end)
    match name, given:
        case ("__time", [column]) if column:
            text = f'{column} AS "time"'
        case ("__timeFilter", [column]) if column:
            text = f"{column} BETWEEN '{start}' AND '{end}'"
        case ("__timeFrom", _):
            text = f"'{start}'"
        case ("__timeTo", _):
            text = f"'{end}'"
        case ("__timeGroup", [column, span, *_]):
            text = _group(column, span, scope)
        case ("__timeGroupAlias", [column, span, *_]):
            text = f'{_group(column, span, scope)} AS "time"'
        case ("__unixEpochFilter", [column]) if column:
            text = f"{column} >= {int(scope.start.timestamp())} AND {column} <= {int(scope.end.timestamp())}"
        case (("__time" | "__timeFilter" | "__timeGroup" | "__timeGroupAlias" | "__unixEpochFilter"), _):
            raise MacroError(f"${name} with {match.group(2)!r}")
        case _:
            raise MacroError(f"unknown macro ${name}")
    return text


def _group(column: str, span: str, scope: Scope) -> str:
    parsed = _SPAN.match(span.strip("'"))
    if parsed is None:
        raise MacroError(f"{span!r} is no interval")
    seconds = float(parsed.group(1)) * _SECONDS[parsed.group(2)]
    if scope.timescaledb:
        return f"time_bucket('{seconds:.3f}s',{column})"
    return f"floor(extract(epoch from {column})/{seconds:g})*{seconds:g}"


def _instant(at: datetime) -> str:
    """RFC 3339 in UTC, trailing zeros of the fraction left out."""
    text = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
    return f"{text}Z"
