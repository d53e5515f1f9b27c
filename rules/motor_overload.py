"""A motor that gives more than its rated output: `motor_overload`.

As with too little load, a mean is not enough: a start or a blockage of a minute lifts it, and no motor minds that. The
condition is met where the load was over the limit throughout the quarter hour.
"""

from __future__ import annotations

from enms.alerts import Truth
from enms.motor import Motor
from rules.conditions import over
from rules.definition import MotorOverloadRule
from rules.motor_load import LoadCondition
from rules.motor_loads import QuarterHourLoad


class MotorOverload(LoadCondition[MotorOverloadRule]):
    """Load factor from input power over the limit, throughout."""

    @property
    def limit(self) -> float:
        return self._rule.condition.load_factor_above

    def limits(self, motor: Motor) -> dict[str, float]:
        return {"load_factor_above": self.limit, "rated_kw": motor.rated_kw}

    def loaded(self, motor: Motor, load: QuarterHourLoad, factor: float) -> tuple[Truth, bool, str]:  # noqa: ARG002 - others look at its plate
        deadband = self._rule.deadband
        truth, in_band = over(factor, self.limit, deadband)
        least = load.least if load.least is not None else factor
        if truth is Truth.MET and least <= self.limit - deadband:
            # no reason to begin an alert, nor to end one
            return Truth.CLEAR, True, "not_throughout"
        return truth, in_band, ""
