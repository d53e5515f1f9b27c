"""Bounds that are not grades or unit consumption (power quality, key users), targets, and elimination lists."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from enms.errors import NotFoundError
from enms.names import Name
from enms.standard_file import Citation, Cited, Head, Number, Strict, Text, parse_standard

_FOLDER = Path(__file__).parent / "standards"


class BoundRow(Cited):
    """A figure to stay within; null: open on that side."""

    key: Text
    name: Name
    low: Number | None
    high: Number | None
    applies: Name

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.low is None and self.high is None:
            raise ValueError("low or high is wanted")
        return self


class BoundsFile(Head):
    kind: Literal["bounds"]
    rows: Annotated[tuple[BoundRow, ...], Field(min_length=1)]


class TargetRow(Strict):
    """A target: never a limit. `example`: whoever uses it confirms it first; only those may be of confidence C."""

    key: Text
    name: Name
    value: Number
    unit: Text
    clause: Text
    source: Text
    confidence: Literal["A", "A-", "B", "C"]
    review: Text
    example: bool
    note: str | None

    @model_validator(mode="after")
    def _unsure(self) -> Self:
        if self.confidence == "C" and not self.example:
            raise ValueError("a figure of confidence C is an example only")
        return self


class TargetsFile(Head):
    kind: Literal["targets"]
    rows: Annotated[tuple[TargetRow, ...], Field(min_length=1)]


Between = tuple[Annotated[Number, Field(ge=0)], Annotated[Number, Field(gt=0)]]


class Listed(Strict):
    """Motors that a row means, so that a nameplate can be held against it; what is left out does not matter.

    Attributes:
        series: model series (`JO2`, `YB`).
        frames: frame numbers, both included.
        made_until: last year of manufacture that the row means.
        voltage_v: rated voltage, both included.
    """

    series: Annotated[tuple[Annotated[str, Field(pattern=r"^[A-Z]+\d?$")], ...], Field(min_length=1)]
    frames: Between | None = None
    made_until: Annotated[int, Field(ge=1950, le=2100)] | None = None
    voltage_v: Between | None = None
    poles: Annotated[int, Field(ge=2, le=64)] | None = None

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if any(span is not None and span[0] > span[1] for span in (self.frames, self.voltage_v)):
            raise ValueError("the lower end comes first")
        return self


class EliminationRow(Cited):
    """Models of a list. Advisory: "possible match: confirm nameplate and year".

    Attributes:
        since: the day the list was published.
        patterns: as the list has them; `motors` is what a program reads of them.
    """

    list: Text
    since: date
    equipment: Literal["motor", "fan", "transformer", "pump", "compressor", "boiler"]
    patterns: Annotated[tuple[Text, ...], Field(min_length=1)]
    match: Text
    action: Text
    note: str | None
    motors: tuple[Listed, ...] = ()

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if (self.equipment == "motor") != bool(self.motors):
            raise ValueError("`motors` says which motors a row of motors means, and stands in no other row")
        return self


class EliminationFile(Head):
    kind: Literal["elimination"]
    rows: Annotated[tuple[EliminationRow, ...], Field(min_length=1)]


def parse_bounds(text: str, source: str) -> BoundsFile:
    """A file of bounds; InputError with all mistakes and lines."""
    return parse_standard(BoundsFile, text, source, "rows", ("key",))


def parse_targets(text: str, source: str) -> TargetsFile:
    """The targets; InputError with all mistakes and lines."""
    return parse_standard(TargetsFile, text, source, "rows", ("key",))


def parse_elimination(text: str, source: str) -> EliminationFile:
    """The elimination lists; InputError with all mistakes and lines."""
    return parse_standard(EliminationFile, text, source, "rows", ("equipment",))


@cache
def bound_files() -> tuple[BoundsFile, ...]:
    paths = sorted(_FOLDER.glob("bounds_*.yaml"))
    return tuple(parse_bounds(path.read_text(encoding="utf-8"), path.name) for path in paths)


@cache
def targets() -> TargetsFile:
    return parse_targets((_FOLDER / "targets.yaml").read_text(encoding="utf-8"), "targets.yaml")


@cache
def elimination() -> EliminationFile:
    return parse_elimination((_FOLDER / "elimination.yaml").read_text(encoding="utf-8"), "elimination.yaml")


def bound(key: str) -> tuple[BoundRow, Citation]:
    """A bound by its key (`unbalance_normal`, `power_factor_160kva_hv`), and where it is from.

    Raises:
        NotFoundError: the catalogue has none of that key.
    """
    found: Iterator[tuple[BoundRow, Citation]] = (
        (row, file.cite(row)) for file in bound_files() for row in file.rows if row.key == key
    )
    pair = next(found, None)
    if pair is None:
        raise NotFoundError(f"the catalogue has no bound {key!r}")
    return pair
