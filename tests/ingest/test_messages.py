"""Decoding: both forms, and every way of being wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.messages import Decoder, Message
from ingest.refusals import Reason
from ingest.times import micros

TOPIC = "energy/v1/demo/gw1/readings"
T = "2026-11-22T18:15:00+08:00"
T_MICROS = micros(datetime(2026, 11, 22, 10, 15, tzinfo=UTC))


def decode(body: object, topic: str = TOPIC) -> Message:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Decoder(1_048_576).decode(topic, payload)


def reasons(message: Message) -> dict[str, str]:
    return {refusal.place: refusal.reason.value for refusal in message.refusals}


def test_rows() -> None:
    message = decode(
        {"seq": 17, "readings": [
            {"point": "a", "t": T, "value": 120934.5, "quality": "suspect"},
            {"point": "out", "t": 1795342500000, "start": "2026-11-22T09:15:00Z", "value": 7},
        ]}
    )  # fmt: skip
    assert (message.enterprise, message.gateway, message.seq) == ("demo", "gw1", 17)
    assert message.readings.points == ["a", "out"]
    assert message.readings.times == [T_MICROS, T_MICROS]
    assert message.readings.values == [120934.5, 7.0]
    assert message.readings.qualities == [1, 0]
    assert message.readings.starts == [None, T_MICROS - 3_600_000_000]
    assert message.refusals == ()


def test_values() -> None:
    message = decode({"seq": 18, "t": 1795342500000, "values": {"a": 1, "b": 0.93}})
    assert message.readings.points == ["a", "b"]
    assert message.readings.times == [T_MICROS] * 2
    assert message.readings.values == [1.0, 0.93]
    assert message.readings.qualities is None
    assert message.readings.place(1) == "values.b"


def test_the_enterprise_is_the_topics() -> None:
    message = decode({"enterprise": "other", "t": T, "values": {"a": 1}})
    assert message.enterprise == "demo"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T10:15:00Z", T_MICROS),
        ("2026-11-22t10:15:00z", T_MICROS),
        ("2026-11-22T10:15:00.250000+00:00", T_MICROS + 250_000),
        ("2026-11-22 18:15:00+08:00", T_MICROS),
        (1795342500000, T_MICROS),
        (1795342500000.25, T_MICROS + 250),
    ],
)
def test_times(text: str | float, expected: int) -> None:
    assert decode({"t": text, "values": {"a": 1}}).readings.times == [expected]


@pytest.mark.parametrize(
    ("row", "place", "reason"),
    [
        ({"t": T, "value": 1}, ".point", Reason.WRONG_TYPE),
        ({"point": 5, "t": T, "value": 1}, ".point", Reason.WRONG_TYPE),
        ({"point": "a", "value": 1}, ".t", Reason.MISSING_TIME),
        ({"point": "a", "t": None, "value": 1}, ".t", Reason.MISSING_TIME),
        ({"point": "a", "t": "2026-11-22T18:15:00", "value": 1}, ".t", Reason.NAIVE_TIME),
        ({"point": "a", "t": "2026-11-22", "value": 1}, ".t", Reason.NAIVE_TIME),
        ({"point": "a", "t": "yesterday", "value": 1}, ".t", Reason.BAD_TIME),
        ({"point": "a", "t": "0001-01-01T00:00:00+14:00", "value": 1}, ".t", Reason.BAD_TIME),
        ({"point": "a", "t": 10**17, "value": 1}, ".t", Reason.BAD_TIME),
        ({"point": "a", "t": 10**30, "value": 1}, ".t", Reason.BAD_TIME),
        ({"point": "a", "t": True, "value": 1}, ".t", Reason.WRONG_TYPE),
        ({"point": "a", "t": [T], "value": 1}, ".t", Reason.WRONG_TYPE),
        ({"point": "a", "t": T}, ".value", Reason.WRONG_TYPE),
        ({"point": "a", "t": T, "value": None}, ".value", Reason.WRONG_TYPE),
        ({"point": "a", "t": T, "value": "7"}, ".value", Reason.WRONG_TYPE),
        ({"point": "a", "t": T, "value": True}, ".value", Reason.WRONG_TYPE),
        ({"point": "a", "t": T, "value": float("nan")}, ".value", Reason.NOT_FINITE),
        ({"point": "a", "t": T, "value": float("inf")}, ".value", Reason.NOT_FINITE),
        ({"point": "a", "t": T, "value": 10**399}, ".value", Reason.NOT_FINITE),
        ({"point": "a", "t": T, "value": 10**4299}, ".value", Reason.NOT_FINITE),
        ({"point": "a", "t": T, "value": 1, "quality": "fine"}, ".quality", Reason.WRONG_TYPE),
        ({"point": "a", "t": T, "value": 1, "quality": 3}, ".quality", Reason.WRONG_TYPE),
        ({"point": "a", "t": T, "value": 1, "start": "x"}, ".start", Reason.BAD_TIME),
        ("a", "", Reason.WRONG_SHAPE),
        (None, "", Reason.WRONG_SHAPE),
    ],
)
def test_one_bad_reading_never_costs_the_others(row: object, place: str, reason: Reason) -> None:
    good = [{"point": code, "t": T, "value": 1.5} for code in ("a", "b")]
    message = decode({"seq": 3, "readings": [good[0], row, good[1]]})
    assert message.seq == 3
    assert message.readings.points == ["a", "b"]
    assert message.readings.values == [1.5, 1.5]
    assert [message.readings.place(n) for n in (0, 1)] == ["readings[0]", "readings[2]"]
    assert reasons(message) == {f"readings[1]{place}": reason}
    assert message.refusals[0].detail


@pytest.mark.parametrize(
    ("payload", "place", "reason"),
    [
        (b"", "", Reason.BROKEN_JSON),
        (b"{", "", Reason.BROKEN_JSON),
        (b'{"t":1,"values":{"a":1}} tail', "", Reason.BROKEN_JSON),
        (b"\xff\xfe", "", Reason.BROKEN_JSON),
        (b'{"t":1,"values":{"\x84":1}}', "", Reason.BROKEN_JSON),
        (b'{"a":' * 200_000, "", Reason.BROKEN_JSON),
        (b"[" * 200_000, "", Reason.BROKEN_JSON),
        (b"[1]", "", Reason.WRONG_SHAPE),
        (b"null", "", Reason.WRONG_SHAPE),
        (b"{}", "", Reason.WRONG_SHAPE),
        (b'{"readings": {}}', "readings", Reason.WRONG_SHAPE),
        (b'{"t": 1, "values": [1]}', "values", Reason.WRONG_SHAPE),
        (b'{"values": {"a": 1, "b": 2}}', "t", Reason.MISSING_TIME),
        (b'{"t": "2026-11-22T18:15:00", "values": {"a": 1}}', "t", Reason.NAIVE_TIME),
        (b'{"t": NaN, "values": {"a": 1}}', "t", Reason.BAD_TIME),
        (b"x" * 1_048_577, "", Reason.TOO_LARGE),
    ],
)
def test_a_message_that_says_nothing(payload: bytes, place: str, reason: Reason) -> None:
    message = decode(payload)
    assert reasons(message) == {place: reason}
    assert message.readings.points == []


def test_a_wrong_sequence_number_costs_nothing_else() -> None:
    message = decode({"seq": "17", "t": T, "values": {"a": 1}})
    assert message.seq is None
    assert message.readings.points == ["a"]
    assert reasons(message) == {"seq": Reason.WRONG_TYPE}


def test_both_forms_in_one_message() -> None:
    message = decode({"readings": [{"point": "a", "t": T, "value": 1}], "t": T, "values": {"b": 2}})
    assert message.readings.points == ["a", "b"]
    assert message.refusals == ()


@pytest.mark.parametrize(
    "topic", ["energy/v1/demo/readings", "energy/v1//gw/readings", "x", "energy/v1/a/b/c/readings"]
)
def test_an_unknown_topic(topic: str) -> None:
    message = decode({"t": T, "values": {"a": 1}}, topic)
    assert reasons(message) == {"": Reason.UNKNOWN_TOPIC}
    assert message.readings.points == []


def test_ten_thousand_readings() -> None:
    message = decode({"readings": [{"point": f"p{n}", "t": T, "value": n} for n in range(10_000)]})
    assert len(message.readings.points) == 10_000
    assert message.refusals == ()


_scalars = st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.just(T)
_bodies = st.recursive(_scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
_rows = st.fixed_dictionaries({}, optional=dict.fromkeys(("point", "t", "value", "quality", "start"), _scalars))
_messages = st.fixed_dictionaries(
    {}, optional={"seq": _scalars, "t": _scalars, "readings": st.lists(_rows) | _bodies, "values": _bodies}
)


@given(_messages | _bodies)
def test_nothing_is_lost_and_nothing_raises(body: object) -> None:
    """Every reading is either decoded or refused, and columns are of one length."""
    message = decode(json.dumps(body).encode())
    columns = message.readings
    assert len(columns.points) == len(columns.times) == len(columns.values)
    if isinstance(body, dict) and isinstance(body.get("readings"), list) and "values" not in body:
        bad = sum(refusal.place.startswith("readings[") for refusal in message.refusals)
        assert len(columns.points) + bad == len(body["readings"])


@given(st.binary(max_size=200))
def test_any_bytes(payload: bytes) -> None:
    message = decode(payload)
    assert message.readings.points or message.refusals or payload
