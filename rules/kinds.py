"""Which condition judges which kind of rule; a new kind is a line here and one in `rules.definition`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from db.plants import EnterpriseRow
from rules.balance import Balance
from rules.baseline_rules import EnpiBaselineRule
from rules.budget import BudgetAhead
from rules.clock_skew import ClockSkew
from rules.conditions import Condition
from rules.data_quality import Frozen, Incomplete, OutOfRange, Register, Spike
from rules.definition import Rule
from rules.enpi_baseline import EnpiBaseline
from rules.enpi_limit import EnpiLimit
from rules.enpi_threshold import EnpiThreshold
from rules.kind import Kind
from rules.max_demand import MaxDemand
from rules.max_demand_now import MaxDemandNow
from rules.motor_efficiency import MotorEfficiency
from rules.motor_load import MotorLoad
from rules.motor_overload import MotorOverload
from rules.motor_register import register_of
from rules.never_reported import NeverReported
from rules.point_rules import Check, DataQualityRule, ThresholdRule
from rules.power_factor import PowerFactor
from rules.silence import Silence
from rules.supply_coal import coal_of
from rules.supply_rules import MaxDemandRule
from rules.threshold import PointThreshold
from rules.voltage import Deviation, Unbalance


def threshold_of(rule: ThresholdRule, enterprise: EnterpriseRow) -> Condition[Any, Any]:
    """A threshold on points or on EnPIs."""
    return PointThreshold(rule, enterprise) if rule.watches.points is not None else EnpiThreshold(rule, enterprise)


CHECKS: dict[Check, Callable[[DataQualityRule, EnterpriseRow], Condition[Any, Any]]] = {
    Check.SILENT: Silence,
    Check.INCOMPLETE: Incomplete,
    Check.FROZEN: Frozen,
    Check.OUT_OF_RANGE: OutOfRange,
    Check.CLOCK_SKEW: ClockSkew,
    Check.REGISTER: Register,
    Check.SPIKE: Spike,
    Check.NEVER_REPORTED: NeverReported,
}


def quality_of(rule: DataQualityRule, enterprise: EnterpriseRow) -> Condition[Any, Any]:
    """One check of the data."""
    return CHECKS[rule.condition.check](rule, enterprise)


def demand_of(rule: MaxDemandRule, enterprise: EnterpriseRow) -> Condition[Any, Any]:
    """Demand as it is billed, or as it is heading."""
    return MaxDemandNow(rule, enterprise) if rule.cadence == "1m" else MaxDemand(rule, enterprise)


CONDITIONS: dict[Kind, Callable[[Any, EnterpriseRow], Condition[Any, Any]]] = {
    Kind.ENPI_LIMIT: EnpiLimit,
    Kind.MOTOR_UNDERLOAD: MotorLoad,
    Kind.MOTOR_IDLE: MotorLoad,
    Kind.MOTOR_OVERLOAD: MotorOverload,
    Kind.MOTOR_REGISTER: register_of,
    Kind.MOTOR_EFFICIENCY: MotorEfficiency,
    Kind.DATA_QUALITY: quality_of,
    Kind.THRESHOLD: threshold_of,
    Kind.POWER_FACTOR: PowerFactor,
    Kind.MAX_DEMAND: demand_of,
    Kind.VOLTAGE_UNBALANCE: Unbalance,
    Kind.VOLTAGE_DEVIATION: Deviation,
    Kind.BALANCE: Balance,
    Kind.BUDGET: BudgetAhead,
    Kind.ENPI_BASELINE: EnpiBaseline,
    Kind.SUPPLY_COAL_RATE: coal_of,
}


def condition_of(rule: Rule, enterprise: EnterpriseRow) -> Condition[Any, Any]:
    """What judges a rule on an enterprise."""
    return CONDITIONS[rule.kind](rule, enterprise)


def trial_of(rule: Rule, enterprise: EnterpriseRow) -> Condition[Any, Any]:
    """What judges a rule for a trial: nothing of it is kept."""
    return (
        EnpiBaseline(rule, enterprise, keep=False)
        if isinstance(rule, EnpiBaselineRule)
        else condition_of(rule, enterprise)
    )
