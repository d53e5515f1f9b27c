"""From answers to episodes, and from a past told again to what becomes of the alerts about it. Pure.

    inactive -> pending -> firing -> (resolved) inactive

`for` counts met time before it fires, `keep_firing_for` counts clear time before it resolves; unknown time counts for
neither and changes nothing. A hole between steps is unknown. Where a statistical period ends, so does what is going on:
what the next period comes to is another episode. Folding is associative over time: a span folded in pieces
gives the same episodes, so a restart, a catch-up and a re-evaluation from a clear instant agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from enms.alerts import Episode, Observation, Phase, Truth

_ZERO = timedelta()


@dataclass(frozen=True, slots=True)
class Policy:
    """A rule's delays.

    Attributes:
        hold: `for`: met at least this long before it fires.
        keep: `keep_firing_for`: clear at least this long before it resolves.
    """

    hold: timedelta = _ZERO
    keep: timedelta = _ZERO


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of a subject between steps.

    Attributes:
        started_at: pending and firing: start of the first met step.
        met: pending: met time so far.
        clear: firing: clear time so far, since it was last met.
    """

    phase: Phase = Phase.INACTIVE
    started_at: datetime | None = None
    fired_at: datetime | None = None
    met: timedelta = _ZERO
    clear: timedelta = _ZERO
    withheld_since: datetime | None = None

    @property
    def episode(self) -> Episode | None:
        """The episode that is going on."""
        if self.phase is not Phase.FIRING:
            return None
        assert self.started_at is not None
        assert self.fired_at is not None
        return Episode(self.started_at, self.fired_at, None, self.withheld_since)


_AT_REST = Memory()


def _never(_: datetime) -> bool:
    return False


def advance(
    memory: Memory, step: Observation, policy: Policy, *, ends: Callable[[datetime], bool] = _never
) -> tuple[Memory, Episode | None]:
    """One step; the episode it ended, if it did.

    Args:
        memory: as the step before left it.
        step: the next one.
        policy: the rule's delays.
        ends: whether a statistical period ends at an instant.
    """
    after, ended = _advance(memory, step, policy)
    if not ends(step.end):
        return after, ended
    if after.episode is not None:
        # in its deadband or its off-delay, but not over: the period came to less than the limit; not known: it stays
        # what it was, and says since when that is
        over = step.truth is not Truth.CLEAR
        ended = replace(after.episode, resolved_at=step.end, period_over=over)
    return _AT_REST, ended


def _advance(memory: Memory, step: Observation, policy: Policy) -> tuple[Memory, Episode | None]:
    if step.truth is Truth.UNKNOWN:
        if memory.phase is Phase.FIRING and memory.withheld_since is None:
            return replace(memory, withheld_since=step.start), None
        return memory, None
    if memory.phase is Phase.FIRING:
        known = memory if memory.withheld_since is None else replace(memory, withheld_since=None)
        return _while_firing(known, step, policy)
    if step.truth is Truth.CLEAR:
        return _AT_REST, None
    started = memory.started_at or step.start
    met = memory.met + (step.end - step.start)
    if met >= policy.hold:
        return Memory(Phase.FIRING, started, step.end), None
    return Memory(Phase.PENDING, started, met=met), None


def _while_firing(memory: Memory, step: Observation, policy: Policy) -> tuple[Memory, Episode | None]:
    if step.truth is Truth.MET or step.in_band:
        return replace(memory, clear=_ZERO) if memory.clear else memory, None
    clear = memory.clear + (step.end - step.start)
    if clear < policy.keep:
        return replace(memory, clear=clear), None
    ended = memory.episode
    assert ended is not None
    return Memory(), replace(ended, resolved_at=step.end)


def fold(
    memory: Memory, steps: Iterable[Observation], policy: Policy, *, ends: Callable[[datetime], bool] = _never
) -> tuple[Memory, list[Episode]]:
    """All episodes of a span, in order; the last one may still be firing.

    Args:
        memory: as the step before the span left it.
        steps: in order of time, not overlapping.
        policy: the rule's delays.
        ends: whether a statistical period ends at an instant.
    """
    episodes: list[Episode] = []
    for step in steps:
        memory, ended = advance(memory, step, policy, ends=ends)
        if ended is not None:
            episodes.append(ended)
    if memory.episode is not None:
        episodes.append(memory.episode)
    return memory, episodes


@dataclass(frozen=True, slots=True)
class Known:
    """A recorded alert's episode."""

    id: int
    episode: Episode


@dataclass(frozen=True, slots=True)
class Found:
    """An episode nobody had recorded.

    Attributes:
        split_from: the alert that covered it before it fell apart.
        late: it was over before anybody noticed: for the digest only.
    """

    episode: Episode
    split_from: int | None
    late: bool


@dataclass(frozen=True, slots=True)
class Retelling:
    """What becomes of the recorded alerts when a span is told again.

    Attributes:
        merged: (alert, alert it became part of).
        retracted: alerts that never should have been.
        kept: alerts that go on, with what is now known of them (the same, shifted, shrunk, resolved, reopened).
        found: new ones.
    """

    merged: tuple[tuple[int, int], ...]
    retracted: tuple[int, ...]
    kept: tuple[tuple[Known, Episode], ...]
    found: tuple[Found, ...]


def _was_part(old: Episode, episode: Episode, judged_until: datetime | None) -> bool:
    """Whether a recorded alert covered any of an episode; one that was open did so up to what had been judged.

    An episode that begins just there goes on from it: what was forecast, and came true.
    """
    begins_later = judged_until is not None and episode.started_at > judged_until
    return old.overlaps(episode) and not (old.resolved_at is None and begins_later)


def retell(known: Sequence[Known], episodes: Sequence[Episode], judged_until: datetime | None) -> Retelling:
    """Match episodes to recorded alerts by overlap; of several the earliest keeps its id.

    Args:
        known: recorded alerts of the span, neither retracted nor merged.
        episodes: all of the span, as they are now known.
        judged_until: instants up to here had been judged before; an episode that ended by then is late.
    """
    heir: dict[int, Known] = {}
    merged: list[tuple[int, int]] = []
    retracted: list[int] = []
    first_owner: dict[int, int] = {}
    for old in sorted(known, key=lambda k: (k.episode.started_at, k.id)):
        touching = [i for i, episode in enumerate(episodes) if _was_part(old.episode, episode, judged_until)]
        free = [i for i in touching if i not in heir]
        if free:
            heir[free[0]] = old
        elif touching:
            merged.append((old.id, heir[touching[0]].id))
        else:
            retracted.append(old.id)
        for i in touching:
            first_owner.setdefault(i, old.id)
    found = tuple(
        Found(
            episode,
            first_owner.get(i),
            late=judged_until is not None and episode.resolved_at is not None and episode.resolved_at <= judged_until,
        )
        for i, episode in enumerate(episodes)
        if i not in heir
    )
    kept = tuple((old, episodes[i]) for i, old in sorted(heir.items()))
    return Retelling(tuple(merged), tuple(retracted), kept, found)
