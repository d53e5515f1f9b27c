"""What versions of a configured thing have in common: over what time each holds, and when it was recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import asyncpg

from db.instants import BEGINNING, END, known


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Holds over [valid_from, valid_to); `retired`: there is no such thing any more."""

    valid_from: datetime
    valid_to: datetime
    recorded_at: datetime
    retired: bool

    def holds(self, instant: datetime) -> bool:
        """Whether the thing is there then, as this version has it."""
        return self.valid_from <= instant < self.valid_to and not self.retired


V = TypeVar("V", bound=Version)
Named = TypeVar("Named")


def validity(row: asyncpg.Record) -> dict[str, Any]:
    """The fields of `Version` from a row of a span view."""
    return {
        "valid_from": known(row["valid_from"]) or BEGINNING,
        "valid_to": known(row["valid_to"]) or END,
        "recorded_at": row["recorded_at"],
        "retired": row["retired"],
    }


def named_until(versions: Iterable[V], names: Callable[[V], Iterable[Named]]) -> dict[Named, datetime]:
    """Until when each of what versions name is named by one that holds, in whatever order they are."""
    found: dict[Named, datetime] = {}
    for version in versions:
        for name in () if version.retired else names(version):
            found[name] = max(found.get(name, version.valid_to), version.valid_to)
    return found


def version_at(versions: Iterable[V], instant: datetime) -> V | None:
    """The version that holds at an instant; None: there is no such thing then."""
    return next((version for version in versions if version.holds(instant)), None)
