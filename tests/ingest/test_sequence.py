"""Gaps in what gateways count."""

from __future__ import annotations

import pytest

from ingest.sequence import Sequences


def gaps(*numbers: int, before: int = 1_000_000) -> list[tuple[int, int]]:
    sequences = Sequences()
    for at, seq in enumerate(numbers):
        sequences.observe(1, "demo", "gw", seq, at)
    return [(gap.first, gap.last) for gap in sequences.overdue(before)]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((5, 6, 7), []),
        ((5, 8), [(6, 7)]),
        ((5, 8, 6), [(7, 7)]),
        ((5, 8, 7, 6), []),
        ((5, 9, 7), [(6, 6), (8, 8)]),
        ((5, 6, 6, 5, 7), []),  # delivered again
        ((500, 0, 1, 2), []),  # the gateway was restarted
        ((5_000, 700, 701), []),
        ((5, 8, 1, 2), []),  # a restart ends what was open before
    ],
)
def test_gaps(numbers: tuple[int, ...], expected: list[tuple[int, int]]) -> None:
    assert gaps(*numbers) == expected


def test_a_gap_has_to_stand_for_a_while_and_is_told_once() -> None:
    sequences = Sequences()
    for at, seq in ((10, 1), (20, 5)):
        sequences.observe(1, "demo", "gw", seq, at)
    assert list(sequences.overdue(20)) == []
    (gap,) = sequences.overdue(21)
    assert str(gap) == "gateway gw: 3 message(s) missing, seq 2 to 4"
    assert list(sequences.overdue(99)) == []


def test_many_gaps_are_told_at_once() -> None:
    assert len(gaps(*range(1, 400, 2), before=0)) == 199 - 64


def test_gateways_count_each_for_itself() -> None:
    sequences = Sequences()
    for gateway, seq in (("x", 1), ("y", 50), ("x", 2), ("y", 51)):
        sequences.observe(1, "demo", gateway, seq, 0)
    assert list(sequences.overdue(99)) == []
