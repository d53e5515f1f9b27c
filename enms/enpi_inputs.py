"""What an EnPI is made of: metered amounts over a span, how complete they are and how sure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import sqrt

from enms.enpi_reasons import Why


class Part(StrEnum):
    """What an input is to an EnPI; heat supplied and all heat of the boiler say whose share of the energy counts."""

    ENERGY = "energy"
    OUTPUT = "output"
    HEAT = "heat"
    TOTAL_HEAT = "total_heat"


@dataclass(frozen=True, slots=True)
class Meter:
    """What makes an input's amount uncertain.

    Attributes:
        accuracy_class: per cent of reading, the worst of the meters of the span; None: not known of all of them.
        ncv_accuracy_class: the same of the heating value, where one is measured.
        step: smallest step of the register, as an amount; None for other readings.
        calibrated: the oldest calibration of the meters of the span.
    """

    accuracy_class: float | None = None
    ncv_accuracy_class: float | None = None
    step: float | None = None
    calibrated: date | None = None


def worst_class(classes: Iterable[float | None]) -> float | None:
    """Of several meters; None where that of any is not known."""
    found = list(classes)
    known = [one for one in found if one is not None]
    return max(known) if known and len(known) == len(found) else None


@dataclass(frozen=True, slots=True)
class ConversionUsed:
    """How an amount became standard coal.

    Attributes:
        by: `heating_value` (measured), `site_factor` or `table`.
        kgce_per_amount: mean over the span.
        ncv: code of the point that measures the heating value.
        edition, source, confidence, review: of a factor.
    """

    by: str
    kgce_per_amount: float | None
    ncv: str | None = None
    edition: str | None = None
    source: str | None = None
    confidence: str | None = None
    review: str | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """One metered point's part in an EnPI over a span.

    Attributes:
        sign: +1 or -1 in the boundary.
        amount: metered, in `unit`, over the covered seconds; None: nothing.
        kgce: of energy: standard coal of the amount that could be converted.
        window_s: seconds it should have covered; covered_s: seconds whose amount (and kgce) is known.
        estimated_s: of these, spread across a gap of which only the total is known.
        conversion: how amount became kgce, for evidence.
        problem: why there is no kgce.
        heat_told_s: of energy: seconds of the window over which the boundary names heat supplied and all heat; None:
            all of it.
    """

    point: str
    part: Part
    sign: int
    amount: float | None
    unit: str
    kgce: float | None
    window_s: float
    covered_s: float
    estimated_s: float
    apportioned_s: float
    conversion: ConversionUsed | None = None
    problem: Why | None = None
    meter: Meter = Meter()
    heat_told_s: float | None = None

    @property
    def completeness(self) -> float:
        return self.covered_s / self.window_s if self.window_s > 0 else 0.0

    @property
    def known(self) -> bool:
        """Whether there is anything to go by."""
        quantity = self.kgce if self.part is Part.ENERGY else self.amount
        return quantity is not None and self.covered_s > 0

    @property
    def unclassed(self) -> tuple[str, ...]:
        """Points whose meter is of no known class: how far its amount may be off, nobody knows."""
        used = self.conversion
        own = (self.point,) if self.meter.accuracy_class is None else ()
        by_ncv = used is not None and used.by == "heating_value" and self.meter.ncv_accuracy_class is None
        return (*own, used.ncv or self.point) if used is not None and by_ncv else own

    def filled(self, quantity: float) -> float:
        """The quantity over the whole window, at the mean of what was covered."""
        return quantity * self.window_s / self.covered_s

    def uncertainty(self, quantity: float) -> float:
        """Half width of the range of the filled quantity (kgce, or output), as far as classes are known."""
        per_amount = abs(quantity / self.amount) if self.amount else 0.0
        classes = (self.meter.accuracy_class or 0.0, self.meter.ncv_accuracy_class or 0.0)
        filled = self.filled(quantity)
        parts = (
            *(abs(filled) * c / 100 for c in classes),
            (self.meter.step or 0.0) * per_amount,
            abs(filled - quantity),
        )
        return sqrt(sum(p * p for p in parts))
