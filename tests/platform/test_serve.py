"""`enms serve` with ports for /health: one a role, and none that two of them want."""

from __future__ import annotations

from cli.serve import roles
from cli.surroundings import load_settings


def test_every_role_has_a_port_of_its_own(monkeypatch) -> None:
    monkeypatch.setenv("ENMS_HEALTH_PORT", "9200")
    ports = {role.name: role.env["ENMS_HEALTH_PORT"] for role in roles(load_settings())}
    assert ports == {"ingest": "9200", "ledger": "9201", "rules": "9202", "api": "0", "housekeeping": "9204"}
    monkeypatch.setenv("ENMS_HEALTH_PORT", "0")
    assert {role.env["ENMS_HEALTH_PORT"] for role in roles(load_settings())} == {"0"}
