"""Carbon follows from energy: tCO2 of a carrier's amount.

Fuels: energy content x carbon content x oxidation x 44/12. Electricity and heat: the factor of the year published.
A factor of confidence C is not shipped; where none is left the carbon is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML

from enms.units import KJ_PER_KGCE, convert

_FILE = Path(__file__).parent / "standards" / "carbon.yaml"
_CO2_PER_C = 44 / 12


@dataclass(frozen=True, slots=True)
class CarbonFactor:
    """tCO2 per GJ of a fuel, or per unit of electricity or heat, and where it is from."""

    carrier: str
    tco2_per_gj: float | None
    tco2_per_unit: float | None
    unit: str
    edition: str
    source: str
    confidence: str
    review: str

    def tco2(self, amount: float, amount_unit: str, kgce: float | None) -> float | None:
        """Carbon dioxide of an amount, in t.

        Args:
            amount, amount_unit: what was used.
            kgce: its standard coal on the calorific basis, from a measured NCV where there is one.
        """
        if self.tco2_per_gj is not None and kgce is not None:
            return kgce * KJ_PER_KGCE / 1e6 * self.tco2_per_gj
        if self.tco2_per_unit is not None:
            return convert(amount, amount_unit, self.unit) * self.tco2_per_unit
        return None


@cache
def _factors() -> dict[str, list[tuple[date, CarbonFactor]]]:
    document = YAML(typ="safe").load(_FILE.read_text(encoding="utf-8"))
    review = document["review"]
    found: dict[str, list[tuple[date, CarbonFactor]]] = {}
    for row in document["electricity"]:
        entry = CarbonFactor(
            "electricity",
            None,
            row["tco2_per_mwh"],
            "MWh",
            row["edition"],
            row["source"],
            row["confidence"],
            review,
        )
        found.setdefault("electricity", []).append((row["effective_from"], entry))
    for row in document["heat"]:
        for carrier in ("heat", "steam"):
            entry = CarbonFactor(
                carrier,
                None,
                row["tco2_per_gj"],
                "GJ",
                row["edition"],
                row["source"],
                row["confidence"],
                review,
            )
            found.setdefault(carrier, []).append((row["effective_from"], entry))
    fuels = document["fuels"]
    for row in fuels["rows"]:
        per_gj = row["carbon_tc_per_gj"] * row["oxidation"] * _CO2_PER_C
        entry = CarbonFactor(
            row["carrier"],
            per_gj,
            None,
            row["unit"],
            fuels["edition"],
            fuels["source"],
            row["confidence"],
            review,
        )
        found.setdefault(row["carrier"], []).append((date.min, entry))
    return found


def carbon_factor(carrier: str, day: date) -> CarbonFactor | None:
    """The newest factor published for a day or before it; the first one for days before them all.

    The published grid factor of a year comes out two years late: until then the last one serves, as the reporting
    guides say.
    """
    entries = sorted(_factors().get(carrier, ()), key=lambda pair: pair[0])
    if not entries:
        return None
    return ([f for since, f in entries if since <= day] or [entries[0][1]])[-1]


def carbon_factors() -> list[tuple[date, CarbonFactor]]:
    """Every factor with the day it was first to be used, by carrier, then day; for tables outside Python."""
    return [pair for carrier in sorted(_factors()) for pair in sorted(_factors()[carrier], key=lambda pair: pair[0])]
