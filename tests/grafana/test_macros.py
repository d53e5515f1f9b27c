"""Grafana's macros, line by line of the plug-in's table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from grafana.macros import MacroError, Scope, expand, interval_ms, interval_text

START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SCOPE = Scope(
    START,
    START + timedelta(hours=1),
    {"v": "O'Neil", "list": ["a", "b'c"], "none": [], "one": ["x"]},
)


@pytest.mark.parametrize(
    ("query", "sql"),
    [
        ("SELECT $__time(ts)", 'SELECT ts AS "time"'),
        ("$__timeFilter(ts)", "ts BETWEEN '2026-11-22T03:00:00Z' AND '2026-11-22T04:00:00Z'"),
        ("$__timeFrom()::timestamptz", "'2026-11-22T03:00:00Z'::timestamptz"),
        ("$__timeTo()", "'2026-11-22T04:00:00Z'"),
        ("$__timeGroup(ts, 5m)", "floor(extract(epoch from ts)/300)*300"),
        ("$__timeGroup(ts, '5m', NULL)", "floor(extract(epoch from ts)/300)*300"),
        ("$__timeGroupAlias(ts,1h)", 'floor(extract(epoch from ts)/3600)*3600 AS "time"'),
        ("$__unixEpochFilter(x)", "x >= 1795316400 AND x <= 1795320000"),
        ("x > interval '$__interval'", "x > interval '5s'"),
        ("$__interval_ms", "5000"),
        ("SELECT '$v'", "SELECT 'O''Neil'"),
        ("${v:sqlstring}", "'O''Neil'"),
        ("IN ($list)", "IN ('a','b''c')"),
        ("IN (${list:sqlstring})", "IN ('a','b''c')"),
        ("= ANY (ARRAY[${none:sqlstring}]::text[])", "= ANY (ARRAY[]::text[])"),
        ("${one:sqlstring}", "'x'"),
        ("SELECT 1 -- $__nothing(x)", "SELECT 1 "),
        ("SELECT /* $__nothing(x) */ 1", "SELECT  1"),
        # a macro ends at the first bracket: what is left of a nested call stays behind
        ("$__timeFilter(f(x))", "f(x BETWEEN '2026-11-22T03:00:00Z' AND '2026-11-22T04:00:00Z')"),
    ],
)
def test_a_macro_becomes(query: str, sql: str) -> None:
    assert expand(query, SCOPE) == sql


def test_groups_use_time_bucket_where_the_source_says_timescale() -> None:
    scope = Scope(SCOPE.start, SCOPE.end, timescaledb=True)
    assert expand("$__timeGroup(ts,5m)", scope) == "time_bucket('300.000s',ts)"


def test_instants_are_utc_with_the_fraction_trimmed() -> None:
    china = timezone(timedelta(hours=8))
    scope = Scope(datetime(2026, 11, 22, 11, 0, 0, 120_000, china), SCOPE.end)
    assert expand("$__timeFrom()", scope) == "'2026-11-22T03:00:00.12Z'"


@pytest.mark.parametrize(
    "query",
    ["$__nothing(x)", "$unknown", "${v:raw}", "${v:csv}", "$__time()", "$__timeGroup(ts)", "$__timeGroup(ts,x)"],
)
def test_what_grafana_or_we_refuse(query: str) -> None:
    with pytest.raises(MacroError):
        expand(query, SCOPE)


@pytest.mark.parametrize(
    ("span", "points", "step"),
    [
        (timedelta(hours=1), 1000, 5_000),
        (timedelta(minutes=5), 1000, 1_000),
        (timedelta(days=7), 1000, 600_000),
        (timedelta(days=30), 600, 3_600_000),
        (timedelta(days=365), 900, 43_200_000),
    ],
)
def test_intervals_are_nice_and_not_under_the_sources(span: timedelta, points: int, step: int) -> None:
    assert interval_ms(Scope(START, START + span, max_data_points=points)) == step


def test_interval_text_is_the_largest_whole_unit() -> None:
    assert [interval_text(ms) for ms in (500, 1_000, 90_000, 300_000, 43_200_000, 604_800_000)] == [
        "500ms",
        "1s",
        "90s",
        "5m",
        "12h",
        "1w",
    ]
