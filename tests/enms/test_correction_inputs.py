"""Of one day the last entry that is not withdrawn holds, before what was declared."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from enms.correction_inputs import Entered, layered
from enms.enpi import Declared

NOW = datetime(2026, 11, 26, tzinfo=UTC)
FIRST = date(2026, 1, 1)


def entry(n: int, value: float, since: int, until: int | None, *, gone: bool = False, name: str = "x") -> Entered:
    day = FIRST + timedelta(days=since)
    last = None if until is None else FIRST + timedelta(days=until)
    return Entered(n, "e", name, value, day, last, "book", "w", NOW, NOW if gone else None, "w" if gone else None)


def declared(value: float, since: int, until: int | None) -> Declared:
    last = None if until is None else FIRST + timedelta(days=until)
    content = {"input": "x", "value": value, "from": FIRST + timedelta(days=since), "to": last, "evidence": "file"}
    return Declared.model_validate(content)


def on(found: tuple[Declared, ...], n: int) -> list[float]:
    day = FIRST + timedelta(days=n)
    return [one.value for one in found if one.since <= day and (one.until is None or day <= one.until)]


def test_an_entry_cuts_what_was_declared_and_leaves_the_rest() -> None:
    found = layered([declared(1, 0, None)], [entry(1, 2, 10, 19), entry(2, 3, 15, 15)])
    assert [on(found, n) for n in (9, 10, 14, 15, 16, 19, 20)] == [[1], [2], [2], [3], [2], [2], [1]]
    assert next(one for one in found if one.value == 3).evidence == "book · w"


def test_an_open_entry_holds_until_another_and_a_withdrawn_one_never_did() -> None:
    found = layered(
        [declared(1, 0, 30)], [entry(1, 2, 10, None), entry(2, 9, 12, None, gone=True), entry(3, 4, 40, None)]
    )
    assert [on(found, n) for n in (9, 13, 39, 40, 400)] == [[1], [2], [2], [4], [4]]
    assert on(layered([], [entry(1, 2, 0, 5, name="y")]), 0) == [2]


@given(st.lists(st.tuples(st.integers(0, 20), st.one_of(st.none(), st.integers(0, 20)), st.booleans()), max_size=8))
def test_every_day_has_the_last_entry_that_covers_it(drawn: list[tuple[int, int | None, bool]]) -> None:
    entries = [
        entry(n, float(n), since, None if length is None else since + length, gone=gone)
        for n, (since, length, gone) in enumerate(drawn)
    ]
    found = layered([declared(-1, 5, 25)], entries)
    for n in range(45):
        day = FIRST + timedelta(days=n)
        over = [e.value for e in entries if e.withdrawn_at is None and e.since <= day and (e.until or date.max) >= day]
        assert on(found, n) == (over[-1:] or ([-1] if 5 <= n <= 25 else []))
