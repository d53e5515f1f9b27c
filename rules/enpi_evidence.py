"""What a verdict on an EnPI stood on, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from db.enpi_model import EnpiModel, EnpiVersion
from db.instants import BEGINNING
from enms.corrections import CorrectedLimit, CorrectionLine
from enms.enpi_inputs import Input, Part
from enms.enpi_verdict import LimitVerdict
from enms.names import Name
from enms.performance import EnpiValue
from enms.units import convert
from rules.evidence import decimal
from rules.metered import class_unknown

_TICK = timedelta(microseconds=1)
# Rules whose addition is not points times a figure.
_BY_ITSELF = {"add", "table", "steps"}


def evidence_of(model: EnpiModel, value: EnpiValue, resolution: str) -> dict[str, object]:
    """Inputs with basis and completeness, factors, limit with edition and dates, corrections, arithmetic."""
    version = model.version_at(value.start) or model.current
    limit = value.limit
    assert limit is not None
    assert limit.corrected is not None
    return {
        "window": {
            "start": value.start,
            "end": value.end,
            "resolution": resolution,
            "provisional": value.provisional or resolution == "month",
        },
        "boundary": boundary_of(version),
        "inputs": [input_of(one) for one in value.inputs],
        "limit": _limit(limit.corrected),
        "corrections": [_correction(line) for line in limit.corrected.lines],
        "declared": [
            {"input": d.input, "value": d.value, "from": d.since, "to": d.until, "evidence": d.evidence}
            for d in model.declared
            if d.since <= model.cuts.day_of(value.end - _TICK)
            and (d.until or date.max) >= model.cuts.day_of(value.start)
        ],
        "result": {
            "value": value.value,
            "low": value.low,
            "high": value.high,
            "unit": value.unit,
            "energy_kgce": value.energy_kgce,
            "output": value.output,
            "whole_energy_kgce": value.whole_energy_kgce,
            "whole_output": value.whole_output,
            "output_unit": value.output_unit,
            "completeness": value.completeness,
            "estimated_share": value.estimated_share,
            "limit": limit.limit,
            "level": limit.level,
            "verdict": limit.verdict,
            "certainty": limit.certainty,
            **class_unknown(value.unclassed),
        },
        "arithmetic": list(_arithmetic(value, limit)),
    }


def boundary_of(version: EnpiVersion) -> dict[str, object]:
    """Whose boundary, on which basis, since when."""
    unit = version.enpi.generating_unit
    return {
        "process": version.enpi.process,
        "basis": version.enpi.basis,
        "valid_from": None if version.valid_from == BEGINNING else version.valid_from,
        **({} if unit is None else {"generating_unit": unit}),
    }


def _name(name: Name) -> dict[str, str]:
    return {"zh": name.zh, "en": name.en}


def input_of(one: Input) -> dict[str, object]:
    """An input with its basis, completeness, conversion and meter."""
    used, meter = one.conversion, one.meter
    return {
        "point": one.point,
        "part": one.part,
        "sign": one.sign,
        "amount": one.amount,
        "unit": one.unit,
        "kgce": one.kgce,
        "window_s": one.window_s,
        "covered_s": one.covered_s,
        "estimated_s": one.estimated_s,
        "apportioned_s": one.apportioned_s,
        "completeness": one.completeness,
        "conversion": None
        if used is None
        else {
            "by": used.by,
            "kgce_per_amount": used.kgce_per_amount,
            "heating_value": used.ncv,
            "edition": used.edition,
            "source": used.source,
            "confidence": used.confidence,
            "review": used.review,
        },
        "meter": {
            "accuracy_class": meter.accuracy_class,
            "heating_value_accuracy_class": meter.ncv_accuracy_class,
            "step": meter.step,
            "calibrated": meter.calibrated,
        },
    }


def _limit(corrected: CorrectedLimit) -> dict[str, object]:
    binding = corrected.binding
    row, edition = binding.row, binding.row.edition
    return {
        "standard": edition.standard,
        "edition": edition.edition,
        "title": _name(edition.title),
        "effective_from": edition.effective_from,
        "effective_to": edition.effective_to,
        "item": row.item,
        "name": _name(row.name),
        "clause": row.clause,
        "period": row.period,
        "basis": row.basis,
        "unit": row.unit,
        "boundary": _name(row.boundary),
        "denominator": _name(row.denominator),
        "source": row.source,
        "confidence": row.confidence,
        "review": row.review,
        "levels": row.levels,
        "level": binding.level,
        "because": binding.because,
        "commissioned": binding.commissioned,
        "corrected_levels": corrected.levels,
    }


def _correction(line: CorrectionLine) -> dict[str, object]:
    correction = line.correction
    return {
        "input": correction.input,
        "name": _name(correction.name),
        "rule": correction.rule,
        "per": correction.value,
        "below": correction.below,
        "above": correction.above,
        "at_most_points": correction.at_most_points,
        "table": [list(pair) for pair in correction.table],
        "levels": list(correction.levels),
        "unit": correction.unit,
        "required": correction.required,
        "claimed": line.given is not None,
        "given": line.given,
        "points": line.points,
        "addition": line.addition,
        "factor": line.factor,
    }


def _line(what: str, formula: str, result: float | None, unit: str) -> dict[str, object]:
    return {"what": what, "formula": formula, "result": result, "unit": unit}


def value_lines(value: EnpiValue) -> Iterator[dict[str, object]]:
    """The arithmetic of a value."""
    for one in value.inputs:
        yield from _amount_lines(one, value.output_unit)
    terms = " ".join(f"{'+' if i.sign > 0 else '-'} {i.point}" for i in value.inputs if i.part is Part.ENERGY)
    if value.alpha is not None:
        heat, whole = (" + ".join(i.point for i in value.inputs if i.part is p) for p in (Part.HEAT, Part.TOTAL_HEAT))
        yield _line("alpha", f"({heat}) / {whole}", value.alpha, "1")
        terms = f"({terms.removeprefix('+ ')}) x (1 - alpha)"
    yield _line("energy", terms, value.whole_energy_kgce, "kgce")
    outputs = "".join(f" {'+' if i.sign > 0 else '-'} {i.point}" for i in value.inputs if i.part is Part.OUTPUT)
    yield _line("output", outputs.removeprefix(" + "), value.whole_output, value.output_unit)
    yield _line("value", "energy / output", value.value, value.unit)
    yield _line("low", "value - root of the sum of squares", value.low, value.unit)
    yield _line("high", "value + root of the sum of squares", value.high, value.unit)


def _arithmetic(value: EnpiValue, limit: LimitVerdict) -> Iterator[dict[str, object]]:
    yield from value_lines(value)
    corrected = limit.corrected
    if corrected is None or corrected.binding.value is None:
        return
    yield _line("limit_of_level", f"level {limit.level}", corrected.binding.value, value.unit)
    for line in corrected.lines:
        if limit.level not in line.correction.levels:
            continue
        if line.given is None:
            yield _line("correction", f"{line.correction.input}: not claimed", 0.0, value.unit)
        elif line.correction.rule in {"factor", "product"}:
            yield _line("correction_factor", f"{line.correction.input}: {decimal(line.given)}", line.factor, "1")
        else:
            by = "" if line.correction.rule in _BY_ITSELF else f" x {decimal(line.correction.value)}"
            formula = f"{line.correction.input}: {decimal(line.points)}{by}"
            yield _line("correction", formula, line.addition, value.unit)
    yield _line("limit", "level with corrections", limit.limit, value.unit)
    if value.value is not None and limit.limit is not None:
        yield _line("distance", "value - limit", value.value - limit.limit, value.unit)


def _amount_lines(one: Input, output_unit: str) -> Iterator[dict[str, object]]:
    assert one.amount is not None
    share = f" / {decimal(one.completeness)} covered" if one.completeness < 1 else ""
    if one.part in {Part.HEAT, Part.TOTAL_HEAT}:
        formula = f"{one.point}: {decimal(one.amount)} {one.unit}{share}"
        yield _line("heat_of", formula, one.filled(convert(one.amount, one.unit, "GJ")), "GJ")
        return
    if one.part is Part.OUTPUT:
        produced = convert(one.amount, one.unit, output_unit)
        yield _line(
            "output_of", f"{one.point}: {decimal(one.amount)} {one.unit}{share}", one.filled(produced), output_unit
        )
        return
    assert one.kgce is not None
    used = one.conversion
    per = "" if used is None or used.kgce_per_amount is None else f" x {decimal(used.kgce_per_amount)} kgce/{one.unit}"
    by = " (measured heating value)" if used is not None and used.by == "heating_value" else ""
    formula = f"{one.point}: {decimal(one.amount)} {one.unit}{per}{by}{share}"
    yield _line("energy_of", formula, one.filled(one.kgce), "kgce")
