"""Metering points and the meters installed on them (names after IEC 61968-9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import IntEnum, StrEnum

# The ledger's grid: quarter hours in UTC.
INTERVAL_S = 900
# Clocks that lost their battery begin again in 1970 or 1980, and epoch seconds taken for milliseconds fall in January
# 1970. Energy meters with a clock and an interface are younger than this: nothing before it is a reading or an event.
OLDEST = datetime(1990, 1, 1, tzinfo=UTC)


class ReadingType(StrEnum):
    """How a value is to be understood."""

    REGISTER = "register"
    INTERVAL = "interval"
    GAUGE = "gauge"
    VIRTUAL = "virtual"


class Reporting(StrEnum):
    PERIODIC = "periodic"
    ON_CHANGE = "on_change"


class Role(StrEnum):
    """What an amount is to the enterprise's balance."""

    PURCHASED = "purchased"
    SOLD = "sold"
    CONSUMED = "consumed"
    PRODUCED = "produced"
    RECOVERED = "recovered"
    FLARED = "flared"
    TRANSFERRED = "transferred"
    STOCK = "stock"
    OUTPUT = "output"
    PROPERTY = "property"


class Aggregate(StrEnum):
    """How intervals join into longer ones: amounts add, states average over covered time."""

    SUM = "sum"
    MEAN = "mean"


class Basis(IntEnum):
    """How an interval's amount is known; a row carries the weakest that contributed."""

    MEASURED = 0
    APPORTIONED = 1
    ESTIMATED = 2
    MISSING = 3


class InstallationKind(StrEnum):
    INSTALL = "install"
    CHANGE = "change"
    EXCHANGE = "exchange"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Installation:
    """The meter on a point from an instant on.

    Attributes:
        installed_at: from when; None since ever.
        kind: exchange and reset break the register's course, change does not.
        final_value: the former meter's last value (exchange; optional for a reset).
        initial_value: this meter's first value (exchange and reset).
        multiplier: CT x PT ratio, amount per register unit.
        register_max: rollover modulus, 1 000 000 for six digits; None: never rolls over.
        resolution: smallest step of the register, in the register's unit.
        accuracy_class: per cent of reading, IEC 62053.
    """

    installed_at: datetime | None
    kind: InstallationKind
    multiplier: float
    register_max: float | None
    resolution: float | None
    accuracy_class: float | None
    calibrated: date | None
    final_value: float | None = None
    initial_value: float | None = None


@dataclass(frozen=True, slots=True)
class VirtualTerm:
    """One signed point of a virtual point."""

    point: str
    sign: int


@dataclass(frozen=True, slots=True)
class PointConfig:
    """What a point is, resolved: every default filled in.

    Attributes:
        unit: of the reading's value.
        amount_unit: of an interval's amount.
        to_amount: amount per unit read, or per unit x hour for a rate.
        rated_per_hour: greatest physical amount an hour, in `unit` after the multiplier (kWh for a kWh register).
        period_s: nominal time between readings; what an interval reading covers without a start.
        max_gap_s: neighbours farther apart make an estimate; a gauge holds no longer.
        max_silence_s: an on-change point may be silent this long.
        ncv: code of the point that measures this carrier's net calorific value.
        in_service_from: declared service date; completeness counts from here, else from the first reading.
    """

    code: str
    process: str | None
    carrier: str | None
    role: Role
    reading: ReadingType
    unit: str
    amount_unit: str
    to_amount: float
    aggregate: Aggregate
    rated_per_hour: float | None
    period_s: float
    reporting: Reporting
    max_gap_s: float
    max_silence_s: float | None
    min_value: float | None
    max_value: float | None
    frozen_after_s: float | None
    parent: str | None
    ncv: str | None
    in_service_from: datetime | None = None
    virtual: tuple[VirtualTerm, ...] = ()


def default_max_gap_s(period_s: float) -> float:
    """LEDGER: the larger of three nominal periods and five minutes."""
    return max(3 * period_s, 300.0)
