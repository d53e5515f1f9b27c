"""The command that checks rule books."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from rules.book import BUNDLED


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    good = (BUNDLED / "motors.yaml").read_text(encoding="utf-8").replace("id: motor", "id: my_motor")
    (tmp_path / "good.yaml").write_text(good, encoding="utf-8")
    broken = (BUNDLED / "data_quality.yaml").read_text(encoding="utf-8").replace("for: 30m", "for: long")
    (tmp_path / "broken.yaml").write_text(broken, encoding="utf-8")
    return tmp_path


def test_the_bundled_rules_pass():
    result = CliRunner().invoke(app, ["check-rules"])
    assert result.exit_code == 0, result.output
    assert "0 files refused" in result.output


def test_a_broken_file_is_told_with_line_and_rule_and_stops_no_other(folder):
    result = CliRunner().invoke(app, ["check-rules", str(folder)])
    assert result.exit_code == 1
    line = (folder / "broken.yaml").read_text(encoding="utf-8").splitlines().index("    for: long") + 1
    assert f"broken.yaml: line {line}: rules[meter_silent].for: a duration" in result.output
    assert "good.yaml: 2 rules" in result.output


def test_a_file_is_held_against_the_bundled_ones(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text((BUNDLED / "motors.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    result = CliRunner().invoke(app, ["check-rules", str(mine)])
    assert result.exit_code == 1
    assert "mine.yaml: rules[motor_idle]: is also in motors.yaml" in result.output
    mine.write_text("replaces: [motor_idle, motor_underload]\n" + mine.read_text(encoding="utf-8"), encoding="utf-8")
    result = CliRunner().invoke(app, ["check-rules", str(mine)])
    assert result.exit_code == 0, result.output
    assert "mine.yaml: 2 rules, instead of motor_idle, motor_underload" in result.output


def test_json(folder):
    result = CliRunner().invoke(app, ["check-rules", "--json", str(folder)])
    assert result.exit_code == 1
    books = {book["file"]: book for book in json.loads(result.output)}
    assert books["good.yaml"]["rules"] == ["my_motor_underload", "my_motor_idle"]
    assert books["broken.yaml"]["mistakes"][0]["place"] == "rules[meter_silent].for"


def test_a_path_that_is_not_there():
    result = CliRunner().invoke(app, ["check-rules", "/nowhere/rules.yaml"])
    assert result.exit_code == 1
    assert "no rule book at" in result.output
