"""Reading a limits file of the catalogue: a row without its edition, dates, clause, source or review is refused."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from enms.carriers import TceBasis
from enms.names import Name
from enms.standard_file import Cited, Head, Number, Strict, Text, parse_standard

Correcting = Literal[
    "per_point", "per_point_below", "per_point_above", "when", "factor", "product", "add", "table", "steps"
]
Level = Literal[1, 2, 3]


class Binds(Strict):
    """Which level binds a line that was there before the edition, and which one that came after."""

    existing: Level
    new: Level


class Limit(Cited):
    """One row. Levels are never compared with one another: level 2 may lie below level 1 (GB 21258).

    `also` names items of other editions of the standard that this row is the limit of.
    """

    item: Text
    also: tuple[Text, ...] = ()
    name: Name
    levels: tuple[Number | None, Number | None, Number | None]
    basis: TceBasis
    boundary: Name
    denominator: Name
    period: Literal["year", "month"]


class Correction(Strict):
    """What is added to a limit (or multiplies it) for a declared circumstance."""

    input: Text
    items: Annotated[tuple[str, ...], Field(min_length=1)]
    rule: Correcting
    value: Number = 0.0
    below: Number | None = None
    above: Number | None = None
    at_most_points: Number | None = None
    table: tuple[tuple[Number, Number], ...] = ()
    levels: tuple[Level, ...] = (1, 2, 3)
    unit: Text
    required: bool
    name: Name

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.rule == "per_point_below" and self.below is None:
            raise ValueError("per_point_below needs `below`")
        if self.rule == "per_point_above" and self.above is None:
            raise ValueError("per_point_above needs `above`")
        if self.rule in {"table", "steps"}:
            at = [x for x, _ in self.table]
            if not at or at != sorted(set(at)):
                raise ValueError(f"{self.rule} needs a `table` of pairs whose first figures rise")
        elif self.rule not in {"product", "add"} and "value" not in self.model_fields_set:
            raise ValueError(f"{self.rule} needs `value`")
        return self


class LimitsFile(Head):
    """An edition of a standard with its rows."""

    kind: Literal["consumption_limits"]
    binds: Binds
    limits: Annotated[tuple[Limit, ...], Field(min_length=1)]
    corrections: tuple[Correction, ...] = ()

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        items = [item for row in self.limits for item in (row.item, *row.also)]
        if double := {item for item in items if items.count(item) > 1}:
            raise ValueError(f"item there twice: {', '.join(sorted(double))}")
        for correction in self.corrections:
            if unknown := set(correction.items) - set(items):
                raise ValueError(f"correction {correction.input}: unknown item {', '.join(sorted(unknown))}")
        return self


def parse_limits(text: str, source: str) -> LimitsFile:
    """The edition in a YAML text.

    Raises:
        InputError: all mistakes in it, with lines.
    """
    return parse_standard(LimitsFile, text, source, "limits", ("item", "input"))
