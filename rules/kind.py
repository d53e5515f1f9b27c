"""What a rule can be about."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a rule can be about."""

    ENPI_LIMIT = "enpi_limit"
    MOTOR_UNDERLOAD = "motor_underload"
    MOTOR_IDLE = "motor_idle"
    MOTOR_OVERLOAD = "motor_overload"
    MOTOR_REGISTER = "motor_register"
    MOTOR_EFFICIENCY = "motor_efficiency"
    DATA_QUALITY = "data_quality"
    THRESHOLD = "threshold"
    POWER_FACTOR = "power_factor"
    MAX_DEMAND = "max_demand"
    VOLTAGE_UNBALANCE = "voltage_unbalance"
    VOLTAGE_DEVIATION = "voltage_deviation"
    BALANCE = "balance"
    BUDGET = "budget"
    ENPI_BASELINE = "enpi_baseline"
    SUPPLY_COAL_RATE = "supply_coal_rate"
