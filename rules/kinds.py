"""Which condition judges which kind of rule; a new kind is a line here and one in `rules.definition`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from db.plants import EnterpriseRow
from rules.conditions import Condition
from rules.definition import Kind, Rule
from rules.enpi_limit import EnpiLimit
from rules.motor_efficiency import MotorEfficiency
from rules.motor_load import MotorLoad
from rules.motor_overload import MotorOverload
from rules.motor_register import MotorRegister
from rules.silence import Silence

CONDITIONS: dict[Kind, Callable[[Any, EnterpriseRow], Condition[Any, Any]]] = {
    Kind.ENPI_LIMIT: EnpiLimit,
    Kind.MOTOR_UNDERLOAD: MotorLoad,
    Kind.MOTOR_IDLE: MotorLoad,
    Kind.MOTOR_OVERLOAD: MotorOverload,
    Kind.MOTOR_REGISTER: MotorRegister,
    Kind.MOTOR_EFFICIENCY: MotorEfficiency,
    Kind.DATA_QUALITY: Silence,
}


def condition_of(rule: Rule, enterprise: EnterpriseRow) -> Condition[Any, Any]:
    """What judges a rule on an enterprise."""
    return CONDITIONS[rule.kind](rule, enterprise)
