"""What ingest shows to Prometheus: counts that begin with 0, in the role only."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import asyncpg
from prometheus_client import CollectorRegistry, generate_latest

from ingest import metrics
from ingest.refusals import Reason
from ingest.registry import Registry

ROOT = Path(__file__).parents[2]
_EVERY_OTHER_ROLE = """
import cli.api, cli.backfill, cli.backtesting, cli.rules, cli.ledger
import cli.housekeeping, cli.reporting, cli.simulate, api.app, ingest.service
from prometheus_client import generate_latest
print(generate_latest().decode())
"""


def _shown(*, sparkplug: bool) -> str:
    registry = CollectorRegistry(auto_describe=True)
    metrics.show(registry, sparkplug=sparkplug)
    return generate_latest(registry).decode()


def test_every_reason_is_there_before_it_is_given() -> None:
    text = _shown(sparkplug=False)
    for reason in Reason:
        assert f'enms_ingest_refused_total{{reason="{reason.value}"}}' in text


async def test_an_enterprise_that_becomes_known_has_counts(plant: asyncpg.Pool) -> None:
    registry = Registry(plant)
    await registry.renew()
    text = _shown(sparkplug=True)
    for name in ("ingest_sequence_gaps", "sparkplug_sequence_gaps", "sparkplug_rebirths_requested"):
        assert re.search(rf'(?m)^enms_{name}_total\{{enterprise="demo"\}} ', text), name


def test_no_host_is_offline_where_none_is_wanted() -> None:
    assert "enms_sparkplug_host_online" not in _shown(sparkplug=False)
    assert "\nenms_sparkplug_host_online 0.0" in _shown(sparkplug=True)


def test_a_process_that_uses_parts_of_ingest_does_not_speak_for_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _EVERY_OTHER_ROLE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "process_resident_memory_bytes" in done.stdout
    assert not re.findall(r"enms_(?:ingest|sparkplug)\w*", done.stdout)
