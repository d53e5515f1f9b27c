"""The error tree.

    EnmsError                 anything this product raises on purpose
    ├─ InputError             somebody handed in something unusable; says where and why
    │  ├─ PlantFileError      all mistakes of a plant file at once
    │  ├─ MappingError        a replay mapping or its file
    │  └─ RuleBookError       all mistakes of a rule book at once
    ├─ NotFoundError          a name nobody knows
    ├─ ConflictError          the request contradicts what is stored
    ├─ UnavailableError       a neighbour (database, broker) is not there
    └─ EnvironmentProblem     port taken, no permission, data folder of another version

`cli` prints an EnmsError as one line and exits 1; `api.problems` turns it into RFC 9457.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class EnmsError(Exception):
    """Root of everything raised on purpose."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong in a file: where and why.

    `line` is 1-based; None where the file as a whole is meant.
    """

    place: str
    reason: str
    line: int | None = None

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line is not None else ""
        place = f"{self.place}: " if self.place else ""
        return f"{where}{place}{self.reason}"


def reason_of(message: str, kind: str) -> str:
    """A pydantic error in the words of a person."""
    if kind == "extra_forbidden":
        return "unknown key"
    if kind == "missing":
        return "is missing"
    return message.removeprefix("Value error, ")


class InputError(EnmsError):
    """Unusable input. `mistakes` lists every one found, in file order."""

    def __init__(self, source: str, mistakes: Sequence[Mistake]) -> None:
        self.source = source
        self.mistakes = tuple(mistakes)
        lines = "; ".join(str(m) for m in self.mistakes)
        super().__init__(f"{source}: {lines}" if source else lines)


class PlantFileError(InputError):
    """A plant file that cannot be loaded."""


class MappingError(InputError):
    """A replay mapping or the file it maps."""


class RuleBookError(InputError):
    """A rule book that cannot be loaded."""


class NotFoundError(EnmsError):
    """A name nobody knows."""


class ConflictError(EnmsError):
    """The request contradicts what is stored."""


class UnavailableError(EnmsError):
    """The database or the broker is not there."""


class EnvironmentProblem(EnmsError):  # noqa: N818 - a problem of the machine, not of the program
    """A taken port, a missing permission, a data folder of another version."""
