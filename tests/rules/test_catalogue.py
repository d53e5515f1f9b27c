"""Limits, the level that binds, and corrections."""

from __future__ import annotations

from datetime import date

import pytest

from enms.catalogue import FOLDER, Catalogue, catalogue, limit_for
from enms.catalogue_file import parse_limits
from enms.corrections import corrected
from enms.errors import InputError, NotFoundError

TODAY = date(2026, 11, 22)
TEXT = (FOLDER / "gb21256-2025.yaml").read_text(encoding="utf-8")


def furnace(commissioned=date(2006, 5, 1), on=TODAY):
    return limit_for("GB 21256", "blast_furnace", on=on, commissioned=commissioned)


def test_level_3_binds_an_existing_line_and_level_2_a_new_one():
    assert (furnace().level, furnace().value, furnace().because) == (3, 415, "existing")
    new = furnace(date(2026, 7, 1))
    assert (new.level, new.value, new.because) == (2, 370, "new")
    assert (furnace(None).level, furnace(None).because) == (3, "undated")


def test_no_edition_holds_before_the_first_one_took_effect():
    assert furnace(on=date(2026, 6, 30)) is None
    assert furnace(on=date(2026, 7, 1)).row.edition.edition == "GB 21256-2025"


@pytest.mark.parametrize(
    ("item", "levels"),
    [
        ("sintering", (43, 46, 52)),
        ("pelletizing", (15, 22, 33)),
        ("blast_furnace", (361, 370, 415)),
        ("converter", (-30, -28, -12)),
        ("eaf_lt50t", (61, None, 86)),
        ("eaf_50_70t", (61, None, 72)),
        ("eaf_ge70t", (61, 64, 72)),
    ],
)
def test_values_of_the_edition(item, levels):
    row = limit_for("GB 21256-2025", item, on=TODAY, commissioned=None).row
    assert row.levels == levels
    assert row.unit == "kgce/t"
    assert row.review == "unreviewed against the official text"


def test_a_level_the_standard_does_not_have_is_no_limit():
    assert limit_for("GB 21256", "eaf_lt50t", on=TODAY, commissioned=TODAY).value is None


def test_unknown_names():
    with pytest.raises(NotFoundError, match="GB 99999"):
        limit_for("GB 99999", "x", on=TODAY, commissioned=None)
    with pytest.raises(NotFoundError, match="'kiln'"):
        limit_for("GB 21256", "kiln", on=TODAY, commissioned=None)


def test_rare_earth_ore_raises_the_limit_of_every_level():
    result = corrected(furnace(), {"rare_earth_ore_pct": 30.0, "ore_grade_pct": 62.0}, ())
    assert result.value == pytest.approx(415 + 0.3 * 30)
    assert result.levels == pytest.approx((370, 379, 424))
    assert not result.missing


@pytest.mark.parametrize(("grade", "points"), [(62.5, 0), (62, 0), (60, 2), (57, 5), (50, 5)])
def test_ore_grade_counts_below_62_and_five_points_at_most(grade, points):
    result = corrected(furnace(), {"rare_earth_ore_pct": 0.0, "ore_grade_pct": grade}, {"ore_grade_pct"})
    assert result.value == pytest.approx(415 + 3.61 * points)


def test_a_required_input_without_a_value_leaves_no_limit_and_is_named():
    undeclared = corrected(furnace(), {}, ())
    assert undeclared.value is None
    assert undeclared.missing == ("rare_earth_ore_pct", "ore_grade_pct")


def test_a_declared_input_without_a_value_is_missing_too_an_undeclared_one_is_not_claimed():
    result = corrected(furnace(), {"rare_earth_ore_pct": 10.0, "ore_grade_pct": 60.0}, {"vti_magnetite_pct"})
    assert result.missing == ("vti_magnetite_pct",)
    lines = {line.correction.input: line for line in result.lines}
    assert lines["laterite_nickel_pct"].given is None
    assert lines["laterite_nickel_pct"].addition == 0


def test_converter_limits_are_negative_and_corrected_upwards():
    binding = limit_for("GB 21256", "converter", on=TODAY, commissioned=None)
    result = corrected(binding, {"scrap_ratio_pct": 20.0}, {"scrap_ratio_pct"})
    assert result.value == pytest.approx(-12 + 4.6)


def test_a_factor_multiplies_before_anything_is_added():
    binding = limit_for("GB 21256", "eaf_ge70t", on=TODAY, commissioned=None)
    result = corrected(binding, {"all_stainless": 1.0, "hot_metal_ratio_pct": 10.0}, ())
    assert result.value == pytest.approx(72 * 1.10 - 8)


@pytest.mark.parametrize("gone", ["edition", "effective_from", "effective_to", "source", "review", "confidence"])
def test_a_file_without_its_provenance_is_refused(gone):
    broken = "\n".join(line for line in TEXT.splitlines() if not line.startswith(f"{gone}:"))
    with pytest.raises(InputError) as caught:
        parse_limits(broken, "x.yaml")
    assert any(gone in str(mistake) for mistake in caught.value.mistakes)


@pytest.mark.parametrize("gone", ["unit", "basis", "period", "clause", "denominator", "boundary"])
def test_a_row_without_what_makes_it_usable_is_refused(gone):
    broken = TEXT.replace(f"{gone}:", "was:", 1)
    with pytest.raises(InputError):
        parse_limits(broken, "x.yaml")


def test_confidence_c_never_becomes_a_limit():
    with pytest.raises(InputError, match="confidence"):
        parse_limits(TEXT.replace("confidence: A", "confidence: C"), "x.yaml")


def test_mistakes_come_all_at_once_with_lines():
    broken = TEXT.replace("levels: [43, 46, 52]", "levels: [43]").replace("- item: pelletizing", "- thing: pelletizing")
    with pytest.raises(InputError) as caught:
        parse_limits(broken, "x.yaml")
    lines = {mistake.line for mistake in caught.value.mistakes}
    assert len(caught.value.mistakes) >= 3
    assert all(lines)


def test_level_2_below_level_1_is_left_as_the_source_has_it():
    odd = TEXT.replace("levels: [361, 370, 415]", "levels: [361, 340, 415]")
    row = Catalogue([parse_limits(odd, "x.yaml")]).limit_for("GB 21256", "blast_furnace", on=TODAY, commissioned=TODAY)
    assert row.value == 340


def test_two_editions_on_one_day_are_refused():
    file = parse_limits(TEXT, "x.yaml")
    later = file.model_copy(update={"edition": "GB 21256-2030", "effective_from": date(2030, 1, 1)})
    with pytest.raises(InputError, match="effective_to"):
        Catalogue([file, later])
    ended = file.model_copy(update={"effective_to": date(2029, 12, 31)})
    both = Catalogue([later, ended])
    assert both.edition_on("GB 21256", date(2029, 12, 31)).edition == "GB 21256-2025"
    assert both.edition_on("GB 21256", date(2030, 1, 1)).edition == "GB 21256-2030"


def test_every_bundled_row_is_marked_unreviewed():
    assert all("unreviewed" in row.review for row in catalogue().rows)
