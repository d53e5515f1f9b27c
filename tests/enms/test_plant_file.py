"""A plant file's mistakes: all at once, each with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from enms.errors import PlantFileError
from enms.plant_file import parse_plant, read_plant_file

HEAD = "enterprise: {code: demo, name: {zh: 示范, en: Demo}, industry: steel}\n"


def mistakes(text: str) -> list[str]:
    with pytest.raises(PlantFileError) as caught:
        parse_plant(text, "test.yaml")
    return [str(m) for m in caught.value.mistakes]


def test_every_mistake_is_reported_with_its_line() -> None:
    found = mistakes(
        HEAD
        + """points:
  - {code: a, unit: furlong, colour: red}
  - {code: b, reading: register, unit: A}
  - {code: b, unit: kWh, process: nowhere}
  - code: c
    unit: kWh
    multiplier: 0
enpis:
  - {code: e, energy: [{point: zz}], output: [a]}
"""
    )
    text = "\n".join(found)
    assert "line 3: points[a].unit: unknown unit 'furlong'" in text
    assert "line 3: points[a].colour: unknown key" in text
    assert "line 4: points[b]: a register reading needs a unit that adds up" in text
    assert "line 5: points[b].code: 'b' is there twice" in text
    assert "line 5: points[b].process: unknown process 'nowhere'" in text
    assert "line 6: points[c]: a multiplier of 0" in text
    assert "line 10: enpis[e].energy[0]: unknown point 'zz'" in text


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("points: [{code: v, virtual: [{point: w}]}, {code: w, virtual: [{point: v}]}]", "is a term of itself"),
        ("points: [{code: v, unit: kWh, parent: v}]", "is its own ancestor"),
        (
            "points: [{code: a, unit: kWh}, {code: b, unit: t}, {code: v, virtual: [{point: a}, {point: b}]}]",
            "do not add up",
        ),
        ("points: [{code: a, unit: t, ncv: b}, {code: b, unit: kWh}]", "not a heating value"),
        ("points: [{code: a, unit: kWh, carrier: moonlight}]", "unknown carrier"),
        ("shoes: 3", "unknown key"),
    ],
)
def test_contradictions(body: str, reason: str) -> None:
    assert any(reason in m for m in mistakes(HEAD + body))


@pytest.mark.parametrize(
    ("factor", "place", "reason"),
    [
        ("{carrier: coke, source: s}", "", "one of carbon, carbon_per_gj and tco2"),
        ("{carrier: coke, unit: t, carbon: 0.8, tco2: 3, oxidation: 1, source: s}", "", "one of carbon, carbon_per_gj"),
        ("{carrier: coke, carbon: 0.8, oxidation: 1, source: s}", "", "carbon is per unit: of what?"),
        ("{carrier: coke, unit: t, carbon_per_gj: 0.03, oxidation: 1, source: s}", "", "per GJ: leave unit out"),
        ("{carrier: coke, unit: t, carbon: 0.8, source: s}", "", "oxidation is missing"),
        ("{carrier: coke, unit: t, tco2: 3, oxidation: 0.9, source: s}", "", "leave oxidation out"),
        ("{carrier: coke, carbon_per_gj: 29.5, oxidation: 1, source: s}", "", "27.5 tC/TJ is 0.0275"),
        ("{carrier: coke, unit: kg, carbon: 0.8, oxidation: 1, source: s}", "", "0.8 t of carbon is more than the kg"),
        ("{carrier: coke, unit: t, carbon: 0.8, oxidation: 1.1, source: s}", ".oxidation", "less than or equal to 1"),
        ("{carrier: coke, unit: t, carbon: 0.8, oxidation: 1}", ".source", "is missing"),
        (
            "{carrier: coke, unit: t, tco2: 3, source: s, effective_from: 2026-02-01, effective_to: 2026-01-31}",
            "",
            "effective_to is before effective_from",
        ),
        ("{carrier: moonlight, unit: t, tco2: 3, source: s}", ".carrier", "unknown carrier 'moonlight'"),
        (
            "{carrier: coke, unit: Nm3, tco2: 3, source: s}",
            ".unit",
            "metered in t (bought), which is not counted in Nm3",
        ),
    ],
)
def test_a_carbon_factor_that_does_not_add_up_is_refused_with_its_place(factor: str, place: str, reason: str) -> None:
    text = HEAD + f"points: [{{code: bought, carrier: coke, unit: t}}]\ncarbon_factors:\n  - {factor}\n"
    (found,) = mistakes(text)
    assert found.startswith(f"line 4: carbon_factors[0]{place}: ")
    assert reason in found


def test_of_one_carrier_only_one_factor_begins_on_a_day() -> None:
    rows = "  - {carrier: coke, unit: t, tco2: 3, source: s, effective_from: 2026-02-01}\n" * 2
    kgce = "factors: [{carrier: coke, unit: kg, kgce: 1, source: s}, {carrier: coke, unit: kg, kgce: 1, source: s}]\n"
    found = mistakes(HEAD + "carbon_factors:\n" + rows + kgce)
    assert [m.split(": ", 2)[1:] for m in found] == [
        ["carbon_factors[1]", "coke is there twice for 2026-02-01"],
        ["factors[1]", "coke is there twice"],
    ]


def test_a_shift_off_the_quarter_hour_is_a_mistake() -> None:
    text = (
        "enterprise: {code: d, name: {zh: a, en: b}, industry: steel, shifts: [{code: s, from: '07:50', to: '15:50'}]}"
    )
    assert any("quarter hour" in m for m in mistakes(text))


@pytest.mark.parametrize("text", ["", "just words", "- a\n- b", "a: [1, 2", "\t- x: y"])
def test_what_is_no_plant_file_says_so(text: str) -> None:
    assert mistakes(text)


def test_a_file_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(PlantFileError, match="cannot be read"):
        read_plant_file(tmp_path / "none.yaml")


def test_defaults_fill_in() -> None:
    plant = parse_plant(
        HEAD
        + """points:
  - {code: r, unit: kWh}
  - {code: g, reading: gauge, unit: MW, period_s: 300}
  - {code: i, reading: interval, unit: t, role: output}
  - {code: c, unit: m3, reporting: on_change, max_silence_s: 7200}
  - {code: s, reading: gauge, unit: °C}
