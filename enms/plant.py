"""A plant as its plant file describes it: enterprise, processes, metering points, EnPIs, motors.

The models are the file's format (CONTRACT: "A plant file"); omitted keys take the defaults here, unknown keys are
mistakes. `enms.plant_file` reads the YAML and reports every mistake with its line.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

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
from enms.plant_words import aware, code, enterprise_code, known_unit, quarter_hour, zone
from enms.tce_basis import TceBasis
from enms.units import Dimension, is_amount, unit

# An on-change point without max_silence_s is believed for a day.
DEFAULT_SILENCE_S = 86_400.0
# Blast-furnace gas, the leanest there is, has 0.0708.
_MOST_TC_PER_GJ = 0.1
_DEFAULT_PERIOD_S = {ReadingType.INTERVAL: 900.0}


Code = Annotated[str, AfterValidator(code)]
EnterpriseCode = Annotated[str, AfterValidator(enterprise_code)]
ClockTime = Annotated[str, BeforeValidator(str), AfterValidator(quarter_hour)]
UnitSymbol = Annotated[str, BeforeValidator(str), AfterValidator(known_unit)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Sign = Literal[1, -1]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Name(_Strict):
    """A name in both languages."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en


class Shift(_Strict):
    """A working shift in local wall time; it passes midnight when `to` is not after `from`."""

    code: Code
    starts: ClockTime = Field(alias="from")
    ends: ClockTime = Field(alias="to")


_THREE_SHIFTS = (
    Shift.model_validate({"code": "night", "from": "00:00", "to": "08:00"}),
    Shift.model_validate({"code": "day", "from": "08:00", "to": "16:00"}),
    Shift.model_validate({"code": "eve", "from": "16:00", "to": "24:00"}),
)


class Enterprise(_Strict):
    """A key energy user and its own cuts of time."""

    code: EnterpriseCode
    name: Name
    industry: Literal["steel", "rare_earth", "power", "other"]
    timezone: Annotated[str, AfterValidator(zone)] = "Asia/Shanghai"
    day_starts: ClockTime = "00:00"
    month_starts_day: int = Field(default=1, ge=1, le=28)
    shifts: tuple[Shift, ...] = _THREE_SHIFTS


class Crew(_Strict):
    """A crew (班组) that works shifts in turn."""

    code: Code
    name: Name | None = None


