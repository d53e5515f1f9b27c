"""Share of heat supplied in all heat that left the boiler (alpha): the part of a unit's energy that is not power's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

from enms.enpi_inputs import Input, Part
from enms.enpi_reasons import Reason, Why
from enms.enpi_totals import total_of, uncertainty_of


@dataclass(frozen=True, slots=True)
class Share:
    """Share of heat supplied in all heat that left the boiler, with the half width of its range."""

    value: float = 0.0
    half: float = 0.0

    @classmethod
    def of(cls, heat: Sequence[Input], total_heat: Sequence[Input]) -> Share:
        """Of known inputs; none where no heat is supplied."""
        supplied, whole = total_of(heat, "GJ", filled=True), total_of(total_heat, "GJ", filled=True)
        if not supplied or supplied < 0 or not whole:
            return cls()
        value = supplied / whole
        halves = uncertainty_of(heat, "GJ") / supplied, uncertainty_of(total_heat, "GJ") / whole
        return cls(value, value * hypot(*halves))


def unknown_heat(energy: Sequence[Input], heat: Sequence[Input], total_heat: Sequence[Input]) -> Reason | None:
    """Why the share of heat is not known; without heat supplied there is none.

    One share is taken of all energy, so heat has to be told for all of it: where the boundary names heat for a part of
    the span only, nobody can say which share of the rest was heat, and the share of that part would flatter it.
    """
    for why, inputs in ((Why.HEAT_MISSING, heat), (Why.ALPHA_MISSING, total_heat)):
        if missing := tuple(i.point for i in inputs if not i.known):
            return Reason(why, missing)
    if heat and not total_heat:
        return Reason(Why.ALPHA_MISSING, (Part.TOTAL_HEAT.value,))
    if heat and any(i.heat_told_s is not None and i.heat_told_s < i.window_s for i in energy):
        return Reason(Why.HEAT_DIFFERS, tuple(i.point for i in heat))
    supplied, whole = total_of(heat, "GJ", filled=True) or 0.0, total_of(total_heat, "GJ", filled=True) or 0.0
    return Reason(Why.ALPHA_BEYOND, tuple(i.point for i in total_heat)) if supplied > max(whole, 0.0) else None
