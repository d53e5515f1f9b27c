"""docker-compose.yml as Compose would see it, and secrets as docker/make_secrets.py makes them."""

from __future__ import annotations

import importlib.util
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
_VARIABLE = re.compile(r"\$\{[A-Z_]+:-([^}]*)\}")


def read_compose(file: Path) -> dict[str, Any]:
    """Merged and interpolated, with nothing set in the environment; `$$` is `$`."""
    text = _VARIABLE.sub(r"\1", file.read_text(encoding="utf-8"))
    assert "${" not in text, "a variable without a default would fail the first start"
    loaded = YAML(typ="safe", pure=True).load(text.replace("$$", "$").replace("!override ", ""))
    return {key: value for key, value in loaded.items() if not key.startswith("x-")}


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    return read_compose(ROOT / "docker-compose.yml")


@pytest.fixture(scope="session")
def make_secrets() -> ModuleType:
    """docker/make_secrets.py."""
    spec = importlib.util.spec_from_file_location("make_secrets", ROOT / "docker" / "make_secrets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that servers can pass, which run as somebody else."""
    folder = Path(tempfile.mkdtemp(prefix="enms-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def secrets_made(open_folder: Path, make_secrets: ModuleType) -> Path:
    """A folder with every secret."""
    folder = open_folder / "secrets"
    folder.mkdir()
    make_secrets.make_all(folder)
    return folder
