"""Units of measurement, and energy as a type.

No bare number crosses a boundary: an amount is an `Amount` (value with unit), energy is an `Energy`.
Gas volumes state their condition: Nm3 is 0 degC, m3 is 20 degC, both 101.325 kPa; they differ by 293.15/273.15
(7 % that nobody would notice in a figure).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# GB/T 2589-2020: 1 kgce = 29 307.6 kJ (7 000 kcal at 4.1868 J/cal).
KJ_PER_KGCE = 29_307.6
KJ_PER_KWH = 3_600.0
# Ideal gas between 20 degC and 0 degC at the same pressure.
M3_20C_PER_NM3 = 293.15 / 273.15


class Dimension(StrEnum):
    """What a unit measures. Rates and their amounts are pairs."""

    ENERGY = "energy"
    POWER = "power"
    REACTIVE_ENERGY = "reactive_energy"
    REACTIVE_POWER = "reactive_power"
    MASS = "mass"
    MASS_RATE = "mass_rate"
    VOLUME = "volume"
    VOLUME_RATE = "volume_rate"
    COUNT = "count"
    TIME = "time"
    TEMPERATURE = "temperature"
    PRESSURE = "pressure"
    CURRENT = "current"
    VOLTAGE = "voltage"
    FREQUENCY = "frequency"
    SPEED = "speed"
    RATIO = "ratio"
    HEATING_VALUE_MASS = "heating_value_mass"
    HEATING_VALUE_VOLUME = "heating_value_volume"
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit.

    Attributes:
        symbol: as in plant files and answers.
        dimension: what it measures.
        factor: how many of the dimension's base unit one of these is (kJ, kW, kg, Nm3, …).
        per_hour: for a rate, the symbol of the amount it gives in one hour; None for anything else.
        amount_per_hour: how many of `per_hour` one unit held for an hour is.
    """

    symbol: str
    dimension: Dimension
    factor: float
    per_hour: str | None = None
    amount_per_hour: float = 1.0

    @property
    def is_rate(self) -> bool:
        """Whether holding this for a time gives an amount."""
        return self.per_hour is not None


_D = Dimension
UNITS: dict[str, Unit] = {
    unit.symbol: unit
    for unit in (
        Unit("kWh", _D.ENERGY, 3_600.0),
        Unit("Wh", _D.ENERGY, 3.6),
        Unit("MWh", _D.ENERGY, 3.6e6),
        Unit("kJ", _D.ENERGY, 1.0),
        Unit("MJ", _D.ENERGY, 1e3),
        Unit("GJ", _D.ENERGY, 1e6),
        Unit("kgce", _D.ENERGY, KJ_PER_KGCE),
        Unit("tce", _D.ENERGY, KJ_PER_KGCE * 1e3),
        Unit("W", _D.POWER, 1e-3, "kWh", 1e-3),
        Unit("kW", _D.POWER, 1.0, "kWh"),
        Unit("MW", _D.POWER, 1e3, "kWh", 1e3),
        Unit("GJ/h", _D.POWER, 1e6 / 3600, "GJ"),
        Unit("MJ/h", _D.POWER, 1e3 / 3600, "MJ"),
        Unit("kvarh", _D.REACTIVE_ENERGY, 1.0),
        Unit("Mvarh", _D.REACTIVE_ENERGY, 1e3),
        Unit("kvar", _D.REACTIVE_POWER, 1.0, "kvarh"),
        Unit("Mvar", _D.REACTIVE_POWER, 1e3, "kvarh", 1e3),
        Unit("g", _D.MASS, 1e-3),
        Unit("kg", _D.MASS, 1.0),
        Unit("t", _D.MASS, 1e3),
        Unit("kt", _D.MASS, 1e6),
        Unit("kg/h", _D.MASS_RATE, 1.0, "kg"),
        Unit("t/h", _D.MASS_RATE, 1e3, "t"),
        Unit("kg/s", _D.MASS_RATE, 3_600.0, "kg", 3_600.0),
        Unit("Nm3", _D.VOLUME, 1.0),
        Unit("m3", _D.VOLUME, 1 / M3_20C_PER_NM3),
        Unit("10^4Nm3", _D.VOLUME, 1e4),
        Unit("L", _D.VOLUME, 1e-3 / M3_20C_PER_NM3),
        Unit("Nm3/h", _D.VOLUME_RATE, 1.0, "Nm3"),
        Unit("kNm3/h", _D.VOLUME_RATE, 1e3, "Nm3", 1e3),
        Unit("m3/h", _D.VOLUME_RATE, 1 / M3_20C_PER_NM3, "m3"),
        Unit("L/min", _D.VOLUME_RATE, 0.06 / M3_20C_PER_NM3, "L", 60.0),
        Unit("count", _D.COUNT, 1.0),
        Unit("h", _D.TIME, 1.0),
        Unit("degC", _D.TEMPERATURE, 1.0),
        Unit("Pa", _D.PRESSURE, 1e-3),
        Unit("kPa", _D.PRESSURE, 1.0),
        Unit("MPa", _D.PRESSURE, 1e3),
        Unit("A", _D.CURRENT, 1.0),
        Unit("kA", _D.CURRENT, 1e3),
        Unit("V", _D.VOLTAGE, 1.0),
        Unit("kV", _D.VOLTAGE, 1e3),
        Unit("Hz", _D.FREQUENCY, 1.0),
        Unit("rpm", _D.SPEED, 1.0),
        Unit("1", _D.RATIO, 1.0),
        Unit("%", _D.RATIO, 0.01),
        Unit("kJ/kg", _D.HEATING_VALUE_MASS, 1.0),
        Unit("MJ/kg", _D.HEATING_VALUE_MASS, 1e3),
        Unit("GJ/t", _D.HEATING_VALUE_MASS, 1e3),
        Unit("kJ/Nm3", _D.HEATING_VALUE_VOLUME, 1.0),
        Unit("MJ/Nm3", _D.HEATING_VALUE_VOLUME, 1e3),
        Unit("kJ/m3", _D.HEATING_VALUE_VOLUME, M3_20C_PER_NM3),
        Unit("MJ/m3", _D.HEATING_VALUE_VOLUME, 1e3 * M3_20C_PER_NM3),
        Unit("m", _D.LENGTH, 1.0),
    )
}
# What people write for the same thing.
ALIASES = {
    "°C": "degC",
    "℃": "degC",
    "cosphi": "1",
    "cos φ": "1",
    "": "1",
    "m³": "m3",
    "Nm³": "Nm3",
    "m³/h": "m3/h",
    "Nm³/h": "Nm3/h",
}

