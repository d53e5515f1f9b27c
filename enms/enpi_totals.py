"""Sums over the inputs of an EnPI: totals, how sure they are, and several spans as one.

Without a unit they are of standard coal, with one of amounts in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import fsum, sqrt

from enms.enpi_inputs import Input, Meter, Part, worst_class
from enms.units import convert


def total_of(inputs: Sequence[Input], output_unit: str | None, *, filled: bool) -> float | None:
    """Signed sum, metered or with gaps filled in; None where an input has nothing."""
    total = 0.0
    for one in inputs:
        quantity = _quantity(one, output_unit)
        if quantity is None or not one.known:
            return None
        total += one.sign * (one.filled(quantity) if filled else quantity)
    return total if inputs else None


def uncertainty_of(inputs: Sequence[Input], output_unit: str | None) -> float:
    """Half width of the range of the filled total."""
    quantities = [(one, _quantity(one, output_unit)) for one in inputs]
    return sqrt(sum(one.uncertainty(q) ** 2 for one, q in quantities if q is not None))


def estimated_share_of(inputs: Sequence[Input]) -> float:
    """Share of the covered time that is estimated, inputs weighed by their size."""
    weights = [abs((i.kgce if i.part is Part.ENERGY else i.amount) or 0.0) if i.known else 0.0 for i in inputs]
    whole = sum(weights)
    if whole == 0:
        return 0.0
    return sum(w * i.estimated_s / i.covered_s for w, i in zip(weights, inputs, strict=True) if w > 0) / whole


def added_up(parts: Sequence[Input]) -> Input:
    """One input over several spans; the worst of its meters."""
    last, used = parts[-1], parts[-1].conversion
    amount = _sum(one.amount for one in parts)
    kgce = _sum(one.kgce for one in parts)
    if used is not None and kgce is not None and amount:
        used = replace(used, kgce_per_amount=kgce / amount)
    meters = [one.meter for one in parts]
    return replace(
        last,
        amount=amount,
        kgce=kgce,
        window_s=fsum(one.window_s for one in parts),
        covered_s=fsum(one.covered_s for one in parts),
        estimated_s=fsum(one.estimated_s for one in parts),
        apportioned_s=fsum(one.apportioned_s for one in parts),
        conversion=used,
        problem=next((one.problem for one in parts if one.problem is not None), None),
        heat_told_s=_told_s(parts),
        meter=Meter(
            accuracy_class=worst_class(m.accuracy_class for m in meters),
            ncv_accuracy_class=worst_class(m.ncv_accuracy_class for m in meters),
            step=max((m.step for m in meters if m.step is not None), default=None),
            calibrated=min((m.calibrated for m in meters if m.calibrated is not None), default=None),
        ),
    )


def _quantity(one: Input, output_unit: str | None) -> float | None:
    """Standard coal, or the amount in a unit."""
    if output_unit is None:
        return one.kgce
    return None if one.amount is None else convert(one.amount, one.unit, output_unit)


def _told_s(parts: Sequence[Input]) -> float | None:
    if all(one.heat_told_s is None for one in parts):
        return None
    return fsum(one.window_s if one.heat_told_s is None else one.heat_told_s for one in parts)


def _sum(quantities: Iterable[float | None]) -> float | None:
    """Of what is known; None: nothing is."""
    known = [one for one in quantities if one is not None]
    return fsum(known) if known else None
