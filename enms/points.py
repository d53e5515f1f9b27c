"""Metering points with their meters, and what the ledger makes of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from enms.metering import (
    Aggregate,
    Installation,
    InstallationKind,
    PointConfig,
    ReadingType,
    Reporting,
    Role,
    VirtualTerm,
    default_max_gap_s,
)
from enms.names import Name
from enms.plant_types import Code, Number, Positive, Sign, Strict, UnitSymbol
from enms.plant_words import aware
from enms.units import is_amount, unit

# An on-change point without max_silence_s is believed for a day.
DEFAULT_SILENCE_S = 86_400.0
_DEFAULT_PERIOD_S = {ReadingType.INTERVAL: 900.0}


class Term(Strict):
    """A signed point in a boundary or a virtual point."""

    point: Code
    sign: Sign = 1


class Point(Strict):
    """A metering point with the meter on it."""

    code: Code
    name: Name | None = None
    process: Code | None = None
    carrier: str | None = None
    role: Role = Role.CONSUMED
    reading: ReadingType = ReadingType.REGISTER
    unit: UnitSymbol | None = None
    multiplier: Number = 1.0
    register_max: Positive | None = None
    resolution: Positive | None = None
    rated_per_hour: Positive | None = None
    period_s: Positive | None = None
    reporting: Reporting = Reporting.PERIODIC
    max_gap_s: Positive | None = None
    max_silence_s: Positive | None = None
    min: Number | None = None
    max: Number | None = None
    frozen_after_s: Positive | None = None
    accuracy_class: Positive | None = None
    calibrated: date | None = None
    parent: Code | None = None
    ncv: Code | None = None
    in_service_from: Annotated[datetime, AfterValidator(aware)] | None = None
    virtual: tuple[Term, ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.virtual is not None:
            return self
        if self.reading is ReadingType.VIRTUAL:
            raise ValueError("a virtual point lists its terms under `virtual`")
        if self.unit is None:
            raise ValueError("unit is missing")
        if self.multiplier == 0:
            raise ValueError("a multiplier of 0 would lose every reading")
        if self.reading is not ReadingType.GAUGE and not is_amount(self.unit):
            raise ValueError(
                f"a {self.reading} reading needs a unit that adds up; {self.unit} does not (use reading: gauge)"
            )
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is above max")
        return self

    def config(self, unit_of_terms: str | None = None) -> PointConfig:
        """What the ledger works with, every default filled in.

        Args:
            unit_of_terms: amount unit of a virtual point's terms.
        """
        reading = ReadingType.VIRTUAL if self.virtual is not None else self.reading
        symbol = self.unit or unit_of_terms or "1"
        of = unit(symbol)
        rate = reading is ReadingType.GAUGE and of.is_rate
        period = self.period_s or _DEFAULT_PERIOD_S.get(reading, 60.0)
        silence = self.max_silence_s or (DEFAULT_SILENCE_S if self.reporting is Reporting.ON_CHANGE else None)
        gap = (
            self.max_gap_s or (silence if self.reporting is Reporting.ON_CHANGE else None) or default_max_gap_s(period)
        )
        return PointConfig(
            code=self.code,
            process=self.process,
            carrier=self.carrier,
            role=self.role,
            reading=reading,
            unit=symbol,
            amount_unit=of.per_hour if rate and of.per_hour else symbol,
            to_amount=of.amount_per_hour if rate else 1.0,
            aggregate=Aggregate.SUM if rate or reading is not ReadingType.GAUGE else Aggregate.MEAN,
            rated_per_hour=self.rated_per_hour,
            period_s=period,
            reporting=self.reporting,
            max_gap_s=gap,
            max_silence_s=silence,
            min_value=self.min,
            max_value=self.max,
            frozen_after_s=self.frozen_after_s,
            parent=self.parent,
            ncv=self.ncv,
            in_service_from=self.in_service_from,
            virtual=tuple(VirtualTerm(t.point, t.sign) for t in self.virtual or ()),
        )

    def installation(self) -> Installation:
        """The meter as the file describes it, installed since ever."""
        return Installation(
            installed_at=None,
            kind=InstallationKind.INSTALL,
            multiplier=self.multiplier,
            register_max=self.register_max,
            resolution=self.resolution,
            accuracy_class=self.accuracy_class,
            calibrated=self.calibrated,
        )
