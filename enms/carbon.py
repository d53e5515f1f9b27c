"""Carbon follows from energy: tCO2 of a carrier's amount.

Fuels: energy content x carbon content x oxidation x 44/12. Electricity and heat: the factor of the year published.
A factor of confidence C is not shipped; where none is left the carbon is unknown. Water, air and the gases of the air
have none of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from enms.carriers import coefficients
from enms.factor_files import FuelsFile, PowerFile, ProcessFile, parse_fuels, parse_power, parse_process
from enms.units import KJ_PER_KGCE, convert

_FOLDER = Path(__file__).parent / "standards"


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


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


@cache
def fuels() -> FuelsFile:
    """Carbon of fuels."""
    return parse_fuels(_read("carbon_fuels.yaml"), "carbon_fuels.yaml")


@cache
def bought_power() -> PowerFile:
    """Bought electricity and heat, of every region; the product counts with the default one."""
    return parse_power(_read("carbon_power.yaml"), "carbon_power.yaml")


@cache
def process_emissions() -> ProcessFile:
    """Process emissions of steel; nothing is counted with them yet."""
    return parse_process(_read("carbon_process.yaml"), "carbon_process.yaml")


@cache
def _factors() -> dict[str, list[tuple[date, CarbonFactor]]]:
    found: dict[str, list[tuple[date, CarbonFactor]]] = {}
    for carrier in ("electricity", "heat", "steam"):
        for row in bought_power().counted_with(carrier):
            entry = CarbonFactor(
                carrier, None, row.tco2_per_unit, row.unit, row.edition, row.source, row.confidence, row.review
            )
            found.setdefault(carrier, []).append((row.effective_from, entry))
    file = coefficients()
    for medium in (row for row in file.carriers if row.carbon_free):
        entry = CarbonFactor(
            medium.code, None, 0.0, medium.unit, file.edition, medium.source, medium.confidence, medium.review
        )
        found.setdefault(medium.code, []).append((date.min, entry))
    for fuel in fuels().rows:
        entry = CarbonFactor(
            fuel.carrier, fuel.tco2_per_gj, None, fuel.unit, fuels().edition, fuel.source, fuel.confidence, fuel.review
        )
        found.setdefault(fuel.carrier, []).append((date.min, entry))
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
