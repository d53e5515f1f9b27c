"""Reading a limits file of the catalogue: a row without its edition, dates, clause, source or review is refused."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from enms.carriers import TceBasis
from enms.errors import InputError, Mistake
from enms.plant import Name
from enms.yaml_lines import line_of, place_of, plain, read_mapping, reason_of

Text = Annotated[str, Field(min_length=1)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Correcting = Literal["per_point", "per_point_below", "when", "factor"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Binds(_Strict):
    """Which level binds a line that was there before the edition, and which one that came after."""

    existing: Literal[1, 2, 3]
    new: Literal[1, 2, 3]


class Limit(_Strict):
    """One row. Levels are never compared with one another: level 2 may lie below level 1 (GB 21258)."""

    item: Text
    name: Name
    levels: tuple[Number | None, Number | None, Number | None]
    unit: Text
    basis: TceBasis
    boundary: Name
    denominator: Name
    period: Literal["year", "month"]
    clause: Text
    source: Text
    # C: unsure or conflicting; never a limit.
    confidence: Literal["A", "A-", "B"]
    review: Text


class Correction(_Strict):
    """What is added to a limit (or multiplies it) for a declared circumstance."""

    input: Text
    items: Annotated[tuple[str, ...], Field(min_length=1)]
    rule: Correcting
    value: Number
    below: Number | None = None
    at_most_points: Number | None = None
    unit: Text
    required: bool
    name: Name

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.rule == "per_point_below" and self.below is None:
            raise ValueError("per_point_below needs `below`")
        return self


class LimitsFile(_Strict):
    """An edition of a standard with its rows."""

    kind: Literal["consumption_limits"]
    standard: Text
    edition: Text
    title: Name
    published: date | None = None
    effective_from: date
    effective_to: date | None
    replaces: tuple[str, ...] = ()
    source: Text
    confidence: Literal["A", "A-", "B"]
    review: Text
    binds: Binds
    limits: Annotated[tuple[Limit, ...], Field(min_length=1)]
    corrections: tuple[Correction, ...] = ()

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        items = [row.item for row in self.limits]
        if double := {item for item in items if items.count(item) > 1}:
            raise ValueError(f"item there twice: {', '.join(sorted(double))}")
        for correction in self.corrections:
            if unknown := set(correction.items) - set(items):
                raise ValueError(f"correction {correction.input}: unknown item {', '.join(sorted(unknown))}")
        if self.effective_to is not None and self.effective_to < self.effective_from:
            raise ValueError("effective_to is before effective_from")
        return self


_INHERITED = ("source", "confidence", "review")


def parse_limits(text: str, source: str) -> LimitsFile:
    """The edition in a YAML text.

    Raises:
        InputError: all mistakes in it, with lines.
    """
    document = read_mapping(text, "a limits file is a mapping that begins with `kind:`")
    if isinstance(document, Mistake):
        raise InputError(source, [document])
    content = plain(document)
    assert isinstance(content, dict)
    inherited = {key: content[key] for key in _INHERITED if key in content} | (content.pop("row", None) or {})
    rows = content.get("limits")
    if isinstance(rows, list):
        content["limits"] = [{**inherited, **row} if isinstance(row, dict) else row for row in rows]
    try:
        return LimitsFile.model_validate(content)
    except ValidationError as error:
        mistakes = [
            Mistake(
                place_of(document, found["loc"], ("item", "input")),
                reason_of(found["msg"], found["type"]),
                line_of(document, found["loc"]),
            )
            for found in error.errors()
        ]
        raise InputError(source, sorted(mistakes, key=lambda m: (m.line or 0, m.place))) from error
