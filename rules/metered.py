"""A metered amount over a window, with what makes it uncertain: the input of rules that are about points. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import Any

from db.metered import NOTHING, MeteredPoint, WindowSum
from enms.enpi_verdict import Certainty
from enms.units import UNITS, convert


@dataclass(frozen=True, slots=True)
class Metered:
    """One point over one window.

    Attributes:
        amount: in `unit` over the covered seconds; the mean over them where `mean`; None: nothing is known.
        accuracy_class: per cent of reading.
        step: smallest step of the register, as an amount.
    """

    point: str
    amount: float | None
    unit: str
    mean: bool
    window_s: float
    covered_s: float
    estimated_s: float
    accuracy_class: float | None
    step: float | None
    calibrated: date | None = None

    @property
    def completeness(self) -> float:
        return min(1.0, self.covered_s / self.window_s) if self.window_s > 0 else 0.0

    @property
    def filled(self) -> float | None:
        """The amount over the whole window, at the mean of what was covered."""
        if self.amount is None or self.covered_s <= 0:
            return None
        return self.amount if self.mean else self.amount / self.completeness

    @property
    def unclassed(self) -> tuple[str, ...]:
        """Its point, where the meter is of no known class."""
        return (self.point,) if self.accuracy_class is None else ()

    @property
    def uncertainty(self) -> float:
        """Half width of the range of the filled amount: class, step and what was filled in, root sum of squares."""
        if self.amount is None or self.filled is None:
            return 0.0
        gap = abs(self.filled) * (1 - self.completeness) if self.mean else abs(self.filled - self.amount)
        parts = (abs(self.filled) * (self.accuracy_class or 0.0) / 100, self.step or 0.0, gap)
        return sqrt(sum(part * part for part in parts))

    @property
    def evidence(self) -> dict[str, object]:
        """As it stands in evidence."""
        return {
            "point": self.point,
            "amount": self.amount,
            "unit": self.unit,
            "mean": self.mean,
            "window_s": self.window_s,
            "covered_s": self.covered_s,
            "estimated_s": self.estimated_s,
            "completeness": self.completeness,
            "meter": {"accuracy_class": self.accuracy_class, "step": self.step, "calibrated": self.calibrated},
        }

    @classmethod
    def of(cls, point: MeteredPoint, found: WindowSum | None, window_s: float) -> Metered:
        """A point's sum over a window."""
        known = found or NOTHING
        return cls(
            point=point.code,
            amount=known.amount,
            unit=point.amount_unit,
            mean=point.aggregate == "mean",
            window_s=window_s,
            covered_s=known.covered_s,
            estimated_s=known.estimated_s,
            accuracy_class=point.accuracy_class,
            step=point.step,
            calibrated=point.calibrated,
        )

    @classmethod
    def of_evidence(cls, one: Mapping[str, Any]) -> Metered:
        """Read back from evidence."""
        meter = one["meter"]
        return cls(
            point=one["point"],
            amount=number(one["amount"]),
            unit=one["unit"],
            mean=one["mean"],
            window_s=float(one["window_s"]),
            covered_s=float(one["covered_s"]),
            estimated_s=float(one["estimated_s"]),
            accuracy_class=number(meter["accuracy_class"]),
            step=number(meter["step"]),
        )


def number(text: str | None) -> float | None:
    """A decimal of evidence."""
    return None if text is None else float(text)


def in_unit(quantity: float, one: Metered, wanted: str) -> float | None:
    """An amount of `one` (or a half width) in the wanted unit: as a mean rate, where that is a rate.

    None: the unit measures something else.
    """
    rate = UNITS[wanted]
    try:
        if not one.mean and rate.per_hour is not None:
            return convert(quantity, one.unit, rate.per_hour) / rate.amount_per_hour * 3_600 / one.window_s
        return convert(quantity, one.unit, wanted)
    except ValueError:
        return None


def certainty(low: float, high: float, limit: float, *, over: bool, unclassed: Collection[str]) -> str:
    """Whether the whole range is beyond the limit; never sure where a meter's class is not known (`unclassed`)."""
    sure = not unclassed and (low > limit if over else high < limit)
    return (Certainty.CONFIRMED if sure else Certainty.POSSIBLE).value


def class_unknown(points: Collection[str]) -> dict[str, object]:
    """Points whose meters' class is not known, as a verdict says it in evidence; nothing where there are none."""
    return {"class_unknown": sorted(set(points))} if points else {}


def line(what: str, formula: str, result: float | None, unit: str) -> dict[str, object]:
    """One line of arithmetic."""
    return {"what": what, "formula": formula, "result": result, "unit": unit}
