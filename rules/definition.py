"""A rule is data: what a rule book may say.

No expression is ever evaluated as code: a condition is one of a few shapes with figures in it.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from enms.alerts import Purpose
from rules.balance_rules import BalanceRule, BudgetRule
from rules.base_rule import BaseRule, Share, Strict, Text, Watch
from rules.baseline_rules import EnpiBaselineRule
from rules.coal_rules import SupplyCoalRule
from rules.kind import Kind
from rules.point_rules import DataQualityRule, ThresholdRule
from rules.supply_rules import DeviationRule, MaxDemandRule, PowerFactorRule, UnbalanceRule


class EnpiWatch(Watch):
    """Every EnPI held against one of these rows of a standard; no items named: any of them."""

    standard: Text
    items: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None


class EnpiLimitCondition(Strict):
    """The EnPI, over each `resolution`, is over the level that binds the line, after corrections.

    Attributes:
        min_completeness: below it the verdict is unknown.
    """

    resolution: Literal["shift", "day", "rolling24h", "month", "year"]
    over: Literal["binding_level"]
    min_completeness: Share = 0.9


class EnpiLimitRule(BaseRule):
    kind: Literal[Kind.ENPI_LIMIT]
    watches: EnpiWatch
    condition: EnpiLimitCondition

    @model_validator(mode="after")
    def _period_of_its_purpose(self) -> Self:
        if (self.purpose is Purpose.STATUTORY) != (self.condition.resolution in {"month", "year"}):
            raise ValueError(
                "a statutory rule is judged by month or year (the statistical period), an operational one by shift, "
                "day or rolling24h"
            )
        return self


class MotorWatch(Watch):
    """Every motor of these duties."""

    duty: Annotated[tuple[Literal["continuous", "intermittent", "standby"], ...], Field(min_length=1)]


class MotorLoadCondition(Strict):
    """The motor is energised and its load factor under `load_factor_below`, but not under `and_not_below`.

    1 is rated load.
    """

    load_factor_below: Annotated[float, Field(gt=0, le=2)]
    and_not_below: Annotated[float, Field(ge=0, le=2)] = 0.0
    min_completeness: Share = 0.9


class MotorLoadRule(BaseRule):
    kind: Literal[Kind.MOTOR_UNDERLOAD, Kind.MOTOR_IDLE]
    purpose: Literal[Purpose.OPERATIONAL]
    watches: MotorWatch
    condition: MotorLoadCondition


class MotorOverloadCondition(Strict):
    """The motor's load factor is over `load_factor_above`; 1 is rated load."""

    load_factor_above: Annotated[float, Field(ge=1, le=3)]
    min_completeness: Share = 0.9


class MotorOverloadRule(BaseRule):
    kind: Literal[Kind.MOTOR_OVERLOAD]
    purpose: Literal[Purpose.OPERATIONAL]
    watches: MotorWatch
    condition: MotorOverloadCondition


class MotorRegisterCondition(Strict):
    """The nameplate is below the last grade of its standard; or may be one that an elimination list names."""

    check: Literal["below_last_grade", "elimination_list"]


class MotorRegisterRule(BaseRule):
    kind: Literal[Kind.MOTOR_REGISTER]
    # Grades bind new sales, nobody has to scrap a motor for them; and a possible match of a list proves nothing yet.
    purpose: Literal[Purpose.OPERATIONAL]
    watches: Watch = Watch()
    condition: MotorRegisterCondition


class MotorEfficiencyCondition(Strict):
    """Over 24 hours the efficiency is below what is expected by more than the method's uncertainty.

    Attributes:
        against: the motor's own first hours (motor or set), or its nameplate (by slip only).
        reference_h: hours that it must have run for a reference.
        min_compared: share of the running time that must be at loads the reference knows.
    """

    against: Literal["own_reference", "nameplate"]
    reference_h: Annotated[float, Field(ge=24, le=8760)] = 72
    min_compared: Share = 0.5


class MotorEfficiencyRule(BaseRule):
    kind: Literal[Kind.MOTOR_EFFICIENCY]
    purpose: Literal[Purpose.OPERATIONAL]
    watches: MotorWatch
    condition: MotorEfficiencyCondition


Rule: TypeAlias = (
    EnpiLimitRule
    | MotorLoadRule
    | MotorOverloadRule
    | MotorRegisterRule
    | MotorEfficiencyRule
    | DataQualityRule
    | ThresholdRule
    | PowerFactorRule
    | MaxDemandRule
    | UnbalanceRule
    | DeviationRule
    | BalanceRule
    | BudgetRule
    | EnpiBaselineRule
    | SupplyCoalRule
)
MODELS: dict[str, type[Rule]] = {
    Kind.ENPI_LIMIT: EnpiLimitRule,
    Kind.MOTOR_UNDERLOAD: MotorLoadRule,
    Kind.MOTOR_IDLE: MotorLoadRule,
    Kind.MOTOR_OVERLOAD: MotorOverloadRule,
    Kind.MOTOR_REGISTER: MotorRegisterRule,
    Kind.MOTOR_EFFICIENCY: MotorEfficiencyRule,
    Kind.DATA_QUALITY: DataQualityRule,
    Kind.THRESHOLD: ThresholdRule,
    Kind.POWER_FACTOR: PowerFactorRule,
    Kind.MAX_DEMAND: MaxDemandRule,
    Kind.VOLTAGE_UNBALANCE: UnbalanceRule,
    Kind.VOLTAGE_DEVIATION: DeviationRule,
    Kind.BALANCE: BalanceRule,
    Kind.BUDGET: BudgetRule,
    Kind.ENPI_BASELINE: EnpiBaselineRule,
    Kind.SUPPLY_COAL_RATE: SupplyCoalRule,
}
"""The shape of each kind; `rules.kinds` says what judges it."""
