"""The lifecycle as a pure function: what must hold whatever the data, and the named cases of late data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enms.alerts import Episode, Observation, Phase, Truth
from rules.lifecycle import Found, Known, Memory, Policy, advance, fold, retell

T0 = datetime(2026, 11, 1, tzinfo=UTC)
STEP = timedelta(minutes=15)
KINDS = {
    "c": (Truth.CLEAR, False),
    "b": (Truth.CLEAR, True),
    "m": (Truth.MET, False),
    "?": (Truth.UNKNOWN, False),
}


def at(n: float) -> datetime:
    return T0 + n * STEP


def steps(text: str) -> list[Observation]:
    """One letter a quarter hour: c clear, b clear inside the deadband, m met, ? unknown, space: no step at all."""
    return [Observation(at(i), at(i + 1), *KINDS[letter]) for i, letter in enumerate(text) if letter != " "]


def policy(hold: int = 0, keep: int = 0) -> Policy:
    return Policy(hold * STEP, keep * STEP)


def episodes(text: str, hold: int = 0, keep: int = 0) -> list[tuple[float, float, float | None]]:
    def n(instant):
        return None if instant is None else (instant - T0) / STEP

    found = fold(Memory(), steps(text), policy(hold, keep))[1]
    return [(n(e.started_at), n(e.fired_at), n(e.resolved_at)) for e in found]


@pytest.mark.parametrize(
    ("text", "hold", "keep", "expected"),
    [
        ("ccmmc", 0, 0, [(2, 3, 5)]),
        ("ccmmm", 0, 0, [(2, 3, None)]),
        ("cmcmmc", 2, 0, [(3, 5, 6)]),  # one step is not long enough, and a clear one starts the wait anew
        ("cm?mc", 2, 0, [(1, 4, 5)]),  # unknown time does not count, and does not start it anew
        ("cm mc", 2, 0, [(1, 4, 5)]),  # nor does a hole
        ("cm????", 2, 0, []),  # unknown never raises
        ("cm????c", 0, 0, [(1, 2, 7)]),  # nor resolves
        ("cmcmccc", 0, 2, [(1, 2, 6)]),  # clear again too soon: one episode
        ("cmbbbc", 0, 0, [(1, 2, 6)]),  # inside the deadband it goes on
        ("cbbbb", 0, 0, []),  # but does not begin there
        ("cmbm", 2, 0, []),  # and a wait does not survive it
        ("cmcbc", 0, 2, [(1, 2, None)]),  # the deadband starts the off-delay anew
        ("m", 1, 0, [(0, 1, None)]),  # met over the whole step
    ],
)
def test_episodes(text, hold, keep, expected):
    assert episodes(text, hold, keep) == expected


def test_a_verdict_withheld_is_dated():
    memory, _ = fold(Memory(), steps("cm??"), policy())
    assert memory.withheld_since == at(2)
    memory, _ = fold(memory, [replace(s, start=s.start + 4 * STEP, end=s.end + 4 * STEP) for s in steps("m")], policy())
    assert memory.withheld_since is None


texts = st.text(alphabet="cbm? ", max_size=40)
delays = st.builds(policy, st.integers(0, 4), st.integers(0, 4))


@given(texts, delays, st.integers(0, 40))
def test_folding_in_two_pieces_is_folding_in_one(text, delay, cut):
    whole = steps(text)
    memory, first = fold(Memory(), whole[:cut], delay)
    last, second = fold(memory, whole[cut:], delay)
    ended = [e for e in first if e.resolved_at is not None]
    assert (last, ended + second) == fold(Memory(), whole, delay)


@given(texts, delays)
def test_unknown_changes_no_phase(text, delay):
    memory = Memory()
    for step in steps(text):
        before = memory.phase
        memory, ended = advance(memory, step, delay)
        if step.truth is Truth.UNKNOWN:
            assert (memory.phase, ended) == (before, None)


@given(texts, delays)
def test_episodes_are_apart_and_long_enough(text, delay):
    found = fold(Memory(), steps(text), delay)[1]
    assert all(e.resolved_at is not None for e in found[:-1])
    assert all(a.resolved_at <= b.started_at for a, b in pairwise(found))
    for episode in found:
        assert episode.fired_at - episode.started_at >= max(delay.hold, STEP)
        assert episode.resolved_at is None or episode.resolved_at - episode.fired_at >= max(delay.keep, STEP)


def is_anchor(instant, before, episodes):
    """Where a fold may begin, one step at a time; `anchors` in db/rules.sql says it of spans."""
    if before.truth is not Truth.CLEAR or before.in_band:
        return False
    return not any(e.started_at < instant and (e.resolved_at is None or instant < e.resolved_at) for e in episodes)


@given(texts, delays, st.integers(0, 40))
def test_a_fold_from_an_anchor_is_the_whole_fold(text, delay, revised_from):
    whole = steps(text)
    memory, found = fold(Memory(), whole, delay)
    anchors = [s.end for s in whole[:revised_from] if is_anchor(s.end, s, found)]
    if not anchors:
        return
    anchor = anchors[-1]
    again = fold(Memory(), [s for s in whole if s.start >= anchor], delay)
    before = [e for e in found if e.resolved_at is not None and e.resolved_at <= anchor]
    assert (again[0], before + again[1]) == (memory, found)


def known(*spans: tuple[int, int | None]) -> list[Known]:
    return [Known(i, episode(*span)) for i, span in enumerate(spans, 1)]


def episode(start: int, end: int | None = None) -> Episode:
    return Episode(at(start), at(start + 1), None if end is None else at(end))


def test_the_same_again_changes_nothing():
    told = retell(known((1, 4), (6, None)), [episode(1, 4), episode(6)], at(9))
    assert [(k.id, e) for k, e in told.kept] == [(1, episode(1, 4)), (2, episode(6))]
    assert (told.merged, told.retracted, told.found) == ((), (), ())


def test_shift_and_shrink_keep_the_id():
    told = retell(known((1, 8)), [episode(3, 6)], at(9))
    assert [(k.id, e) for k, e in told.kept] == [(1, episode(3, 6))]


def test_merge_keeps_the_earliest():
    told = retell(known((1, 3), (5, 7)), [episode(1, 7)], at(9))
    assert [k.id for k, _ in told.kept] == [1]
    assert told.merged == ((2, 1),)


def test_split_gives_the_later_part_a_new_alert():
    told = retell(known((1, 9)), [episode(1, 3), episode(5, 9)], at(9))
    assert [(k.id, e) for k, e in told.kept] == [(1, episode(1, 3))]
    assert told.found == (Found(episode(5, 9), split_from=1, late=True),)


def test_an_open_alert_goes_on_as_what_begins_where_judging_stood():
    told = retell(known((1, None)), [episode(9, None)], at(9))
    assert [(k.id, e) for k, e in told.kept] == [(1, episode(9, None))]
    assert (told.retracted, told.found) == ((), ())


def test_the_alert_after_an_open_one_is_no_part_of_it():
    told = retell(known((1, None)), [episode(1, 10), episode(12, None)], at(9))
    assert [(k.id, e) for k, e in told.kept] == [(1, episode(1, 10))]
    assert told.found == (Found(episode(12), split_from=None, late=False),)
    told = retell(known((1, None)), [episode(1, 4), episode(6, 10), episode(12, None)], at(9))
    assert [f.split_from for f in told.found] == [1, None]


def test_an_unmatched_alert_is_retracted():
    assert retell(known((1, 3)), [], at(9)).retracted == (1,)
    assert retell(known((1, 3)), [episode(3, 5)], at(9)).retracted == (1,)  # touching is not overlapping


def test_a_past_episode_is_late_one_that_goes_on_is_not():
    told = retell([], [episode(1, 3), episode(5)], at(9))
    assert [f.late for f in told.found] == [True, False]
    assert not retell([], [episode(1, 3)], None).found[0].late
    assert not retell([], [episode(10, 12)], at(9)).found[0].late  # caught up, never judged before


@given(st.lists(st.text(alphabet="cbm?", min_size=24, max_size=24), min_size=1, max_size=6), delays)
def test_whatever_is_revised_the_record_ends_as_the_last_telling(tellings, delay):
    record: dict[int, Episode] = {}
    gone: set[int] = set()
    numbers = iter(range(1, 1000))
    for text in tellings:
        found = fold(Memory(), steps(text), delay)[1]
        told = retell([Known(i, e) for i, e in record.items()], found, at(24))
        touched = [i for i, _ in told.merged] + list(told.retracted) + [k.id for k, _ in told.kept]
        assert sorted(touched) == sorted(record)  # every alert has exactly one fate
        assert all(into in {k.id for k, _ in told.kept} for _, into in told.merged)
        for i in (*told.retracted, *(i for i, _ in told.merged)):
            del record[i]
            gone.add(i)
        record.update({k.id: e for k, e in told.kept})
        record.update({next(numbers): f.episode for f in told.found})
        assert not gone & set(record)
        assert sorted(record.values(), key=lambda e: e.started_at) == found
        assert sum(e.resolved_at is None for e in record.values()) <= 1


def test_phases():
    memory = Memory()
    seen = []
    for step in steps("cmmc"):
        memory, _ = advance(memory, step, policy(2))
        seen.append(memory.phase)
    assert seen == [Phase.INACTIVE, Phase.PENDING, Phase.FIRING, Phase.INACTIVE]
