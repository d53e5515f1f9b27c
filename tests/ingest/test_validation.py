"""What one message shows by itself."""

from __future__ import annotations

import pytest

from enms.readings import Origin
from ingest.batch import Gatherer
from ingest.messages import Columns
from ingest.refusals import Reason, Refusal
from ingest.registry import Site, Special
from ingest.times import SECOND, parse_time
from ingest.validation import FUTURE_S, judge

NOW = parse_time("2026-11-22T10:15:00Z")
SITE = Site(
    e=3,
    code="demo",
    plain={"a": 1, "b": 2, "out": 5},
    special={
        "net": Special(3, virtual=True),
        "out": Special(5, interval=True),
        "sealed": Special(6, sealed_before=NOW - 100 * SECOND),
        "gone": Special(7, retired_from=NOW - 100 * SECOND),
    },
)


def run(columns: Columns) -> tuple[Gatherer, list[Refusal]]:
    gatherer = Gatherer()
    judged = judge(columns, SITE, source=4, origin=Origin.METER, received_at=NOW, into=gatherer)
    assert all(refusal.place == columns.place(index) for index, refusal in judged)
    return gatherer, [refusal for _, refusal in judged]


def one(code: str, time: int, start: int | None = None) -> tuple[Gatherer, list[Refusal]]:
    return run(Columns([code], [time], [1.0], None, None if start is None else [start]))


def test_a_sound_message() -> None:
    gatherer, refusals = run(Columns(["a", "out"], [NOW, NOW - 1], [1.0, 2.0], [0, 2]))
    assert refusals == []
    readings = gatherer.gathered().readings
    assert readings.p.tolist() == [1, 5]
    assert readings.e.tolist() == [3, 3]
    assert readings.quality.tolist() == [0, 2]
    assert readings.received_at.tolist() == [NOW, NOW]
    assert gatherer.gathered().source.tolist() == [4, 4]


@pytest.mark.parametrize(
    ("code", "time", "start", "reason"),
    [
        ("nobody", NOW, None, Reason.UNKNOWN_POINT),
        ("net", NOW, None, Reason.VIRTUAL_POINT),
        ("a", NOW + FUTURE_S * SECOND + 1, None, Reason.FUTURE),
        ("a", 1_795_342_500 * 1000, None, Reason.UNSET_CLOCK),
        ("sealed", NOW - 101 * SECOND, None, Reason.SEALED),
        ("gone", NOW - 100 * SECOND, None, Reason.RETIRED_POINT),
        ("out", NOW, NOW, Reason.BAD_SPAN),
        ("out", NOW, NOW - 400 * 86_400 * SECOND, Reason.BAD_SPAN),
    ],
)
def test_refused(code: str, time: int, start: int | None, reason: Reason) -> None:
    gatherer, refusals = one(code, time, start)
    assert [refusal.reason for refusal in refusals] == [reason]
    assert refusals[0].place == "readings[0]"
    assert len(gatherer) == 0


@pytest.mark.parametrize(
    ("code", "time", "start"),
    [
        ("a", NOW + FUTURE_S * SECOND, None),
        ("a", parse_time("1999-01-01T00:00:00Z"), None),
        ("sealed", NOW - 100 * SECOND, None),
        ("gone", NOW - 101 * SECOND, None),
        ("out", NOW, NOW - 3600 * SECOND),
    ],
)
def test_accepted(code: str, time: int, start: int | None) -> None:
    gatherer, refusals = one(code, time, start)
    assert refusals == []
    assert len(gatherer) == 1


def test_a_start_only_means_something_on_an_interval_point() -> None:
    gatherer, refusals = run(Columns(["a", "out"], [NOW, NOW], [1.0, 2.0], None, [NOW + 1, NOW - SECOND]))
    assert refusals == []
    starts = gatherer.gathered().readings.start.tolist()
    assert starts[0] < 0 < starts[1]


def test_one_bad_reading_never_costs_the_others() -> None:
    gatherer, refusals = run(Columns(["a", "x", "b"], [NOW] * 3, [1.0, 2.0, 3.0], [0, 0, 1]))
    readings = gatherer.gathered().readings
    assert readings.p.tolist() == [1, 2]
    assert readings.value.tolist() == [1.0, 3.0]
    assert readings.quality.tolist() == [0, 1]
    assert [(refusal.reason, refusal.place) for refusal in refusals] == [(Reason.UNKNOWN_POINT, "readings[1]")]
