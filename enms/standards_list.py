"""The whole catalogue as one list of rows, for people: the API's `/standards` and the console's page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Protocol

from enms.bounds import bound_files, elimination, targets
from enms.carbon import bought_power, fuels, process_emissions
from enms.carriers import carriers, coefficients
from enms.catalogue import LimitRow, catalogue
from enms.equipment_grades import boilers, fans, pumps, transformers
from enms.motor_grades import motor_grade_files
from enms.names import Name
from enms.standard_file import Head

_NOBODY = Name(zh="", en="")
# Whose limits: by the industry of a plant file.
INDUSTRIES: dict[str, tuple[str, ...]] = {
    "steel": ("GB 21256", "GB 21342", "GB 21341"),
    "rare_earth": ("GB 29435",),
    "power": ("GB 21258",),
}
_LEVELS = ("1", "2", "3")
_CORES = {"silicon_steel": Name(zh="硅钢", en="silicon steel"), "amorphous": Name(zh="非晶合金", en="amorphous")}


@dataclass(frozen=True, slots=True)
class Shown:
    """A row of the catalogue as people read it.

    Attributes:
        kind: consumption_limit, motor_grade, transformer_loss, boiler_grade, fan_grade, pump_grade, bound, target,
            elimination, coefficient, carbon_factor.
        values: (label, text): levels or grades, or whatever the row gives.
        binds: whom, in words; of limits also basis, boundary, denominator, period and the inputs of corrections.
    """

    kind: str
    standard: str
    edition: str
    title: Name
    effective_from: date | None
    effective_to: date | None
    item: str
    name: Name
    values: tuple[tuple[str, str], ...]
    unit: str
    clause: str
    source: str
    confidence: str
    review: str
    binds: Name = _NOBODY
    basis: str = ""
    boundary: Name = _NOBODY
    denominator: Name = _NOBODY
    period: str = ""
    corrections: tuple[str, ...] = ()


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _three(values: tuple[float | None, ...], labels: tuple[str, ...] = _LEVELS) -> tuple[tuple[str, str], ...]:
    return tuple((label, _figure(value)) for label, value in zip(labels, values, strict=True))


def _same(text: str) -> Name:
    return Name(zh=text, en=text)


class _Row(Protocol):
    @property
    def unit(self) -> str: ...
    @property
    def clause(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def confidence(self) -> str: ...
    @property
    def review(self) -> str: ...


def _shown(
    kind: str, file: Head, row: _Row, item: str, name: Name, values: tuple[tuple[str, str], ...], binds: Name = _NOBODY
) -> Shown:
    return Shown(
        kind=kind,
        standard=file.standard,
        edition=file.edition,
        title=file.title,
        effective_from=file.effective_from,
        effective_to=file.effective_to,
        item=item,
        name=name,
        values=values,
        unit=row.unit,
        clause=row.clause,
        source=row.source,
        confidence=row.confidence,
        review=row.review,
        binds=binds,
    )


def _limit(row: LimitRow) -> Shown:
    edition = row.edition
    old, new = edition.existing_level, edition.new_level
    scale = 1e-3 if row.printed_unit == "tce/t" else 1.0
    return Shown(
        kind="consumption_limit",
        standard=edition.standard,
        edition=edition.edition,
        title=edition.title,
        effective_from=edition.effective_from,
        effective_to=edition.effective_to,
        item=row.item,
        name=row.name,
        values=_three(tuple(None if v is None else v * scale for v in row.levels)),
        unit=row.printed_unit,
        clause=row.clause,
        source=row.source,
        confidence=row.confidence,
        review=row.review,
        binds=Name(
            zh=f"{old}级约束现有，{new}级约束新建和改扩建；1级为目标",
            en=f"level {old} binds existing lines, level {new} new and expanded ones; level 1 is a target",
        ),
        basis=row.basis.value,
        boundary=row.boundary,
        denominator=row.denominator,
        period=row.period,
        corrections=tuple(dict.fromkeys(c.input + (" *" if c.required else "") for c in row.corrections)),
    )


def _motors() -> Iterator[Shown]:
    for file in motor_grade_files():
        labels = tuple(column.name for column in file.grades)
        for row in file.rows:
            for poles, grades in row.poles.items():
                name = Name(zh=f"{row.kw:g} kW，{poles}极", en=f"{row.kw:g} kW, {poles} poles")
                item = f"{row.kw:g} kW/{poles}"
                yield _shown("motor_grade", file, row, item, name, _three(grades, labels), file.applies)


def _equipment() -> Iterator[Shown]:
    file = transformers()
    for row in file.rows:
        core, size = _CORES[row.core], f"{row.kva:g} kVA, {row.connection}"
        values = _three(tuple(row.no_load_kw), ("P0 1", "P0 2", "P0 3")) + _three(
            tuple(row.load_kw), ("Pk 1", "Pk 2", "Pk 3")
        )
        name = Name(zh=f"{core.zh} {size}", en=f"{core.en}, {size}")
        yield _shown("transformer_loss", file, row, f"{row.core} {size}", name, values)
    for burner in boilers().rows:
        name = _same(f"{burner.burning}, {burner.fuel}, {burner.size}")
        yield _shown("boiler_grade", boilers(), burner, name.en, name, _three(burner.grades))
    for fan in fans().rows:
        ratio = f"{fan.over:g} < {fan.by} ≤ {fan.up_to:g}"
        name = _same(
            ", ".join(filter(None, (ratio, fan.specific_speed and f"ns {fan.specific_speed}", fan.machine_no)))
        )
        yield _shown("fan_grade", fans(), fan, f"{fan.clause} {name.en}", name, _three(fan.grades))
    for pump in pumps().rows:
        values = _three(pump.constants, ("C 1", "C 2", "C 3"))
        yield _shown("pump_grade", pumps(), pump, pump.group, pump.name, values)


def _others() -> Iterator[Shown]:
    for file in bound_files():
        for row in file.rows:
            values = (("low", _figure(row.low)), ("high", _figure(row.high)))
            yield _shown("bound", file, row, row.key, row.name, values, row.applies)
    head = targets()
    for target in head.rows:
        yield Shown(
            kind="target",
            standard=head.standard,
            edition=head.edition,
            title=head.title,
            effective_from=head.effective_from,
            effective_to=head.effective_to,
            item=target.key,
            name=target.name,
            values=(("target", _figure(target.value)),),
            unit=target.unit,
            clause=target.clause,
            source=target.source,
            confidence=target.confidence,
            review=target.review,
            binds=Name(zh="目标，不是限额", en="a target, never a limit"),
        )
    for entry in elimination().rows:
        name = Name(
            zh=f"{entry.equipment} {'、'.join(entry.patterns)}", en=f"{entry.equipment} {', '.join(entry.patterns)}"
        )
        advice = Name(zh="可能匹配：请核实铭牌与年份", en="possible match: confirm nameplate and year")
        action = (("action", entry.action),)
        yield _shown("elimination", elimination(), entry, ", ".join(entry.patterns), name, action, advice)


_ALTERNATIVE = Name(zh="另一取值，不用于计算", en="another figure, not counted with")
_OTHER_REGION = Name(zh="其他地区或口径，不用于计算", en="another region or scope, not counted with")


def _coefficients() -> Iterator[Shown]:
    file = coefficients()
    for row in file.carriers:
        if row.kgce is not None:
            yield replace(
                _shown("coefficient", file, row, row.code, row.name, ()),
                values=(("kgce", _figure(row.kgce)),),
                unit=f"kgce/{row.unit}",
                basis=row.basis.value,
            )
        for other in row.alternatives:
            pair = other.kgce if isinstance(other.kgce, tuple) else (other.kgce,)
            said = Name(zh=_ALTERNATIVE.zh, en="; ".join(filter(None, (_ALTERNATIVE.en, other.note))))
            yield replace(
                _shown("coefficient", file, other, row.code, row.name, ()),
                values=(("kgce", " – ".join(_figure(value) for value in pair)),),
                unit=f"kgce/{other.unit}",
                binds=said,
            )


def _carbon() -> Iterator[Shown]:
    names = {code: Name(zh=c.name_zh, en=c.name_en) for code, c in carriers().items()}
    file, power, processes = fuels(), bought_power(), process_emissions()
    for fuel in file.rows:
        figures = (
            ("tCO2", _figure(fuel.tco2_per_gj)),
            ("tC", _figure(fuel.carbon_tc_per_gj)),
            ("oxidation", _figure(fuel.oxidation)),
        )
        ncv = ((f"GJ/{fuel.unit}", _figure(fuel.ncv_gj_per_unit)),) if fuel.ncv_gj_per_unit is not None else ()
        name = names.get(fuel.carrier, _same(fuel.carrier))
        yield replace(
            _shown("carbon_factor", file, fuel, fuel.carrier, name, ()),
            values=(*figures, *ncv),
            unit="tCO2/GJ",
            binds=_same(fuel.note or ""),
        )
    for bought in power.rows:
        of = names[bought.carrier]
        where = "" if bought.region is None else f"，{bought.region} {bought.data_year} {bought.scope}"
        counted = bought in power.counted_with(bought.carrier)
        yield replace(
            _shown("carbon_factor", power, bought, bought.carrier, Name(zh=of.zh + where, en=of.en + where), ()),
            edition=bought.edition,
            effective_from=bought.effective_from,
            effective_to=bought.effective_to,
            values=(("tCO2", _figure(bought.tco2_per_unit)),),
            unit=f"tCO2/{bought.unit}",
            binds=_NOBODY if counted else _OTHER_REGION,
        )
    for emission in processes.rows:
        yield replace(
            _shown("carbon_factor", processes, emission, emission.item, emission.name, ()),
            values=(("tCO2", _figure(emission.tco2_per_unit)),),
            unit=f"tCO2/{emission.unit}",
            binds=Name(zh="未用于计算", en="not counted with yet"),
        )


@cache
def standard_rows() -> tuple[Shown, ...]:
    """Every row that ships, limits first."""
    limits = (_limit(row) for row in catalogue().rows)
    return (*limits, *_motors(), *_equipment(), *_others(), *_coefficients(), *_carbon())
