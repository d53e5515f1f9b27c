"""The channels file, when messages go, and what they say."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from enms.alerts import Severity
from rules.channels import parse_channels
from rules.hours import slot
from rules.ways import WayError, way_to

GOOD = """
channels:
  - name: duty
    url: "wecombot://{key}"
    secrets: {key: key.txt}
    roles: [energy_manager]
    enterprises: [mill]
    min_severity: warning
    quiet_hours: {from: "22:00", to: "07:00"}
  - name: office
    url_file: office.url
    roles: [energy_manager, metering]
    language: en
    digest: {up_to: notice, at: ["08:00", "16:00"]}
escalation: {critical: 10m, warning: never, withheld: 1h, roles: [director]}
"""


def parsed(text, folder):
    return parse_channels(text, "notify.yaml", folder, "Asia/Shanghai")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "key.txt").write_text("s3cr3t-key-of-the-group\n", encoding="utf-8")
    (tmp_path / "office.url").write_text("webhooks://tickets.example.com/enms?secret=hush", encoding="utf-8")
    return tmp_path


def test_a_file_is_read_with_its_secrets(folder):
    found = parsed(GOOD, folder)
    assert found.mistakes == ()
    duty, office = found.channels
    assert duty.fits("mill", Severity.WARNING, ["energy_manager"])
    assert not duty.fits("mill", Severity.NOTICE, ["energy_manager"])
    assert not duty.fits("other", Severity.CRITICAL, ["energy_manager"])
    assert not duty.fits("mill", Severity.CRITICAL, ["metering"])
    assert office.fits("other", Severity.NOTICE, ["metering"])
    assert office.way.shown == "webhook: https://tickets.example.com:443/enms"
    assert "s3cr3t" not in duty.way.shown
    assert "hush" not in office.way.shown
    assert {s: w.total_seconds() for s, w in found.escalation.waits.items()} == {Severity.CRITICAL: 600}
    assert (found.escalation.withheld.total_seconds(), found.escalation_roles) == (3600, ("director",))


def test_every_mistake_is_told_with_its_line(folder):
    text = """\
channels:
  - name: Duty
    url: "wecombot://x"
    roles: []
  - name: office
    url: "json://10.0.0.1/x"
    roles: [a]
    min_severity: loud
    quiet_hours: {from: "25:00", to: "07:00"}
  - name: office
    roles: [a]
    colour: red
"""
    told = [str(m) for m in parsed(text, folder).mistakes]
    assert told == [
        "line 2: channels[Duty].name: a channel's name has small letters, digits, - and _, and is not mqtt",
        "line 4: channels[Duty].roles: at least one is wanted",
        "line 8: channels[office].min_severity: Input should be 'notice', 'warning' or 'critical'",
        'line 9: channels[office].quiet_hours.from: a time of day is written "07:30"',
        "line 10: channels[office].name: 'office' is there twice",
        "line 12: channels[office].colour: unknown key",
    ]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("url: 'json://10.0.0.1/x'", "a webhook is written webhooks://"),
        ("url: 'https://a.example/x'", "a webhook is written webhooks://"),
        ("url: 'carrier-pigeon://x'", "not an Apprise URL"),
        ("url: 'syslog://'", "speaks to this machine only"),
        ("url: 'wecombot://{key}', secrets: {key: nowhere.txt}", "the secret cannot be read"),
        ("url: 'wecombot://abc', secrets: {key: key.txt}", "the url has no place {key}"),
        ("url: 'wecombot://abc', url_file: office.url", "either url or url_file"),
        ("language: en", "either url or url_file"),
        ("url: 'webhooks://u:p@a.example/x'", "a webhook is written"),
        ("url: 'webhooks://a.example:x/'", "port"),
    ],
)
def test_an_address_that_cannot_be_used(folder, entry, reason):
    found = parsed(f"channels:\n  - {{name: a, roles: [x], {entry}}}\n", folder)
    (mistake,) = found.mistakes
    assert mistake.line == 2
    assert reason in mistake.reason


def test_no_secret_is_in_a_reason():
    with pytest.raises(WayError) as caught:
        way_to("mailto://user:hush@")
    assert "hush" not in str(caught.value)


def test_not_yaml_is_a_mistake_too(folder, tmp_path):
    assert parsed("channels: [", folder).mistakes[0].line is not None
    assert parsed("[]", folder).mistakes[0].reason.startswith("a channels file is a mapping")


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)


@pytest.mark.parametrize(
    ("severity", "now", "due"),
    [
        (Severity.WARNING, "2026-11-22T21:59", None),
        (Severity.WARNING, "2026-11-22T22:00", "2026-11-23T07:00"),
        (Severity.WARNING, "2026-11-23T06:59", "2026-11-23T07:02"),  # too late for what goes at seven
        (Severity.WARNING, "2026-11-23T06:58", "2026-11-23T07:00"),
        (Severity.WARNING, "2026-11-23T06:57", "2026-11-23T07:00"),
        (Severity.WARNING, "2026-11-23T07:00", None),
        (Severity.CRITICAL, "2026-11-22T23:00", None),
    ],
)
def test_quiet_hours_pass_midnight_and_let_critical_through(folder, severity, now, due):
    duty = parsed(GOOD, folder).channels[0]
    assert slot(duty, severity, local(now)) == (None if due is None else local(due))


@pytest.mark.parametrize(
    ("severity", "low", "now", "due"),
    [
        (Severity.NOTICE, False, "2026-11-22T07:00", "2026-11-22T08:00"),
        (Severity.NOTICE, False, "2026-11-22T08:00", "2026-11-22T16:00"),
        (Severity.NOTICE, False, "2026-11-22T20:00", "2026-11-23T08:00"),
        (Severity.WARNING, False, "2026-11-22T07:00", None),
        (Severity.CRITICAL, True, "2026-11-22T07:00", "2026-11-22T08:00"),
    ],
)
def test_low_severity_goes_with_the_digest(folder, severity, low, now, due):
    office = parsed(GOOD, folder).channels[1]
    assert slot(office, severity, local(now), low=low) == (None if due is None else local(due))
