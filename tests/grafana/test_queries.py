"""Every query of every panel, variable and annotation, as Grafana would send it, on a database with simulated data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from grafana.build import FOLDER
from grafana.look import PLAIN
from grafana.macros import Scope, expand
from tests.grafana.conftest import Screens
from tests.grafana.seed import CHINA

Json = dict[str, Any]
BOARDS = {path.stem: path for path in sorted(FOLDER.rglob("*.json"))}
INDUSTRY = {"enms-wall-rare-earth": "demo-rare-earth", "enms-wall-power": "demo-power"}


def _targets() -> Iterator[tuple[str, str, str, Json, Json]]:
    for path in sorted(FOLDER.rglob("*.json")):
        board = json.loads(path.read_text("utf-8"))
        span = board["time"]["from"]
        for panel in board["panels"]:
            for target in panel["targets"]:
                yield path.stem, f"{panel['title']}/{target['refId']}", span, target, panel
        for annotation in board["annotations"]["list"]:
            yield path.stem, annotation["name"], span, annotation["target"], {}
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                yield path.stem, f"${variable['name']}", span, variable["query"], {}


CASES = list(_targets())


def scope(board: str, span: str, now: datetime) -> Scope:
    """The time range and the choices a dashboard opens with."""
    back = {"now-1h": 1, "now-24h": 24, "now-7d": 168, "now-30d": 720}[span]
    return Scope(
        now - timedelta(hours=back),
        now,
        {
            "enterprise": INDUSTRY.get(board, "demo-steel"),
            "enterprises": ["demo-steel", "demo-rare-earth", "demo-power"],
            "enpi": "bf1.process_energy",
            "motor": "sinter.fan1",
            "point": "coking.elec.active_energy",
        },
    )


@pytest.mark.parametrize(("board", "name", "span", "target", "panel"), CASES, ids=[f"{c[0]}:{c[1]}" for c in CASES])
async def test_a_query_answers(
    screens: Screens, district: asyncpg.Connection, board: str, name: str, span: str, target: Json, panel: Json
) -> None:
    rows = await district.fetch(expand(target["rawSql"], scope(board, span, screens.seeded.now)))
    assert rows, "simulated data has something to show everywhere"
    columns = {key: [row[key] for row in rows] for key in dict(rows[0])}
    for key, values in columns.items():
        kinds = {type(v) for v in values if v is not None}
        # a numeric or bigint would reach Grafana as text, an interval not at all
        assert kinds <= {str, int, float, datetime}, (key, kinds)
    if name.startswith("$"):
        assert list(columns) == ["__value", "__text"]
        assert None not in columns["__value"]
    elif target["refId"] == "Anno":
        assert list(columns) == ["time", "timeend", "text", "tags"]
        assert all(row["timeend"] >= row["time"] for row in rows)
    elif target["format"] == "time_series":
        _check_series(columns)
    elif panel["type"] in {"stat", "bargauge"} and target["refId"] != "U":
        _check_figures(panel, columns, of_month=_first_hours(screens.seeded.now) and "本月" in panel["title"])
    elif panel["type"] == "table":
        _check_table(panel, columns)


def _check_series(columns: dict[str, list[Any]]) -> None:
    times = columns.pop("time")
    assert None not in times
    assert times == sorted(times)
    assert all(isinstance(t, datetime) and t.tzinfo is not None for t in times)
    labels = [key for key, values in columns.items() if any(isinstance(v, str) for v in values)]
    assert labels in ([], ["metric"])
    figures = [key for key in columns if key not in labels]
    # with exactly time, metric and value, Grafana names the series by the metric alone
    assert not labels or figures == ["value"]
    assert any(isinstance(v, (int, float)) for key in figures for v in columns[key])


def _first_hours(now: datetime) -> bool:
    """Of a month, in which a month to date may hold nothing yet that is closed."""
    local = now.astimezone(CHINA)
    return local.day == 1 and local.hour < 12


def _check_figures(panel: Json, columns: dict[str, list[Any]], *, of_month: bool) -> None:
    transformations = {t["id"] for t in panel.get("transformations", [])}
    if "rowsToFields" in transformations:
        assert list(columns) == ["name", "value"]
        assert all(isinstance(n, str) and n for n in columns["name"])
        assert any(v is not None for v in columns["value"]), "simulated data is complete here"
    elif list(columns) == ["alarm"]:
        assert len(columns["alarm"]) <= 5
    else:
        figures = {k: v for k, v in columns.items() if k != "name"}
        assert all(isinstance(v, (int, float)) for values in figures.values() for v in values if v is not None)
        assert of_month or any(v is not None for values in figures.values() for v in values)


def _check_table(panel: Json, columns: dict[str, list[Any]]) -> None:
    named = [o for o in panel["fieldConfig"]["overrides"] if o["matcher"]["id"] == "byName"]
    overrides = {o["matcher"]["options"] for o in named}
    shown: dict[str, str] = {}
    for override in named:
        for prop in override["properties"]:
            if prop["id"] == "unit":
                shown[override["matcher"]["options"]] = prop["value"]
    assert overrides <= set(columns), "an override names a column the query does not have"
    for key, values in columns.items():
        if any(isinstance(v, (int, float)) for v in values):
            assert key in shown, f"no unit for {key}"
            if shown[key] == PLAIN:
                assert any("单位" in other for other in columns), f"{key} has its unit in no column beside it"
