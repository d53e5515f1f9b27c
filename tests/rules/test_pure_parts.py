"""Grids, spans and the one spelling of evidence."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.rules import VerdictSpan
from enms.alerts import Observation, Severity, Truth
from rules.evidence import canonical, decimal
from rules.grid import QUARTER_HOURS
from rules.spans import observations, splice

T0 = datetime(2026, 11, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds


@given(instants)
def test_edges_of_quarter_hours(at):
    low, high = QUARTER_HOURS.floor(at), QUARTER_HOURS.ceil(at)
    assert low <= at <= high
    assert high - low in {timedelta(), QUARTER}
    assert low.minute % 15 == low.second == low.microsecond == 0
    assert QUARTER_HOURS.floor(low) == QUARTER_HOURS.ceil(low) == low


@given(instants, st.integers(0, 100_000))
def test_steps_are_whole_and_follow_each_other(start, seconds):
    end = start + timedelta(seconds=seconds)
    steps = QUARTER_HOURS.steps(start, end)
    assert all(start <= lo and hi <= end and hi - lo == QUARTER for lo, hi in steps)
    assert all(a[1] == b[0] for a, b in pairwise(steps))
    assert len(steps) in {seconds // 900, max(0, seconds // 900 - 1)}


def answers(text, start=0):
    return [
        Observation(T0 + (start + i) * QUARTER, T0 + (start + i + 1) * QUARTER, Truth(int(letter)))
        for i, letter in enumerate(text)
        if letter != " "
    ]


def written(spans):
    """Spans as a text of one digit a quarter hour."""
    end = max((s.to_ts for s in spans), default=T0)
    cells = [" "] * int((end - T0) / QUARTER)
    for span in spans:
        for i in range(int((span.from_ts - T0) / QUARTER), int((span.to_ts - T0) / QUARTER)):
            cells[i] = str(int(span.truth))
    return "".join(cells)


texts = st.text(alphabet="012 ", max_size=30)


@given(texts, texts.filter(lambda t: t.strip()), st.integers(0, 30))
def test_what_is_spliced_in_replaces_what_was_there_and_nothing_else(old, new, at):
    before = splice([], T0, T0 + 100 * QUARTER, answers(old))
    after = splice(before, T0 + at * QUARTER, T0 + (at + len(new)) * QUARTER, answers(new, at))
    cells = list(old.ljust(at + len(new)))
    cells[at : at + len(new)] = new
    assert written(after).rstrip() == "".join(cells).rstrip()
    assert all(a.to_ts <= b.from_ts for a, b in pairwise(after))
    assert not any(a.to_ts == b.from_ts and a.truth == b.truth for a, b in pairwise(after))


@given(texts)
def test_spans_and_steps_are_the_same_thing(text):
    steps = answers(text)
    spans = splice([], T0, T0 + 100 * QUARTER, steps)
    assert observations(spans, T0, T0 + 100 * QUARTER, QUARTER_HOURS) == steps
    assert observations(spans, T0 + 5 * QUARTER, T0 + 9 * QUARTER, QUARTER_HOURS) == [
        s for s in steps if s.start >= T0 + 5 * QUARTER and s.end <= T0 + 9 * QUARTER
    ]


def test_a_span_keeps_its_reason_apart():
    one = Observation(T0, T0 + QUARTER, Truth.UNKNOWN, reason="idle")
    other = Observation(T0 + QUARTER, T0 + 2 * QUARTER, Truth.UNKNOWN, reason="incomplete: x")
    assert splice([], T0, other.end, [one, other]) == [
        VerdictSpan(T0, T0 + QUARTER, Truth.UNKNOWN, False, "idle"),
        VerdictSpan(T0 + QUARTER, other.end, Truth.UNKNOWN, False, "incomplete: x"),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (1e-7, "0.0000001"),
        (1234567.891234, "1234567.891"),
        (123456789012345.0, "123456789000000"),
        (-0.0, "0"),
        (100.0, "100"),
        (5, "5"),
    ],
)
def test_numbers_have_one_spelling(value, text):
    assert decimal(float(value)) == text


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_the_spelling_is_a_fixed_point(value):
    assert decimal(float(decimal(value))) == decimal(value)
    assert float(decimal(value)) == pytest.approx(value, rel=1e-9, abs=1e-300)


def test_everything_else_has_one_spelling_too():
    shanghai = timezone(timedelta(hours=8))
    assert canonical(datetime(2026, 11, 2, tzinfo=shanghai)) == "2026-11-01T16:00:00Z"
    assert canonical({"b": Severity.NOTICE, "a": (1, None, True)}) == {"b": "notice", "a": ["1", None, True]}
    assert canonical(date(2026, 7, 1)) == "2026-07-01"
    with pytest.raises(TypeError):
        canonical(object())
    assert json.dumps(canonical({"x": 1.5})) == '{"x": "1.5"}'
