"""A replay mapping: which columns of a file are which points, and what its times mean.

    enterprise: daewoo-gwangyang
    plant: steel_industry_2018_plant.yaml
    time: {column: date, format: "%d/%m/%Y %H:%M", timezone: Asia/Seoul, stamps: interval_end, period_s: 900}
    columns:
      - {column: Usage_kWh, point: works.electricity, scale: 1}

`stamps` says what a row's time is: the end or the start of the period its values stand for, or an instant.
`midnight` says to which day the row belongs that ends a day and is stamped 0:00: `next_day` (2 January 0:00 ends
1 January) or `same_day` (1 January 0:00 does, after 1 January 23:45). Left out, the file itself shows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from enms.errors import MappingError, Mistake, reason_of
from enms.yaml_lines import Location, line_of, place_of, plain, read_mapping

Stamps = Literal["interval_end", "interval_start", "instant"]


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{value!r} is not a time zone of the IANA database") from None
    return value


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TimeColumn(_Strict):
    """How a row says when.

    Attributes:
        format: as strptime has it; `iso` for RFC 3339, `epoch_s`, `epoch_ms`.
        timezone: of times without an offset.
        period_s: what a row stands for; needed where its stamp is an edge of it.
    """

    column: str
    format: str = "iso"
    timezone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"
    stamps: Stamps = "interval_end"
    period_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    midnight: Literal["next_day", "same_day"] | None = None

    @model_validator(mode="after")
    def _period_where_needed(self) -> Self:
        if self.stamps != "instant" and self.period_s is None:
            raise ValueError(f"period_s is needed with stamps: {self.stamps}")
        return self


class ValueColumn(_Strict):
    """A column and the point whose readings it holds; `scale` turns the file's unit into the point's."""

    column: str
    point: str
    scale: Annotated[float, Field(allow_inf_nan=False)] = 1.0


class Mapping(_Strict):
    """A sound mapping.

    Attributes:
        plant: plant file, loaded first if the enterprise is unknown; relative to the mapping.
    """

    enterprise: str
    plant: str | None = None
    time: TimeColumn
    columns: tuple[ValueColumn, ...]


class MappingFile:
    """A mapping with the file it stands in.

    Args:
        path: the mapping file.
    """

    def __init__(self, path: Path) -> None:
        """Read it.

        Raises:
            MappingError: every mistake in it, with lines.
        """
        self.path = path
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as problem:
            raise MappingError(str(path), [Mistake("", f"cannot be read: {problem}")]) from problem
        document = read_mapping(text, "a mapping begins with `enterprise:`")
        if isinstance(document, Mistake):
            raise MappingError(str(path), [document])
        self._document = document
        try:
            self.mapping = Mapping.model_validate(plain(document))
        except ValidationError as problem:
            raise self.error([(e["loc"], reason_of(e["msg"], str(e["type"]))) for e in problem.errors()]) from problem
        codes = [column.point for column in self.mapping.columns]
        found: list[tuple[Location, str]] = [
            (("columns", index, "point"), f"{code} is there twice")
            for index, code in enumerate(codes)
            if code in codes[:index]
        ]
        if not codes:
            found.append((("columns",), "at least one column is wanted"))
        if found:
            raise self.error(found)

    @property
    def plant_file(self) -> Path | None:
        """The plant file, where one is named."""
        return self.path.parent / self.mapping.plant if self.mapping.plant is not None else None

    def error(self, found: Iterable[tuple[Location, str]]) -> MappingError:
        """Mistakes in this file, in its order."""
        mistakes = {
            Mistake(place_of(self._document, at, ("column",)), reason, line_of(self._document, at))
            for at, reason in found
        }
        return MappingError(str(self.path), sorted(mistakes, key=lambda m: (m.line or 0, m.place, m.reason)))
