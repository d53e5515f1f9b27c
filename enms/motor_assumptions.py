"""What GB/T 12497 needs of a motor and a nameplate does not say, from `standards/motor_assumptions.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

from enms.names import Name

_FILE = Path(__file__).parent / "standards" / "motor_assumptions.yaml"
Number = Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class Assumption:
    """A figure that is assumed, with the range it is believed to lie in."""

    key: str
    value: float
    low: float
    high: float
    text: Name
    confidence: str
    edition: str


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Assumed(_Strict):
    key: str
    value: Number
    low: Number
    high: Number
    unit: str
    text: Name
    confidence: Literal["A", "A-", "B"]


class _Bound(_Strict):
    key: str
    value: Number
    unit: str
    text: Name
    confidence: Literal["A", "A-", "B"]


class _File(_Strict):
    kind: Literal["motor_assumptions"]
    standard: str
    edition: str
    title: Name
    source: str
    confidence: Literal["A", "A-", "B"]
    review: str
    assumptions: tuple[_Assumed, ...]
    limits: tuple[_Bound, ...]


@cache
def _file() -> _File:
    return _File.model_validate(YAML(typ="safe").load(_FILE.read_text(encoding="utf-8")))


@cache
def assumption(key: str) -> Assumption:
    """An assumption by its key."""
    file = _file()
    found = next(a for a in file.assumptions if a.key == key)
    return Assumption(key, found.value, found.low, found.high, found.text, found.confidence, file.edition)


@cache
def load_limit(key: str) -> float:
    """A load factor that parts two verdicts: `idle`, `underload`, `overload`."""
    return next(bound.value for bound in _file().limits if bound.key == key)


def provenance() -> tuple[str, str, str]:
    """Edition, source and review mark of the method."""
    file = _file()
    return file.edition, file.source, file.review
