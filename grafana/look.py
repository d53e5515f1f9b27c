"""How figures look: colours that keep 4.5:1 on the dark panel, units, words for what is unknown.

Colour means state and only state, and a word or a sign repeats it (red on a wall means "energised" to an electrician).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grafana_foundation_sdk.builders.dashboard import FieldColor, ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import (
    DashboardRegexMapOptions,
    DashboardSpecialValueMapOptions,
    DynamicConfigValue,
    FieldColorModeId,
    RegexMap,
    SpecialValueMap,
    SpecialValueMatch,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

GREEN, AMBER, RED, BLUE, GREY, WHITE = "#73BF69", "#FF9830", "#FF7383", "#8AB8FF", "#A0A3AB", "#E6E8EB"
# Unknown is never 0, and never empty either.
UNKNOWN = "—"

TCE, KGCE_PER_T, GCE_PER_KWH, GJ_PER_H = "suffix: tce", "suffix: kgce/t", "suffix: gce/kWh", "suffix: GJ/h"
MW, KW, PERCENT, BYTES = "suffix: MW", "suffix: kW", "percent", "decbytes"
# Grafana's own unit of seconds says "mins" and "hours" on a Chinese board; this one is 1 d 02:03:04 in every language.
DURATION = "dtdhms"
MINUTES = "suffix: 分钟"
KWH_PER_KG, KNM3_PER_H, VOLT, TCO2 = "suffix: kWh/kg", "suffix: kNm3/h", "volt", "suffix: tCO2"
PIECES, POINTS, ALERTS, MOTORS, CASES = "suffix: 项", "suffix: 点", "suffix: 条", "suffix: 台", "suffix: 件"
PER_MINUTE = "suffix: /min"
PLAIN = "locale"  # all digits, and their unit in a column beside
CODE = "none"  # a number that counts nothing: a year
STATE = "none"  # numbers that are codes of states, shown as words only


def steps(base: str, *above: tuple[float, str]) -> ThresholdsConfig:
    """A colour from the bottom, and others from a value on."""
    rungs = [Threshold(value=None, color=base), *(Threshold(value=v, color=c) for v, c in above)]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(rungs)


def by_threshold() -> FieldColor:
    """Coloured by the thresholds."""
    return FieldColor().mode(FieldColorModeId.THRESHOLDS)


def fixed(color: str) -> FieldColor:
    """One colour."""
    return FieldColor().mode(FieldColorModeId.FIXED).fixed_color(color)


def words(codes: Mapping[str, tuple[str, str]]) -> ValueMapping:
    """Codes to (word, colour)."""
    results = {
        code: ValueMappingResult(text=text, color=color, index=index)
        for index, (code, (text, color)) in enumerate(codes.items())
    }
    return ValueMap(options=results)


def called(texts: Mapping[str, str]) -> ValueMapping:
    """Codes to what people call them."""
    results = {code: ValueMappingResult(text=text, index=index) for index, (code, text) in enumerate(texts.items())}
    return ValueMap(options=results)


def unknown() -> ValueMapping:
    """NULL and NaN as the sign for unknown, grey."""
    result = ValueMappingResult(text=UNKNOWN, color=GREY, index=99)
    return SpecialValueMap(options=DashboardSpecialValueMapOptions(match=SpecialValueMatch.NULL_AND_NAN, result=result))


def beginning(prefixes: Sequence[tuple[str, str]]) -> list[ValueMapping]:
    """Texts that begin with a word, in its colour; the text stays."""
    return [
        RegexMap(
            options=DashboardRegexMapOptions(
                pattern=f"^({prefix}.*)$", result=ValueMappingResult(text="$1", color=color, index=index)
            )
        )
        for index, (prefix, color) in enumerate(prefixes)
    ]


SEVERITIES = (("紧急", RED), ("警告", AMBER), ("提示", BLUE), ("规则未运行", RED), ("无未关闭", GREEN))


def shown(**values: object) -> list[DynamicConfigValue]:
    """Properties of an override: `unit`, `decimals`, `custom.width` (written custom_width) and so on."""
    return [
        DynamicConfigValue(id_val=name.replace("_", ".", 1), value=value)
        for name, value in values.items()
        if value is not None
    ]
