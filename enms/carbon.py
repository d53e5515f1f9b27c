"""Carbon follows from energy: tCO2 of a carrier's amount.

Fuels: energy content x carbon content x oxidation x 44/12. Electricity and heat: the factor of the year published.
The order of belief: what the site measured (GB/T 32151 asks for that first), then the guide's default. A default of
confidence C is not shipped; where none is left the carbon is unknown. Water, air and the gases of the air have none of
their own. Factors hold for whole days of the enterprise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from enms.carriers import coefficients
from enms.factor_files import CO2_PER_C, FuelsFile, PowerFile, ProcessFile, parse_fuels, parse_power, parse_process
from enms.site_factors import SiteCarbon
from enms.units import KJ_PER_KGCE, convert, unit

_DAY = timedelta(days=1)
_FOLDER = Path(__file__).parent / "standards"


@dataclass(frozen=True, slots=True)
class CarbonFactor:
    """tCO2 per GJ of a fuel, or per unit of electricity, of heat or of what was analysed, and where it is from.

    Attributes:
        unit: of the amount; of a default per GJ the unit that its fuel is usually metered in.
        formula: what it is the product of; empty: it is given as it is.
    """

    carrier: str
    tco2_per_gj: float | None
    tco2_per_unit: float | None
    unit: str
    edition: str
    source: str
    confidence: str
    review: str
    formula: str = ""

    def tco2(self, amount: float, amount_unit: str, kgce: float | None) -> float | None:
        """Carbon dioxide of an amount, in t; None: its energy is not known, or it is measured in something else.

        Args:
            amount, amount_unit: what was used.
            kgce: its standard coal on the calorific basis, from a measured NCV where there is one.
        """
        if self.tco2_per_gj is not None and kgce is not None:
            return kgce * KJ_PER_KGCE / 1e6 * self.tco2_per_gj
        if self.tco2_per_unit is not None and unit(amount_unit).dimension is unit(self.unit).dimension:
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
            carrier=fuel.carrier,
            tco2_per_gj=fuel.tco2_per_gj,
            tco2_per_unit=None,
            unit=fuel.unit,
            edition=fuels().edition,
            source=fuel.source,
            confidence=fuel.confidence,
            review=fuel.review,
            formula=_formula(fuel.carbon_tc_per_gj, "GJ", fuel.oxidation),
        )
        found.setdefault(fuel.carrier, []).append((date.min, entry))
    return found


def _formula(carbon: float, per: str, oxidation: float) -> str:
    return f"{carbon:g} tC/{per} x {oxidation:g} x 44/12"


def _own(given: SiteCarbon) -> CarbonFactor:
    """A site's own factor, as the others are."""
    carbon = given.carbon if given.carbon is not None else given.carbon_per_gj
    by_carbon = None if carbon is None or given.oxidation is None else carbon * given.oxidation * CO2_PER_C
    return CarbonFactor(
        carrier=given.carrier,
        tco2_per_gj=by_carbon if given.unit is None else None,
        tco2_per_unit=given.tco2 if given.tco2 is not None else by_carbon if given.unit is not None else None,
        unit=given.unit or "GJ",
        edition="site factor",
        source=f"site: {given.source}",
        confidence="site",
        review="given by the enterprise",
        formula="" if by_carbon is None else _formula(carbon or 0.0, given.unit or "GJ", given.oxidation or 0.0),
    )


def carbon_factor(carrier: str, day: date, site: Iterable[SiteCarbon] = ()) -> CarbonFactor | None:
    """The factor of a day of the enterprise: its own; else the newest published for that day or before it.

    The first one published holds for days before them all. The published grid factor of a year comes out two years
    late: until then the last one serves, as the reporting guides say.
    """
    own = [given for given in site if given.carrier == carrier and given.holds_on(day)]
    if own:
        return _own(max(own, key=lambda given: given.effective_from or date.min))
    entries = sorted(_factors().get(carrier, ()), key=lambda pair: pair[0])
    if not entries:
        return None
    return ([f for since, f in entries if since <= day] or [entries[0][1]])[-1]


def carbon_spans(
    carrier: str, first: date, last: date, site: Sequence[SiteCarbon] = ()
) -> list[tuple[date, CarbonFactor | None]]:
    """Every factor that holds from the first to the last day, with the first day of the span it is for."""
    days = {first, *(since for since, _ in _factors().get(carrier, ()))}
    for given in site:
        if given.carrier == carrier:
            days |= {given.effective_from or first, given.effective_to + _DAY if given.effective_to else first}
    found: list[tuple[date, CarbonFactor | None]] = []
    for day in sorted(day for day in days if first <= day <= last):
        one = carbon_factor(carrier, day, site)
        if not found or found[-1][1] != one:
            found.append((day, one))
    return found


def carbon_factors() -> list[tuple[date, CarbonFactor]]:
    """Every factor with the day it was first to be used, by carrier, then day; for tables outside Python."""
    return [pair for carrier in sorted(_factors()) for pair in sorted(_factors()[carrier], key=lambda pair: pair[0])]