class Roster(_Strict):
    """Which crew works which shift: days that come round again, the first of them on `starts`.

    Attributes:
        days: crew by shift code; a shift that is left out is worked by nobody in particular.
    """

    starts: date
    crews: tuple[Crew, ...] = Field(min_length=1)
    days: tuple[dict[Code, Code], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _known(self) -> Self:
        codes = [crew.code for crew in self.crews]
        if double := next((code for code in codes if codes.count(code) > 1), None):
            raise ValueError(f"crew {double!r} is there twice")
        if unknown := sorted({crew for day in self.days for crew in day.values()} - set(codes)):
            raise ValueError(f"unknown crew {unknown[0]!r}; there are {', '.join(codes)}")
        return self


class Process(_Strict):
    """A process (工序): a work center of IEC 62264."""

    code: Code
    name: Name
    kind: str
    parent: Code | None = None
    commissioned: date | None = None


class Term(_Strict):
    """A signed point in a boundary or a virtual point."""

    point: Code
    sign: Sign = 1


class Point(_Strict):
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


class LimitReference(_Strict):
    """The national limit an EnPI is held against; the edition is the one valid at the time."""

    standard: str
    item: str


class Declared(_Strict):
    """A correction's input that nobody meters (oven age, a factor product): a value over days, and its evidence.

    Attributes:
        value: in the correction's unit.
        since, until: local days, the last included; None is open.
        evidence: where the value is from (a test report, a certificate); goes into the evidence of verdicts.
    """

    input: Annotated[str, Field(min_length=1)]
    value: Number
    since: date = Field(alias="from")
    until: date | None = Field(default=None, alias="to")
    evidence: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise ValueError("to is before from")
        return self


PartName = Literal["energy", "output", "heat", "total_heat"]
_OF_UNIT: dict[str, tuple[PartName, Sign]] = {
    "fuels": ("energy", 1),
    "generation": ("output", 1),
    "auxiliary": ("output", -1),
    "heating_auxiliary": ("output", 1),
    "heat": ("heat", 1),
    "total_heat": ("total_heat", 1),
}
"""What a generating unit's points are to its supply coal rate b = B (1 - alpha) / (Wgen - Waux,power)."""


class Enpi(_Strict):
    """An energy performance indicator (ISO 50006): boundary energy over qualified output.

    Attributes:
        unit: None: kgce/t, or gce/kWh where the output is power. The others are for boundaries of electricity alone,
            such as a house load in %.
        generating_unit: the supply coal rate of that unit, in the place of a boundary of its own: fuels less the share
            of heat supplied, over what was generated less house load (`enms.performance`).
        made_of: that unit's points by what they are to it; filled in by the plant, never written in a plant file.
    """

    code: Code
    name: Name | None = None
    process: Code | None = None
    basis: TceBasis = TceBasis.CALORIFIC
    periods: tuple[Literal["hour", "shift", "day", "month", "year"], ...] = ("day", "month", "year")
    unit: Literal["kWh/t", "kWh/kg", "%"] | None = None
    limit: LimitReference | None = None
    energy: tuple[Term, ...] = ()
    output: tuple[Code, ...] = ()
    corrections: dict[str, Code] = Field(default_factory=dict)
    declared: tuple[Declared, ...] = ()
    generating_unit: Code | None = None
    made_of: dict[str, tuple[Code, ...]] = Field(default_factory=dict)

    @property
    def parts(self) -> tuple[tuple[PartName, Sign, Code], ...]:
        """What it is made of: part, sign and code of every point of its boundary, in order."""
        own: list[tuple[PartName, Sign, Code]] = [("energy", term.sign, term.point) for term in self.energy]
        own += [("output", 1, name) for name in self.output]
        return (*own, *((*part, name) for key, part in _OF_UNIT.items() for name in self.made_of.get(key, ())))

    @property
    def codes(self) -> frozenset[Code]:
        """The points of its boundary."""
        return frozenset(name for _, _, name in self.parts)

    @model_validator(mode="after")
    def _one_boundary(self) -> Self:
        own = [key for key in ("energy", "output") if getattr(self, key)]
        if self.generating_unit is not None:
            if own:
                raise ValueError(f"{own[0]} is the generating unit's; name the unit or a boundary, not both")
            if self.unit is not None or self.basis is not TceBasis.CALORIFIC:
                raise ValueError("a generating unit's supply coal rate is in gce/kWh on the calorific basis")
        elif len(own) < len(("energy", "output")):
            raise ValueError(f"{'output' if 'energy' in own else 'energy'} is missing")
        return self

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        held: dict[str, date | None] = {}
        for entry in sorted(self.declared, key=lambda d: d.since):
            if entry.input in self.corrections:
                raise ValueError(f"{entry.input} is metered and declared")
            if entry.input in held and (held[entry.input] or date.max) >= entry.since:
                raise ValueError(f"{entry.input} is declared twice for {entry.since}")
            held[entry.input] = entry.until
        return self


class MotorPoints(_Strict):
    """Which points watch a motor."""

    power: Code | None = None
    current: Code | None = None
    voltage: Code | None = None
    speed: Code | None = None
    power_factor: Code | None = None
    driven_output: Code | None = None


class Motor(_Strict):
    """A motor's nameplate (GB/T 12497, GB 18613) and its instruments."""

    code: Code
    name: Name | None = None
    process: Code | None = None
    model: str | None = None
    year: int | None = Field(default=None, ge=1900, le=2100)
    type: Literal["cage", "wound", "synchronous", "permanent_magnet", "dc"] = "cage"
    rated_kw: Positive
    poles: int | None = Field(default=None, ge=2, le=64)
    efficiency_pct: float | None = Field(default=None, gt=0, lt=100)
    voltage_v: Positive | None = None
    current_a: Positive | None = None
    power_factor: float | None = Field(default=None, gt=0, le=1)
    no_load_loss_kw: Positive | None = None
    rated_rpm: Positive | None = None
    duty: Literal["continuous", "intermittent", "standby"] = "continuous"
    vsd: bool = False
    drives: str | None = None
    points: MotorPoints = MotorPoints()


class SiteFactor(_Strict):
    """A site's own standard-coal factor: it comes before the table's, and says where it is from."""

    carrier: str
    basis: TceBasis = TceBasis.CALORIFIC
    unit: UnitSymbol
    kgce: Number
    effective_from: date | None = None
    effective_to: date | None = None
    source: str


class SiteCarbon(_Strict):
    """A site's own carbon of a carrier: it comes before the guide's default (GB/T 32151), and says where it is from.

    One of the three is given. Carbon that was analysed needs the share of it that burns; tco2 is after that.

    Attributes:
        carbon: t of carbon in one `unit`, as analysed (元素碳含量).
        carbon_per_gj: t of carbon per GJ of energy content (单位热值含碳量); the amount needs a heating value or a
            standard-coal factor.
        tco2: t of carbon dioxide per `unit`: of bought power and heat, or as agreed.
        oxidation: share of the carbon that becomes carbon dioxide (碳氧化率).
        effective_from, effective_to: days of the enterprise, the last included; None is open.
    """

    carrier: str
    unit: UnitSymbol | None = None
    carbon: Positive | None = None
    carbon_per_gj: Positive | None = None
    tco2: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    oxidation: Annotated[float, Field(gt=0, le=1)] | None = None
    effective_from: date | None = None
    effective_to: date | None = None
    source: Annotated[str, Field(min_length=1)]

    def holds_on(self, day: date) -> bool:
        """Whether it is for that day."""
        after = self.effective_from is None or day >= self.effective_from
        return after and (self.effective_to is None or day <= self.effective_to)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        given = [key for key in ("carbon", "carbon_per_gj", "tco2") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError("one of carbon, carbon_per_gj and tco2 says how much carbon there is")
        if (self.unit is None) != (self.carbon_per_gj is not None):
            raise ValueError(
                "carbon_per_gj is per GJ: leave unit out" if self.unit else f"{given[0]} is per unit: of what?"
            )
        if (self.oxidation is None) != (self.tco2 is not None):
            raise ValueError(
                "tco2 is after oxidation: leave oxidation out"
                if self.oxidation
                else "oxidation is missing: the share that burns"
            )
        if self.carbon_per_gj is not None and self.carbon_per_gj > _MOST_TC_PER_GJ:
            raise ValueError(f"{self.carbon_per_gj:g} tC/GJ is too much for any fuel: 27.5 tC/TJ is 0.0275")
        if self.carbon is not None and self.unit is not None:
            of = unit(self.unit)
            if of.dimension is Dimension.MASS and self.carbon * 1000 > of.factor:
                raise ValueError(f"{self.carbon:g} t of carbon is more than the {self.unit} it is in")
        if (
            self.effective_from is not None
            and self.effective_to is not None
            and self.effective_to < self.effective_from
        ):
            raise ValueError("effective_to is before effective_from")
        return self


class Supply(_Strict):
    """Where power is bought: the settlement meter (关口), its contract, its point of common coupling.

    Attributes:
        active_energy, reactive_energy: the registers that are billed, kWh and kvarh taken from the grid.
        power_factor_class: monthly target of this class of user (功率因数调整电费办法).
        contract_kw: contract maximum demand (合同最大需量).
        voltage: at the point of common coupling; line_voltages: all three between lines.
        unbalance: negative-sequence voltage unbalance, where an instrument says it.
    """

    code: Code
    name: Name | None = None
    process: Code | None = None
    active_energy: Code
    reactive_energy: Code | None = None
    power_factor_class: float = Field(default=0.9, gt=0, lt=1)
    contract_kw: Positive | None = None
    nominal_kv: Positive | None = None
    voltage: Code | None = None
    line_voltages: tuple[Code, Code, Code] | None = None
    unbalance: Code | None = None

    @property
    def points(self) -> dict[str, str]:
        """Codes of its points by what they are to it."""
        named = {
            "active_energy": self.active_energy,
            "reactive_energy": self.reactive_energy,
            "voltage": self.voltage,
            "unbalance": self.unbalance,
        } | {f"line_voltages[{i}]": code for i, code in enumerate(self.line_voltages or ())}
        return {key: code for key, code in named.items() if code is not None}


class GeneratingUnit(_Strict):
    """A unit that makes electricity of coal: what its supply coal rate is made of (供电煤耗).

    Attributes:
        fuels: coal, oil and gas fired, with their heating values.
        generation: gross, at the generator.
        auxiliary: house load, in all.
        heating_auxiliary: of it, what serves heating only.
        heat: heat supplied; total_heat: all heat that left the boiler. Where heat is supplied both are wanted.
        rated_mw, curve: (load factor, gce/kWh) of the unit's own tests, condensing, in order of load.
    """

    code: Code
    name: Name | None = None
    process: Code | None = None
    fuels: Annotated[tuple[Code, ...], Field(min_length=1)]
    generation: Code
    auxiliary: Annotated[tuple[Code, ...], Field(min_length=1)]
    heating_auxiliary: tuple[Code, ...] = ()
    heat: tuple[Code, ...] = ()
    total_heat: Code | None = None
    rated_mw: Positive | None = None
    curve: tuple[tuple[Positive, Positive], ...] = ()

    @property
    def points(self) -> dict[str, tuple[str, ...]]:
        """Codes of its points by what they are to it."""
        total = (self.total_heat,) if self.total_heat is not None else ()
        return {
            "fuels": self.fuels,
            "generation": (self.generation,),
            "auxiliary": self.auxiliary,
            "heating_auxiliary": self.heating_auxiliary,
            "heat": self.heat,
            "total_heat": total,
        }

    def enpi(self, named: Enpi | None = None) -> Enpi:
        """Its supply coal rate as an EnPI: one that names it, or one of its own."""
        held = named or Enpi(code=self.code, name=self.name, process=self.process, generating_unit=self.code)
        return held.model_copy(update={"made_of": {key: codes for key, codes in self.points.items() if codes}})

    @model_validator(mode="after")
    def _rising(self) -> Self:
        loads = [load for load, _ in self.curve]
        if loads != sorted(set(loads)) or len(loads) == 1:
            raise ValueError("curve: at least two loads, each greater than the one before")
        if self.curve and self.rated_mw is None:
            raise ValueError("a curve needs rated_mw beside it")
        return self


class Budget(_Strict):
    """What an enterprise plans to use in a year of its own calendar: t of standard coal, of coal, or of CO2.

    Attributes:
        since: the plan is for the time from this day on to the end of the year.
        non_fossil: electricity meters whose amounts do not count: power that is counted as bought, from sources without
            fossil fuel.
        feedstock: meters of what is bought as a raw material and not burned; it counts in carbon dioxide only.
    """

    code: Code
    name: Name | None = None
    measure: Literal["tce", "coal", "tco2"]
    basis: TceBasis = TceBasis.CALORIFIC
    year: int = Field(ge=2000, le=2100)
    since: date | None = None
    amount: Positive
    non_fossil: tuple[Code, ...] = ()
    feedstock: tuple[Code, ...] = ()


class Plant(_Strict):
    """A plant file's content."""

    enterprise: Enterprise
    processes: tuple[Process, ...] = ()
    points: tuple[Point, ...] = ()
    enpis: tuple[Enpi, ...] = ()
    motors: tuple[Motor, ...] = ()
    factors: tuple[SiteFactor, ...] = ()
    carbon_factors: tuple[SiteCarbon, ...] = ()
    supplies: tuple[Supply, ...] = ()
    budgets: tuple[Budget, ...] = ()
    generating_units: tuple[GeneratingUnit, ...] = ()
    roster: Roster | None = None

    @model_validator(mode="after")
    def _units_in_enpis(self) -> Self:
        """EnPIs of generating units are made of what their unit is made of: one definition."""
        units = {one.code: one for one in self.generating_units}
        held = {one.code: units.get(one.generating_unit or "") for one in self.enpis}
        filled = tuple(one if (of := held[one.code]) is None else of.enpi(one) for one in self.enpis)
        object.__setattr__(self, "enpis", filled)
        return self

    def configs(self) -> dict[str, PointConfig]:
        """Every point resolved, by code; virtual points take the unit of their first term."""
        by_code = {p.code: p for p in self.points}
        resolved: dict[str, PointConfig] = {}

        def resolve(code: str) -> PointConfig:
            if code not in resolved:
                point = by_code[code]
                of_terms = resolve(point.virtual[0].point).amount_unit if point.virtual else None
                resolved[code] = point.config(of_terms)
            return resolved[code]

        for point in self.points:
            resolve(point.code)
        return {p.code: resolved[p.code] for p in self.points}