""",
        "test",
    )
    configs = plant.configs()
    assert configs["r"].max_gap_s == 300.0
    assert configs["g"].max_gap_s == 900.0
    assert (configs["g"].amount_unit, configs["g"].to_amount, configs["g"].aggregate) == ("kWh", 1000.0, "sum")
    assert configs["i"].period_s == 900.0
    assert configs["c"].max_gap_s == 7200.0
    assert (configs["s"].unit, configs["s"].aggregate) == ("degC", "mean")
    assert [s.code for s in plant.enterprise.shifts] == ["night", "day", "eve"]


def test_a_unit_of_power_is_for_power_alone() -> None:
    found = mistakes(
        HEAD
        + """points:
  - {code: p, unit: kWh, carrier: electricity}
  - {code: coal, unit: t, carrier: raw_coal}
  - {code: out, unit: t, role: output}
enpis:
  - {code: fine, unit: kWh/t, energy: [{point: p, sign: 1}], output: [out]}
  - {code: mixed, unit: kWh/t, energy: [{point: p, sign: 1}, {point: coal, sign: 1}], output: [out]}
  - {code: odd, unit: kWh/furlong, energy: [{point: p, sign: 1}], output: [out]}
"""
    )
    assert any("enpis[mixed].unit: kWh/t is for electricity alone: coal is something else" in m for m in found)
    assert any("enpis[odd].unit" in m for m in found)
    assert not any("fine" in m for m in found)
