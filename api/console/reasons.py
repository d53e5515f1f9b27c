"""Why something is unknown, for people: the ledger's and the EnPIs' reasons in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from api.console.i18n import Catalogue
from api.console.words import N_
from enms.carriers import carriers
from enms.catalogue import catalogue
from enms.names import Name

# What `db.energy`, `db.conversions` and `enms.enpi_reasons` say, and the text for it.
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), message)
    for pattern, message in (
        (r"no data", N_("no data")),
        (r"no carrier", N_("no energy carrier")),
        (r"heating value point (?P<point>\S+) is not there", N_("heating value point %(point)s is not there")),
        (r"heating value (?P<point>\S+) missing for (?P<n>\d+) s", N_("heating value %(point)s missing for %(n)s s")),
        (r"no \w+ factor for (?P<carrier>\w+)", N_("no standard coal factor for %(carrier)s")),
        (
            r"idle since (?P<day>\S+)",
            N_("less than a fifth of the usual flow since %(day)s; if that is usual now, enter accepted in the rule"),
        ),
        (r"no whole day yet", N_("no whole day yet")),
    )
)
_WHY = {
    "output_missing": N_("output missing"),
    "energy_missing": N_("energy missing"),
    "heating_value_missing": N_("heating value missing"),
    "no_conversion_factor": N_("no conversion factor"),
    "idle": N_("no output: idle"),
    "incomplete": N_("data not complete enough"),
    "no_limit_declared": N_("no limit declared"),
    "no_edition_in_force": N_("no edition in force"),
    "straddles_editions": N_("the span straddles editions"),
    "no_level_for_this_line": N_("no level for this line"),
    "correction_input_missing": N_("a correction's input is missing"),
    "correction_input_beyond_table": N_("a correction's input is outside the table of the standard"),
    "limit_in_another_unit": N_("the limit is in another unit"),
    "limit_on_another_basis": N_("the limit is on another basis"),
    "no_value": N_("no value"),
    "no_carbon_factor": N_("no carbon factor: give the site's own in the plant file"),
    "other_unit": N_("its unit measures something else"),
    "not_in_service": N_("not in service"),
    "backlog": N_("readings came together, from a backlog"),
    "no_meter": N_("no meter"),
    "no_contract": N_("no contract demand"),
    "too_early": N_("too early in the period"),
    "learning": N_("still learning what is usual"),
    "not_fully_metered": N_("not metered in full"),
    "model_missing": N_("model or frame missing"),
    "year_missing": N_("year of manufacture missing"),
    "voltage_v_missing": N_("rated voltage missing"),
    "poles_missing": N_("number of poles missing"),
    "nothing_counts": N_("nothing counts towards it"),
    "baseline_period": N_("within the baseline's own period"),
    "too_few_observations": N_("too few observations for a baseline"),
    "variable_does_not_vary": N_("a variable did not vary over the baseline's period"),
    "variables_depend_on_one_another": N_("variables depend on one another"),
    "variable_missing": N_("a relevant variable is missing"),
    "variable_incomplete": N_("a relevant variable is not complete enough"),
    "baseline_poor": N_("the baseline is worse than the rule asks"),
    "beyond_baseline": N_("beyond what the baseline saw"),
    "boundary_changed": N_("another boundary than the baseline's"),
    "nothing_expected": N_("the baseline expects nothing"),
    "too_few_days": N_("too few days are known"),
    "fuel_missing": N_("fuel missing"),
    "generation_missing": N_("generation missing"),
    "auxiliary_missing": N_("house load missing"),
    "heat_missing": N_("heat supplied missing"),
    "alpha_missing": N_("the share of heat is missing"),
    "heat_named_differently": N_("heat was named for a part of the span only"),
    "alpha_beyond_one": N_("more heat is supplied than the boiler gave"),
    "beyond_curve": N_("a load outside the unit's own curve"),
    "accuracy_class_missing": N_("an instrument's accuracy class is not known"),
}


def reason(text: Catalogue, raw: str | None) -> str:
    """One reason; what nobody translated stays as it is."""
    if not raw:
        return ""
    return ": ".join(_part(text, part) for part in raw.split(": "))


def reasons(text: Catalogue, raw: Iterable[str]) -> str:
    """Several reasons as one line."""
    return "; ".join(reason(text, one) for one in raw)


def correction_names(language: str) -> dict[str, str]:
    """Inputs of corrections by what they are called."""
    return {code: name.in_language(language) for code, name in _inputs().items()}


@cache
def _inputs() -> dict[str, Name]:
    """What inputs of corrections are called."""
    return {correction.input: correction.name for row in catalogue().rows for correction in row.corrections}


def _part(text: Catalogue, part: str) -> str:
    if part in _WHY:
        return text(_WHY[part])
    names = part.split(", ")
    if all(name in _inputs() for name in names):
        return ", ".join(_inputs()[name].in_language(text.language) for name in names)
    if part in carriers():
        return carriers()[part].name(text.language)
    for pattern, message in _PATTERNS:
        if found := pattern.fullmatch(part):
            values = found.groupdict()
            if "carrier" in values:
                known = carriers().get(values["carrier"])
                values["carrier"] = known.name(text.language) if known else values["carrier"]
            return text(message, **values)
    return part
