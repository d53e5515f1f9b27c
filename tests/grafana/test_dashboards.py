"""Dashboards as they are committed: drift, the SDK's own types, layout, units, links."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from api.console import words
from api.console.i18n import catalogue
from grafana import sql
from grafana.build import FOLDER, as_json, files
from grafana.frame import WALL_ROWS, Uid
from grafana.words import WORDS

Json = dict[str, Any]
BOARDS = {path.stem: path for path in sorted(FOLDER.rglob("*.json"))}
WALLS = [name for name in BOARDS if name.startswith("enms-wall")]
NUMERIC = {"stat", "timeseries", "bargauge"}


def board(name: str) -> Json:
    loaded: Json = json.loads(BOARDS[name].read_text(encoding="utf-8"))
    return loaded


def panels(name: str) -> list[Json]:
    found: list[Json] = board(name)["panels"]
    return found


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def test_what_is_committed_is_what_is_built() -> None:
    made = files()
    stale = [str(path) for path, text in made.items() if not path.exists() or path.read_text("utf-8") != text]
    assert stale == [], "run: python -m grafana.build"
    assert {path for path in made if path.suffix == ".json"} == set(BOARDS.values())


def test_every_promised_dashboard_is_there() -> None:
    assert set(BOARDS) == {str(uid) for uid in Uid}
    assert all(board(name)["uid"] == name for name in BOARDS)
    assert all(board(name)["schemaVersion"] == 42 for name in BOARDS)


@pytest.mark.parametrize("name", BOARDS)
def test_the_sdk_reads_it_back_unchanged(name: str) -> None:
    register_default_plugins()
    sql.register()
    read = Dashboard.from_json(board(name))
    assert json.loads(as_json(read)) == board(name)


@pytest.mark.parametrize("name", BOARDS)
def test_panels_do_not_overlap_and_stay_on_the_grid(name: str) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in panels(name):
        at = panel["gridPos"]
        assert at["x"] >= 0, panel["title"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies on {taken.get((x, y))}"
                taken[x, y] = panel["title"]
    ids = [panel["id"] for panel in panels(name)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", WALLS)
def test_a_wall_fits_one_screen_and_is_read_at_5_m(name: str) -> None:
    shown = panels(name)
    assert max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in shown) <= WALL_ROWS
    assert len(shown) <= 8
    assert sum(p["type"] == "timeseries" for p in shown) == 1
    assert not [p for p in shown if p["type"] == "table"], "a table's letters cannot be read at 5 m"
    assert any("时效" in p["title"] for p in shown), "the age of the data"
    for panel in shown:
        if panel["type"] == "stat":
            # 30 px are 45 at 150 % and 60 at 200 %; figures are larger
            assert panel["options"]["text"]["valueSize"] >= 30, panel["title"]
            assert panel["options"]["graphMode"] == "none", "no sparkline behind numbers"
            assert panel["options"]["colorMode"] == "value", "coloured text, not coloured grounds"
    whole = board(name)
    assert whole["refresh"] == "5s"
    assert whole["time"] == {"from": "now-1h", "to": "now"}


@pytest.mark.parametrize("name", BOARDS)
def test_the_age_of_data_is_always_there(name: str) -> None:
    assert any("时效" in text or "数据龄" in text for panel in panels(name) for text in texts(panel))


@pytest.mark.parametrize("name", BOARDS)
def test_no_figure_without_a_unit_and_unknown_is_shown(name: str) -> None:
    for panel in panels(name):
        defaults = panel["fieldConfig"]["defaults"]
        if panel["type"] in NUMERIC and not _text_only(panel):
            assert defaults.get("unit"), panel["title"]
            if defaults["unit"] == "short":
                assert any(t["id"] == "configFromData" for t in panel["transformations"]), panel["title"]
        if panel["type"] in NUMERIC:
            assert defaults.get("noValue") == "—", panel["title"]
            assert (
                defaults.get("decimals") != 0
                or defaults["unit"] != "suffix: MW"
                or "机组" in panel["title"]
                or ("出力" in panel["title"])
            ), "0 decimals would turn 8.93 MW into 9 MW"


def _text_only(panel: Json) -> bool:
    return bool(panel.get("options", {}).get("reduceOptions", {}).get("fields") == "/^alarm$/")


@pytest.mark.parametrize("name", BOARDS)
def test_variables_are_quoted_and_known(name: str) -> None:
    whole = board(name)
    known = {v["name"] for v in whole["templating"]["list"]}
    for text in texts(whole):
        assert not re.search(r":(raw|csv)\b", text)
        for used in re.findall(r"\$\{(\w+)", text):
            assert used in known or used.startswith("__"), used
    for statement in _statements(whole):
        assert not re.search(r"\$(?!__|\{)\w+", statement), "only ${name:sqlstring} quotes what a viewer chose"
        for used, form in re.findall(r"\$\{(\w+)(?::(\w+))?\}", statement):
            assert form == "sqlstring", used


def _statements(whole: Json) -> Iterator[str]:
    def walk(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("rawSql"), str):
                yield value["rawSql"]
            for inner in value.values():
                yield from walk(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner)

    yield from walk(whole)


@pytest.mark.parametrize("name", BOARDS)
def test_links_lead_to_dashboards_that_are_there(name: str) -> None:
    for text in texts(board(name)):
        for uid in re.findall(r"^/d/([\w-]+)", text):
            assert uid in BOARDS


@pytest.mark.parametrize("name", BOARDS)
def test_alerts_are_drawn_with_start_and_end(name: str) -> None:
    (annotation,) = board(name)["annotations"]["list"]
    assert annotation["enable"] is True
    assert "AS timeend" in annotation["target"]["rawSql"]


def test_walls_lead_to_desks_and_desks_to_the_evidence() -> None:
    for name in WALLS:
        assert any(link["url"].startswith("/d/") for link in board(name)["links"])
    urls = set(texts(board("enms-alerts")))
    assert "${console}/alerts/${__data.fields.id}" in urls


def test_desks_know_a_word_for_every_code() -> None:
    for family, texts in WORDS.items():
        assert texts.keys() == words._WORDS[family].keys(), family
        for code, text in texts.items():
            assert text.startswith(words.word(catalogue("zh"), family, code) + " "), (family, code)


def test_every_query_file_is_used() -> None:
    used = {s for path in BOARDS.values() for s in _statements(json.loads(path.read_text("utf-8")))}
    provisioned = (FOLDER.parent / "provisioning" / "alerting" / "pipeline.yaml").read_text("utf-8")
    for path in sorted(Path(sql.FOLDER).glob("*.sql")):
        text = path.read_text("utf-8").strip()
        assert text in used or " ".join(text.split()) in " ".join(provisioned.split()), path.name
