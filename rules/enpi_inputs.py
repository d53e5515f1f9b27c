"""An EnPI's inputs read back from evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from enms.enpi_inputs import ConversionUsed, Input, Meter, Part
from rules.metered import number


def enpi_input(one: Mapping[str, Any]) -> Input:
    """An EnPI's input read back."""
    meter, used = one["meter"], one.get("conversion")
    return Input(
        point=one["point"],
        part=Part(one["part"]),
        sign=int(one["sign"]),
        amount=number(one["amount"]),
        unit=one["unit"],
        kgce=number(one["kgce"]),
        window_s=float(one["window_s"]),
        covered_s=float(one["covered_s"]),
        estimated_s=float(one["estimated_s"]),
        apportioned_s=float(one["apportioned_s"]),
        conversion=None if used is None else ConversionUsed(used["by"], None, ncv=used["heating_value"]),
        meter=Meter(
            number(meter["accuracy_class"]), number(meter["heating_value_accuracy_class"]), number(meter["step"])
        ),
    )
