"""Crews and the days they take turns in."""

from __future__ import annotations

from datetime import date
from typing import Self

from pydantic import Field, model_validator

from enms.names import Name
from enms.plant_types import Code, Strict


class Crew(Strict):
    """A crew (班组) that works shifts in turn."""

    code: Code
    name: Name | None = None


class Roster(Strict):
    """Which crew works which shift: days that come round again, the first of them on `starts`.

    Attributes:
        days: crew by shift code; a shift that is left out is worked by nobody in particular.
    """

    starts: date
    crews: tuple[Crew, ...] = Field(min_length=1)
    days: tuple[dict[Code, Code], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _known(self) -> Self:
        codes = [crew.code for crew in self.crews]
        if double := next((code for code in codes if codes.count(code) > 1), None):
            raise ValueError(f"crew {double!r} is there twice")
        if unknown := sorted({crew for day in self.days for crew in day.values()} - set(codes)):
            raise ValueError(f"unknown crew {unknown[0]!r}; there are {', '.join(codes)}")
        return self
