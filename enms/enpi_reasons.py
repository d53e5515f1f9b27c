"""Why an EnPI has no value, or no verdict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Why(StrEnum):
    """Why there is no value, or no verdict."""

    OUTPUT_MISSING = "output_missing"
    ENERGY_MISSING = "energy_missing"
    NCV_MISSING = "heating_value_missing"
    NO_FACTOR = "no_conversion_factor"
    HEAT_MISSING = "heat_missing"
    ALPHA_MISSING = "alpha_missing"
    ALPHA_BEYOND = "alpha_beyond_one"
    HEAT_DIFFERS = "heat_named_differently"
    IDLE = "idle"
    INCOMPLETE = "incomplete"
    NO_LIMIT = "no_limit_declared"
    NO_EDITION = "no_edition_in_force"
    STRADDLES = "straddles_editions"
    NO_LEVEL = "no_level_for_this_line"
    CORRECTION_MISSING = "correction_input_missing"
    CORRECTION_BEYOND = "correction_input_beyond_table"
    OTHER_UNIT = "limit_in_another_unit"
    OTHER_BASIS = "limit_on_another_basis"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, and the names of what is missing (codes of points, inputs of corrections)."""

    why: Why
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.why}: {', '.join(self.names)}" if self.names else str(self.why)
