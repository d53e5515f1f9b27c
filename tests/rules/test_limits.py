"""Limits of the standards beside crude steel, and the corrections they need."""

from __future__ import annotations

from datetime import date

import pytest

from enms.catalogue import catalogue, limit_for
from enms.corrections import corrected

TODAY = date(2026, 11, 26)
NEW_LINE = date(2026, 11, 1)
PLAIN_COKE = {
    "mixed_gas_share": 0.0,
    "volatile_dry_pct": 23.0,
    "moisture_pct": 10.0,
    "oven_age_years": 10.0,
    "wet_quenching_share": 0.0,
}
OLD = date(2006, 5, 1)


def binding(standard, item, commissioned=OLD, on=TODAY):
    return limit_for(standard, item, on=on, commissioned=commissioned)


def coke(item="top_charged", **given):
    return corrected(binding("GB 21342", item), PLAIN_COKE | given, ())


@pytest.mark.parametrize(
    ("given", "levels"),
    [
        ({}, (110, 110, 135)),
        ({"volatile_dry_pct": 24.5}, (116.4, 116.4, 141.4)),
        ({"volatile_dry_pct": 21.0}, (101.7, 101.7, 126.7)),
        ({"volatile_dry_pct": 28.0}, (128.71, 128.71, 153.71)),
        ({"moisture_pct": 12.0}, (117.34, 117.34, 142.34)),
        ({"moisture_pct": 8.0}, (110, 110, 135)),
        ({"oven_age_years": 15.0}, (110, 110, 135)),
        ({"oven_age_years": 15.5}, (112.5, 110, 137.5)),
        ({"oven_age_years": 30.0}, (115.5, 110, 140.5)),
        ({"mixed_gas_share": 0.5}, (114, 114, 139)),
        ({"wet_quenching_share": 1.0}, (110, 110, 181.46)),
    ],
)
def test_what_circumstances_do_to_the_limit_of_coke(given, levels):
    assert coke(**given).levels == pytest.approx(levels)


@pytest.mark.parametrize("volatile", [20.9, 28.1])
def test_outside_the_table_there_is_no_limit(volatile):
    result = coke(volatile_dry_pct=volatile)
    assert result.value is None
    assert (result.missing, result.beyond) == ((), ("volatile_dry_pct",))


def test_every_circumstance_of_coke_is_required():
    result = corrected(binding("GB 21342", "stamp_charged"), {}, ())
    assert set(result.missing) == set(PLAIN_COKE)


def test_coal_power_has_no_limit_until_its_product_and_addition_are_entered():
    old = binding("GB 21258", "subcritical_300")
    assert corrected(old, {}, ()).missing == ("factor_product", "table2_addition")
    assert corrected(old, {"factor_product": 1.02}, ()).missing == ("table2_addition",)
    full = corrected(old, {"factor_product": 1.02, "table2_addition": 15.0}, ())
    assert full.value == pytest.approx(321 * 1.02 + 15)
    assert full.levels == pytest.approx((309 * 1.02 + 15, 285 * 1.02, 321 * 1.02 + 15))


def test_level_2_of_coal_power_lies_below_level_1_as_in_the_source():
    below = [
        r.item
        for r in catalogue().rows
        if r.edition.standard == "GB 21258" and r.levels[0] and r.levels[1] < r.levels[0]
    ]
    assert below == ["sc_600", "sc_300", "subcritical_600", "subcritical_300"]
    assert binding("GB 21258", "subcritical_300", NEW_LINE).value == 285


def test_rare_earth_switches_editions_on_new_years_day_2027():
    before = binding("GB 29435", "mixed_ore_oxide_prnd", on=date(2026, 12, 31))
    after = binding("GB 29435", "mixed_ore_oxide_prnd", on=date(2027, 1, 1))
    assert (before.row.edition.edition, before.value, before.row.printed_unit) == ("GB 29435-2012", 2710, "tce/t")
    assert (after.row.edition.edition, after.value, after.row.unit) == ("GB 29435-2025", 1690, "kgce/t")
    assert binding("GB 29435", "metal_intermediate_dy", on=date(2026, 12, 31)).value == 2600


def test_ferroalloys_have_their_base_limits():
    assert binding("GB 21341", "ferrosilicon").row.levels == (1700, 1770, 1850)
    assert binding("GB 21341", "ferrosilicon_smelting").row.unit == "kWh/t"
    assert binding("GB 21341", "bf_ferromanganese_coke").row.levels == (1280, 1320, 1350)


@pytest.mark.parametrize(("item", "inputs"), [("converter", {"scrap_ratio_pct"}), ("blast_furnace", {"ore_grade_pct"})])
def test_scrap_ratio_and_feed_grade_are_required(item, inputs):
    assert inputs <= set(corrected(binding("GB 21256", item), {}, ()).missing)


def test_every_limit_says_whom_it_binds_where_it_is_from_and_that_nobody_checked_it():
    rows = catalogue().rows
    assert len(rows) > 110
    for row in rows:
        assert (row.edition.existing_level, row.edition.new_level) == (3, 2)
        assert row.boundary.zh
        assert row.denominator.en
        assert row.period == "year"
        assert row.confidence in {"A", "A-", "B"}
        assert "unreviewed" in row.review
