"""Energy carriers and the standard coal (标准煤) in them.

The order of belief, strongest first: a measured net calorific value, a site factor from the plant file, the
coefficient of GB/T 2589. Where there is none of them the standard coal is unknown, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from enms.factor_files import Alternative, CoefficientsFile, parse_coefficients
from enms.tce_basis import TceBasis
from enms.units import KJ_PER_KGCE, Dimension, convert, unit

__all__ = ["Carrier", "Factor", "TceBasis", "carriers", "coefficients", "factor", "kgce_by_ncv"]

_FILE = Path(__file__).parent / "standards" / "carriers.yaml"


@dataclass(frozen=True, slots=True)
class Factor:
    """How much standard coal an amount of a carrier is.

    Attributes:
        unit: the amount's unit.
        kgce: per unit.
        effective_from, effective_to: days on which it holds, the last included; None is open.
        edition, source, confidence, review: where it is from; shown wherever the figure is.
    """

    carrier: str
    basis: TceBasis
    unit: str
    kgce: float
    effective_from: date | None
    effective_to: date | None
    edition: str
    source: str
    confidence: str
    review: str

    def holds_on(self, day: date) -> bool:
        """Whether this factor is the one for that day."""
        after = self.effective_from is None or day >= self.effective_from
        return after and (self.effective_to is None or day <= self.effective_to)

    def per(self, amount_unit: str) -> float:
        """Kgce per one `amount_unit`.

        Raises:
            ValueError: that unit measures something else (a mass of steam with an energy factor).
        """
        return self.kgce * convert(1.0, amount_unit, self.unit)


@dataclass(frozen=True, slots=True)
class Carrier:
    """An energy carrier or energy-consuming medium (能源品种, 耗能工质).

    Attributes:
        alternatives: what other sources give; never counted with.
    """

    code: str
    name_zh: str
    name_en: str
    unit: str
    default: Factor | None
    note: str | None
    alternatives: tuple[Alternative, ...] = ()

    def name(self, language: str) -> str:
        """Its name in zh or en."""
        return self.name_zh if language.startswith("zh") else self.name_en


@cache
def coefficients() -> CoefficientsFile:
    """The data file."""
    return parse_coefficients(_FILE.read_text(encoding="utf-8"), _FILE.name)


@cache
def carriers() -> dict[str, Carrier]:
    """Every carrier of the data file, by code."""
    file = coefficients()
    return {
        row.code: Carrier(
            code=row.code,
            name_zh=row.name.zh,
            name_en=row.name.en,
            unit=row.unit,
            default=Factor(
                carrier=row.code,
                basis=row.basis,
                unit=row.unit,
                kgce=row.kgce,
                effective_from=None,  # the table is used for all days: editions before 2020 are not shipped
                effective_to=file.effective_to,
                edition=f"{file.edition} {row.clause}",
                source=row.source,
                confidence=row.confidence,
                review=row.review,
            )
            if row.kgce is not None
            else None,
            note=row.note,
            alternatives=row.alternatives,
        )
        for row in file.carriers
    }


def factor(carrier: str, basis: TceBasis, day: date, site: Iterable[Factor] = ()) -> Factor | None:
    """The factor that holds on a day: a site's own before the table's; None where nobody knows.

    Args:
        carrier: its code.
        basis: on the equivalent basis electricity has a site factor of the year or none.
        day: local day of the consumption.
        site: the enterprise's own factors.
    """
    own = [f for f in site if f.carrier == carrier and f.basis is basis and f.holds_on(day)]
    if own:
        return max(own, key=lambda f: f.effective_from or date.min)
    known = carriers().get(carrier)
    if known is None or known.default is None:
        return None
    if basis is TceBasis.EQUIVALENT and carrier == "electricity":
        return None
    return known.default if known.default.holds_on(day) else None


def kgce_by_ncv(amount: float, amount_unit: str, ncv: float, ncv_unit: str) -> float:
    """Standard coal of an amount by its measured net calorific value.

    Raises:
        ValueError: mass against a heating value by volume, or the like.
    """
    dimension = unit(ncv_unit).dimension
    if dimension is Dimension.HEATING_VALUE_MASS:
        kilojoules = convert(amount, amount_unit, "kg") * convert(ncv, ncv_unit, "kJ/kg")
    elif dimension is Dimension.HEATING_VALUE_VOLUME:
        kilojoules = convert(amount, amount_unit, "Nm3") * convert(ncv, ncv_unit, "kJ/Nm3")
    else:
        raise ValueError(f"{ncv_unit} is not a heating value")
    return kilojoules / KJ_PER_KGCE
