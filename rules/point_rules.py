"""Rules about points: a figure somebody set, and whether a point's data can be trusted."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from enms.alerts import Purpose
from enms.units import UNITS
from rules.base_rule import BaseRule, Duration, Share, Strict, Text, Watch
from rules.kind import Kind

Number = Annotated[float, Field(allow_inf_nan=False)]


def _known_unit(symbol: str) -> str:
    if symbol not in UNITS:
        raise ValueError(f"unknown unit {symbol!r}; known: {', '.join(UNITS)}")
    return symbol


UnitSymbol = Annotated[str, AfterValidator(_known_unit)]


class PointWatch(Watch):
    """Every metered point, or those of some roles."""

    roles: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None


class ThresholdWatch(Watch):
    """Points or EnPIs by code; `*` and `?` stand for what they stand for in file names."""

    points: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None
    enpis: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.points is None) == (self.enpis is None):
            raise ValueError("either points or enpis are wanted")
        return self


class ThresholdCondition(Strict):
    """The value over each `resolution` is over, or under, a figure in the rule's unit.

    Attributes:
        resolution: `interval` is the quarter hour (points only); `rolling24h` is for EnPIs only.
        min_completeness: below it the verdict is unknown.
    """

    over: Number | None = None
    under: Number | None = None
    resolution: Literal["interval", "hour", "shift", "day", "rolling24h"] = "interval"
    min_completeness: Share = 0.9

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.over is None) == (self.under is None):
            raise ValueError("either over or under is wanted")
        return self

    @property
    def limit(self) -> float:
        """The figure."""
        limit = self.over if self.over is not None else self.under
        assert limit is not None
        return limit


class ThresholdRule(BaseRule):
    kind: Literal[Kind.THRESHOLD]
    purpose: Literal[Purpose.OPERATIONAL]
    watches: ThresholdWatch
    condition: ThresholdCondition

    @model_validator(mode="after")
    def _fits(self) -> Self:
        resolution = self.condition.resolution
        if self.watches.enpis is not None and resolution == "interval":
            raise ValueError("an EnPI is judged over an hour, shift, day or rolling24h, not over a quarter hour")
        if self.watches.points is not None and resolution == "rolling24h":
            raise ValueError("rolling24h is for EnPIs")
        if self.watches.points is not None:
            _known_unit(self.unit)
        return self


class Check(StrEnum):
    """What is asked of a point's data."""

    SILENT = "silent"
    INCOMPLETE = "incomplete"
    FROZEN = "frozen"
    OUT_OF_RANGE = "out_of_range"
    CLOCK_SKEW = "clock_skew"
    REGISTER = "register"
    SPIKE = "spike"
    NEVER_REPORTED = "never_reported"


class SilentCondition(Strict):
    """Closed quarter hours have nothing in them."""

    check: Literal[Check.SILENT]


class IncompleteCondition(Strict):
    """Over the last `window` less than `completeness_below` of the time is known."""

    check: Literal[Check.INCOMPLETE]
    completeness_below: Annotated[float, Field(gt=0, le=1)] = 0.9
    window: Duration


class FrozenCondition(Strict):
    """Readings go on and are the same value for longer than the point's `frozen_after_s`."""

    check: Literal[Check.FROZEN]


class OutOfRangeCondition(Strict):
    """A reading is below the point's `min` or above its `max`."""

    check: Literal[Check.OUT_OF_RANGE]


class ClockSkewCondition(Strict):
    """All of a quarter hour a meter stamps its readings more than `over` away from their arrival."""

    check: Literal[Check.CLOCK_SKEW]
    over: Duration


class RegisterCondition(Strict):
    """The ledger found a fall that is no rollover, or a lasting rise the rating does not allow.

    Attributes:
        caused_by: `meter`: it is there in the order of arrival, too; `clock`: only because a clock was set back.
    """

    check: Literal[Check.REGISTER]
    caused_by: Literal["meter", "clock"] = "meter"
    findings: Annotated[tuple[Literal["register_dropped", "register_jumped"], ...], Field(min_length=1)] = (
        "register_dropped",
        "register_jumped",
    )


class SpikeCondition(Strict):
    """Within the last `window` the ledger left out `at_least` readings from which the register fell back."""

    check: Literal[Check.SPIKE]
    at_least: Annotated[int, Field(ge=1)] = 1
    window: Duration


class NeverReportedCondition(Strict):
    """A point that reports periodically was registered at least `after` ago, and no reading ever came."""

    check: Literal[Check.NEVER_REPORTED]
    after: Duration = timedelta(hours=24)


class DataQualityRule(BaseRule):
    kind: Literal[Kind.DATA_QUALITY]
    purpose: Literal[Purpose.OPERATIONAL]
    watches: PointWatch = PointWatch()
    condition: Annotated[
        SilentCondition
        | IncompleteCondition
        | FrozenCondition
        | OutOfRangeCondition
        | ClockSkewCondition
        | RegisterCondition
        | SpikeCondition
        | NeverReportedCondition,
        Field(discriminator="check"),
    ]
