"""Named SQL statements: every .sql file in this folder, loaded through aiosql."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import aiosql

_FOLDER = Path(__file__).parent


@cache
def statements(name: str) -> Any:
    """The statements of `db/{name}.sql`, each an async callable taking a connection first.

    Args:
        name: file name without its ending.
    """
    return aiosql.from_path(_FOLDER / f"{name}.sql", "asyncpg", encoding="utf-8")
