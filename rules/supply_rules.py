"""Rules about settlement meters: power factor, maximum demand, voltage at the point of common coupling."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from enms.alerts import Purpose
from rules.base_rule import BaseRule, Duration, Share, Strict, Text, Watch
from rules.kind import Kind

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class SupplyWatch(Watch):
    """Every supply of the plant file, or those of some codes."""

    supplies: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None


class SupplyRule(BaseRule):
    """What rules about settlement meters have in common."""

    purpose: Literal[Purpose.OPERATIONAL]
    watches: SupplyWatch = SupplyWatch()


class PowerFactorCondition(Strict):
    """cos φ from the month's kWh and kvarh is under the class of the user.

    Attributes:
        period: `month` is billed; `month_to_date` is told every day, from `from_day` on.
    """

    period: Literal["month", "month_to_date"]
    under: Literal["class"]
    from_day: Annotated[int, Field(ge=1, le=28)] = 10
    min_completeness: Share = 0.9


class PowerFactorRule(SupplyRule):
    kind: Literal[Kind.POWER_FACTOR]
    condition: PowerFactorCondition


class MaxDemandCondition(Strict):
    """The 15-minute demand is over a share of the contract's; 1.05 is where the surcharge begins.

    Attributes:
        ahead: at cadence `1m`, how far it is projected; trend: over which last minutes' power.
    """

    over_share: Positive = 1.0
    min_completeness: Share = 0.9
    ahead: Annotated[Duration, Field(ge=timedelta(), le=timedelta(minutes=10))] = timedelta(minutes=5)
    trend: Annotated[Duration, Field(ge=timedelta(minutes=1), le=timedelta(minutes=10))] = timedelta(minutes=3)


class MaxDemandRule(SupplyRule):
    live = True

    kind: Literal[Kind.MAX_DEMAND]
    condition: MaxDemandCondition


class UnbalanceCondition(Strict):
    """Over a day the unbalance that 95 % of the ten-minute values keep is over so many per cent."""

    over_pct: Positive = 2.0
    probability: Annotated[float, Field(ge=0.5, le=1)] = 0.95
    min_completeness: Share = 0.9


class UnbalanceRule(SupplyRule):
    kind: Literal[Kind.VOLTAGE_UNBALANCE]
    condition: UnbalanceCondition


class DeviationCondition(Strict):
    """Over a day the deviation that 95 % of the ten-minute values keep is over its limit.

    Attributes:
        within_pct: up to `high_kv`: either way.
        span_pct: from `high_kv` on: positive and negative deviation together.
    """

    within_pct: Positive = 7.0
    span_pct: Positive = 10.0
    high_kv: Positive = 35.0
    probability: Annotated[float, Field(ge=0.5, le=1)] = 0.95
    min_completeness: Share = 0.9


class DeviationRule(SupplyRule):
    kind: Literal[Kind.VOLTAGE_DEVIATION]
    condition: DeviationCondition
