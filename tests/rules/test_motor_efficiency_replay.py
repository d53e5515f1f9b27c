"""A verdict on a motor's efficiency from its evidence alone: from the day's quarter hours, not from its own result."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from enms.motor import Motor
from enms.motor_efficiency import Method, Operating, compare, curve_kw, learn
from enms.motor_verdict import absolute
from rules.evidence import canonical
from rules.motor_efficiency_evidence import evidence_of, replayed

START = datetime(2026, 11, 1, tzinfo=UTC)
CLASSES = {"power": 0.5, "driven_output": 1.0, "speed": 0.1}
MOTOR = Motor.model_validate(
    {
        "code": "fan", "rated_kw": 160, "poles": 4, "rated_rpm": 1485, "efficiency_pct": 95.8,
        "points": {"power": "fan.power", "driven_output": "fan.out", "speed": "fan.speed"},
    }
)  # fmt: skip


def ran(count, worse=1.0, begin=START):
    outputs = [100 + 20 * (n % 4) for n in range(count)]
    return [
        Operating(begin + n * timedelta(minutes=15), worse * curve_kw(MOTOR, kw / 160), float(kw))
        for n, kw in enumerate(outputs)
    ]


def body_of(day, reference=None, comparison=None, measured=None):
    return json.loads(json.dumps(canonical(evidence_of(MOTOR, day, reference, comparison, measured))))


def test_against_its_reference():
    reference = learn(MOTOR, Method.DRIVEN_OUTPUT, ran(400))
    day = ran(96, worse=1.08, begin=START + timedelta(days=10))
    found = compare(MOTOR, reference, day, CLASSES)
    body = body_of(day, reference, found)
    met, value, limit = replayed(body)
    assert met
    assert (value, limit) == (pytest.approx(100 * found.loss), pytest.approx(100 * found.uncertainty))
    for one in body["quarter_hours"]:
        one["input_kw"] = float(one["input_kw"]) / 1.08
    met, value, _ = replayed(body)
    assert not met
    assert value == pytest.approx(0, abs=1e-6)
    del body["quarter_hours"]  # as it was frozen before
    assert replayed(body)[:2] == (True, pytest.approx(100 * found.loss))


def test_against_its_nameplate():
    day = ran(96, worse=1.3)
    measured = absolute(MOTOR, day, CLASSES)
    body = body_of(day, measured=measured)
    met, value, limit = replayed(body)
    assert met
    assert value == pytest.approx(100 * measured.value)
    assert limit == pytest.approx(100 * measured.least * measured.value / measured.high)
    for one in body["quarter_hours"]:
        one["input_kw"] = float(one["input_kw"]) / 1.3
    assert replayed(body)[0] is False