# A state is averaged, never summed: everything that is neither an amount nor a rate.
_AMOUNTS = {_D.ENERGY, _D.REACTIVE_ENERGY, _D.MASS, _D.VOLUME, _D.COUNT, _D.TIME}


def unit(symbol: str) -> Unit:
    """The unit of that symbol (or a common spelling of it).

    Raises:
        KeyError: nobody knows it.
    """
    return UNITS[ALIASES.get(symbol, symbol)]


def is_amount(symbol: str) -> bool:
    """Whether values in this unit add up over time (kWh, t, Nm3)."""
    return unit(symbol).dimension in _AMOUNTS


def convert(value: float, source: str, target: str) -> float:
    """`value` in another unit of the same dimension.

    Raises:
        ValueError: the two measure different things.
    """
    a, b = unit(source), unit(target)
    if a.dimension is not b.dimension:
        raise ValueError(f"{source} is {a.dimension}, {target} is {b.dimension}")
    return value if a is b else value * a.factor / b.factor


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its unit."""

    value: float
    unit: str

    def to(self, symbol: str) -> Amount:
        """The same amount in another unit of its dimension."""
        return Amount(convert(self.value, self.unit, symbol), symbol)

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}"


@dataclass(frozen=True, slots=True, order=True)
class Energy:
    """Energy content. Standard coal on the calorific basis is this; the equivalent basis is a carrier's affair."""

    kilojoules: float

    @classmethod
    def from_kwh(cls, value: float) -> Energy:
        return cls(value * KJ_PER_KWH)

    @classmethod
    def from_gj(cls, value: float) -> Energy:
        return cls(value * 1e6)

    @classmethod
    def from_kgce(cls, value: float) -> Energy:
        return cls(value * KJ_PER_KGCE)

    @property
    def kwh(self) -> float:
        return self.kilojoules / KJ_PER_KWH

    @property
    def gj(self) -> float:
        return self.kilojoules / 1e6

    @property
    def kgce(self) -> float:
        return self.kilojoules / KJ_PER_KGCE

    @property
    def tce(self) -> float:
        return self.kgce / 1e3

    def __add__(self, other: Energy) -> Energy:
        return Energy(self.kilojoules + other.kilojoules)

    def __sub__(self, other: Energy) -> Energy:
        return Energy(self.kilojoules - other.kilojoules)
