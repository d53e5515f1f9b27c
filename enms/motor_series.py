"""Which efficiency class a motor's model series was built for, from `standards/motor_series.yaml`.

An indication, for motors whose nameplate efficiency nobody has entered; a nameplate goes before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

from enms.names import Name

_FILE = Path(__file__).parent / "standards" / "motor_series.yaml"
# `YE3-315L1-4`: the series is what stands before the frame.
_SERIES = re.compile(r"\s*([A-Z]+\d?)(?=[-\s])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Series:
    """A model series and the IE class it was built for."""

    prefix: str
    ie: str
    text: Name
    source: str
    confidence: str
    review: str


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Row(_Strict):
    prefix: Annotated[str, Field(pattern=r"[A-Z]+\d?")]
    ie: Literal["IE1", "IE2", "IE3", "IE4", "IE5"] = Field(alias="class")
    text: Name


class _File(_Strict):
    kind: Literal["motor_series"]
    source: str
    confidence: Literal["A", "A-", "B"]
    review: str
    series: tuple[_Row, ...]


@cache
def _rows() -> dict[str, Series]:
    file = _File.model_validate(YAML(typ="safe").load(_FILE.read_text(encoding="utf-8")))
    return {
        row.prefix: Series(row.prefix, row.ie, row.text, file.source, file.confidence, file.review)
        for row in file.series
    }


def series_of(model: str | None) -> Series | None:
    """The series of a model such as `YX3-225M-4`; None where it is none of those listed."""
    match = _SERIES.match(model or "")
    return _rows().get(match[1].upper()) if match is not None else None
