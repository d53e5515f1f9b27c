"""Rules against an energy baseline."""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from db.baseline_steps import Wanted
from enms.alerts import Purpose
from enms.names import Name
from rules.base_rule import BaseRule, NotNegative, Share, Strict, Text, Watch
from rules.kind import Kind


class BaselineWatch(Watch):
    """EnPIs by code or pattern: the energy of their boundary is what is held against the baseline."""

    enpis: Annotated[tuple[Text, ...], Field(min_length=1)]


class OfPoint(Strict):
    """A metered point: its amount over the step, or its mean where it is a state. `{process}`: the EnPI's process."""

    point: Text


class OfEnpi(Strict):
    """Another EnPI's value over the step."""

    enpi: Text


Variable = Literal["output"] | OfPoint | OfEnpi


class Period(Strict):
    """What the baseline is fitted to: local days from a date to a date, or the first whole days there are."""

    first_days: Annotated[int, Field(ge=1, le=1096)] | None = None
    since: Annotated[date | None, Field(alias="from")] = None
    until: Annotated[date | None, Field(alias="to")] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        dates = (self.since, self.until)
        if (self.first_days is None) == (dates == (None, None)) or (self.first_days is None and None in dates):
            raise ValueError("either first_days, or from and to, is wanted")
        if self.since is not None and self.until is not None and self.until < self.since:
            raise ValueError("to is before from")
        return self


class BaselineCondition(Strict):
    """A step's energy is over the baseline by more than the prediction interval.

    Attributes:
        resolution: cadence of the observations.
        variables: relevant variables; `output` is the EnPI's own.
        baseline: the period it is fitted to, once.
        min_observations: with fewer nothing is judged.
        significance: probability that a sound step lies outside the interval, half of it above.
        max_cv_rmse, min_r2, max_f_p: a worse fit is no baseline. A steady line has a low R² and a small scatter:
            there is little to explain.
        beyond: share by which a variable may pass the edge of what the baseline saw.
        idle_below: share of the usual output (its median over the period) below which a step stands still.
        at_least_pct: an excess below so many per cent of the expected energy is not worth a word.
        static_factors: what must stay as it was for the baseline to hold (ISO 50015); a note that stands in evidence.
    """

    over: Literal["prediction_interval"]
    resolution: Literal["shift", "day"]
    variables: Annotated[tuple[Variable, ...], Field(min_length=1, max_length=6)] = ("output",)
    baseline: Period
    min_observations: Annotated[int, Field(ge=6, le=2000)]
    significance: Annotated[float, Field(gt=0, le=0.5)] = 0.05
    max_cv_rmse: Annotated[float, Field(gt=0, le=1)] = 0.1
    min_r2: Share = 0.0
    max_f_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    beyond: Share = 0.1
    idle_below: Share = 0.2
    at_least_pct: NotNegative = 0.0
    min_completeness: Share = 0.95
    static_factors: Name | None = None

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        """Its variables."""
        return tuple(_wanted(one) for one in self.variables)

    @property
    def spec(self) -> str:
        """SHA-256 of what decides the fit: a change of it is fitted anew, a change of anything else is not."""
        decides = {"resolution", "variables", "baseline", "min_observations", "idle_below", "min_completeness"}
        text = json.dumps(self.model_dump(mode="json", by_alias=True, include=decides), sort_keys=True)
        return sha256(text.encode()).hexdigest()

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.min_observations < len(self.variables) + 3:
            raise ValueError("min_observations: at least three more than there are variables")
        if len(set(self.wanted)) < len(self.wanted):
            raise ValueError("variables: one is there twice")
        return self


def _wanted(one: Variable) -> Wanted:
    if isinstance(one, OfPoint):
        return Wanted("point", one.point)
    return Wanted("enpi", one.enpi) if isinstance(one, OfEnpi) else Wanted("output")


class EnpiBaselineRule(BaseRule):
    kind: Literal[Kind.ENPI_BASELINE]
    purpose: Literal[Purpose.OPERATIONAL]
    # of the energy that was expected
    unit: Literal["%"]
    watches: BaselineWatch
    condition: BaselineCondition
