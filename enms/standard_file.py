"""What every file of the standards catalogue has: where each row is from, and a reader that tells all mistakes.

A row inherits `source`, `confidence` and `review` from the head of its file, and whatever stands under `row:`. A row
that lacks any of it is refused; confidence C (unsure, or sources conflict) never ships as a figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from enms.errors import InputError, Mistake, reason_of
from enms.names import Name
from enms.yaml_lines import line_of, place_of, plain, read_mapping

Text = Annotated[str, Field(min_length=1)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Confidence = Literal["A", "A-", "B"]
_INHERITED = ("source", "confidence", "review")


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a figure is from; shown wherever the figure is.

    Attributes:
        effective_from, effective_to: days on which the edition holds, the last included; None is open.
        unit: of the figure.
        review: says that nobody has checked it against the official text.
    """

    standard: str
    edition: str
    title: Name
    effective_from: date
    effective_to: date | None
    clause: str
    unit: str
    source: str
    confidence: str
    review: str

    def holds_on(self, day: date) -> bool:
        """Whether the edition is the one for that day."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


class Strict(BaseModel):
    """Unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Cited(Strict):
    """What every row says of itself."""

    clause: Text
    unit: Text
    source: Text
    confidence: Confidence
    review: Text


class Head(Strict):
    """What every file says of its edition."""

    standard: Text
    edition: Text
    title: Name
    published: date | None = None
    effective_from: date
    effective_to: date | None
    replaces: tuple[str, ...] = ()
    source: Text
    confidence: Confidence
    review: Text

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.effective_to is not None and self.effective_to < self.effective_from:
            raise ValueError("effective_to is before effective_from")
        return self

    def cite(self, row: Cited) -> Citation:
        """The whole origin of a row."""
        return Citation(
            standard=self.standard,
            edition=self.edition,
            title=self.title,
            effective_from=self.effective_from,
            effective_to=self.effective_to,
            clause=row.clause,
            unit=row.unit,
            source=row.source,
            confidence=row.confidence,
            review=row.review,
        )


H = TypeVar("H", bound=Head)


def parse_standard(model: type[H], text: str, source: str, rows: str, names: Sequence[str]) -> H:
    """A file of the catalogue.

    Args:
        model: its shape.
        text: YAML.
        source: the file's name, for messages.
        rows: key of its rows, which inherit from the head and from `row:`.
        names: keys that identify a row in a message.

    Raises:
        InputError: all mistakes in it, with lines.
    """
    document = read_mapping(text, "a file of the catalogue is a mapping that begins with `kind:`")
    if isinstance(document, Mistake):
        raise InputError(source, [document])
    content = plain(document)
    assert isinstance(content, dict)
    shared = content.pop("row", None)
    inherited = {key: content[key] for key in _INHERITED if key in content}
    inherited |= shared if isinstance(shared, dict) else {}
    listed = content.get(rows)
    if isinstance(listed, list):
        content[rows] = [{**inherited, **row} if isinstance(row, dict) else row for row in listed]
    try:
        return model.model_validate(content)
    except ValidationError as error:
        mistakes = [
            Mistake(
                place_of(document, found["loc"], names),
                reason_of(found["msg"], found["type"]),
                line_of(document, found["loc"]),
            )
            for found in error.errors()
        ]
        raise InputError(source, sorted(mistakes, key=lambda m: (m.line or 0, m.place))) from error
