"""The alert rules: of Prometheus' shape, on metrics that exist, each with its section in the runbook, and firing when
they should.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from ruamel.yaml import YAML

import cli.housekeeping
import ingest.metrics
import ledger.metrics
import rules.metrics
from api.freshness import Freshness

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs" / "operations"
ROOMS = (cli.housekeeping, ingest.metrics, ledger.metrics, rules.metrics)
_DURATION = re.compile(r"^(\d+(ms|[smhdwy]))+$")


@pytest.fixture
def alerts() -> list[dict[str, Any]]:
    loaded = YAML(typ="safe").load((DOCS / "alerts.yaml").read_text(encoding="utf-8"))
    assert set(loaded) == {"groups"}
    (group,) = loaded["groups"]
    assert set(group) == {"name", "rules"}
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def test_every_rule_has_what_prometheus_and_people_want(alerts: list[dict[str, Any]]) -> None:
    names = [alert["alert"] for alert in alerts]
    assert len(names) > 15
    assert len(set(names)) == len(names)
    for alert in alerts:
        assert set(alert) == {"alert", "expr", "for", "labels", "annotations"}, alert["alert"]
        assert _DURATION.match(alert["for"]), alert["alert"]
        assert alert["labels"]["severity"] in {"critical", "warning"}, alert["alert"]
        assert set(alert["annotations"]) == {"summary", "runbook"}, alert["alert"]


def test_every_rule_names_a_metric_and_a_section(alerts: list[dict[str, Any]]) -> None:
    registry = CollectorRegistry(auto_describe=True)
    Freshness(None, registry, None)  # only its names are wanted
    ingest.metrics.show(registry, sparkplug=True)
    text = generate_latest().decode() + generate_latest(registry).decode()
    known = set(re.findall(r"(?m)^# TYPE (\S+) ", text))
    runbook = (DOCS / "runbook.md").read_text(encoding="utf-8")
    assert {alert["alert"] for alert in alerts} == set(re.findall(r"(?m)^## ([A-Z][a-z]+[A-Z]\w+)$", runbook))
    for alert in alerts:
        used = set(re.findall(r"enms_\w+", alert["expr"].replace("_seconds_count", "_seconds")))
        assert used or alert["expr"].startswith("up{"), alert["alert"]
        assert used <= known, alert["alert"]
        assert alert["annotations"]["runbook"].endswith("#" + alert["alert"].lower())


@pytest.mark.parametrize(("what", "file"), [("check", DOCS / "alerts.yaml"), ("test", HERE / "alerts_test.yaml")])
def test_prometheus_own_tool_takes_it(what: str, file: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    done = subprocess.run([promtool, what, "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
