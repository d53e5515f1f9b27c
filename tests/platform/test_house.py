"""What holds the house together: rooms, imports, settings, names, pinned dependencies."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from enms.settings import Settings

ROOT = Path(__file__).parents[2]
_PIN = r"^([A-Za-z0-9._-]+)==([^\s;]+)"
ROOMS = ("enms", "db", "ingest", "ledger", "rules", "api", "grafana", "simulators", "cli")


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_is_a_package_on_top(room: str) -> None:
    assert (ROOT / room / "__init__.py").is_file()


@pytest.mark.parametrize("folder", ["bench", "examples", "tests", "db/migrations", "enms/standards", "rules/rulebook"])
def test_the_other_folders_are_there(folder: str) -> None:
    assert (ROOT / folder).is_dir()


def test_rooms_import_one_way_only() -> None:
    """The layers and the contracts of pyproject.toml."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("language", ["README.md", "README.zh-CN.md"])
def test_every_setting_is_in_the_readmes_table(language: str) -> None:
    text = (ROOT / language).read_text(encoding="utf-8")
    rows = set(re.findall(r"^\|\s*`(ENMS_[A-Z_]+)`", text, re.MULTILINE))
    known = {f"ENMS_{name.upper()}" for name in Settings.model_fields}
    assert rows - {"ENMS_TEST_DATABASE_URL", "ENMS_TEST_TIMESCALE_DSN"} == known


@pytest.mark.parametrize("room", ROOMS)
def test_no_stranger_owns_a_rooms_name(room: str) -> None:
    """`rules` and `db` are names on the package index too; whoever installs them would shadow us, or we them."""
    owners = set(packages_distributions().get(room, [])) - {"enms"}
    assert owners == set()
    found = __import__(room).__file__
    assert found is not None
    assert Path(found).is_relative_to(ROOT)


def _pins(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return {_plain(name): version for name, version in re.findall(_PIN, text, re.MULTILINE)}


def _wanted(requirements: list[str]) -> dict[str, str]:
    return {_plain(name): version for line in requirements for name, version in re.findall(_PIN, line)}


def _plain(name: str) -> str:
    """A distribution's name as the index compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_lock_files_follow_pyproject() -> None:
    """`make lock` after every change of a dependency."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    runtime, dev = _pins("requirements.lock"), _pins("requirements-dev.lock")
    assert _wanted(project["dependencies"]).items() <= runtime.items()
    assert _wanted(project["optional-dependencies"]["dev"]).items() <= dev.items()
    assert runtime.items() <= dev.items()


def test_the_readme_says_why_each_dependency_is_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    table = (ROOT / "README.md").read_text(encoding="utf-8").split("## Dependencies")[1].split("\n## ")[0]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("|")]
    named = {_plain(name.strip()) for cell in cells for name in cell.split(",")}
    wanted = _wanted([*project["dependencies"], *project["optional-dependencies"]["dev"]])
    assert set(wanted) - named == set()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_files_name_no_index_and_no_path(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "--index" not in text
    assert "--find-links" not in text
    assert "file:/" not in text
    assert text.count("--hash=sha256:") > 100
