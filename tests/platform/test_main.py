"""The command line as a whole: help, exit statuses, one clear line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import COMMANDS, offered

ROOT = Path(__file__).parents[2]
# CONTRACT: command line
PROMISED = {
    "demo",
    "serve",
    "plant",
    "meter",
    "ingest",
    "ledger",
    "rules",
    "api",
    "simulate",
    "replay",
    "migrate",
    "score",
    "bench",
    "check-rules",
}
OURS = {"backtest", "baseline", "crew", "grafana", "housekeeping", "notify", "replay-evidence", "report", "storage"}
PRESENT = [name for name in COMMANDS if offered(name)]


def _enms(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_the_table_has_every_promised_command() -> None:
    assert set(COMMANDS) == PROMISED | OURS


def test_help_names_every_command_and_imports_none() -> None:
    program = (
        "import sys\nfrom cli.main import app\ntry:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('asyncpg', 'numpy', 'fastapi', 'gmqtt', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]"
    for name in PRESENT:
        assert f" {name} " in done.stdout


@pytest.mark.parametrize("name", PRESENT)
def test_every_command_has_help(name: str) -> None:
    done = _enms(name, "--help")
    assert done.returncode == 0, done.stderr
    assert f"enms {name}" in done.stdout


def test_an_unknown_command_is_a_usage_error() -> None:
    assert _enms("telepathy").returncode == 2


def test_a_known_problem_is_one_line_and_status_1(free_port: int) -> None:
    done = _enms("migrate", ENMS_DATABASE_URL=f"postgresql://x@127.0.0.1:{free_port}/x")
    assert done.returncode == 1
    assert done.stderr.startswith("enms: cannot migrate the database: ")
    assert len(done.stderr.splitlines()) == 1


def test_settings_that_cannot_be_are_named() -> None:
    done = _enms("migrate", ENMS_HTTP_PORT="many", ENMS_LOG_FORMAT="loud")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "ENMS_HTTP_PORT: " in done.stderr
    assert "ENMS_LOG_FORMAT: " in done.stderr


def test_settings_read_by_a_command_itself_are_named_too() -> None:
    done = _enms("plant", "list", ENMS_HTTP_PORT="many")
    assert done.returncode == 1
    assert done.stderr.startswith("enms: settings: ENMS_HTTP_PORT: ")
