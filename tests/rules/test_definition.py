"""Rule books: what is accepted, and every mistake at once with its place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from enms.errors import NotFoundError, RuleBookError
from rules.book import BUNDLED, parse_book, read_books, refuse_broken, sound_rules
from rules.definition import EnpiLimitRule
from rules.kind import Kind

MOTORS = (BUNDLED / "motors.yaml").read_text(encoding="utf-8")
FURNACE = (BUNDLED / "blast_furnace.yaml").read_text(encoding="utf-8")


def reasons(text):
    return [(m.line, m.place, m.reason) for m in parse_book(text, "x.yaml").mistakes]


def test_the_bundled_books_are_sound():
    books = read_books([BUNDLED])
    refuse_broken(books)
    rules = {rule.id: rule for rule in sound_rules(books)}
    assert {r.kind for r in rules.values()} == set(Kind)
    furnace = rules["blast_furnace_energy_24h"]
    assert isinstance(furnace, EnpiLimitRule)
    assert furnace.policy.hold == timedelta(hours=2)
    assert all(rule.title.zh and rule.title.en and rule.source and rule.notify for rule in rules.values())


def test_all_mistakes_at_once_with_line_and_rule():
    text = MOTORS.replace("for: 10m", "for: soon", 1).replace("severity: warning", "severity: loud\n    colour: red")
    found = reasons(text)
    assert [(place, reason) for _, place, reason in found] == [
        ("rules[motor_underload].for", 'a duration is a number and s, m, h or d, such as "10m"'),
        ("rules[motor_idle].severity", "Input should be 'notice', 'warning' or 'critical'"),
        ("rules[motor_idle].colour", "unknown key"),
    ]
    lines = text.splitlines()
    assert "for: soon" in lines[found[0][0] - 1]
    assert "loud" in lines[found[1][0] - 1]


@pytest.mark.parametrize("key", ["title", "source", "purpose", "runbook", "notify", "unit", "severity", "condition"])
def test_nothing_that_a_person_needs_may_be_left_out(key):
    found = reasons(MOTORS.replace(f"    {key}:", f"    was_{key}:"))
    assert ("rules[motor_idle]." + key, "is missing") in [(place, reason) for _, place, reason in found]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "a rule book is a mapping"),
        ("rules: []", "a list of rules is wanted"),
        ("rules: [1]", "a rule is a mapping"),
        ("rules:\n  - {id: a, kind: magic}", "a kind is wanted"),
        ("rules: {a: [}", "not YAML"),
        ("extra: 1\nrules: [1]", "unknown key"),
    ],
)
def test_broken_files(text, reason):
    assert any(reason in found for _, _, found in reasons(text))


def test_a_rule_twice_in_a_file():
    assert any("twice" in r for _, _, r in reasons(MOTORS.replace("id: motor_idle", "id: motor_underload")))


def test_references_to_the_catalogue_are_checked():
    assert any("no standard" in r for _, _, r in reasons(FURNACE.replace("GB 21256,", "GB 1,")))
    assert any("no item 'kiln'" in r for _, _, r in reasons(FURNACE.replace("[blast_furnace]", "[kiln]")))
    assert any("is in kgce/t" in r for _, _, r in reasons(FURNACE.replace("unit: kgce/t", "unit: tce/t")))


@pytest.mark.parametrize(("purpose", "resolution"), [("statutory", "day"), ("operational", "year")])
def test_the_two_purposes_have_periods_of_their_own(purpose, resolution):
    text = FURNACE.replace("purpose: operational", f"purpose: {purpose}").replace(
        "resolution: day", f"resolution: {resolution}"
    )
    assert any("statistical period" in reason for _, _, reason in reasons(text))


def test_a_broken_file_stops_no_other(tmp_path):
    (tmp_path / "a.yaml").write_text("rules: [", encoding="utf-8")
    (tmp_path / "b.yaml").write_text(MOTORS.replace("id: motor", "id: my_motor"), encoding="utf-8")
    books = read_books([BUNDLED, tmp_path])
    assert [b.name for b in books if b.mistakes] == ["a.yaml"]
    assert {"my_motor_idle", "motor_idle"} <= {r.id for r in sound_rules(books)}
    with pytest.raises(RuleBookError, match=r"a\.yaml"):
        refuse_broken(books)


def test_an_id_that_is_taken_refuses_the_later_file(tmp_path):
    (tmp_path / "mine.yaml").write_text(MOTORS, encoding="utf-8")
    mine = next(b for b in read_books([BUNDLED, tmp_path]) if b.name == "mine.yaml")
    assert not mine.rules
    assert mine.mistakes[0].reason == "is also in motors.yaml"


def test_an_own_file_stands_in_for_bundled_rules(tmp_path):
    text = MOTORS.replace("rules:", "replaces: [motor_idle, motor_underload, meter_silent]\nrules:", 1)
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    books = read_books([BUNDLED, tmp_path])
    assert not any(b.mistakes for b in books)
    mine = next(b for b in books if b.name == "mine.yaml")
    held = {r.id: r for r in sound_rules(books)}
    assert held["motor_idle"] is next(r for r in mine.rules if r.id == "motor_idle")
    assert "meter_silent" not in held
    assert len(sound_rules(books)) == len(held)


def test_rules_can_be_switched_off_without_others(tmp_path):
    (tmp_path / "quiet.yaml").write_text("replaces: [meter_silent]\n", encoding="utf-8")
    before, books = sound_rules(read_books([BUNDLED])), read_books([BUNDLED, tmp_path])
    assert {r.id for r in before} - {r.id for r in sound_rules(books)} == {"meter_silent"}


def test_a_rule_that_is_replaced_twice_by_a_file_is_replaced(tmp_path):
    (tmp_path / "quiet.yaml").write_text("replaces: [meter_silent, meter_silent]\n", encoding="utf-8")
    books = read_books([BUNDLED, tmp_path])
    assert not any(b.mistakes for b in books)
    assert "meter_silent" not in {r.id for r in sound_rules(books)}


def test_a_file_that_is_named_beside_its_folder_is_read_once(tmp_path):
    (tmp_path / "mine.yaml").write_text(MOTORS.replace("id: motor", "id: my_motor"), encoding="utf-8")
    books = read_books([tmp_path, tmp_path / "mine.yaml"])
    assert not any(b.mistakes for b in books)
    assert "my_motor_idle" in {r.id for r in sound_rules(books)}


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("replaces: [no_such_rule]\n", "replaces[0]", "no earlier rule book has 'no_such_rule'"),
        ("replaces: meter_silent\n", "replaces", "a list of rule ids is wanted"),
        ("replaces: [meter_silent]\nrules: 3\n", "rules", "a list of rules is wanted"),
    ],
)
def test_a_file_that_is_refused_replaces_nothing(tmp_path, text, place, reason):
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    books = read_books([BUNDLED, tmp_path])
    assert (books[-1].mistakes[0].place, books[-1].mistakes[0].reason) == (place, reason)
    assert "meter_silent" in {r.id for r in sound_rules(books)}


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(NotFoundError):
        read_books([tmp_path / "no"])


def test_layout_does_not_change_a_rules_version():
    one = parse_book(MOTORS, "x").rules[0]
    other = parse_book(MOTORS.replace("for: 10m", "for:   600s # ten minutes"), "x").rules[0]
    assert one.digest == other.digest
    changed = parse_book(MOTORS.replace("for: 10m", "for: 11m", 1), "x").rules[0]
    assert one.digest != changed.digest


@pytest.mark.parametrize(("of", "same"), [("unit", True), ("fleet", False)])
def test_only_what_is_judged_together_is_judged_otherwise_by_what_it_is_made_of(of, same):
    rules = [rule for rule in sound_rules(read_books([BUNDLED])) if rule.kind is Kind.SUPPLY_COAL_RATE]
    rule = next(rule for rule in rules if rule.condition.of == of)
    fewer = rule.model_copy(update={"watches": rule.watches.model_copy(update={"units": ("unit1",)})})
    assert fewer.judges_as(rule.definition) is same
    assert not fewer.model_copy(update={"deadband": 1.5}).judges_as(rule.definition)
