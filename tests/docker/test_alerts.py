"""The alert rules name metrics that exist, and each has its section in the runbook."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client import generate_latest
from ruamel.yaml import YAML

import ingest.metrics
import ledger.metrics
import rules.metrics

DOCS = Path(__file__).parents[2] / "docs" / "operations"
ROOMS = (ingest.metrics, ledger.metrics, rules.metrics)


def test_every_alert_names_a_metric_and_a_section() -> None:
    known = set(re.findall(r"(?m)^# TYPE (\S+) ", generate_latest().decode()))
    runbook = (DOCS / "runbook.md").read_text(encoding="utf-8")
    alerts = YAML(typ="safe").load((DOCS / "alerts.yaml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    assert len(alerts) > 5
    for alert in alerts:
        assert set(re.findall(r"enms_\w+", alert["expr"])) <= known, alert["alert"]
        assert f"\n## {alert['alert']}\n" in runbook
